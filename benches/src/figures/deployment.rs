//! A deployment of a ready image with a database, beside `docker run` of the same container.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::{IMAGE, Stage, samples, since};
use crate::api::Application;
use crate::hand::{self, Container};
use crate::http::{Connection, get};
use crate::installation::Installation;
use crate::operation::Steps;
use crate::report::{Bound, Figure, Limit, Row};
use crate::until::until;

/// What a deployment may take beyond the container itself, in milliseconds.
const ALLOWED: f64 = 500.0;
const DEADLINE: Duration = Duration::from_mins(1);
/// The last part of the address of the container by hand: Docker gives them out from the lowest on.
const HAND: u8 = 250;

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (rounds, name) = (stage.plan.deployment, stage.name.clone());
    let bench = Bench::prepare(&name, stage.installation()?)?;
    let (mut first, mut again, mut hand) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first_steps, mut again_steps) = (Steps::default(), Steps::default());
    for round in 0..rounds {
        // Each takes every place in turn.
        for place in 0..3 {
            match (round + place) % 3 {
                0 => first.push(bench.first(round, &mut first_steps)?),
                1 => again.push(bench.again(round, &mut again_steps)?),
                _ => hand.push(bench.by_hand(round)?),
            }
        }
    }
    let (first, again, hand) = (samples(first)?, samples(again)?, samples(hand)?);
    let over = |samples: &crate::samples::Samples| samples.median() - hand.median();
    Ok(Figure {
        title: "A deployment of a ready image with a database attached, from the call until it serves",
        rows: vec![
            Row::new("Windlass, the first of an application", "ms", &first),
            Row::new("Windlass, in place of a running release", "ms", &again),
            Row::new("by hand: docker run until the first answer", "ms", &hand),
        ],
        bounds: vec![
            Bound::new(
                "the first, over by hand",
                "ms",
                over(&first),
                Limit::AtMost(ALLOWED),
            ),
            Bound::new(
                "in place of another, over by hand",
                "ms",
                over(&again),
                Limit::AtMost(ALLOWED),
            ),
        ],
        notes: vec![
            format!("steps of the first, ms: {}", first_steps.medians()),
            format!("steps of the others, ms: {}", again_steps.medians()),
        ],
    })
}

struct Bench<'a> {
    name: &'a str,
    installation: &'a Installation,
    running: Application,
    /// Of `docker run`, but for the round.
    arguments: Vec<String>,
    address: SocketAddr,
}

impl<'a> Bench<'a> {
    /// Deploys an application, and takes from its container what the ones by hand are made with.
    fn prepare(name: &'a str, installation: &'a Installation) -> Result<Self> {
        let api = &installation.api;
        let running = api.create_application(&format!("{name}-again"))?;
        api.provision(&api.add_instance(&running.environment, "postgres-15-shared", "DEFAULT")?)?;
        api.wait(&api.deploy(&running.environment, IMAGE)?)?;
        let label = format!("windlass.environment={}", running.environment);
        let containers = hand::containers(&installation.id, "process", Some(&label))?;
        let container = containers
            .first()
            .context("the deployed application has no container")?;
        let (network, address) = hand::network_and_address(container)?;
        let address: Ipv4Addr = address
            .parse()
            .context("the address of the deployed container")?;
        let [a, b, c, _] = address.octets();
        let address = Ipv4Addr::new(a, b, c, HAND);
        let mut arguments = vec![
            "--network".to_owned(),
            network,
            "--ip".to_owned(),
            address.to_string(),
        ];
        let variables = hand::variables(container)?;
        let port = variables
            .iter()
            .find_map(|variable| variable.strip_prefix("PORT="));
        let port: u16 = port
            .context("the deployed container has no PORT")?
            .parse()?;
        for variable in variables {
            arguments.extend(["--env".to_owned(), variable]);
        }
        Ok(Self {
            name,
            installation,
            running,
            arguments,
            address: (address, port).into(),
        })
    }

    /// An application's first deployment; its database exists, and is attached by it.
    fn first(&self, round: u32, steps: &mut Steps) -> Result<f64> {
        let api = &self.installation.api;
        let application = api.create_application(&format!("{}-first-{round}", self.name))?;
        api.provision(&api.add_instance(
            &application.environment,
            "postgres-15-shared",
            "DEFAULT",
        )?)?;
        self.deploy(&application, round, steps)
    }

    /// A deployment of another configuration.
    fn again(&self, round: u32, steps: &mut Steps) -> Result<f64> {
        self.deploy(&self.running, round, steps)
    }

    fn deploy(&self, application: &Application, round: u32, steps: &mut Steps) -> Result<f64> {
        let api = &self.installation.api;
        let answer = format!("round {round}");
        api.set_variable(&application.environment, "ROUND", &answer)?;
        let started = Instant::now();
        let operation = api.deploy(&application.environment, IMAGE)?;
        wait_for(self.installation.sites, &application.host, &answer)?;
        let took = since(started);
        steps.add(&api.wait(&operation)?)?;
        Ok(took)
    }

    fn by_hand(&self, round: u32) -> Result<f64> {
        let answer = format!("round {round}");
        let mut arguments = self.arguments.clone();
        arguments.extend([
            "--env".to_owned(),
            format!("ROUND={answer}"),
            IMAGE.to_owned(),
        ]);
        let started = Instant::now();
        let _container = Container::run(self.name, &arguments)?;
        wait_for(self.address, "localhost", &answer)?;
        Ok(since(started))
    }
}

/// Asks until the answer is there.
fn wait_for(address: SocketAddr, host: &str, answer: &str) -> Result<()> {
    until(
        &format!("'{answer}' from {host} at {address}"),
        DEADLINE,
        || {
            let response = Connection::open(address, DEADLINE)
                .and_then(|mut connection| connection.exchange(&get(host)));
            Ok(response
                .ok()
                .filter(|response| response.status == 200 && response.body == answer.as_bytes())
                .map(drop))
        },
    )
}
