//! Whether a cluster can be used, and its preparation.

use windlass_services::Error;

use super::administrator::administrator;
use super::hardening::harden;
use super::ledger;
use super::session::{Cluster, Session};

pub(super) async fn prepare(cluster: Cluster<'_>) -> Result<(), Error> {
    let mut session = Session::open(cluster).await?;
    let administrator = administrator(&mut session).await?;
    if let Some(reason) = administrator.objection(cluster.dialect) {
        return Err(Error::Unsupported {
            cluster: cluster.access.description.clone(),
            reason,
        });
    }
    harden(&mut session).await?;
    ledger::make(&mut session).await
}
