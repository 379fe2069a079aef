//! Whether a cluster can be used.

use windlass_services::Error;

use super::client::Client;
use super::failure::{unexpected, unsupported};
use super::limits::LOOK;
use super::{layout, storage};

pub(super) async fn prepare(client: &Client<'_>) -> Result<(), Error> {
    let status = layout::status(client).await?;
    status.is_supported(client)?;
    is_our_region(client).await?;
    status.ensure_layout(client).await?;
    layout::is_healthy(client).await?;
    storage::answers(client).await?;
    status.has_room(client)
}

/// Applications are told a region, and sign it.
async fn is_our_region(client: &Client<'_>) -> Result<(), Error> {
    match layout::region(client).await? {
        Some(region) if region == client.site.region => Ok(()),
        Some(region) => {
            let reason = format!(
                "its region is '{}'; set s3_region = \"{}\" in its configuration",
                region.escape_default(),
                client.site.region
            );
            Err(unsupported(client.access, reason))
        }
        None => {
            let reason = "it does not say what its region is";
            Err(unexpected(client.access, LOOK, reason))
        }
    }
}
