//! The envelope of lists.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use windlass_records::{Page, PageRequest};

use crate::error::ApiError;
use crate::extract::Params;

/// Rows of a page when the client names no number.
pub(crate) const PAGE: u32 = 100;
/// The same for lists of which clients look at the first page only.
pub(crate) const LONG_PAGE: u32 = 1000;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// How many objects the whole list has.
    pub(crate) count: u64,
    /// The URL of the next page, with everything that it needs; follow it as it is.
    #[schema(required)]
    pub(crate) next: Option<String>,
    /// Always null: lists go forward only.
    #[schema(required)]
    pub(crate) previous: Option<String>,
    /// The objects of this page.
    pub(crate) results: Vec<T>,
}

/// The parameters of every list, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that `Params` reads")]
pub(crate) struct Paging {
    /// How many objects a page has at most, from 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    page_size: Option<u32>,
    /// Where the page begins: from `next` only.
    cursor: Option<String>,
}

impl<T> List<T> {
    /// A page from the store.
    pub(crate) fn page<R>(
        params: &Params,
        request: &PageRequest,
        page: Page<R>,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let size = request.limit.to_string();
        let next = page
            .next
            .map(|cursor| params.link(&[("page_size", &size), ("cursor", &cursor)]));
        Self {
            count: page.count,
            next,
            previous: None,
            results: page.rows.into_iter().map(view).collect(),
        }
    }

    /// A page of a list that is known whole. The place in it is the key of the last object, and its
    /// number in case that it is gone.
    pub(crate) fn part<R>(
        params: &Params,
        request: &PageRequest,
        rows: Vec<R>,
        key: impl Fn(&R) -> String,
        view: impl FnMut(R) -> T,
    ) -> Result<Self, ApiError> {
        let count = rows.len();
        let begin = match &request.after {
            None => 0,
            Some(cursor) => {
                let (number, last) = place(cursor).ok_or_else(|| {
                    ApiError::field(
                        "cursor",
                        "this is no place in this list; begin without a cursor",
                    )
                })?;
                rows.iter()
                    .position(|row| key(row) == last)
                    .map_or(number, |index| index + 1)
            }
        };
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let mut rest = rows.into_iter().skip(begin);
        let shown: Vec<R> = rest.by_ref().take(limit).collect();
        let next = match shown.last() {
            Some(last) if rest.next().is_some() => {
                Some(format!("{}-{}", begin + shown.len(), key(last)))
            }
            _ => None,
        };
        let page = Page {
            rows: shown,
            count: u64::try_from(count).unwrap_or(u64::MAX),
            next,
        };
        Ok(Self::page(params, request, page, view))
    }
}

fn place(cursor: &str) -> Option<(usize, &str)> {
    let (number, key) = cursor.split_once('-')?;
    Some((number.parse().ok()?, key))
}
