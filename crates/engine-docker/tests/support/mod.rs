//! A place of its own on the machine's Docker for each test, and its clean-up.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
    RemoveVolumeOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use windlass_engine::labels::INSTALLATION;
use windlass_engine::{Engine, ImageId, ImageReference, Labels, Limits, Restart, Workload};
use windlass_engine_docker::{DockerEngine, DockerSettings};

pub(crate) const BASE: &str = "debian:bookworm-slim";
/// What tests make behind the engine's back carries this label with the installation's id.
pub(crate) const FOREIGN: &str = "windlass-test.foreign";
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
const SOCKET: &str = "/var/run/docker.sock";
const INSTALLATIONS: &str = "windlass-test-";

static PLACES: AtomicU32 = AtomicU32::new(0);

/// An installation of its own; everything in it goes with it.
pub(crate) struct Place {
    pub(crate) engine: DockerEngine,
    pub(crate) docker: Docker,
    pub(crate) installation: String,
    number: u32,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let docker = docker().await;
        if number == 0 {
            remove_leftovers(&docker).await;
        }
        let installation = format!("{INSTALLATIONS}{}-{number}", std::process::id());
        let settings = DockerSettings {
            // Every subnet of these tests, so that networks that others make meanwhile leave no gap.
            isolated_subnets: Some("10.224.0.0/11".to_owned()),
            ..DockerSettings::new(&installation)
        };
        let engine = DockerEngine::connect(settings).await;
        let engine = engine.expect("these tests need Docker; ./test installs and starts it");
        Self {
            engine,
            docker,
            installation,
            number,
        }
    }

    pub(crate) fn labels(&self) -> Labels {
        Labels::new().with(INSTALLATION, &self.installation)
    }

    pub(crate) fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.installation)
    }

    /// One of four subnets of this place; processes have ranges of their own.
    pub(crate) fn subnet(&self, number: u32) -> String {
        format!(
            "10.{}.{}.0/24",
            224 + std::process::id() % 16,
            self.number * 4 % 256 + number % 4
        )
    }

    pub(crate) async fn image(&self) -> ImageId {
        let found = self
            .engine
            .image(&ImageReference(BASE.to_owned()))
            .await
            .expect("looking at the base image");
        found.unwrap_or_else(|| {
            panic!("the image {BASE} is missing; ./test makes it (images/base/prepare.sh)")
        })
    }

    pub(crate) async fn workload(&self, suffix: &str, command: &[&str]) -> Workload {
        Workload {
            name: self.name(suffix),
            image: self.image().await,
            command: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            entrypoint: None,
            environment: Vec::new(),
            files: Vec::new(),
            networks: Vec::new(),
            mounts: Vec::new(),
            limits: Limits {
                memory_bytes: 64 * 1024 * 1024,
                cpu_millis: 500,
                pids: 50,
            },
            restart: Restart::No,
            health: None,
            stop_grace: Duration::from_secs(5),
            labels: self.labels(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mine = [
            format!("{INSTALLATION}={}", self.installation),
            format!("{FOREIGN}={}", self.installation),
        ];
        // A runtime of its own: the test's cannot be waited for in here.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let docker = docker().await;
                for label in mine {
                    remove_labelled(&docker, &label, |_| true).await;
                }
            });
        });
        assert!(
            cleaning.join().is_ok() || std::thread::panicking(),
            "the clean-up failed"
        );
    }
}

pub(crate) async fn docker() -> Docker {
    let docker = Docker::connect_with_unix(SOCKET, 120, API_DEFAULT_VERSION)
        .expect("these tests need Docker; ./test installs and starts it");
    docker.negotiate_version().await.expect("Docker answers")
}

/// Removes what tests left whose process is gone.
async fn remove_leftovers(docker: &Docker) {
    for label in [INSTALLATION, FOREIGN] {
        let is_left = |labels: &HashMap<String, String>| {
            let process = labels
                .get(label)
                .and_then(|value| value.strip_prefix(INSTALLATIONS))
                .and_then(|rest| rest.split('-').next());
            process.is_some_and(|process| !Path::new("/proc").join(process).exists())
        };
        remove_labelled(docker, label, is_left).await;
    }
}

async fn remove_labelled(
    docker: &Docker,
    label: &str,
    wanted: impl Fn(&HashMap<String, String>) -> bool,
) {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    for container in docker
        .list_containers(Some(options))
        .await
        .expect("containers")
    {
        if wanted(&container.labels.unwrap_or_default()) {
            let options = RemoveContainerOptionsBuilder::default()
                .force(true)
                .v(true)
                .build();
            drop(
                docker
                    .remove_container(&container.id.unwrap_or_default(), Some(options))
                    .await,
            );
        }
    }
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    for network in docker.list_networks(Some(options)).await.expect("networks") {
        if wanted(&network.labels.unwrap_or_default()) {
            drop(docker.remove_network(&network.id.unwrap_or_default()).await);
        }
    }
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    for volume in docker
        .list_volumes(Some(options))
        .await
        .expect("volumes")
        .volumes
        .unwrap_or_default()
    {
        if wanted(&volume.labels) {
            drop(
                docker
                    .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
                    .await,
            );
        }
    }
    let options = ListImagesOptionsBuilder::default()
        .filters(&filters)
        .build();
    for image in docker.list_images(Some(options)).await.expect("images") {
        if wanted(&image.labels) {
            let options = RemoveImageOptionsBuilder::default().force(true).build();
            drop(docker.remove_image(&image.id, Some(options), None).await);
        }
    }
}

/// Looks until the condition holds.
pub(crate) async fn wait_until<Looking: Future<Output = bool>>(
    what: &str,
    look: impl Fn() -> Looking,
) {
    let waiting = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    assert!(
        tokio::time::timeout(DEADLINE, waiting).await.is_ok(),
        "not within {DEADLINE:?}: {what}"
    );
}
