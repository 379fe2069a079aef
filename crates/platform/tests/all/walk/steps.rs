//! What users do, drawn at random, and doing it.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use windlass_engine::simulated::{Failure, Fault, Method};
use windlass_model::id::InstanceId;
use windlass_operations::OperationState;
use windlass_platform::Error;
use windlass_records::DeploymentStatus;
use windlass_services::simulated::{Call, Fault as ServiceFault, Refusal};

use super::super::support::World;
use super::super::support::images::{COMMANDS, CRASHING, ONE, TWO};
use super::super::support::looks::refusal;
use super::super::support::verbs::{App, PRIVATE, SHARED};
use super::model::Model;

const PREFIXES: [&str; 4] = ["DEFAULT", "A", "B", "C"];
const NAMES: [&str; 5] = ["COLOUR", "SIZE", "A_DATABASE_DSN", "DATABASE_URL", "STAGE"];

/// How a deployment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deploy {
    Well,
    FailsToProvision,
    FailsToBuild,
    FailsToPrepare,
    FailsInReleaseCommand,
    FailsToStart,
    FailsItsHealthCheck,
}

/// What a user does. Instances are counted from 0.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Add {
        service: &'static str,
        prefix: String,
    },
    Provision(usize),
    Attach(usize),
    Detach(usize),
    Cancel(usize),
    Rename(usize, String),
    Remove(usize),
    Deploy(Deploy, String),
    Rollback(usize),
    Set {
        name: String,
        value: String,
        hides: bool,
    },
    Unset(String),
}

impl Verb {
    pub(super) fn random(random: &mut StdRng, model: &Model) -> Self {
        let pick = |random: &mut StdRng, from: &[&str]| {
            (*from.choose(random).expect("there is one")).to_owned()
        };
        let count = model.instances.len();
        let choice = random.random_range(0..100);
        if choice < 12 || (count == 0 && choice < 60) {
            let service = if random.random_bool(0.7) {
                SHARED
            } else {
                PRIVATE
            };
            return Self::Add {
                service,
                prefix: pick(random, &PREFIXES),
            };
        }
        if choice < 60 && count > 0 {
            // The newest are the most alive.
            let index = count - 1 - random.random_range(0..count.min(4));
            return match choice {
                12..18 => Self::Provision(index),
                18..26 => Self::Attach(index),
                26..38 => Self::Detach(index),
                38..44 => Self::Cancel(index),
                44..50 => Self::Rename(index, pick(random, &PREFIXES)),
                _ => Self::Remove(index),
            };
        }
        match choice {
            60..82 => Self::Deploy(
                Deploy::random(random, model),
                pick(random, &[ONE, TWO, COMMANDS]),
            ),
            82..90 => Self::Rollback(random.random_range(0..=model.releases() + 1)),
            90..96 => Self::Set {
                name: pick(random, &NAMES),
                value: format!("{}", random.random_range(0..1000)),
                hides: random.random_bool(0.3),
            },
            _ => Self::Unset(pick(random, &NAMES)),
        }
    }
}

impl Deploy {
    fn random(random: &mut StdRng, model: &Model) -> Self {
        match random.random_range(0..10) {
            0 => Self::FailsToBuild,
            1 => Self::FailsToPrepare,
            2 => Self::FailsInReleaseCommand,
            3 => Self::FailsToStart,
            4 => Self::FailsItsHealthCheck,
            5 if model.has("NEW") => Self::FailsToProvision,
            _ => Self::Well,
        }
    }
}

type Given = Result<(), (String, String)>;

/// Does it on the platform. A refusal is its code and text.
pub(super) async fn play(world: &World, app: App, ids: &mut Vec<InstanceId>, verb: &Verb) -> Given {
    let (platform, context) = (&world.platform, &world.context);
    match verb {
        Verb::Add { service, prefix } => {
            let id = given(world.try_add(app.test, service, prefix).await)?;
            ids.push(id);
            Ok(())
        }
        Verb::Provision(index) => {
            let operation = given(platform.provision_instance(context, ids[*index]).await)?;
            succeeds(world, operation).await;
            Ok(())
        }
        Verb::Attach(index) => {
            given(platform.attach_instance(context, ids[*index]).await).map(drop)
        }
        Verb::Detach(index) => {
            given(platform.detach_instance(context, ids[*index]).await).map(drop)
        }
        Verb::Cancel(index) => {
            given(platform.cancel_detachment(context, ids[*index]).await).map(drop)
        }
        Verb::Rename(index, prefix) => {
            let renamed = platform.rename_instance(context, ids[*index], Some(prefix), None);
            given(renamed.await).map(drop)
        }
        Verb::Remove(index) => {
            let prefix = world.instance(ids[*index]).await.prefix;
            let removal = platform.remove_instance(context, ids[*index], prefix.as_str());
            let operation = given(removal.await)?;
            succeeds(world, operation).await;
            Ok(())
        }
        Verb::Deploy(how, image) => {
            deploy(world, app, *how, image).await;
            Ok(())
        }
        Verb::Rollback(number) => {
            let number = u32::try_from(*number).expect("walks are short");
            let view = given(world.roll_back(app.test, number).await)?;
            assert_eq!(view.status, DeploymentStatus::Completed, "{view:?}");
            Ok(())
        }
        Verb::Set { name, value, hides } => {
            given(world.try_set(app.test, name, value, *hides).await)
        }
        Verb::Unset(name) => {
            let unset = platform.unset_variables(context, app.test, std::slice::from_ref(name));
            given(unset.await)
        }
    }
}

async fn deploy(world: &World, app: App, how: Deploy, image: &str) {
    let refused = Fault::Before(Failure::Refused);
    let (mut image, mut command) = (image, "migrate");
    match how {
        Deploy::Well => {}
        Deploy::FailsToProvision => {
            let full = ServiceFault::Before(Refusal::Full);
            world.driver.fault(Call::Provision, full);
        }
        Deploy::FailsToBuild => world.engine.plan(Method::Tag, refused),
        Deploy::FailsToPrepare => world.engine.plan(Method::ExposedPorts, refused),
        Deploy::FailsInReleaseCommand => (image, command) = (COMMANDS, "fail"),
        Deploy::FailsToStart => world.engine.plan_for(Method::Ensure, "-web-", refused),
        Deploy::FailsItsHealthCheck => image = CRASHING,
    }
    world.set_release_commands(app, &[command]).await;
    let view = world.deploy(app.test, image).await;
    let expected = match how {
        Deploy::Well => DeploymentStatus::Completed,
        _ => DeploymentStatus::Failed,
    };
    assert_eq!(view.status, expected, "{how:?}: {:?}", view.deployment);
}

async fn succeeds(world: &World, operation: windlass_operations::Operation) {
    let ended = world.ended(operation).await;
    assert_eq!(ended.state, OperationState::Succeeded, "{ended:?}");
}

fn given<T: std::fmt::Debug>(result: Result<T, Error>) -> Result<T, (String, String)> {
    match result {
        Ok(given) => Ok(given),
        refused => Err(refusal(refused)),
    }
}
