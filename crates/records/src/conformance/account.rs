//! Accounts and settings.

use std::sync::Arc;

use serde_json::json;
use windlass_model::access::{Level, Role};
use windlass_model::id::{ApplicationId, OrganisationId, UserId};

use super::sample::{NOW, Sample, id};
use super::{conflict, not_found};
use crate::{Change, Holder, Membership, Organisation, Scope, Store, Token, User, UserKind};

/// A person.
pub fn user(email: &str) -> User {
    User {
        id: id(),
        kind: UserKind::Person,
        email: email.into(),
        first_name: "Ada".into(),
        last_name: "L".into(),
        is_operator: false,
        created_at: NOW,
    }
}

/// A token of the level that has everything.
pub fn token(user: &User, hash: &str, scope: Scope) -> Token {
    Token {
        id: id(),
        user: user.id,
        name: "cli".into(),
        hash: hash.into(),
        level: Level::Manage,
        scope,
        created_at: NOW,
        expires_at: None,
        last_used_at: None,
    }
}

/// An organisation, younger than others by that much.
pub fn organisation(name: &str, younger_by: i64) -> Organisation {
    Organisation {
        id: id(),
        name: name.into(),
        created_at: NOW.plus_millis(younger_by),
    }
}

/// A membership since now.
pub fn membership(user: &User, organisation: &Organisation, role: Role) -> Membership {
    Membership {
        user: user.id,
        organisation: organisation.id,
        role,
        created_at: NOW,
    }
}

/// Addresses and tokens are unique, and a revoked token is gone.
pub async fn users_and_tokens(store: Arc<dyn Store>) {
    let (first, second) = (organisation("First", 0), organisation("Second", 1));
    let mut ada = user("ada@example.org");
    ada.is_operator = true;
    let mut own = token(&ada, "00ff", Scope::Everywhere);
    own.level = Level::Deploy;
    own.expires_at = Some(NOW.plus_millis(9));
    let member = membership(&ada, &first, Role::Developer);
    store
        .commit(vec![
            Change::InsertOrganisation(second.clone()),
            Change::InsertOrganisation(first.clone()),
            Change::InsertUser(ada.clone()),
            Change::InsertMembership(member),
            Change::InsertToken(own.clone()),
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
    let by_email = store.user_by_email("ADA@example.org").await;
    assert_eq!(by_email.expect("an answer"), Some(ada.clone()));
    assert_eq!(store.user_by_email("a").await.expect("an answer"), None);
    let holder = Holder {
        token: own.clone(),
        user: ada.clone(),
        memberships: vec![member],
    };
    assert_eq!(
        store.token_by_hash("00ff").await.expect("an answer"),
        Some(holder)
    );
    assert_eq!(store.token_by_hash("00fe").await.expect("an answer"), None);

    let text = conflict(
        store
            .commit(vec![Change::InsertUser(user("Ada@example.org"))])
            .await,
    );
    assert!(text.contains("Ada@example.org"), "{text}");
    let of_nobody = Token {
        id: id(),
        user: id::<UserId>(),
        hash: "01".into(),
        ..own.clone()
    };
    not_found(store.commit(vec![Change::InsertToken(of_nobody)]).await);
    let twice = Token {
        id: id(),
        ..own.clone()
    };
    conflict(store.commit(vec![Change::InsertToken(twice)]).await);

    let at = NOW.plus_millis(60_000);
    let used = Change::TouchToken { id: own.id, at };
    store.commit(vec![used.clone()]).await.expect("it applies");
    let found = store.token(own.id).await.expect("an answer");
    assert_eq!(found.and_then(|token| token.last_used_at), Some(at));

    store
        .commit(vec![Change::DeleteToken(own.id)])
        .await
        .expect("it applies");
    assert_eq!(store.token_by_hash("00ff").await.expect("an answer"), None);
    assert_eq!(store.token(own.id).await.expect("an answer"), None);
    not_found(store.commit(vec![Change::DeleteToken(own.id)]).await);
    not_found(store.commit(vec![used]).await);
}

/// Where a token may be used is kept, and must be there.
pub async fn scopes_of_tokens(store: Arc<dyn Store>) {
    let sample = Sample::new(store).await;
    let (here, shop) = (sample.organisation.id, sample.shop.id);
    let ada = user("ada@example.org");
    sample.commit([Change::InsertUser(ada.clone())]).await;
    let scopes = [
        Scope::Everywhere,
        Scope::Organisation(here),
        Scope::Application(here, shop),
    ];
    let tokens: Vec<Token> = ["0", "1", "2"]
        .into_iter()
        .zip(scopes)
        .map(|(hash, scope)| token(&ada, hash, scope))
        .collect();
    let made = tokens.iter().cloned().map(Change::InsertToken);
    sample
        .store
        .commit(made.collect())
        .await
        .expect("they apply");
    assert_eq!(sample.store.tokens(ada.id).await.expect("a list"), tokens);
    assert_eq!(sample.store.tokens(id()).await.expect("a list"), []);
    for nowhere in [
        Scope::Organisation(id::<OrganisationId>()),
        Scope::Application(here, id::<ApplicationId>()),
        Scope::Application(id::<OrganisationId>(), shop),
    ] {
        let made = Change::InsertToken(token(&ada, "3", nowhere));
        not_found(sample.store.commit(vec![made]).await);
    }
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
