//! Rotating credentials: a deployment that changes them and nothing else; the replaced ones go when nobody uses
//! them any more.

use std::collections::BTreeMap;
use std::time::Duration;

use windlass_engine::simulated::{Failure, Fault, Method};
use windlass_model::id::InstanceId;
use windlass_model::instance::InstanceState as S;
use windlass_platform::{DEFAULT_GRACE, DeploymentView, Error};
use windlass_records::DeploymentStatus;
use windlass_services::simulated::SimulatedSession;

use super::support::World;
use super::support::images::ONE;
use super::support::looks::refusal;
use super::support::verbs::{App, SHARED};
use super::support::world::Run;

/// A site that runs with one instance.
struct Site {
    world: World,
    app: App,
    id: InstanceId,
}

impl Site {
    async fn new() -> Self {
        let world = World::new(Run::Operations).await;
        let app = world.create("shop").await;
        let id = world.add(app.test, SHARED, "DEFAULT").await;
        world.deploy_well(app.test, ONE).await;
        Self { world, app, id }
    }

    async fn begin(&self, id: InstanceId, grace: Duration) -> Result<DeploymentView, Error> {
        let platform = &self.world.platform;
        platform
            .rotate_instance(&self.world.context, id, grace)
            .await
    }

    async fn rotate(&self, grace: Duration) -> DeploymentView {
        let begun = self.begin(self.id, grace).await;
        let view = self.world.finished(begun.expect("it is begun")).await;
        assert_eq!(view.status, DeploymentStatus::Completed, "{view:?}");
        view
    }

    async fn variables(&self) -> BTreeMap<String, String> {
        self.world.variables(self.app.test).await
    }

    fn is_good(&self, variables: &BTreeMap<String, String>) -> bool {
        self.world.can_log_in(variables, "DEFAULT")
    }

    async fn connect(&self, variables: &BTreeMap<String, String>) -> SimulatedSession {
        let cluster = self.world.instance(self.id).await.cluster;
        let of = |suffix: &str| &variables[&format!("DEFAULT_DATABASE_{suffix}")];
        let cluster = cluster.expect("it is provisioned");
        let session = self
            .world
            .driver
            .connect(cluster, of("USER"), of("PASSWORD"));
        session.expect("the credentials are good")
    }

    async fn look(&self) {
        let failed = self.world.platform.revoke_replaced_once().await;
        assert!(!failed, "the look at replaced credentials failed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_uses_any_more_is_revoked_by_the_deployment() {
    let site = Site::new().await;
    let world = &site.world;
    let first = site.variables().await;
    world.set(site.app.test, "COLOUR", "blue").await;
    let waiting = world.add(site.app.test, SHARED, "WAITING").await;
    site.rotate(DEFAULT_GRACE).await;
    let second = site.variables().await;
    assert_ne!(first["DATABASE_URL"], second["DATABASE_URL"]);
    assert!(site.is_good(&second) && !site.is_good(&first));
    let told = world.ask(site.app.test, "DATABASE_URL").await;
    assert_eq!(told.as_ref(), second.get("DATABASE_URL"));
    let others = |all: &BTreeMap<String, String>| {
        let mut rest = all.clone();
        rest.retain(|name, _| !name.contains("DATABASE"));
        rest
    };
    assert_eq!(others(&first), others(&second), "nothing else has changed");
    assert_eq!(world.state(waiting).await, S::New, "it waits as before");
    world.check_tidy().await.expect("nothing is left over");
    world.deploy_well(site.app.test, ONE).await;
    assert_eq!(site.variables().await["COLOUR"], "blue");
    assert_eq!(world.state(waiting).await, S::Attached);
    assert_eq!(
        site.variables().await["DATABASE_URL"],
        second["DATABASE_URL"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_still_used_is_revoked_when_its_last_session_has_ended() {
    let site = Site::new().await;
    let first = site.variables().await;
    let session = site.connect(&first).await;
    site.rotate(DEFAULT_GRACE).await;
    let second = site.variables().await;
    site.look().await;
    assert!(session.is_alive(), "it goes on");
    assert!(
        site.is_good(&first) && site.is_good(&second),
        "both are good"
    );
    // Neither another rotation nor a deployment takes its time from it.
    site.rotate(DEFAULT_GRACE).await;
    let third = site.variables().await;
    site.world.deploy_well(site.app.test, ONE).await;
    assert!(site.is_good(&first) && site.is_good(&third) && !site.is_good(&second));
    drop(session);
    site.look().await;
    assert!(!site.is_good(&first) && site.is_good(&third));
    site.world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_still_used_when_its_time_is_over_is_revoked() {
    let site = Site::new().await;
    let first = site.variables().await;
    let session = site.connect(&first).await;
    site.rotate(Duration::from_secs(1)).await;
    assert!(site.is_good(&first), "it has a second");
    site.world
        .until("it is revoked", async || {
            site.look().await;
            !site.is_good(&first)
        })
        .await;
    assert!(!session.is_alive());
    let again = site.connect(&site.variables().await).await;
    site.rotate(Duration::ZERO).await;
    assert!(!again.is_alive(), "no time at all");
    site.world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_detachment_revokes_what_still_had_time() {
    let site = Site::new().await;
    let first = site.variables().await;
    let _session = site.connect(&first).await;
    site.rotate(DEFAULT_GRACE).await;
    let second = site.variables().await;
    site.world.detach(site.id).await;
    site.rotate(DEFAULT_GRACE).await;
    assert_eq!(site.world.state(site.id).await, S::PendingDetachment);
    assert!(site.is_good(&first) && !site.is_good(&second));
    site.world.deploy_well(site.app.test, ONE).await;
    assert_eq!(site.world.state(site.id).await, S::Detached);
    assert!(site.world.users().is_empty(), "nobody can log in");
    let text = refusal(site.begin(site.id, DEFAULT_GRACE).await);
    assert_eq!(text.0, "not_attached", "{}", text.1);
    site.world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_fails_changes_nothing() {
    let site = Site::new().await;
    let first = site.variables().await;
    let refused = Fault::Before(Failure::DiskFull);
    site.world.engine.plan_for(Method::Ensure, "-web-", refused);
    let begun = site.begin(site.id, DEFAULT_GRACE).await;
    let view = site.world.finished(begun.expect("it is begun")).await;
    assert_eq!(view.status, DeploymentStatus::Failed);
    assert_eq!(site.variables().await, first);
    assert!(site.is_good(&first));
    site.world.check_tidy().await.expect("nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_refused_before_anything_is_touched() {
    let site = Site::new().await;
    let world = &site.world;
    let new = world.add(site.app.test, SHARED, "NEW").await;
    let (code, text) = refusal(site.begin(new, DEFAULT_GRACE).await);
    assert_eq!(code, "not_attached", "{text}");
    let eternal = Duration::from_hours(8 * 24);
    assert_eq!(refusal(site.begin(site.id, eternal).await).0, "invalid");
    let nobody: InstanceId = windlass_platform::mint();
    let (code, _) = refusal(site.begin(nobody, DEFAULT_GRACE).await);
    assert_eq!(code, "not_found");
}
