//! Users of machines: without a login, with tokens that admins manage.

use windlass_model::access::{Action, Role};
use windlass_model::id::{OrganisationId, short};
use windlass_operations::StoreError;
use windlass_records::{Change, Member, Membership, User, UserKind};

use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

/// The longest name.
const LONGEST: usize = 40;

impl Platform {
    /// Makes a service account of an organisation.
    ///
    /// # Errors
    /// The caller may not, the name cannot be used or is taken, or the role is the owner's.
    pub async fn create_service_account(
        &self,
        context: &Context,
        organisation: OrganisationId,
        name: &str,
        role: Role,
    ) -> Result<Member, Error> {
        let loaded = self.load_organisation(context, Action::ManageServiceAccounts, organisation);
        let organisation = loaded.await?;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
            return Err(Error::invalid(
                "name",
                format!("1 to {LONGEST} lower-case letters, digits and hyphens are needed"),
            ));
        }
        if role == Role::Owner {
            return Err(Error::invalid("role", "a service account owns nothing"));
        }
        let now = self.parts.now();
        let user = User {
            id: ids::mint(),
            kind: UserKind::ServiceAccount,
            // No domain of the internet ends so: it is nobody's address.
            email: format!("{name}@{}.service", short(organisation.id)),
            first_name: name.to_owned(),
            last_name: String::new(),
            is_operator: false,
            created_at: now,
        };
        let membership = Membership {
            user: user.id,
            organisation: organisation.id,
            role,
            created_at: now,
        };
        let email = user.email.as_str();
        let changes = vec![
            Change::InsertUser(user.clone()),
            Change::InsertMembership(membership),
            self.audit_organisation(
                context,
                "service-account.create",
                email,
                organisation.id,
                role.as_str(),
            ),
        ];
        let committed = self.parts.store.commit(changes).await;
        committed.map_err(|error| match error {
            StoreError::Conflict(_) => Error::invalid(
                "name",
                format!("the organisation has a service account '{name}' already"),
            ),
            other => other.into(),
        })?;
        Ok(Member { user, membership })
    }
}
