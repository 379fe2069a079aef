//! Plans.

use serde::Serialize;
use utoipa::ToSchema;
use windlass_platform::{Plan, PlannedInstance, PlannedVariable, VariableChange};

use super::variable::source;

/// What a deployment that begins now would change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(crate) struct PlanItem {
    /// What would be deployed, for people.
    #[schema(required)]
    source: Option<String>,
    /// Why nothing can be deployed.
    #[schema(required)]
    source_error: Option<String>,
    /// What runs now, for people.
    #[schema(required)]
    running: Option<String>,
    code_changes: bool,
    /// `create`, `restart` or `nothing`.
    action: &'static str,
    instances: Vec<PlannedInstanceItem>,
    variables: Vec<PlannedVariableItem>,
}

/// What becomes of an instance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedInstance)]
pub(crate) struct PlannedInstanceItem {
    uuid: String,
    service: String,
    prefix: String,
    /// `create`, `attach`, `detach`, `rename` or `keep`.
    action: &'static str,
}

/// A variable that changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedVariable)]
pub(crate) struct PlannedVariableItem {
    name: String,
    source: &'static str,
    /// `added`, `changed` or `removed`.
    change: &'static str,
}

impl From<Plan> for PlanItem {
    fn from(plan: Plan) -> Self {
        let (source, source_error) = match plan.source {
            Ok(source) => (Some(source), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            source,
            source_error,
            running: plan.running,
            code_changes: plan.code_changes,
            action: plan.action,
            instances: plan.instances.into_iter().map(Into::into).collect(),
            variables: plan.variables.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PlannedInstance> for PlannedInstanceItem {
    fn from(instance: PlannedInstance) -> Self {
        Self {
            uuid: instance.id.to_string(),
            service: instance.service,
            prefix: instance.prefix.to_string(),
            action: instance.action,
        }
    }
}

impl From<PlannedVariable> for PlannedVariableItem {
    fn from(variable: PlannedVariable) -> Self {
        let change = match variable.change {
            VariableChange::Added => "added",
            VariableChange::Changed => "changed",
            VariableChange::Removed => "removed",
        };
        Self {
            name: variable.name.to_string(),
            source: source(variable.source),
            change,
        }
    }
}
