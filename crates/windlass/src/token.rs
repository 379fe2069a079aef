//! The administrator's tokens: the first one, shown once, and `windlass token`, for when it is lost.
//!
//! The first start writes a token to a file of mode 0600 in the state directory and, where a person reads its
//! standard error, shows it there. `windlass login --first-token` moves it from the file into a login. The
//! store has its hash only, so nothing can show it again; a new one is made instead, by whoever may write to
//! the state directory.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use windlass_cli::OfflineToken;
use windlass_model::access::Level;
use windlass_operations::SystemClock;
use windlass_operations::clock::Clock;
use windlass_platform::{Error, Platform};
use windlass_records::{AuditEntry, AuditOutcome, Change, Scope, Store, Token, User};
use windlass_store::SqliteStore;

use crate::mendable::{has_store, unopened};
use crate::paths;
use crate::state::StateOptions;

/// The setting that says which user the administrator is.
const ADMINISTRATOR: &str = "administrator";

/// What a token is for that nothing is said of.
const NAME: &str = "made on the server's machine";

/// Makes a token in the state directory of a server that is stopped, and prints it.
pub(crate) fn create(options: OfflineToken) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let name = options.name.unwrap_or_else(|| NAME.to_owned());
    let state = StateOptions {
        state_dir: options.state_dir,
        key_file: options.key_file,
    };
    let (user, token) = runtime.block_on(create_in(&state, name))?;
    let mut out = io::stdout().lock();
    if options.json {
        let data = serde_json::json!({"user": user.email, "token": token.expose_secret()});
        writeln!(out, "{data:#}")?;
    } else {
        writeln!(out, "{}", token.expose_secret())?;
        let mut talk = io::stderr().lock();
        writeln!(
            talk,
            "This is a token of {}. Only its hash is kept: it is not shown again.\nStart the server, then: windlass login URL",
            user.email
        )?;
    }
    Ok(())
}

async fn create_in(state: &StateOptions, name: String) -> anyhow::Result<(User, SecretString)> {
    has_store(&state.state_dir)?;
    let store = SqliteStore::open(state.store()).await.map_err(unopened)?;
    let created = insert(&store, name).await;
    store.close().await;
    created
}

async fn insert(store: &dyn Store, name: String) -> anyhow::Result<(User, SecretString)> {
    let user = administrator(store).await?.context(
        "the store does not say who the administrator is: the first start did not come to its end. Start the server",
    )?;
    let text = windlass_platform::token();
    let now = SystemClock.now();
    let token = Token {
        id: windlass_platform::mint(),
        user: user.id,
        name: name.clone(),
        hash: windlass_platform::token_hash(text.expose_secret()),
        level: Level::Manage,
        scope: Scope::Everywhere,
        created_at: now,
        expires_at: None,
        last_used_at: None,
    };
    let audit = AuditEntry {
        at: now,
        actor: "windlass".to_owned(),
        request_id: "windlass token create".to_owned(),
        address: String::new(),
        action: "token.create".to_owned(),
        subject: user.email.clone(),
        organisation: None,
        application: None,
        detail: name,
        outcome: AuditOutcome::Done,
    };
    store
        .commit(vec![Change::InsertToken(token), Change::Audit(audit)])
        .await?;
    Ok((user, text))
}

async fn administrator(store: &dyn Store) -> anyhow::Result<Option<User>> {
    let Some(id) = store.setting(ADMINISTRATOR).await? else {
        return Ok(None);
    };
    let id = id.as_str().and_then(|id| id.parse().ok());
    let id = id.context("the setting 'administrator' of the store is no id of a user")?;
    Ok(store.user(id).await?)
}

/// Records who the administrator is, before anybody can take the token that says so. A first start that did
/// not get here is made good by the next one: until the server serves, the file is where it was written.
pub(crate) async fn remember_administrator(
    store: &dyn Store,
    platform: &Platform,
    state: &Path,
) -> anyhow::Result<()> {
    if store.setting(ADMINISTRATOR).await?.is_some() {
        return Ok(());
    }
    let Some(text) = waiting(state)? else {
        return Ok(());
    };
    let value = match platform
        .authenticate(text.expose_secret(), "first start")
        .await
    {
        Ok(context) => context.user.to_string().into(),
        // Another store's, left behind or put there by hand: no reason to keep sites from being deployed.
        Err(Error::Unauthenticated) => {
            tracing::warn!(path = %paths::token_file(state).display(), "the token in this file is not one of this store; remove the file");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    store
        .commit(vec![Change::PutSetting {
            name: ADMINISTRATOR.to_owned(),
            value,
        }])
        .await?;
    Ok(())
}

/// The first token while nobody has taken it.
fn waiting(state: &Path) -> anyhow::Result<Option<SecretString>> {
    let path = paths::token_file(state);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(SecretString::from(text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// Says how to come by a token. The text of the first one is shown by the first start alone, and to a person
/// only: a log is kept and copied.
pub(crate) fn announce(first_start: bool, state: &Path, url: &str) -> anyhow::Result<()> {
    let path = paths::token_file(state);
    let (path, directory) = (path.display(), state.display());
    match waiting(state)? {
        Some(token) if first_start && io::stderr().is_terminal() => {
            let token = token.expose_secret();
            writeln!(
                io::stderr().lock(),
                "\nThe administrator's token, shown this once:\n\n    {token}\n\nUntil it is taken it is also in {path}. On this machine, log in with:\n\n    windlass login {url} --first-token {path}\n"
            )?;
        }
        Some(_) => tracing::info!(
            "the first administrator's token waits in {path}: 'windlass login {url} --first-token {path}' takes it"
        ),
        None => tracing::info!(
            "the first administrator's token has been taken; another one: stop the server, 'windlass token create --state-dir {directory}'"
        ),
    }
    Ok(())
}
