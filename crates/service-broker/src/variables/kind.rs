//! What a service is, and the names that our own services of that type give their variables.

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL, MySQL, MariaDB and other databases with a URL of that form.
    Database,
    /// Redis and Valkey.
    Cache,
    /// RabbitMQ.
    Amqp,
    /// Elasticsearch and OpenSearch.
    Elasticsearch,
    /// MongoDB.
    Mongodb,
    /// Object storage.
    Storage,
    /// Memcached.
    Memcache,
}

impl Kind {
    /// From the offering's tags, in their order, else from the URL.
    pub(crate) fn of(tags: &[String], url: Option<&str>) -> Option<Self> {
        let of_tags = tags.iter().find_map(|tag| Self::of_word(tag));
        of_tags.or_else(|| Self::of_word(scheme(url?)?))
    }

    fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase();
        Some(match word.as_str() {
            "postgresql" | "postgres" | "pgsql" | "postgis" | "mysql" | "mysql2" | "mariadb" => {
                Self::Database
            }
            "redis" | "rediss" | "valkey" | "valkeys" => Self::Cache,
            "amqp" | "amqps" | "rabbitmq" => Self::Amqp,
            "elasticsearch" | "opensearch" => Self::Elasticsearch,
            "mongodb" => Self::Mongodb,
            "s3" | "object-storage" | "objectstorage" | "object-store" => Self::Storage,
            "memcached" | "memcache" => Self::Memcache,
            _ => return None,
        })
    }

    /// What stands between the prefix and the key.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Database => "DATABASE",
            Self::Cache => "CACHE",
            Self::Amqp => "AMQP",
            Self::Elasticsearch => "ELASTICSEARCH",
            Self::Mongodb => "MONGODB",
            Self::Storage => "STORAGE",
            Self::Memcache => "MEMCACHE",
        }
    }

    /// What is behind that in the variable of the URL.
    pub(super) fn main(self) -> &'static str {
        match self {
            Self::Database | Self::Storage => "DSN",
            Self::Amqp => "BROKER_URL",
            Self::Cache | Self::Elasticsearch | Self::Mongodb | Self::Memcache => "URL",
        }
    }

    /// The conventional name of the URL, for the prefix `DEFAULT`.
    pub(super) fn alias(self) -> Option<&'static str> {
        match self {
            Self::Database => Some("DATABASE_URL"),
            Self::Cache => Some("REDIS_URL"),
            Self::Amqp => Some("BROKER_URL"),
            Self::Elasticsearch => Some("ELASTICSEARCH_URL"),
            Self::Mongodb => Some("MONGODB_URI"),
            Self::Storage | Self::Memcache => None,
        }
    }
}

/// Whether it is one of Java's, which other languages do not read.
pub(super) fn is_jdbc(url: &str) -> bool {
    url.trim_start()
        .get(..5)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("jdbc:"))
}

/// The scheme without Java's word before it and a client library's behind it.
fn scheme(url: &str) -> Option<&str> {
    let url = url.trim_start();
    let url = if is_jdbc(url) { &url[5..] } else { url };
    let (scheme, _) = url.split_once(':')?;
    scheme.split('+').next()
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn tags_come_before_the_scheme() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        for (words, url, kind) in [
            (
                &["relational", "PostgreSQL"][..],
                None,
                Some(Kind::Database),
            ),
            (&["redis"], Some("postgres://h"), Some(Kind::Cache)),
            (&[], Some("postgresql+psycopg://h"), Some(Kind::Database)),
            (&[], Some("jdbc:mysql://h"), Some(Kind::Database)),
            (&[], Some("JDBC:mariadb://h"), Some(Kind::Database)),
            (&[], Some("mongodb+srv://h"), Some(Kind::Mongodb)),
            (&["web"], Some("https://h"), None),
            (&[], Some("no url"), None),
            (&[], Some("é"), None),
            (&[], None, None),
        ] {
            assert_eq!(Kind::of(&tags(words), url), kind, "{words:?} {url:?}");
        }
    }
}
