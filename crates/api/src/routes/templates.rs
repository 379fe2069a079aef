//! Templates.

use axum::Json;
use axum::extract::{RawPathParams, State};
use axum::response::IntoResponse;
use http::header;
use windlass_model::names::TemplateName;

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::page::{List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::template::{TemplateDetail, TemplateItem};

/// The templates that the operator of this installation has named.
#[utoipa::path(get, path = "/apps/v3/app-templates/", tag = "app-templates", params(Paging), responses((status = 200, body = List<TemplateItem>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    params: Params,
) -> Answer<List<TemplateItem>> {
    let request = params.page(PAGE)?;
    let rows = state.platform.templates(&context).iter().collect();
    Ok(Json(List::part(
        &params,
        &request,
        rows,
        |template| template.name.to_string(),
        |template| TemplateItem::new(template, state.platform.template_url(template)),
    )?))
}

/// A template with what its applications need.
#[utoipa::path(get, path = "/apps/v3/app-templates/{id}/", tag = "app-templates", params(("id" = String, Path)), responses((status = 200, body = TemplateDetail), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(name): Id<TemplateName>,
) -> Answer<TemplateDetail> {
    let platform = &state.platform;
    let template = platform.template(&context, &name)?;
    let services = platform.template_services(&context, template).await?;
    let url = platform.template_url(template);
    Ok(Json(TemplateDetail::new(template, url, services)))
}

/// The archive of a template that this server has.
#[utoipa::path(get, path = "/templates/{id}", operation_id = "archive", tag = "app-templates", params(("id" = String, Path, description = "The template's name with `.zip`")), responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404, body = Problem)))]
pub(super) async fn archive(
    State(state): State<AppState>,
    Caller(context): Caller,
    path: RawPathParams,
) -> Result<impl IntoResponse, ApiError> {
    let mut named = path.iter().filter(|(name, _)| *name == "id");
    let name = named.next().map_or("", |(_, name)| name);
    let archive = state.platform.template_archive(&context, name)?;
    Ok(([(header::CONTENT_TYPE, "application/zip")], archive))
}
