//! What older clients ask for before they go on: objects by numbers, which Windlass never had, and add-ons, which it
//! does not have.

use axum::Json;

use crate::extract::Caller;
use crate::page::List;
use crate::wire::environment::Reference;

fn nothing() -> Json<List<Reference>> {
    Json(List {
        count: 0,
        next: None,
        previous: None,
        results: Vec::new(),
    })
}

/// Applications by number: there are none.
#[utoipa::path(get, path = "/legacy/v3/applications/", operation_id = "applications", tag = "legacy", params(("id" = Option<String>, Query)), responses((status = 200, body = List<Reference>)))]
pub(super) async fn applications(_: Caller) -> Json<List<Reference>> {
    nothing()
}

/// Add-ons: there are none, and none can be registered.
#[utoipa::path(get, path = "/legacy/v3/addons/", operation_id = "addons", tag = "legacy", params(("package_name" = Option<String>, Query)), responses((status = 200, body = List<Reference>)))]
pub(super) async fn addons(_: Caller) -> Json<List<Reference>> {
    nothing()
}
