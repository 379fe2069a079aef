//! The contract, call by call.

use async_trait::async_trait;
use secrecy::SecretString;
use windlass_model::id::InstanceId;
use windlass_services::{
    Access, BindingSpec, Driver, Error, Hosting, InstanceSpec, ServerSpec, Usage, Variable,
    VariableRequest,
};

use super::given::Given;
use super::{reach, variables};

/// The driver of what runs elsewhere.
#[derive(Debug, Default)]
pub struct ExternalDriver;

impl ExternalDriver {
    /// A driver.
    pub fn new() -> Self {
        Self
    }
}

fn given(instance: &InstanceSpec) -> Result<(Given, &SecretString), Error> {
    let missing = |reason: String| Error::Missing {
        cluster: "external services".to_owned(),
        what: format!("the URL of instance {} ({reason})", instance.instance),
    };
    let url = instance.given.as_ref();
    let url = url.ok_or_else(|| missing("none was given".to_owned()))?;
    Ok((Given::parse(url).map_err(missing)?, url))
}

fn unsupported(reason: &str) -> Error {
    Error::Unsupported {
        cluster: "external services".to_owned(),
        reason: reason.to_owned(),
    }
}

#[async_trait]
impl Driver for ExternalDriver {
    fn kind(&self) -> &'static str {
        "external"
    }

    fn hosting(&self) -> Hosting {
        Hosting::Elsewhere
    }

    fn check_given(&self, url: Option<&SecretString>) -> Result<(), String> {
        let Some(url) = url else {
            return Err("an external service is its URL: give one".to_owned());
        };
        Given::parse(url).map(drop)
    }

    fn server(&self, _: &str, _: &SecretString) -> Result<ServerSpec, Error> {
        Err(unsupported("what runs elsewhere is not run here"))
    }

    async fn prepare(&self, _: &Access) -> Result<(), Error> {
        Ok(())
    }

    async fn provision(&self, _: &Access, instance: &InstanceSpec) -> Result<(), Error> {
        reach::check(&given(instance)?.0).await
    }

    /// The credential is what the user gave, when it can be reached.
    async fn bind(
        &self,
        _: &Access,
        instance: &InstanceSpec,
        _: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let (parts, url) = given(instance)?;
        reach::check(&parts).await?;
        Ok(Some(url.clone()))
    }

    /// There is nothing to revoke: the user is the service's own.
    async fn unbind(&self, _: &Access, _: InstanceId, _: u32) -> Result<(), Error> {
        Ok(())
    }

    /// Nobody is waited for, for nobody can be revoked.
    async fn sessions(&self, _: &Access, _: InstanceId, _: u32) -> Result<Option<u32>, Error> {
        Ok(Some(0))
    }

    async fn check(&self, _: &Access, _: InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn usage(&self, _: &Access, _: InstanceId) -> Result<Usage, Error> {
        Err(unsupported(
            "what an external service uses is its operator's to say",
        ))
    }

    /// Nothing was made, so nothing is destroyed.
    async fn destroy(&self, _: &Access, _: InstanceId) -> Result<(), Error> {
        Ok(())
    }

    async fn list(&self, _: &Access) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}
