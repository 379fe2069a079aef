//! The head of the OpenAPI document.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as OpenApi31, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::error::Problem;

/// What the document says of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Windlass",
        version = "3",
        description = "The REST API of Windlass. Every operation but five needs a token. Every path answers with and \
            without a slash at its end. Bodies are JSON or forms. Refused rules are 400 with `non_field_errors`, and \
            fields that cannot be used 400 with one list of texts per field. A POST or DELETE that begins an \
            operation takes an `Idempotency-Key`: the same request with the same key gives the same operation.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem)),
    modifiers(&Token),
    security(("token" = [])),
)]
pub(super) struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let description = "`Token <token>` or `Bearer <token>`";
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(
            "Authorization",
            description,
        )));
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", scheme);
    }
}

/// Gives each operation a name of its own, which generated clients need, and the answer of one without a
/// valid token.
pub(super) fn completed(mut document: OpenApi31) -> OpenApi31 {
    for item in document.paths.paths.values_mut() {
        let methods = [
            &mut item.get,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in methods.into_iter().flatten() {
            let tag = operation
                .tags
                .iter()
                .flatten()
                .next()
                .cloned()
                .unwrap_or_default();
            let name = operation.operation_id.take().unwrap_or_default();
            operation.operation_id = Some(format!("{}_{name}", tag.replace('-', "_")));
            if operation.security.is_none() {
                let problem = Content::new(Some(Ref::from_schema_name("Problem")));
                let response = ResponseBuilder::new()
                    .description("No valid token")
                    .content("application/json", problem)
                    .build();
                operation
                    .responses
                    .responses
                    .insert("401".to_owned(), response.into());
            }
        }
    }
    document
}
