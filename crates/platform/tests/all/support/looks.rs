//! What the tests look at: rows, containers, and what the running site itself says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use windlass_model::id::{EnvironmentId, InstanceId, short};
use windlass_model::instance::InstanceState;
use windlass_platform::Error;
use windlass_records::{Instance, Release, Store};

use super::World;

/// How long a condition may take to come true.
const DEADLINE: Duration = Duration::from_secs(30);

impl World {
    pub(crate) async fn instance(&self, id: InstanceId) -> Instance {
        let found = self.store.instance(id).await.expect("the store answers");
        found.expect("the instance is there")
    }

    pub(crate) async fn state(&self, id: InstanceId) -> InstanceState {
        self.instance(id).await.state
    }

    /// The running release.
    pub(crate) async fn release(&self, environment: EnvironmentId) -> Option<Release> {
        let environment = self
            .store
            .environment(environment)
            .await
            .expect("the store answers")
            .expect("the environment is there");
        let id = environment.running_release?;
        let release = self.store.release(id).await.expect("the store answers");
        Some(release.expect("a running release is there"))
    }

    /// The variables in the web container of the running release.
    pub(crate) async fn variables(&self, environment: EnvironmentId) -> BTreeMap<String, String> {
        let release = self.release(environment).await.expect("something runs");
        let workload = self.engine.workload(&web_container(&release));
        let workload = workload.expect("the running release has its container");
        workload
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
            .collect()
    }

    /// What the site of the environment says about a variable, asked as a browser would: by the route
    /// table. `None` when it answers that it has none.
    pub(crate) async fn ask(&self, environment: EnvironmentId, variable: &str) -> Option<String> {
        let table = self.router.table();
        let route = table
            .routes
            .iter()
            .find(|route| route.environment == environment)
            .expect("the environment has a route");
        let upstream = route.upstreams.first().expect("the route has an upstream");
        let answer = tokio::time::timeout(DEADLINE, async {
            let mut stream = TcpStream::connect(upstream).await?;
            let request = format!(
                "GET /env/{variable} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                route.host
            );
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        });
        let answer = answer.await.expect("in time").expect("the site answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        (!head.starts_with("HTTP/1.1 404")).then(|| body.to_owned())
    }

    /// The users that can log in on any cluster whose data still exists.
    pub(crate) fn users(&self) -> BTreeSet<String> {
        let databases = self.databases();
        let users = databases.values().flat_map(|instance| &instance.users);
        users.cloned().collect()
    }

    /// Whether the credentials of these variables are good.
    pub(crate) fn can_log_in(&self, variables: &BTreeMap<String, String>, prefix: &str) -> bool {
        let of = |suffix: &str| &variables[&format!("{prefix}_DATABASE_{suffix}")];
        let clusters = self.driver.snapshot().clusters;
        clusters
            .keys()
            .any(|cluster| self.driver.login(*cluster, of("USER"), of("PASSWORD")))
    }

    /// Waits until a condition is true.
    pub(crate) async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(DEADLINE, async {
            while !condition().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        waited
            .await
            .unwrap_or_else(|_| panic!("it did not come true: {what}"));
    }
}

/// The container of a release's web process.
pub(crate) fn web_container(release: &Release) -> String {
    format!("windlass-{}-web-1", short(release.id))
}

/// The code and text of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    match result {
        Err(Error::Refused { code, message, .. }) => (code.to_owned(), message),
        Err(error @ Error::Invalid(_)) => ("invalid".to_owned(), error.to_string()),
        Err(error @ Error::NotFound { .. }) => ("not_found".to_owned(), error.to_string()),
        other => panic!("a refusal was expected: {other:?}"),
    }
}
