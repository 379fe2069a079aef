//! Making an instance.

use http::Method;

use super::request::Begun;
use super::{Broker, Orphan};
use crate::call::Call;
use crate::decide::{Attempt, Failed};
use crate::error::Error;
use crate::identity::OriginatingIdentity;
use crate::spec::{InstanceAnswer, ProvisionRequest};
use crate::target::{Instance, Resource};

impl Broker {
    /// Makes the instance, and waits until it is there. After a crash the same call again: the broker then goes
    /// on with, or has, what the first began.
    ///
    /// With [`Orphan::Remove`] an attempt whose outcome is unclear ends in a deletion: it is for instances that
    /// hold nothing yet.
    ///
    /// # Errors
    /// Why, and what became of that which was left.
    pub async fn provision(
        &self,
        instance: &Instance,
        request: &ProvisionRequest,
        by: Option<&OriginatingIdentity>,
        orphan: Orphan,
    ) -> Result<InstanceAnswer, Error> {
        let resource = Resource::Instance(instance);
        let call = Call::send(Method::PUT, resource, request, true).by(by);
        let made = self.make_instance(resource, &call, by).await;
        match made {
            Ok(answer) => Ok(answer),
            Err(failed) => {
                let doing = "provisioning the instance";
                Err(self.after_failure(doing, resource, failed, orphan).await)
            }
        }
    }

    async fn make_instance(
        &self,
        resource: Resource<'_>,
        call: &Call,
        by: Option<&OriginatingIdentity>,
    ) -> Result<InstanceAnswer, Failed> {
        let attempt = Attempt::Provision;
        match self.request(call, attempt).await? {
            Begun::Done(answer) => Ok(answer),
            Begun::InProgress(answer, underway) => {
                self.poll(resource, attempt, underway, by).await?;
                Ok(answer)
            }
        }
    }
}
