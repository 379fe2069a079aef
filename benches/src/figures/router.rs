//! The router beside nginx and HAProxy, before the same backend.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{Stage, samples};
use crate::daemon::{Daemon, free_port};
use crate::hand;
use crate::installation::start_router;
use crate::report::{Bound, Figure, Limit, Row};
use crate::samples::Samples;

const CONNECTIONS: u32 = 64;
const HOST: &str = "bench.localhost";
/// Before each measurement, so that connections stand and caches are warm.
const WARM_UP: Duration = Duration::from_secs(1);
const BACKEND: &str = include_str!("../../proxies/backend.conf");
const NGINX: &str = include_str!("../../proxies/nginx.conf");
const HAPROXY: &str = include_str!("../../proxies/haproxy.cfg");
/// Debian's place for these is not in everybody's PATH.
const NGINX_PROGRAM: &str = "/usr/sbin/nginx";
const HAPROXY_PROGRAM: &str = "/usr/sbin/haproxy";

struct Proxy {
    name: &'static str,
    address: SocketAddr,
    rates: Vec<f64>,
    p99s: Vec<f64>,
    /// Lives as long as it is measured.
    _daemon: Daemon,
}

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let plan = stage.plan;
    let directory = stage.work.join("proxies");
    fs::create_dir(&directory)?;
    let backend = address()?;
    let _backend = nginx(
        &stage.work,
        &directory,
        "backend",
        BACKEND,
        backend,
        backend,
    )?;
    let mut proxies = vec![
        windlass(stage, &directory, backend)?,
        Proxy::new("nginx", |address| {
            nginx(&stage.work, &directory, "nginx", NGINX, address, backend)
        })?,
        Proxy::new("HAProxy", |address| {
            haproxy(&stage.work, &directory, address, backend)
        })?,
    ];
    for round in 0..plan.proxy {
        // Each takes every place in turn.
        let places = proxies.len();
        for place in 0..places {
            let proxy = &mut proxies[(usize::try_from(round)? + place) % places];
            wrk(proxy.address, WARM_UP)?;
            let (rate, p99) = wrk(proxy.address, plan.proxy_round)?;
            proxy.rates.push(rate);
            proxy.p99s.push(p99);
        }
    }
    let (direct, _) = wrk(backend, WARM_UP * 2)?;
    let measured: Vec<(&str, Samples, Samples)> = proxies
        .into_iter()
        .map(|proxy| Ok((proxy.name, samples(proxy.rates)?, samples(proxy.p99s)?)))
        .collect::<Result<_>>()?;
    let (mut rows, mut bounds) = (Vec::new(), Vec::new());
    for (name, rates, _) in &measured {
        rows.push(Row::new(format!("{name}, requests"), "1/s", rates));
    }
    for (name, _, p99s) in &measured {
        rows.push(Row::new(
            format!("{name}, 99 % of answers within"),
            "ms",
            p99s,
        ));
    }
    let [(_, own_rates, own_p99s), others @ ..] = measured.as_slice() else {
        bail!("nothing was measured")
    };
    for (name, rates, p99s) in others {
        let rate = own_rates.median() / rates.median();
        bounds.push(Bound::new(
            format!("requests a second, to {name}"),
            "times",
            rate,
            Limit::AtLeast(1.0),
        ));
        let p99 = own_p99s.median() / p99s.median();
        bounds.push(Bound::new(
            format!("99th percentile, to {name}"),
            "times",
            p99,
            Limit::AtMost(1.0),
        ));
    }
    Ok(Figure {
        title: "The router beside nginx and HAProxy, with 64 connections and a small answer",
        rows,
        bounds,
        notes: vec![format!(
            "the backend without a proxy: {direct:.0} requests a second"
        )],
    })
}

impl Proxy {
    fn new(name: &'static str, start: impl FnOnce(SocketAddr) -> Result<Daemon>) -> Result<Self> {
        let address = address()?;
        Ok(Self {
            name,
            address,
            rates: Vec::new(),
            p99s: Vec::new(),
            _daemon: start(address)?,
        })
    }
}

/// A router of its own, whose table is written by hand.
fn windlass(stage: &Stage, proxies: &Path, backend: SocketAddr) -> Result<Proxy> {
    let directory = proxies.join("windlass");
    fs::create_dir_all(directory.join("router"))?;
    let id = "018f0000-0000-7000-8000-000000000001";
    let table = serde_json::json!({"generation": 1, "routes": [
        {"host": HOST, "environment": id, "release": id, "upstreams": [backend.to_string()]}
    ]});
    fs::write(
        directory.join("router").join("table.json"),
        table.to_string(),
    )?;
    Proxy::new("Windlass", |address| {
        start_router(
            &stage.windlass,
            &stage.work,
            "measured-router",
            &directory,
            address,
        )
    })
}

fn nginx(
    work: &Path,
    directory: &Path,
    name: &str,
    template: &str,
    address: SocketAddr,
    backend: SocketAddr,
) -> Result<Daemon> {
    let file = directory.join(format!("{name}.conf"));
    fs::write(&file, fill_in(template, directory, address, backend))?;
    let mut command = Command::new(NGINX_PROGRAM);
    // Before the file is read it would complain about its usual log, which only root may write.
    command
        .arg("-e")
        .arg(directory.join(format!("{name}-nginx.log")))
        .arg("-p")
        .arg(directory)
        .arg("-c")
        .arg(file);
    Daemon::start(work, name, command, address)
}

fn haproxy(
    work: &Path,
    directory: &Path,
    address: SocketAddr,
    backend: SocketAddr,
) -> Result<Daemon> {
    let file = directory.join("haproxy.cfg");
    fs::write(&file, fill_in(HAPROXY, directory, address, backend))?;
    let mut command = Command::new(HAPROXY_PROGRAM);
    command.arg("-db").arg("-f").arg(file);
    Daemon::start(work, "haproxy", command, address)
}

fn fill_in(template: &str, directory: &Path, address: SocketAddr, backend: SocketAddr) -> String {
    template
        .replace("{directory}", &directory.display().to_string())
        .replace("{port}", &address.port().to_string())
        .replace("{backend}", &backend.port().to_string())
}

fn address() -> Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, free_port()?).into())
}

/// Requests a second, and the 99th percentile in milliseconds.
fn wrk(address: SocketAddr, duration: Duration) -> Result<(f64, f64)> {
    let mut command = Command::new("wrk");
    command.args([
        "--threads",
        "1",
        "--latency",
        "--header",
        &format!("Host: {HOST}"),
    ]);
    command.args([
        "--connections",
        &CONNECTIONS.to_string(),
        "--duration",
        &format!("{}s", duration.as_secs()),
    ]);
    read(&hand::run(command.arg(format!("http://{address}/")))?)
}

fn read(output: &str) -> Result<(f64, f64)> {
    // A proxy that answers quickly because it answers with errors has not been measured.
    if let Some(line) = output
        .lines()
        .find(|line| line.contains("Non-2xx") || line.contains("Socket errors"))
    {
        bail!("wrk had failures: {}", line.trim());
    }
    let value = |key: &str| {
        let line = output
            .lines()
            .find_map(|line| line.trim().strip_prefix(key));
        line.map(str::trim)
            .with_context(|| format!("wrk printed no '{key}':\n{output}"))
    };
    Ok((
        value("Requests/sec:")?.parse()?,
        milliseconds(value("99%")?)?,
    ))
}

fn milliseconds(text: &str) -> Result<f64> {
    let (number, factor) = match text {
        text if text.ends_with("us") => (text.trim_end_matches("us"), 0.001),
        text if text.ends_with("ms") => (text.trim_end_matches("ms"), 1.0),
        text => (text.trim_end_matches('s'), 1000.0),
    };
    let number: f64 = number
        .parse()
        .with_context(|| format!("'{text}' is no time"))?;
    Ok(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Running 2s test\n  Latency Distribution\n     50%  530.00us\n     99%    1.72ms\n\
        Requests/sec:  82600.12\nTransfer/sec:      2.00MB\n";

    #[test]
    fn wrk_is_understood() {
        let (rate, p99) = read(OUTPUT).unwrap();
        assert!((rate - 82600.12).abs() < 1e-6 && (p99 - 1.72).abs() < 1e-6);
        for (text, expected) in [("530.00us", 0.53), ("1.50s", 1500.0)] {
            assert!(
                (milliseconds(text).unwrap() - expected).abs() < 1e-6,
                "{text}"
            );
        }
    }

    #[test]
    fn failures_are_not_a_measurement() {
        read(&format!("{OUTPUT}  Non-2xx or 3xx responses: 3\n")).unwrap_err();
        read(&format!(
            "  Socket errors: connect 0, read 1, write 0, timeout 0\n{OUTPUT}"
        ))
        .unwrap_err();
        read("").unwrap_err();
    }
}
