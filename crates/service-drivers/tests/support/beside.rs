//! Programs beside a server of the tests: a network of the engine in which both are.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use windlass_engine::labels::INSTALLATION;
use windlass_engine::{Attachment, Engine, Labels, NetworkSpec};
use windlass_engine_docker::{DockerEngine, DockerSettings};
use windlass_services::{Endpoint, EngineTools};

use crate::support::Container;

/// The server's name in that network.
const SERVER: &str = "server";

/// Tools that find the server; what they leave goes when this process ends.
pub(crate) async fn tools(container: &Container) -> EngineTools {
    let process = std::process::id();
    let installation = format!("windlass-test-tools-{process}");
    let engine = DockerEngine::connect(DockerSettings::new(&installation)).await;
    let engine = engine.expect("these tests need Docker; ./test installs and starts it");
    let labels = Labels::new().with(INSTALLATION, &installation);
    let network = NetworkSpec {
        name: installation.clone(),
        subnet: format!("10.{}.{}.0/24", 240 + process % 8, process / 8 % 256),
        labels: labels.clone(),
    };
    // Before there is anything to clean up.
    clean_up_at_the_end(&installation);
    engine.ensure_network(&network).await.expect("a network");
    let connected = Command::new("docker")
        .args([
            "network",
            "connect",
            "--alias",
            SERVER,
            &network.name,
            &container.name,
        ])
        .status();
    assert!(
        connected.is_ok_and(|status| status.success()),
        "the server is in it"
    );
    let attachment = Attachment {
        network: network.name,
        aliases: Vec::new(),
    };
    EngineTools::new(Arc::new(engine), attachment, labels).at(Endpoint {
        host: SERVER.to_owned(),
        port: container.spec.port,
    })
}

/// Removes all that carries the label when this process ends, however it ends: its end closes the pipe.
fn clean_up_at_the_end(installation: &str) {
    let script = format!(
        "cat >/dev/null; for id in $(docker ps --all --quiet --filter label={INSTALLATION}=$0); do docker rm --force --volumes $id; done; \
         for id in $(docker network inspect --format '{{{{range $id, $_ := .Containers}}}}{{{{$id}}}} {{{{end}}}}' $0); do \
         docker network disconnect --force $0 $id; done; docker network rm $0"
    );
    let lifeline = Command::new("sh")
        .args(["-c", &script, installation])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    // Not waited for: it ends after this process.
    std::mem::forget(lifeline.expect("sh can be started"));
}
