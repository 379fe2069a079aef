//! Pages of lists.

/// Which part of a list is wanted. Lists are sorted, and `after` is the place where the last page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many rows.
    pub limit: u32,
    /// The opaque place from the page before.
    pub after: Option<String>,
}

impl PageRequest {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// How many rows the whole list has.
    pub count: u64,
    /// The place after the last row; `None` when there are no more.
    pub next: Option<String>,
}
