//! Removing what a failed attempt may have left ("orphan mitigation").

use super::remove::Persistence;
use super::{Broker, Orphan};
use crate::decide::Failed;
use crate::error::{Error, Removal};
use crate::target::Resource;

impl Broker {
    /// The error of an attempt to make something, after what it may have left was removed. No user asks for
    /// that, so none is named.
    pub(super) async fn after_failure(
        &self,
        doing: &'static str,
        resource: Resource<'_>,
        failed: Failed,
        orphan: Orphan,
    ) -> Error {
        let removal = match (failed.mitigate, orphan) {
            (false, _) => Removal::NotNeeded,
            (true, Orphan::Leave) => Removal::Left,
            (true, Orphan::Remove) => {
                let persistence = Persistence {
                    within: self.settings.mitigation,
                    is_mitigation: true,
                };
                match self.remove(resource, None, persistence).await {
                    Ok(()) => Removal::Done,
                    Err(failure) => Removal::Owed(failure.to_string()),
                }
            }
        };
        let failure = failed.failure;
        self.redacted(Error {
            doing,
            failure,
            removal,
        })
    }
}
