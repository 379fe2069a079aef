//! Downloads, uploads and restores.

use std::sync::Arc;

use windlass_model::backup::{BackupTrigger, Success};
use windlass_model::time::Timestamp;

use super::backup::{archive, backup, part, stored};
use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found};
use crate::{
    Backup, BackupDownload, Change, Instance, InstanceBackup, InstanceDownload, InstanceRestore,
    NewSecret, Received, Restore, Store, Upload,
};

/// A download until then.
pub fn download(backup: &Backup, ends_at: Timestamp) -> BackupDownload {
    BackupDownload {
        id: id(),
        backup: backup.id,
        actor: "someone@example.org".to_owned(),
        created_at: NOW,
        ends_at,
    }
}

fn link(
    download: &BackupDownload,
    part: &InstanceBackup,
    hash: &str,
) -> (InstanceDownload, NewSecret) {
    let secret = sample::secret("link");
    let link = InstanceDownload {
        id: id(),
        download: download.id,
        instance_backup: part.id,
        link: secret.id,
        link_hash: hash.to_owned(),
    };
    (link, secret)
}

/// A restore of a part into an instance.
pub fn restore(
    sample: &Sample,
    backup: &Backup,
    part: &InstanceBackup,
    instance: &Instance,
) -> (Restore, InstanceRestore) {
    let restore = Restore {
        id: id(),
        organisation: sample.organisation.id,
        backup: backup.id,
        environment: instance.environment,
        notes: "as it was".to_owned(),
        success: None,
        actor: "someone@example.org".to_owned(),
        created_at: NOW,
        ended_at: None,
    };
    let step = InstanceRestore {
        id: id(),
        restore: restore.id,
        instance_backup: part.id,
        instance: instance.id,
        operation: id(),
        safety: None,
        errors: Vec::new(),
        ended_at: None,
    };
    (restore, step)
}

/// A link opens its archive until the download's end, and is forgotten with it.
pub async fn links_open_until_their_end(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let (good, part_of_good) = stored(&sample, &instance, BackupTrigger::Manual, NOW, true).await;
    let (bad, part_of_bad) = stored(&sample, &instance, BackupTrigger::Manual, NOW, false).await;
    let ends_at = NOW.plus_millis(1000);
    let waiting = backup(&sample, BackupTrigger::Manual, NOW);
    sample.commit([Change::InsertBackup(waiting.clone())]).await;
    conflict(
        store
            .commit(vec![Change::InsertBackupDownload(download(
                &waiting, ends_at,
            ))])
            .await,
    );

    let (one, of_bad) = (download(&good, ends_at), download(&bad, ends_at));
    sample
        .commit([
            Change::InsertBackupDownload(one.clone()),
            Change::InsertBackupDownload(of_bad.clone()),
        ])
        .await;
    let (opens, secret) = link(&one, &part_of_good, "h1");
    not_found(
        store
            .commit(vec![Change::InsertInstanceDownload(opens.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertSecret(secret.clone()),
            Change::InsertInstanceDownload(opens.clone()),
        ])
        .await;
    // Twice the same, another's hash, an archive that is not there or not of this backup.
    for (download, part, hash) in [(&one, &part_of_good, "h2"), (&of_bad, &part_of_bad, "h3")] {
        let (link, secret) = link(download, part, hash);
        conflict(
            store
                .commit(vec![
                    Change::InsertSecret(secret),
                    Change::InsertInstanceDownload(link),
                ])
                .await,
        );
    }
    let (stranger, secret_of_stranger) = link(&one, &part_of_bad, "h4");
    let changes = vec![
        Change::InsertSecret(secret_of_stranger),
        Change::InsertInstanceDownload(stranger),
    ];
    not_found(store.commit(changes).await);
    let two = download(&good, ends_at);
    let (same, secret_of_same) = link(&two, &part_of_good, "h1");
    let changes = vec![
        Change::InsertBackupDownload(two),
        Change::InsertSecret(secret_of_same),
        Change::InsertInstanceDownload(same),
    ];
    conflict(store.commit(changes).await);

    assert_eq!(
        store.backup_download(one.id).await.expect("an answer"),
        Some(one.clone())
    );
    assert_eq!(
        store.instance_downloads(one.id).await.expect("a list"),
        [opens.clone()]
    );
    assert_eq!(
        store.instance_download(opens.id).await.expect("an answer"),
        Some(opens.clone())
    );
    let opened = async |hash: &str, at| store.download_by_link(hash, at).await.expect("an answer");
    assert_eq!(opened("h1", NOW).await, Some(opens.clone()));
    assert_eq!(opened("h1", ends_at).await, None, "its time is over");
    assert_eq!(opened("h2", NOW).await, None);
    conflict(store.commit(vec![Change::DeleteSecret(secret.id)]).await);
    sample
        .commit([
            Change::DeleteBackupDownload(one.id),
            Change::DeleteBackupDownload(one.id),
        ])
        .await;
    assert_eq!(opened("h1", NOW).await, None);
    assert_eq!(
        store.instance_download(opens.id).await.expect("an answer"),
        None
    );
    not_found(store.reveal(&[secret.id]).await);
}

/// What is uploaded comes once, in time, for a backup that waits for it.
pub async fn uploads_come_once(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let waiting = backup(&sample, BackupTrigger::Upload, NOW);
    let (part, key) = part(&waiting, &instance);
    let ends_at = NOW.plus_millis(1000);
    let mut upload = Upload {
        id: id(),
        instance_backup: part.id,
        link_hash: "put".to_owned(),
        finish_hash: "finish".to_owned(),
        most_bytes: 1 << 40,
        ends_at,
        received: None,
        created_at: NOW,
    };
    not_found(
        store
            .commit(vec![Change::InsertUpload(upload.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertSecret(key),
            Change::InsertBackup(waiting.clone()),
            Change::InsertInstanceBackup(part.clone()),
            Change::InsertUpload(upload.clone()),
        ])
        .await;
    let again = Upload {
        id: id(),
        link_hash: "a".to_owned(),
        finish_hash: "b".to_owned(),
        ..upload.clone()
    };
    conflict(store.commit(vec![Change::InsertUpload(again)]).await);
    assert_eq!(
        store.uploads(waiting.id).await.expect("a list"),
        [upload.clone()]
    );
    let receive = |at| Change::ReceiveUpload {
        id: upload.id,
        received: Received {
            archive: archive(),
            at,
        },
    };
    conflict(store.commit(vec![receive(ends_at)]).await);
    sample.commit([receive(NOW)]).await;
    conflict(store.commit(vec![receive(NOW)]).await);
    upload.received = Some(Received {
        archive: archive(),
        at: NOW,
    });
    for hash in ["put", "finish"] {
        assert_eq!(
            store.upload_by_link(hash).await.expect("an answer"),
            Some(upload.clone())
        );
    }
    assert_eq!(
        store.upload_by_link("other").await.expect("an answer"),
        None
    );
    let result = Ok(archive());
    sample
        .commit([
            Change::StartInstanceBackup {
                id: part.id,
                at: NOW,
            },
            Change::FinishInstanceBackup {
                id: part.id,
                result,
                at: NOW,
            },
            Change::FinishBackup {
                id: waiting.id,
                at: NOW,
            },
        ])
        .await;
    conflict(store.commit(vec![receive(NOW)]).await);
    sample
        .commit([
            Change::BeginBackupDeletion {
                id: waiting.id,
                at: NOW,
            },
            Change::DeleteBackup(waiting.id),
        ])
        .await;
    assert_eq!(store.upload_by_link("put").await.expect("an answer"), None);
}

/// A restore ends when all its parts have, and how follows from them.
pub async fn restores_end_with_their_parts(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let other = sample
        .stored_instance(&sample.live, &sample.database, "DEFAULT")
        .await;
    let (done, part) = stored(&sample, &instance, BackupTrigger::Manual, NOW, true).await;
    let (bad, part_of_bad) = stored(&sample, &instance, BackupTrigger::Manual, NOW, false).await;
    let (_, safety) = stored(&sample, &other, BackupTrigger::Safety, NOW, true).await;
    let (mut row, mut one) = restore(&sample, &done, &part, &instance);
    let two = InstanceRestore {
        id: id(),
        instance: other.id,
        ..one.clone()
    };
    not_found(
        store
            .commit(vec![Change::InsertInstanceRestore(one.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertRestore(row.clone()),
            Change::InsertInstanceRestore(one.clone()),
            Change::InsertInstanceRestore(two.clone()),
        ])
        .await;
    let again = InstanceRestore {
        id: id(),
        ..one.clone()
    };
    conflict(
        store
            .commit(vec![Change::InsertInstanceRestore(again)])
            .await,
    );
    let (of_bad, step) = restore(&sample, &bad, &part_of_bad, &instance);
    conflict(
        store
            .commit(vec![
                Change::InsertRestore(of_bad),
                Change::InsertInstanceRestore(step),
            ])
            .await,
    );
    assert_eq!(
        store.restore(row.id).await.expect("an answer"),
        Some(row.clone())
    );
    assert_eq!(
        store.instance_restores(row.id).await.expect("a list"),
        [one.clone(), two.clone()]
    );

    let at = NOW.plus_millis(5);
    let end = Change::FinishRestore { id: row.id, at };
    let finish = |step: &InstanceRestore, errors: &[&str]| Change::FinishInstanceRestore {
        id: step.id,
        errors: errors.iter().map(|&error| error.to_owned()).collect(),
        at,
    };
    sample
        .commit([
            Change::SetRestoreSafety {
                id: one.id,
                safety: safety.id,
            },
            finish(&one, &[]),
        ])
        .await;
    conflict(store.commit(vec![end.clone()]).await);
    for late in [
        finish(&one, &[]),
        Change::SetRestoreSafety {
            id: one.id,
            safety: safety.id,
        },
    ] {
        not_found(store.commit(vec![late]).await);
    }
    sample
        .commit([finish(&two, &["it is of another type"]), end.clone()])
        .await;
    not_found(store.commit(vec![end]).await);
    one.safety = Some(safety.id);
    one.ended_at = Some(at);
    row.success = Some(Success::Partial);
    row.ended_at = Some(at);
    assert_eq!(
        store.restore(row.id).await.expect("an answer"),
        Some(row.clone())
    );
    let steps = store.instance_restores(row.id).await.expect("a list");
    assert_eq!(steps[0], one);
    assert_eq!(steps[1].errors, ["it is of another type"]);
    let late = InstanceRestore {
        id: id(),
        restore: row.id,
        ..two
    };
    not_found(
        store
            .commit(vec![Change::InsertInstanceRestore(late)])
            .await,
    );
}
