//! The REST API of Windlass in the v3 shape, and git over HTTP.
//!
//! A handler extracts, calls one use case of the platform and maps what it gives. What is the same for
//! every request (its id, its line in the log, the token, the trailing slash, a panic) is done around the
//! routes, once. Each route is registered once, with its operation of the OpenAPI document.

mod auth;
mod error;
mod extract;
mod page;
mod request;
mod routes;
mod server;
mod settings;
mod slash;
mod sse;
mod state;
mod wire;

use axum::Router;
use tower::Layer;
use windlass_platform::Platform;

pub use server::serve;
pub use settings::ApiSettings;

use state::AppState;

/// The API as a router.
pub fn router(platform: Platform, settings: ApiSettings) -> Router {
    finished(&AppState::new(platform, settings))
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::openapi()
}

/// The routes with everything around them.
fn finished(state: &AppState) -> Router {
    let routes = routes::mounted(state);
    let around = axum::middleware::from_fn(request::around);
    // Around the whole router, and not as its layer: the path is changed before a route is chosen.
    Router::new().fallback_service(around.layer(routes))
}
