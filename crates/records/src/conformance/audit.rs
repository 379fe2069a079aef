//! The audit log.

use std::sync::Arc;

use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_model::time::Timestamp;

use super::sample::{NOW, Sample, id};
use crate::{AuditEntry, AuditFilter, AuditOutcome, Change, PageRequest, Store};

fn entry(action: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: "ada@example.org".into(),
        request_id: "request".into(),
        address: "192.0.2.7".into(),
        action: action.into(),
        subject: "it".into(),
        organisation: None,
        application: None,
        detail: "what matters".into(),
        outcome: AuditOutcome::Begun,
    }
}

/// Entries come in order, newest first, as they were written, and an application's are its organisation's.
pub async fn entries_are_only_added(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let (here, shop) = (sample.organisation.id, sample.shop.id);
    let written = [
        AuditEntry {
            organisation: Some(here),
            ..entry("one", NOW)
        },
        AuditEntry {
            application: Some(shop),
            ..entry("two", NOW.plus_millis(1))
        },
        entry("three", NOW.plus_millis(2)),
        AuditEntry {
            organisation: Some(here),
            // It outlives what it tells of.
            application: Some(id::<ApplicationId>()),
            ..entry("four", NOW.plus_millis(3))
        },
        AuditEntry {
            organisation: Some(id::<OrganisationId>()),
            ..entry("five", NOW.plus_millis(4))
        },
    ];
    let changes = written.iter().cloned().map(Change::Audit).collect();
    sample.store.commit(changes).await.expect("they apply");
    let found = async |filter: AuditFilter, limit: u32| {
        let (mut all, mut page) = (Vec::new(), PageRequest::first(limit));
        loop {
            let answer = sample.store.audit(&filter, &page).await.expect("a page");
            let count = answer.count;
            all.extend(answer.rows.into_iter().map(|row| row.entry.action));
            let Some(next) = answer.next else {
                assert_eq!(u64::try_from(all.len()).expect("few"), count);
                return all;
            };
            page.after = Some(next);
        }
    };
    let all = AuditFilter::default;
    assert_eq!(
        found(all(), 2).await,
        ["five", "four", "three", "two", "one"]
    );
    let of = |organisation| AuditFilter {
        organisation: Some(organisation),
        ..all()
    };
    assert_eq!(found(of(here), 1).await, ["four", "three", "two", "one"]);
    let between = AuditFilter {
        from: Some(NOW.plus_millis(1)),
        until: Some(NOW.plus_millis(3)),
        ..all()
    };
    assert_eq!(found(between, 9).await, ["three", "two"]);
    let of_shop = AuditFilter {
        application: Some(shop),
        ..all()
    };
    assert_eq!(found(of_shop.clone(), 9).await, ["two"]);

    let page = PageRequest::first(9);
    let row = sample.store.audit(&of_shop, &page).await.expect("a page");
    let wanted = AuditEntry {
        organisation: Some(here),
        ..written[1].clone()
    };
    assert_eq!(row.rows[0].entry, wanted);
}
