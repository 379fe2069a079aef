//! Deployments and plans.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{ApplicationId, DeploymentId, EnvironmentId};

use super::{Answer, Made};
use crate::error::Problem;
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::deployment::{
    CreateDeployment, DeploymentDetail, DeploymentItem, DeploymentVariables,
};
use crate::wire::plan::PlanItem;

/// The deployments of an application or an environment, newest first.
#[utoipa::path(get, path = "/apps/v3/deployments/", tag = "deployments", params(Paging, ("application" = Option<String>, Query), ("environment" = Option<String>, Query)), responses((status = 200, body = List<DeploymentItem>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<DeploymentItem>> {
    let request = params.page(PAGE)?;
    let (application, environment) = (
        params.id::<ApplicationId>("application")?,
        params.id::<EnvironmentId>("environment")?,
    );
    let page = state
        .platform
        .deployments(&context, application, environment, &request)
        .await?;
    Ok(Json(List::page(&params, &request, page, Into::into)))
}

/// Begins a deployment of what is wished now.
#[utoipa::path(post, path = "/apps/v3/deployments/", tag = "deployments", request_body = CreateDeployment, responses((status = 201, body = DeploymentDetail), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateDeployment>,
) -> Made<DeploymentDetail> {
    let request = command.body.request()?;
    let view = state
        .act(command.context, |platform, context| async move {
            platform.deploy(&context, request).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// What a deployment that begins now would change. Changes nothing.
#[utoipa::path(post, path = "/apps/v3/deployments/plan/", tag = "deployments", request_body = CreateDeployment, responses((status = 200, body = PlanItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn plan(
    State(state): State<AppState>,
    command: Command<CreateDeployment>,
) -> Answer<PlanItem> {
    Ok(Json(
        state
            .platform
            .plan(&command.context, command.body.request()?)
            .await?
            .into(),
    ))
}

/// A deployment.
#[utoipa::path(get, path = "/apps/v3/deployments/{id}/", tag = "deployments", params(("id" = String, Path)), responses((status = 200, body = DeploymentDetail), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<DeploymentId>,
) -> Answer<DeploymentDetail> {
    Ok(Json(state.platform.deployment(&context, id).await?.into()))
}

/// Asks a deployment to stop before its pivot; nothing of it is left then.
#[utoipa::path(post, path = "/apps/v3/deployments/{id}/cancel/", tag = "deployments", params(("id" = String, Path)), responses((status = 200, body = DeploymentDetail), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Id(id): Id<DeploymentId>,
    command: Command<Nothing>,
) -> Answer<DeploymentDetail> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.cancel_deployment(&context, id).await
        })
        .await?;
    Ok(Json(view.into()))
}

/// The variables that a deployment's release pins.
#[utoipa::path(get, path = "/apps/v3/deployments/{id}/environment-variables", tag = "deployments", params(("id" = String, Path), ("reveal" = Option<bool>, Query, description = "Sensitive values too")), responses((status = 200, body = DeploymentVariables), (status = 404, body = Problem)))]
pub(super) async fn variables(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<DeploymentId>,
    params: Params,
) -> Answer<DeploymentVariables> {
    let variables = state
        .platform
        .deployment_variables(&context, id, params.flag("reveal")?)
        .await?;
    let view = state.platform.deployment(&context, id).await?;
    Ok(Json(DeploymentVariables::new(&view, variables)))
}
