//! Deployments under load: no request may fail.

use std::time::Instant;

use anyhow::Result;

use super::{IMAGE, Stage, samples, since};
use crate::load::Load;
use crate::report::{Bound, Figure, Limit, Row};

/// Requests a second.
const RATE: u64 = 500;

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (deployments, slug) = (stage.plan.deployments, format!("{}-load", stage.name));
    let installation = stage.installation()?;
    let api = &installation.api;
    let application = api.create_application(&slug)?;
    let deploy = || {
        api.wait(&api.deploy(&application.environment, IMAGE)?)
            .map(drop)
    };
    deploy()?;

    let load = Load::start(installation.sites, &application.host, RATE);
    let mut lengths = Vec::new();
    let mut done = Ok(());
    for _ in 0..deployments {
        let started = Instant::now();
        done = deploy();
        if done.is_err() {
            break;
        }
        lengths.push(since(started));
    }
    let outcome = load.finish()?;
    done?;
    let failed: u64 = outcome.failures.values().sum();
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand at most")]
    let (failed, requests) = (failed as f64, outcome.requests as f64);
    let mut notes = vec![format!(
        "{requests} requests, {:.0} a second, over {deployments} deployments; answers: median {:.1} ms, 99 % {:.1} ms, slowest {:.1} ms",
        requests / outcome.seconds,
        outcome.latencies.median(),
        outcome.latencies.quantile(990),
        outcome.latencies.most(),
    )];
    notes.extend(
        outcome
            .failures
            .iter()
            .map(|(why, count)| format!("failed, {why}: {count}")),
    );
    Ok(Figure {
        title: "Requests while an application is deployed again and again",
        rows: vec![Row::new(
            "a deployment, from the call to its end",
            "ms",
            &samples(lengths)?,
        )],
        bounds: vec![
            Bound::new("failed requests", "requests", failed, Limit::AtMost(0.0)),
            // Else the load was not what it is said to be.
            Bound::new(
                "requests a second",
                "1/s",
                requests / outcome.seconds,
                Limit::AtLeast(RATE_HELD),
            ),
        ],
        notes,
    })
}

/// The rate, less what is lost at the beginning and the end.
const RATE_HELD: f64 = 495.0;
