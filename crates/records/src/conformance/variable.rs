//! Custom variables.

use std::sync::Arc;

use super::sample::{self, NOW, Sample, id};
use super::{conflict, not_found};
use crate::{Change, PageRequest, Store, Variable, VariableFilter};

async fn one(store: &Arc<dyn Store>, variable: &Variable) -> Option<Variable> {
    let filter = VariableFilter {
        environment: Some(variable.environment),
        name: Some(variable.name.clone()),
        ..VariableFilter::default()
    };
    store
        .variables(&filter, &PageRequest::first(2))
        .await
        .expect("a page")
        .rows
        .pop()
}

/// A change that was made from an older version is refused.
pub async fn versions_are_guarded(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    let (first, second) = (sample::secret("first"), sample::secret("second"));
    let variable = sample::variable(sample.test.id, "NAME", first.id);
    sample
        .commit([
            Change::InsertSecret(first),
            Change::PutVariable(variable.clone()),
        ])
        .await;
    assert_eq!(one(store, &variable).await, Some(variable.clone()));
    let text = conflict(
        store
            .commit(vec![Change::PutVariable(Variable {
                id: id(),
                ..variable.clone()
            })])
            .await,
    );
    assert!(text.contains("NAME"), "{text}");

    let changed = Variable {
        value: second.id,
        is_sensitive: true,
        overrides: true,
        version: 1,
        updated_at: NOW.plus_millis(4),
        ..variable.clone()
    };
    sample
        .commit([
            Change::InsertSecret(second),
            Change::PutVariable(changed.clone()),
        ])
        .await;
    assert_eq!(one(store, &variable).await, Some(changed.clone()));
    conflict(
        store
            .commit(vec![Change::PutVariable(changed.clone())])
            .await,
    );
    conflict(
        store
            .commit(vec![Change::PutVariable(Variable {
                version: 3,
                ..changed.clone()
            })])
            .await,
    );

    sample.commit([Change::DeleteVariable(variable.id)]).await;
    assert_eq!(one(store, &variable).await, None);
    not_found(
        store
            .commit(vec![Change::DeleteVariable(variable.id)])
            .await,
    );
    let late = Variable {
        version: 2,
        value: sample.test.secret_key,
        ..changed.clone()
    };
    conflict(store.commit(vec![Change::PutVariable(late)]).await);
    let nowhere = Variable {
        environment: id(),
        value: sample.test.secret_key,
        ..variable
    };
    not_found(store.commit(vec![Change::PutVariable(nowhere)]).await);
}

/// By the environment's position, then by name.
pub async fn lists_are_sorted_by_environment(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let store = &sample.store;
    for (environment, name) in [
        (&sample.live, "A"),
        (&sample.test, "Z"),
        (&sample.live, "C"),
        (&sample.test, "B"),
    ] {
        let value = sample::secret("value");
        let variable = sample::variable(environment.id, name, value.id);
        sample
            .commit([Change::InsertSecret(value), Change::PutVariable(variable)])
            .await;
    }
    let filter = VariableFilter {
        application: Some(sample.shop.id),
        ..VariableFilter::default()
    };
    let (mut seen, mut page) = (Vec::new(), PageRequest::first(3));
    loop {
        let answer = store.variables(&filter, &page).await.expect("a page");
        assert_eq!(answer.count, 4);
        seen.extend(answer.rows.into_iter().map(|row| row.name.to_string()));
        match answer.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, ["B", "Z", "A", "C"]);
    let count = async |filter: VariableFilter| {
        store
            .variables(&filter, &PageRequest::first(1))
            .await
            .expect("a page")
            .count
    };
    assert_eq!(
        count(VariableFilter {
            environment: Some(sample.live.id),
            ..VariableFilter::default()
        })
        .await,
        2
    );
    assert_eq!(
        count(VariableFilter {
            application: Some(id()),
            ..VariableFilter::default()
        })
        .await,
        0
    );
}
