//! Backups and their archives.

use std::sync::Arc;

use windlass_model::backup::{BackupTrigger, Success};
use windlass_model::id::SecretId;
use windlass_model::instance::InstanceState;
use windlass_model::time::Timestamp;

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found, refused};
use crate::{
    Archive, Backup, BackupFilter, BackupState, BackupTimes, Change, Instance, InstanceBackup,
    InstanceBackupFilter, NewSecret, PageRequest, Store,
};

/// A backup that waits.
pub fn backup(sample: &Sample, trigger: BackupTrigger, created_at: Timestamp) -> Backup {
    Backup {
        id: id(),
        organisation: sample.organisation.id,
        environment: sample.test.id,
        origin: "shop/test".to_owned(),
        trigger,
        notes: "before the move".to_owned(),
        state: BackupState::Waiting,
        success: None,
        scheduled_for_deletion_at: None,
        operation: Some(id()),
        actor: "someone@example.org".to_owned(),
        created_at,
        ended_at: None,
    }
}

/// What it will have of an instance, and its key.
pub fn part(backup: &Backup, instance: &Instance) -> (InstanceBackup, NewSecret) {
    let key = sample::secret("AGE-SECRET-KEY-1");
    let part = InstanceBackup {
        id: id(),
        backup: backup.id,
        instance: instance.id,
        kind: instance.kind.clone(),
        driver: "postgres".to_owned(),
        prefix: instance.prefix.clone(),
        format: "custom".to_owned(),
        target: "local".to_owned(),
        object: format!("{}/{}", backup.id, instance.id),
        key: key.id,
        archive: None,
        errors: Vec::new(),
        started_at: None,
        ended_at: None,
    };
    (part, key)
}

/// An archive that is whole.
pub fn archive() -> Archive {
    Archive {
        server_version: Some("15.3".to_owned()),
        content_bytes: 5_000_000_000,
        content_sha256: "ab".repeat(32),
        stored_bytes: 1_000,
        stored_sha256: "cd".repeat(32),
    }
}

/// A backup of one instance that has ended, well or not.
pub async fn stored(
    sample: &Sample,
    instance: &Instance,
    trigger: BackupTrigger,
    created_at: Timestamp,
    is_good: bool,
) -> (Backup, InstanceBackup) {
    let mut backup = backup(sample, trigger, created_at);
    let (mut part, key) = part(&backup, instance);
    let at = created_at.plus_millis(10);
    let result = if is_good {
        Ok(archive())
    } else {
        Err(vec!["it broke off".to_owned()])
    };
    sample
        .commit([
            Change::InsertSecret(key),
            Change::InsertBackup(backup.clone()),
            Change::InsertInstanceBackup(part.clone()),
            Change::StartInstanceBackup {
                id: part.id,
                at: created_at.plus_millis(1),
            },
            Change::FinishInstanceBackup {
                id: part.id,
                result: result.clone(),
                at,
            },
            Change::FinishBackup { id: backup.id, at },
        ])
        .await;
    backup.state = BackupState::Completed;
    backup.success = Some(if is_good {
        Success::Success
    } else {
        Success::Failure
    });
    backup.ended_at = Some(at);
    part.started_at = Some(created_at.plus_millis(1));
    part.ended_at = Some(at);
    match result {
        Ok(archive) => part.archive = Some(archive),
        Err(errors) => part.errors = errors,
    }
    (backup, part)
}

async fn read(store: &Arc<dyn Store>, backup: &Backup) -> Option<Backup> {
    store.backup(backup.id).await.expect("an answer")
}

async fn read_part(store: &Arc<dyn Store>, part: &InstanceBackup) -> Option<InstanceBackup> {
    store.instance_backup(part.id).await.expect("an answer")
}

async fn is_there(store: &Arc<dyn Store>, secret: SecretId) -> bool {
    store.reveal(&[secret]).await.is_ok()
}

/// A backup ends when all its parts have, and how follows from them.
pub async fn backups_end_with_their_parts(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let database = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let media = sample
        .stored_instance(&sample.test, &sample.storage, "DEFAULT")
        .await;
    let whole = backup(&sample, BackupTrigger::Manual, NOW);
    let ((one, key_of_one), (two, key_of_two)) = (part(&whole, &database), part(&whole, &media));
    not_found(
        store
            .commit(vec![Change::InsertInstanceBackup(one.clone())])
            .await,
    );
    sample.commit([Change::InsertBackup(whole.clone())]).await;
    conflict(
        store
            .commit(vec![Change::InsertBackup(whole.clone())])
            .await,
    );
    not_found(
        store
            .commit(vec![Change::InsertInstanceBackup(one.clone())])
            .await,
    );
    sample
        .commit([
            Change::InsertSecret(key_of_one),
            Change::InsertInstanceBackup(one.clone()),
            Change::InsertSecret(key_of_two),
            Change::InsertInstanceBackup(two.clone()),
        ])
        .await;
    assert_eq!(read(store, &whole).await, Some(whole.clone()));
    assert_eq!(read_part(store, &one).await, Some(one.clone()));
    let again = InstanceBackup {
        id: id(),
        object: "x".to_owned(),
        ..one.clone()
    };
    conflict(
        store
            .commit(vec![Change::InsertInstanceBackup(again)])
            .await,
    );

    let start = |part: &InstanceBackup| Change::StartInstanceBackup {
        id: part.id,
        at: NOW.plus_millis(1),
    };
    let finish = |part: &InstanceBackup, result| Change::FinishInstanceBackup {
        id: part.id,
        result,
        at: NOW.plus_millis(2),
    };
    let end = Change::FinishBackup {
        id: whole.id,
        at: NOW.plus_millis(3),
    };
    sample.commit([start(&one)]).await;
    assert_eq!(
        read(store, &whole).await.map(|row| row.state),
        Some(BackupState::Running)
    );
    conflict(store.commit(vec![end.clone()]).await);
    sample.commit([finish(&one, Ok(archive()))]).await;
    conflict(store.commit(vec![end.clone()]).await);
    for late in [start(&one), finish(&one, Ok(archive()))] {
        conflict(store.commit(vec![late]).await);
    }
    conflict(store.commit(vec![finish(&two, Err(Vec::new()))]).await);
    sample
        .commit([
            start(&two),
            finish(&two, Err(vec!["no room".to_owned()])),
            end.clone(),
        ])
        .await;
    let ended = read(store, &whole).await.expect("it is there");
    assert_eq!(
        (ended.state, ended.success),
        (BackupState::Completed, Some(Success::Partial))
    );
    assert_eq!(ended.ended_at, Some(NOW.plus_millis(3)));
    let good = read_part(store, &one).await.expect("it is there");
    assert_eq!((good.archive, good.errors), (Some(archive()), Vec::new()));
    assert_eq!(
        (good.started_at, good.ended_at),
        (Some(NOW.plus_millis(1)), Some(NOW.plus_millis(2)))
    );
    let bad = read_part(store, &two).await.expect("it is there");
    assert_eq!(
        (bad.archive, bad.errors),
        (None, vec!["no room".to_owned()])
    );
    let (late, _) = part(&whole, &database);
    for change in [end, Change::InsertInstanceBackup(late)] {
        conflict(store.commit(vec![change]).await);
    }
    // Without parts nothing was kept.
    let empty = backup(&sample, BackupTrigger::Manual, NOW);
    let end = Change::FinishBackup {
        id: empty.id,
        at: NOW,
    };
    sample
        .commit([Change::InsertBackup(empty.clone()), end])
        .await;
    assert_eq!(
        read(store, &empty).await.and_then(|row| row.success),
        Some(Success::Failure)
    );
}

/// Two may wait, one of an instance is written.
pub async fn one_is_written_at_a_time(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let mut parts = Vec::new();
    for trigger in [BackupTrigger::Scheduled, BackupTrigger::Upload] {
        let backup = backup(&sample, trigger, NOW);
        let (part, key) = part(&backup, &instance);
        sample
            .commit([
                Change::InsertBackup(backup),
                Change::InsertSecret(key),
                Change::InsertInstanceBackup(part.clone()),
            ])
            .await;
        parts.push(part);
    }
    let start = |part: &InstanceBackup| Change::StartInstanceBackup {
        id: part.id,
        at: NOW,
    };
    sample.commit([start(&parts[0]), start(&parts[0])]).await;
    let text = conflict(store.commit(vec![start(&parts[1])]).await);
    assert!(text.contains("wait"), "{text}");
    let result = Ok(archive());
    let end = Change::FinishInstanceBackup {
        id: parts[0].id,
        result,
        at: NOW,
    };
    sample.commit([end, start(&parts[1])]).await;
}

/// A key opens its archive until this is gone, and one that has none is not kept.
pub async fn keys_stay_as_long_as_their_archives(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let (_, failed) = stored(&sample, &instance, BackupTrigger::Manual, NOW, false).await;
    assert!(!is_there(store, failed.key).await);
    let (good, kept) = stored(&sample, &instance, BackupTrigger::Manual, NOW, true).await;
    assert!(is_there(store, kept.key).await);
    conflict(store.commit(vec![Change::DeleteSecret(kept.key)]).await);
    // Forgotten before it is deleted, it would be an archive that nobody knows.
    conflict(store.commit(vec![Change::DeleteBackup(good.id)]).await);
    sample
        .commit([Change::BeginBackupDeletion {
            id: good.id,
            at: NOW,
        }])
        .await;
    assert!(is_there(store, kept.key).await);
    sample
        .commit([Change::DeleteBackup(good.id), Change::DeleteBackup(good.id)])
        .await;
    assert!(!is_there(store, kept.key).await);
    assert_eq!(read(store, &good).await, None);
    assert_eq!(read_part(store, &kept).await, None);
}

/// The application goes, its backups stay.
pub async fn backups_outlive_what_they_are_of(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let (before, part_before) = stored(&sample, &instance, BackupTrigger::Manual, NOW, true).await;
    let removing = Change::SetApplicationRemoving {
        id: sample.shop.id,
        removing: true,
    };
    sample.commit([removing]).await;
    let late = backup(&sample, BackupTrigger::Scheduled, NOW);
    conflict(store.commit(vec![Change::InsertBackup(late)]).await);
    let (last, _) = stored(&sample, &instance, BackupTrigger::Final, NOW, true).await;
    for (from, to) in [
        (InstanceState::New, InstanceState::Removing),
        (InstanceState::Removing, InstanceState::Removed),
    ] {
        let change = Change::SetInstanceState {
            id: instance.id,
            from,
            to,
            at: NOW,
        };
        sample.commit([change]).await;
    }
    sample
        .commit([Change::DeleteApplication(sample.shop.id)])
        .await;
    assert_eq!(read(store, &before).await, Some(before));
    assert_eq!(read(store, &last).await, Some(last));
    assert_eq!(
        read_part(store, &part_before).await,
        Some(part_before.clone())
    );
    assert!(is_there(store, part_before.key).await);
}

/// Lists.
pub async fn newest_first_and_by_filter(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let database = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let media = sample
        .stored_instance(&sample.test, &sample.storage, "DEFAULT")
        .await;
    let mut all = Vec::new();
    for number in 0..5 {
        let instance = if number % 2 == 0 { &database } else { &media };
        let trigger = if number < 2 {
            BackupTrigger::Scheduled
        } else {
            BackupTrigger::Manual
        };
        // The last two at the same time.
        let at = NOW.plus_millis(number.min(3) * 1000);
        all.push(stored(&sample, instance, trigger, at, true).await);
    }
    all.sort_by_key(|(backup, _)| std::cmp::Reverse((backup.created_at, backup.id)));
    let wanted: Vec<_> = all.iter().map(|(backup, _)| backup.clone()).collect();
    let mut page = PageRequest::first(2);
    let (mut backups, mut parts) = (Vec::new(), Vec::new());
    loop {
        let found = store
            .backups(&BackupFilter::default(), &page)
            .await
            .expect("a page");
        assert_eq!(found.count, 5);
        backups.extend(found.rows);
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(backups, wanted);
    loop {
        let found = store
            .instance_backups(&InstanceBackupFilter::default(), &page)
            .await
            .expect("a page");
        assert_eq!(found.count, 5);
        parts.extend(found.rows);
        page.after = found.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(parts.len(), 5);
    assert!(
        parts
            .iter()
            .map(|part| part.backup)
            .eq(wanted.iter().map(|backup| backup.id))
    );
    page.after = Some("x".to_owned());
    refused(store.backups(&BackupFilter::default(), &page).await);
    refused(
        store
            .instance_backups(&InstanceBackupFilter::default(), &page)
            .await,
    );

    let page = PageRequest::first(10);
    for (filter, count) in [
        (
            BackupFilter {
                organisation: Some(sample.organisation.id),
                ..Default::default()
            },
            5,
        ),
        (
            BackupFilter {
                organisation: Some(id()),
                ..Default::default()
            },
            0,
        ),
        (
            BackupFilter {
                environment: Some(sample.test.id),
                ..Default::default()
            },
            5,
        ),
        (
            BackupFilter {
                environment: Some(sample.live.id),
                ..Default::default()
            },
            0,
        ),
        (
            BackupFilter {
                trigger: Some(BackupTrigger::Scheduled),
                ..Default::default()
            },
            2,
        ),
    ] {
        let found = store.backups(&filter, &page).await.expect("a page");
        assert_eq!(
            (found.count, found.rows.len()),
            (count, usize::try_from(count).unwrap_or(0)),
            "{filter:?}"
        );
    }
    for (filter, count) in [
        (
            InstanceBackupFilter {
                organisation: Some(id()),
                ..Default::default()
            },
            0,
        ),
        (
            InstanceBackupFilter {
                instance: Some(database.id),
                ..Default::default()
            },
            3,
        ),
        (
            InstanceBackupFilter {
                backup: Some(wanted[0].id),
                ..Default::default()
            },
            1,
        ),
    ] {
        let found = store
            .instance_backups(&filter, &page)
            .await
            .expect("a page");
        assert_eq!(
            (found.count, found.rows.len()),
            (count, usize::try_from(count).unwrap_or(0)),
            "{filter:?}"
        );
    }
}

/// Deletion waits for downloads and restores, and nothing begins after it has.
pub async fn what_is_in_use_is_kept(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    let running = backup(&sample, BackupTrigger::Manual, NOW);
    sample.commit([Change::InsertBackup(running.clone())]).await;
    let begin = |backup: &Backup, at| Change::BeginBackupDeletion { id: backup.id, at };
    conflict(store.commit(vec![begin(&running, NOW)]).await);
    not_found(
        store
            .commit(vec![begin(
                &backup(&sample, BackupTrigger::Manual, NOW),
                NOW,
            )])
            .await,
    );

    let (done, part) = stored(&sample, &instance, BackupTrigger::Manual, NOW, true).await;
    let due = NOW.plus_millis(1000);
    sample
        .commit([Change::SetBackupDeletion {
            id: done.id,
            at: Some(due),
        }])
        .await;
    let to_delete = async |at| store.backups_to_delete(at, 10).await.expect("a list");
    assert!(to_delete(NOW).await.is_empty());
    assert_eq!(to_delete(due).await, [done.id]);
    let download = super::transfer::download(&done, due.plus_millis(500));
    let (restore, step) = super::transfer::restore(&sample, &done, &part, &instance);
    sample
        .commit([
            Change::InsertBackupDownload(download.clone()),
            Change::InsertRestore(restore.clone()),
            Change::InsertInstanceRestore(step.clone()),
        ])
        .await;
    let candidate = async |at| {
        let found = store
            .retention_candidates(instance.id, at)
            .await
            .expect("a list");
        assert_eq!(found.len(), 1, "what has not ended is none");
        assert_eq!(
            (found[0].id, found[0].taken_at, found[0].is_good),
            (done.id, NOW, true)
        );
        assert_eq!(found[0].scheduled_for_deletion_at, Some(due));
        found[0].is_in_use
    };
    let late = due.plus_millis(500);
    for at in [due, late] {
        assert!(candidate(at).await && to_delete(at).await.is_empty());
        conflict(store.commit(vec![begin(&done, at)]).await);
    }
    sample
        .commit([
            Change::FinishInstanceRestore {
                id: step.id,
                errors: Vec::new(),
                at: NOW,
            },
            Change::FinishRestore {
                id: restore.id,
                at: NOW,
            },
        ])
        .await;
    assert!(candidate(due).await);
    assert!(!candidate(late).await);
    assert_eq!(to_delete(late).await, [done.id]);
    sample
        .commit([begin(&done, late), begin(&done, late)])
        .await;
    // Until it is forgotten, whenever that was begun.
    assert_eq!(to_delete(NOW).await, [done.id]);
    let again = super::transfer::download(&done, late);
    let (other, _) = super::transfer::restore(&sample, &done, &part, &instance);
    for change in [
        Change::InsertBackupDownload(again),
        Change::InsertRestore(other),
        Change::SetBackupDeletion {
            id: done.id,
            at: None,
        },
    ] {
        conflict(store.commit(vec![change]).await);
    }
    sample.commit([Change::DeleteBackup(done.id)]).await;
    assert!(to_delete(late).await.is_empty());
    assert_eq!(
        store.backup_download(download.id).await.expect("an answer"),
        None
    );
    assert_eq!(store.restore(restore.id).await.expect("an answer"), None);
}

/// When the last ones of each instance were, for those that hold something.
pub async fn schedules_know_the_last(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let instance = sample
        .stored_instance(&sample.test, &sample.database, "DEFAULT")
        .await;
    sample
        .stored_instance(&sample.test, &sample.storage, "DEFAULT")
        .await;
    let times = async || store.backup_times().await.expect("a list");
    assert!(times().await.is_empty(), "nothing is provisioned");
    for (from, to) in [
        (InstanceState::New, InstanceState::Provisioning),
        (
            InstanceState::Provisioning,
            InstanceState::PendingAttachment,
        ),
    ] {
        let change = Change::SetInstanceState {
            id: instance.id,
            from,
            to,
            at: NOW,
        };
        sample.commit([change]).await;
    }
    let mut wanted = BackupTimes {
        instance: instance.id,
        created_at: NOW,
        last_scheduled: None,
        last_good_at: None,
    };
    assert_eq!(times().await, [wanted.clone()]);
    let at = |hours: i64| NOW.plus_millis(hours * 3_600_000);
    stored(&sample, &instance, BackupTrigger::Scheduled, at(1), true).await;
    wanted.last_scheduled = Some((at(1), Some(true)));
    wanted.last_good_at = Some(at(1));
    assert_eq!(times().await, [wanted.clone()]);
    stored(&sample, &instance, BackupTrigger::Scheduled, at(2), false).await;
    wanted.last_scheduled = Some((at(2), Some(false)));
    assert_eq!(times().await, [wanted.clone()]);
    stored(&sample, &instance, BackupTrigger::Manual, at(3), true).await;
    wanted.last_good_at = Some(at(3));
    assert_eq!(times().await, [wanted.clone()]);
    let runs = backup(&sample, BackupTrigger::Scheduled, at(4));
    let (part, key) = part(&runs, &instance);
    sample
        .commit([
            Change::InsertBackup(runs),
            Change::InsertSecret(key),
            Change::InsertInstanceBackup(part),
        ])
        .await;
    wanted.last_scheduled = Some((at(4), None));
    assert_eq!(times().await, [wanted]);
}
