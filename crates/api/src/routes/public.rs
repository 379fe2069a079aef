//! What needs no token.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Json;
use axum::response::IntoResponse;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Params;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    crate::openapi()
        .to_json()
        .expect("the document has string keys only")
});

/// Whether the server answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the server answers.
#[utoipa::path(get, path = "/health", tag = "server", security(()), responses((status = 200, body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// This document.
#[utoipa::path(get, path = "/openapi.json",
    operation_id = "document", tag = "server", security(()), responses((status = 200, body = Object)))]
pub(super) async fn openapi() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
}

/// The lists under `/apps/v3/`.
const LISTS: [&str; 9] = [
    "applications",
    "app-templates",
    "deployments",
    "environments",
    "environment-variables",
    "operations",
    "regions",
    "service-instances",
    "services",
];

/// Where the lists of the API are.
#[utoipa::path(get, path = "/apps/v3/", tag = "server", security(()), responses((status = 200, body = BTreeMap<String, String>)))]
pub(super) async fn index(params: Params) -> Json<BTreeMap<&'static str, String>> {
    let link = |name: &&'static str| (*name, params.root(&format!("/apps/v3/{name}/")));
    Json(LISTS.iter().map(link).collect())
}

/// How one comes by a token: what clients open in a browser when they ask for one.
#[utoipa::path(get, path = "/account/desktop-app/access-token/", tag = "server", security(()), responses((status = 200, content_type = "text/plain", body = String)))]
pub(super) async fn access_token() -> &'static str {
    "This installation of Windlass has no web pages yet.\n\n\
     Paste the token that you use with 'windlass login'. If you have none, ask whoever operates this server:\n\
     'windlass token create --state-dir DIR', as root on its machine with the server stopped, makes one.\n"
}
