//! What a deployment that begins now would change.

use std::collections::BTreeMap;

use windlass_delivery::build::Source;
use windlass_model::access::Action;
use windlass_model::id::InstanceId;
use windlass_model::names::{Prefix, VariableName};
use windlass_model::variables::{Candidate, VariableSource, merge};
use windlass_records::{Instance, Release, VariableValue};

use super::deployments::DeployRequest;
use crate::context::Context;
use crate::definitions::deployment::builtin_names;
use crate::error::Error;
use crate::naming;
use crate::platform::Platform;
use crate::scene::Scene;
use crate::workloads::{Given, aliases_first};

/// What becomes of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedInstance {
    /// The instance.
    pub id: InstanceId,
    /// Its service's name.
    pub service: String,
    /// Its prefix.
    pub prefix: Prefix,
    /// `create` (and attach), `attach`, `detach`, `rename`, `keep`.
    pub action: &'static str,
}

/// What becomes of a variable. Values are not shown: the names and the kind of change are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableChange {
    /// The running release does not have it.
    Added,
    /// Its value changes.
    Changed,
    /// The new release will not have it.
    Removed,
}

/// A variable that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVariable {
    /// Its name.
    pub name: VariableName,
    /// Where the new value comes from; the old one for one that is removed.
    pub source: VariableSource,
    /// How it changes.
    pub change: VariableChange,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What would be deployed, for people; the reason if there is nothing that can be.
    pub source: Result<String, String>,
    /// What runs now, for people.
    pub running: Option<String>,
    /// Whether the code is another than what runs.
    pub code_changes: bool,
    /// The instances.
    pub instances: Vec<PlannedInstance>,
    /// The variables that change.
    pub variables: Vec<PlannedVariable>,
    /// `create`: the first release; `restart`: a new release in the place of the old; `nothing`: a
    /// deployment would make the same again.
    pub action: &'static str,
}

/// What a variable's value is made from; equal origins give equal values.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Value(VariableValue),
    /// The form that the value has, whatever the credentials in it.
    Instance(InstanceId, String),
    /// Made anew by each deployment; never a reason of its own.
    Derived,
}

impl Platform {
    /// What a deployment that begins now would change. Changes nothing.
    pub async fn plan(&self, context: &Context, request: DeployRequest) -> Result<Plan, Error> {
        let scene = self
            .load_scene(context, Action::Deploy, request.environment)
            .await?;
        let source = match self.resolve_source(&scene, &request.source).await {
            Ok(source) => Ok(source),
            Err(Error::Refused { message, .. }) => Err(message),
            Err(error) => return Err(error),
        };
        let running = match scene.environment.running_release {
            Some(id) => self.parts.store.release(id).await?,
            None => None,
        };
        let instances = self.environment_instances(&scene).await?;
        let planned = self.planned_instances(&instances, running.as_ref()).await?;
        let variables = self
            .planned_variables(&scene, &instances, running.as_ref())
            .await?;
        let code_changes = match (&source, &running) {
            (Ok(Source::Image { .. }), _) | (_, None) => true,
            (Ok(source), Some(release)) => source.commit().map(str::to_owned) != release.commit,
            (Err(_), Some(_)) => false,
        };
        let nothing = !code_changes
            && variables.is_empty()
            && planned.iter().all(|instance| instance.action == "keep");
        let action = match (&running, nothing) {
            (None, _) => "create",
            (Some(_), false) => "restart",
            (Some(_), true) => "nothing",
        };
        Ok(Plan {
            source: source.map(|source| naming::describe_source(&source)),
            running: running.map(|release| describe_release(&release)),
            code_changes,
            instances: planned,
            variables,
            action,
        })
    }

    async fn planned_instances(
        &self,
        instances: &[Instance],
        running: Option<&Release>,
    ) -> Result<Vec<PlannedInstance>, Error> {
        let mut planned = Vec::new();
        for instance in instances {
            let pinned = running.and_then(|release| {
                release
                    .bindings
                    .iter()
                    .find(|pinned| pinned.instance == instance.id)
            });
            let service = self.parts.service(instance.service).await?;
            let media_host = self.parts.media_host(instance, &service)?;
            let action = match (instance.state.is_wished(), pinned) {
                (true, None) if instance.state.is_provisioned() => "attach",
                (true, None) => "create",
                (true, Some(pinned))
                    if pinned.prefix != instance.prefix
                        || pinned.url_scheme != instance.url_scheme
                        || pinned.profile != instance.profile
                        || pinned.media_host != media_host =>
                {
                    "rename"
                }
                (true, Some(_)) => "keep",
                (false, Some(_)) => "detach",
                // Detached already, or on its way out: no deployment touches it.
                (false, None) => continue,
            };
            planned.push(PlannedInstance {
                id: instance.id,
                service: service.name,
                prefix: instance.prefix.clone(),
                action,
            });
        }
        Ok(planned)
    }

    async fn planned_variables(
        &self,
        scene: &Scene,
        instances: &[Instance],
        running: Option<&Release>,
    ) -> Result<Vec<PlannedVariable>, Error> {
        let wished = self.wished_origins(scene, instances).await?;
        let held = match running {
            Some(release) => self.held_origins(release).await?,
            None => BTreeMap::new(),
        };
        let mut changes = Vec::new();
        for (name, (source, origin)) in &wished {
            match held.get(name) {
                None => changes.push(PlannedVariable {
                    name: name.clone(),
                    source: *source,
                    change: VariableChange::Added,
                }),
                Some((held_source, held_origin))
                    if held_source != source || held_origin != origin =>
                {
                    changes.push(PlannedVariable {
                        name: name.clone(),
                        source: *source,
                        change: VariableChange::Changed,
                    });
                }
                Some(_) => {}
            }
        }
        for (name, (source, _)) in held {
            if !wished.contains_key(&name) {
                changes.push(PlannedVariable {
                    name,
                    source,
                    change: VariableChange::Removed,
                });
            }
        }
        Ok(changes)
    }

    async fn wished_origins(
        &self,
        scene: &Scene,
        instances: &[Instance],
    ) -> Result<BTreeMap<VariableName, (VariableSource, Origin)>, Error> {
        let mut candidates = Vec::new();
        let mut add = |name: VariableName, source, value| {
            candidates.push(Candidate {
                name,
                source,
                value,
            });
        };
        for name in builtin_names() {
            add(
                name.parse().map_err(|error| Error::name("name", &error))?,
                VariableSource::Builtin,
                Origin::Derived,
            );
        }
        let mut given = Vec::new();
        for instance in instances
            .iter()
            .filter(|instance| instance.state.is_wished())
        {
            let service = self.parts.service(instance.service).await?;
            let variables = self
                .parts
                .given_variables(self.parts.given(instance, &service)?, &service);
            let of_instance = |variable| (instance.id, variable);
            given.extend(variables.await?.into_iter().map(of_instance));
        }
        for (id, variable) in aliases_first(given, |(_, variable)| variable.is_alias) {
            let origin = Origin::Instance(id, variable.form);
            add(variable.name, VariableSource::Service, origin);
        }
        for variable in self.wished_variables(scene).await? {
            add(
                variable.name,
                VariableSource::Custom,
                Origin::Value(variable.value),
            );
        }
        Ok(by_name(candidates))
    }

    async fn held_origins(
        &self,
        release: &Release,
    ) -> Result<BTreeMap<VariableName, (VariableSource, Origin)>, Error> {
        let mut forms = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for pinned in &release.bindings {
            instances.insert(pinned.binding, pinned.instance);
            let Some(instance) = self.parts.store.instance(pinned.instance).await? else {
                continue;
            };
            let service = self.parts.service(instance.service).await?;
            let given = self.parts.given_variables(Given::pinned(pinned), &service);
            for variable in given.await? {
                let key = (pinned.binding, variable.name);
                forms.insert(key, variable.form);
            }
        }
        Ok(by_name(release.variables.iter().map(|variable| {
            let origin = match (&variable.value, variable.source) {
                (_, VariableSource::Builtin) => Origin::Derived,
                (VariableValue::Binding(id), _) => {
                    let form = forms.remove(&(*id, variable.name.clone()));
                    instances.get(id).map_or(Origin::Derived, |instance| {
                        Origin::Instance(*instance, form.unwrap_or_default())
                    })
                }
                (value, _) => Origin::Value(value.clone()),
            };
            Candidate {
                name: variable.name.clone(),
                source: variable.source,
                value: origin,
            }
        })))
    }
}

fn by_name(
    candidates: impl IntoIterator<Item = Candidate<Origin>>,
) -> BTreeMap<VariableName, (VariableSource, Origin)> {
    merge(candidates)
        .into_iter()
        .map(|candidate| (candidate.name, (candidate.source, candidate.value)))
        .collect()
}

fn describe_release(release: &Release) -> String {
    match &release.commit {
        Some(commit) => format!(
            "release {} at {}",
            release.number,
            commit.get(..12).unwrap_or(commit)
        ),
        None => format!(
            "release {} of image {}",
            release.number,
            release.image.get(..19).unwrap_or(&release.image)
        ),
    }
}
