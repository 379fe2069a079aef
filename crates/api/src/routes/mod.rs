//! The routes: each is registered once, with its operation of the OpenAPI document.

mod applications;
mod audit;
mod brokers;
mod deployment_logs;
mod deployments;
mod document;
mod environments;
mod git;
mod iam;
mod instances;
mod invitations;
mod legacy;
mod members;
mod operation_events;
mod operations;
mod plan_groups;
mod public;
mod regions;
mod releases;
mod repositories;
mod runtime_logs;
mod templates;
mod tokens;
mod variables;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::any;
use axum::{Json, Router};
use http::{Method, StatusCode, Uri};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::state::AppState;
use crate::{auth, request};

/// What a handler gives.
type Answer<T> = Result<Json<T>, ApiError>;
/// The same with a status of its own.
type Made<T> = Result<(StatusCode, Json<T>), ApiError>;

/// The OpenAPI document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    document::completed(all().into_openapi())
}

/// Every route that the document has.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .merge(api())
        .merge(open())
}

/// Everything, with the checks of tokens before it.
pub(crate) fn mounted(state: &AppState) -> Router {
    let api = Router::from(api()).route_layer(from_fn_with_state(state.clone(), auth::api));
    let git = Router::new()
        .route("/git/{repository}/{*path}", any(git::serve))
        .route_layer(from_fn_with_state(state.clone(), auth::git));
    Router::from(open())
        .merge(api)
        .merge(git)
        .fallback(no_route)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(request::note_route))
        .with_state(state.clone())
}

/// Without a token.
fn open() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(public::health))
        .routes(routes!(public::openapi))
        .routes(routes!(invitations::register))
        .routes(routes!(public::index))
        .routes(routes!(public::access_token))
}

/// With a token.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(iam::me))
        .routes(routes!(iam::organisations, iam::create_organisation))
        .routes(routes!(iam::organisation))
        .routes(routes!(members::list))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(members::create_service_account))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::remove))
        .routes(routes!(invitations::accept))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(regions::regions))
        .routes(routes!(regions::region))
        .routes(routes!(regions::services))
        .routes(routes!(regions::service))
        .routes(routes!(brokers::list, brokers::create))
        .routes(routes!(brokers::show, brokers::change, brokers::remove))
        .routes(routes!(brokers::refresh))
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(
            applications::show,
            applications::change,
            applications::remove
        ))
        .routes(routes!(plan_groups::list))
        .routes(routes!(plan_groups::show))
        .routes(routes!(templates::list))
        .routes(routes!(templates::show))
        .routes(routes!(templates::archive))
        .routes(routes!(legacy::applications))
        .routes(routes!(legacy::addons))
        .routes(routes!(repositories::create))
        .routes(routes!(repositories::show, repositories::remove))
        .routes(routes!(repositories::check_branch))
        .routes(routes!(environments::list, environments::create))
        .routes(routes!(environments::show, environments::change))
        .routes(routes!(environments::copy))
        .routes(routes!(runtime_logs::page))
        .routes(routes!(runtime_logs::stream))
        .routes(routes!(releases::list))
        .routes(routes!(releases::rollback))
        .routes(routes!(instances::list, instances::create))
        .routes(routes!(
            instances::show,
            instances::change,
            instances::remove
        ))
        .routes(routes!(instances::usage))
        .routes(routes!(instances::provision))
        .routes(routes!(instances::rotate))
        .routes(routes!(instances::attach))
        .routes(routes!(instances::detach))
        .routes(routes!(instances::cancel))
        .routes(routes!(variables::list, variables::create))
        .routes(routes!(variables::change, variables::remove))
        .routes(routes!(variables::unset))
        .routes(routes!(deployments::list, deployments::create))
        .routes(routes!(deployments::plan))
        .routes(routes!(deployments::show))
        .routes(routes!(deployments::cancel))
        .routes(routes!(deployments::variables))
        .routes(routes!(deployment_logs::whole))
        .routes(routes!(deployment_logs::stream))
        .routes(routes!(operations::list))
        .routes(routes!(operations::show))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::retry))
        .routes(routes!(operations::skip))
        .routes(routes!(operations::abandon))
        .routes(routes!(operation_events::events))
}

async fn no_route(uri: Uri) -> ApiError {
    ApiError::no_route(uri.path())
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::method_not_allowed(&method, uri.path())
}
