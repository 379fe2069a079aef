//! The query of a request, and the links to the pages that follow.

use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use windlass_records::PageRequest;

use super::ident::Named;
use crate::error::ApiError;
use crate::state::AppState;

/// The largest page; clients that ask for more get pages of this size.
const MAX_PAGE: u32 = 1000;

/// The query of a request.
pub(crate) struct Params {
    /// Scheme and host, as the client named them.
    base: String,
    path: String,
    pairs: Vec<(String, String)>,
}

impl FromRequestParts<AppState> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        // A client goes on where it asked, which may be another name than the public one.
        let public = state.settings.public_url.trim_end_matches('/');
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let base = match (host, public.split_once("://")) {
            (Some(host), Some((scheme, _))) if host.parse::<http::uri::Authority>().is_ok() => {
                format!("{scheme}://{host}")
            }
            _ => public.to_owned(),
        };
        Ok(Self {
            base,
            path: parts.uri.path().to_owned(),
            pairs: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }
}

impl Params {
    /// Every value of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(held, _)| held == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of that name; an empty one is none.
    pub(crate) fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// An id. What cannot be an id is the id of nothing.
    pub(crate) fn id<T: Named>(&self, name: &str) -> Result<Option<T>, ApiError> {
        let parsed = |text: &str| text.parse().map_err(|_| ApiError::not_found(T::WHAT, text));
        self.text(name).map(parsed).transpose()
    }

    /// A number in that range.
    pub(crate) fn number<T>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, ApiError>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(ApiError::field(
                name,
                format!(
                    "a whole number from {} to {} is expected",
                    range.start(),
                    range.end()
                ),
            )),
        }
    }

    /// Whether it is asked for.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(ApiError::field(name, "true or false is expected")),
        }
    }

    /// The page that is asked for.
    pub(crate) fn page(&self, default: u32) -> Result<PageRequest, ApiError> {
        let limit = self
            .number("page_size", 1..=u32::MAX)?
            .unwrap_or(default)
            .min(MAX_PAGE);
        Ok(PageRequest {
            limit,
            after: self.text("cursor").map(str::to_owned),
        })
    }

    /// Another path of this server.
    pub(crate) fn root(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// This request's URL with other values of these names; without those whose value is empty.
    pub(crate) fn link(&self, replaced: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.pairs {
            if !replaced.iter().any(|(other, _)| other == name) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in replaced.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("{}{}?{}", self.base, self.path, query.finish())
    }
}
