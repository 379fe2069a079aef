//! The platform, its API and what they stand on.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use windlass_api::ApiSettings;
use windlass_builder::{BuilderSettings, FileLogs, GitBuilder};
use windlass_delivery::routing::SimulatedRouter;
use windlass_engine::simulated::{Behaviour, SimulatedEngine, SimulatedSettings};
use windlass_model::access::{Level, Role};
use windlass_model::id::{OrganisationId, UserId};
use windlass_model::time::Timestamp;
use windlass_operations::SystemClock;
use windlass_platform::{
    Backends, ExternalCluster, Platform, RegionBackends, RegionSettings, Settings, installation_id,
};
use windlass_records::{Change, Membership, Organisation, Scope, Store, Token, User, UserKind};
use windlass_services::simulated::{SimulatedDriver, SimulatedMarketplace, offer};
use windlass_store::SqliteStore;

use super::client::{Answer, Client};
use super::logs::logged;

/// The image of every deployment that does not say otherwise.
pub(crate) const IMAGE: &str = "shop:1";
/// Where a broker is that takes the password `let me in`.
pub(crate) const BROKER: &str = "https://broker.example";
/// No wait of a test is longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A server with one administrator.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) engine: SimulatedEngine,
    pub(crate) marketplace: SimulatedMarketplace,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) directory: TempDir,
    cancel: CancellationToken,
    served: Option<JoinHandle<()>>,
}

/// An application with its environments.
pub(crate) struct Demo {
    pub(crate) application: String,
    pub(crate) test: String,
    pub(crate) live: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ApiSettings)) -> Self {
        // Before anything logs.
        let _ = logged();
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open_temporary().await.unwrap());
        let installation = installation_id(store.as_ref()).await.unwrap();
        let engine = SimulatedEngine::new(SimulatedSettings {
            installation,
            ..SimulatedSettings::default()
        });
        engine.add_image(IMAGE, &[8000], Behaviour::serving(200));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let token_file = directory.path().join("admin-token");
        let marketplace = SimulatedMarketplace::default();
        marketplace.offer(BROKER, "let me in", &[offer("mysql", "small", "DATABASE")]);
        let backends = Backends {
            store: store.clone(),
            regions: vec![RegionBackends {
                region: RegionSettings::default().name,
                kind: "simulated".to_owned(),
                engine: Arc::new(engine.clone()),
                drivers: vec![
                    Arc::new(SimulatedDriver::new("postgres").with_media()),
                    Arc::new(SimulatedDriver::new("broker")),
                ],
            }],
            marketplace: Arc::new(marketplace.clone()),
            builder: Arc::new(GitBuilder::new(builder_settings(directory.path())).unwrap()),
            logs: Arc::new(FileLogs::new(directory.path().join("logs")).unwrap()),
            router: Arc::new(SimulatedRouter::default()),
            clock: Arc::new(SystemClock),
        };
        let settings = Settings {
            public_url: url.clone(),
            token_file: token_file.clone(),
            regions: vec![RegionSettings {
                external_clusters: vec![cluster()],
                ..RegionSettings::default()
            }],
            health_timeout: Duration::from_secs(10),
            drain_deadline: Duration::from_millis(100),
            ..Settings::default()
        };
        let platform = Platform::open(backends, settings).await.unwrap();
        let token = std::fs::read_to_string(token_file)
            .unwrap()
            .trim()
            .to_owned();
        let cancel = CancellationToken::new();
        let mut settings = ApiSettings::new(url);
        change(&mut settings);
        let (running, stop) = (platform.clone(), cancel.clone());
        tokio::spawn(async move { running.run(stop).await });
        let served = tokio::spawn(windlass_api::serve(
            listener,
            platform,
            settings,
            cancel.clone(),
        ));
        let client = Client::new(address, Some(&token));
        Self {
            address,
            engine,
            marketplace,
            store,
            client,
            token,
            directory,
            cancel,
            served: Some(served),
        }
    }

    /// Tells the server to stop, and gives what ends when it has.
    pub(crate) fn stop(&mut self) -> JoinHandle<()> {
        self.cancel.cancel();
        self.served.take().unwrap()
    }

    /// Someone of another organisation.
    pub(crate) async fn stranger(&self) -> Client {
        self.outsider().await.0
    }

    /// The same, and the user's id.
    pub(crate) async fn outsider(&self) -> (Client, String) {
        let organisation = OrganisationId::from(Uuid::now_v7());
        let user = UserId::from(Uuid::now_v7());
        // Later than the installation's own organisation, which operates it.
        let now = Timestamp(4_000_000_000_000);
        let token = format!("wl_stranger_{user}");
        self.store
            .commit(vec![
                Change::InsertOrganisation(Organisation {
                    id: organisation,
                    name: "Others".to_owned(),
                    created_at: now,
                }),
                Change::InsertUser(User {
                    id: user,
                    kind: UserKind::Person,
                    email: format!("{user}@others"),
                    first_name: "O".to_owned(),
                    last_name: "Ther".to_owned(),
                    is_operator: false,
                    created_at: now,
                }),
                Change::InsertMembership(Membership {
                    user,
                    organisation,
                    role: Role::Owner,
                    created_at: now,
                }),
                Change::InsertToken(Token {
                    id: Uuid::now_v7().into(),
                    user,
                    name: "test".to_owned(),
                    hash: hex::encode(Sha256::digest(token.as_bytes())),
                    level: Level::Manage,
                    scope: Scope::Everywhere,
                    created_at: now,
                    expires_at: None,
                    last_used_at: None,
                }),
            ])
            .await
            .unwrap();
        (Client::new(self.address, Some(&token)), user.to_string())
    }

    /// Somebody of an organisation, with a token.
    pub(crate) async fn member(
        &self,
        organisation: &str,
        role: Role,
        level: Level,
        scope: Option<Scope>,
    ) -> (Client, String) {
        let user = User {
            id: Uuid::now_v7().into(),
            kind: UserKind::Person,
            email: format!("{role}-{}@example.org", Uuid::now_v7()),
            first_name: "M".to_owned(),
            last_name: "Ember".to_owned(),
            is_operator: false,
            created_at: Timestamp(4_000_000_000_000),
        };
        let membership = Membership {
            user: user.id,
            organisation: organisation.parse().unwrap(),
            role,
            created_at: user.created_at,
        };
        let id = user.id.to_string();
        let made = vec![
            Change::InsertUser(user),
            Change::InsertMembership(membership),
        ];
        self.store.commit(made).await.unwrap();
        (self.token(&id, level, scope).await, id)
    }

    /// A client with another token of a user.
    pub(crate) async fn token(&self, user: &str, level: Level, scope: Option<Scope>) -> Client {
        let text = format!("wl_{}", Uuid::now_v7());
        let token = Token {
            id: Uuid::now_v7().into(),
            user: user.parse().unwrap(),
            name: "test".to_owned(),
            hash: hex::encode(Sha256::digest(text.as_bytes())),
            level,
            scope: scope.unwrap_or(Scope::Everywhere),
            created_at: Timestamp(4_000_000_000_000),
            expires_at: None,
            last_used_at: None,
        };
        let made = vec![Change::InsertToken(token)];
        self.store.commit(made).await.unwrap();
        Client::new(self.address, Some(&text))
    }

    /// The organisation that is there from the start.
    pub(crate) async fn organisation(&self) -> String {
        let list = self.client.get("/iam/v3/organisations/").await;
        list.results()[0]["uuid"].as_str().unwrap().to_owned()
    }

    /// An application.
    pub(crate) async fn demo(&self, slug: &str) -> Demo {
        let made = self
            .client
            .post(
                "/apps/v3/applications/",
                &json!({ "slug": slug, "name": "A shop" }),
            )
            .await;
        made.expect(201);
        let uuid = |key: &str| made.body[key]["uuid"].as_str().unwrap().to_owned();
        Demo {
            application: made.body["uuid"].as_str().unwrap().to_owned(),
            test: uuid("test_status"),
            live: uuid("live_status"),
        }
    }

    /// A database, recorded only.
    pub(crate) async fn add(&self, environment: &str, prefix: &str) -> Value {
        let body = json!({ "environment": environment, "service": "postgres-15-shared", "prefix": prefix });
        self.client
            .post("/apps/v3/service-instances/", &body)
            .await
            .expect(201)
            .body
            .clone()
    }

    /// A deployment that has begun.
    pub(crate) async fn begin(&self, environment: &str) -> Value {
        let body = json!({ "environment": environment, "image": IMAGE });
        self.client
            .post("/apps/v3/deployments/", &body)
            .await
            .expect(201)
            .body
            .clone()
    }

    /// A deployment that has ended well.
    pub(crate) async fn deploy(&self, environment: &str) -> Value {
        let begun = self.begin(environment).await;
        let ended = self.ended(&begun).await;
        assert_eq!(ended["success"], true, "{ended:#}");
        ended
    }

    /// A deployment when it has ended.
    pub(crate) async fn ended(&self, deployment: &Value) -> Value {
        self.finished(deployment["operation"].as_str().unwrap())
            .await;
        let path = format!(
            "/apps/v3/deployments/{}/",
            deployment["uuid"].as_str().unwrap()
        );
        self.client.get(&path).await.expect(200).body.clone()
    }

    /// An operation when it has ended or needs attention.
    pub(crate) async fn finished(&self, operation: &str) -> Answer {
        let answer = self
            .client
            .get(&format!("/apps/v3/operations/{operation}/?wait=30"))
            .await;
        answer.expect(200);
        assert!(
            ["succeeded", "rolled_back"].contains(&answer.body["state"].as_str().unwrap()),
            "{:#}",
            answer.body
        );
        answer
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn builder_settings(directory: &Path) -> BuilderSettings {
    BuilderSettings {
        minimum_free_bytes: 0,
        ..BuilderSettings::new(directory.join("repositories"))
    }
}

fn cluster() -> ExternalCluster {
    ExternalCluster {
        serves: "postgres-15".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: Some(5432),
        administration_port: None,
        administrator: "postgres".to_owned(),
        password: SecretString::from("administrator"),
        database: None,
        url: None,
    }
}

/// Asks again until it is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let asked = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(DEADLINE, asked).await.is_ok(),
        "{what} did not become so"
    );
}
