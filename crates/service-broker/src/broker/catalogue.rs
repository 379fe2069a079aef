//! Fetching the catalogue.

use http::StatusCode;

use super::Broker;
use crate::answer::{Body, Outcome};
use crate::call::Call;
use crate::catalogue::{Problem, parse};
use crate::decide::answered;
use crate::error::Error;
use crate::failure::Failure;
use crate::spec::Catalogue;

/// A catalogue that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// It is the one that we have.
    Unchanged,
    /// It is this one.
    Changed {
        /// The catalogue.
        catalogue: Catalogue,
        /// Its version, for the next question; not every broker has such.
        etag: Option<String>,
    },
}

/// Why there is no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It did not come.
    #[error(transparent)]
    Failed(#[from] Error),
    /// It does not follow the specification: everything that is wrong with it.
    #[error("the broker's catalogue does not follow the specification: {}", listed(.0))]
    Invalid(Vec<Problem>),
}

fn listed(problems: &[Problem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

impl Broker {
    /// The catalogue, checked; `known` is the version that we have.
    ///
    /// # Errors
    /// Why it did not come, or all that is wrong with it.
    pub async fn catalogue(&self, known: Option<&str>) -> Result<Fetched, CatalogueError> {
        let mut call = Call::get("/v2/catalog".to_owned());
        call.unless = known.map(str::to_owned);
        let outcome = self.exchange.send(&call).await;
        let failed = |failure| {
            let error = Error::new("fetching the catalogue", failure);
            CatalogueError::Failed(self.redacted(error))
        };
        if let (Outcome::Answered(answer), Some(_)) = (&outcome, known)
            && answer.status == StatusCode::NOT_MODIFIED
        {
            return Ok(Fetched::Unchanged);
        }
        let answer = answered(&outcome).map_err(|unanswered| failed(unanswered.into_failure()))?;
        let body = match &answer.body {
            Body::Whole(body) => body,
            Body::TooLarge => {
                let most = self.settings.answer_bytes;
                let what = format!("the catalogue is larger than {most} bytes");
                return Err(failed(Failure::Malformed(what)));
            }
            Body::Cut(reason) => return Err(failed(Failure::Cut(reason.clone()))),
        };
        let catalogue = parse(body).map_err(CatalogueError::Invalid)?;
        let etag = answer.etag.clone();
        Ok(Fetched::Changed { catalogue, etag })
    }

    /// Whether it is the broker that answers at this address, and not whatever says "not found" in its place.
    pub(super) async fn answers_as_broker(&self) -> bool {
        self.catalogue(None).await.is_ok()
    }
}
