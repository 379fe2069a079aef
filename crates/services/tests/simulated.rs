//! The conformance suite over the simulated driver, and what its scripted faults do.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use windlass_model::id::{BindingId, ClusterId, InstanceId, short};
use windlass_services::conformance::{self, Cut, Fixture, Session, cut_after};
use windlass_services::simulated::{Call, Fault, Refusal, SimulatedDriver, SimulatedSession};
use windlass_services::{
    Access, BindingSpec, Driver, Endpoint, Error, InstanceSpec, Tls, Variable, password,
};

struct Simulated {
    driver: SimulatedDriver,
    access: Access,
    down: Access,
}

impl Simulated {
    fn new() -> Self {
        let fixture = Self {
            driver: SimulatedDriver::new("simulated"),
            access: access(),
            down: access(),
        };
        fixture
            .driver
            .set_administrator_password(fixture.access.cluster, fixture.access.password.clone());
        fixture.driver.set_down(fixture.down.cluster, true);
        fixture
    }
}

fn access() -> Access {
    Access {
        cluster: ClusterId::from(Uuid::now_v7()),
        description: "shared cluster 'simulated' of region local".to_owned(),
        endpoint: Endpoint {
            host: "simulated.internal".to_owned(),
            port: 5432,
        },
        application_port: 5432,
        user: "administrator".to_owned(),
        password: password::generate(),
        database: None,
        tls: Tls::Off,
        settings: None,
    }
}

struct Connection(SimulatedSession);

#[async_trait]
impl Session for Connection {
    async fn write(&mut self, key: &str, value: &str) -> Result<(), String> {
        self.0.write(key, value)
    }
    async fn read(&mut self, key: &str) -> Result<Option<String>, String> {
        self.0.read(key)
    }
    async fn try_read_other(
        &mut self,
        other: InstanceId,
        key: &str,
    ) -> Result<Option<String>, String> {
        self.0.read_other(other, key)
    }
    async fn is_alive(&mut self) -> bool {
        self.0.is_alive()
    }
}

fn value<'a>(variables: &'a [Variable], suffix: &str) -> &'a str {
    let found = variables
        .iter()
        .find(|variable| variable.name.as_str().ends_with(suffix));
    found.expect("the variable is given").value.expose_secret()
}

#[async_trait]
impl Fixture for Simulated {
    fn driver(&self) -> &dyn Driver {
        &self.driver
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn access(&self) -> Access {
        self.access.clone()
    }
    fn unreachable(&self) -> Access {
        self.down.clone()
    }
    async fn connect(&self, variables: &[Variable]) -> Result<Box<dyn Session>, String> {
        let (user, password) = (value(variables, "_USER"), value(variables, "_PASSWORD"));
        let session = self.driver.connect(self.access.cluster, user, password)?;
        Ok(Box::new(Connection(session)))
    }
    async fn connect_to(
        &self,
        variables: &[Variable],
        other: InstanceId,
    ) -> Result<Box<dyn Session>, String> {
        let (_, generation) = value(variables, "_USER")
            .rsplit_once('_')
            .expect("a user's name");
        let user = format!("svc_{}_{generation}", short(other));
        let session =
            self.driver
                .connect(self.access.cluster, &user, value(variables, "_PASSWORD"))?;
        Ok(Box::new(Connection(session)))
    }
    async fn traces(&self, instance: InstanceId) -> Vec<String> {
        let snapshot = self.driver.snapshot();
        let foreign = self.driver.foreign(self.access.cluster);
        let name = short(instance);
        let held = snapshot.instance(&name).into_iter().flat_map(|held| {
            let users = held.users.iter().chain(&held.locked_users).cloned();
            let fresh = held.has_fresh.then(|| "something fresh".to_owned());
            std::iter::once(format!("instance, ready: {}", held.is_ready))
                .chain(fresh)
                .chain(users)
                .collect::<Vec<_>>()
        });
        held.chain(foreign.contains(&name).then(|| "foreign".to_owned()))
            .collect()
    }
    async fn make_foreign(&self, instance: InstanceId) {
        self.driver.put_foreign(self.access.cluster, instance);
    }
    async fn remove_foreign(&self, instance: InstanceId) {
        self.driver.take_foreign(self.access.cluster, instance);
    }
    async fn server_log(&self) -> String {
        String::new()
    }
}

#[tokio::test]
async fn the_simulated_driver_conforms() {
    let fixture = Simulated::new();
    conformance::run(&fixture).await;
    assert!(
        fixture.driver.snapshot().is_empty(),
        "the suite leaves nothing: {:?}",
        fixture.driver.snapshot()
    );
}

fn spec() -> InstanceSpec {
    InstanceSpec {
        instance: InstanceId::from(Uuid::now_v7()),
        connection_limit: 60,
        comment: "shop/test/DEFAULT".to_owned(),
        given: None,
        owner: None,
        storage_bytes: None,
    }
}

#[tokio::test]
async fn faults_have_the_effect_that_they_say() {
    let fixture = Simulated::new();
    let (driver, access, spec) = (&fixture.driver, &fixture.access, spec());

    driver.fault(Call::Provision, Fault::Before(Refusal::Full));
    driver.fault(Call::Provision, Fault::HalfWay);
    driver.fault(Call::Provision, Fault::LostAnswer);
    assert!(matches!(
        driver.provision(access, &spec).await,
        Err(Error::Full { .. })
    ));
    assert!(driver.snapshot().is_empty());
    assert!(matches!(
        driver.provision(access, &spec).await,
        Err(Error::Failed { .. })
    ));
    assert!(
        !driver
            .snapshot()
            .instance(&short(spec.instance))
            .expect("half of it")
            .is_ready
    );
    assert!(matches!(
        driver.provision(access, &spec).await,
        Err(Error::NoAnswer { .. })
    ));
    assert!(
        driver
            .snapshot()
            .instance(&short(spec.instance))
            .expect("all of it")
            .is_ready
    );

    let binding = BindingSpec {
        binding: BindingId::from(Uuid::now_v7()),
        generation: 1,
        password: SecretString::from("Secret0123456789"),
    };
    let user = format!("svc_{}_1", short(spec.instance));
    let login = || driver.login(access.cluster, &user, "Secret0123456789");
    driver.fault(Call::Bind, Fault::HalfWay);
    driver.fault(Call::Bind, Fault::After);
    assert!(driver.bind(access, &spec, &binding).await.is_err());
    assert!(!login(), "half a binding cannot log in");
    assert!(driver.bind(access, &spec, &binding).await.is_err());
    assert!(login(), "the effect was had");

    driver.fault(Call::Unbind, Fault::Hang);
    driver.fault(Call::Unbind, Fault::HangAfter);
    assert_eq!(
        cut_after(9, at_rest(driver.unbind(access, spec.instance, 1))).await,
        Cut::Short
    );
    assert!(login(), "a call that hangs does nothing");
    assert_eq!(
        cut_after(9, at_rest(driver.unbind(access, spec.instance, 1))).await,
        Cut::Short
    );
    assert!(!login(), "a call that hangs after its effect had it");
    assert_eq!(driver.faults_left(), 0);
    driver
        .destroy(access, spec.instance)
        .await
        .expect("destroy");
    assert!(driver.snapshot().is_empty());
}

/// Keeps a call that hangs being polled, so that the cut is reached.
async fn at_rest<T>(call: impl Future<Output = Result<T, Error>>) -> bool {
    let ticking = async {
        loop {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        result = call => result.is_ok(),
        () = ticking => false,
    }
}
