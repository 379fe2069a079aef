//! The route table: which host goes to which upstreams. Immutable data with a JSON form.

use std::collections::HashSet;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use windlass_model::id::{EnvironmentId, ReleaseId};

/// The largest table that is read, in bytes: about 200,000 routes, so that a damaged or foreign file
/// cannot fill the memory.
pub const MAX_TABLE_BYTES: u64 = 64 * 1024 * 1024;

/// DNS allows 253 characters in a name.
const MAX_HOST_CHARS: usize = 253;

/// Every route of the router at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RouteTable {
    /// Grows with every change, across restarts of the server too; 0 is the table of a router that
    /// never got one.
    pub generation: u64,
    /// One entry for each host of an environment.
    pub routes: Vec<Route>,
    /// The hosts of the server's own API. Apart from the others, because no environment is behind them: a router
    /// that is older than this list serves the rest of the table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnRoute>,
}

/// Where the requests for a host of the server itself go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRoute {
    /// The host name, as in [`Route::host`].
    pub host: String,
    /// Where the server listens, as the router reaches it.
    pub upstreams: Vec<SocketAddr>,
}

/// Where the requests for one host go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The host name in lower case, without a port and without a dot at its end.
    pub host: String,
    /// The environment that answers there.
    pub environment: EnvironmentId,
    /// The release behind the upstreams; none while nothing is deployed.
    pub release: Option<ReleaseId>,
    /// The addresses of the release's `web` containers; none means "not deployed".
    pub upstreams: Vec<SocketAddr>,
    /// What requests say to the upstreams as their `Host`, if not the name that they came by: of a server that tells
    /// its tenants apart by names of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_host: Option<String>,
}

/// A table that must not come into force.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTable {
    /// The bytes are not the JSON of a route table.
    #[error("the route table is not valid JSON of a route table")]
    Json(#[source] serde_json::Error),
    /// More than [`MAX_TABLE_BYTES`].
    #[error("the route table is larger than {MAX_TABLE_BYTES} bytes")]
    TooLarge,
    /// A host that no `Host` header can match.
    #[error("'{0}' is not a host name in lower case, without a port and without a dot at its end")]
    Host(String),
    /// One host in two routes.
    #[error("the host '{0}' has more than one route")]
    DuplicateHost(String),
    /// An upstream that nothing can connect to, or one that is named twice.
    #[error("the route of '{host}' has an unusable or repeated upstream: {upstream}")]
    Upstream {
        /// The route's host.
        host: String,
        /// The address.
        upstream: SocketAddr,
    },
}

impl RouteTable {
    /// Reads and validates a table.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InvalidTable> {
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_TABLE_BYTES {
            return Err(InvalidTable::TooLarge);
        }
        let table: Self = serde_json::from_slice(bytes).map_err(InvalidTable::Json)?;
        table.validate()?;
        Ok(table)
    }

    /// The JSON form, one route a line, so that an operator can read the file.
    #[expect(clippy::missing_panics_doc, reason = "the serialisation cannot fail")]
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = format!("{{\"generation\":{},\"routes\":[", self.generation);
        for (index, route) in self.routes.iter().enumerate() {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(
                &serde_json::to_string(route).expect("a route has only texts and lists of texts"),
            );
        }
        text.push_str("\n]");
        if !self.own.is_empty() {
            let own = serde_json::to_string(&self.own).expect("as above");
            text.push_str(",\"own\":");
            text.push_str(&own);
        }
        text.push_str("}\n");
        text.into_bytes()
    }

    /// Whether this table may take the place of `current`: its generation is newer. The table of a
    /// router that never got one gives way to any.
    pub fn supersedes(&self, current: &Self) -> bool {
        self.generation > current.generation || *current == Self::default()
    }

    /// Checks what the types cannot say.
    pub fn validate(&self) -> Result<(), InvalidTable> {
        let mut hosts = HashSet::with_capacity(self.routes.len() + self.own.len());
        let environments = self
            .routes
            .iter()
            .map(|route| (&route.host, &route.upstreams));
        let own = self.own.iter().map(|route| (&route.host, &route.upstreams));
        let told = self
            .routes
            .iter()
            .filter_map(|route| route.upstream_host.as_ref());
        let mut named = told.chain(
            environments
                .clone()
                .chain(own.clone())
                .map(|(host, _)| host),
        );
        if let Some(host) = named.find(|host| !is_host(host)) {
            return Err(InvalidTable::Host(
                host.chars().take(MAX_HOST_CHARS).collect(),
            ));
        }
        for (host, upstreams) in environments.chain(own) {
            if !hosts.insert(host.as_str()) {
                return Err(InvalidTable::DuplicateHost(host.clone()));
            }
            for (index, upstream) in upstreams.iter().enumerate() {
                if upstream.port() == 0
                    || upstream.ip().is_unspecified()
                    || upstreams[..index].contains(upstream)
                {
                    return Err(InvalidTable::Upstream {
                        host: host.clone(),
                        upstream: *upstream,
                    });
                }
            }
        }
        Ok(())
    }
}

fn is_host(host: &str) -> bool {
    host.len() <= MAX_HOST_CHARS
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn route(host: &str, upstreams: &[&str]) -> Route {
        Route {
            host: host.to_owned(),
            environment: EnvironmentId::from_str("018f0000-0000-7000-8000-000000000001").unwrap(),
            release: None,
            upstreams: upstreams.iter().map(|text| text.parse().unwrap()).collect(),
            upstream_host: None,
        }
    }

    fn table(routes: Vec<Route>) -> RouteTable {
        RouteTable {
            generation: 7,
            routes,
            own: Vec::new(),
        }
    }

    fn own(host: &str, upstream: &str) -> OwnRoute {
        OwnRoute {
            host: host.to_owned(),
            upstreams: vec![upstream.parse().unwrap()],
        }
    }

    #[test]
    fn json_form_is_read_back() {
        for table in [
            table(vec![]),
            table(vec![
                route("shop-live.localhost", &["127.0.0.1:80", "[::1]:8000"]),
                route("shop-test.localhost", &[]),
                Route {
                    upstream_host: Some("svc-1".to_owned()),
                    ..route("media.localhost", &["127.0.0.1:80"])
                },
            ]),
            RouteTable {
                own: vec![own("api.localhost", "127.0.0.1:8000")],
                ..table(vec![route("shop-live.localhost", &["127.0.0.1:80"])])
            },
        ] {
            assert_eq!(RouteTable::from_json(&table.to_json()).unwrap(), table);
        }
    }

    #[test]
    fn fields_of_a_newer_server_are_ignored() {
        let text = r#"{"generation":1,"routes":[],"later":true}"#;
        assert_eq!(
            RouteTable::from_json(text.as_bytes()).unwrap().generation,
            1
        );
    }

    #[test]
    fn every_cut_of_the_file_is_refused() {
        let whole = RouteTable {
            own: vec![own("api.localhost", "127.0.0.1:8000")],
            ..table(vec![route("a.localhost", &["127.0.0.1:80"])])
        };
        let whole = whole.to_json();
        for end in 0..whole.len() - 2 {
            RouteTable::from_json(&whole[..end]).unwrap_err();
        }
    }

    #[test]
    fn unusable_tables_are_refused() {
        for host in [
            "",
            "A.localhost",
            "a.localhost:80",
            "a..b",
            "a.",
            ".a",
            "a b",
            "a/b",
            &"a".repeat(254),
        ] {
            let refused = table(vec![route(host, &[])]).validate().unwrap_err();
            assert!(
                matches!(refused, InvalidTable::Host(_)),
                "{host}: {refused}"
            );
            let route = Route {
                upstream_host: Some(host.to_owned()),
                ..route("a", &[])
            };
            let refused = table(vec![route]).validate().unwrap_err();
            assert!(
                matches!(refused, InvalidTable::Host(_)),
                "{host}: {refused}"
            );
        }
        let refused = table(vec![route("a", &[]), route("a", &[])])
            .validate()
            .unwrap_err();
        assert!(matches!(refused, InvalidTable::DuplicateHost(_)));
        let refused = RouteTable {
            own: vec![own("a", "127.0.0.1:8000")],
            ..table(vec![route("a", &[])])
        };
        let refused = refused.validate().unwrap_err();
        assert!(matches!(refused, InvalidTable::DuplicateHost(_)));
        for upstreams in [
            &["127.0.0.1:0"][..],
            &["0.0.0.0:80"],
            &["[::]:80"],
            &["10.0.0.1:80", "10.0.0.1:80"],
        ] {
            let refused = table(vec![route("a", upstreams)]).validate().unwrap_err();
            assert!(matches!(refused, InvalidTable::Upstream { .. }));
        }
    }
}
