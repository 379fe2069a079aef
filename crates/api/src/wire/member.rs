//! Members and invitations.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::access::Role;
use windlass_platform::{MadeInvitation, Registered};
use windlass_records::{Invitation, Member, UserKind};

use super::account::{Me, OrganisationItem};
use super::time;

/// A member of an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberItem {
    /// The user's id.
    uuid: String,
    email: String,
    first_name: String,
    last_name: String,
    /// `viewer`, `developer`, `admin` or `owner`.
    role: &'static str,
    /// Whether it is a machine of the organisation, without a login.
    is_service_account: bool,
    joined_at: String,
}

impl From<Member> for MemberItem {
    fn from(member: Member) -> Self {
        let Member { user, membership } = member;
        Self {
            uuid: user.id.to_string(),
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            role: membership.role.as_str(),
            is_service_account: user.kind == UserKind::ServiceAccount,
            joined_at: time(membership.created_at),
        }
    }
}

/// Another role of a member.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeMember {
    /// `viewer`, `developer`, `admin` or `owner`.
    #[schema(value_type = String)]
    pub(crate) role: Role,
}

/// A service account to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateServiceAccount {
    /// Lower-case letters, digits and hyphens.
    pub(crate) name: String,
    /// `viewer`, `developer` or `admin`.
    #[schema(value_type = String)]
    pub(crate) role: Role,
}

/// An invitation that is open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationItem {
    uuid: String,
    organisation: String,
    email: String,
    role: &'static str,
    invited_by: String,
    created_at: String,
    expires_at: String,
}

impl From<Invitation> for InvitationItem {
    fn from(invitation: Invitation) -> Self {
        Self {
            uuid: invitation.id.to_string(),
            organisation: invitation.organisation.to_string(),
            email: invitation.email,
            role: invitation.role.as_str(),
            invited_by: invitation.invited_by,
            created_at: time(invitation.created_at),
            expires_at: time(invitation.expires_at),
        }
    }
}

/// A new invitation with its link, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewInvitation {
    /// To be given to whom it is for: whoever has it can accept.
    link: String,
    #[serde(flatten)]
    item: InvitationItem,
}

impl From<MadeInvitation> for NewInvitation {
    fn from(made: MadeInvitation) -> Self {
        Self {
            link: made.link.expose_secret().to_owned(),
            item: made.invitation.into(),
        }
    }
}

/// Somebody to be invited.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateInvitation {
    pub(crate) email: String,
    /// `viewer`, `developer`, `admin` or `owner`.
    #[schema(value_type = String)]
    pub(crate) role: Role,
}

/// An invitation that is accepted by a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AcceptInvitation {
    /// The link, or the secret in it.
    #[schema(value_type = String)]
    pub(crate) link: SecretString,
}

/// An invitation that is accepted by somebody without an account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Register {
    /// The link, or the secret in it.
    #[schema(value_type = String)]
    pub(crate) link: SecretString,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
}

/// A new user with its first token, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewUser {
    /// The text of the token.
    token: String,
    user: Me,
    organisation: OrganisationItem,
}

impl From<Registered> for NewUser {
    fn from(made: Registered) -> Self {
        Self {
            token: made.token.expose_secret().to_owned(),
            user: made.user.into(),
            organisation: made.organisation.into(),
        }
    }
}
