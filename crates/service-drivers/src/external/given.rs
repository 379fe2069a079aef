//! The URL that the user gave, taken apart (RFC 3986, section 3).

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// What the service is, by the scheme of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Postgres,
    Mysql,
    Redis,
    Amqp,
    Mongodb,
    Search,
    /// Anything else that has a host.
    Other,
}

/// The parts of a URL.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) sort: Sort,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) user: String,
    pub(super) password: SecretString,
    /// The database, virtual host or whatever else the path names.
    pub(super) name: String,
}

/// A scheme's sort, and the port without one in the URL.
fn known(scheme: &str) -> (Sort, Option<u16>) {
    // SQLAlchemy's schemes name their driver behind a plus.
    match scheme.split('+').next().unwrap_or_default() {
        "postgres" | "postgresql" | "postgis" | "pgsql" => (Sort::Postgres, Some(5432)),
        "mysql" | "mysql2" | "mariadb" => (Sort::Mysql, Some(3306)),
        "redis" | "rediss" | "valkey" | "valkeys" => (Sort::Redis, Some(6379)),
        "amqp" => (Sort::Amqp, Some(5672)),
        "amqps" => (Sort::Amqp, Some(5671)),
        "mongodb" => (Sort::Mongodb, Some(27017)),
        "elasticsearch" | "opensearch" => (Sort::Search, Some(9200)),
        "http" => (Sort::Other, Some(80)),
        "https" => (Sort::Other, Some(443)),
        _ => (Sort::Other, None),
    }
}

impl Given {
    /// Takes it apart. The reason of a refusal does not repeat it, for it holds the password.
    pub(super) fn parse(url: &SecretString) -> Result<Self, String> {
        let text = url.expose_secret();
        if text.contains(char::is_control) || text.trim() != text {
            return Err("it has blanks around it or control characters in it".to_owned());
        }
        let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
        let Some(host) = url.host() else {
            return Err("it names no host".to_owned());
        };
        let (sort, usual) = known(url.scheme());
        let port = url.port().or(usual);
        if port.is_none() {
            return Err(format!(
                "it names no port, and '{}' has no usual one",
                url.scheme()
            ));
        }
        let host = match host {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        Ok(Self {
            sort,
            host,
            port,
            user: decoded(url.username())?,
            password: SecretString::from(decoded(url.password().unwrap_or_default())?),
            name: decoded(url.path().trim_start_matches('/'))?,
        })
    }

    /// Where it listens.
    pub(super) fn place(&self) -> (&str, u16) {
        (&self.host, self.port.unwrap_or_default())
    }
}

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "a part of it is not UTF-8".to_owned())?;
    if decoded.contains('\0') {
        return Err("a part of it has a zero byte".to_owned());
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{Given, Sort};

    fn parse(text: &str) -> Result<Given, String> {
        Given::parse(&text.into())
    }

    #[test]
    fn urls_are_taken_apart() {
        let given =
            parse("postgresql+psycopg://me:p%40ss%2F%C3%A9@db.example.org/main?sslmode=require");
        let given = given.expect("it is good");
        assert_eq!(given.sort, Sort::Postgres);
        assert_eq!(given.place(), ("db.example.org", 5432));
        assert_eq!((given.user.as_str(), given.name.as_str()), ("me", "main"));
        assert_eq!(given.password.expose_secret(), "p@ss/é");
        let given = parse("rediss://:hush@[2001:db8::1]:6380/0").expect("it is good");
        assert_eq!(
            (given.sort, given.place()),
            (Sort::Redis, ("2001:db8::1", 6380))
        );
    }

    #[test]
    fn what_is_wrong_is_said_without_the_url() {
        for (text, words) in [
            ("hush", "no URL"),
            ("mailto:hush@example.org", "no host"),
            ("nats://me:hush@example.org", "no port"),
            (" postgres://me:hush@example.org", "blanks"),
            ("postgres://me:hush\n@example.org", "control"),
            ("postgres://me:hush%00@example.org", "zero"),
            ("postgres://me:hush%ff@example.org", "UTF-8"),
        ] {
            let reason = parse(text).expect_err(text);
            assert!(
                reason.contains(words) && !reason.contains("hush"),
                "{reason}"
            );
        }
    }
}
