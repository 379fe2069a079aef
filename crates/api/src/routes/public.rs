//! What needs no token.

use std::sync::LazyLock;

use axum::Json;
use axum::response::IntoResponse;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

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
