//! What there is of an instance.

use windlass_model::id::InstanceId;
use windlass_services::Error;

use super::client::Client;
use super::failure::{conflict, missing};
use super::policy::Mark;
use super::{bucket, names, users};

/// What there is of an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// What it was made with, if it has its mark.
    pub(super) connection_limit: Option<u32>,
    pub(super) has_bucket: bool,
}

/// What there is of an instance; a bucket of its name without its mark is a conflict.
pub(super) async fn find(client: &Client<'_>, instance: InstanceId) -> Result<State, Error> {
    let steward = names::steward(instance);
    let connection_limit = match users::policy(client, &steward).await? {
        None => None,
        Some(document) => match Mark::parse(&document) {
            Some(Mark::Instance {
                instance: of,
                connection_limit,
            }) if of == instance => Some(connection_limit),
            _ => {
                let reason = "its policy is not the mark of this instance";
                let what = format!("user '{steward}'");
                return Err(conflict(client.access, what, reason.to_owned()));
            }
        },
    };
    let name = names::bucket(instance);
    let has_bucket = bucket::exists(client, &name).await?;
    if has_bucket && connection_limit.is_none() {
        let reason = format!("there is no user '{steward}' with the mark of this instance");
        return Err(conflict(client.access, format!("bucket '{name}'"), reason));
    }
    Ok(State {
        connection_limit,
        has_bucket,
    })
}

/// An instance that must be there.
pub(super) async fn existing(client: &Client<'_>, instance: InstanceId) -> Result<(), Error> {
    let state = find(client, instance).await?;
    if state.has_bucket {
        return Ok(());
    }
    let name = names::bucket(instance);
    Err(missing(client.access, format!("bucket '{name}'")))
}
