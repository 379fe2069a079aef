//! Making a binding.

use http::Method;

use super::request::Begun;
use super::{Broker, Orphan};
use crate::backoff::Backoff;
use crate::call::Call;
use crate::decide::{Attempt, Failed, Unanswered, decide_fetch};
use crate::error::Error;
use crate::failure::Failure;
use crate::identity::OriginatingIdentity;
use crate::spec::{BindRequest, BindingAnswer};
use crate::target::{Binding, Resource};

impl Broker {
    /// Makes the binding, waits until it is there, and comes back with its credentials. After a crash the same
    /// call again.
    ///
    /// With [`Orphan::Remove`] an attempt whose outcome is unclear ends in a deletion: it is for bindings that
    /// nothing uses yet.
    ///
    /// # Errors
    /// Why, and what became of that which was left.
    pub async fn bind(
        &self,
        binding: &Binding,
        request: &BindRequest,
        by: Option<&OriginatingIdentity>,
        orphan: Orphan,
    ) -> Result<BindingAnswer, Error> {
        match self.make_binding(binding, request, by).await {
            Ok(answer) => Ok(answer),
            Err(failed) => {
                let resource = Resource::Binding(binding);
                let doing = "making the binding";
                Err(self.after_failure(doing, resource, failed, orphan).await)
            }
        }
    }

    /// Asynchronously only where the result can be fetched: an accepted request never holds credentials.
    async fn make_binding(
        &self,
        binding: &Binding,
        request: &BindRequest,
        by: Option<&OriginatingIdentity>,
    ) -> Result<BindingAnswer, Failed> {
        let resource = Resource::Binding(binding);
        let is_retrievable = resource.target().bindings_retrievable;
        let call = Call::send(Method::PUT, resource, request, is_retrievable).by(by);
        let underway = match self.request(&call, Attempt::Bind).await? {
            Begun::Done(answer) => return Ok(answer),
            Begun::InProgress(BindingAnswer { .. }, underway) => underway,
        };
        if !is_retrievable {
            let what = "it makes bindings asynchronously, and its catalogue says that they cannot be fetched";
            return Err(Failed {
                failure: Failure::Malformed(what.to_owned()),
                mitigate: true,
                repeat: false,
            });
        }
        self.poll(resource, Attempt::Bind, underway, by).await?;
        self.fetch_made(resource, by).await
    }

    /// A binding without its credentials is of no use: if they cannot be had, it goes.
    async fn fetch_made(
        &self,
        resource: Resource<'_>,
        by: Option<&OriginatingIdentity>,
    ) -> Result<BindingAnswer, Failed> {
        let call = Call::fetch(resource).by(by);
        let mut waits = Backoff::within(&self.settings.pace, self.settings.fetch);
        loop {
            let outcome = self.exchange.send(&call).await;
            let (failure, is_useful) = match decide_fetch(&outcome) {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Retry(failure)) => (failure, true),
                Err(Unanswered::Final(failure)) => (failure, false),
            };
            if !is_useful || !waits.wait(outcome.retry_after()).await {
                return Err(Failed {
                    failure,
                    mitigate: true,
                    repeat: false,
                });
            }
        }
    }
}
