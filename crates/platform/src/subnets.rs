//! The pool that the subnets of environments and shared clusters are taken from.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// The length of a subnet's prefix: 251 containers each.
const SUBNET_PREFIX: u8 = 24;

/// A range of private IPv4 addresses, cut into subnets of a /24 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubnetPool {
    first: Ipv4Addr,
    prefix: u8,
}

/// A text that is no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is no pool of subnets: a range of private IPv4 addresses is expected, /8 to /24, such as 10.208.0.0/12"
)]
pub struct InvalidSubnetPool {
    text: String,
}

impl SubnetPool {
    /// Whether the two have an address in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        let shorter = self.prefix.min(other.prefix);
        let network = |pool: Self| pool.first.to_bits() >> (32 - shorter);
        network(self) == network(other)
    }

    /// The `number`-th subnet, counted from 0; `None` past the end.
    pub(crate) fn subnet(self, number: u32) -> Option<String> {
        let count = 1u32 << (SUBNET_PREFIX - self.prefix);
        let step = 1u32 << (32 - SUBNET_PREFIX);
        (number < count).then(|| {
            let address = Ipv4Addr::from_bits(self.first.to_bits() + number * step);
            format!("{address}/{SUBNET_PREFIX}")
        })
    }
}

impl Default for SubnetPool {
    /// 10.208.0.0/12: 4,096 subnets where Docker's own pools and home networks are not.
    fn default() -> Self {
        Self {
            first: Ipv4Addr::new(10, 208, 0, 0),
            prefix: 12,
        }
    }
}

impl fmt::Display for SubnetPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl FromStr for SubnetPool {
    type Err = InvalidSubnetPool;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidSubnetPool {
            text: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<SubnetPool> {
    let (first, prefix) = text.split_once('/')?;
    let first: Ipv4Addr = first.parse().ok()?;
    let prefix: u8 = prefix.parse().ok()?;
    let aligned = (8..=SUBNET_PREFIX).contains(&prefix) && first.to_bits() << prefix == 0;
    (aligned && first.is_private()).then_some(SubnetPool { first, prefix })
}

#[cfg(test)]
mod tests {
    use super::SubnetPool;

    #[test]
    fn subnets_are_counted_through_the_pool_and_end_with_it() {
        let pool = SubnetPool::default();
        assert_eq!(pool.subnet(0).as_deref(), Some("10.208.0.0/24"));
        assert_eq!(pool.subnet(256).as_deref(), Some("10.209.0.0/24"));
        assert_eq!(pool.subnet(4095).as_deref(), Some("10.223.255.0/24"));
        assert_eq!(pool.subnet(4096), None);
        let small: SubnetPool = "192.168.7.0/24".parse().expect("a pool");
        assert_eq!(small.subnet(0).as_deref(), Some("192.168.7.0/24"));
        assert_eq!(small.subnet(1), None);
    }

    #[test]
    fn what_is_no_pool_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/7",
            "10.0.0.0/25",
            "10.0.1.0/16",
            "8.8.0.0/16",
            "fd00::/64",
        ] {
            assert!(text.parse::<SubnetPool>().is_err(), "{text}");
        }
    }
}
