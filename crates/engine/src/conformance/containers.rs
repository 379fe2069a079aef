//! Containers: made once, ended, restarted, limited.

use std::time::Duration;

use futures::StreamExt;

use super::fixture::{Fixture, Program};
use super::support::{
    assert_conflict, assert_not_found, assert_refused, attachment, http_status, inspect, labels,
    log_of, name, network, wait_for_phase, wait_until, workload,
};
use crate::contract::LogOptions;
use crate::image::ImageId;
use crate::labels::{EPOCH, INSTALLATION, Labels, OPERATION};
use crate::observation::Phase;
use crate::workload::{File, Mount, Restart};

/// How long a container is watched that must not come back. Longer than the engine's first pauses.
const NOT_COMING_BACK: Duration = Duration::from_millis(1500);
/// Ports that nobody else uses.
const PORT: u16 = 28_461;

/// A repeated `ensure` finds its earlier work, also under another operation, and starts what was stopped.
pub async fn ensure_is_idempotent(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let mut wanted = workload(fixture, "web", Program::Sleep).await;
    wanted.labels = wanted.labels.with(OPERATION, "first").with(EPOCH, 1);
    let made = engine.ensure(&wanted).await.expect("ensure");
    assert_eq!(
        (made.name.as_str(), made.phase),
        (wanted.name.as_str(), Phase::Running)
    );
    assert_eq!((&made.image, &made.labels), (&wanted.image, &wanted.labels));

    let mut again = wanted.clone();
    again.labels = again.labels.with(OPERATION, "second").with(EPOCH, 2);
    let (one, two) = tokio::join!(engine.ensure(&again), engine.ensure(&wanted));
    assert_eq!(
        one.expect("repeated ensure").labels,
        wanted.labels,
        "it was not made again"
    );
    assert_eq!(two.expect("repeated ensure").phase, Phase::Running);
    assert_eq!(
        engine
            .observe(&labels(fixture))
            .await
            .expect("observe")
            .len(),
        1
    );

    engine.stop(&wanted.name).await.expect("stop");
    assert_eq!(
        engine
            .ensure(&wanted)
            .await
            .expect("ensure of a stopped one")
            .phase,
        Phase::Running
    );

    let (a, b) = (
        workload(fixture, "twice", Program::Sleep).await,
        workload(fixture, "twice", Program::Sleep).await,
    );
    let (a, b) = tokio::join!(engine.ensure(&a), engine.ensure(&b));
    assert_eq!(a.expect("one of two at once").phase, Phase::Running);
    assert_eq!(b.expect("the other of two at once").phase, Phase::Running);
    assert_eq!(
        engine
            .observe(&labels(fixture))
            .await
            .expect("observe")
            .len(),
        2
    );
}

/// The same name with other labels is a conflict and changes nothing.
pub async fn ensure_of_other_labels_conflicts(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await.clone();
    let made = engine.ensure(&wanted).await.expect("ensure");
    let with = |label: &str, value: &str| {
        let mut other = wanted.clone();
        other.labels = other.labels.with(label, value);
        other
    };
    assert_conflict(
        engine.ensure(&with("windlass.release", "other")).await,
        "one label more",
    );
    assert_conflict(
        engine.ensure(&with("windlass.role", "other")).await,
        "another value",
    );
    let mut fewer = wanted.clone();
    fewer.labels.0.remove("windlass.role");
    assert_conflict(engine.ensure(&fewer).await, "one label less");
    assert_eq!(inspect(fixture, &wanted.name).await, made);
}

/// An absent image, network or volume is named, and nothing is left.
pub async fn ensure_without_its_parts_fails(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let good = workload(fixture, "web", Program::Sleep).await;
    let mut wanted = good.clone();
    wanted.image = ImageId(format!("sha256:{:064x}", 7));
    assert_not_found(engine.ensure(&wanted).await, "image");
    let mut wanted = good.clone();
    wanted.networks = vec![attachment(&network(fixture, "absent", 1), "web")];
    assert_not_found(engine.ensure(&wanted).await, "network");
    let mut wanted = good.clone();
    wanted.mounts = vec![Mount {
        volume: name(fixture, "absent"),
        path: "/data".to_owned(),
    }];
    assert_not_found(engine.ensure(&wanted).await, "volume");
    assert_eq!(engine.inspect(&good.name).await.expect("inspect"), None);
    assert_eq!(engine.volumes(&labels(fixture)).await.expect("volumes"), []);
}

/// What would not be known as ours later is not made.
pub async fn unlabelled_objects_are_refused(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    for wrong in [Labels::new(), Labels::new().with(INSTALLATION, "another")] {
        let mut wanted = workload(fixture, "web", Program::Sleep).await;
        wanted.labels = wrong.clone();
        assert_refused(
            engine.ensure(&wanted).await,
            "a container without our label",
        );
        let mut spec = network(fixture, "net", 1);
        spec.labels = wrong.clone();
        assert_refused(
            engine.ensure_network(&spec).await,
            "a network without our label",
        );
        assert_refused(
            engine.ensure_volume(&name(fixture, "data"), &wrong).await,
            "a volume without our label",
        );
    }
    assert_eq!(
        engine
            .inspect(&name(fixture, "web"))
            .await
            .expect("inspect"),
        None
    );
}

/// Removing works in every phase, twice, and for what never was.
pub async fn removal_is_idempotent(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    engine
        .remove(&name(fixture, "never"))
        .await
        .expect("removal of what is absent");
    assert_eq!(
        engine
            .inspect(&name(fixture, "never"))
            .await
            .expect("inspect"),
        None
    );
    assert_not_found(engine.stop(&name(fixture, "never")).await, "container");

    let running = workload(fixture, "running", Program::Sleep).await;
    let ended = workload(fixture, "ended", Program::Exit(0)).await;
    engine.ensure(&running).await.expect("ensure");
    engine.ensure(&ended).await.expect("ensure");
    wait_for_phase(fixture, &ended.name, Phase::Exited { code: 0 }).await;
    for gone in [&running.name, &ended.name] {
        let (one, two) = tokio::join!(engine.remove(gone), engine.remove(gone));
        one.expect("removal");
        two.expect("the same removal at once");
        engine.remove(gone).await.expect("repeated removal");
        assert_eq!(engine.inspect(gone).await.expect("inspect"), None);
    }
    assert_eq!(engine.observe(&labels(fixture)).await.expect("observe"), []);
}

/// A container that was stopped does not come back by itself, whether it ran or kept crashing.
pub async fn stopped_containers_stay_stopped(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let mut steady = workload(fixture, "steady", Program::Sleep).await;
    steady.restart = Restart::Always;
    let mut crashing = workload(fixture, "crashing", Program::Exit(3)).await;
    crashing.restart = Restart::Always;
    engine.ensure(&steady).await.expect("ensure");
    engine.ensure(&crashing).await.expect("ensure");
    let crashed = &crashing.name;
    wait_until("the crashing one is restarted", || async move {
        inspect(fixture, crashed).await.restarts > 0
    })
    .await;

    for stopped in [&steady.name, &crashing.name] {
        engine.stop(stopped).await.expect("stop");
        engine.stop(stopped).await.expect("repeated stop");
    }
    let starts = engine.watch(&labels(fixture)).await.expect("watch");
    let mut starts = starts.filter(|event| {
        std::future::ready(event.as_ref().is_ok_and(|event| event.action == "start"))
    });
    let back = tokio::time::timeout(NOT_COMING_BACK, starts.next()).await;
    assert!(back.is_err(), "a stopped container came back: {back:?}");
    for stopped in [&steady.name, &crashing.name] {
        assert!(matches!(
            inspect(fixture, stopped).await.phase,
            Phase::Exited { .. }
        ));
    }
}

/// `Always` restarts, `No` does not.
pub async fn engine_restarts_what_it_should(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let mut always = workload(fixture, "always", Program::Exit(0)).await;
    always.restart = Restart::Always;
    let never = workload(fixture, "never", Program::Exit(0)).await;
    engine.ensure(&never).await.expect("ensure");
    engine.ensure(&always).await.expect("ensure");
    let restarted = &always.name;
    wait_until("it is restarted", || async move {
        inspect(fixture, restarted).await.restarts >= 2
    })
    .await;
    let ended = inspect(fixture, &never.name).await;
    assert_eq!(
        (ended.phase, ended.restarts),
        (Phase::Exited { code: 0 }, 0)
    );
}

/// The exit code is the program's.
pub async fn ended_containers_say_how(fixture: &dyn Fixture) {
    let wanted = workload(fixture, "failing", Program::Exit(42)).await;
    fixture.engine().ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 42 }).await;
    let ended = inspect(fixture, &wanted.name).await;
    assert!(!ended.out_of_memory);
    assert_eq!(ended.addresses, [], "an ended container has no address");
}

/// A program that takes more memory than its limit is killed, and is said to be.
pub async fn memory_is_limited(fixture: &dyn Fixture) {
    let wanted = workload(fixture, "greedy", Program::ExhaustMemory).await;
    fixture.engine().ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 137 }).await;
    assert!(inspect(fixture, &wanted.name).await.out_of_memory);
}

/// Variables reach the program, and no label, observation or error.
pub async fn variables_reach_the_program_only(fixture: &dyn Fixture) {
    let mut wanted = workload(fixture, "job", Program::Variable("TOKEN".to_owned())).await;
    let value = "s3cr3t with = and \"quotes\"";
    wanted.environment = vec![("TOKEN".to_owned(), value.to_owned().into())];
    let observed = fixture.engine().ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 0 }).await;
    let lines = log_of(fixture, &wanted.name, &LogOptions::default()).await;
    assert_eq!(super::support::texts(&lines), [value]);
    assert!(!format!("{observed:?}{wanted:?}").contains("s3cr3t"));
}

/// Files are there when the program starts, whether it is ensured or run, also where the image has no such
/// directory; and their contents reach no observation or error.
pub async fn files_are_there_at_the_start(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let path = "/etc/windlass-conformance/deep/token";
    let mut wanted = workload(fixture, "job", Program::ShowFile(path.to_owned())).await;
    wanted.files = vec![File {
        path: path.to_owned(),
        content: "s3cr3t\nünd more\n".to_owned().into(),
        mode: 0o640,
    }];
    let shown = ["s3cr3t", "ünd more", "640 0:0"];
    let observed = engine.ensure(&wanted).await.expect("ensure");
    wait_for_phase(fixture, &wanted.name, Phase::Exited { code: 0 }).await;
    let lines = log_of(fixture, &wanted.name, &LogOptions::default()).await;
    assert_eq!(super::support::texts(&lines), shown);
    assert!(!format!("{observed:?}{wanted:?}").contains("s3cr3t"));

    wanted.name = name(fixture, "run");
    let (output, mut lines) = tokio::sync::mpsc::channel(16);
    let ended = engine.run(&wanted, output).await.expect("run");
    assert!(ended.is_success(), "{ended:?}");
    assert_eq!(
        super::support::texts(&super::support::drain(&mut lines)),
        shown
    );

    for wrong in [
        "relative/path",
        "/etc/../etc/passwd",
        "/directory/",
        "/a//b",
    ] {
        wanted.name = name(fixture, "wrong");
        wrong.clone_into(&mut wanted.files[0].path);
        assert_refused(engine.ensure(&wanted).await, wrong);
        assert_eq!(engine.inspect(&wanted.name).await.expect("inspect"), None);
    }
}

/// A server answers on the address that the observation gives.
pub async fn servers_are_reachable(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    if !engine.capabilities().direct_addresses {
        return;
    }
    let spec = network(fixture, "net", 1);
    engine.ensure_network(&spec).await.expect("network");
    let mut wanted = workload(fixture, "web", Program::Serve).await;
    wanted.environment = vec![("PORT".to_owned(), PORT.to_string().into())];
    wanted.networks = vec![attachment(&spec, "web")];
    let made = engine.ensure(&wanted).await.expect("ensure");
    let address = made.address(&spec.name).expect("an address in its network");
    wait_until("it answers", || async move {
        http_status(address, PORT).await.ok() == Some(200)
    })
    .await;
    engine.stop(&wanted.name).await.expect("stop");
    assert!(
        http_status(address, PORT).await.is_err(),
        "a stopped server must not answer"
    );
}

/// Usage is measured while it runs, within the limit.
pub async fn usage_is_measured(fixture: &dyn Fixture) {
    let engine = fixture.engine();
    let wanted = workload(fixture, "web", Program::Sleep).await;
    assert_not_found(engine.usage(&wanted.name).await, "container");
    engine.ensure(&wanted).await.expect("ensure");
    let usage = engine.usage(&wanted.name).await.expect("usage");
    let limit = u64::try_from(wanted.limits.memory_bytes).expect("a positive limit");
    assert_eq!(usage.memory_limit_bytes, limit);
    assert!(
        usage.memory_bytes > 0 && usage.memory_bytes < limit,
        "{usage:?}"
    );
    assert!(usage.cpu_nanos > 0, "{usage:?}");
    engine.stop(&wanted.name).await.expect("stop");
    assert_refused(
        engine.usage(&wanted.name).await,
        "measuring what does not run",
    );
}
