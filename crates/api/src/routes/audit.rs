//! The audit log of an organisation.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::TryStreamExt;
use http::header;
use windlass_model::id::{ApplicationId, OrganisationId};
use windlass_platform::{AuditQuery, Error};
use windlass_records::{AuditRecord, PageRequest};

use super::Answer;
use crate::error::{ApiError, Problem};
use crate::extract::{Caller, Id, Params};
use crate::page::{LONG_PAGE, List, PAGE, Paging};
use crate::state::AppState;
use crate::wire::audit::AuditItem;
use crate::wire::timestamp;

/// The audit log of an organisation, newest first.
#[utoipa::path(get, path = "/iam/v3/organisations/{id}/audit/", operation_id = "list", tag = "audit", params(("id" = String, Path), Paging, ("application" = Option<String>, Query), ("from" = Option<String>, Query, description = "At this time or later, RFC 3339"), ("until" = Option<String>, Query, description = "Before this time, RFC 3339")), responses((status = 200, body = List<AuditItem>), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OrganisationId>,
    params: Params,
) -> Answer<List<AuditItem>> {
    let request = params.page(PAGE)?;
    let query = query(&params)?;
    let page = state.platform.audit_log(&context, id, query, &request);
    Ok(Json(List::page(&params, &request, page.await?, Into::into)))
}

/// The same as a file: one JSON object in each line, newest first.
#[utoipa::path(get, path = "/iam/v3/organisations/{id}/audit/export/", operation_id = "export", tag = "audit", params(("id" = String, Path), ("application" = Option<String>, Query), ("from" = Option<String>, Query, description = "At this time or later, RFC 3339"), ("until" = Option<String>, Query, description = "Before this time, RFC 3339")), responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn export(
    State(state): State<AppState>,
    Caller(context): Caller,
    Id(id): Id<OrganisationId>,
    params: Params,
) -> Result<Response, ApiError> {
    let query = query(&params)?;
    let platform = state.platform.clone();
    // What is refused is refused before the first line; after it an error cuts the answer off.
    let first = PageRequest::first(LONG_PAGE);
    let first = platform.audit_log(&context, id, query, &first).await?;
    let pages = futures::stream::try_unfold(Some(first), move |page| {
        let (platform, context) = (platform.clone(), context.clone());
        async move {
            let Some(page) = page else { return Ok(None) };
            let next = match page.next {
                None => None,
                after => {
                    let limit = LONG_PAGE;
                    let request = PageRequest { limit, after };
                    Some(platform.audit_log(&context, id, query, &request).await?)
                }
            };
            Ok::<_, Error>(Some((lines(page.rows), next)))
        }
    });
    let body = Body::from_stream(pages.map_err(std::io::Error::other));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

fn lines(rows: Vec<AuditRecord>) -> Bytes {
    let mut text = String::new();
    for row in rows {
        let line = serde_json::to_string(&AuditItem::from(row));
        text.push_str(&line.expect("entries have string keys only"));
        text.push('\n');
    }
    text.into()
}

fn query(params: &Params) -> Result<AuditQuery, ApiError> {
    let at = |name: &str| {
        let text = params.text(name);
        text.map(|text| timestamp(name, text)).transpose()
    };
    Ok(AuditQuery {
        application: params.id::<ApplicationId>("application")?,
        from: at("from")?,
        until: at("until")?,
    })
}
