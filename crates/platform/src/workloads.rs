//! From a release to its containers.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use windlass_engine::{Attachment, ImageId, Limits, Restart, Workload, labels};
use windlass_model::id::InstanceId;
use windlass_model::names::{Prefix, VariableName};
use windlass_model::profile::Profile;
use windlass_operations::{Failure, Operation};
use windlass_records::{BindingState, Instance, Release, ReleaseBinding, Service, VariableValue};
use windlass_services::{Tls, Variable, VariableRequest};

use crate::parts::Parts;
use crate::scene::Scene;
use crate::{failures, naming};

/// How long a process has to end after the first signal: what other platforms give.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What the variables of an instance are made from, besides its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    instance: InstanceId,
    prefix: Prefix,
    url_scheme: Option<String>,
    profile: Option<Profile>,
    media_host: Option<String>,
}

impl Given {
    /// As a release gives them.
    pub(crate) fn pinned(binding: &ReleaseBinding) -> Self {
        Self {
            instance: binding.instance,
            prefix: binding.prefix.clone(),
            url_scheme: binding.url_scheme.clone(),
            profile: binding.profile,
            media_host: binding.media_host.clone(),
        }
    }
}

/// A variable that an instance gives, without its value.
#[derive(Debug, Clone)]
pub(crate) struct GivenVariable {
    pub(crate) name: VariableName,
    /// Whether its value is or holds a secret.
    pub(crate) is_sensitive: bool,
    /// Whether it gives way to another of its name.
    pub(crate) is_alias: bool,
    /// Equal where one instance's values are equal as long as its credentials are.
    pub(crate) form: String,
}

impl Parts {
    /// Makes the containers of a release run; those that run already are left alone.
    pub(crate) async fn ensure_release(
        &self,
        scene: &Scene,
        release: &Release,
        operation: Option<&Operation>,
    ) -> Result<(), Failure> {
        let engine = self.engine(scene.region.id)?;
        let environment = self.environment_of(release).await?;
        for process in &release.processes {
            for index in 1..=process.count {
                let mut labels = scene
                    .labels(&self.installation)
                    .with(labels::ROLE, "process")
                    .with(labels::RELEASE, release.id)
                    .with(labels::PROCESS, &process.name);
                if let Some(operation) = operation {
                    labels = labels
                        .with(labels::OPERATION, operation.id)
                        .with(labels::EPOCH, operation.epoch);
                }
                let workload = Workload {
                    name: naming::process_container(release.id, process.name.as_str(), index),
                    image: ImageId(release.image.clone()),
                    // A process with a command runs it through the shell, without the image's entry point,
                    // as a Procfile means it.
                    command: process.command.clone().map(|command| vec![command]),
                    entrypoint: process
                        .command
                        .as_ref()
                        .map(|_| vec!["/bin/sh".to_owned(), "-c".to_owned()]),
                    environment: environment.clone(),
                    files: Vec::new(),
                    networks: vec![Attachment {
                        network: naming::environment_network(scene.environment.id),
                        aliases: Vec::new(),
                    }],
                    mounts: Vec::new(),
                    limits: Limits::default(),
                    restart: Restart::Always,
                    health: None,
                    stop_grace: STOP_GRACE,
                    labels,
                };
                engine
                    .ensure(&workload)
                    .await
                    .map_err(|error| failures::engine(&error))?;
            }
        }
        Ok(())
    }

    /// The environment variables of a release, opened.
    pub(crate) async fn environment_of(
        &self,
        release: &Release,
    ) -> Result<Vec<(String, SecretString)>, Failure> {
        let mut made: Vec<(windlass_model::id::BindingId, Vec<Variable>)> = Vec::new();
        for binding in &release.bindings {
            made.push((binding.binding, self.binding_variables(binding).await?));
        }
        let mut environment = Vec::with_capacity(release.variables.len());
        for variable in &release.variables {
            let value = match &variable.value {
                VariableValue::Plain(text) => SecretString::from(text.clone()),
                VariableValue::Secret(id) => self.reveal(*id).await?,
                VariableValue::Binding(id) => made
                    .iter()
                    .find(|(binding, _)| binding == id)
                    .and_then(|(_, variables)| {
                        variables.iter().find(|made| made.name == variable.name)
                    })
                    .map(|made| made.value.clone())
                    .ok_or_else(|| {
                        failures::internal(format!(
                            "no binding of the release gives {}",
                            variable.name
                        ))
                    })?,
            };
            environment.push((variable.name.to_string(), value));
        }
        Ok(environment)
    }

    /// The variables that a pinned binding gives.
    pub(crate) async fn binding_variables(
        &self,
        pinned: &ReleaseBinding,
    ) -> Result<Vec<Variable>, Failure> {
        let binding = self
            .store
            .binding(pinned.binding)
            .await
            .map_err(|error| failures::store(&error))?
            .ok_or_else(|| {
                failures::internal(format!("binding {} is not in the store", pinned.binding))
            })?;
        let scene = self.instance_scene(pinned.instance).await?;
        let cluster = self.instance_cluster(&scene).await?;
        let request = VariableRequest {
            prefix: pinned.prefix.clone(),
            instance: pinned.instance,
            generation: binding.generation,
            password: SecretString::from(
                self.reveal(binding.password)
                    .await?
                    .expose_secret()
                    .to_owned(),
            ),
            endpoint: Self::application_endpoint(&cluster),
            tls: Tls::Off,
            url_scheme: pinned.url_scheme.clone(),
            profile: pinned.profile,
            media_host: pinned.media_host.clone(),
        };
        Ok(self.driver(&scene.service)?.variables(&request))
    }

    /// What an instance's variables are made from in the next deployment.
    pub(crate) fn given(&self, instance: &Instance, service: &Service) -> Result<Given, Failure> {
        Ok(Given {
            instance: instance.id,
            prefix: instance.prefix.clone(),
            url_scheme: instance.url_scheme.clone(),
            profile: instance.profile,
            media_host: self.media_host(instance, service)?,
        })
    }

    /// The host at which everybody reads what an instance holds, as applications are told: its user's domain, or its
    /// own name. None while it is not public.
    pub(crate) fn media_host(
        &self,
        instance: &Instance,
        service: &Service,
    ) -> Result<Option<String>, Failure> {
        if !instance.public {
            return Ok(None);
        }
        let media = self.driver(service)?.media(instance.id);
        let domain = instance.media_domain.as_ref();
        Ok(media.map(|media| domain.map_or(media.host, |domain| domain.host.to_string())))
    }

    /// The variables that an instance gives, before there need be a binding. Of a type whose bindings alone know them,
    /// those of the newest one.
    pub(crate) async fn given_variables(
        &self,
        given: Given,
        service: &Service,
    ) -> Result<Vec<GivenVariable>, Failure> {
        let request = VariableRequest {
            url_scheme: given.url_scheme.clone(),
            media_host: given.media_host.clone(),
            ..VariableRequest::for_names(&given.prefix, given.profile)
        };
        let known = self.driver(service)?.variables(&request);
        if !known.is_empty() {
            let form = |variable: &Variable| variable.value.expose_secret().to_owned();
            let named = known.into_iter().map(|variable| GivenVariable {
                form: form(&variable),
                name: variable.name,
                is_sensitive: variable.is_sensitive,
                is_alias: variable.is_alias,
            });
            return Ok(named.collect());
        }
        let bindings = self.store.bindings(given.instance).await;
        let bindings = bindings.map_err(|error| failures::store(&error))?;
        let mut active = bindings.iter().rev();
        let Some(newest) = active.find(|binding| binding.state == BindingState::Active) else {
            return Ok(Vec::new());
        };
        let pinned = ReleaseBinding {
            binding: newest.id,
            instance: given.instance,
            prefix: given.prefix,
            url_scheme: given.url_scheme,
            profile: given.profile,
            media_host: given.media_host,
        };
        let made = self.binding_variables(&pinned).await?;
        Ok(made
            .into_iter()
            .map(|variable| GivenVariable {
                name: variable.name,
                is_sensitive: variable.is_sensitive,
                is_alias: variable.is_alias,
                form: String::new(),
            })
            .collect())
    }

    /// Where the routed process of a release is reached now. Containers without an address are left out.
    pub(crate) async fn upstreams(
        &self,
        scene: &Scene,
        release: &Release,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let engine = self.engine(scene.region.id)?;
        let network = naming::environment_network(scene.environment.id);
        let mut upstreams = Vec::new();
        for process in &release.processes {
            let Some(port) = process.port else { continue };
            for index in 1..=process.count {
                let name = naming::process_container(release.id, process.name.as_str(), index);
                let observed = engine
                    .inspect(&name)
                    .await
                    .map_err(|error| failures::engine(&error))?;
                upstreams.extend(
                    observed
                        .and_then(|observed| observed.address(&network))
                        .map(|address| SocketAddr::new(address, port)),
                );
            }
        }
        Ok(upstreams)
    }
}

/// What services give, in the order in which the later of two of one name is the one that counts: an alias gives way
/// to a variable that an instance has for its own.
pub(crate) fn aliases_first<V>(mut given: Vec<V>, is_alias: impl Fn(&V) -> bool) -> Vec<V> {
    given.sort_by_key(|variable| !is_alias(variable));
    given
}
