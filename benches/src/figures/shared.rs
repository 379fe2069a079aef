//! An instance on the shared cluster, beside a role and a database by hand on the same server.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::{Stage, samples, since};
use crate::hand;
use crate::operation::Steps;
use crate::report::{Bound, Figure, Limit, Row};

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (rounds, slug, psql) = (
        stage.plan.shared,
        format!("{}-shared", stage.name),
        stage.postgres_programs.join("psql"),
    );
    let installation = stage.installation()?;
    let api = &installation.api;
    let environment = api.create_application(&slug)?.environment;
    // The first instance starts the cluster's server.
    api.provision(&api.add_instance(&environment, "postgres-15-shared", "FIRST")?)?;

    let clusters = hand::containers(&installation.id, "cluster", None)?;
    let [cluster] = clusters.as_slice() else {
        anyhow::bail!("there is not one cluster but {}", clusters.len())
    };
    let (_, address) = hand::network_and_address(cluster)?;
    let variables = hand::variables(cluster)?;
    let password = variables
        .iter()
        .find_map(|variable| variable.strip_prefix("POSTGRES_PASSWORD="));
    let password = password.context("the cluster's container has no POSTGRES_PASSWORD")?;

    let by_windlass = |round: u32, steps: &mut Steps| {
        let instance = api.add_instance(
            &environment,
            "postgres-15-shared",
            &format!("ROUND_{round}"),
        )?;
        let started = Instant::now();
        let operation = api.provision(&instance)?;
        let took = since(started);
        let status = api.instance_status(&instance)?;
        ensure!(
            status == "PENDING_ATTACHMENT",
            "an instance is {status} after it was provisioned"
        );
        steps.add(&operation)?;
        anyhow::Ok(took)
    };
    let by_hand = |round: u32| {
        let role = format!("by_hand_{round}");
        let mut command = Command::new(&psql);
        command.args([
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--username=postgres",
            "--dbname=postgres",
        ]);
        command
            .arg(format!("--host={address}"))
            .env("PGPASSWORD", password);
        command
            .arg("--command")
            .arg(format!("CREATE ROLE {role} LOGIN PASSWORD 'a password'"));
        command
            .arg("--command")
            .arg(format!("CREATE DATABASE {role} OWNER {role}"));
        let started = Instant::now();
        hand::run(&mut command)?;
        anyhow::Ok(since(started))
    };
    let (mut windlass, mut hand, mut steps) = (Vec::new(), Vec::new(), Steps::default());
    for round in 0..rounds {
        if round % 2 == 0 {
            windlass.push(by_windlass(round, &mut steps)?);
            hand.push(by_hand(round)?);
        } else {
            hand.push(by_hand(round)?);
            windlass.push(by_windlass(round, &mut steps)?);
        }
    }
    let (windlass, hand) = (samples(windlass)?, samples(hand)?);
    let ratio = windlass.median() / hand.median();
    Ok(Figure {
        title: "A PostgreSQL instance on the shared cluster, from the call until it can be used",
        rows: vec![
            Row::new("Windlass", "ms", &windlass),
            Row::new("by hand: psql, CREATE ROLE, CREATE DATABASE", "ms", &hand),
        ],
        bounds: vec![Bound::new(
            "Windlass to by hand",
            "times",
            ratio,
            Limit::AtMost(1.0),
        )],
        notes: vec![format!("its steps, ms: {}", steps.medians())],
    })
}
