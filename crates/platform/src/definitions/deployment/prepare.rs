//! The release: everything pinned, before anything of it runs.

use std::collections::{BTreeMap, BTreeSet};

use windlass_delivery::build::BuiltImage;
use windlass_model::names::{Prefix, ProcessName, VariableName};
use windlass_model::variables::{Candidate, VariableSource, merge};
use windlass_operations::{Done, Failure};
use windlass_records::{Change, Process, Release, ReleaseBinding, ReleaseVariable, VariableValue};

use super::super::read;
use super::Stage;
use crate::failures;
use crate::workloads::aliases_first;

/// The port that a web process is told to listen on when its image exposes none.
const DEFAULT_PORT: u16 = 8000;
/// The process that is routed.
pub(crate) const WEB: &str = "web";

impl Stage<'_> {
    /// What the build gave.
    pub(super) fn built(&self) -> Result<BuiltImage, Failure> {
        let output = self
            .context
            .output("build")
            .ok_or_else(|| failures::internal("the build has no output"))?;
        read("the image", output)
    }

    /// Records the release with everything pinned.
    pub(super) async fn prepare(&self) -> Result<Done<Change>, Failure> {
        if self
            .parts
            .store
            .release(self.params.release)
            .await
            .map_err(|error| failures::store(&error))?
            .is_some()
        {
            return Ok(Done::default());
        }
        let built = self.built()?;
        let bindings = self.release_bindings().await?;
        let processes = match &self.params.rollback {
            Some(rollback) => rollback.processes.clone(),
            None => self.processes(&built).await?,
        };
        let variables = self.release_variables(&processes, &bindings).await?;
        let commit = match (&self.params.rollback, &self.params.source) {
            (Some(rollback), _) => rollback.commit.clone(),
            (None, source) => source
                .as_ref()
                .and_then(|source| source.commit().map(str::to_owned)),
        };
        let release = Release {
            id: self.params.release,
            environment: self.params.environment,
            number: 0,
            deployment: self.params.deployment,
            image: built.image.0,
            commit,
            processes,
            variables,
            bindings,
            hosts: self.params.hosts.clone(),
            rollback_of: match (&self.params.rollback, &self.params.rotation) {
                (Some(rollback), None) => Some(rollback.release),
                _ => None,
            },
            created_at: self.parts.now(),
        };
        Ok(Done::changes(vec![Change::InsertRelease(release)]))
    }

    /// The release never ran: nothing of it is kept.
    pub(super) async fn undo_prepare(&self) -> Result<Done<Change>, Failure> {
        let exists = self
            .parts
            .store
            .release(self.params.release)
            .await
            .map_err(|error| failures::store(&error))?
            .is_some();
        Ok(Done::changes(
            exists
                .then_some(Change::DeleteRelease(self.params.release))
                .into_iter()
                .collect(),
        ))
    }

    async fn processes(&self, built: &BuiltImage) -> Result<Vec<Process>, Failure> {
        let engine = self.parts.engine(self.scene.region.id)?;
        let exposed = engine
            .exposed_ports(&built.image)
            .await
            .map_err(|error| failures::engine(&error))?;
        let port = match self.port_variable().await? {
            Some(port) => port,
            None => exposed.first().copied().unwrap_or(DEFAULT_PORT),
        };
        let mut processes = Vec::new();
        for (name, command) in &built.manifest.processes {
            let name: ProcessName =
                name.parse()
                    .map_err(|error: windlass_model::names::InvalidName| {
                        Failure::permanent("invalid_procfile", error.to_string())
                            .with_hint("Correct the Procfile, push, and deploy again.")
                    })?;
            let web = name.as_str() == WEB;
            processes.push(process(name, Some(command.clone()), web.then_some(port)));
        }
        if !processes.iter().any(|process| process.name.as_str() == WEB) {
            let web = WEB.parse().expect("'web' is a process name");
            processes.insert(0, process(web, None, Some(port)));
        }
        Ok(processes)
    }

    /// The port that the user set for the application, if any.
    async fn port_variable(&self) -> Result<Option<u16>, Failure> {
        let Some(variable) = self
            .params
            .variables
            .iter()
            .find(|variable| variable.name.as_str() == "PORT")
        else {
            return Ok(None);
        };
        let text = match &variable.value {
            VariableValue::Plain(text) => text.clone(),
            VariableValue::Secret(id) => {
                use secrecy::ExposeSecret;
                self.parts.reveal(*id).await?.expose_secret().to_owned()
            }
            VariableValue::Binding(_) => return Ok(None),
        };
        match text.trim().parse::<u16>() {
            Ok(port) if port > 0 => Ok(Some(port)),
            _ => Err(Failure::permanent(
                "invalid_port",
                "the variable PORT is not a port: a number from 1 to 65535 is expected",
            )
            .with_hint(
                "Correct it with 'windlass env-vars set PORT=...' or unset it, then deploy again.",
            )),
        }
    }

    async fn release_variables(
        &self,
        processes: &[Process],
        bindings: &[ReleaseBinding],
    ) -> Result<Vec<ReleaseVariable>, Failure> {
        let mut candidates: Vec<Candidate<ReleaseVariable>> = Vec::new();
        let mut add = |variable: ReleaseVariable| {
            candidates.push(Candidate {
                name: variable.name.clone(),
                source: variable.source,
                value: variable,
            });
        };
        let port = processes
            .iter()
            .find_map(|process| process.port)
            .unwrap_or(DEFAULT_PORT);
        for variable in self.builtin_variables(port) {
            add(variable);
        }
        let mut firm: BTreeMap<VariableName, &Prefix> = BTreeMap::new();
        let mut given = Vec::new();
        for binding in bindings {
            // Asked of the binding itself: what a broker gives nobody knows before.
            for variable in self.parts.binding_variables(binding).await? {
                if !variable.is_alias
                    && let Some(other) = firm.insert(variable.name.clone(), &binding.prefix)
                {
                    return Err(two_values(&variable.name, other, &binding.prefix));
                }
                given.push((binding.binding, variable));
            }
        }
        for (binding, variable) in aliases_first(given, |(_, variable)| variable.is_alias) {
            add(ReleaseVariable {
                name: variable.name,
                source: VariableSource::Service,
                value: VariableValue::Binding(binding),
                is_sensitive: variable.is_sensitive,
            });
        }
        for variable in &self.params.variables {
            add(variable.clone());
        }
        Ok(merge(candidates)
            .into_iter()
            .map(|candidate| candidate.value)
            .collect())
    }

    fn builtin_variables(&self, port: u16) -> Vec<ReleaseVariable> {
        let stage = self.scene.environment.slug.as_str();
        let host = self.params.hosts.first().cloned().unwrap_or_default();
        let commit = self.params.rollback.as_ref().map_or_else(
            || {
                self.params
                    .source
                    .as_ref()
                    .and_then(|source| source.commit().map(str::to_owned))
            },
            |rollback| rollback.commit.clone(),
        );
        let plain = [
            ("STAGE", stage.to_owned()),
            ("PORT", port.to_string()),
            ("DOMAIN", host),
            (
                "DOMAIN_ALIASES",
                self.params
                    .hosts
                    .iter()
                    .skip(1)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(","),
            ),
            ("DOMAIN_REDIRECTS", String::new()),
            ("GIT_BRANCH", self.scene.environment.branch.to_string()),
            ("GIT_COMMIT", commit.unwrap_or_default()),
            ("SITE_NAME", self.scene.application.name.clone()),
            (
                "DEBUG",
                if stage == "test" { "True" } else { "False" }.to_owned(),
            ),
        ];
        let mut variables: Vec<ReleaseVariable> = plain
            .into_iter()
            .map(|(name, value)| builtin(name, VariableValue::Plain(value), false))
            .collect();
        variables.push(builtin(
            "SECRET_KEY",
            VariableValue::Secret(self.scene.environment.secret_key),
            true,
        ));
        variables
    }
}

fn two_values(name: &VariableName, one: &Prefix, other: &Prefix) -> Failure {
    Failure::permanent(
        "variable_twice",
        format!("the variable {name} would have two values: of the instances with the prefixes {one} and {other}"),
    )
    .with_hint("Give one of them another prefix with 'windlass service rename', or no names of a framework with 'windlass service variables-for PREFIX none', then deploy again.")
}

/// The names of the variables that Windlass itself gives to a release.
pub(crate) fn builtin_names() -> BTreeSet<&'static str> {
    BTreeSet::from([
        "STAGE",
        "PORT",
        "DOMAIN",
        "DOMAIN_ALIASES",
        "DOMAIN_REDIRECTS",
        "GIT_BRANCH",
        "GIT_COMMIT",
        "SITE_NAME",
        "DEBUG",
        "SECRET_KEY",
    ])
}

fn builtin(name: &str, value: VariableValue, is_sensitive: bool) -> ReleaseVariable {
    let name: VariableName = name.parse().expect("the built-in names are variable names");
    ReleaseVariable {
        name,
        source: VariableSource::Builtin,
        value,
        is_sensitive,
    }
}

fn process(name: ProcessName, command: Option<String>, port: Option<u16>) -> Process {
    Process {
        name,
        command,
        count: 1,
        port,
        health_path: "/".to_owned(),
    }
}
