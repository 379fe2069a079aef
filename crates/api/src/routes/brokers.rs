//! Brokers of services.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::BrokerId;
use windlass_platform::BrokerChange;

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::broker::{ChangeServiceBroker, CreateServiceBroker, ServiceBroker};

/// The registered brokers with what they offer, by name.
#[utoipa::path(get, path = "/apps/v3/service-brokers/", tag = "service-brokers", params(Paging), responses((status = 200, body = List<ServiceBroker>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<ServiceBroker>> {
    let request = params.page(PAGE)?;
    let rows = state.platform.brokers(&context).await?;
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |row| row.broker.id.to_string(),
        Into::into,
    )?))
}

/// Registers a broker and makes services of what it offers. Nothing is registered if that is not in order.
#[utoipa::path(post, path = "/apps/v3/service-brokers/", tag = "service-brokers", request_body = CreateServiceBroker, responses((status = 201, body = ServiceBroker), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<CreateServiceBroker>,
) -> Made<ServiceBroker> {
    let view = state
        .act(command.context, |platform, context| async move {
            platform.add_broker(&context, command.body.into()).await
        })
        .await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// A broker with what it offers.
#[utoipa::path(get, path = "/apps/v3/service-brokers/{id}/", tag = "service-brokers", params(("id" = String, Path)), responses((status = 200, body = ServiceBroker), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<BrokerId>,
) -> Answer<ServiceBroker> {
    Ok(Json(state.platform.broker(&context, id).await?.into()))
}

/// Changes the access to a broker, once it has answered with it.
#[utoipa::path(patch, path = "/apps/v3/service-brokers/{id}/", tag = "service-brokers", params(("id" = String, Path)), request_body = ChangeServiceBroker, responses((status = 200, body = ServiceBroker), (status = 400, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Id(id): Id<BrokerId>,
    command: Command<ChangeServiceBroker>,
) -> Answer<ServiceBroker> {
    let work = state.act(command.context, move |platform, context| async move {
        let change = command.body.into();
        platform.update_broker(&context, id, change).await
    });
    Ok(Json(work.await?.into()))
}

/// Fetches what a broker offers now.
#[utoipa::path(post, path = "/apps/v3/service-brokers/{id}/refresh/", tag = "service-brokers", params(("id" = String, Path)), responses((status = 200, body = ServiceBroker), (status = 400, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn refresh(
    State(state): State<AppState>,
    Id(id): Id<BrokerId>,
    command: Command<Nothing>,
) -> Answer<ServiceBroker> {
    let work = state.act(command.context, move |platform, context| async move {
        let change = BrokerChange::default();
        platform.update_broker(&context, id, change).await
    });
    Ok(Json(work.await?.into()))
}

/// Forgets a broker of which there are no instances.
#[utoipa::path(delete, path = "/apps/v3/service-brokers/{id}/", tag = "service-brokers", params(("id" = String, Path)), responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<BrokerId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.remove_broker(&context, id).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
