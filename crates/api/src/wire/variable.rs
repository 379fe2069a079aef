//! Environment variables.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use windlass_model::id::EnvironmentId;
use windlass_model::variables::VariableSource;
use windlass_platform::{EffectiveVariable, NewVariable, VariablePatch};

use super::time;
use crate::error::ApiError;
use crate::extract::boolean;
use crate::page::List;

/// An environment variable, as the next deployment gives it.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnvironmentVariable {
    /// Null for one that is not custom.
    #[schema(required)]
    uuid: Option<String>,
    environment: String,
    name: String,
    /// Null where it is hidden, or made by the deployment.
    #[schema(required)]
    value: Option<String>,
    is_sensitive: bool,
    /// `custom`, `service` or `builtin`.
    source: &'static str,
    #[schema(required)]
    updated_at: Option<String>,
}

impl EnvironmentVariable {
    /// With its value, if it may be shown.
    pub(crate) fn new(variable: EffectiveVariable, reveal: bool) -> Self {
        let shown = !variable.is_sensitive || reveal;
        Self {
            uuid: variable.id.map(|id| id.to_string()),
            environment: variable.environment.to_string(),
            name: variable.name.to_string(),
            value: variable
                .value
                .filter(|_| shown)
                .map(|value| value.expose_secret().to_owned()),
            is_sensitive: variable.is_sensitive,
            source: source(variable.source),
            updated_at: variable.updated_at.map(time),
        }
    }
}

/// Where a variable comes from.
pub(crate) fn source(source: VariableSource) -> &'static str {
    match source {
        VariableSource::Builtin => "builtin",
        VariableSource::Service => "service",
        VariableSource::Custom => "custom",
    }
}

/// One variable, or several at once.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum VariablesSet {
    One(EnvironmentVariable),
    Many(List<EnvironmentVariable>),
}

/// A variable to be set.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetVariable {
    name: String,
    #[schema(value_type = String)]
    value: SecretString,
    /// As before, or false, without.
    #[serde(default, deserialize_with = "boolean")]
    is_sensitive: Option<bool>,
    /// Whether it may hide a variable of a service.
    #[serde(default, deserialize_with = "boolean")]
    r#override: Option<bool>,
}

impl From<SetVariable> for NewVariable {
    fn from(body: SetVariable) -> Self {
        Self {
            name: body.name,
            value: body.value,
            is_sensitive: body.is_sensitive,
            overrides: body.r#override.unwrap_or_default(),
        }
    }
}

/// Variables to be set: one with `name` and `value`, or `variables`, all or none.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetVariables {
    #[schema(value_type = String)]
    pub(crate) environment: EnvironmentId,
    variables: Option<Vec<SetVariable>>,
    name: Option<String>,
    #[schema(value_type = Option<String>)]
    value: Option<SecretString>,
    #[serde(default, deserialize_with = "boolean")]
    is_sensitive: Option<bool>,
    #[serde(default, deserialize_with = "boolean")]
    r#override: Option<bool>,
}

impl SetVariables {
    /// What is to be set, and whether a list was given.
    pub(crate) fn variables(self) -> Result<(Vec<NewVariable>, bool), ApiError> {
        if let Some(variables) = self.variables {
            if self.name.is_some() || self.value.is_some() {
                return Err(ApiError::field(
                    "variables",
                    "either 'variables' or 'name' and 'value' can be given",
                ));
            }
            return Ok((variables.into_iter().map(Into::into).collect(), true));
        }
        match (self.name, self.value) {
            (Some(name), Some(value)) => {
                let overrides = self.r#override.unwrap_or_default();
                Ok((
                    vec![NewVariable {
                        name,
                        value,
                        is_sensitive: self.is_sensitive,
                        overrides,
                    }],
                    false,
                ))
            }
            (name, value) => {
                let missing = [("name", name.is_none()), ("value", value.is_none())];
                let missing = missing.into_iter().filter(|(_, missing)| *missing);
                Err(ApiError::fields(missing.map(|(name, _)| {
                    (name.to_owned(), "This field is required.".to_owned())
                })))
            }
        }
    }
}

/// What changes of a variable; the rest stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangeVariable {
    #[schema(value_type = Option<String>)]
    value: Option<SecretString>,
    #[serde(default, deserialize_with = "boolean")]
    is_sensitive: Option<bool>,
    #[serde(default, deserialize_with = "boolean")]
    r#override: Option<bool>,
}

impl From<ChangeVariable> for VariablePatch {
    fn from(body: ChangeVariable) -> Self {
        Self {
            value: body.value,
            is_sensitive: body.is_sensitive,
            overrides: body.r#override,
        }
    }
}

/// Variables to be unset, all or none.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UnsetVariables {
    #[schema(value_type = String)]
    pub(crate) environment: EnvironmentId,
    pub(crate) names: Vec<String>,
}
