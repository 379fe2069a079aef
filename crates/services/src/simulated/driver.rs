//! The contract over clusters in memory.

use std::future::pending;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use windlass_engine::ImageReference;
use windlass_model::id::{InstanceId, short};
use windlass_model::profile::Profile;

use super::cluster::{Cluster, Instance, User};
use super::fault::{Call, Fault, Refusal, no_answer};
use super::{SimulatedDriver, database_name, variables};
use crate::contract::{Driver, Hosting};
use crate::data::Data;
use crate::error::Error;
use crate::server::{ServerSpec, Volume};
use crate::spec::{Access, BindingSpec, InstanceSpec, Media, Usage, Variable, VariableRequest};

/// The port at which everybody reads what is public.
const MEDIA_PORT: u16 = 3902;

type Changed = Result<(), Error>;

impl SimulatedDriver {
    /// One call: `half` is what a fault half-way leaves, `whole` the rest. Both must bear repetition.
    pub(super) async fn call<T>(
        &self,
        call: Call,
        access: &Access,
        instance: Option<InstanceId>,
        half: impl FnOnce(&mut Cluster) -> Changed + Send,
        whole: impl FnOnce(&mut Cluster) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let fault = {
            let mut state = self.lock();
            state.calls.push((call, instance));
            state.script.take(call)
        };
        tokio::task::yield_now().await;
        match fault {
            Some(Fault::Before(refusal)) => return Err(refusal.error(access, call)),
            Some(Fault::Hang) => pending::<()>().await,
            _ => {}
        }
        self.on(access, half)?;
        tokio::task::yield_now().await;
        if fault == Some(Fault::HalfWay) {
            return Err(Refusal::Failed.error(access, call));
        }
        let result = self.on(access, whole)?;
        tokio::task::yield_now().await;
        match fault {
            Some(Fault::After) => Err(Refusal::Failed.error(access, call)),
            Some(Fault::LostAnswer) => Err(no_answer(access, call)),
            Some(Fault::HangAfter) => pending().await,
            _ => Ok(result),
        }
    }

    fn on<T>(
        &self,
        access: &Access,
        work: impl FnOnce(&mut Cluster) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut state = self.lock();
        let cluster = state.clusters.entry(access.cluster).or_default();
        let description = access.description.clone();
        if cluster.down {
            return Err(Error::Unreachable {
                cluster: description,
                reason: "connection refused".to_owned(),
            });
        }
        let wanted = cluster
            .administrator_password
            .as_ref()
            .map(ExposeSecret::expose_secret);
        if wanted.is_some_and(|wanted| wanted != access.password.expose_secret()) {
            return Err(Error::Unauthorized {
                cluster: description,
                reason: "wrong password".to_owned(),
            });
        }
        work(cluster)
    }
}

#[async_trait]
impl Driver for SimulatedDriver {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn hosting(&self) -> Hosting {
        self.hosting
    }

    fn server(
        &self,
        version: &str,
        administrator_password: &SecretString,
    ) -> Result<ServerSpec, Error> {
        Ok(ServerSpec {
            image: ImageReference(format!("{}:{version}", self.kind)),
            port: 5432,
            command: None,
            environment: vec![(
                "ADMINISTRATOR_PASSWORD".to_owned(),
                administrator_password.clone(),
            )],
            files: Vec::new(),
            volumes: vec![Volume {
                name: "data".to_owned(),
                path: "/data".to_owned(),
            }],
            administrator: "administrator".to_owned(),
            start_deadline: Duration::from_mins(1),
            stop_grace: Duration::from_secs(10),
        })
    }

    async fn prepare(&self, access: &Access) -> Result<(), Error> {
        self.call(Call::Prepare, access, None, |_| Ok(()), |_| Ok(()))
            .await
    }

    async fn provision(&self, access: &Access, spec: &InstanceSpec) -> Result<(), Error> {
        let name = short(spec.instance);
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            let instance = cluster
                .instances
                .entry(name.clone())
                .or_insert_with(|| Instance {
                    connection_limit: spec.connection_limit,
                    comment: String::new(),
                    ready: false,
                    public: false,
                    users: [].into(),
                    data: [].into(),
                    sessions: [].into(),
                    fresh: None,
                    restored: None,
                });
            if instance.connection_limit != spec.connection_limit {
                let reason = format!(
                    "it has {} connections, not {}",
                    instance.connection_limit, spec.connection_limit
                );
                return Err(conflict(access, &name, reason));
            }
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            let instance = existing(cluster, access, &name)?;
            instance.comment.clone_from(&spec.comment);
            instance.ready = true;
            instance.public = false;
            Ok(())
        };
        self.call(Call::Provision, access, Some(spec.instance), half, whole)
            .await
    }

    async fn bind(
        &self,
        access: &Access,
        spec: &InstanceSpec,
        binding: &BindingSpec,
    ) -> Result<Option<SecretString>, Error> {
        let name = short(spec.instance);
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            let users = &mut ready(cluster, access, &name)?.users;
            let new = || User {
                binding: binding.binding,
                password: None,
            };
            if users.entry(binding.generation).or_insert_with(new).binding != binding.binding {
                let what = format!("{name}_{}", binding.generation);
                return Err(conflict(
                    access,
                    &what,
                    "it is another binding's".to_owned(),
                ));
            }
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            let users = &mut ready(cluster, access, &name)?.users;
            let user = User {
                binding: binding.binding,
                password: Some(binding.password.clone()),
            };
            users.insert(binding.generation, user);
            Ok(())
        };
        self.call(Call::Bind, access, Some(spec.instance), half, whole)
            .await
            .map(|()| None)
    }

    async fn unbind(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<(), Error> {
        let name = short(instance);
        let half = |cluster: &mut Cluster| {
            if let Some(instance) = cluster.instances.get_mut(&name) {
                if let Some(user) = instance.users.get_mut(&generation) {
                    user.password = None;
                }
                instance.sessions.retain(|_, of| *of != generation);
            }
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            if let Some(instance) = cluster.instances.get_mut(&name) {
                instance.users.remove(&generation);
            }
            Ok(())
        };
        self.call(Call::Unbind, access, Some(instance), half, whole)
            .await
    }

    async fn sessions(
        &self,
        access: &Access,
        instance: InstanceId,
        generation: u32,
    ) -> Result<Option<u32>, Error> {
        let name = short(instance);
        let whole = |cluster: &mut Cluster| {
            let open = cluster.instances.get(&name).map_or(0, |instance| {
                let of = instance.sessions.values();
                of.filter(|of| **of == generation).count()
            });
            Ok(Some(u32::try_from(open).unwrap_or(u32::MAX)))
        };
        self.call(Call::Sessions, access, Some(instance), |_| Ok(()), whole)
            .await
    }

    async fn check(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let name = short(instance);
        let whole = |cluster: &mut Cluster| ready(cluster, access, &name).map(drop);
        self.call(Call::Check, access, Some(instance), |_| Ok(()), whole)
            .await
    }

    async fn usage(&self, access: &Access, instance: InstanceId) -> Result<Usage, Error> {
        let name = short(instance);
        let whole = |cluster: &mut Cluster| {
            let instance = ready(cluster, access, &name)?;
            let bytes: usize = instance
                .data
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum();
            Ok(Usage {
                bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
                connections: u32::try_from(instance.sessions.len()).unwrap_or(u32::MAX),
            })
        };
        self.call(Call::Usage, access, Some(instance), |_| Ok(()), whole)
            .await
    }

    async fn destroy(&self, access: &Access, instance: InstanceId) -> Result<(), Error> {
        let name = short(instance);
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            if let Some(instance) = cluster.instances.get_mut(&name) {
                instance.ready = false;
                instance.data.clear();
                instance.sessions.clear();
            }
            Ok(())
        };
        let whole = |cluster: &mut Cluster| {
            cluster.instances.remove(&name);
            Ok(())
        };
        self.call(Call::Destroy, access, Some(instance), half, whole)
            .await
    }

    async fn list(&self, access: &Access) -> Result<Vec<String>, Error> {
        let whole = |cluster: &mut Cluster| Ok(cluster.instances.keys().cloned().collect());
        self.call(Call::List, access, None, |_| Ok(()), whole).await
    }

    fn media(&self, instance: InstanceId) -> Option<Media> {
        let name = database_name(instance);
        self.has_media.then(|| Media {
            host: format!("{}.media.local.localhost", name.replace('_', "-")),
            port: MEDIA_PORT,
            upstream_host: name,
        })
    }

    async fn set_public(
        &self,
        access: &Access,
        instance: InstanceId,
        public: bool,
    ) -> Result<(), Error> {
        let name = short(instance);
        let half = |cluster: &mut Cluster| {
            own(cluster, access, &name)?;
            ready(cluster, access, &name).map(drop)
        };
        let whole = |cluster: &mut Cluster| {
            ready(cluster, access, &name)?.public = public;
            Ok(())
        };
        self.call(Call::SetPublic, access, Some(instance), half, whole)
            .await
    }

    fn data(&self) -> Option<&dyn Data> {
        self.has_data.then_some(self as &dyn Data)
    }

    fn profiles(&self) -> &'static [Profile] {
        &variables::PROFILES
    }

    fn variables(&self, request: &VariableRequest) -> Vec<Variable> {
        variables::of(request)
    }
}

/// Refuses what is not ours.
pub(super) fn own(cluster: &Cluster, access: &Access, name: &str) -> Changed {
    if cluster.foreign.contains(name) {
        return Err(conflict(
            access,
            name,
            "it bears no mark of ours".to_owned(),
        ));
    }
    Ok(())
}

/// The instance, half made or whole.
fn existing<'a>(
    cluster: &'a mut Cluster,
    access: &Access,
    name: &str,
) -> Result<&'a mut Instance, Error> {
    cluster
        .instances
        .get_mut(name)
        .ok_or_else(|| Error::Missing {
            cluster: access.description.clone(),
            what: format!("instance svc_{name}"),
        })
}

/// The instance if it is whole.
pub(super) fn ready<'a>(
    cluster: &'a mut Cluster,
    access: &Access,
    name: &str,
) -> Result<&'a mut Instance, Error> {
    let instance = existing(cluster, access, name)?;
    if !instance.ready {
        return Err(Error::Missing {
            cluster: access.description.clone(),
            what: format!("instance svc_{name}, of which only a part is there,"),
        });
    }
    Ok(instance)
}

fn conflict(access: &Access, name: &str, reason: String) -> Error {
    Error::Conflict {
        cluster: access.description.clone(),
        what: format!("svc_{name}"),
        reason,
    }
}
