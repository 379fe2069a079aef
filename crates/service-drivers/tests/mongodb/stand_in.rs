//! Something that speaks MongoDB's protocol, keeps users, and remembers what it was asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_services::{Access, Endpoint, Tls, password};

/// The first word of a command, its database, and the command.
pub(crate) type Asked = (String, String, Document);

/// A stand-in, until it is dropped.
pub(crate) struct StandIn {
    pub(crate) access: Access,
    state: Arc<Mutex<State>>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    users: Vec<Document>,
    databases: Vec<String>,
    asked: Vec<Asked>,
    /// Answers other than the usual ones; none to what is never answered.
    answers: HashMap<String, Option<Document>>,
    asks_nobody: bool,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let access = Access {
            cluster: ClusterId::from(Uuid::now_v7()),
            description: "shared cluster 'mongodb' of region local".to_owned(),
            endpoint: Endpoint {
                host: "127.0.0.1".to_owned(),
                port: listener.local_addr().expect("an address").port(),
            },
            user: "windlass".to_owned(),
            password: password::generate(),
            database: None,
            tls: Tls::Off,
            settings: None,
            application_port: 0,
        };
        let state = Arc::<Mutex<State>>::default();
        let (password, shared) = (access.password.clone(), Arc::clone(&state));
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                connections.spawn(serve(connection, password.clone(), Arc::clone(&shared)));
            }
        });
        Self {
            access,
            state,
            _serving: AbortOnDropHandle::new(serving),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// What it was asked since the last look, logins apart.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    /// Has it answer a command in another way, or not at all.
    pub(crate) fn answer(&self, command: &str, answer: Option<Document>) {
        self.state().answers.insert(command.to_owned(), answer);
    }

    /// Has it let everybody in.
    pub(crate) fn ask_nobody(&self) {
        self.state().asks_nobody = true;
    }

    pub(crate) fn add_database(&self, name: &str) {
        self.state().databases.push(name.to_owned());
    }

    pub(crate) fn add_user(&self, user: Document) {
        self.state().users.push(user);
    }

    pub(crate) fn users(&self) -> Vec<Document> {
        self.state().users.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A refusal with MongoDB's code.
pub(crate) fn refusal(code: i32, words: &str) -> Document {
    doc! { "ok": 0.0, "code": code, "errmsg": words }
}

async fn serve(mut connection: TcpStream, password: SecretString, state: Arc<Mutex<State>>) {
    let mut login = Login::default();
    while let Some(command) = receive(&mut connection).await {
        let name = command.keys().next().expect("a command").clone();
        let answer = match name.as_str() {
            "hello" => Some(doc! { "ok": 1.0, "isWritablePrimary": true }),
            "saslStart" | "saslContinue" => Some(login.step(&command, &password)),
            _ if !login.is_done && !lock(&state).asks_nobody => Some(refusal(
                13,
                &format!("Command {name} requires authentication"),
            )),
            _ => lock(&state).run(&name, &command),
        };
        let Some(answer) = answer else {
            // Until the other side has had enough.
            drop(connection.read(&mut [0]).await);
            return;
        };
        send(&mut connection, &answer).await;
    }
}

impl State {
    fn run(&mut self, name: &str, command: &Document) -> Option<Document> {
        let database = command.get_str("$db").expect("a database").to_owned();
        self.asked
            .push((name.to_owned(), database.clone(), command.clone()));
        if let Some(answer) = self.answers.get(name) {
            return answer.clone();
        }
        Some(self.usual(name, &database, command))
    }

    fn usual(&mut self, name: &str, database: &str, command: &Document) -> Document {
        let named = command.get_str(name).unwrap_or_default();
        let at = |users: &[Document]| {
            let is_it = |user: &Document| is(user, "user", named) && is(user, "db", database);
            users.iter().position(is_it)
        };
        match name {
            "buildInfo" => doc! { "ok": 1.0, "version": "7.0.14" },
            "connectionStatus" => {
                let everything =
                    doc! { "resource": { "anyResource": true }, "actions": ["anyAction"] };
                doc! { "ok": 1.0, "authInfo": { "authenticatedUserPrivileges": [everything] } }
            }
            "usersInfo" => {
                let all = command.get_document("usersInfo").is_ok();
                let users = self
                    .users
                    .iter()
                    .filter(|user| all || is(user, "db", database));
                doc! { "ok": 1.0, "users": users.cloned().collect::<Vec<_>>() }
            }
            "createUser" | "updateUser" => {
                let found = at(&self.users);
                match (name, found) {
                    ("createUser", Some(_)) => return refusal(51003, "User already exists"),
                    ("updateUser", None) => return refusal(11, "User not found"),
                    (_, Some(found)) => drop(self.users.remove(found)),
                    _ => {}
                }
                let mut user = doc! { "user": named, "db": database };
                for field in ["roles", "customData", "mechanisms"] {
                    user.insert(field, command.get(field).cloned().unwrap_or(Bson::Null));
                }
                self.users.push(user);
                doc! { "ok": 1.0 }
            }
            "dropUser" => match at(&self.users) {
                Some(found) => {
                    self.users.remove(found);
                    doc! { "ok": 1.0 }
                }
                None => refusal(11, "User not found"),
            },
            "dropAllUsersFromDatabase" => {
                self.users.retain(|user| !is(user, "db", database));
                doc! { "ok": 1.0 }
            }
            "listDatabases" => {
                let wanted = command.get_document("filter").expect("a filter");
                let found = self
                    .databases
                    .iter()
                    .filter(|name| is(wanted, "name", name));
                let found: Vec<Document> =
                    found.map(|name| doc! { "name": name.as_str() }).collect();
                doc! { "ok": 1.0, "databases": found }
            }
            "dropDatabase" => {
                self.databases.retain(|name| name != database);
                doc! { "ok": 1.0 }
            }
            "dbStats" => doc! { "ok": 1.0, "totalSize": 32768.0 },
            "aggregate" => {
                doc! { "ok": 1.0, "cursor": { "id": 0_i64, "firstBatch": [{ "connections": 3_i32 }] } }
            }
            "update" | "drop" | "killAllSessions" => doc! { "ok": 1.0 },
            _ => refusal(59, &format!("no such command: '{name}'")),
        }
    }
}

fn is(document: &Document, field: &str, wanted: &str) -> bool {
    document.get_str(field).is_ok_and(|found| found == wanted)
}

/// The server's side of SCRAM-SHA-256.
#[derive(Default)]
struct Login {
    first: String,
    challenge: String,
    is_done: bool,
}

impl Login {
    fn step(&mut self, command: &Document, password: &SecretString) -> Document {
        let payload = command.get_binary_generic("payload").expect("a payload");
        let said = String::from_utf8(payload.clone()).expect("text");
        let answer = if let Some(first) = said.strip_prefix("n,,") {
            let (_, nonce) = first.split_once(",r=").expect("a nonce");
            self.challenge = format!("r={nonce}more,s={},i=4096", STANDARD.encode("salt"));
            first.clone_into(&mut self.first);
            self.challenge.clone()
        } else {
            let (last, proof) = said.rsplit_once(",p=").expect("a proof");
            let all = format!("{},{},{last}", self.first, self.challenge);
            let salted = salted(password.expose_secret());
            let client = sign(&salted, b"Client Key");
            let signature = sign(&Sha256::digest(client), all.as_bytes());
            let wanted: Vec<u8> = client.iter().zip(signature).map(|(a, b)| a ^ b).collect();
            if STANDARD.encode(wanted) != proof {
                return refusal(18, "Authentication failed.");
            }
            self.is_done = true;
            let server = sign(&salted, b"Server Key");
            format!("v={}", STANDARD.encode(sign(&server, all.as_bytes())))
        };
        let payload = Binary {
            subtype: BinarySubtype::Generic,
            bytes: answer.into_bytes(),
        };
        doc! { "ok": 1.0, "conversationId": 1_i32, "done": self.is_done, "payload": payload }
    }
}

fn salted(password: &str) -> [u8; 32] {
    let mut last = sign(password.as_bytes(), b"salt\0\0\0\x01");
    let mut sum = last;
    for _ in 1..4096 {
        last = sign(password.as_bytes(), &last);
        sum.iter_mut()
            .zip(last)
            .for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

fn sign(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// The document of the next message, until the other side closes.
async fn receive(connection: &mut TcpStream) -> Option<Document> {
    let length = connection.read_i32_le().await.ok()?;
    let mut rest = vec![0; usize::try_from(length).ok()?.checked_sub(4)?];
    connection.read_exact(&mut rest).await.ok()?;
    // Ids and kind, flags, and the kind of the section.
    Document::from_reader(&rest[17..]).ok()
}

async fn send(connection: &mut TcpStream, document: &Document) {
    let body = document.to_vec().expect("a document");
    let length = i32::try_from(21 + body.len()).expect("short");
    let mut message = [length, 1, 1, 2013].map(i32::to_le_bytes).concat();
    message.extend([0; 5]);
    message.extend(body);
    drop(connection.write_all(&message).await);
}
