//! What the paged lists have in common.

use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use windlass_records::{Page, PageRequest};

use crate::fault::{Fault, damaged};

/// A list's conditions, written once for its rows and its count.
pub(crate) struct Where {
    builder: QueryBuilder<Sqlite>,
    begun: bool,
}

impl Where {
    /// A statement that ends before its conditions.
    pub(crate) fn new(statement: &str) -> Self {
        Self {
            builder: QueryBuilder::new(statement),
            begun: false,
        }
    }

    /// The next condition; the caller goes on with its text and values.
    pub(crate) fn and(&mut self) -> &mut QueryBuilder<Sqlite> {
        self.builder
            .push(if self.begun { " AND " } else { " WHERE " });
        self.begun = true;
        &mut self.builder
    }

    /// A condition on one value, if it is wanted.
    pub(crate) fn equals(&mut self, column: &str, value: Option<String>) -> &mut Self {
        if let Some(value) = value {
            self.and().push(column).push(" = ").push_bind(value);
        }
        self
    }

    /// A condition on one of several values; no row has one of none.
    pub(crate) fn one_of(&mut self, column: &str, values: &[String]) -> &mut Self {
        match values {
            [] => {
                self.and().push("1 = 0");
            }
            // With one value an index on it gives the order of the list too.
            [one] => {
                self.equals(column, Some(one.clone()));
            }
            several => {
                let condition = self.and();
                condition.push(column).push(" IN (");
                let mut list = condition.separated(", ");
                for value in several {
                    list.push_bind(value.clone());
                }
                condition.push(")");
            }
        }
        self
    }

    /// The number in the only row.
    pub(crate) async fn count(mut self, connection: &mut SqliteConnection) -> Result<u64, Fault> {
        let row = self.builder.build().fetch_one(connection).await?;
        let count: i64 = row.try_get(0)?;
        u64::try_from(count).map_err(|error| damaged("count", error))
    }

    /// The rows of a page and one more, in the order given.
    pub(crate) async fn rows(
        mut self,
        connection: &mut SqliteConnection,
        order: &str,
        limit: Limit,
    ) -> Result<Vec<SqliteRow>, Fault> {
        self.builder
            .push(" ORDER BY ")
            .push(order)
            .push(" LIMIT ")
            .push_bind(limit.0 + 1);
        Ok(self.builder.build().fetch_all(connection).await?)
    }
}

/// How many rows a page has; at least one, so that each page goes on from the one before.
#[derive(Clone, Copy)]
pub(crate) struct Limit(i64);

impl Limit {
    pub(crate) fn of(page: &PageRequest) -> Self {
        Self(i64::from(page.limit.max(1)))
    }

    /// The page of these rows, of which one more than the limit says that there is a next page.
    pub(crate) fn page<T>(
        self,
        rows: &[SqliteRow],
        count: u64,
        read: impl Fn(&SqliteRow) -> Result<T, Fault>,
        place: impl Fn(&SqliteRow) -> Result<String, Fault>,
    ) -> Result<Page<T>, Fault> {
        let limit = usize::try_from(self.0).unwrap_or(usize::MAX);
        let shown = &rows[..rows.len().min(limit)];
        let next = match shown.last() {
            Some(last) if rows.len() > limit => Some(place(last)?),
            _ => None,
        };
        Ok(Page {
            rows: shown.iter().map(read).collect::<Result<_, _>>()?,
            count,
            next,
        })
    }
}
