//! What the platform promises, in a hundred lines: an own account of the life cycle, without its table.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;
use windlass_model::id::{InstanceId, short};
use windlass_records::Store;

use super::super::support::World;
use super::super::support::looks::web_container;
use super::super::support::tidy::ensure;
use super::super::support::verbs::App;
use super::steps::{Deploy, Verb};

const BUILT_IN: [&str; 10] = [
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
];

/// An instance.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) state: &'static str,
    pub(super) prefix: String,
}

/// A release: image, instances with their prefixes, custom variables.
#[derive(Debug, Clone)]
struct Release {
    image: String,
    instances: BTreeMap<usize, String>,
    variables: BTreeMap<String, String>,
}

/// One environment.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) instances: Vec<Instance>,
    /// Custom variables, and whether each may hide.
    variables: BTreeMap<String, (String, bool)>,
    /// The releases by number, less one.
    releases: Vec<Release>,
}

type Outcome = Result<(), &'static str>;

impl Model {
    pub(super) fn releases(&self) -> usize {
        self.releases.len()
    }

    pub(super) fn has(&self, state: &str) -> bool {
        self.instances.iter().any(|it| it.state == state)
    }

    /// Does the verb, or says with which code it is refused.
    pub(super) fn take(&mut self, verb: &Verb) -> Outcome {
        match verb {
            Verb::Add { prefix, .. } => {
                self.check_prefix(prefix, None)?;
                self.instances.push(Instance {
                    state: "NEW",
                    prefix: prefix.clone(),
                });
                Ok(())
            }
            Verb::Provision(index) => self.change(*index, |state| match state {
                "NEW" => Ok("PENDING_ATTACHMENT"),
                "REMOVED" => Err("removed"),
                _ => Err("already_provisioned"),
            }),
            Verb::Attach(index) => {
                self.check_wish(*index, "DETACHED")?;
                self.change(*index, |state| match state {
                    "DETACHED" => Ok("PENDING_ATTACHMENT"),
                    "NEW" | "PENDING_ATTACHMENT" => Err("already_pending_attachment"),
                    "ATTACHED" => Err("already_attached"),
                    "PENDING_DETACHMENT" => Err("cancel_detach_instead"),
                    _ => Err("removed"),
                })
            }
            Verb::Detach(index) => self.change(*index, |state| match state {
                "ATTACHED" => Ok("PENDING_DETACHMENT"),
                "NEW" | "PENDING_ATTACHMENT" => Err("not_attached"),
                "PENDING_DETACHMENT" => Err("already_pending_detachment"),
                "DETACHED" => Err("already_detached"),
                _ => Err("removed"),
            }),
            Verb::Cancel(index) => {
                self.check_wish(*index, "PENDING_DETACHMENT")?;
                self.change(*index, |state| match state {
                    "PENDING_DETACHMENT" => Ok("ATTACHED"),
                    "REMOVED" => Err("removed"),
                    _ => Err("nothing_to_cancel"),
                })
            }
            Verb::Rename(index, prefix) => {
                if self.instances[*index].state == "REMOVED" {
                    return Err("removed");
                }
                self.check_prefix(prefix, Some(*index))?;
                self.instances[*index].prefix.clone_from(prefix);
                Ok(())
            }
            Verb::Remove(index) => self.change(*index, |state| match state {
                "NEW" | "PENDING_ATTACHMENT" | "DETACHED" => Ok("REMOVED"),
                "ATTACHED" => Err("detach_first"),
                "PENDING_DETACHMENT" => Err("deploy_first"),
                _ => Err("removed"),
            }),
            Verb::Set { name, value, hides } => {
                let given = self.instances.iter().filter(|it| wished(it.state));
                let given: BTreeSet<String> = given.flat_map(|it| names(&it.prefix)).collect();
                if given.contains(name) && !hides {
                    return Err("invalid");
                }
                self.variables.insert(name.clone(), (value.clone(), *hides));
                Ok(())
            }
            Verb::Unset(name) => self.variables.remove(name).map(drop).ok_or("not_found"),
            Verb::Deploy(how, image) => {
                self.deploy(*how, image);
                Ok(())
            }
            Verb::Rollback(number) => self.roll_back(*number),
        }
    }

    fn change(
        &mut self,
        index: usize,
        next: impl Fn(&str) -> Result<&'static str, &'static str>,
    ) -> Outcome {
        let instance = &mut self.instances[index];
        instance.state = next(instance.state)?;
        Ok(())
    }

    fn check_prefix(&self, prefix: &str, own: Option<usize>) -> Outcome {
        let others = self.instances.iter().enumerate();
        let taken = others
            .filter(|(index, it)| Some(*index) != own && it.state != "REMOVED")
            .any(|(_, it)| it.prefix == prefix);
        let hidden = names(prefix)
            .iter()
            .filter(|name| *name != "DATABASE_URL")
            .any(|name| self.variables.get(name).is_some_and(|(_, hides)| !hides));
        if taken || hidden {
            Err("invalid")
        } else {
            Ok(())
        }
    }

    /// A variable that was set meanwhile must not hide what comes back.
    fn check_wish(&self, index: usize, state: &str) -> Outcome {
        let instance = &self.instances[index];
        if instance.state == state {
            self.check_prefix(&instance.prefix, Some(index))
        } else {
            Ok(())
        }
    }

    fn deploy(&mut self, how: Deploy, image: &str) {
        if how == Deploy::FailsToProvision {
            return;
        }
        // What is new is provisioned before anything else, and stays so.
        for instance in &mut self.instances {
            if instance.state == "NEW" {
                instance.state = "PENDING_ATTACHMENT";
            }
        }
        if how != Deploy::Well {
            return;
        }
        let instances = self.instances.iter().enumerate();
        let with = instances
            .filter(|(_, it)| wished(it.state))
            .map(|(index, it)| (index, it.prefix.clone()))
            .collect();
        let variables = self.variables.iter();
        let variables = variables
            .map(|(name, (value, _))| (name.clone(), value.clone()))
            .collect();
        self.run(Release {
            image: image.to_owned(),
            instances: with,
            variables,
        });
    }

    fn roll_back(&mut self, number: usize) -> Outcome {
        let Some(release) = number.checked_sub(1).and_then(|it| self.releases.get(it)) else {
            return Err("not_found");
        };
        if number == self.releases.len() {
            return Err("running");
        }
        let gone = |index: &usize| matches!(self.instances[*index].state, "DETACHED" | "REMOVED");
        if release.instances.keys().any(gone) {
            return Err("rollback_impossible");
        }
        self.run(release.clone());
        Ok(())
    }

    fn run(&mut self, release: Release) {
        for (index, instance) in self.instances.iter_mut().enumerate() {
            let with = release.instances.contains_key(&index);
            instance.state = match (instance.state, with) {
                ("PENDING_ATTACHMENT", true) => "ATTACHED",
                ("ATTACHED", false) => "PENDING_ATTACHMENT",
                ("PENDING_DETACHMENT", false) => "DETACHED",
                (other, _) => other,
            };
        }
        self.releases.push(release);
    }

    /// Whether the world is as the model says.
    pub(super) async fn compare(
        &self,
        world: &World,
        app: App,
        ids: &[InstanceId],
    ) -> Result<(), String> {
        for (instance, id) in self.instances.iter().zip(ids) {
            let row = world.instance(*id).await;
            ensure!(
                row.state.as_str() == instance.state && row.prefix.as_str() == instance.prefix,
                "an instance should be {instance:?} and is {row:?}"
            );
        }
        let Some(release) = self.releases.last() else {
            let running = world.release(app.test).await;
            ensure!(running.is_none(), "nothing should run: {running:?}");
            return Ok(());
        };
        let row = world.release(app.test).await.ok_or("nothing runs")?;
        ensure!(
            usize::try_from(row.number).ok() == Some(self.releases.len()),
            "release {} runs and not {}",
            row.number,
            self.releases.len()
        );
        let workload = world
            .engine
            .workload(&web_container(&row))
            .ok_or("no container")?;
        let image = windlass_engine::ImageReference(release.image.clone());
        let image = windlass_engine::Engine::image(&world.engine, &image).await;
        ensure!(
            image.is_ok_and(|image| image.as_ref() == Some(&workload.image)),
            "the image is not {}",
            release.image
        );
        let variables: BTreeMap<&str, &str> = workload
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose_secret()))
            .collect();
        let mut wanted: BTreeSet<String> = BUILT_IN.iter().map(ToString::to_string).collect();
        wanted.extend(release.instances.values().flat_map(|prefix| names(prefix)));
        wanted.extend(release.variables.keys().cloned());
        let there: BTreeSet<String> = variables.keys().map(ToString::to_string).collect();
        ensure!(there == wanted, "variables are {there:?}, not {wanted:?}");
        for (name, value) in &release.variables {
            ensure!(variables[name.as_str()] == value, "{name} is not {value}");
        }
        self.compare_credentials(world, release, &variables, ids)
            .await
    }

    /// Exactly the credentials of the running release can log in.
    async fn compare_credentials(
        &self,
        world: &World,
        release: &Release,
        variables: &BTreeMap<&str, &str>,
        ids: &[InstanceId],
    ) -> Result<(), String> {
        let mut users = BTreeSet::new();
        for (index, prefix) in &release.instances {
            let user = variables[format!("{prefix}_DATABASE_USER").as_str()];
            ensure!(
                user.starts_with(&format!("svc_{}_", short(ids[*index]))),
                "{prefix} has user {user}"
            );
            let password = variables[format!("{prefix}_DATABASE_PASSWORD").as_str()];
            let cluster = world
                .instance(ids[*index])
                .await
                .cluster
                .ok_or("no cluster")?;
            let cluster = world.store.cluster(cluster).await.ok().flatten();
            let cluster = cluster.ok_or("no cluster")?;
            ensure!(
                world.driver.login(cluster.id, user, password),
                "{prefix} cannot log in"
            );
            users.insert(user.to_owned());
        }
        let there = world.users();
        ensure!(there == users, "users are {there:?}, not {users:?}");
        Ok(())
    }
}

fn wished(state: &str) -> bool {
    matches!(state, "NEW" | "PENDING_ATTACHMENT" | "ATTACHED")
}

/// The variables that an instance gives.
fn names(prefix: &str) -> Vec<String> {
    let suffixes = ["DSN", "HOST", "PORT", "NAME", "USER", "PASSWORD"];
    let own = suffixes.map(|suffix| format!("{prefix}_DATABASE_{suffix}"));
    let alias = (prefix == "DEFAULT").then(|| "DATABASE_URL".to_owned());
    own.into_iter().chain(alias).collect()
}
