//! What every handler has.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use windlass_platform::{Context, Error, Platform};

use crate::error::ApiError;
use crate::settings::ApiSettings;

/// What every handler has. A cheap handle.
#[derive(Clone)]
pub(crate) struct AppState {
    pub(crate) platform: Platform,
    pub(crate) settings: Arc<ApiSettings>,
    /// Use cases that go on when their client has left.
    pub(crate) work: TaskTracker,
    /// Fires when the server stops: streams end, so that connections can.
    pub(crate) stop: CancellationToken,
}

impl AppState {
    pub(crate) fn new(platform: Platform, settings: ApiSettings) -> Self {
        Self {
            platform,
            settings: Arc::new(settings),
            work: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Runs a use case that writes to its end, even when the client leaves: a handler's future is
    /// dropped then, and a use case must not stop half-way.
    pub(crate) async fn act<T, W, F>(&self, context: Context, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(Platform, Context) -> F,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        self.work(|platform| work(platform, context)).await
    }

    /// The same for somebody who has no token.
    pub(crate) async fn work<T, W, F>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(Platform) -> F,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let done = self
            .work
            .spawn(work(self.platform.clone()).in_current_span())
            .await;
        match done {
            Ok(result) => Ok(result?),
            Err(error) => Err(ApiError::internal(format!(
                "a use case ended early: {error}"
            ))),
        }
    }
}
