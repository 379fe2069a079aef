//! The variables that the release of a deployment pins, with their values.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use secrecy::SecretString;
use windlass_model::access::Action;
use windlass_model::id::{BindingId, DeploymentId};
use windlass_model::names::VariableName;
use windlass_records::{Release, ReleaseVariable, VariableValue};

use crate::authorize::may;
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

/// A variable of a release.
#[derive(Debug, Clone)]
pub struct PinnedVariable {
    /// Its name.
    pub name: VariableName,
    /// Its value; `None` when it is hidden, or can be made no more because its service is gone.
    pub value: Option<SecretString>,
    /// Whether its value is hidden unless it is asked for.
    pub is_sensitive: bool,
}

impl Platform {
    /// The variables of a deployment's release; sensitive ones have a value with `reveal` only, and
    /// for those who may read it. Empty
    /// before they are pinned and after a failure.
    pub async fn deployment_variables(
        &self,
        context: &Context,
        id: DeploymentId,
        reveal: bool,
    ) -> Result<Vec<PinnedVariable>, Error> {
        let loaded = self.load_deployment(context, Action::ViewApplication, id);
        let (deployment, scene) = loaded.await?;
        let reveal = reveal && may(context, Action::ReadSecretValues, &scene);
        let Some(release) = self.parts.store.release(deployment.release).await? else {
            return Ok(Vec::new());
        };
        let mut made = HashMap::new();
        let mut pinned = Vec::with_capacity(release.variables.len());
        for variable in &release.variables {
            let value = if variable.is_sensitive && !reveal {
                None
            } else {
                self.pinned_value(&release, variable, &mut made).await?
            };
            pinned.push(PinnedVariable {
                name: variable.name.clone(),
                value,
                is_sensitive: variable.is_sensitive,
            });
        }
        Ok(pinned)
    }

    async fn pinned_value(
        &self,
        release: &Release,
        variable: &ReleaseVariable,
        made: &mut HashMap<BindingId, Vec<windlass_services::Variable>>,
    ) -> Result<Option<SecretString>, Error> {
        let id = match &variable.value {
            VariableValue::Plain(text) => return Ok(Some(SecretString::from(text.clone()))),
            VariableValue::Secret(id) => return Ok(Some(self.parts.reveal(*id).await?)),
            VariableValue::Binding(id) => *id,
        };
        let variables = match made.entry(id) {
            Entry::Occupied(held) => held.into_mut(),
            Entry::Vacant(free) => {
                let pinned = release.bindings.iter().find(|pinned| pinned.binding == id);
                free.insert(match pinned {
                    // A removed instance is on no cluster any more, so its variables have no values.
                    Some(pinned) => self
                        .parts
                        .binding_variables(pinned)
                        .await
                        .unwrap_or_default(),
                    None => Vec::new(),
                })
            }
        };
        Ok(variables
            .iter()
            .find(|made| made.name == variable.name)
            .map(|made| made.value.clone()))
    }
}
