//! Whether the account can be used.

use http::Method;
use windlass_services::Error;

use super::client::{Ask, Client};
use super::failure::{is, unexpected, unsupported, words};
use super::limits::{LOOK, VERSION};

/// The key is right, the service speaks our version, and the account is one for blobs.
pub(super) async fn prepare(client: &Client<'_>) -> Result<(), Error> {
    let query = [("comp", "properties"), ("restype", "account")];
    let answer = client.look(LOOK, Ask::of(Method::GET, &query)).await?;
    if is(&answer, &["InvalidHeaderValue", "UnsupportedHeader"]) {
        let reason = format!(
            "it does not speak version {VERSION} of the protocol: {}",
            words(&answer)
        );
        return Err(unsupported(client.access, reason));
    }
    client.accepted(LOOK, &answer)?;
    match answer.header("x-ms-account-kind") {
        // No blobs are in one for files.
        Some("FileStorage") => {
            let reason = "it is an account for files; one of kind StorageV2 is needed";
            Err(unsupported(client.access, reason.to_owned()))
        }
        Some(_) => Ok(()),
        None => {
            let reason = "it does not say what kind of account it is, so that it is not Azure's";
            Err(unexpected(client.access, LOOK, reason))
        }
    }
}
