//! One custom variable, by its id.

use secrecy::SecretString;
use windlass_model::access::Action;
use windlass_model::id::VariableId;
use windlass_records::{PageRequest, Variable, VariableFilter};

use super::variables::{EffectiveVariable, NewVariable};
use crate::context::Context;
use crate::error::Error;
use crate::platform::Platform;

/// What changes of a variable; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct VariablePatch {
    /// Another value.
    pub value: Option<SecretString>,
    /// Whether its value is hidden in lists.
    pub is_sensitive: Option<bool>,
    /// Whether it may hide a variable of a service.
    pub overrides: Option<bool>,
}

impl Platform {
    /// Changes a custom variable; it takes effect with the next deployment.
    pub async fn change_variable(
        &self,
        context: &Context,
        id: VariableId,
        patch: VariablePatch,
    ) -> Result<EffectiveVariable, Error> {
        let held = self.load_variable(context, id).await?;
        let value = match patch.value {
            Some(value) => value,
            None => self.parts.reveal(held.value).await?,
        };
        let new = NewVariable {
            name: held.name.to_string(),
            value,
            is_sensitive: patch.is_sensitive,
            overrides: patch.overrides.unwrap_or(held.overrides),
        };
        let changed = self
            .set_variables(context, held.environment, vec![new])
            .await?;
        changed
            .into_iter()
            .next()
            .ok_or_else(|| Error::not_found("custom variable", id))
    }

    /// Unsets a custom variable; it is gone with the next deployment.
    pub async fn unset_variable(&self, context: &Context, id: VariableId) -> Result<(), Error> {
        let held = self.load_variable(context, id).await?;
        self.unset_variables(context, held.environment, &[held.name.to_string()])
            .await
    }

    async fn load_variable(&self, context: &Context, id: VariableId) -> Result<Variable, Error> {
        let missing = || Error::not_found("custom variable", id);
        // Rows without values: the whole list is small, and names are what people use.
        let all = self
            .parts
            .store
            .variables(&VariableFilter::default(), &PageRequest::first(u32::MAX))
            .await?;
        let held = all
            .rows
            .into_iter()
            .find(|variable| variable.id == id)
            .ok_or_else(missing)?;
        match self
            .load_scene(context, Action::SetVariables, held.environment)
            .await
        {
            Ok(_) => Ok(held),
            Err(Error::NotFound { .. }) => Err(missing()),
            Err(error) => Err(error),
        }
    }
}
