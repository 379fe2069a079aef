//! What the benchmarks ask of the server, through its API like every other client.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::http::Connection;

/// Longer than the longest wait that the API grants, 60 s.
const TIMEOUT: Duration = Duration::from_secs(70);
/// A deployment or a new server that takes longer is stuck.
const WAITS: u32 = 5;

/// A client.
#[derive(Debug)]
pub(crate) struct Api {
    address: SocketAddr,
    token: String,
}

/// An application, with the environment that is deployed.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    /// The id of its environment `test`.
    pub(crate) environment: String,
    /// Where that is served.
    pub(crate) host: String,
}

impl Api {
    pub(crate) fn new(address: SocketAddr, token: String) -> Self {
        Self { address, token }
    }

    pub(crate) fn create_application(&self, slug: &str) -> Result<Application> {
        let application = self.post(
            "/apps/v3/applications/",
            &json!({"slug": slug, "name": slug}),
        )?;
        let environments = application["environments"]
            .as_array()
            .context("an application has no environments")?;
        let test = environments
            .iter()
            .find(|environment| environment["slug"] == "test")
            .context("an application has no environment 'test'")?;
        Ok(Application {
            environment: text(&test["uuid"], "an environment's id")?,
            host: format!("{slug}-test.localhost"),
        })
    }

    /// Adds a service instance and gives its id; nothing exists of it yet.
    pub(crate) fn add_instance(
        &self,
        environment: &str,
        service: &str,
        prefix: &str,
    ) -> Result<String> {
        let body = json!({"environment": environment, "service": service, "prefix": prefix});
        let instance = self.post("/apps/v3/service-instances/", &body)?;
        text(&instance["uuid"], "an instance's id")
    }

    /// Provisions an instance; back when the API says that it can be used.
    pub(crate) fn provision(&self, instance: &str) -> Result<Value> {
        let operation = self.post(
            &format!("/apps/v3/service-instances/{instance}/provision/"),
            &json!({}),
        )?;
        self.wait(&operation["uuid"])
    }

    pub(crate) fn instance_status(&self, instance: &str) -> Result<String> {
        let instance = self.call(
            "GET",
            &format!("/apps/v3/service-instances/{instance}/"),
            None,
        )?;
        text(&instance["service_status"], "an instance's state")
    }

    /// Destroys an instance; back when it is gone.
    pub(crate) fn remove_instance(&self, instance: &str, prefix: &str) -> Result<()> {
        let path = format!("/apps/v3/service-instances/{instance}/?confirm={prefix}");
        let operation = self.call("DELETE", &path, None)?;
        self.wait(&operation["uuid"]).map(drop)
    }

    pub(crate) fn set_variable(&self, environment: &str, name: &str, value: &str) -> Result<()> {
        let body = json!({"environment": environment, "name": name, "value": value});
        self.post("/apps/v3/environment-variables/", &body)
            .map(drop)
    }

    /// Begins the deployment of an image, and gives the id of its operation.
    pub(crate) fn deploy(&self, environment: &str, image: &str) -> Result<Value> {
        let body = json!({"environment": environment, "image": image});
        let deployment = self.post("/apps/v3/deployments/", &body)?;
        Ok(deployment["operation"].clone())
    }

    /// Waits for an operation's end, and gives it; one that did not succeed is an error.
    pub(crate) fn wait(&self, operation: &Value) -> Result<Value> {
        let id = text(operation, "an operation's id")?;
        for _ in 0..WAITS {
            let operation =
                self.call("GET", &format!("/apps/v3/operations/{id}/?wait=60"), None)?;
            match operation["state"].as_str() {
                Some("succeeded") => return Ok(operation),
                Some("pending" | "running" | "compensating") => {}
                state => bail!(
                    "operation {id} is {}: {}",
                    state.unwrap_or("without a state"),
                    operation["error"]
                ),
            }
        }
        bail!("operation {id} has not ended after {WAITS} minutes")
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, Some(body))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Token {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            self.token,
            body.len()
        );
        let response = Connection::open(self.address, TIMEOUT)
            .and_then(|mut connection| connection.exchange(request.as_bytes()))
            .with_context(|| format!("{method} {path}"))?;
        if !(200..300).contains(&response.status) {
            bail!(
                "{method} {path}: status {}: {}",
                response.status,
                String::from_utf8_lossy(&response.body)
            );
        }
        serde_json::from_slice(&response.body)
            .with_context(|| format!("{method} {path}: the answer is not JSON"))
    }
}

fn text(value: &Value, what: &str) -> Result<String> {
    Ok(value
        .as_str()
        .with_context(|| format!("{what} is missing in an answer"))?
        .to_owned())
}
