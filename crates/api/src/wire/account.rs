//! Users and organisations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_records::{Organisation, User};

use super::time;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    uuid: String,
    email: String,
    first_name: String,
    last_name: String,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        Self {
            uuid: user.id.to_string(),
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
        }
    }
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(crate) struct OrganisationItem {
    uuid: String,
    name: String,
    created_at: String,
}

impl From<Organisation> for OrganisationItem {
    fn from(organisation: Organisation) -> Self {
        Self {
            uuid: organisation.id.to_string(),
            name: organisation.name,
            created_at: time(organisation.created_at),
        }
    }
}

/// An organisation to be created.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateOrganisation {
    pub(crate) name: String,
}
