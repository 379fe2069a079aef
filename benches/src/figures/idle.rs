//! What a server and a router take while nobody asks anything of them.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::{IMAGE, Stage, samples};
use crate::installation::Installation;
use crate::report::{Bound, Figure, Limit, Row};

/// Of server and router together, in MB (10^6 bytes).
const MEMORY: f64 = 60.0;
/// Of one core, in per cent.
const PROCESSOR: f64 = 0.5;
/// Linux counts processor time for programs in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (plan, name) = (stage.plan, stage.name.clone());
    let installation = stage.installation()?;
    let api = &installation.api;
    for number in 0..plan.applications {
        let application = api.create_application(&format!("{name}-idle-{number}"))?;
        if number == 0 {
            api.add_instance(&application.environment, "postgres-15-shared", "DEFAULT")?;
        }
        if number < plan.deployed {
            api.wait(&api.deploy(&application.environment, IMAGE)?)?;
        }
    }
    std::thread::sleep(plan.settle);

    let before = [
        ticks(installation.server.id())?,
        ticks(installation.router.id())?,
    ];
    let started = Instant::now();
    std::thread::sleep(plan.idle);
    let seconds = started.elapsed().as_secs_f64();
    let after = [
        ticks(installation.server.id())?,
        ticks(installation.router.id())?,
    ];
    let share = |index: usize| (after[index] - before[index]) / TICKS_PER_SECOND / seconds * 100.0;
    let (server, router) = memory(installation)?;
    let row = |what: &str, unit, value| anyhow::Ok(Row::new(what, unit, &samples(vec![value])?));
    Ok(Figure {
        title: "Server and router with nothing to do",
        rows: vec![
            row("the server's resident memory", "MB", server)?,
            row("the router's resident memory", "MB", router)?,
            row("the server's processor time, of a core", "%", share(0))?,
            row("the router's processor time, of a core", "%", share(1))?,
        ],
        bounds: vec![
            Bound::new(
                "resident memory together",
                "MB",
                server + router,
                Limit::AtMost(MEMORY),
            ),
            Bound::new(
                "processor time together, of a core",
                "%",
                share(0) + share(1),
                Limit::AtMost(PROCESSOR),
            ),
        ],
        notes: vec![format!(
            "{} applications, {} of them deployed, one with a database; watched for {seconds:.0} s. Pages of the binary \
             that both have in memory count twice.",
            plan.applications, plan.deployed
        )],
    })
}

/// Resident memory of server and router, in MB.
fn memory(installation: &Installation) -> Result<(f64, f64)> {
    Ok((
        resident(installation.server.id())?,
        resident(installation.router.id())?,
    ))
}

fn resident(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))
        .context("a process that is measured has ended")?;
    let kibibytes = text
        .lines()
        .find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB"));
    let kibibytes: f64 = kibibytes.context("smaps_rollup has no Rss")?.parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Processor time of a process until now, in ticks.
fn ticks(process: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))
        .context("a process that is measured has ended")?;
    // The second field is the program's name in parentheses and may hold spaces; user and system time are
    // fields 14 and 15, proc(5).
    let (_, rest) = text.rsplit_once(')').context("stat has no name")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| {
        anyhow::Ok(
            fields
                .get(number - 3)
                .context("stat is too short")?
                .parse::<f64>()?,
        )
    };
    Ok(field(14)? + field(15)?)
}
