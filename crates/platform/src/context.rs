//! Who asks, and what it may reach: the first parameter of every use case.

use windlass_model::access::{Level, Role, Standing};
use windlass_model::id::{OrganisationId, UserId};
use windlass_model::time::Timestamp;
use windlass_records::{Holder, Membership, Scope};

use crate::authorize::Place;

/// The caller of a use case, as it was when the request came. Made of a token, in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The user.
    pub user: UserId,
    /// The user's address, for records.
    pub email: String,
    /// What the user is, in those of its organisations that its token is for: objects of others do not exist for it.
    pub(crate) memberships: Vec<Membership>,
    /// Whether it operates the installation.
    pub(crate) is_operator: bool,
    /// What its token may be used for.
    pub(crate) level: Level,
    /// Where its token may be used.
    pub(crate) scope: Scope,
    /// When its token ends.
    pub(crate) expires_at: Option<Timestamp>,
    /// The request, for records and logs.
    pub request_id: String,
    /// The client's address, for records; empty when there is no client.
    pub address: String,
    /// The client's `Idempotency-Key` and the hash of its request, if it gave one.
    pub idempotency: Option<(String, String)>,
}

impl Context {
    /// The caller that holds this token.
    pub(crate) fn of(holder: Holder, request_id: &str) -> Self {
        let Holder {
            token,
            user,
            memberships,
        } = holder;
        let within = |membership: &Membership| {
            let only = token.scope.organisation();
            only.is_none_or(|only| only == membership.organisation)
        };
        Self {
            user: user.id,
            email: user.email,
            memberships: memberships.into_iter().filter(within).collect(),
            is_operator: user.is_operator,
            level: token.level,
            scope: token.scope,
            expires_at: token.expires_at,
            request_id: request_id.to_owned(),
            address: String::new(),
            idempotency: None,
        }
    }

    /// The organisations that the caller works in.
    pub fn organisations(&self) -> Vec<OrganisationId> {
        let all = self.memberships.iter();
        all.map(|membership| membership.organisation).collect()
    }

    /// What the caller is in an organisation, if its token is for it.
    pub(crate) fn role(&self, organisation: OrganisationId) -> Option<Role> {
        let mut all = self.memberships.iter();
        all.find(|membership| membership.organisation == organisation)
            .map(|membership| membership.role)
    }

    /// What the caller is to what is there; nothing when it may not know of it.
    pub(crate) fn standing(&self, place: Place) -> Option<Standing> {
        match place {
            Place::Everyone => Some(Standing::Account),
            Place::Installation => {
                (self.is_operator && self.scope == Scope::Everywhere).then_some(Standing::Operator)
            }
            Place::Organisation(id) => self.role(id).map(Standing::Member),
            Place::Application(organisation, id) => {
                let only = self.scope.application();
                let within = only.is_none_or(|only| Some(only) == id);
                let role = self.role(organisation).filter(|_| within);
                role.map(Standing::Member)
            }
        }
    }
}
