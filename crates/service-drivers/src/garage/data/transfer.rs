//! Objects out of the live bucket and into a fresh one.

use rusty_s3::{Bucket as Place, Credentials, UrlStyle};
use secrecy::ExposeSecret;
use windlass_model::id::OperationId;
use windlass_services::data::{Input, Output};
use windlass_services::variables::authority;
use windlass_services::{Access, BackedUp, Error, InstanceSpec, Source};

use super::super::client::Client;
use super::super::driver::GarageDriver;
use super::super::failure::failed;
use super::super::keys;
use super::super::layout;
use super::super::limits::TRANSFER;
use super::super::names::{self, Restoring};
use super::super::state::existing;
use super::super::version::major_and_minor;
use super::filler::{self, FRESH, Filler};
use crate::http::Streams;
use crate::s3::{Contents, Lost};
use crate::streams::{Counting, Watched};
use crate::tar::Plain;

/// Enough to know a packed archive by.
const AHEAD: u64 = 512;

pub(super) async fn back_up(
    driver: &GarageDriver,
    access: &Access,
    spec: &InstanceSpec,
    output: Output<'_>,
) -> Result<BackedUp, Error> {
    let (contents, server_version) = {
        let client = driver.look(access).await?;
        let whole = existing(&client, spec.instance).await?;
        let name = names::bucket(spec.instance);
        let contents = contents(&client, &name, &whole.steward).await?;
        (contents, layout::status(&client).await?.version())
    };
    let mut counting = Counting::of(output);
    let written = contents.write_to(&mut counting).await;
    written.map_err(|lost| error(access, lost, "writing the archive"))?;
    Ok(BackedUp {
        bytes: counting.bytes,
        server_version,
    })
}

pub(super) async fn restore(
    driver: &GarageDriver,
    access: &Access,
    spec: &InstanceSpec,
    operation: OperationId,
    (source, input): (&Source, Input<'_>),
) -> Result<(), Error> {
    let _turn = driver.restores.take(access, spec.instance).await?;
    let mut input = Watched::of(input, AHEAD).await;
    if let Some(reason) = input.broken.take() {
        return Err(error(access, Lost::Stream(reason), ""));
    }
    if let Some(other) = source.kind.as_deref().filter(|kind| *kind != "s3") {
        let reason = format!("it is of type '{other}', not 's3'");
        return Err(error(access, Lost::Archive(reason), ""));
    }
    let (filler, contents) = begin(driver, access, spec, (operation, source)).await?;
    let head = input.head().to_vec();
    let read = contents.read_from(Plain::of(&head, &mut input)).await;
    let broken = input.broken.take().map(|reason| Err(Lost::Stream(reason)));
    let read = broken.unwrap_or(read);
    let client = driver.change(access, spec.instance).await?;
    match read {
        Ok(()) => filler::note(&client, spec.instance, &filler, Restoring::Filled).await,
        Err(lost) => {
            if let Err(left) = filler::remove(&client, &filler).await {
                tracing::warn!(cluster = %access.description, error = %left, "what is left of a restore that failed could not be removed yet");
            }
            Err(error(access, lost, "reading the archive"))
        }
    }
}

async fn begin(
    driver: &GarageDriver,
    access: &Access,
    spec: &InstanceSpec,
    (operation, source): (OperationId, &Source),
) -> Result<(Filler, Contents), Error> {
    let client = driver.change(access, spec.instance).await?;
    let live = existing(&client, spec.instance).await?.bucket;
    let server = layout::status(&client).await?.version();
    if let Some(from) = &source.server_version
        && major_and_minor(from) > major_and_minor(&server)
    {
        let reason = format!("it comes from version {from}, newer than this server's {server}");
        return Err(error(access, Lost::Archive(reason), ""));
    }
    filler::clear(&client, spec.instance).await?;
    let filler = filler::make(&client, spec.instance, operation, &live).await?;
    let contents = contents(&client, FRESH, &filler.key).await?;
    Ok((filler, contents))
}

async fn contents(client: &Client<'_>, bucket: &str, key: &str) -> Result<Contents, Error> {
    let secret = keys::secret(client, key).await?;
    let endpoint = format!("http://{}/", authority(&client.storage_endpoint()));
    let invalid = |error: &dyn std::error::Error| {
        failed(client.access, TRANSFER, format!("{endpoint}: {error}"))
    };
    let url = endpoint.parse::<url::Url>();
    let place = Place::new(
        url.map_err(|error| invalid(&error))?,
        UrlStyle::Path,
        bucket.to_owned(),
        client.site.region.clone(),
    );
    Ok(Contents {
        bucket: place.map_err(|error| invalid(&error))?,
        credentials: Credentials::new(key, secret.expose_secret()),
        streams: Streams::new(),
    })
}

fn error(access: &Access, lost: Lost, doing: &str) -> Error {
    let cluster = access.description.clone();
    match lost {
        Lost::Archive(reason) => Error::Refused {
            cluster,
            doing: "restoring the archive".to_owned(),
            reason,
            advice: "give a tar archive, gzipped or not, of plain files with relative names; nothing was changed"
                .to_owned(),
        },
        Lost::Refused(reason) => Error::Refused {
            cluster,
            doing: "restoring the archive".to_owned(),
            reason,
            advice: "an instance takes no more than its plan says, and no name beyond 1024 bytes; nothing was changed"
                .to_owned(),
        },
        Lost::Full(reason) => Error::Full { cluster, reason },
        Lost::Stream(reason) => Error::Failed {
            cluster,
            doing: "copying the stream".to_owned(),
            reason,
        },
        Lost::Server(reason) => failed(access, TRANSFER, format!("{doing}: {reason}")),
    }
}
