//! Applications and environments.

use std::sync::Arc;

use windlass_model::id::{ApplicationId, OrganisationId};

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found, refused};
use crate::{
    Application, ApplicationFilter, Change, Organisation, PageRequest, ReleaseCommand, Store,
};

/// One name, one application, in the whole installation.
pub async fn slugs_are_unique(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let second = sample::application(&sample.organisation, &sample.region, "shop");
    let text = conflict(
        sample
            .store
            .commit(vec![Change::InsertApplication(second.clone())])
            .await,
    );
    assert!(text.contains("'shop'"), "{text}");
    assert_eq!(
        sample
            .store
            .application(second.id)
            .await
            .expect("an answer"),
        None
    );
    let (stage, key) = sample::environment(&sample.shop, "test", 2, 5);
    let text = conflict(
        sample
            .store
            .commit(vec![
                Change::InsertSecret(key),
                Change::InsertEnvironment(stage),
            ])
            .await,
    );
    assert!(text.contains("'test'"), "{text}");
    let nowhere = Application {
        organisation: id(),
        ..sample::application(&sample.organisation, &sample.region, "other")
    };
    not_found(
        sample
            .store
            .commit(vec![Change::InsertApplication(nowhere)])
            .await,
    );
    let nowhere = Application {
        region: id(),
        ..sample::application(&sample.organisation, &sample.region, "other")
    };
    not_found(
        sample
            .store
            .commit(vec![Change::InsertApplication(nowhere)])
            .await,
    );
}

/// Pages follow each other by name, without gaps; a place that is not ours is refused.
pub async fn applications_in_pages(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let others = Organisation {
        id: id(),
        name: "Others".into(),
        created_at: NOW,
    };
    sample
        .commit([Change::InsertOrganisation(others.clone())])
        .await;
    for number in (0..25).rev() {
        let slug = format!("app-{number:02}");
        let owner = if number % 5 == 0 {
            &others
        } else {
            &sample.organisation
        };
        sample
            .commit([Change::InsertApplication(sample::application(
                owner,
                &sample.region,
                &slug,
            ))])
            .await;
    }
    let mine = ApplicationFilter {
        organisations: Some(vec![sample.organisation.id]),
        ..ApplicationFilter::default()
    };
    let (mut seen, mut page) = (Vec::new(), PageRequest::first(8));
    let mut sizes = Vec::new();
    loop {
        let answer = store.applications(&mine, &page).await.expect("a page");
        assert_eq!(answer.count, 21);
        sizes.push(answer.rows.len());
        seen.extend(answer.rows.into_iter().map(|row| row.slug.to_string()));
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(sizes, [8, 8, 5]);
    let mut wanted: Vec<String> = (0..25)
        .filter(|n| n % 5 != 0)
        .map(|n| format!("app-{n:02}"))
        .collect();
    wanted.push("shop".into());
    assert_eq!(seen, wanted);

    let by_name = ApplicationFilter {
        slug: Some("app-10".parse().expect("good")),
        ..ApplicationFilter::default()
    };
    let answer = store
        .applications(&by_name, &PageRequest::first(21))
        .await
        .expect("a page");
    assert_eq!((answer.count, answer.rows.len(), answer.next), (1, 1, None));
    let exact = store
        .applications(&mine, &PageRequest::first(21))
        .await
        .expect("a page");
    assert_eq!((exact.rows.len(), exact.next), (21, None));

    let all = PageRequest::first(50);
    let count = async |organisations: Vec<OrganisationId>, id: Option<ApplicationId>| {
        let filter = ApplicationFilter {
            organisations: Some(organisations),
            id,
            slug: None,
        };
        let found = store.applications(&filter, &all).await.expect("a page");
        assert!(found.rows.is_sorted_by_key(|row| row.slug.to_string()));
        found.count
    };
    let (own, shop) = (sample.organisation.id, sample.shop.id);
    // Whoever is in no organisation sees nothing, not everything.
    assert_eq!(count(Vec::new(), None).await, 0);
    assert_eq!(count(vec![own, others.id], None).await, 26);
    assert_eq!(count(vec![own], Some(shop)).await, 1);
    assert_eq!(count(vec![others.id], Some(shop)).await, 0);

    for foreign in ["", "x", "%%%", "eyJhIjoxfQ"] {
        let page = PageRequest {
            limit: 8,
            after: Some(foreign.into()),
        };
        refused(store.applications(&mine, &page).await);
    }
    let place = page.after.expect("there were several pages");
    refused(
        store
            .instances(
                &crate::InstanceFilter::default(),
                &PageRequest {
                    limit: 8,
                    after: Some(place),
                },
            )
            .await,
    );
}

/// By position, then by creation.
pub async fn environments_in_order(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (mut later, key) = sample::environment(&sample.shop, "aaa", 2, 7);
    later.created_at = NOW.plus_millis(9);
    let (sooner, other) = sample::environment(&sample.shop, "bbb", 2, 8);
    sample
        .commit([
            Change::InsertSecret(key),
            Change::InsertEnvironment(later.clone()),
            Change::InsertEnvironment(sooner.clone()),
            // Behind the row that refers to it: only the end of the list counts.
            Change::InsertSecret(other),
        ])
        .await;
    let list = store.environments(sample.shop.id).await.expect("a list");
    assert_eq!(
        list,
        [
            sample.test.clone(),
            sample.live.clone(),
            sooner.clone(),
            later.clone()
        ]
    );
    assert!(store.environments(id()).await.expect("a list").is_empty());
    assert_eq!(store.all_environments().await.expect("a list").len(), 4);
    assert_eq!(
        store.environment(later.id).await.expect("an answer"),
        Some(later.clone())
    );
    assert_eq!(store.environment(id()).await.expect("an answer"), None);
    assert_eq!(
        store
            .environment_by_slug(sample.shop.id, &later.slug)
            .await
            .expect("an answer"),
        Some(later.clone())
    );
    assert_eq!(
        store
            .environment_by_slug(id(), &later.slug)
            .await
            .expect("an answer"),
        None
    );
    let (keyless, _) = sample::environment(&sample.shop, "ccc", 2, 9);
    not_found(store.commit(vec![Change::InsertEnvironment(keyless)]).await);
    let (nowhere, key) = sample::environment(
        &Application {
            id: id(),
            ..sample.shop.clone()
        },
        "ddd",
        2,
        9,
    );
    not_found(
        store
            .commit(vec![
                Change::InsertSecret(key),
                Change::InsertEnvironment(nowhere),
            ])
            .await,
    );
}

/// While an application is being removed, no environment, instance or deployment begins in it.
pub async fn nothing_begins_while_removing(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    sample
        .commit([Change::SetApplicationRemoving {
            id: sample.shop.id,
            removing: true,
        }])
        .await;
    assert!(
        sample
            .store
            .application(sample.shop.id)
            .await
            .expect("an answer")
            .expect("it is there")
            .removing
    );
    let (stage, key) = sample::environment(&sample.shop, "stage", 2, 5);
    let begins = [
        vec![Change::InsertSecret(key), Change::InsertEnvironment(stage)],
        vec![Change::InsertInstance(sample.instance(
            &sample.test,
            &sample.database,
            "DEFAULT",
        ))],
        vec![Change::InsertDeployment(
            sample.deployment(&sample.test, Vec::new()),
        )],
    ];
    for changes in begins.clone() {
        let text = conflict(sample.store.commit(changes).await);
        assert!(text.contains("'shop' is being removed"), "{text}");
    }
    sample
        .commit([Change::SetApplicationRemoving {
            id: sample.shop.id,
            removing: false,
        }])
        .await;
    for changes in begins {
        sample
            .store
            .commit(changes)
            .await
            .expect("it may begin again");
    }
    // The last of them was a deployment: the removal waits for its end.
    let remove = Change::SetApplicationRemoving {
        id: sample.shop.id,
        removing: true,
    };
    let text = conflict(sample.store.commit(vec![remove]).await);
    assert!(text.contains("deployment"), "{text}");
    not_found(
        sample
            .store
            .commit(vec![Change::SetApplicationRemoving {
                id: id(),
                removing: true,
            }])
            .await,
    );
}

/// Release commands and branches.
pub async fn changes_of_rows(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let commands = vec![ReleaseCommand {
        label: "migrate".into(),
        command: "manage.py migrate".into(),
    }];
    let branch: windlass_model::names::BranchName = "feature/x".parse().expect("good");
    sample
        .commit([
            Change::SetReleaseCommands {
                id: sample.shop.id,
                commands: commands.clone(),
            },
            Change::SetBranch {
                id: sample.test.id,
                branch: branch.clone(),
            },
        ])
        .await;
    let shop = sample
        .store
        .application(sample.shop.id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!(
        shop,
        Application {
            release_commands: commands.clone(),
            ..sample.shop.clone()
        }
    );
    let test = sample
        .store
        .environment(sample.test.id)
        .await
        .expect("an answer")
        .expect("it is there");
    assert_eq!(test.branch, branch);
    not_found(
        sample
            .store
            .commit(vec![Change::SetReleaseCommands { id: id(), commands }])
            .await,
    );
    not_found(
        sample
            .store
            .commit(vec![Change::SetBranch { id: id(), branch }])
            .await,
    );
}
