//! Who asks, and for which organisation: the first parameter of every use case.

use windlass_model::id::{OrganisationId, UserId};

/// The caller of a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The user.
    pub user: UserId,
    /// The user's address, for records.
    pub email: String,
    /// The organisation that the user works in: objects of others do not exist for it.
    pub organisation: OrganisationId,
    /// The request, for records and logs.
    pub request_id: String,
    /// The client's `Idempotency-Key` and the hash of its request, if it gave one.
    pub idempotency: Option<(String, String)>,
}
