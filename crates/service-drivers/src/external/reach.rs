//! Whether a service elsewhere can be reached.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use windlass_services::Error;

use super::given::Given;

/// For the name and for each connection: a service on the other side of the world answers within a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const ADDRESSES: usize = 4;

/// Connects to the service, and hangs up. What nobody may be led to by a URL is refused: this machine itself,
/// and the addresses by which clouds tell machines their secrets.
pub(super) async fn check(given: &Given) -> Result<(), Error> {
    let (host, port) = given.place();
    let unreachable = |reason: String| Error::Unreachable {
        cluster: format!("the external service at {host}:{port}"),
        reason,
    };
    let found = match timeout(PATIENCE, lookup_host((host, port))).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Err(unreachable(format!("its name has no address: {error}"))),
        Err(_) => {
            return Err(unreachable(format!(
                "its name has no address within {PATIENCE:?}"
            )));
        }
    };
    let addresses: Vec<SocketAddr> = found.take(ADDRESSES).collect();
    if let Some(own) = addresses.iter().find(|address| is_own(address.ip())) {
        return Err(Error::Conflict {
            cluster: format!("the external service at {host}:{port}"),
            what: format!("the address {}", own.ip()),
            reason: "it is the machine's own or one for its neighbours alone, which applications reach by no name; \
                     give an address that they reach"
                .to_owned(),
        });
    }
    let mut last = "its name has no address".to_owned();
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no answer within {PATIENCE:?}"),
        }
    }
    Err(unreachable(last))
}

/// Loopback, unspecified, link-local and multicast addresses, in IPv4, in IPv6, and in the one within the other.
fn is_own(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn own_addresses_are_known_in_every_spelling() {
        for own in [
            "127.0.0.1",
            "127.8.9.10",
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "fe80::1",
        ] {
            assert!(is_own(own.parse().expect("an address")), "{own}");
        }
        for other in [
            "10.1.2.3",
            "192.168.1.1",
            "203.0.113.9",
            "2001:db8::1",
            "fd00::1",
        ] {
            assert!(!is_own(other.parse().expect("an address")), "{other}");
        }
    }
}
