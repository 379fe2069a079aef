//! Users of IAM, each with one policy.

use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;
use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::credential::Key;
use super::failure::{is, unexpected};
use super::iam::{self, ABSENT, EXISTS, TOO_MANY};
use super::limits::{LOOK, PAGE, RIGHTS};
use super::names::{PATH, POLICY, Whose};
use crate::http::xml;

/// The policy of a user, if both are there.
pub(super) async fn policy(client: &Client<'_>, user: &str) -> Result<Option<Value>, Error> {
    let parameters = [("UserName", user), ("PolicyName", POLICY)];
    let answer = iam::look(client, "GetUserPolicy", &parameters).await?;
    if is(&answer, &ABSENT) {
        return Ok(None);
    }
    client.accepted(LOOK, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let document = xml::first(&text, "PolicyDocument").unwrap_or_default();
    // Encoded for URLs, as the reference of the API says, and without that for XML.
    let document = xml::unescaped(document);
    let document = percent_encoding::percent_decode_str(&document).decode_utf8_lossy();
    let document = serde_json::from_str(&document)
        .map_err(|_| unexpected(client.access, LOOK, "a policy that is no JSON"))?;
    Ok(Some(document))
}

/// Makes a user; `false` if it is there already.
pub(super) async fn create(client: &Client<'_>, user: &str) -> Result<bool, Error> {
    let parameters = [("UserName", user), ("Path", PATH)];
    let answer = iam::act(client, "CreateUser", &parameters, &[]).await?;
    if is(&answer, &EXISTS) {
        return Ok(false);
    }
    client.accepted(RIGHTS, &answer).map(|()| true)
}

/// Sets the policy of a user that is there, or was made just now.
pub(super) async fn set_policy(
    client: &Client<'_>,
    user: &str,
    document: &Value,
) -> Result<(), Error> {
    let document = document.to_string();
    let parameters = [
        ("UserName", user),
        ("PolicyName", POLICY),
        ("PolicyDocument", &document),
    ];
    let answer = iam::act(client, "PutUserPolicy", &parameters, &ABSENT).await?;
    client.accepted(RIGHTS, &answer)
}

/// The ids of a user's keys, if the user is there.
pub(super) async fn keys(client: &Client<'_>, user: &str) -> Result<Option<Vec<String>>, Error> {
    let answer = iam::look(client, "ListAccessKeys", &[("UserName", user)]).await?;
    if is(&answer, &ABSENT) {
        return Ok(None);
    }
    client.accepted(LOOK, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let ids = xml::all(&text, "AccessKeyId").map(xml::unescaped);
    Ok(Some(ids.collect()))
}

/// Makes a key, whose secret the server chooses and tells once. A user has two at most, and what has just been deleted
/// may count for a while.
pub(super) async fn create_key(client: &Client<'_>, user: &str) -> Result<Key, Error> {
    let passing = [ABSENT, TOO_MANY].concat();
    let answer = iam::act(client, "CreateAccessKey", &[("UserName", user)], &passing).await?;
    client.accepted(RIGHTS, &answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let part = |name| xml::first(&text, name).filter(|part| !part.is_empty());
    match (part("AccessKeyId"), part("SecretAccessKey")) {
        (Some(id), Some(secret)) => Ok(Key {
            id: xml::unescaped(id),
            secret: SecretString::from(xml::unescaped(secret)),
        }),
        _ => Err(unexpected(client.access, RIGHTS, "a key without its parts")),
    }
}

pub(super) async fn delete_key(client: &Client<'_>, user: &str, id: &str) -> Result<(), Error> {
    let parameters = [("UserName", user), ("AccessKeyId", id)];
    iam::remove(client, "DeleteAccessKey", &parameters).await
}

/// Removes a user with all that it has, the keys first.
pub(super) async fn remove(client: &Client<'_>, user: &str) -> Result<(), Error> {
    let found = keys(client, user).await?;
    for id in found.iter().flatten() {
        delete_key(client, user, id).await?;
    }
    match remove_emptied(client, user).await {
        // It is not there, or not known yet. Who may remove users of a path only may not ask for one that has none.
        Err(Error::Unauthorized { .. }) if found.is_none() => Ok(()),
        removed => removed,
    }
}

async fn remove_emptied(client: &Client<'_>, user: &str) -> Result<(), Error> {
    let policy = [("UserName", user), ("PolicyName", POLICY)];
    iam::remove(client, "DeleteUserPolicy", &policy).await?;
    iam::remove(client, "DeleteUser", &[("UserName", user)]).await
}

/// Our users, of all instances, with their names.
pub(super) async fn own(client: &Client<'_>) -> Result<Vec<(Whose, String)>, Error> {
    let mut own = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let mut parameters = vec![("MaxItems", PAGE)];
        if let Some(marker) = &marker {
            parameters.push(("Marker", marker));
        }
        let answer = iam::look(client, "ListUsers", &parameters).await?;
        client.accepted(LOOK, &answer)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let named = xml::all(&text, "UserName")
            .filter_map(|name| Some((Whose::parse(name)?, name.to_owned())));
        own.extend(named);
        let is_truncated = xml::first(&text, "IsTruncated") == Some("true");
        marker = xml::first(&text, "Marker").map(xml::unescaped);
        if !is_truncated || marker.is_none() {
            return Ok(own);
        }
    }
}

/// The names of the users of an instance's bindings.
pub(super) async fn of_bindings(
    client: &Client<'_>,
    instance: InstanceId,
) -> Result<Vec<String>, Error> {
    let own = own(client).await?;
    let its = |whose| matches!(whose, Whose::Binding(of, _) if of == instance);
    let its = own.into_iter().filter(|(whose, _)| its(*whose));
    Ok(its.map(|(_, name)| name).collect())
}

/// Whether IAM itself says that it was done or refused it; otherwise it is another program that answers.
pub(super) fn is_iam(answer: &crate::http::Answer) -> bool {
    let text = String::from_utf8_lossy(&answer.body);
    let says = |element| text.contains(&format!("<{element}"));
    match answer.status {
        StatusCode::OK => says("ListUsersResponse"),
        _ => says("ErrorResponse"),
    }
}
