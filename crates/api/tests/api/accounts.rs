//! Tokens, members, service accounts, invitations and the audit log.

use serde_json::{Value, json};
use windlass_model::access::{Level, Role};
use windlass_model::time::Timestamp;
use windlass_records::{Change, Invitation, Store};

use crate::support::{Client, World, assert_keys};

const TOKENS: &str = "/iam/v3/tokens/";
const TOKEN_KEYS: &str =
    "uuid user name level organisation application created_at expires_at last_used_at";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn with(client: &Client, token: &Value) -> Client {
    client.authorized(Some(&format!("Token {}", text(token))))
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let other = world.demo("other").await;
    let new = json!({ "name": "ci", "level": "deploy", "application": demo.application });
    let made = world.client.post(TOKENS, &new).await;
    assert_keys(&made.expect(201).body, &format!("token {TOKEN_KEYS}"));
    assert!(text(&made.body["token"]).starts_with("wl_"));
    assert_eq!(made.body["organisation"], world.organisation().await);
    assert_eq!(made.body["last_used_at"], Value::Null);

    let ci = with(&world.client, &made.body["token"]);
    let shown = format!("/apps/v3/applications/{}/", demo.application);
    ci.get(&shown).await.expect(200);
    let hidden = format!("/apps/v3/applications/{}/", other.application);
    ci.get(&hidden).await.refusal(404, "not_found");
    let seen = ci.get("/apps/v3/applications/").await;
    assert_eq!(seen.results().len(), 1);
    let refused = ci.patch(&shown, &json!({ "release_commands": [] })).await;
    let said = refused.refusal(400, "not_allowed");
    assert!(
        said.contains("'manage'") && said.contains("'deploy'"),
        "{said}"
    );
    let refused = ci
        .post(TOKENS, &json!({ "name": "x", "level": "read" }))
        .await;
    refused.refusal(400, "not_allowed");

    let list = world.client.get(TOKENS).await;
    assert_eq!(list.results().len(), 2);
    assert!(!list.text.contains(&text(&made.body["token"])));
    let used = list.results().iter().find(|one| one["name"] == "ci");
    assert_keys(used.unwrap(), TOKEN_KEYS);
    assert!(used.unwrap()["last_used_at"].is_string());
    // It knows of itself only.
    assert_eq!(ci.get(TOKENS).await.results().len(), 1);

    let path = format!("{TOKENS}{}/", text(&made.body["uuid"]));
    ci.delete(&path).await.refusal(400, "not_allowed");
    world
        .stranger()
        .await
        .delete(&path)
        .await
        .refusal(404, "not_found");
    world.client.delete(&path).await.expect(204);
    ci.get(&shown).await.expect(401);
    world.client.delete(&path).await.refusal(404, "not_found");
}

#[tokio::test]
async fn a_token_makes_none_that_may_more() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    let organisation = world.organisation().await;
    let post = async |client: &Client, body: Value| client.post(TOKENS, &body).await;
    let until = "2099-01-01T00:00:00Z";
    let narrow = json!({
        "name": "narrow", "level": "manage", "application": demo.application, "expires_at": until,
    });
    let narrow = post(&world.client, narrow).await;
    assert_eq!(narrow.expect(201).body["expires_at"], until);
    let narrow = with(&world.client, &narrow.body["token"]);
    let wider = json!({ "name": "a", "level": "manage", "organisation": organisation });
    post(&narrow, wider).await.refusal(400, "not_allowed");
    let longer = json!({ "name": "a", "level": "read", "expires_at": "2099-01-02T00:00:00Z" });
    post(&narrow, longer).await.field("expires_at");
    // What is not said is as the token is that makes it.
    let same = post(&narrow, json!({ "name": "a", "level": "read" })).await;
    assert_eq!(
        same.expect(201).body["application"],
        demo.application.as_str()
    );
    assert_eq!(same.body["expires_at"], until);

    for (body, field) in [
        (json!({ "level": "read" }), "name"),
        (json!({ "name": "", "level": "read" }), "name"),
        (json!({ "name": "a" }), "level"),
        (json!({ "name": "a", "level": "root" }), "level"),
        (
            json!({ "name": "a", "level": "read", "expires_at": "2020-01-01T00:00:00Z" }),
            "expires_at",
        ),
        (
            json!({ "name": "a", "level": "read", "expires_at": "soon" }),
            "expires_at",
        ),
    ] {
        post(&world.client, body).await.field(field);
    }
    let nowhere = json!({
        "name": "a", "level": "read", "organisation": "0192f0c1-2345-7000-8000-000000000001",
    });
    post(&world.client, nowhere).await.refusal(404, "not_found");
}

#[tokio::test]
async fn the_end_of_a_token_and_of_a_membership_is_at_once() {
    let world = World::new().await;
    let organisation = world.organisation().await;
    let (member, id) = world
        .member(&organisation, Role::Admin, Level::Manage, None)
        .await;
    member.get("/iam/v3/me/").await.expect(200);
    let path = format!("/iam/v3/organisations/{organisation}/members/{id}/");
    world.client.delete(&path).await.expect(204);
    member.get("/iam/v3/me/").await.expect(401);
    world.client.delete(&path).await.refusal(404, "not_found");

    let ended = windlass_records::Token {
        id: uuid::Uuid::now_v7().into(),
        user: text(&world.client.get("/iam/v3/me/").await.body["uuid"])
            .parse()
            .unwrap(),
        name: "ended".to_owned(),
        hash: windlass_platform::token_hash("wl_ended"),
        level: Level::Manage,
        scope: windlass_records::Scope::Everywhere,
        created_at: Timestamp(1),
        expires_at: Some(Timestamp(2)),
        last_used_at: None,
    };
    let made = vec![Change::InsertToken(ended)];
    world.store.commit(made).await.unwrap();
    let client = world.client.authorized(Some("Token wl_ended"));
    client.get("/iam/v3/me/").await.expect(401);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let world = World::new().await;
    let organisation = world.organisation().await;
    let members = format!("/iam/v3/organisations/{organisation}/members/");
    let list = world.client.get(&members).await;
    let keys = "uuid email first_name last_name role is_service_account joined_at";
    assert_keys(&list.results()[0], keys);
    let own = format!("{members}{}/", text(&list.results()[0]["uuid"]));
    let lower = json!({ "role": "viewer" });
    let refused = world.client.patch(&own, &lower).await;
    refused.refusal(400, "last_owner");
    world.client.delete(&own).await.refusal(400, "last_owner");

    let (admin, id) = world
        .member(&organisation, Role::Admin, Level::Manage, None)
        .await;
    let path = format!("{members}{id}/");
    // An admin makes no owner, nor ends one.
    let higher = json!({ "role": "owner" });
    admin
        .patch(&path, &higher)
        .await
        .refusal(400, "not_allowed");
    admin.patch(&own, &lower).await.refusal(400, "not_allowed");
    admin.delete(&own).await.refusal(400, "not_allowed");
    let changed = world.client.patch(&path, &higher).await;
    assert_eq!(changed.expect(200).body["role"], "owner");
    world.client.patch(&own, &lower).await.expect(200);
    // Who leaves needs nobody's leave.
    world.client.delete(&own).await.expect(204);
    admin.delete(&path).await.refusal(400, "last_owner");
    admin
        .patch(&path, &json!({ "role": "root" }))
        .await
        .field("role");
}

#[tokio::test]
async fn machines_have_tokens_that_admins_manage() {
    let world = World::new().await;
    let organisation = world.organisation().await;
    let accounts = format!("/iam/v3/organisations/{organisation}/service-accounts/");
    let new = json!({ "name": "ci", "role": "developer" });
    let made = world.client.post(&accounts, &new).await;
    let machine = text(&made.expect(201).body["uuid"]);
    assert_eq!(made.body["is_service_account"], true);
    world.client.post(&accounts, &new).await.field("name");
    let owner = json!({ "name": "root", "role": "owner" });
    world.client.post(&accounts, &owner).await.field("role");
    let spaced = json!({ "name": "a b", "role": "viewer" });
    world.client.post(&accounts, &spaced).await.field("name");

    let new = json!({ "name": "pipeline", "level": "manage", "user": machine });
    let (developer, _) = world
        .member(&organisation, Role::Developer, Level::Manage, None)
        .await;
    developer
        .post(TOKENS, &new)
        .await
        .refusal(400, "not_allowed");
    world
        .stranger()
        .await
        .post(TOKENS, &new)
        .await
        .refusal(404, "not_found");
    let token = world.client.post(TOKENS, &new).await;
    assert_eq!(
        token.expect(201).body["organisation"],
        organisation.as_str()
    );
    let client = with(&world.client, &token.body["token"]);
    client.get("/apps/v3/applications/").await.expect(200);
    // It makes none for itself, which would outlive its own.
    let more = json!({ "name": "more", "level": "manage" });
    client.post(TOKENS, &more).await.refusal(400, "not_allowed");
    let list = format!("{TOKENS}?user={machine}");
    assert_eq!(world.client.get(&list).await.results().len(), 1);
    developer.get(&list).await.refusal(400, "not_allowed");

    // Of people nobody else manages tokens.
    let (_, person) = world
        .member(&organisation, Role::Viewer, Level::Manage, None)
        .await;
    let theirs = json!({ "name": "x", "level": "read", "user": person });
    world
        .client
        .post(TOKENS, &theirs)
        .await
        .refusal(404, "not_found");

    let path = format!("/iam/v3/organisations/{organisation}/members/{machine}/");
    world.client.delete(&path).await.expect(204);
    client.get("/apps/v3/applications/").await.expect(401);
    world.client.get(&list).await.refusal(404, "not_found");
}

#[tokio::test]
async fn an_invitation_is_good_once() {
    let world = World::new().await;
    let organisation = world.organisation().await;
    let path = format!("/iam/v3/organisations/{organisation}/invitations/");
    let invite = json!({ "email": "ada@example.org", "role": "developer" });
    let made = world.client.post(&path, &invite).await;
    let keys = "uuid organisation email role invited_by created_at expires_at";
    assert_keys(&made.expect(201).body, &format!("link {keys}"));
    let link = text(&made.body["link"]);
    let list = world.client.get(&path).await;
    assert_keys(&list.results()[0], keys);
    assert!(!list.text.contains(link.rsplit('#').next().unwrap()));

    let open = world.client.authorized(None);
    let register = json!({ "link": link, "first_name": "Ada", "last_name": "L" });
    let accept = json!({ "link": link });
    // It is for the address that it names.
    let accepting = "/iam/v3/invitations/accept/";
    world
        .client
        .post(accepting, &accept)
        .await
        .refusal(400, "other_address");
    let registering = "/iam/v3/invitations/register/";
    let nameless = json!({ "link": link, "first_name": " ", "last_name": "L" });
    open.post(registering, &nameless).await.field("first_name");
    let account = open.post(registering, &register).await;
    assert_keys(&account.expect(201).body, "token user organisation");
    assert_eq!(account.body["user"]["email"], "ada@example.org");
    open.post(registering, &register)
        .await
        .refusal(400, "no_invitation");
    assert_eq!(world.client.get(&path).await.results().len(), 0);

    let ada = with(&world.client, &account.body["token"]);
    let own = ada.get("/iam/v3/organisations/").await;
    assert_eq!(own.results()[0]["uuid"], organisation.as_str());
    world.client.post(&path, &invite).await.field("email");

    // Into another organisation she comes with the account that she has.
    let second = json!({ "name": "Second" });
    ada.post("/iam/v3/organisations/", &second)
        .await
        .refusal(400, "not_allowed");
    let second = world.client.post("/iam/v3/organisations/", &second).await;
    let second = text(&second.expect(201).body["uuid"]);
    let path = format!("/iam/v3/organisations/{second}/invitations/");
    let invite = json!({ "email": "ADA@example.org", "role": "viewer" });
    let made = world.client.post(&path, &invite).await;
    let link = text(&made.expect(201).body["link"]);
    let register = json!({ "link": link, "first_name": "Ada", "last_name": "L" });
    open.post(registering, &register)
        .await
        .refusal(400, "account_exists");
    let joined = ada.post(accepting, &json!({ "link": link })).await;
    assert_eq!(joined.expect(200).body["uuid"], second.as_str());
    assert_eq!(ada.get("/iam/v3/organisations/").await.results().len(), 2);
    // In several, she has to say for which one an application is.
    let application = json!({ "slug": "shop", "name": "Shop" });
    ada.post("/apps/v3/applications/", &application)
        .await
        .field("organisation");

    // Whoever has left all of them begins again with an invitation.
    for one in [&organisation, &second] {
        let me = text(&account.body["user"]["uuid"]);
        let path = format!("/iam/v3/organisations/{one}/members/{me}/");
        world.client.delete(&path).await.expect(204);
    }
    ada.get("/iam/v3/me/").await.expect(401);
    let made = world.client.post(&path, &invite).await;
    let link = text(&made.expect(201).body["link"]);
    let register = json!({ "link": link, "first_name": "Ada", "last_name": "L" });
    let again = open.post(registering, &register).await;
    assert_eq!(
        again.expect(201).body["user"]["uuid"],
        account.body["user"]["uuid"]
    );
}

#[tokio::test]
async fn an_invitation_ends() {
    let world = World::new().await;
    let organisation = world.organisation().await;
    let path = format!("/iam/v3/organisations/{organisation}/invitations/");
    let invite = json!({ "email": "ada@example.org", "role": "viewer" });
    let made = world.client.post(&path, &invite).await;
    let revoked = format!("{path}{}/", text(&made.expect(201).body["uuid"]));
    world.client.delete(&revoked).await.expect(204);
    world
        .client
        .delete(&revoked)
        .await
        .refusal(404, "not_found");
    let accept = |link: &str| json!({ "link": link });
    let accepting = "/iam/v3/invitations/accept/";
    let answer = world
        .client
        .post(accepting, &accept(&text(&made.body["link"])))
        .await;
    answer.refusal(400, "no_invitation");
    let old = Invitation {
        id: uuid::Uuid::now_v7().into(),
        organisation: organisation.parse().unwrap(),
        email: "admin@localhost".to_owned(),
        role: Role::Viewer,
        hash: windlass_platform::token_hash("wli_old"),
        invited_by: "x".to_owned(),
        created_at: Timestamp(0),
        expires_at: Timestamp(7 * 24 * 3_600_000),
    };
    world
        .store
        .commit(vec![Change::InsertInvitation(old)])
        .await
        .unwrap();
    let answer = world.client.post(accepting, &accept("wli_old")).await;
    answer.refusal(400, "invitation_ended");
    for (body, field) in [
        (json!({ "email": "nobody", "role": "viewer" }), "email"),
        (json!({ "email": "a@b@c", "role": "viewer" }), "email"),
        (
            json!({ "email": "ci@x.service", "role": "viewer" }),
            "email",
        ),
        (
            json!({ "email": "admin@localhost", "role": "viewer" }),
            "email",
        ),
        (json!({ "email": "a@b", "role": "root" }), "role"),
    ] {
        world.client.post(&path, &body).await.field(field);
    }
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_and_no_secret() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    let set = json!({
        "environment": demo.test, "name": "KEY", "value": "s3cr3t-v4lu3", "is_sensitive": true,
    });
    world
        .client
        .post("/apps/v3/environment-variables/", &set)
        .await
        .expect(201);
    world.deploy(&demo.test).await;
    let new = json!({ "name": "ci", "level": "deploy" });
    let token = world.client.post(TOKENS, &new).await;
    let organisation = world.organisation().await;
    let base = format!("/iam/v3/organisations/{organisation}/");
    let invite = json!({ "email": "ada@example.org", "role": "viewer" });
    let link = world
        .client
        .post(&format!("{base}invitations/"), &invite)
        .await;

    let log = world.client.get(&format!("{base}audit/")).await;
    let keys = "number at actor address request_id action subject application detail outcome";
    assert_keys(&log.results()[0], keys);
    let entries: Vec<(String, String)> = log
        .results()
        .iter()
        .map(|entry| (text(&entry["action"]), text(&entry["outcome"])))
        .collect();
    let entries: Vec<(&str, &str)> = entries.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    assert_eq!(
        entries,
        [
            ("invitation.create", "done"),
            ("token.create", "done"),
            ("deployment.end", "succeeded"),
            ("deployment.create", "begun"),
            ("variable.set", "done"),
            ("service.add", "done"),
            ("application.create", "done"),
        ]
    );
    assert_eq!(log.results()[0]["actor"], "admin@localhost");
    assert_eq!(log.results()[0]["address"], "127.0.0.1");
    let request = link.headers["x-request-id"].to_str().unwrap();
    assert_eq!(log.results()[0]["request_id"], request);

    let of = format!("{base}audit/?application={}&page_size=2", demo.application);
    let page = world.client.get(&of).await;
    assert_eq!((page.results().len(), &page.body["count"]), (2, &json!(5)));
    let next = world.client.get(&text(&page.body["next"])).await;
    assert_eq!(next.results()[0]["action"], "variable.set");
    let late = format!("{base}audit/?from=2099-01-01T00:00:00Z");
    assert_eq!(world.client.get(&late).await.body["count"], 0);
    let early = format!("{base}audit/?until=2099-01-01T00:00:00Z");
    assert_eq!(world.client.get(&early).await.body["count"], 7);
    let wrong = format!("{base}audit/?from=yesterday");
    world.client.get(&wrong).await.field("from");

    let export = world.client.get(&format!("{base}audit/export/")).await;
    export.expect(200);
    assert_eq!(export.headers["content-type"], "application/x-ndjson");
    let lines: Vec<Value> = export
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(&lines, log.results());

    let secret = text(&link.body["link"]);
    for secret in [
        "s3cr3t-v4lu3",
        &world.token,
        &text(&token.body["token"]),
        secret.rsplit('#').next().unwrap(),
        "let me in",
    ] {
        assert!(!export.text.contains(secret), "{secret}");
    }
    let (developer, _) = world
        .member(&organisation, Role::Developer, Level::Manage, None)
        .await;
    let refused = developer.get(&format!("{base}audit/")).await;
    refused.refusal(400, "not_allowed");
}
