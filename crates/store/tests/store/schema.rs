//! The schema as it is after all migrations: a change of it is seen in review.

use crate::common::State;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use windlass_model::access::{Level, Role};
use windlass_records::{AuditFilter, AuditOutcome, PageRequest, Scope, Store, UserKind};

/// Two organisations with a user and a token each, and an entry, as stores had them before there were roles.
const OLD_ACCOUNTS: [&str; 7] = [
    "INSERT INTO organisation VALUES ('00000000-0000-7000-8000-00000000000a', 'First', 1)",
    "INSERT INTO organisation VALUES ('00000000-0000-7000-8000-00000000000b', 'Second', 2)",
    "INSERT INTO user (id, organisation_id, email, first_name, last_name, created_at) VALUES \
     ('00000000-0000-7000-8000-00000000001a', '00000000-0000-7000-8000-00000000000a', 'a@a', 'A', 'A', 1)",
    "INSERT INTO user (id, organisation_id, email, first_name, last_name, created_at) VALUES \
     ('00000000-0000-7000-8000-00000000001b', '00000000-0000-7000-8000-00000000000b', 'b@b', 'B', 'B', 2)",
    "INSERT INTO token VALUES ('00000000-0000-7000-8000-00000000002a', '00000000-0000-7000-8000-00000000001a', 't', 'aa', 1)",
    "INSERT INTO token VALUES ('00000000-0000-7000-8000-00000000002b', '00000000-0000-7000-8000-00000000001b', 't', 'bb', 2)",
    "INSERT INTO audit (at, actor, request_id, action, subject, detail) VALUES (1, 'a@a', 'r', 'x', 's', '')",
];

#[tokio::test]
async fn nothing_takes_an_entry_of_the_audit_log_back() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let written = sqlx::query(OLD_ACCOUNTS[6]).execute(&mut connection).await;
    written.unwrap();
    for statement in [
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (number, at, actor, request_id, action, subject, detail) \
         VALUES (1, 1, 'somebody else', 'r', 'x', 's', '')",
    ] {
        let error = sqlx::query(statement).execute(&mut connection).await;
        let text = error.unwrap_err().to_string();
        assert!(text.contains("append-only"), "{statement}: {text}");
    }
    let row = sqlx::query("SELECT actor FROM audit");
    let row = row.fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "a@a");
}

#[tokio::test]
async fn the_schema_is_the_one_that_was_reviewed() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let statements: Vec<String> = rows.iter().map(|row| row.get("sql")).collect();
    let loose: Vec<&String> = statements
        .iter()
        .filter(|sql| sql.starts_with("CREATE TABLE") && !sql.contains("STRICT"))
        .collect();
    assert!(loose.is_empty(), "every table is STRICT: {loose:?}");
    insta::assert_snapshot!(statements.join(";\n"));
    for (pragma, wanted) in [("journal_mode", "wal"), ("user_version", "6")] {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}")))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let found = row
            .try_get::<String, _>(0)
            .unwrap_or_else(|_| row.get::<i64, _>(0).to_string());
        assert_eq!(found, wanted, "{pragma}");
    }
}

#[tokio::test]
async fn an_older_store_is_brought_forward_with_what_it_has() {
    let state = State::made().await;
    let url = format!("sqlite://{}", state.database().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let added = [
        "operation_finished",
        "deployment_operation",
        "instance_failure",
        "binding_replaced",
        "instance_given_url",
        "instance_media_domain",
        "membership_organisation",
        "audit_organisation",
        "token_organisation",
        "token_application",
        "application_repository",
    ];
    let columns = ["plan", "image", "rank", "storage_bytes"];
    let accounts = [
        "DROP TRIGGER audit_is_not_changed",
        "DROP TRIGGER audit_is_not_deleted",
        "DROP TRIGGER audit_is_not_replaced",
    ];
    let undo = accounts
        .iter()
        .map(|statement| (*statement).to_owned())
        .chain(added.iter().map(|index| format!("DROP INDEX {index}")))
        .chain(columns.map(|column| format!("ALTER TABLE service DROP COLUMN {column}")))
        .chain([
            "ALTER TABLE binding DROP COLUMN grace_ends_at".to_owned(),
            "ALTER TABLE cluster DROP COLUMN administration_port".to_owned(),
            "ALTER TABLE cluster DROP COLUMN settings".to_owned(),
            "ALTER TABLE instance DROP COLUMN given_url".to_owned(),
            "DROP TABLE service_broker_plan".to_owned(),
            "DROP TABLE service_broker".to_owned(),
            "ALTER TABLE instance DROP COLUMN profile".to_owned(),
            "ALTER TABLE instance DROP COLUMN public".to_owned(),
            "ALTER TABLE instance DROP COLUMN media_domain".to_owned(),
            "ALTER TABLE instance DROP COLUMN media_domain_is_cdn".to_owned(),
            "ALTER TABLE application DROP COLUMN repository_id".to_owned(),
            "DROP TABLE repository".to_owned(),
            "DROP TABLE membership".to_owned(),
            "DROP TABLE invitation".to_owned(),
            "ALTER TABLE user DROP COLUMN kind".to_owned(),
            "ALTER TABLE user DROP COLUMN is_operator".to_owned(),
            "ALTER TABLE user ADD COLUMN organisation_id TEXT REFERENCES organisation (id)"
                .to_owned(),
            "ALTER TABLE token DROP COLUMN level".to_owned(),
            "ALTER TABLE token DROP COLUMN organisation_id".to_owned(),
            "ALTER TABLE token DROP COLUMN application_id".to_owned(),
            "ALTER TABLE token DROP COLUMN expires_at".to_owned(),
            "ALTER TABLE token DROP COLUMN last_used_at".to_owned(),
            "ALTER TABLE audit DROP COLUMN address".to_owned(),
            "ALTER TABLE audit DROP COLUMN outcome".to_owned(),
            "ALTER TABLE audit DROP COLUMN organisation_id".to_owned(),
        ])
        .chain(OLD_ACCOUNTS.map(str::to_owned));
    for statement in undo {
        let statement = sqlx::AssertSqlSafe(statement);
        let undone = sqlx::query(statement).execute(&mut connection).await;
        undone.unwrap();
    }
    let back = sqlx::query("PRAGMA user_version = 1");
    back.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let store = state.open().await.unwrap();
    assert_eq!(store.setting("name").await.unwrap(), Some("kept".into()));
    // Who was there owns its organisation, and the first one's operate the installation. Tokens are as they were.
    for (hash, operates) in [("aa", true), ("bb", false)] {
        let holder = store.token_by_hash(hash).await.unwrap().unwrap();
        assert_eq!(holder.user.is_operator, operates);
        assert_eq!(holder.user.kind, UserKind::Person);
        let roles: Vec<Role> = holder.memberships.iter().map(|one| one.role).collect();
        assert_eq!(roles, [Role::Owner]);
        assert_eq!(holder.token.level, Level::Manage);
        assert_eq!(holder.token.scope, Scope::Everywhere);
        assert_eq!(holder.token.expires_at, None);
    }
    let first = store.organisations().await.unwrap()[0].id;
    let all = PageRequest::first(9);
    let log = store.audit(&AuditFilter::default(), &all).await.unwrap();
    assert_eq!(log.rows[0].entry.organisation, Some(first));
    assert_eq!(log.rows[0].entry.outcome, AuditOutcome::Done);
    store.close().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let rows = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'index'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    for index in added {
        assert!(there.iter().any(|name| name == index), "{index}: {there:?}");
    }
    let rows = sqlx::query("SELECT name FROM pragma_table_info('service')")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let there: Vec<String> = rows.iter().map(|row| row.get("name")).collect();
    for column in columns {
        assert!(
            there.iter().any(|name| name == column),
            "{column}: {there:?}"
        );
    }
}
