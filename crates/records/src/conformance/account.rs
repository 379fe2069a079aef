//! Accounts and settings.

use std::sync::Arc;

use serde_json::json;
use windlass_model::id::UserId;

use super::sample::{NOW, id};
use super::{conflict, not_found};
use crate::{Change, Organisation, Store, Token, User};

fn user(organisation: &Organisation, email: &str) -> User {
    User {
        id: id(),
        organisation: organisation.id,
        email: email.into(),
        first_name: "Ada".into(),
        last_name: "L".into(),
        created_at: NOW,
    }
}

/// Addresses and tokens are unique, and a revoked token is gone.
pub async fn users_and_tokens(store: Arc<dyn Store>) {
    let first = Organisation {
        id: id(),
        name: "First".into(),
        created_at: NOW,
    };
    let second = Organisation {
        id: id(),
        name: "Second".into(),
        created_at: NOW.plus_millis(1),
    };
    let ada = user(&first, "ada@example.org");
    let token = Token {
        id: id(),
        user: ada.id,
        name: "cli".into(),
        hash: "00ff".into(),
        created_at: NOW,
    };
    store
        .commit(vec![
            Change::InsertOrganisation(second.clone()),
            Change::InsertOrganisation(first.clone()),
            Change::InsertUser(ada.clone()),
            Change::InsertToken(token.clone()),
        ])
        .await
        .expect("they apply");
    assert_eq!(
        store.organisations().await.expect("a list"),
        [first.clone(), second]
    );
    assert_eq!(
        store.user(ada.id).await.expect("an answer"),
        Some(ada.clone())
    );
    assert_eq!(store.user(id()).await.expect("an answer"), None);
    assert_eq!(
        store.token_by_hash("00ff").await.expect("an answer"),
        Some((token.clone(), ada.clone()))
    );
    assert_eq!(store.token_by_hash("00fe").await.expect("an answer"), None);

    let text = conflict(
        store
            .commit(vec![Change::InsertUser(user(&first, "Ada@example.org"))])
            .await,
    );
    assert!(text.contains("Ada@example.org"), "{text}");
    let nowhere = Organisation {
        id: id(),
        ..first.clone()
    };
    assert_eq!(
        not_found(
            store
                .commit(vec![Change::InsertUser(user(&nowhere, "b@example.org"))])
                .await
        ),
        format!("organisation {}", nowhere.id)
    );
    let of_nobody = Token {
        id: id(),
        user: id::<UserId>(),
        hash: "01".into(),
        ..token.clone()
    };
    not_found(store.commit(vec![Change::InsertToken(of_nobody)]).await);
    let twice = Token {
        id: id(),
        ..token.clone()
    };
    conflict(store.commit(vec![Change::InsertToken(twice)]).await);

    store
        .commit(vec![Change::DeleteToken(token.id)])
        .await
        .expect("it applies");
    assert_eq!(store.token_by_hash("00ff").await.expect("an answer"), None);
    not_found(store.commit(vec![Change::DeleteToken(token.id)]).await);
}

/// The last value counts.
pub async fn settings_are_replaced(store: Arc<dyn Store>) {
    assert_eq!(store.setting("id").await.expect("an answer"), None);
    for value in [json!("one"), json!({"two": [2, null]}), json!(null)] {
        store
            .commit(vec![Change::PutSetting {
                name: "id".into(),
                value: value.clone(),
            }])
            .await
            .expect("it applies");
        assert_eq!(store.setting("id").await.expect("an answer"), Some(value));
    }
}
