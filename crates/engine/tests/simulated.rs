//! What the simulated engine does beyond the contract: faults, time, sockets, reboots.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use windlass_engine::labels::INSTALLATION;
use windlass_engine::simulated::{
    Behaviour, Failure, Fault, Invocation, Kind, Method, Outcome, Program, SimulatedEngine,
    SimulatedSettings,
};
use windlass_engine::{
    Attachment, Engine, Error, ImageId, Labels, Limits, NetworkSpec, Phase, Restart, Workload,
};

const DEADLINE: Duration = Duration::from_secs(30);

fn engine() -> SimulatedEngine {
    SimulatedEngine::new(SimulatedSettings::default())
}

fn labels() -> Labels {
    Labels::new().with(INSTALLATION, "simulated")
}

fn workload(name: &str, image: &ImageId) -> Workload {
    Workload {
        name: name.to_owned(),
        image: image.clone(),
        command: None,
        entrypoint: None,
        environment: vec![("GREETING".to_owned(), "hello".to_owned().into())],
        files: Vec::new(),
        networks: vec![Attachment {
            network: "net".to_owned(),
            aliases: Vec::new(),
        }],
        mounts: Vec::new(),
        limits: Limits::default(),
        restart: Restart::Always,
        health: None,
        stop_grace: Duration::from_secs(10),
        labels: labels(),
    }
}

async fn with_network(engine: &SimulatedEngine) {
    let spec = NetworkSpec {
        name: "net".to_owned(),
        subnet: "10.0.0.0/24".to_owned(),
        labels: labels(),
    };
    engine.ensure_network(&spec).await.expect("success");
}

async fn request(stream: &mut TcpStream, path: &str) -> String {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
        .await
        .expect("success");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // The bodies of this test fit into the packet of the head.
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await.expect("success");
        assert!(count > 0, "the connection ended early");
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(answer).expect("success")
}

#[tokio::test]
async fn containers_really_serve_on_addresses_of_their_own() {
    let engine = engine();
    with_network(&engine).await;
    let image = engine.add_image("app:1", &[28_462], Behaviour::serving(503));
    let one = engine
        .ensure(&workload("one", &image))
        .await
        .expect("success");
    let two = engine
        .ensure(&workload("two", &image))
        .await
        .expect("success");
    let (address, other) = (
        one.address("net").expect("success"),
        two.address("net").expect("success"),
    );
    assert_ne!(address, other);
    let mut stream = TcpStream::connect((address, 28_462))
        .await
        .expect("success");
    let answer = request(&mut stream, "/").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.ends_with("one"),
        "{answer}"
    );
    let answer = request(&mut stream, "/env/GREETING").await;
    assert!(
        answer.ends_with("hello"),
        "the same connection serves again: {answer}"
    );
    engine.remove("one").await.expect("success");
    assert!(TcpStream::connect((address, 28_462)).await.is_err());
    assert!(TcpStream::connect((other, 28_462)).await.is_ok());
    assert_eq!(engine.snapshot().container_names(), ["two"]);
}

#[tokio::test]
async fn faults_strike_before_and_after_the_effect() {
    let engine = engine();
    engine.plan(Method::EnsureVolume, Fault::Before(Failure::Unreachable));
    engine.plan(Method::EnsureVolume, Fault::After(Failure::NoAnswer));
    let before = engine.ensure_volume("data", &labels()).await.unwrap_err();
    assert!(matches!(before, Error::Unreachable { .. }) && !before.effect_unknown());
    assert!(engine.snapshot().volumes.is_empty());
    let after = engine.ensure_volume("data", &labels()).await.unwrap_err();
    assert!(matches!(after, Error::NoAnswer { .. }) && after.effect_unknown());
    assert_eq!(engine.snapshot().volumes, ["data"]);
    engine
        .ensure_volume("data", &labels())
        .await
        .expect("success");
    assert_eq!(engine.calls().len(), 3);
}

#[tokio::test]
async fn hanging_calls_go_on_when_poked_and_can_be_dropped() {
    let engine = engine();
    engine.plan(Method::EnsureVolume, Fault::HangBefore);
    let call = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.ensure_volume("data", &labels()).await })
    };
    tokio::time::timeout(DEADLINE, engine.wait_until_hanging(Method::EnsureVolume))
        .await
        .expect("success");
    assert!(engine.snapshot().volumes.is_empty());
    engine.poke();
    tokio::time::timeout(DEADLINE, call)
        .await
        .expect("success")
        .expect("success")
        .expect("success");
    assert_eq!(engine.snapshot().volumes, ["data"]);

    engine.plan(Method::RemoveVolume, Fault::HangAfter);
    let call = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.remove_volume("data").await })
    };
    tokio::time::timeout(DEADLINE, engine.wait_until_hanging(Method::RemoveVolume))
        .await
        .expect("success");
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(
        engine.snapshot().volumes.is_empty(),
        "the effect of a dropped call may have happened"
    );
}

#[tokio::test(start_paused = true)]
async fn late_answers_take_virtual_time() {
    let engine = engine();
    engine.plan(Method::Ping, Fault::Late(Duration::from_hours(1)));
    let start = tokio::time::Instant::now();
    engine.ping().await.expect("success");
    assert_eq!(start.elapsed(), Duration::from_hours(1));
}

#[tokio::test(start_paused = true)]
async fn crashes_are_followed_by_restarts_with_growing_pauses() {
    let engine = engine();
    with_network(&engine).await;
    let image = engine.add_image("app:1", &[], Behaviour::crashing(1));
    engine
        .ensure(&workload("web", &image))
        .await
        .expect("success");
    tokio::time::sleep(Duration::from_mins(1)).await;
    let restarts = engine
        .inspect("web")
        .await
        .expect("success")
        .expect("success")
        .restarts;
    assert!(
        (8..=10).contains(&restarts),
        "0.1 s, 0.2 s, ... give about nine in a minute: {restarts}"
    );
}

#[tokio::test]
async fn a_reboot_brings_back_what_nobody_stopped() {
    let engine = engine();
    with_network(&engine).await;
    let image = engine.add_image("app:1", &[], Behaviour::not_listening());
    engine
        .ensure(&workload("kept", &image))
        .await
        .expect("success");
    engine
        .ensure(&workload("stopped", &image))
        .await
        .expect("success");
    engine.stop("stopped").await.expect("success");
    let job = Workload {
        restart: Restart::No,
        ..workload("job", &image)
    };
    engine.ensure(&job).await.expect("success");
    engine.reboot();
    let phase = |name: &str| {
        engine
            .snapshot()
            .containers
            .iter()
            .find(|(other, _)| other == name)
            .expect("success")
            .1
    };
    assert_eq!(phase("kept"), Phase::Running);
    assert!(matches!(phase("stopped"), Phase::Exited { .. }));
    assert_eq!(phase("job"), Phase::Exited { code: 137 });
    assert_eq!(engine.starts("kept"), 2);
}

#[tokio::test]
async fn an_unplugged_engine_is_unreachable_and_ends_its_watches() {
    use futures::StreamExt;
    let engine = engine();
    let mut events = engine.watch(&Labels::new()).await.expect("success");
    engine.unplug();
    assert!(matches!(
        engine.ping().await,
        Err(Error::Unreachable { .. })
    ));
    assert!(
        tokio::time::timeout(DEADLINE, events.next())
            .await
            .expect("success")
            .is_none()
    );
    engine.plug();
    engine.ping().await.expect("success");
}

#[tokio::test]
async fn images_can_do_different_things_at_every_start() {
    let engine = engine();
    with_network(&engine).await;
    let behaviour =
        Behaviour::scripted(
            |invocation: &Invocation| match (invocation.kind, invocation.start) {
                (Kind::Exec, _) => Program::Ending(Outcome::code(0).line("pong")),
                (_, 1) => Program::Crashing { code: 1 },
                _ => Program::NotListening,
            },
        );
    let image = engine.add_image(
        "app:1",
        &[],
        behaviour.on_run(Outcome::code(4).line("migrating")),
    );
    engine
        .ensure(&workload("web", &image))
        .await
        .expect("success");
    let up = async {
        loop {
            let seen = engine
                .inspect("web")
                .await
                .expect("success")
                .expect("success");
            if seen.restarts == 1 && seen.phase == Phase::Running {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, up).await.expect("success");
    let answer = engine
        .exec("web", &["ping".to_owned()], None, DEADLINE)
        .await
        .expect("success");
    assert_eq!(answer.stdout, b"pong\n");
    let (output, mut lines) = mpsc::channel(16);
    let status = engine
        .run(&workload("release", &image), output)
        .await
        .expect("success");
    assert_eq!(
        (
            status.code,
            lines.recv().await.expect("success").text.as_str()
        ),
        (4, "migrating")
    );
    assert_eq!(
        engine.workload("web").expect("success").environment.len(),
        1
    );
}

#[tokio::test]
async fn the_seed_decides_the_random_faults() {
    let outcomes = |seed| async move {
        let engine = SimulatedEngine::new(SimulatedSettings {
            seed,
            fault_rate: 0.5,
            ..SimulatedSettings::default()
        });
        let mut outcomes = Vec::new();
        for number in 0..50 {
            outcomes.push(
                engine
                    .ensure_volume(&number.to_string(), &labels())
                    .await
                    .is_ok(),
            );
        }
        outcomes
    };
    assert_eq!(outcomes(7).await, outcomes(7).await);
    assert_ne!(outcomes(7).await, outcomes(8).await);
    let failed = outcomes(7).await.iter().filter(|ok| !**ok).count();
    assert!((5..40).contains(&failed), "{failed} of 50");
}
