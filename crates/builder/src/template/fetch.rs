//! Fetches the archive of a template that a user names by its URL.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use windlass_delivery::build::Error;

/// The largest archive.
const MAX_ARCHIVE: u64 = 32 * 1024 * 1024;
/// The whole of it over a slow line.
const WHOLE: Duration = Duration::from_mins(2);
/// A host that is there accepts a connection at once.
const CONNECT: Duration = Duration::from_secs(10);
/// Hosts of archives redirect once or twice.
const REDIRECTS: u32 = 5;

/// Gets an archive. Only one that the operator named may be on the server's own machine.
pub(super) fn fetch(url: &str, is_named: bool) -> Result<Vec<u8>, Error> {
    let refused = |why: String| Error::Template(format!("{url} cannot be fetched: {why}"));
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .timeout_global(Some(WHOLE))
        .timeout_connect(Some(CONNECT))
        .max_redirects(REDIRECTS)
        .tls_config(tls)
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Public {
        inner: DefaultResolver::default(),
        is_named,
    };
    let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
    let answer = agent
        .get(url)
        .call()
        .map_err(|error| refused(words(&error)))?;
    let mut archive = Vec::new();
    answer
        .into_body()
        .into_with_config()
        .limit(MAX_ARCHIVE + 1)
        .reader()
        .read_to_end(&mut archive)
        .map_err(|error| refused(error.to_string()))?;
    if archive.len() as u64 > MAX_ARCHIVE {
        return Err(refused(format!("it has more than {MAX_ARCHIVE} bytes")));
    }
    Ok(archive)
}

fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("the answer has the status {status}"),
        ureq::Error::HostNotFound => "its host is unknown, or is this machine".to_owned(),
        ureq::Error::Timeout(_) => "it does not answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// Leaves out the addresses behind which the server's own machine, or what only it can reach, answers. It is asked
/// again for each redirect, and what it gives is what is connected to.
#[derive(Debug)]
struct Public {
    inner: DefaultResolver,
    is_named: bool,
}

impl Resolver for Public {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found
            .iter()
            .filter(|address| self.is_named || is_elsewhere(address))
        {
            kept.push(*address);
        }
        if kept.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(kept)
    }
}

fn is_elsewhere(address: &SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast())
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unicast_link_local()
                || ip.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// Answers one request, and says whether it came.
    fn server(answer: Vec<u8>) -> (String, std::thread::JoinHandle<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/shop.zip", listener.local_addr().unwrap());
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap_or_default();
            // A client that has seen enough leaves.
            let _ = stream.write_all(&answer);
            read > 0
        });
        (url, served)
    }

    #[test]
    fn what_the_operator_named_is_fetched_from_anywhere() {
        let (url, served) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nzip".to_vec());
        assert_eq!(fetch(&url, true).unwrap(), b"zip");
        assert!(served.join().unwrap());
        let (url, served) = server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec());
        let words = fetch(&url, true).unwrap_err().to_string();
        assert!(words.contains("404"), "{words}");
        served.join().unwrap();
    }

    #[test]
    fn users_do_not_reach_this_machine() {
        for url in [
            "http://127.0.0.1:1/x.zip",
            "http://[::1]:1/x.zip",
            "http://localhost:1/x.zip",
        ] {
            let words = fetch(url, false).unwrap_err().to_string();
            assert!(words.contains("is this machine"), "{words}");
        }
        for (address, elsewhere) in [
            ("169.254.169.254:80", false),
            ("[fe80::1]:80", false),
            ("[::ffff:127.0.0.1]:80", false),
            ("0.0.0.0:80", false),
            ("10.1.2.3:80", true),
            ("93.184.216.34:443", true),
        ] {
            assert_eq!(
                is_elsewhere(&address.parse().unwrap()),
                elsewhere,
                "{address}"
            );
        }
    }

    #[test]
    fn too_much_is_not_taken() {
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            MAX_ARCHIVE + 2
        )
        .into_bytes();
        answer.resize(answer.len() + usize::try_from(MAX_ARCHIVE).unwrap() + 2, 0);
        let (url, served) = server(answer);
        let words = fetch(&url, true).unwrap_err().to_string();
        assert!(
            words.contains("bytes") || words.contains("large"),
            "{words}"
        );
        served.join().unwrap();
    }
}
