//! What Docker in particular has to hold: limits, privileges, data, health, grace.

mod builds;
mod lost;
mod networks;
#[path = "../support/mod.rs"]
mod support;
mod volumes;

use std::time::Duration;

use bollard::models::RestartPolicyNameEnum;
use bollard::query_parameters::InspectContainerOptions;
use futures::StreamExt;
use support::{DEADLINE, Place, wait_until};
use tokio::sync::mpsc;
use windlass_engine::{Attachment, Engine, Error, Health, Mount, NetworkSpec, Phase, Restart};

pub(crate) async fn shell(place: &Place, container: &str, script: &str) -> (i64, String) {
    let command = ["sh", "-c", script].map(str::to_owned);
    let out = place
        .engine
        .exec(container, &command, None, DEADLINE)
        .await
        .expect("exec");
    let text = [out.stdout, out.stderr].concat();
    (
        out.code,
        String::from_utf8(text).expect("text").trim().to_owned(),
    )
}

async fn network(place: &Place, suffix: &str, number: u32) -> NetworkSpec {
    let spec = NetworkSpec {
        name: place.name(suffix),
        subnet: place.subnet(number),
        labels: place.labels(),
    };
    place.engine.ensure_network(&spec).await.expect("network");
    spec
}

fn attachment(network: &NetworkSpec, alias: &str) -> Attachment {
    Attachment {
        network: network.name.clone(),
        aliases: vec![alias.to_owned()],
    }
}

#[tokio::test]
async fn limits_and_privileges_are_as_asked() {
    let place = Place::new().await;
    let mut wanted = place.workload("web", &["sleep", "1000"]).await;
    wanted.restart = Restart::Always;
    wanted.limits.cpu_millis = 1_000_000;
    place
        .engine
        .ensure(&wanted)
        .await
        .expect("more processors than there are is no error");
    let made = place
        .docker
        .inspect_container(&wanted.name, None::<InspectContainerOptions>)
        .await
        .expect("inspect");
    let host = made.host_config.expect("its settings");
    assert_eq!(host.memory, Some(wanted.limits.memory_bytes));
    assert_eq!(host.memory_swap, host.memory, "no swap on top");
    assert_eq!(host.pids_limit, Some(50));
    assert_eq!(
        host.restart_policy.and_then(|policy| policy.name),
        Some(RestartPolicyNameEnum::UNLESS_STOPPED)
    );
    let logs = host.log_config.expect("its log");
    assert_eq!(logs.typ.as_deref(), Some("json-file"));
    assert!(
        logs.config.is_some_and(
            |config| config.contains_key("max-size") && config.contains_key("max-file")
        )
    );

    let (_, status) = shell(
        &place,
        &wanted.name,
        "grep -E 'NoNewPrivs|CapBnd' /proc/self/status",
    )
    .await;
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect("the field")
            .trim()
            .to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    let bounding = u64::from_str_radix(&field("CapBnd:"), 16).expect("a mask");
    for (dropped, bit) in [
        ("NET_RAW", 13),
        ("MKNOD", 27),
        ("SETFCAP", 31),
        ("SYS_ADMIN", 21),
    ] {
        assert_eq!(bounding >> bit & 1, 0, "{dropped} must be dropped");
    }
    // What the entry points of databases do.
    let script = "mkdir /data && chown 1000:1000 /data && setpriv --reuid=1000 --regid=1000 --clear-groups sh -c 'touch /data/x && id -u'";
    assert_eq!(
        shell(&place, &wanted.name, script).await,
        (0, "1000".to_owned())
    );
    let (code, _) = shell(
        &place,
        &wanted.name,
        "for i in $(seq 200); do sleep 5 & done; wait",
    )
    .await;
    assert_ne!(code, 0, "more processes than allowed must fail");
}

#[tokio::test]
async fn data_stays_in_its_volume() {
    let place = Place::new().await;
    let data = place.name("data");
    place
        .engine
        .ensure_volume(&data, &place.labels())
        .await
        .expect("volume");
    let mut wanted = place.workload("cluster", &["sleep", "1000"]).await;
    wanted.mounts = vec![Mount {
        volume: data,
        path: "/data".to_owned(),
    }];
    place.engine.ensure(&wanted).await.expect("ensure");
    assert_eq!(
        shell(&place, &wanted.name, "echo precious > /data/file && sync")
            .await
            .0,
        0
    );
    place.engine.remove(&wanted.name).await.expect("removal");
    place.engine.ensure(&wanted).await.expect("ensure again");
    assert_eq!(
        shell(&place, &wanted.name, "cat /data/file").await,
        (0, "precious".to_owned())
    );
}

#[tokio::test]
async fn health_is_what_the_check_says() {
    let place = Place::new().await;
    let mut wanted = place.workload("web", &["sleep", "1000"]).await;
    let command = ["test", "-e", "/ready"].map(str::to_owned).to_vec();
    wanted.health = Some(Health {
        command,
        interval: Duration::from_secs(1),
    });
    assert_eq!(
        place.engine.ensure(&wanted).await.expect("ensure").healthy,
        None
    );
    let health = async || {
        place
            .engine
            .inspect(&wanted.name)
            .await
            .expect("inspect")
            .expect("it is there")
            .healthy
    };
    wait_until("it is unhealthy", || async {
        health().await == Some(false)
    })
    .await;
    shell(&place, &wanted.name, "touch /ready").await;
    wait_until("it is healthy", || async { health().await == Some(true) }).await;
}

#[tokio::test]
async fn a_stop_keeps_its_grace() {
    let place = Place::new().await;
    let script = "trap 'sleep 1; echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done";
    let gentle = place.workload("gentle", &["sh", "-c", script]).await;
    let mut stubborn = place
        .workload(
            "stubborn",
            &[
                "sh",
                "-c",
                "trap '' TERM; echo up; while :; do sleep 0.1; done",
            ],
        )
        .await;
    stubborn.stop_grace = Duration::from_secs(1);
    for (wanted, code) in [(&gentle, 0), (&stubborn, 137)] {
        place.engine.ensure(wanted).await.expect("ensure");
        let mut log = place
            .engine
            .logs(
                &wanted.name,
                &windlass_engine::LogOptions {
                    follow: true,
                    ..Default::default()
                },
            )
            .await
            .expect("logs");
        tokio::time::timeout(DEADLINE, log.next())
            .await
            .expect("it is up")
            .expect("a line")
            .expect("a line");
        place.engine.stop(&wanted.name).await.expect("stop");
        let phase = place
            .engine
            .inspect(&wanted.name)
            .await
            .expect("inspect")
            .expect("it stays")
            .phase;
        assert_eq!(phase, Phase::Exited { code }, "{}", wanted.name);
    }
}

#[tokio::test]
async fn a_container_that_was_only_made_is_started() {
    let place = Place::new().await;
    let spec = network(&place, "net", 0).await;
    let mut wanted = place.workload("web", &["sleep", "1000"]).await;
    wanted.networks = vec![attachment(&spec, "web")];
    place.engine.ensure(&wanted).await.expect("ensure");
    // As after a lost answer: it is there, out of its network, and does not run.
    place
        .engine
        .disconnect(&wanted.name, &spec.name)
        .await
        .expect("disconnect");
    place.engine.stop(&wanted.name).await.expect("stop");
    let again = place.engine.ensure(&wanted).await.expect("ensure again");
    assert_eq!(again.phase, Phase::Running);
    assert!(again.address(&spec.name).is_some(), "{again:?}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_refused_with_its_name() {
    let place = Place::new().await;
    let wanted = place.workload("web", &["/no/such/program"]).await;
    let mut image_default = wanted.clone();
    image_default.entrypoint = Some(vec!["/no/such/program".to_owned()]);
    image_default.name = place.name("entry");
    let (output, mut lines) = mpsc::channel(16);
    // docker-init starts; it is the program under it that is missing.
    let status = place.engine.run(&wanted, output).await;
    let said = lines.recv().await.map(|line| line.text);
    match status {
        Ok(status) => assert!(
            status.code == 127 && said.is_some_and(|text| text.contains("/no/such/program"))
        ),
        Err(Error::Refused { reason, .. }) => {
            assert!(reason.contains("/no/such/program"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
