//! A MariaDB server for the tests.

use std::str::FromStr;
use std::sync::LazyLock;

use secrecy::ExposeSecret;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use tokio::sync::OnceCell;
use uuid::Uuid;
use windlass_model::id::ClusterId;
use windlass_service_drivers::mysql::MysqlDriver;
use windlass_services::{Access, password};

use crate::support::Container;
use crate::wanted::Wanted;

/// What the tests of this binary run on.
pub(crate) static WANTED: LazyLock<Wanted> = LazyLock::new(|| Wanted::or("mariadb-10.11"));

pub(crate) fn driver() -> MysqlDriver {
    match WANTED.kind.as_str() {
        "mariadb" => MysqlDriver::mariadb(),
        "mysql" => MysqlDriver::mysql(),
        other => panic!("these tests know no {other}"),
    }
}
/// Every statement in a log; and nothing here survives the container, so that it need not survive a crash of
/// the machine.
const SETTINGS: [&str; 4] = [
    "--general-log",
    "--general-log-file=/var/lib/mysql/general.log",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
];
/// The rights that an administrator needs.
const RIGHTS: [&str; 3] = [
    "GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO {}",
    "GRANT SELECT ON mysql.* TO {}",
    "GRANT ALL PRIVILEGES ON `svc\\_%`.* TO {} WITH GRANT OPTION",
];

/// The server that the tests of one binary share. Each test uses instances and users of its own.
static SHARED: OnceCell<Server> = OnceCell::const_new();

pub(crate) async fn shared() -> &'static Server {
    SHARED.get_or_init(Server::start).await
}

pub(crate) struct Server {
    container: Container,
    pub(crate) root: Access,
}

impl Server {
    /// Starts the server as the driver specifies it.
    pub(crate) async fn start() -> Self {
        let container = Container::start(&driver(), &WANTED.version, &SETTINGS);
        let root = container.access.clone();
        let server = Self { container, root };
        server
            .container
            .wait_until(async || connect(&options(&server.root)).await)
            .await;
        server
    }

    /// A connection of root.
    pub(crate) async fn connect(&self) -> MySqlConnection {
        let connecting = connect(&options(&self.root)).await;
        connecting.expect("root can connect")
    }

    /// Runs statements as root, one after the other.
    pub(crate) async fn run(&self, statements: &[String]) {
        let mut root = self.connect().await;
        for sql in statements {
            run(&mut root, sql)
                .await
                .unwrap_or_else(|error| panic!("root may do this: {sql}: {error}"));
        }
    }

    /// The first column of each row, as root sees it.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        texts(&mut self.connect().await, sql)
            .await
            .expect("root may read this")
    }

    /// An administrator with no right but those that are needed.
    pub(crate) async fn least_privileged(&self) -> Access {
        // MySQL's name for it is one word.
        let admin = RIGHTS[0].replace("CONNECTION ADMIN", "CONNECTION_ADMIN");
        match WANTED.kind.as_str() {
            "mysql" => self.administrator(&[&admin, RIGHTS[1], RIGHTS[2]]).await,
            _ => self.administrator(&RIGHTS).await,
        }
    }

    /// A user with these rights, `{}` being it.
    pub(crate) async fn administrator(&self, rights: &[&str]) -> Access {
        let access = Access {
            // A cluster of its own for the driver: another administrator is another pool of calls.
            cluster: ClusterId::from(Uuid::now_v7()),
            user: format!("padmin_{}", &Uuid::now_v7().simple().to_string()[12..]),
            password: password::generate(),
            ..self.root.clone()
        };
        let (user, secret) = (
            format!("'{}'@'%'", access.user),
            access.password.expose_secret(),
        );
        let mut statements = vec![
            // The server logs every statement, and the next one has the password in it.
            "SET sql_log_off = 1".to_owned(),
            format!("CREATE USER {user} IDENTIFIED BY '{secret}'"),
        ];
        statements.extend(rights.iter().map(|right| right.replace("{}", &user)));
        self.run(&statements).await;
        access
    }

    /// What the server has logged until now, every statement included.
    pub(crate) fn log(&self) -> String {
        let general = self.exec(&["cat", "/var/lib/mysql/general.log"]);
        format!(
            "{}{}",
            self.container.log(),
            general.expect("there is a log")
        )
    }

    /// Runs a program in the container.
    pub(crate) fn exec(&self, arguments: &[&str]) -> Result<String, String> {
        self.container.exec(arguments)
    }
}

pub(crate) fn options(access: &Access) -> MySqlConnectOptions {
    let url = format!("mysql://{}:{}", access.endpoint.host, access.endpoint.port);
    let options = MySqlConnectOptions::from_str(&url).expect("a URL");
    options
        .username(&access.user)
        .password(access.password.expose_secret())
}

pub(crate) async fn connect(options: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    options
        .clone()
        .ssl_mode(MySqlSslMode::Disabled)
        .connect()
        .await
}

/// Runs a statement.
pub(crate) async fn run(connection: &mut MySqlConnection, sql: &str) -> Result<(), String> {
    let result = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await;
    result.map(drop).map_err(|error| error.to_string())
}

/// The first column of each row, NULL as an empty text.
pub(crate) async fn texts(
    connection: &mut MySqlConnection,
    sql: &str,
) -> Result<Vec<String>, String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await
        .map_err(|error| error.to_string())?;
    let text = |row: &sqlx::mysql::MySqlRow| {
        let bytes: Option<Vec<u8>> = row.try_get_unchecked(0).expect("a column");
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    };
    Ok(rows.iter().map(text).collect())
}
