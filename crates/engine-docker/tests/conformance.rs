//! The conformance suite on the Docker Engine of this machine.

#[expect(dead_code, reason = "the other test binary uses the rest")]
mod support;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use bollard::models::{
    ContainerCreateBody, Ipam, IpamConfig, NetworkCreateRequest, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, InspectNetworkOptions,
    StartContainerOptions,
};
use support::{BASE, FOREIGN, Place};
use windlass_engine::conformance::{BuildCase, Fixture, Foreign, Program};
use windlass_engine::{Engine, ImageId, ImageReference};

/// perl-base is in every Debian; nothing has to be fetched for a web server.
const SERVER: &str = r#"use IO::Socket::INET; $SIG{CHLD} = "IGNORE";
my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 64, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
    print $client "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"; close $client;
}"#;

struct OnDocker {
    place: Place,
}

async fn fixture(_case: &str) -> Arc<dyn Fixture> {
    Arc::new(OnDocker {
        place: Place::new().await,
    })
}

impl OnDocker {
    fn foreign_labels(&self) -> HashMap<String, String> {
        HashMap::from([(FOREIGN.to_owned(), self.place.installation.clone())])
    }
}

#[async_trait]
impl Fixture for OnDocker {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.place.engine.clone())
    }

    fn installation(&self) -> &str {
        &self.place.installation
    }

    fn prefix(&self) -> &str {
        &self.place.installation
    }

    fn image_name(&self) -> ImageReference {
        ImageReference(BASE.to_owned())
    }

    async fn image(&self) -> ImageId {
        self.place.image().await
    }

    fn command(&self, program: &Program) -> Vec<String> {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let shell = |script: &str, arguments: &[String]| {
            [words(&["sh", "-c", script, "sh"]), arguments.to_vec()].concat()
        };
        match program {
            Program::Sleep => words(&["sleep", "100000"]),
            Program::Serve => words(&["perl", "-e", SERVER]),
            Program::Exit(code) => shell("exit $1", &[code.to_string()]),
            Program::Print(lines) => shell(r#"printf '%s\n' "$@""#, lines),
            Program::PrintError(lines) => shell(r#"printf '%s\n' "$@" >&2"#, lines),
            Program::PrintAndSleep(lines) => {
                shell(r#"printf '%s\n' "$@"; exec sleep 100000"#, lines)
            }
            Program::PrintLarge => words(&["perl", "-e", r#"print "x" x 20480, "\nend\n""#]),
            // The one that is killed is not the container's last: Docker closes its account of a container
            // whose last process ends, now and then before the kernel's word of the kill has come.
            Program::ExhaustMemory => words(&[
                "sh",
                "-c",
                r#"perl -e 'my @all; while (1) { push @all, "x" x 1_000_000 }'; code=$?; sleep 1; exit $code"#,
            ]),
            Program::Variable(name) => words(&["printenv", name]),
            Program::ShowFile(path) => {
                words(&["sh", "-c", "cat \"$0\" && stat -c '%a %u:%g' \"$0\"", path])
            }
            Program::Cat => words(&["cat"]),
        }
    }

    fn subnet(&self, number: u8) -> String {
        self.place.subnet(u32::from(number))
    }

    fn dockerfile(&self, case: BuildCase) -> String {
        let steps = match case {
            BuildCase::Succeeds => {
                "RUN echo built > /built\nEXPOSE 7001 80\nEXPOSE 53/udp\nONBUILD RUN true\nONBUILD RUN :"
            }
            BuildCase::Fails => "RUN echo broken on purpose && false",
            BuildCase::Hangs => "RUN sleep 100000",
        };
        format!("FROM {BASE}\n{steps}\n")
    }

    async fn make_foreign(&self, what: Foreign, name: &str) {
        let docker = &self.place.docker;
        match what {
            Foreign::Volume => {
                let body = VolumeCreateRequest {
                    name: Some(name.to_owned()),
                    labels: Some(self.foreign_labels()),
                    ..VolumeCreateRequest::default()
                };
                docker.create_volume(body).await.expect("a foreign volume");
            }
            Foreign::Network => {
                let config = IpamConfig {
                    subnet: Some(self.subnet(200)),
                    ..IpamConfig::default()
                };
                let body = NetworkCreateRequest {
                    name: name.to_owned(),
                    labels: Some(self.foreign_labels()),
                    ipam: Some(Ipam {
                        config: Some(vec![config]),
                        ..Ipam::default()
                    }),
                    ..NetworkCreateRequest::default()
                };
                docker
                    .create_network(body)
                    .await
                    .expect("a foreign network");
            }
            Foreign::Container => {
                let body = ContainerCreateBody {
                    image: Some(BASE.to_owned()),
                    cmd: Some(self.command(&Program::Sleep)),
                    labels: Some(self.foreign_labels()),
                    ..ContainerCreateBody::default()
                };
                let options = CreateContainerOptionsBuilder::default().name(name).build();
                docker
                    .create_container(Some(options), body)
                    .await
                    .expect("a foreign container");
                docker
                    .start_container(name, None::<StartContainerOptions>)
                    .await
                    .expect("its start");
            }
        }
    }

    async fn is_untouched(&self, what: Foreign, name: &str) -> bool {
        let docker = &self.place.docker;
        match what {
            Foreign::Volume => docker
                .inspect_volume(name)
                .await
                .is_ok_and(|volume| volume.labels == self.foreign_labels()),
            Foreign::Network => {
                let found = docker
                    .inspect_network(name, None::<InspectNetworkOptions>)
                    .await;
                found.is_ok_and(|network| {
                    network.labels == Some(self.foreign_labels())
                        && network.containers.is_none_or(|inside| inside.is_empty())
                })
            }
            Foreign::Container => {
                let found = docker
                    .inspect_container(name, None::<InspectContainerOptions>)
                    .await
                    .expect("the foreign container");
                found.state.and_then(|state| state.running) == Some(true)
                    && found.restart_count == Some(0)
            }
        }
    }
}

windlass_engine::conformance_tests!(fixture);
