//! What the checks share: instances, bindings, and an eye on secrets.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use windlass_model::id::{BindingId, InstanceId, short};
use windlass_model::names::Prefix;

use super::fixture::{Fixture, Session, Traits};
use crate::contract::Driver;
use crate::error::Error;
use crate::password;
use crate::spec::{Access, BindingSpec, InstanceSpec, Variable, VariableRequest};

/// How long a condition may take to come true: the servers are real and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Suite<'a> {
    pub(super) fixture: &'a dyn Fixture,
    pub(super) access: Access,
    secrets: Mutex<Vec<SecretString>>,
    /// What bindings gave that is not their password, by binding and password.
    credentials: Mutex<Vec<(BindingId, SecretString, SecretString)>>,
}

/// An instance of a check with its name in the error texts.
pub(super) fn new_spec() -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::from(Uuid::now_v7()),
        connection_limit: 20,
        comment: "shop/test/DEFAULT, it's a \\ \"test\"".to_owned(),
        given: None,
        owner: None,
        storage_bytes: None,
    }
}

impl<'a> Suite<'a> {
    pub(super) fn new(fixture: &'a dyn Fixture) -> Self {
        let access = fixture.access();
        let secrets = Mutex::new(vec![access.password.clone()]);
        Self {
            fixture,
            access,
            secrets,
            credentials: Mutex::default(),
        }
    }

    pub(super) fn driver(&self) -> &dyn Driver {
        self.fixture.driver()
    }

    pub(super) fn traits(&self) -> Traits {
        self.fixture.traits()
    }

    pub(super) async fn prepare(&self) {
        self.driver()
            .prepare(&self.access)
            .await
            .expect("the cluster can be prepared");
        self.driver()
            .prepare(&self.access)
            .await
            .expect("prepare is idempotent");
    }

    /// A provisioned instance.
    pub(super) async fn provisioned(&self) -> InstanceSpec {
        let spec = new_spec();
        self.provision(&spec).await;
        spec
    }

    pub(super) async fn provision(&self, spec: &InstanceSpec) {
        self.driver()
            .provision(&self.access, spec)
            .await
            .expect("an instance can be provisioned");
    }

    pub(super) fn new_binding(&self, generation: u32) -> BindingSpec {
        let binding = BindingSpec {
            binding: BindingId::from(Uuid::now_v7()),
            generation,
            password: password::generate(),
        };
        self.guard(&binding.password);
        binding
    }

    /// Has the secret looked for in every error and in the server's log.
    pub(super) fn guard(&self, secret: &SecretString) {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(secret.clone());
    }

    /// A binding of that generation.
    pub(super) async fn bound(&self, spec: &InstanceSpec, generation: u32) -> BindingSpec {
        let binding = self.new_binding(generation);
        self.bind(spec, &binding).await;
        binding
    }

    pub(super) async fn bind(&self, spec: &InstanceSpec, binding: &BindingSpec) {
        let credential = self
            .driver()
            .bind(&self.access, spec, binding)
            .await
            .expect("a binding can be made");
        let Some(credential) = credential else {
            return;
        };
        let mut known = self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|known| is_of(known, binding)) {
            Some((_, _, before)) => assert_eq!(
                before.expose_secret(),
                credential.expose_secret(),
                "bind again gives the same credential"
            ),
            None => known.push((binding.binding, binding.password.clone(), credential)),
        }
    }

    /// What the binding gave, or its password.
    fn credential(&self, binding: &BindingSpec) -> SecretString {
        let known = self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = known.iter().find(|known| is_of(known, binding));
        found.map_or_else(
            || binding.password.clone(),
            |(_, _, credential)| credential.clone(),
        )
    }

    pub(super) async fn unbind(&self, spec: &InstanceSpec, generation: u32) {
        self.driver()
            .unbind(&self.access, spec.instance, generation)
            .await
            .expect("a binding can be revoked");
    }

    /// Destroys the instance and sees to it that nothing is left.
    pub(super) async fn destroy(&self, spec: &InstanceSpec) {
        self.driver()
            .destroy(&self.access, spec.instance)
            .await
            .expect("an instance can be destroyed");
        let traces = self.fixture.traces(spec.instance).await;
        assert!(
            traces.is_empty(),
            "destroy leaves nothing of the instance, but there is {traces:?}"
        );
    }

    /// What the application is given.
    pub(super) fn variables(&self, spec: &InstanceSpec, binding: &BindingSpec) -> Vec<Variable> {
        self.driver().variables(&VariableRequest {
            prefix: Prefix::default_prefix(),
            instance: spec.instance,
            generation: binding.generation,
            password: self.credential(binding),
            endpoint: self.fixture.applications(),
            tls: self.access.tls,
            url_scheme: None,
            profile: None,
            media_host: None,
        })
    }

    pub(super) async fn try_connect(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Box<dyn Session>, String> {
        self.fixture.connect(&self.variables(spec, binding)).await
    }

    pub(super) async fn connect(
        &self,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Box<dyn Session> {
        self.try_connect(spec, binding)
            .await
            .expect("a binding's variables give a working connection")
    }

    pub(super) async fn can_login(&self, spec: &InstanceSpec, binding: &BindingSpec) -> bool {
        self.try_connect(spec, binding).await.is_ok()
    }

    /// How often the driver lists the instance.
    pub(super) async fn listed(&self, spec: &InstanceSpec) -> usize {
        let listed = self
            .driver()
            .list(&self.access)
            .await
            .expect("the instances can be listed");
        listed
            .iter()
            .filter(|name| **name == short(spec.instance))
            .count()
    }

    /// The driver lists the instance once, where the type has anything to list.
    pub(super) async fn assert_listed(&self, spec: &InstanceSpec, sentence: &str) {
        let times = usize::from(self.traits().marks);
        assert_eq!(self.listed(spec).await, times, "{sentence}");
    }

    /// The error of a call that must fail, looked through for secrets.
    pub(super) fn refused<T>(&self, result: Result<T, Error>, sentence: &str) -> Error {
        let Err(error) = result else {
            panic!("{sentence}, but the call succeeded")
        };
        let text = format!("{error} {error:?}");
        let known = self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let shown = known
            .iter()
            .any(|(_, _, credential)| text.contains(credential.expose_secret()));
        assert!(!shown, "no error shows a credential");
        drop(known);
        self.assert_no_secret(&format!("{error} {error:?}"), "an error");
        error
    }

    pub(super) async fn no_password_in_the_server_log(&self) {
        self.assert_no_secret(&self.fixture.server_log().await, "the server's log");
    }

    fn assert_no_secret(&self, text: &str, place: &str) {
        for secret in self
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            if let Some(at) = text.find(secret.expose_secret()) {
                let before: String = text[..at].chars().rev().take(200).collect();
                let before: String = before.chars().rev().collect();
                panic!("passwords do not appear in {place}, but one follows this: {before}");
            }
        }
    }
}

fn is_of(known: &(BindingId, SecretString, SecretString), binding: &BindingSpec) -> bool {
    known.0 == binding.binding && known.1.expose_secret() == binding.password.expose_secret()
}

/// Waits until the condition is true.
pub(super) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "{what}: not so within {PATIENCE:?}"
    );
}
