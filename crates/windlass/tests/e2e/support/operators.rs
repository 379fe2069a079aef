//! Servers of the operator's, which Windlass is told of.

use std::net::{Ipv4Addr, TcpListener};

use super::docker;

/// A server, gone when it is dropped.
pub(crate) struct Operators {
    pub(crate) container: String,
    serves: &'static str,
    credentials: &'static str,
    ports: &'static [u16],
    path: &'static str,
}

impl Operators {
    pub(crate) fn postgres() -> Self {
        let given = ["POSTGRES_PASSWORD=op/secret"];
        Self::start("postgres:15", &given, &[5432]).named(
            "postgres-15=postgres",
            "postgres:op%2Fsecret",
            "/postgres",
        )
    }

    pub(crate) fn mariadb() -> Self {
        let given = ["MARIADB_ROOT_PASSWORD=op/secret"];
        Self::start("mariadb:10.11", &given, &[3306]).named(
            "mariadb-10.11=mysql",
            "root:op%2Fsecret",
            "",
        )
    }

    pub(crate) fn rabbitmq() -> Self {
        let given = [
            "RABBITMQ_DEFAULT_USER=boss",
            "RABBITMQ_DEFAULT_PASS=op/secret",
        ];
        Self::start("rabbitmq:3.10-management", &given, &[5672, 15672]).named(
            "rabbitmq-3.10=amqp",
            "boss:op%2Fsecret",
            "",
        )
    }

    fn start(image: &str, environment: &[&str], ports: &'static [u16]) -> Self {
        let host = host();
        let mut arguments = vec!["run".to_owned(), "--detach".to_owned()];
        for given in environment {
            arguments.extend(["--env".to_owned(), (*given).to_owned()]);
        }
        // Ports of its own choice: those that Docker chooses are others after a restart.
        let free = ports.iter().map(|inside| {
            let listener = TcpListener::bind((host.as_str(), 0)).expect("a free port");
            (listener, *inside)
        });
        let held: Vec<_> = free.collect();
        for (listener, inside) in &held {
            let outside = listener.local_addr().expect("an address").port();
            let publish = format!("{host}:{outside}:{inside}");
            arguments.extend(["--publish".to_owned(), publish]);
        }
        drop(held);
        arguments.push(image.to_owned());
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        Self {
            container: docker::run(&arguments),
            serves: "",
            credentials: "",
            ports,
            path: "",
        }
    }

    fn named(self, serves: &'static str, credentials: &'static str, path: &'static str) -> Self {
        // Field by field: what drops cannot be taken apart.
        let mut named = self;
        (named.serves, named.credentials, named.path) = (serves, credentials, path);
        named
    }

    /// Where it is, as every container and this machine reach it.
    pub(crate) fn place(&self, port: u16) -> String {
        docker::run(&["port", &self.container, &port.to_string()])
    }

    /// What `--shared-cluster` is told.
    pub(crate) fn url(&self) -> String {
        let place = |port| self.place(port);
        let url = format!(
            "{}://{}@{}{}",
            self.serves,
            self.credentials,
            place(self.ports[0]),
            self.path
        );
        if let Some(administration) = self.ports.get(1) {
            let place = place(*administration);
            let (_, port) = place.rsplit_once(':').expect("host and port");
            return format!("{url}?administration_port={port}");
        }
        url
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        if let Err(error) = docker::attempt(&["rm", "--force", "--volumes", &self.container]) {
            eprintln!("cleaning up: {error}");
        }
    }
}

/// The machine's address on Docker's own bridge, which containers of every network reach.
fn host() -> String {
    let format = "{{(index .IPAM.Config 0).Subnet}}";
    let subnet = docker::run(&["network", "inspect", "bridge", "--format", format]);
    let (first, _) = subnet.split_once('/').expect("a subnet");
    let first: Ipv4Addr = first.parse().expect("an address");
    Ipv4Addr::from_bits(first.to_bits() + 1).to_string()
}
