//! Every operation of the document, asked for by everybody: a stranger, each role, each level of a token, and a
//! token that is for another application. What comes of it is what the one decision says.

use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use serde_json::{Value, json};
use windlass_model::access::{Action, Decision, Level, Role, Standing, decide};
use windlass_records::Scope;

use crate::support::{BROKER, Client, Demo, World};

/// Where the object of an operation belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// A list of what the caller may see, or what is everyone's.
    Everyone,
    /// The organisation.
    Organisation,
    /// The application `shop` of it.
    Application,
    /// The installation, of which others know nothing.
    Installation,
    /// The installation, of which everybody knows.
    KnownInstallation,
}

/// What an operation needs.
#[derive(Debug, Clone, Copy)]
struct Case(Of, Action);

/// The case of each operation; a new one needs its own.
#[expect(clippy::match_same_arms, reason = "a line for each sort of object")]
fn case(method: &str, path: &str) -> Option<Case> {
    use Action as A;
    use Of::{Application, Everyone, Installation, KnownInstallation, Organisation};
    let rest = ["/apps/v3/", "/iam/v3/", "/billing/v3/", "/legacy/v3/"]
        .iter()
        .find_map(|start| path.strip_prefix(start))
        .unwrap_or(path);
    Some(match (method, rest.trim_end_matches('/')) {
        ("GET", "applications" | "operations") => Case(Everyone, A::ViewApplication),
        (
            "GET",
            "regions"
            | "regions/{id}"
            | "services"
            | "services/{id}"
            | "me"
            | "app-templates"
            | "application-plan-groups"
            | "application-plan-groups/{id}"
            // There are none of them to be seen, by anybody.
            | "app-templates/{id}"
            | "/templates/{id}",
        ) => Case(Everyone, A::ViewAccount),
        ("GET", "addons") if path.starts_with("/legacy/") => Case(Everyone, A::ViewAccount),
        ("POST", "repositories" | "repositories/{id}/check") | ("DELETE", "repositories/{id}") => {
            Case(Organisation, A::CreateApplication)
        }
        ("POST", "applications") => Case(Organisation, A::CreateApplication),
        (
            "GET",
            "applications/{id}" | "repositories/{id}" | "environments" | "environments/{id}",
        ) => Case(Application, A::ViewApplication),
        ("PATCH", "applications/{id}" | "environments/{id}")
        | ("POST", "environments" | "environments/{id}/copy") => {
            Case(Application, A::ChangeApplication)
        }
        ("DELETE", "applications/{id}") => Case(Application, A::RemoveApplication),
        ("GET", "environments/{id}/logs" | "environments/{id}/logs/stream") => {
            Case(Application, A::ReadLogs)
        }
        ("GET", "environments/{id}/releases") => Case(Application, A::ViewApplication),
        ("POST", "environments/{id}/rollback" | "deployments" | "deployments/plan") => {
            Case(Application, A::Deploy)
        }
        ("GET", "deployments" | "deployments/{id}" | "deployments/{id}/environment-variables") => {
            Case(Application, A::ViewApplication)
        }
        ("GET", "deployments/{id}/logs" | "deployments/{id}/logs/stream") => {
            Case(Application, A::ReadLogs)
        }
        ("POST", "deployments/{id}/cancel") => Case(Application, A::CancelOperation),
        ("GET", "environment-variables") => Case(Application, A::ViewApplication),
        ("POST", "environment-variables" | "environment-variables/unset")
        | ("PATCH" | "DELETE", "environment-variables/{id}") => Case(Application, A::SetVariables),
        ("GET", "operations/{id}" | "operations/{id}/events") => {
            Case(Application, A::ViewApplication)
        }
        ("POST", "operations/{id}/cancel" | "operations/{id}/retry") => {
            Case(Application, A::CancelOperation)
        }
        ("POST", "operations/{id}/skip" | "operations/{id}/abandon") => {
            Case(Application, A::RepairOperation)
        }
        (
            "GET",
            "service-instances" | "service-instances/{id}" | "service-instances/{id}/usage",
        ) => Case(Application, A::ViewApplication),
        ("POST", "service-instances/{id}/rotate") => Case(Application, A::RotateCredentials),
        ("POST", rest) if rest.starts_with("service-instances") => {
            Case(Application, A::ManageServices)
        }
        ("PATCH", "service-instances/{id}") => Case(Application, A::ManageServices),
        ("DELETE", "service-instances/{id}") => Case(Application, A::RemoveService),
        ("GET", "service-brokers") => Case(Everyone, A::ViewBrokers),
        ("GET", "service-brokers/{id}") => Case(Installation, A::ViewBrokers),
        (_, rest) if rest.starts_with("service-brokers") => Case(Installation, A::ManageBrokers),
        ("GET", "organisations") => Case(Everyone, A::ViewOrganisation),
        ("POST", "organisations") => Case(KnownInstallation, A::CreateOrganisation),
        ("GET", "organisations/{id}") => Case(Organisation, A::ViewOrganisation),
        ("GET", "organisations/{id}/members") => Case(Organisation, A::ViewMembers),
        ("PATCH" | "DELETE", "organisations/{id}/members/{user}")
        | ("GET" | "POST", "organisations/{id}/invitations")
        | ("DELETE", "organisations/{id}/invitations/{invitation}") => {
            Case(Organisation, A::ManageMembers)
        }
        ("POST", "organisations/{id}/service-accounts") => {
            Case(Organisation, A::ManageServiceAccounts)
        }
        ("GET", "organisations/{id}/audit" | "organisations/{id}/audit/export") => {
            Case(Organisation, A::ReadAudit)
        }
        ("GET", "tokens") => Case(Everyone, A::ViewAccount),
        ("POST", "tokens" | "invitations/accept") | ("DELETE", "tokens/{id}") => {
            Case(Everyone, A::ManageAccount)
        }
        _ => return None,
    })
}

/// Somebody who asks.
struct Asker {
    who: &'static str,
    client: Client,
    user: String,
    /// What it is in the organisation.
    role: Option<Role>,
    level: Level,
    operates: bool,
    /// Whether its token is for another application of the organisation.
    elsewhere: bool,
}

/// What is to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Allowed,
    NotAllowed,
    NotFound,
}

impl Asker {
    fn expected(&self, Case(of, action): Case) -> Expected {
        let standing = match of {
            // Lists show to everybody what is for it, and brokers to nobody else.
            Of::Everyone => match action {
                Action::ViewApplication | Action::ViewOrganisation | Action::ViewBrokers => {
                    return Expected::Allowed;
                }
                _ => Some(Standing::Account),
            },
            Of::Installation | Of::KnownInstallation if self.operates && !self.elsewhere => {
                Some(Standing::Operator)
            }
            Of::KnownInstallation => return Expected::NotAllowed,
            Of::Installation => None,
            Of::Application if self.elsewhere => None,
            Of::Organisation if self.elsewhere && action != Action::ViewOrganisation => {
                return Expected::NotAllowed;
            }
            Of::Organisation | Of::Application => self.role.map(Standing::Member),
        };
        match standing.map(|standing| decide(standing, self.level, action)) {
            None => Expected::NotFound,
            Some(Decision::Allowed) => Expected::Allowed,
            Some(Decision::Refused(_)) => Expected::NotAllowed,
        }
    }
}

/// What there is to ask for.
struct Objects {
    organisation: String,
    demo: Demo,
    instance: String,
    deployment: String,
    operation: String,
    broker: String,
    region: String,
    service: String,
}

impl Objects {
    async fn new(world: &World) -> Self {
        let demo = world.demo("shop").await;
        let instance = world.add(&demo.test, "DEFAULT").await;
        let deployment = world.deploy(&demo.test).await;
        let registered = json!({ "name": "acme", "url": BROKER, "password": "let me in" });
        let brokers = "/apps/v3/service-brokers/";
        let broker = world.client.post(brokers, &registered).await;
        let first = async |path: &str| text(&world.client.get(path).await.results()[0]["uuid"]);
        Self {
            organisation: world.organisation().await,
            instance: text(&instance["uuid"]),
            deployment: text(&deployment["uuid"]),
            operation: text(&deployment["operation"]),
            broker: text(&broker.expect(201).body["uuid"]),
            region: first("/apps/v3/regions/").await,
            service: first("/apps/v3/services/").await,
            demo,
        }
    }

    /// The path of this call: what it would remove is made for it.
    async fn path(&self, world: &World, method: &str, template: &str, asker: &Asker) -> String {
        let id = match template.split('/').nth(3).unwrap_or_default() {
            "repositories" if method != "GET" && template.contains("{id}") => {
                let elsewhere = self.body("/apps/v3/repositories");
                let made = world
                    .client
                    .post("/apps/v3/repositories/", &elsewhere)
                    .await;
                text(&made.expect(201).body["uuid"])
            }
            "application-plan-groups" => "standard".to_owned(),
            "applications" | "repositories" => self.demo.application.clone(),
            "environments" => self.demo.test.clone(),
            "service-instances" => self.instance.clone(),
            "deployments" => self.deployment.clone(),
            "operations" => self.operation.clone(),
            "service-brokers" => self.broker.clone(),
            "organisations" => self.organisation.clone(),
            "regions" => self.region.clone(),
            "services" => self.service.clone(),
            "environment-variables" if template.contains("{id}") => {
                let name = format!("V{}", number());
                let set = json!({ "environment": self.demo.test, "name": name, "value": "1" });
                let path = "/apps/v3/environment-variables/";
                text(&world.client.post(path, &set).await.expect(201).body["uuid"])
            }
            "tokens" if template.contains("{id}") => {
                if asker.elsewhere {
                    // One that reaches as far as the asker's own.
                    let list = asker.client.get("/iam/v3/tokens/").await;
                    text(&list.results()[0]["uuid"])
                } else {
                    let client = world.token(&asker.user, Level::Manage, None).await;
                    let list = client.get("/iam/v3/tokens/").await;
                    text(&list.results().last().unwrap()["uuid"])
                }
            }
            _ => String::new(),
        };
        let mut path = template.replace("{id}", &id);
        if path.contains("{user}") {
            let member = world.member(&self.organisation, Role::Viewer, Level::Read, None);
            path = path.replace("{user}", &member.await.1);
        }
        if path.contains("{invitation}") {
            let open = format!("/iam/v3/organisations/{}/invitations/", self.organisation);
            let email = format!("{}@example.org", number());
            let body = json!({ "email": email, "role": "viewer" });
            let made = world.client.post(&open, &body).await;
            path = path.replace("{invitation}", &text(&made.expect(201).body["uuid"]));
        }
        let asks = match (method, template) {
            ("GET", "/apps/v3/environments/" | "/apps/v3/deployments/") => {
                format!("?application={}", self.demo.application)
            }
            ("GET", "/apps/v3/service-instances/" | "/apps/v3/environment-variables/") => {
                format!("?environment={}", self.demo.test)
            }
            _ => String::new(),
        };
        path + &asks
    }

    /// A body that is good as far as it can be for all of them.
    fn body(&self, template: &str) -> Value {
        let number = number();
        match template.trim_end_matches('/') {
            "/apps/v3/applications" => {
                let slug = format!("app-{number}");
                json!({ "slug": slug, "name": slug, "organisation": self.organisation })
            }
            // A port at which nobody listens answers at once.
            "/apps/v3/repositories" => json!({
                "organisation": self.organisation, "url": "http://127.0.0.1:1/shop.git",
            }),
            "/apps/v3/environments/{id}/copy" => json!({ "new_slug": format!("c{number}") }),
            "/apps/v3/environments" => {
                json!({ "application": self.demo.application, "slug": format!("e{number}") })
            }
            "/apps/v3/deployments" | "/apps/v3/deployments/plan" => {
                json!({ "environment": self.demo.test, "image": "shop:1" })
            }
            "/apps/v3/environment-variables" => {
                json!({ "environment": self.demo.test, "name": "A", "value": "1" })
            }
            "/apps/v3/environment-variables/unset" => {
                json!({ "environment": self.demo.test, "names": ["NONE"] })
            }
            "/apps/v3/environment-variables/{id}" => json!({ "value": "2" }),
            "/apps/v3/service-instances" => json!({
                "environment": self.demo.live, "service": "postgres-15-shared", "prefix": format!("P{number}"),
            }),
            "/apps/v3/service-instances/{id}" => json!({ "prefix": "DEFAULT" }),
            "/apps/v3/applications/{id}" => json!({ "release_commands": [] }),
            "/apps/v3/environments/{id}" => json!({ "branch": "main" }),
            "/apps/v3/environments/{id}/rollback" => json!({ "release": 1 }),
            "/apps/v3/operations/{id}/skip" => json!({ "step": "build", "reason": "none" }),
            "/apps/v3/operations/{id}/abandon" => json!({ "reason": "none" }),
            "/apps/v3/service-brokers" => {
                json!({ "name": format!("b{number}"), "url": BROKER, "password": "wrong" })
            }
            "/iam/v3/organisations" => json!({ "name": format!("o{number}") }),
            "/iam/v3/organisations/{id}/members/{user}" => json!({ "role": "developer" }),
            "/iam/v3/organisations/{id}/invitations" => {
                json!({ "email": format!("{number}@example.org"), "role": "viewer" })
            }
            "/iam/v3/organisations/{id}/service-accounts" => {
                json!({ "name": format!("ci-{number}"), "role": "viewer" })
            }
            "/iam/v3/tokens" => json!({ "name": "one more", "level": "read" }),
            "/iam/v3/invitations/accept" => json!({ "link": "wli_none" }),
            _ => json!({}),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Another one each time.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

async fn askers(world: &World, objects: &Objects) -> Vec<Asker> {
    let mut askers = Vec::new();
    for role in Role::ALL {
        let member = world.member(&objects.organisation, role, Level::Manage, None);
        let (client, user) = member.await;
        askers.push(Asker {
            who: role.as_str(),
            client,
            user,
            role: Some(role),
            level: Level::Manage,
            operates: false,
            elsewhere: false,
        });
    }
    let me = world.client.get("/iam/v3/me/").await;
    let administrator = text(&me.expect(200).body["uuid"]);
    for level in Level::ALL {
        askers.push(Asker {
            who: level.as_str(),
            client: world.token(&administrator, level, None).await,
            user: administrator.clone(),
            role: Some(Role::Owner),
            level,
            operates: true,
            elsewhere: false,
        });
    }
    let other = world.demo("other").await.application.parse().unwrap();
    let scope = Scope::Application(objects.organisation.parse().unwrap(), other);
    askers.push(Asker {
        who: "a token for another application",
        client: world
            .token(&administrator, Level::Manage, Some(scope))
            .await,
        user: administrator,
        role: Some(Role::Owner),
        level: Level::Manage,
        operates: true,
        elsewhere: true,
    });
    let (client, user) = world.outsider().await;
    askers.push(Asker {
        who: "a stranger",
        client,
        user,
        role: None,
        level: Level::Manage,
        operates: false,
        elsewhere: false,
    });
    askers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_for_whom_the_decision_says() {
    let world = World::new().await;
    let document = world.client.authorized(None).get("/openapi.json").await;
    let mut operations = Vec::new();
    for (path, item) in document.body["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"] != json!([{}]) {
                operations.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    // What takes the objects away comes last.
    operations.sort_by_key(|(method, path)| (method == "DELETE", path.clone(), method.clone()));
    let objects = Objects::new(&world).await;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for asker in askers(&world, &objects).await {
        for (method, template) in &operations {
            let Some(case) = case(method, template) else {
                panic!("{method} {template} has no case: say what it needs");
            };
            let path = objects.path(&world, method, template, &asker).await;
            let body = objects.body(template);
            let verb: Method = method.parse().unwrap();
            let (status, answer) = asker.client.verdict(verb, &path, &body).await;
            let code = answer["code"].as_str().unwrap_or_default();
            let found = match (status, code) {
                (400, "not_allowed") => Expected::NotAllowed,
                (404, _) => Expected::NotFound,
                // An organisation that one is not in does not exist, which a body's field says in its own way.
                (400, "invalid") if answer["organisation"].is_array() => Expected::NotFound,
                (401 | 403 | 500, _) => panic!("{method} {path} as {}: {answer}", asker.who),
                _ => Expected::Allowed,
            };
            let mut expected = asker.expected(case);
            let is_unset = template.ends_with("/unset/");
            if asker.elsewhere && template == "/iam/v3/invitations/accept/" {
                // Whoever joins does so everywhere.
                expected = Expected::NotAllowed;
            } else if (is_unset || template.contains("templates/{id}"))
                && expected == Expected::Allowed
            {
                // The variable that it would unset is not there, nor is there a template.
                expected = Expected::NotFound;
            }
            if found != expected {
                wrong.push(format!(
                    "{method} {template} as {}: {found:?} ({status} {answer}), not {expected:?}",
                    asker.who
                ));
            }
            seen += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 500, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_sees_no_secret_value() {
    let world = World::new().await;
    let demo = world.demo("shop").await;
    world.add(&demo.test, "DEFAULT").await;
    let path = "/apps/v3/environment-variables/";
    for (name, value, is_sensitive) in [("OPEN", "everyone", false), ("KEY", "s3cr3t-v4lu3", true)]
    {
        let set = json!({
            "environment": demo.test, "name": name, "value": value, "is_sensitive": is_sensitive,
        });
        world.client.post(path, &set).await.expect(201);
    }
    let deployment = world.deploy(&demo.test).await;
    let wished = format!("{path}?environment={}&reveal=true", demo.test);
    let pinned = format!(
        "/apps/v3/deployments/{}/environment-variables?reveal=true",
        text(&deployment["uuid"])
    );
    let owner = world.client.get(&pinned).await;
    owner.expect(200);
    assert!(owner.text.contains("s3cr3t-v4lu3"));
    let dsn = owner.text.split("postgres://").nth(1);
    let dsn = dsn
        .and_then(|rest| rest.split('"').next())
        .map(str::to_owned);

    let organisation = world.organisation().await;
    let (viewer, _) = world
        .member(&organisation, Role::Viewer, Level::Manage, None)
        .await;
    let (reader, _) = world
        .member(&organisation, Role::Owner, Level::Read, None)
        .await;
    for client in [viewer, reader] {
        for path in [&wished, &pinned] {
            let answer = client.get(path).await;
            answer.expect(200);
            assert!(answer.text.contains("everyone"), "{}", answer.text);
            assert!(answer.text.contains("KEY"), "{}", answer.text);
            assert!(!answer.text.contains("s3cr3t-v4lu3"), "{}", answer.text);
            if let Some(dsn) = &dsn {
                assert!(!answer.text.contains(dsn.as_str()), "{}", answer.text);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_is_for_those_who_work_on_it() {
    let world = World::new().await;
    world.demo("shop").await;
    let organisation = world.organisation().await;
    let fetch = "/git/shop.git/info/refs?service=git-upload-pack";
    let push = "/git/shop.git/info/refs?service=git-receive-pack";
    for (role, level, may_fetch, may_push) in [
        (Role::Viewer, Level::Manage, false, false),
        (Role::Developer, Level::Read, true, false),
        (Role::Developer, Level::Deploy, true, true),
    ] {
        let (client, _) = world.member(&organisation, role, level, None).await;
        for (path, may) in [(fetch, may_fetch), (push, may_push)] {
            let answer = client.get(path).await;
            answer.expect(if may { 200 } else { 400 });
            let says = answer.text.contains("'viewer'") || answer.text.contains("level");
            assert!(may || says, "{}", answer.text);
        }
    }
    world.stranger().await.get(fetch).await.expect(404);
}
