//! Opens a store, or says why not. What is damaged, newer or lost is refused, never replaced by an
//! empty one.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection, Row, SqlitePool, query};

use crate::connect::{options, pools};
use crate::directory::{Directory, Mark};
use crate::error::OpenError;
use crate::key::{self, Key, KeyFileError, Vault};
use crate::migration::{APPLICATION_ID, NEWEST, migrate, stamp};
use crate::reserve::Reserve;
use crate::settings::StoreSettings;
use crate::{Inner, SqliteStore, fault, rotation};

/// The first bytes of every SQLite database.
const HEADER: &[u8] = b"SQLite format 3\0";

impl SqliteStore {
    /// Opens the store in the state directory, or makes it at the first start.
    ///
    /// Refuses a directory that another server works in, a damaged, lost or newer database, and a key
    /// file that is missing, open to others or another store's.
    pub async fn open(settings: StoreSettings) -> Result<Self, OpenError> {
        let directory = Directory::lock(&settings.directory)?;
        let mark = directory.mark()?;
        let first = match mark {
            Mark::Made => false,
            Mark::Begun => true,
            Mark::None => !restored(&settings)?,
        };
        let key = if first {
            begin(&settings, &directory)?
        } else {
            existing(&settings, &directory)?
        };
        let mut vault = Vault::new(&key);
        let reserve = Reserve::new(settings.directory.join("reserve"), settings.reserve_bytes);
        let (writer, readers) = match connect(&settings, &vault, first).await {
            // SQLite needs a little room to open a database, too.
            Err(OpenError::Database { source, .. })
                if fault::is_full(&source) && reserve.give_up() =>
            {
                connect(&settings, &vault, first).await?
            }
            Err(OpenError::WrongKey {
                wanted,
                path,
                found,
            }) => {
                vault = rotation::finish(&settings, &wanted)?.ok_or(OpenError::WrongKey {
                    wanted,
                    path,
                    found,
                })?;
                connect(&settings, &vault, first).await?
            }
            other => other?,
        };
        if mark != Mark::Made {
            directory.set_mark(Mark::Made)?;
        }
        reserve.take_again();
        let directory_path = settings.directory;
        let inner = Inner {
            writer,
            readers,
            vault,
            reserve,
            directory: directory_path,
            temporary: None,
            lock: directory,
        };
        Ok(Self { inner })
    }

    /// A store in a directory of its own that goes away with it, for tests.
    pub async fn open_temporary() -> Result<Self, OpenError> {
        let directory = tempfile::tempdir().map_err(|source| OpenError::Io {
            action: "create",
            path: std::env::temp_dir(),
            source,
        })?;
        let settings = StoreSettings {
            reserve_bytes: 0,
            ..StoreSettings::new(directory.path())
        };
        let mut store = Self::open(settings).await?;
        store.inner.temporary = Some(directory);
        Ok(store)
    }
}

/// Checks the database, brings it up to date, and opens the connections that stay.
async fn connect(
    settings: &StoreSettings,
    vault: &Vault,
    first: bool,
) -> Result<(SqlitePool, SqlitePool), OpenError> {
    let database = settings.database_path();
    let failed = |error| refused(&database, error);
    let mut connection = options(&database, first).connect().await.map_err(failed)?;
    if !first {
        check(&mut connection, &database).await?;
    }
    prepare(&mut connection, settings, vault, first).await?;
    connection.close().await.map_err(failed)?;
    pools(&options(&database, false)).await.map_err(failed)
}

/// Without a mark: whether a whole database lies there, as after a restore. Other traces of a store are
/// refused.
fn restored(settings: &StoreSettings) -> Result<bool, OpenError> {
    let database = settings.database_path();
    if length(&database)?.is_some_and(|length| length > 0) {
        return Ok(true);
    }
    let mut traces = vec![database];
    traces.extend(settings.log_paths());
    if settings.key_file.is_none() {
        traces.push(settings.key_path());
    }
    for trace in traces {
        if length(&trace)?.is_some() {
            return Err(lost(settings, trace)?);
        }
    }
    Ok(false)
}

/// A first start, or one more after a first start that did not come to its end.
fn begin(settings: &StoreSettings, directory: &Directory) -> Result<Key, OpenError> {
    directory.set_mark(Mark::Begun)?;
    let [log, index] = settings.log_paths();
    for path in [settings.database_path(), log, index] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(OpenError::Io {
                    action: "remove",
                    path,
                    source: error,
                });
            }
            _ => {}
        }
    }
    let path = settings.key_path();
    let key = match key::read(&path) {
        Err(KeyFileError::Missing) => key::create(&path),
        other => other,
    };
    key.map_err(|reason| OpenError::KeyFile { path, reason })
}

/// The key of a store that must be there whole.
fn existing(settings: &StoreSettings, directory: &Directory) -> Result<Key, OpenError> {
    let database = settings.database_path();
    match length(&database)? {
        None | Some(0) => return Err(lost(settings, directory.mark_path())?),
        Some(_) => {}
    }
    let begins = read_header(&database)?;
    if begins != HEADER {
        return Err(OpenError::Damaged {
            database,
            detail: "it does not begin as a SQLite database does".to_owned(),
        });
    }
    let path = settings.key_path();
    key::read(&path).map_err(|reason| OpenError::KeyFile { path, reason })
}

/// Reads every page before the first write.
async fn check(connection: &mut SqliteConnection, database: &Path) -> Result<(), OpenError> {
    let damaged = |detail: String| OpenError::Damaged {
        database: database.to_owned(),
        detail,
    };
    let stamp = stamp(connection)
        .await
        .map_err(|error| refused(database, error))?;
    if stamp.application_id != APPLICATION_ID || stamp.version < 1 {
        return Err(damaged("it is not a database of Windlass".to_owned()));
    }
    if stamp.version > NEWEST {
        return Err(OpenError::Newer {
            database: database.to_owned(),
            found: stamp.version,
            known: NEWEST,
        });
    }
    let rows = query("PRAGMA quick_check(3)")
        .fetch_all(connection)
        .await
        .map_err(|error| refused(database, error))?;
    let findings: Vec<String> = rows
        .iter()
        .filter_map(|row| row.try_get::<String, _>(0).ok())
        .collect();
    if findings == ["ok"] {
        Ok(())
    } else {
        Err(damaged(findings.join("; ")))
    }
}

/// Brings the schema up to date and proves the key.
async fn prepare(
    connection: &mut SqliteConnection,
    settings: &StoreSettings,
    vault: &Vault,
    first: bool,
) -> Result<(), OpenError> {
    let database = settings.database_path();
    let failed = |error| refused(&database, error);
    let version = stamp(connection).await.map_err(failed)?.version;
    migrate(connection, version).await.map_err(failed)?;
    let keys = query("SELECT id, proof FROM store_key ORDER BY created_at DESC, id LIMIT 1");
    let row = keys
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    match row {
        Some(row) => {
            let wanted: String = row.try_get("id").map_err(failed)?;
            let proof: Vec<u8> = row.try_get("proof").map_err(failed)?;
            if wanted == vault.key_id() && vault.proves(&proof) {
                return Ok(());
            }
            Err(OpenError::WrongKey {
                path: settings.key_path(),
                wanted,
                found: vault.key_id().to_owned(),
            })
        }
        None if first => {
            let proof = vault.proof().map_err(|error| OpenError::Damaged {
                database: database.clone(),
                detail: error.to_string(),
            })?;
            query(
                "INSERT INTO store_key (id, proof, created_at) VALUES (?, ?, 1000 * unixepoch())",
            )
            .bind(vault.key_id())
            .bind(proof)
            .execute(connection)
            .await
            .map_err(failed)?;
            Ok(())
        }
        None => Err(OpenError::Damaged {
            database,
            detail: "it does not say which key its secrets are under".to_owned(),
        }),
    }
}

/// SQLite's error at the start: damage, or something about the file.
fn refused(database: &Path, source: sqlx::Error) -> OpenError {
    const CORRUPT: i64 = 11;
    const NOT_A_DATABASE: i64 = 26;
    let database = database.to_owned();
    match fault::code(&source) {
        Some(CORRUPT | NOT_A_DATABASE) => OpenError::Damaged {
            database,
            detail: source.to_string(),
        },
        _ => OpenError::Database { database, source },
    }
}

fn lost(settings: &StoreSettings, trace: PathBuf) -> Result<OpenError, OpenError> {
    let database = settings.database_path();
    let found = if length(&database)?.is_some() {
        "is empty"
    } else {
        "is gone"
    };
    Ok(OpenError::DatabaseLost {
        directory: settings.directory.clone(),
        trace,
        database,
        found,
    })
}

fn length(path: &Path) -> Result<Option<u64>, OpenError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        }),
    }
}

fn read_header(path: &Path) -> Result<Vec<u8>, OpenError> {
    use std::io::Read as _;
    let mut header = Vec::with_capacity(HEADER.len());
    std::fs::File::open(path)
        .and_then(|file| file.take(HEADER.len() as u64).read_to_end(&mut header))
        .map_err(|source| OpenError::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
    Ok(header)
}
