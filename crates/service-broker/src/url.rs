//! Where a broker is.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::registration::Invalid;

/// The address of a broker: `https://host:port/path`, to which `/v2/...` is added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    pub(crate) is_encrypted: bool,
    /// Without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As in the header `Host`.
    pub(crate) authority: String,
    /// Nothing, or a path without a slash at its end.
    pub(crate) path: String,
}

impl FromStr for BrokerUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without the text in the error: it may hold a password.
        let url = Url::parse(text.trim())
            .map_err(|error| Invalid::new(format!("its URL cannot be read: {error}")))?;
        let is_encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Invalid::new("its URL must begin with https:// or http://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::new(
                "its URL must not hold credentials: they are given apart from it",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Invalid::new("its URL must end with its path"));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(Host::Domain(_)) | None => return Err(Invalid::new("its URL has no host")),
        };
        let shown = url.host_str().unwrap_or(&host);
        let authority = url
            .port()
            .map_or_else(|| shown.to_owned(), |port| format!("{shown}:{port}"));
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self {
            is_encrypted,
            host,
            port: url
                .port_or_known_default()
                .unwrap_or(if is_encrypted { 443 } else { 80 }),
            authority,
            path,
        })
    }
}

impl BrokerUrl {
    /// Whether requests, and our credentials in them, are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::BrokerUrl;

    #[test]
    fn addresses_are_read() {
        for (text, host, port, authority, path) in [
            ("https://b.example", "b.example", 443, "b.example", ""),
            ("http://b.example/", "b.example", 80, "b.example", ""),
            ("https://b.example:443/", "b.example", 443, "b.example", ""),
            (
                "http://10.0.0.1:8080/osb/x/",
                "10.0.0.1",
                8080,
                "10.0.0.1:8080",
                "/osb/x",
            ),
            ("http://[::1]:8080", "::1", 8080, "[::1]:8080", ""),
        ] {
            let url: BrokerUrl = text.parse().expect(text);
            assert_eq!(
                (
                    url.host.as_str(),
                    url.port,
                    url.authority.as_str(),
                    url.path.as_str()
                ),
                (host, port, authority, path),
                "{text}"
            );
            assert_eq!(url.is_encrypted(), text.starts_with("https"));
        }
    }

    #[test]
    fn others_are_refused_without_their_content() {
        for text in [
            "",
            "b.example",
            "ftp://b.example",
            "file:///etc/passwd",
            "https://user:hunter2@b.example",
            "https://hunter2@b.example",
            "https://b.example/?key=hunter2",
            "https://b.example/#hunter2",
            "https://",
            "http://hunter2:port/",
        ] {
            let error = text.parse::<BrokerUrl>().expect_err(text).to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn it_is_shown_as_it_is() {
        let url: BrokerUrl = "https://[::1]:8443/osb/".parse().expect("good");
        assert_eq!(url.to_string(), "https://[::1]:8443/osb");
    }
}
