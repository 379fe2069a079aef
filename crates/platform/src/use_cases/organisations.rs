//! Organisations are created by those who operate the installation.

use windlass_model::access::{Action, Reason, Role};
use windlass_records::{Change, Membership, Organisation};

use super::tokens::checked_name;
use crate::authorize::{Place, authorize, not_allowed};
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

impl Platform {
    /// Creates an organisation, which the caller owns.
    ///
    /// # Errors
    /// The caller does not operate the installation, or the name cannot be used.
    pub async fn create_organisation(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<Organisation, Error> {
        let action = Action::CreateOrganisation;
        authorize(context, action, &Place::Installation, || {
            not_allowed(Reason::Operator { action })
        })?;
        let now = self.parts.now();
        let organisation = Organisation {
            id: ids::mint(),
            name: checked_name("name", name)?,
            created_at: now,
        };
        let owner = Membership {
            user: context.user,
            organisation: organisation.id,
            role: Role::Owner,
            created_at: now,
        };
        let subject = organisation.name.as_str();
        let entry =
            self.audit_organisation(context, "organisation.create", subject, organisation.id, "");
        let changes = vec![
            Change::InsertOrganisation(organisation.clone()),
            Change::InsertMembership(owner),
            entry,
        ];
        self.parts.store.commit(changes).await?;
        Ok(organisation)
    }
}
