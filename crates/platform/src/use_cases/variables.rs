//! Environment variables: set, unset, and the effective ones.

use secrecy::{ExposeSecret, SecretString};
use windlass_model::access::Action;
use windlass_model::id::EnvironmentId;
use windlass_model::names::VariableName;
use windlass_model::time::Timestamp;
use windlass_model::variables::{Candidate, VariableSource, merge};
use windlass_records::{Change, InstanceFilter, NewSecret, PageRequest, Variable, VariableFilter};

use super::load::not_removing;
use crate::authorize::may;
use crate::context::Context;
use crate::definitions::deployment::builtin_names;
use crate::error::{Error, FieldError};
use crate::ids;
use crate::platform::Platform;
use crate::scene::Scene;
use crate::workloads::aliases_first;

/// Linux takes 128 KiB for one `NAME=value` string of a process's environment.
const MAX_VALUE_BYTES: usize = 120 * 1024;

/// A variable to be set.
#[derive(Debug, Clone)]
pub struct NewVariable {
    /// Its name.
    pub name: String,
    /// Its value, kept as it is.
    pub value: SecretString,
    /// Whether its value is hidden in lists; as before, or not, without.
    pub is_sensitive: Option<bool>,
    /// Whether it may hide a variable of a service.
    pub overrides: bool,
}

/// A variable as the next deployment will give it.
#[derive(Debug, Clone)]
pub struct EffectiveVariable {
    /// The custom variable's id, if it is one.
    pub id: Option<windlass_model::id::VariableId>,
    /// The environment.
    pub environment: EnvironmentId,
    /// Its name.
    pub name: VariableName,
    /// Its value; `None` where it is made at the deployment, or is a secret that the caller may not see.
    pub value: Option<SecretString>,
    /// Whether its value is hidden in lists.
    pub is_sensitive: bool,
    /// Where it comes from.
    pub source: VariableSource,
    /// When it changed last, if it is a custom one.
    pub updated_at: Option<Timestamp>,
}

impl Platform {
    /// The effective variables of an environment: custom over service over built-in.
    pub async fn variables(
        &self,
        context: &Context,
        environment: EnvironmentId,
        name: Option<&str>,
    ) -> Result<Vec<EffectiveVariable>, Error> {
        let scene = self
            .load_scene(context, Action::ViewApplication, environment)
            .await?;
        let reveals = may(context, Action::ReadSecretValues, &scene);
        let mut candidates = self.given_variables(&scene).await?;
        for variable in self.custom_variables(environment).await? {
            let value = if variable.is_sensitive && !reveals {
                None
            } else {
                Some(self.parts.reveal(variable.value).await?)
            };
            candidates.push(EffectiveVariable {
                id: Some(variable.id),
                environment,
                name: variable.name,
                value,
                is_sensitive: variable.is_sensitive,
                source: VariableSource::Custom,
                updated_at: Some(variable.updated_at),
            });
        }
        let merged = merge(candidates.into_iter().map(|variable| Candidate {
            name: variable.name.clone(),
            source: variable.source,
            value: variable,
        }));
        Ok(merged
            .into_iter()
            .map(|candidate| candidate.value)
            .filter(|variable| name.is_none_or(|name| variable.name.as_str() == name))
            .collect())
    }

    /// The variables that are not custom: built-in ones, and those of the instances that the next
    /// deployment attaches or keeps.
    async fn given_variables(&self, scene: &Scene) -> Result<Vec<EffectiveVariable>, Error> {
        let given = |name: VariableName,
                     value: Option<String>,
                     is_sensitive: bool,
                     source: VariableSource| EffectiveVariable {
            id: None,
            environment: scene.environment.id,
            name,
            value: value.map(SecretString::from),
            is_sensitive,
            source,
            updated_at: None,
        };
        let mut variables = Vec::new();
        for name in builtin_names() {
            let value = match name {
                "STAGE" => Some(scene.environment.slug.to_string()),
                "DOMAIN" => Some(scene.host()),
                "GIT_BRANCH" => Some(scene.environment.branch.to_string()),
                "SITE_NAME" => Some(scene.application.name.clone()),
                _ => None,
            };
            let name = name.parse().map_err(|error| Error::name("name", &error))?;
            let sensitive = VariableName::as_str(&name) == "SECRET_KEY";
            variables.push(given(name, value, sensitive, VariableSource::Builtin));
        }
        let mut instances = Vec::new();
        let filter = InstanceFilter {
            environment: Some(scene.environment.id),
            ..InstanceFilter::default()
        };
        for instance in self
            .parts
            .store
            .instances(&filter, &PageRequest::first(u32::MAX))
            .await?
            .rows
        {
            if !instance.state.is_wished() {
                continue;
            }
            let service = self.parts.service(instance.service).await?;
            let of = self.parts.given(&instance, &service)?;
            instances.extend(self.parts.given_variables(of, &service).await?);
        }
        for it in aliases_first(instances, |it| it.is_alias) {
            variables.push(given(
                it.name,
                None,
                it.is_sensitive,
                VariableSource::Service,
            ));
        }
        Ok(variables)
    }

    pub(crate) async fn custom_variables(
        &self,
        environment: EnvironmentId,
    ) -> Result<Vec<Variable>, Error> {
        let filter = VariableFilter {
            environment: Some(environment),
            ..VariableFilter::default()
        };
        Ok(self
            .parts
            .store
            .variables(&filter, &PageRequest::first(u32::MAX))
            .await?
            .rows)
    }

    /// Sets variables, all or none: they take effect with the next deployment.
    pub async fn set_variables(
        &self,
        context: &Context,
        environment: EnvironmentId,
        new: Vec<NewVariable>,
    ) -> Result<Vec<EffectiveVariable>, Error> {
        let scene = self
            .load_scene(context, Action::SetVariables, environment)
            .await?;
        not_removing(&scene.application)?;
        let given = self.given_variables(&scene).await?;
        let existing = self.custom_variables(environment).await?;
        let now = self.parts.now();
        let mut changes = Vec::new();
        let mut errors = Vec::new();
        let mut names = Vec::new();
        for variable in new {
            match checked_variable(&variable, &given) {
                Err(error) => errors.push(error),
                Ok(name) if names.contains(&name) => {
                    errors.push(FieldError {
                        field: "name",
                        message: format!("{name} is given twice"),
                    });
                }
                Ok(name) => {
                    let before = existing.iter().find(|before| before.name == name);
                    let secret = NewSecret {
                        id: ids::mint(),
                        value: variable.value,
                        created_at: now,
                    };
                    changes.push(Change::PutVariable(Variable {
                        id: before.map_or_else(ids::mint, |before| before.id),
                        environment,
                        name: name.clone(),
                        value: secret.id,
                        is_sensitive: variable
                            .is_sensitive
                            .unwrap_or(before.is_some_and(|before| before.is_sensitive)),
                        overrides: variable.overrides,
                        version: before.map_or(1, |before| before.version + 1),
                        created_at: before.map_or(now, |before| before.created_at),
                        updated_at: now,
                    }));
                    changes.insert(0, Change::InsertSecret(secret));
                    names.push(name);
                }
            }
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let detail = names
            .iter()
            .map(VariableName::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        changes.push(self.audit(
            context,
            "variable.set",
            scene.title(),
            Some(scene.application.id),
            detail,
        ));
        self.parts.store.commit(changes).await?;
        let all = self.variables(context, environment, None).await?;
        Ok(all
            .into_iter()
            .filter(|variable| names.contains(&variable.name))
            .collect())
    }

    /// Unsets custom variables, all or none: they are gone with the next deployment.
    pub async fn unset_variables(
        &self,
        context: &Context,
        environment: EnvironmentId,
        names: &[String],
    ) -> Result<(), Error> {
        let scene = self
            .load_scene(context, Action::SetVariables, environment)
            .await?;
        not_removing(&scene.application)?;
        let existing = self.custom_variables(environment).await?;
        let mut changes = Vec::new();
        for name in names {
            let variable = existing
                .iter()
                .find(|variable| variable.name.as_str() == name);
            let variable = variable.ok_or_else(|| Error::not_found("custom variable", name))?;
            changes.push(Change::DeleteVariable(variable.id));
        }
        changes.push(self.audit(
            context,
            "variable.unset",
            scene.title(),
            Some(scene.application.id),
            names.join(", "),
        ));
        Ok(self.parts.store.commit(changes).await?)
    }
}

fn checked_variable(
    variable: &NewVariable,
    given: &[EffectiveVariable],
) -> Result<VariableName, FieldError> {
    let name: VariableName =
        variable
            .name
            .parse()
            .map_err(|error: windlass_model::names::InvalidName| FieldError {
                field: "name",
                message: error.to_string(),
            })?;
    let value = variable.value.expose_secret();
    if value.contains('\0') {
        return Err(FieldError {
            field: "value",
            message: format!("the value of {name} has a NUL byte, which no process can be given"),
        });
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(FieldError {
            field: "value",
            message: format!("the value of {name} is longer than {MAX_VALUE_BYTES} bytes"),
        });
    }
    let hides = given
        .iter()
        .any(|held| held.name == name && held.source == VariableSource::Service);
    if hides && !variable.overrides {
        return Err(FieldError {
            field: "name",
            message: format!(
                "{name} is given by an attached service and would be hidden; choose another name, or set it with override"
            ),
        });
    }
    Ok(name)
}
