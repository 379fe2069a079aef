//! Environment variables.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use windlass_model::id::{ApplicationId, EnvironmentId, VariableId};

use super::{Answer, Made};
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Command, Id, Nothing, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::variable::{
    ChangeVariable, EnvironmentVariable, SetVariables, UnsetVariables, VariablesSet,
};

/// The effective variables of an environment, or of all environments of an application.
#[utoipa::path(get, path = "/apps/v3/environment-variables/", tag = "environment-variables", params(Paging, ("environment" = Option<String>, Query), ("application" = Option<String>, Query), ("name" = Option<String>, Query), ("reveal" = Option<bool>, Query, description = "Sensitive values too")), responses((status = 200, body = List<EnvironmentVariable>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<EnvironmentVariable>> {
    let request = params.page(PAGE)?;
    let reveal = params.flag("reveal")?;
    let environments: Vec<EnvironmentId> = match (
        params.id("environment")?,
        params.id::<ApplicationId>("application")?,
    ) {
        (Some(environment), _) => vec![environment],
        (None, Some(application)) => {
            let view = state.platform.application(&context, application).await?;
            view.environments
                .into_iter()
                .map(|environment| environment.id)
                .collect()
        }
        (None, None) => {
            return Err(ApiError::field(
                "environment",
                "An environment or an application is required.",
            ));
        }
    };
    let mut rows = Vec::new();
    for environment in environments {
        rows.extend(
            state
                .platform
                .variables(&context, environment, params.text("name"))
                .await?,
        );
    }
    let key =
        |row: &windlass_platform::EffectiveVariable| format!("{}.{}", row.environment, row.name);
    let list = List::part(&params, &request, rows, key, |row| {
        EnvironmentVariable::new(row, reveal)
    })?;
    Ok(Json(list))
}

/// Sets one variable, or several: all or none. They take effect with the next deployment.
#[utoipa::path(post, path = "/apps/v3/environment-variables/", tag = "environment-variables", request_body = SetVariables, responses((status = 201, body = VariablesSet), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn create(
    State(state): State<AppState>,
    command: Command<SetVariables>,
) -> Made<VariablesSet> {
    let environment = command.body.environment;
    let (new, many) = command.body.variables()?;
    let set = state
        .act(command.context, move |platform, context| async move {
            platform.set_variables(&context, environment, new).await
        })
        .await?;
    // Whoever sets a value knows it.
    let mut results: Vec<EnvironmentVariable> = set
        .into_iter()
        .map(|variable| EnvironmentVariable::new(variable, false))
        .collect();
    let body = match (many, results.len()) {
        (false, 1) => VariablesSet::One(results.remove(0)),
        _ => VariablesSet::Many(List {
            count: u64::try_from(results.len()).unwrap_or(u64::MAX),
            next: None,
            previous: None,
            results,
        }),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Changes a custom variable; what is not given stays.
#[utoipa::path(patch, path = "/apps/v3/environment-variables/{id}/", tag = "environment-variables", params(("id" = String, Path)), request_body = ChangeVariable, responses((status = 200, body = EnvironmentVariable), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Id(id): Id<VariableId>,
    command: Command<ChangeVariable>,
) -> Answer<EnvironmentVariable> {
    let variable = state
        .act(command.context, move |platform, context| async move {
            platform
                .change_variable(&context, id, command.body.into())
                .await
        })
        .await?;
    Ok(Json(EnvironmentVariable::new(variable, false)))
}

/// Unsets a custom variable.
#[utoipa::path(delete, path = "/apps/v3/environment-variables/{id}/", tag = "environment-variables", params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn remove(
    State(state): State<AppState>,
    Id(id): Id<VariableId>,
    command: Command<Nothing>,
) -> Result<StatusCode, ApiError> {
    state
        .act(command.context, move |platform, context| async move {
            platform.unset_variable(&context, id).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unsets custom variables, all or none.
#[utoipa::path(post, path = "/apps/v3/environment-variables/unset/", tag = "environment-variables", request_body = UnsetVariables, responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn unset(
    State(state): State<AppState>,
    command: Command<UnsetVariables>,
) -> Result<StatusCode, ApiError> {
    let UnsetVariables { environment, names } = command.body;
    state
        .act(command.context, move |platform, context| async move {
            platform
                .unset_variables(&context, environment, &names)
                .await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
