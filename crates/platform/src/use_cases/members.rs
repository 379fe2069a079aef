//! Who is in an organisation, and as what.

use windlass_model::access::{Action, Role};
use windlass_model::id::{OrganisationId, UserId};
use windlass_operations::StoreError;
use windlass_records::{Change, Member, Organisation, UserKind};

use crate::authorize::authorize;
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

impl Platform {
    /// The members of an organisation, oldest first.
    pub async fn members(
        &self,
        context: &Context,
        organisation: OrganisationId,
    ) -> Result<Vec<Member>, Error> {
        let loaded = self.load_organisation(context, Action::ViewMembers, organisation);
        Ok(self.parts.store.members(loaded.await?.id).await?)
    }

    /// Gives a member another role.
    ///
    /// # Errors
    /// The caller may not, or nobody would own the organisation any more.
    pub async fn set_role(
        &self,
        context: &Context,
        organisation: OrganisationId,
        user: UserId,
        role: Role,
    ) -> Result<Member, Error> {
        let loaded = self.load_organisation(context, Action::ManageMembers, organisation);
        let organisation = loaded.await?;
        let members = self.parts.store.members(organisation.id).await?;
        let member = found(&members, user)?;
        let from = member.membership.role;
        check_owners(context, &organisation, [from, role])?;
        if member.user.kind == UserKind::ServiceAccount && role == Role::Owner {
            return Err(Error::invalid("role", "a service account owns nothing"));
        }
        if from == Role::Owner && role != Role::Owner {
            another_owner(&members, user)?;
        }
        let changes = vec![
            Change::SetRole {
                user,
                organisation: organisation.id,
                from,
                to: role,
            },
            self.audit_organisation(
                context,
                "member.role",
                member.user.email.as_str(),
                organisation.id,
                format!("{from} to {role}"),
            ),
        ];
        self.parts.store.commit(changes).await?;
        let members = self.parts.store.members(organisation.id).await?;
        found(&members, user).cloned()
    }

    /// Removes a member, or lets the caller leave. Its tokens for the organisation stop at once; a service account
    /// is gone for good.
    ///
    /// # Errors
    /// The caller may not, or nobody would own the organisation any more.
    pub async fn remove_member(
        &self,
        context: &Context,
        organisation: OrganisationId,
        user: UserId,
    ) -> Result<(), Error> {
        let leaves = user == context.user;
        let action = if leaves {
            Action::ManageAccount
        } else {
            Action::ManageMembers
        };
        let loaded = self.load_organisation(context, action, organisation);
        let organisation = loaded.await?;
        let members = self.parts.store.members(organisation.id).await?;
        let member = found(&members, user)?;
        let role = member.membership.role;
        if !leaves {
            check_owners(context, &organisation, [role, role])?;
        }
        if role == Role::Owner {
            another_owner(&members, user)?;
        }
        let change = match member.user.kind {
            UserKind::Person => Change::DeleteMembership {
                user,
                organisation: organisation.id,
            },
            UserKind::ServiceAccount => Change::DeleteServiceAccount(user),
        };
        let email = member.user.email.as_str();
        let action = if leaves {
            "member.leave"
        } else {
            "member.remove"
        };
        let entry = self.audit_organisation(context, action, email, organisation.id, role.as_str());
        let committed = self.parts.store.commit(vec![change, entry]).await;
        committed.map_err(|error| match error {
            // Another owner left in the same moment.
            StoreError::Conflict(message) => Error::refused("last_owner", message),
            other => other.into(),
        })
    }
}

/// Who is an owner, or becomes one, is for owners to say.
pub(super) fn check_owners(
    context: &Context,
    organisation: &Organisation,
    roles: [Role; 2],
) -> Result<(), Error> {
    if !roles.contains(&Role::Owner) {
        return Ok(());
    }
    authorize(context, Action::ManageOwners, organisation, || {
        Error::not_found("organisation", organisation.id)
    })
}

fn found(members: &[Member], user: UserId) -> Result<&Member, Error> {
    let member = members.iter().find(|member| member.user.id == user);
    member.ok_or_else(|| Error::not_found("member", user))
}

fn another_owner(members: &[Member], than: UserId) -> Result<(), Error> {
    let owns = |member: &&Member| {
        member.membership.role == Role::Owner
            && member.user.kind == UserKind::Person
            && member.user.id != than
    };
    match members.iter().find(owns) {
        Some(_) => Ok(()),
        None => Err(Error::refused(
            "last_owner",
            "this is the last owner of the organisation; make somebody else an owner first",
        )),
    }
}
