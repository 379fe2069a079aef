//! An instance with a server of its own, beside `docker run` of the same image until `pg_isready`.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Stage, samples, since};
use crate::hand::Container;
use crate::operation::Steps;
use crate::report::{Bound, Figure, Limit, Row};
use crate::until::until_every;

const SERVICE: &str = "postgres-15-private";
const PREFIX: &str = "OWN";
/// `initdb` on a slow disk.
const START_DEADLINE: Duration = Duration::from_mins(2);
/// Between two calls of `pg_isready`. Each is a process: without a pause they would take the processor
/// from the server that is starting. Windlass looks as often.
const LOOK: Duration = Duration::from_millis(50);

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (rounds, name) = (stage.plan.private, stage.name.clone());
    let pg_isready = stage.postgres_programs.join("pg_isready");
    let api = &stage.installation()?.api;
    let environment = api
        .create_application(&format!("{name}-private"))?
        .environment;

    let by_windlass = |steps: &mut Steps| {
        let instance = api.add_instance(&environment, SERVICE, PREFIX)?;
        let started = Instant::now();
        let operation = api.provision(&instance)?;
        let took = since(started);
        let status = api.instance_status(&instance)?;
        ensure!(
            status == "PENDING_ATTACHMENT",
            "an instance is {status} after it was provisioned"
        );
        steps.add(&operation)?;
        api.remove_instance(&instance, PREFIX)?;
        anyhow::Ok(took)
    };
    // With the limits that the catalogue gives to such a server, and a volume for its data.
    let arguments = [
        "--memory",
        "512m",
        "--cpus",
        "1",
        "--env",
        "POSTGRES_PASSWORD=a password",
    ];
    let arguments =
        arguments
            .into_iter()
            .chain(["--volume", "/var/lib/postgresql/data", "postgres:15"]);
    let arguments: Vec<String> = arguments.map(str::to_owned).collect();
    let by_hand = || {
        let started = Instant::now();
        let container = Container::run(&name, &arguments)?;
        let (_, address) = container.network_and_address()?;
        until_every(LOOK, "PostgreSQL to be ready", START_DEADLINE, || {
            let status = Command::new(&pg_isready)
                .args(["--quiet", "--host", &address])
                .status()?;
            Ok(status.success().then_some(()))
        })?;
        anyhow::Ok(since(started))
    };
    // Not counted: the environment's network is made, files come into memory.
    by_windlass(&mut Steps::default())?;
    by_hand()?;
    let (mut windlass, mut hand, mut steps) = (Vec::new(), Vec::new(), Steps::default());
    for round in 0..rounds {
        if round % 2 == 0 {
            windlass.push(by_windlass(&mut steps)?);
            hand.push(by_hand()?);
        } else {
            hand.push(by_hand()?);
            windlass.push(by_windlass(&mut steps)?);
        }
    }
    let (windlass, hand) = (samples(windlass)?, samples(hand)?);
    let ratio = windlass.median() / hand.median();
    Ok(Figure {
        title: "A private PostgreSQL, its image present, from the call until it can be used",
        rows: vec![
            Row::new("Windlass, with a database of its own", "ms", &windlass),
            Row::new("by hand: docker run until pg_isready", "ms", &hand),
        ],
        bounds: vec![Bound::new(
            "Windlass to by hand",
            "times",
            ratio,
            Limit::AtMost(1.2),
        )],
        notes: vec![format!("its steps, ms: {}", steps.medians())],
    })
}
