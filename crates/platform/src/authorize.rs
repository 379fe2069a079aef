//! Who may do what with a loaded object: the one place in which that is decided.
//!
//! Use cases come here by loading: [`crate::use_cases::load`] gives nothing without an [`Action`].

use windlass_model::access::{Action, Decision, Reason, decide};
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_records::{Application, Organisation};

use crate::context::Context;
use crate::error::Error;
use crate::scene::Scene;

/// Where an object belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is everyone's, or the caller's own.
    Everyone,
    /// It is of the installation.
    Installation,
    /// It is of an organisation.
    Organisation(OrganisationId),
    /// It is of an application of that organisation; of one that is gone, without its id.
    Application(OrganisationId, Option<ApplicationId>),
}

/// What something is done with.
pub(crate) trait Resource {
    /// Where it belongs.
    fn place(&self) -> Place;
}

impl Resource for Place {
    fn place(&self) -> Place {
        *self
    }
}

impl Resource for Organisation {
    fn place(&self) -> Place {
        Place::Organisation(self.id)
    }
}

impl Resource for Application {
    fn place(&self) -> Place {
        Place::Application(self.organisation, Some(self.id))
    }
}

impl Resource for Scene {
    fn place(&self) -> Place {
        self.application.place()
    }
}

/// Lets the caller do that, or not. What it may not know of is `missing` for it.
///
/// # Errors
/// `missing`, or `not_allowed` with who may.
pub(crate) fn authorize(
    context: &Context,
    action: Action,
    resource: &impl Resource,
    missing: impl FnOnce() -> Error,
) -> Result<(), Error> {
    let place = resource.place();
    let Some(standing) = context.standing(place) else {
        return Err(missing());
    };
    let for_one = context.scope.application().is_some();
    if for_one && matches!(place, Place::Organisation(_)) && action != Action::ViewOrganisation {
        return Err(not_allowed(Reason::OneApplication { action }));
    }
    match decide(standing, context.level, action) {
        Decision::Allowed => Ok(()),
        Decision::Refused(reason) => Err(not_allowed(reason)),
    }
}

/// Whether the caller may do that with what it may see.
pub(crate) fn may(context: &Context, action: Action, resource: &impl Resource) -> bool {
    authorize(context, action, resource, || Error::Unauthenticated).is_ok()
}

/// The refusal.
pub(crate) fn not_allowed(reason: Reason) -> Error {
    Error::refused("not_allowed", reason.to_string())
}
