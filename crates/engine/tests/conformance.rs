//! The conformance suite on the simulated engine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use windlass_engine::conformance::{BuildCase, Fixture, Foreign, Program};
use windlass_engine::simulated::{Behaviour, SimulatedEngine, SimulatedSettings};
use windlass_engine::{Engine, ImageId, ImageReference, Labels, Limits, Phase, Restart, Workload};

struct Simulated {
    engine: SimulatedEngine,
    image: ImageId,
    prefix: String,
}

async fn fixture(case: &str) -> Arc<dyn Fixture> {
    let settings = SimulatedSettings {
        installation: "conformance".to_owned(),
        ..SimulatedSettings::default()
    };
    let engine = SimulatedEngine::new(settings);
    let image = engine.add_image("programs:1", &[], Behaviour::programs());
    Arc::new(Simulated {
        engine,
        image,
        prefix: case.replace('_', "-"),
    })
}

#[async_trait]
impl Fixture for Simulated {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.engine.clone())
    }

    fn installation(&self) -> &'static str {
        "conformance"
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn image_name(&self) -> ImageReference {
        ImageReference("programs:1".to_owned())
    }

    async fn image(&self) -> ImageId {
        self.image.clone()
    }

    fn command(&self, program: &Program) -> Vec<String> {
        let words = |program: &str, arguments: &[String]| {
            std::iter::once(program.to_owned())
                .chain(arguments.iter().cloned())
                .collect()
        };
        match program {
            Program::Sleep => words("sleep", &[]),
            Program::Serve => words("serve", &[]),
            Program::Exit(code) => words("exit", &[code.to_string()]),
            Program::Print(lines) => words("print", lines),
            Program::PrintError(lines) => words("print-error", lines),
            Program::PrintAndSleep(lines) => words("print-and-sleep", lines),
            Program::PrintLarge => words("print-large", &[]),
            Program::ExhaustMemory => words("exhaust-memory", &[]),
            Program::Variable(name) => words("variable", std::slice::from_ref(name)),
            Program::ShowFile(path) => words("show-file", std::slice::from_ref(path)),
            Program::Cat => words("cat", &[]),
        }
    }

    fn subnet(&self, number: u8) -> String {
        format!("10.1.{number}.0/24")
    }

    fn dockerfile(&self, case: BuildCase) -> String {
        let directive = match case {
            BuildCase::Succeeds => {
                "# simulated: programs\nEXPOSE 7001 80\nONBUILD RUN true\nONBUILD RUN :"
            }
            BuildCase::Fails => "# simulated: fail broken on purpose",
            BuildCase::Hangs => "# simulated: hang",
        };
        format!("FROM programs:1\n{directive}\n")
    }

    async fn make_foreign(&self, what: Foreign, name: &str) {
        match what {
            Foreign::Volume => self.engine.add_foreign_volume(name),
            Foreign::Network => self.engine.add_foreign_network(name, &self.subnet(200)),
            Foreign::Container => self.engine.add_foreign_container(Workload {
                name: name.to_owned(),
                image: self.image.clone(),
                command: None,
                entrypoint: None,
                environment: Vec::new(),
                files: Vec::new(),
                networks: Vec::new(),
                mounts: Vec::new(),
                limits: Limits::default(),
                restart: Restart::Always,
                health: None,
                stop_grace: Duration::from_secs(1),
                labels: Labels::new(),
            }),
        }
    }

    async fn is_untouched(&self, what: Foreign, name: &str) -> bool {
        let left = self.engine.snapshot();
        match what {
            Foreign::Volume => left.volumes.contains(&name.to_owned()),
            Foreign::Network => left.networks.contains(&name.to_owned()),
            Foreign::Container => left.containers.contains(&(name.to_owned(), Phase::Running)),
        }
    }
}

windlass_engine::conformance_tests!(fixture);
