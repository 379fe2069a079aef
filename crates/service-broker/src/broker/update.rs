//! Changing an instance: its plan, parameters, version or the names around it.

use http::Method;

use super::Broker;
use super::request::Begun;
use crate::backoff::Backoff;
use crate::call::Call;
use crate::decide::{Attempt, Failed, Unanswered, decide_fetch};
use crate::error::Error;
use crate::failure::Failure;
use crate::identity::OriginatingIdentity;
use crate::spec::{InstanceAnswer, InstanceDescription, UpdateRequest};
use crate::target::{Instance, Resource};

impl Broker {
    /// Changes the instance, whose plan is still the one before, and waits until that is done. After a crash the
    /// same call again. Nothing is ever deleted.
    ///
    /// # Errors
    /// Why; [`Failure::Refused`] and [`Failure::Reported`] say whether the instance works and whether another
    /// try is useful. An update whose outcome is unclear is looked for where that is possible.
    pub async fn update(
        &self,
        instance: &Instance,
        request: &UpdateRequest,
        by: Option<&OriginatingIdentity>,
    ) -> Result<InstanceAnswer, Error> {
        let resource = Resource::Instance(instance);
        let call = Call::send(Method::PATCH, resource, request, true).by(by);
        let failed = match self.change(resource, &call, by).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let is_unclear = matches!(failed.failure, Failure::NoAnswer(_) | Failure::Cut(_));
        if is_unclear
            && resource.target().instances_retrievable
            && let Some(seen) = self.look(resource, by).await
            && is_done(request, &seen)
        {
            return Ok(InstanceAnswer {
                dashboard_url: seen.dashboard_url,
                metadata: None,
            });
        }
        Err(self.redacted(Error::new("changing the instance", failed.failure)))
    }

    async fn change(
        &self,
        resource: Resource<'_>,
        call: &Call,
        by: Option<&OriginatingIdentity>,
    ) -> Result<InstanceAnswer, Failed> {
        let attempt = Attempt::Update;
        match self.request(call, attempt).await? {
            Begun::Done(answer) => Ok(answer),
            Begun::InProgress(answer, underway) => {
                self.poll(resource, attempt, underway, by).await?;
                Ok(answer)
            }
        }
    }

    /// The instance once the broker shows it: while it is being changed it does not.
    async fn look(
        &self,
        resource: Resource<'_>,
        by: Option<&OriginatingIdentity>,
    ) -> Option<InstanceDescription> {
        let call = Call::fetch(resource).by(by);
        let mut waits = Backoff::within(&self.settings.pace, self.settings.fetch);
        loop {
            let outcome = self.exchange.send(&call).await;
            match decide_fetch(&outcome) {
                Ok(seen) => return Some(seen),
                Err(Unanswered::Final(_)) => return None,
                Err(Unanswered::Retry(_)) => {}
            }
            if !waits.wait(outcome.retry_after()).await {
                return None;
            }
        }
    }
}

/// Whether what was asked for can be seen, all of it. Names in the context cannot, and parameters need not be
/// shown: then nobody knows.
fn is_done(request: &UpdateRequest, seen: &InstanceDescription) -> bool {
    let plan = request
        .plan_id
        .as_ref()
        .is_none_or(|plan| seen.plan_id.as_ref() == Some(plan));
    let parameters = request.parameters.as_ref().is_none_or(|wanted| {
        let seen = seen.parameters.as_ref();
        let is_seen =
            |name: &String, value| seen.and_then(|seen| seen.expose().get(name)) == Some(value);
        wanted
            .expose()
            .iter()
            .all(|(name, value)| is_seen(name, value))
    });
    let version = request.maintenance_info.as_ref().is_none_or(|wanted| {
        let seen = seen.maintenance_info.as_ref();
        seen.is_some_and(|seen| seen.version == wanted.version)
    });
    let has_more_than_names = request.plan_id.is_some()
        || request.parameters.is_some()
        || request.maintenance_info.is_some();
    has_more_than_names && plan && parameters && version
}
