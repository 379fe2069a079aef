//! Service instances.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{EnvironmentId, InstanceId};
use windlass_platform::DEFAULT_GRACE;

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::deployment::DeploymentDetail;
use crate::wire::instance::{
    ChangeInstance, CreateInstance, NO_DOMAIN, Rotate, ServiceInstance, Usage,
};
use crate::wire::operation::OperationItem;

/// The service instances of an environment: databases first, `DEFAULT` first.
#[utoipa::path(get, path = "/apps/v3/service-instances/", tag = "service-instances", params(Paging, ("environment" = String, Query)), responses((status = 200, body = List<ServiceInstance>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<ServiceInstance>> {
    let request = params.page(PAGE)?;
    let environment = params.id::<EnvironmentId>("environment")?;
    let environment =
        environment.ok_or_else(|| ApiError::field("environment", "This parameter is required."))?;
    let page = state
        .platform
        .instances(&context, environment, &request)
        .await?;
    Ok(Json(List::page(&params, &request, page, Into::into)))
}

/// Adds a service instance; it is recorded only.
#[utoipa::path(post, path = "/apps/v3/service-instances/", tag = "service-instances", request_body = CreateInstance, responses((status = 201, body = ServiceInstance), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateInstance>,
) -> Made<ServiceInstance> {
    let view = state
        .act(command.context, |platform, context| async move {
            platform.add_instance(&context, command.body.into()).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A service instance.
#[utoipa::path(get, path = "/apps/v3/service-instances/{id}/", tag = "service-instances", params(("id" = String, Path)), responses((status = 200, body = ServiceInstance), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<InstanceId>,
) -> Answer<ServiceInstance> {
    Ok(Json(state.platform.instance(&context, id).await?.into()))
}

/// What a service instance uses now, asked of its server.
#[utoipa::path(get, path = "/apps/v3/service-instances/{id}/usage/", tag = "service-instances", params(("id" = String, Path)), responses((status = 200, body = Usage), (status = 400, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn usage(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<InstanceId>,
) -> Answer<Usage> {
    let usage = state.platform.instance_usage(&context, id).await?;
    Ok(Json(usage.into()))
}

/// Another prefix or URL scheme, names for a framework, another URL, or who may read it and where: other variables from
/// the next deployment on. `public` and `media_domain` take effect at once besides.
#[utoipa::path(patch, path = "/apps/v3/service-instances/{id}/", tag = "service-instances", params(("id" = String, Path)), request_body = ChangeInstance, responses((status = 200, body = ServiceInstance), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<ChangeInstance>,
) -> Answer<ServiceInstance> {
    let body = command.body;
    body.alone()?;
    let work = state.act(command.context, move |platform, context| async move {
        if let Some(url) = body.url {
            return platform.set_instance_url(&context, id, url).await;
        }
        if let Some(profile) = body.inject_profile {
            let changed = platform.set_instance_profile(&context, id, &profile);
            return changed.await;
        }
        if let Some(public) = body.public {
            return platform.set_instance_public(&context, id, public).await;
        }
        if let Some(domain) = body.media_domain {
            let domain = Some(domain).filter(|domain| domain != NO_DOMAIN);
            let is_cdn = body.media_domain_is_cdn.unwrap_or_default();
            let changed =
                platform.set_instance_media_domain(&context, id, domain.as_deref(), is_cdn);
            return changed.await;
        }
        let (prefix, scheme) = (body.prefix.as_deref(), body.url_scheme.as_deref());
        platform.rename_instance(&context, id, prefix, scheme).await
    });
    Ok(Json(work.await?.into()))
}

/// Destroys a service instance and its data.
#[utoipa::path(delete, path = "/apps/v3/service-instances/{id}/", tag = "service-instances", params(("id" = String, Path), ("confirm" = String, Query, description = "The instance's prefix")), responses((status = 202, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    params: Params,
    command: Command<Nothing>,
) -> Made<OperationItem> {
    let confirmation = params.text("confirm").unwrap_or_default().to_owned();
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.remove_instance(&context, id, &confirmation).await
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(operation.into())))
}

/// Provisions it without a deployment.
#[utoipa::path(post, path = "/apps/v3/service-instances/{id}/provision/", tag = "service-instances", params(("id" = String, Path)), responses((status = 202, body = OperationItem), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn provision(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<Nothing>,
) -> Made<OperationItem> {
    let operation = state
        .act(command.context, move |platform, context| async move {
            platform.provision_instance(&context, id).await
        })
        .await?;
    Ok((StatusCode::ACCEPTED, Json(operation.into())))
}

/// Gives an attached instance new credentials by a deployment of what runs.
#[utoipa::path(post, path = "/apps/v3/service-instances/{id}/rotate/", tag = "service-instances", params(("id" = String, Path)), request_body = Rotate, responses((status = 201, body = DeploymentDetail), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn rotate(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<Rotate>,
) -> Made<DeploymentDetail> {
    let seconds = command.body.grace_seconds;
    let grace = seconds.map_or(DEFAULT_GRACE, |seconds| {
        Duration::from_secs(u64::from(seconds))
    });
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.rotate_instance(&context, id, grace).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// The next deployment attaches it again.
#[utoipa::path(post, path = "/apps/v3/service-instances/{id}/attach/", tag = "service-instances", params(("id" = String, Path)), responses((status = 200, body = ServiceInstance), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn attach(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<Nothing>,
) -> Answer<ServiceInstance> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.attach_instance(&context, id).await
        })
        .await?;
    Ok(Json(view.into()))
}

/// The next deployment detaches it; its data is kept.
#[utoipa::path(post, path = "/apps/v3/service-instances/{id}/detach/", tag = "service-instances", params(("id" = String, Path)), responses((status = 200, body = ServiceInstance), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn detach(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<Nothing>,
) -> Answer<ServiceInstance> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.detach_instance(&context, id).await
        })
        .await?;
    Ok(Json(view.into()))
}

/// Takes the wish to detach it back.
#[utoipa::path(post, path = "/apps/v3/service-instances/{id}/cancel/", tag = "service-instances", params(("id" = String, Path)), responses((status = 200, body = ServiceInstance), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Id(id): Id<InstanceId>,
    command: Command<Nothing>,
) -> Answer<ServiceInstance> {
    let view = state
        .act(command.context, move |platform, context| async move {
            platform.cancel_detachment(&context, id).await
        })
        .await?;
    Ok(Json(view.into()))
}
