//! Every other type of service that this machine has the image of: an instance on the shared cluster beside the same
//! done with the server's own client, and a private one beside `docker run` of what Windlass runs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Stage, samples, since};
use crate::api::Api;
use crate::hand::{self, Container};
use crate::report::{Figure, Row};
use crate::samples::Samples;
use crate::say;
use crate::until::until_every;

/// Servers that take half a minute to start would otherwise take most of the run.
const FEW: u32 = 5;
/// The first start of a search server on a busy machine.
const START_DEADLINE: Duration = Duration::from_mins(3);
/// Between two looks; Windlass looks as often.
const LOOK: Duration = Duration::from_millis(50);
/// What a server that runs says at once.
const ANSWER: Duration = Duration::from_secs(5);

/// A type, and how one works with it by hand.
struct Type {
    title: &'static str,
    image: &'static str,
    private: &'static str,
    /// A port, and what is said to it; the server runs when it answers. One that speaks first is told nothing.
    probe: (u16, &'static [u8]),
    /// A file that its server needs.
    file: Option<&'static str>,
    shared: Option<Shared>,
}

/// The service on the shared cluster, and a shell script that makes an instance with `$HOST`, `$ADMINISTRATOR` and
/// `$PASSWORD` under the name `$NAME`.
struct Shared {
    service: &'static str,
    administrator: &'static str,
    password: &'static str,
    script: &'static str,
}

const HTTP: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
/// `{hello: 1, $db: "admin"}` as an `OP_MSG` of MongoDB's protocol, which asks for no credentials.
const HELLO: &[u8] = b"\x34\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\
    \x1f\0\0\0\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";

const TYPES: [Type; 7] = [
    Type {
        title: "MariaDB",
        image: "mariadb:10.11",
        private: "mariadb-10.11-private",
        probe: (3306, b""),
        file: None,
        shared: Some(Shared {
            service: "mariadb-10.11-shared",
            administrator: "",
            password: "MARIADB_ROOT_PASSWORD",
            script: "exec mariadb --host=$HOST --user=root --password=$PASSWORD --execute=\"CREATE DATABASE $NAME; \
                     CREATE USER $NAME IDENTIFIED BY 'a password'; GRANT ALL ON $NAME.* TO $NAME\"",
        }),
    },
    Type {
        title: "RabbitMQ",
        image: "rabbitmq:3.10-management",
        private: "rabbitmq-3.10-private",
        probe: (15672, HTTP),
        file: None,
        shared: Some(Shared {
            service: "rabbitmq-3.10-shared",
            administrator: "RABBITMQ_DEFAULT_USER",
            password: "RABBITMQ_DEFAULT_PASS",
            script: "A=\"-sf -u $ADMINISTRATOR:$PASSWORD -X PUT -H content-type:application/json\"; \
                     U=http://$HOST:15672/api; \
                     exec curl $A $U/vhosts/$NAME --next $A -d '{\"password\":\"a password\",\"tags\":\"\"}' \
                     $U/users/$NAME --next $A -d '{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}' \
                     $U/permissions/$NAME/$NAME",
        }),
    },
    Type {
        title: "Redis",
        image: "redis:7",
        private: "redis-7-private",
        probe: (6379, b"PING\r\n"),
        file: None,
        shared: None,
    },
    Type {
        title: "Memcached",
        image: "memcached:1.6",
        private: "memcached-1.6-private",
        probe: (11211, b"version\r\n"),
        file: None,
        shared: None,
    },
    Type {
        title: "object storage on Garage",
        image: "dxflrs/garage:v2.5.0",
        private: "s3-2.5-private",
        probe: (3903, HTTP),
        file: Some("/etc/garage.toml"),
        shared: Some(Shared {
            service: "s3-2.5-shared",
            administrator: "",
            password: "GARAGE_ADMIN_TOKEN",
            script: "A=\"-sf -H authorization:Bearer\\ $PASSWORD\"; U=http://$HOST:3903/v2; \
                     call() { curl -sf -H \"authorization: Bearer $PASSWORD\" -d \"$2\" $U/$1; }; \
                     B=$(call CreateBucket \"{\\\"globalAlias\\\":\\\"$NAME\\\"}\" | sed -n 's/.*\"id\": *\"\\([0-9a-f]*\\)\".*/\\1/p' | head -n 1) && \
                     K=$(call CreateKey \"{\\\"name\\\":\\\"$NAME\\\"}\" | sed -n 's/.*\"accessKeyId\": *\"\\([^\"]*\\)\".*/\\1/p' | head -n 1) && \
                     call AllowBucketKey \"{\\\"bucketId\\\":\\\"$B\\\",\\\"accessKeyId\\\":\\\"$K\\\",\\\"permissions\\\":{\\\"read\\\":true,\\\"write\\\":true,\\\"owner\\\":false}}\"",
        }),
    },
    Type {
        title: "OpenSearch",
        image: "opensearchproject/opensearch:2.19.4",
        private: "opensearch-2.19-private",
        probe: (9200, HTTP),
        file: None,
        shared: Some(Shared {
            service: "opensearch-2.19-shared",
            administrator: "",
            password: "OPENSEARCH_INITIAL_ADMIN_PASSWORD",
            script: "A=\"-sf -u windlass:$PASSWORD -X PUT -H content-type:application/json\"; \
                     U=http://$HOST:9200/_plugins/_security/api; \
                     exec curl $A -d '{\"index_permissions\":[{\"index_patterns\":[\"'$NAME'-*\"],\"allowed_actions\":[\"indices_all\"]}]}' \
                     $U/roles/$NAME --next $A -d '{\"password\":\"A-very-long-password-17\"}' $U/internalusers/$NAME \
                     --next $A -d '{\"users\":[\"'$NAME'\"]}' $U/rolesmapping/$NAME",
        }),
    },
    Type {
        title: "FerretDB",
        image: "ghcr.io/ferretdb/ferretdb:1.24.2",
        private: "ferretdb-1.24-private",
        probe: (27017, HELLO),
        file: None,
        shared: None,
    },
];

pub(super) fn measure(stage: &mut Stage) -> Result<Figure> {
    let (shared, private, name) = (stage.plan.shared, stage.plan.private, stage.name.clone());
    let installation = stage.installation()?;
    let api = &installation.api;
    let environment = api
        .create_application(&format!("{name}-types"))?
        .environment;
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for kind in TYPES {
        if hand::docker(["image", "inspect", kind.image]).is_err() {
            notes.push(format!(
                "{} was not measured: its image is not here",
                kind.title
            ));
            continue;
        }
        if let Some(service) = &kind.shared {
            let (windlass, hand) = on_shared(api, &installation.id, &environment, service, shared)
                .with_context(|| format!("{} on the shared cluster", kind.title))?;
            rows.push(Row::new(
                format!("{}, shared: Windlass", kind.title),
                "ms",
                &windlass,
            ));
            rows.push(Row::new(
                format!("{}, shared: by hand", kind.title),
                "ms",
                &hand,
            ));
            notes.push(ratio(&kind, "shared", &windlass, &hand));
            say(&format!("        {}", notes[notes.len() - 1]));
        }
        let (windlass, hand) = on_private(
            api,
            &installation.id,
            &environment,
            &kind,
            &name,
            private.min(FEW),
        )
        .with_context(|| format!("{}, private", kind.title))?;
        rows.push(Row::new(
            format!("{}, private: Windlass", kind.title),
            "ms",
            &windlass,
        ));
        rows.push(Row::new(
            format!("{}, private: docker run", kind.title),
            "ms",
            &hand,
        ));
        notes.push(ratio(&kind, "private", &windlass, &hand));
        say(&format!("        {}", notes[notes.len() - 1]));
    }
    Ok(Figure {
        title: "An instance of the other types, from the call until it can be used",
        rows,
        bounds: Vec::new(),
        notes,
    })
}

fn ratio(kind: &Type, plan: &str, windlass: &Samples, hand: &Samples) -> String {
    let ratio = windlass.median() / hand.median();
    format!(
        "{}, {plan}: Windlass {:.0} ms, by hand {:.0} ms, ratio {ratio:.2}",
        kind.title,
        windlass.median(),
        hand.median()
    )
}

/// Adds and provisions one; gives its id and how long the latter took.
fn provision(api: &Api, environment: &str, service: &str, prefix: &str) -> Result<(String, f64)> {
    let instance = api.add_instance(environment, service, prefix)?;
    let started = Instant::now();
    api.provision(&instance)?;
    let took = since(started);
    let status = api.instance_status(&instance)?;
    ensure!(
        status == "PENDING_ATTACHMENT",
        "an instance is {status} after it was provisioned"
    );
    Ok((instance, took))
}

/// The newest container of a cluster.
fn server(installation: &str) -> Result<String> {
    let clusters = hand::containers(installation, "cluster", None)?;
    clusters.into_iter().next().context("no cluster runs")
}

fn on_shared(
    api: &Api,
    installation: &str,
    environment: &str,
    shared: &Shared,
    rounds: u32,
) -> Result<(Samples, Samples)> {
    // The first instance starts the cluster's server.
    provision(api, environment, shared.service, "FIRST")?;
    let server = server(installation)?;
    let (_, address) = hand::network_and_address(&server)?;
    let variables = hand::variables(&server)?;
    let value = |name: &str| {
        let of = |line: &String| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned());
        variables.iter().find_map(of).unwrap_or_default()
    };
    let by_hand = |round: u32| {
        let mut command = Command::new("sh");
        command.args(["-c", shared.script]);
        command
            .env("HOST", &address)
            .env("NAME", format!("byhand{round}"));
        command.env("ADMINISTRATOR", value(shared.administrator));
        command.env("PASSWORD", value(shared.password));
        let started = Instant::now();
        hand::run(&mut command)?;
        anyhow::Ok(since(started))
    };
    let by_windlass = |round: u32| {
        let prefix = format!("ROUND_{round}");
        provision(api, environment, shared.service, &prefix).map(|(_, took)| took)
    };
    in_turns(rounds, by_windlass, by_hand)
}

fn on_private(
    api: &Api,
    installation: &str,
    environment: &str,
    kind: &Type,
    name: &str,
    rounds: u32,
) -> Result<(Samples, Samples)> {
    // Not counted, and what is run by hand is run as this is.
    let (model, _) = provision(api, environment, kind.private, "MODEL")?;
    let server = server(installation)?;
    let inspected = hand::docker(["inspect", "--format", "{{json .}}", &server])?;
    let inspected: Value = serde_json::from_str(&inspected)?;
    let arguments = arguments(kind, &inspected);
    let file = kind.file.map(|path| (server.clone(), path));
    let by_hand = |_| {
        let started = Instant::now();
        let container = match &file {
            None => Container::run(name, &arguments)?,
            Some((from, path)) => Container::run_with_file(name, &arguments, from, path)?,
        };
        let (_, address) = container.network_and_address()?;
        let (port, words) = kind.probe;
        until_every(LOOK, "the server to answer", START_DEADLINE, || {
            Ok(answers(&address, port, words).then_some(()))
        })?;
        anyhow::Ok(since(started))
    };
    let by_windlass = |_| {
        let (instance, took) = provision(api, environment, kind.private, "OWN")?;
        api.remove_instance(&instance, "OWN")?;
        anyhow::Ok(took)
    };
    let measured = in_turns(rounds, by_windlass, by_hand)?;
    api.remove_instance(&model, "MODEL")?;
    Ok(measured)
}

/// `docker run` of the same: image, command, variables, limits and volumes.
fn arguments(kind: &Type, inspected: &Value) -> Vec<String> {
    let mut arguments = vec![
        format!("--memory={}", inspected["HostConfig"]["Memory"]),
        format!(
            "--cpus={:.3}",
            inspected["HostConfig"]["NanoCpus"]
                .as_f64()
                .unwrap_or_default()
                / 1e9
        ),
    ];
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items
            .filter_map(|item| Some(item.as_str()?.to_owned()))
            .collect()
    };
    for variable in texts(&inspected["Config"]["Env"]) {
        arguments.push(format!("--env={variable}"));
    }
    for mount in inspected["Mounts"].as_array().into_iter().flatten() {
        if let Some(path) = mount["Destination"].as_str() {
            arguments.push(format!("--volume={path}"));
        }
    }
    arguments.push(kind.image.to_owned());
    arguments.extend(texts(&inspected["Config"]["Cmd"]));
    arguments
}

/// Whether a server says something.
fn answers(host: &str, port: u16, words: &[u8]) -> bool {
    let Ok(address) = format!("{host}:{port}").parse() else {
        return false;
    };
    let Ok(mut stream) = TcpStream::connect_timeout(&address, ANSWER) else {
        return false;
    };
    let asked = stream
        .set_read_timeout(Some(ANSWER))
        .and_then(|()| stream.write_all(words));
    asked.is_ok() && stream.read(&mut [0; 64]).is_ok_and(|read| read > 0)
}

fn in_turns(
    rounds: u32,
    mut one: impl FnMut(u32) -> Result<f64>,
    mut other: impl FnMut(u32) -> Result<f64>,
) -> Result<(Samples, Samples)> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        if round % 2 == 0 {
            ones.push(one(round)?);
            others.push(other(round)?);
        } else {
            others.push(other(round)?);
            ones.push(one(round)?);
        }
    }
    Ok((samples(ones)?, samples(others)?))
}
