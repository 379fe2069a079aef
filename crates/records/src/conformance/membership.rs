//! Members and invitations.

use std::sync::Arc;

use windlass_model::access::Role;
use windlass_model::id::UserId;

use super::account::{membership, organisation, token, user};
use super::sample::{NOW, id};
use super::{conflict, not_found};
use crate::{Change, Invitation, Member, Membership, Organisation, Scope, Store, User, UserKind};

/// An organisation that Ada owns, and Bob.
async fn founded(store: &dyn Store) -> (Organisation, User, User) {
    let (here, ada) = (organisation("Here", 0), user("ada@example.org"));
    let bob = user("bob@example.org");
    let made = vec![
        Change::InsertOrganisation(here.clone()),
        Change::InsertUser(ada.clone()),
        Change::InsertUser(bob.clone()),
        Change::InsertMembership(membership(&ada, &here, Role::Owner)),
    ];
    store.commit(made).await.expect("they apply");
    (here, ada, bob)
}

fn another_role(who: &User, of: &Organisation, from: Role, to: Role) -> Vec<Change> {
    vec![Change::SetRole {
        user: who.id,
        organisation: of.id,
        from,
        to,
    }]
}

fn leave(who: &User, of: &Organisation) -> Vec<Change> {
    vec![Change::DeleteMembership {
        user: who.id,
        organisation: of.id,
    }]
}

/// A user is in an organisation once, and what it is there changes from what it was.
pub async fn members_have_roles(store: Arc<dyn Store>) {
    let (here, ada, bob) = founded(store.as_ref()).await;
    let there = organisation("There", 1);
    let later = Membership {
        created_at: NOW.plus_millis(5),
        ..membership(&bob, &here, Role::Viewer)
    };
    let made = vec![
        Change::InsertOrganisation(there.clone()),
        Change::InsertMembership(later),
        Change::InsertMembership(membership(&bob, &there, Role::Owner)),
    ];
    store.commit(made).await.expect("they apply");
    let members = store.members(here.id).await.expect("a list");
    let of_ada = Member {
        user: ada.clone(),
        membership: membership(&ada, &here, Role::Owner),
    };
    let of_bob = Member {
        user: bob.clone(),
        membership: later,
    };
    assert_eq!(members, [of_ada, of_bob]);
    assert_eq!(store.memberships(bob.id).await.expect("a list").len(), 2);
    let twice = Change::InsertMembership(membership(&bob, &here, Role::Admin));
    conflict(store.commit(vec![twice]).await);
    let nowhere = Change::InsertMembership(membership(&bob, &organisation("No", 2), Role::Admin));
    not_found(store.commit(vec![nowhere]).await);

    let promoted = another_role(&bob, &here, Role::Viewer, Role::Admin);
    store.commit(promoted.clone()).await.expect("it applies");
    conflict(store.commit(promoted).await);
    let roles = store.memberships(bob.id).await.expect("a list");
    let role = roles.iter().find(|one| one.organisation == here.id);
    assert_eq!(role.map(|one| one.role), Some(Role::Admin));
    let nobody = user("nobody@example.org");
    not_found(
        store
            .commit(another_role(&nobody, &here, Role::Viewer, Role::Admin))
            .await,
    );
}

/// The last owner stays one, and a machine is none.
pub async fn an_owner_is_left(store: Arc<dyn Store>) {
    let (here, ada, bob) = founded(store.as_ref()).await;
    let machine = User {
        kind: UserKind::ServiceAccount,
        ..user("ci@example.org")
    };
    let made = vec![
        Change::InsertUser(machine.clone()),
        Change::InsertMembership(membership(&machine, &here, Role::Owner)),
        Change::InsertMembership(membership(&bob, &here, Role::Admin)),
    ];
    store.commit(made).await.expect("they apply");
    conflict(
        store
            .commit(another_role(&ada, &here, Role::Owner, Role::Admin))
            .await,
    );
    conflict(store.commit(leave(&ada, &here)).await);
    let roles = store.memberships(ada.id).await.expect("a list");
    assert_eq!(roles, [membership(&ada, &here, Role::Owner)]);

    store
        .commit(another_role(&bob, &here, Role::Admin, Role::Owner))
        .await
        .expect("it applies");
    store.commit(leave(&ada, &here)).await.expect("it applies");
    conflict(store.commit(leave(&bob, &here)).await);
    not_found(store.commit(leave(&ada, &here)).await);
}

/// Tokens for an organisation go with the membership, all with the last one; an operator's stay.
pub async fn who_leaves_takes_its_tokens_along(store: Arc<dyn Store>) {
    let (here, _, bob) = founded(store.as_ref()).await;
    let there = organisation("There", 1);
    let operator = User {
        is_operator: true,
        ..user("root@example.org")
    };
    let mut made = vec![
        Change::InsertOrganisation(there.clone()),
        Change::InsertUser(operator.clone()),
    ];
    for who in [&bob, &operator] {
        for of in [&here, &there] {
            made.push(Change::InsertMembership(membership(who, of, Role::Owner)));
            let hash = format!("{} {}", who.email, of.name);
            made.push(Change::InsertToken(token(
                who,
                &hash,
                Scope::Organisation(of.id),
            )));
        }
        let hash = format!("{} everywhere", who.email);
        made.push(Change::InsertToken(token(who, &hash, Scope::Everywhere)));
    }
    store.commit(made).await.expect("they apply");
    let left = async |who: &User| -> Vec<String> {
        let tokens = store.tokens(who.id).await.expect("a list");
        let names = tokens.into_iter().map(|token| token.hash);
        names
            .map(|hash| hash.split_once(' ').expect("two words").1.to_owned())
            .collect()
    };
    store.commit(leave(&bob, &here)).await.expect("it applies");
    assert_eq!(left(&bob).await, ["There", "everywhere"]);
    store
        .commit(leave(&operator, &here))
        .await
        .expect("it applies");
    store.commit(leave(&bob, &there)).await.expect("it applies");
    assert_eq!(left(&bob).await, [""; 0]);
    let ada = store.user_by_email("ada@example.org").await;
    let ada = ada.expect("an answer").expect("she is there");
    let joins = Change::InsertMembership(membership(&ada, &there, Role::Owner));
    store.commit(vec![joins]).await.expect("it applies");
    store
        .commit(leave(&operator, &there))
        .await
        .expect("it applies");
    assert_eq!(left(&operator).await, ["everywhere"]);
}

/// A machine goes with all that it had; a person does not.
pub async fn service_accounts_are_forgotten(store: Arc<dyn Store>) {
    let (here, ada, _) = founded(store.as_ref()).await;
    let machine = User {
        kind: UserKind::ServiceAccount,
        ..user("ci@example.org")
    };
    let made = vec![
        Change::InsertUser(machine.clone()),
        Change::InsertMembership(membership(&machine, &here, Role::Developer)),
        Change::InsertToken(token(&machine, "00", Scope::Organisation(here.id))),
    ];
    store.commit(made).await.expect("they apply");
    let gone = Change::DeleteServiceAccount(machine.id);
    store.commit(vec![gone.clone()]).await.expect("it applies");
    assert_eq!(store.user(machine.id).await.expect("an answer"), None);
    assert_eq!(store.token_by_hash("00").await.expect("an answer"), None);
    assert_eq!(store.members(here.id).await.expect("a list").len(), 1);
    not_found(store.commit(vec![gone]).await);
    conflict(
        store
            .commit(vec![Change::DeleteServiceAccount(ada.id)])
            .await,
    );
    not_found(
        store
            .commit(vec![Change::DeleteServiceAccount(id::<UserId>())])
            .await,
    );
}

/// An invitation is there until it is accepted or revoked, once.
pub async fn invitations(store: Arc<dyn Store>) {
    let (here, ada, bob) = founded(store.as_ref()).await;
    let invitation = Invitation {
        id: id(),
        organisation: here.id,
        email: bob.email.clone(),
        role: Role::Developer,
        hash: "0a".into(),
        invited_by: ada.email.clone(),
        created_at: NOW,
        expires_at: NOW.plus_millis(7),
    };
    let made = Change::InsertInvitation(invitation.clone());
    store.commit(vec![made.clone()]).await.expect("it applies");
    conflict(store.commit(vec![made]).await);
    let list = store.invitations(here.id).await.expect("a list");
    assert_eq!(list, std::slice::from_ref(&invitation));
    let found = store.invitation_by_hash("0a").await.expect("an answer");
    assert_eq!(found, Some(invitation.clone()));
    assert_eq!(
        store.invitation_by_hash("0b").await.expect("an answer"),
        None
    );

    let accepted = vec![
        Change::InsertMembership(membership(&bob, &here, invitation.role)),
        Change::DeleteInvitation(invitation.id),
    ];
    store.commit(accepted.clone()).await.expect("it applies");
    assert_eq!(store.invitations(here.id).await.expect("a list"), []);
    store.commit(leave(&bob, &here)).await.expect("it applies");
    not_found(store.commit(accepted).await);
    assert_eq!(store.memberships(bob.id).await.expect("a list"), []);
}
