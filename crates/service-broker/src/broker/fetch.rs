//! Looking at an instance or a binding.

use super::Broker;
use crate::call::Call;
use crate::decide::decide_fetch;
use crate::error::Error;
use crate::identity::OriginatingIdentity;
use crate::spec::{BindingAnswer, InstanceDescription};
use crate::target::{Binding, Instance, Resource};

impl Broker {
    /// The instance as the broker sees it. Only of offerings whose instances are retrievable.
    ///
    /// # Errors
    /// [`crate::Failure::Missing`] if it is not there, or still being made.
    pub async fn fetch_instance(
        &self,
        instance: &Instance,
        by: Option<&OriginatingIdentity>,
    ) -> Result<InstanceDescription, Error> {
        let call = Call::fetch(Resource::Instance(instance)).by(by);
        let fetched = decide_fetch(&self.exchange.send(&call).await);
        fetched.map_err(|unanswered| {
            let doing = "looking at the instance";
            self.redacted(Error::new(doing, unanswered.into_failure()))
        })
    }

    /// The binding with its credentials. Only of offerings whose bindings are retrievable.
    ///
    /// # Errors
    /// [`crate::Failure::Missing`] if it is not there, or still being made.
    pub async fn fetch_binding(
        &self,
        binding: &Binding,
        by: Option<&OriginatingIdentity>,
    ) -> Result<BindingAnswer, Error> {
        let call = Call::fetch(Resource::Binding(binding)).by(by);
        let fetched = decide_fetch(&self.exchange.send(&call).await);
        fetched.map_err(|unanswered| {
            let doing = "looking at the binding";
            self.redacted(Error::new(doing, unanswered.into_failure()))
        })
    }
}
