//! An environment made from another: its branch, its custom variables, and services like its own, without their data.

use secrecy::SecretString;
use windlass_model::access::Action;
use windlass_model::id::EnvironmentId;
use windlass_model::instance::InstanceState;
use windlass_model::names::EnvironmentSlug;
use windlass_model::time::Timestamp;
use windlass_records::{Change, Instance, NewSecret, Variable};

use super::environments::{EnvironmentView, Made};
use super::load::not_removing;
use crate::context::Context;
use crate::error::Error;
use crate::ids;
use crate::platform::Platform;

/// An environment to be made from another.
#[derive(Debug, Clone)]
pub struct CopyEnvironment {
    /// The one that is copied.
    pub from: EnvironmentId,
    /// The name of the new one.
    pub slug: String,
    /// Its branch; the other's without.
    pub branch: Option<String>,
}

/// What an environment takes over.
#[derive(Default)]
pub(super) struct Copied {
    /// From which, for the audit log.
    pub(super) from: String,
    variables: Vec<(Variable, SecretString)>,
    instances: Vec<(Instance, Option<SecretString>)>,
}

impl Copied {
    /// The rows of the new environment. Values are kept anew: each environment's can be changed and forgotten alone.
    pub(super) fn changes(&self, environment: EnvironmentId, now: Timestamp) -> Vec<Change> {
        let kept = |value: &SecretString| NewSecret {
            id: ids::mint(),
            value: value.clone(),
            created_at: now,
        };
        let mut changes = Vec::new();
        for (variable, value) in &self.variables {
            let value = kept(value);
            changes.push(Change::PutVariable(Variable {
                id: ids::mint(),
                environment,
                value: value.id,
                version: 1,
                created_at: now,
                updated_at: now,
                ..variable.clone()
            }));
            changes.push(Change::InsertSecret(value));
        }
        for (instance, given_url) in &self.instances {
            let given_url = given_url.as_ref().map(&kept);
            changes.push(Change::InsertInstance(Instance {
                id: ids::mint(),
                environment,
                given_url: given_url.as_ref().map(|secret| secret.id),
                // A name outside is one instance's.
                media_domain: None,
                state: InstanceState::New,
                state_before_removal: None,
                cluster: None,
                generation: 0,
                last_error: None,
                created_at: now,
                updated_at: now,
                ..instance.clone()
            }));
            changes.extend(given_url.map(Change::InsertSecret));
        }
        changes
    }
}

impl Platform {
    /// Makes an environment like another. Its services are new and empty: data is not copied.
    pub async fn copy_environment(
        &self,
        context: &Context,
        copy: CopyEnvironment,
    ) -> Result<EnvironmentView, Error> {
        let loaded = self.load_scene(context, Action::ChangeApplication, copy.from);
        let scene = loaded.await?;
        not_removing(&scene.application)?;
        let slug: EnvironmentSlug = copy
            .slug
            .parse()
            .map_err(|error| Error::name("new_slug", &error))?;
        let branch = match copy.branch {
            Some(branch) => branch
                .parse()
                .map_err(|error| Error::name("branch", &error))?,
            None => scene.environment.branch.clone(),
        };
        let mut copied = Copied {
            from: format!("like {}", scene.title()),
            ..Copied::default()
        };
        for variable in self.custom_variables(copy.from).await? {
            let value = self.parts.reveal(variable.value).await?;
            copied.variables.push((variable, value));
        }
        for instance in self.environment_instances(&scene).await? {
            // What is to go there has no place here.
            if !instance.state.is_wished() {
                continue;
            }
            let given_url = match instance.given_url {
                Some(id) => Some(self.parts.reveal(id).await?),
                None => None,
            };
            copied.instances.push((instance, given_url));
        }
        let made = Made {
            slug,
            branch,
            copied,
        };
        self.make_environment(context, &scene.application, made)
            .await
    }
}
