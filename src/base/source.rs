//! Where a request comes from, as limits see it: an address, and the two networks around it.
//!
//! An IPv4 customer has one address. An IPv6 customer has a /64 at least, so a single IPv6 address says nothing; and a
//! provider gives away /48s, so a thousand /64s of one /48 are one source too
//! (docs/decisions/0027-limits-by-source.md). The address itself is for the log only; whoever remembers a source keeps
//! a keyed digest of its network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The address that a request came from. IPv4 within IPv6 is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    pub fn address(self) -> IpAddr {
        self.0
    }

    /// What one customer has: an IPv4 address, or an IPv6 /64.
    pub fn narrow(self) -> Network {
        Network::around(self.0, 32, 64)
    }

    /// What one organisation has, or a part of a provider: an IPv4 /24, or an IPv6 /48.
    pub fn wide(self) -> Network {
        Network::around(self.0, 24, 48)
    }
}

/// Of a request that no socket brought: a test.
impl Default for Source {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A network, written `192.0.2.0/24`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    fn around(address: IpAddr, v4: u8, v6: u8) -> Self {
        let bits = if address.is_ipv4() { v4 } else { v6 };
        Self(IpNet::new(address, bits).unwrap_or_else(|_| address.into()).trunc())
    }

    pub fn contains(self, source: Source) -> bool {
        self.0.contains(&source.0)
    }

    /// Whether it is the whole internet.
    pub fn is_everything(self) -> bool {
        self.0.prefix_len() == 0
    }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no address and no network: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32")]
pub struct NetworkError(String);

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.to_owned());
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse::<IpNet>().map_err(|_| wrong())?,
        };
        // Sources are IPv4 where they can be, so a network of mapped addresses would hold none.
        if let IpNet::V6(v6) = net
            && v6.addr().to_ipv4_mapped().is_some()
        {
            return Err(wrong());
        }
        Ok(Self(net.trunc()))
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(text.parse().unwrap())
    }

    #[test]
    fn a_customer_is_an_ipv4_address_or_an_ipv6_64_and_behind_it_stands_a_24_or_a_48() {
        for (address, narrow, wide) in [
            ("192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ] {
            assert_eq!(source(address).narrow().to_string(), narrow);
            assert_eq!(source(address).wide().to_string(), wide);
        }
    }

    #[test]
    fn a_network_is_written_with_or_without_its_length() {
        let net = |text: &str| text.parse::<Network>();
        assert!(net("10.1.2.3").unwrap().contains(source("::ffff:10.1.2.3")));
        assert!(net("10.1.2.3/8").unwrap().contains(source("10.200.0.1")));
        assert!(net("2001:db8::/32").unwrap().contains(source("2001:db8:ffff::1")));
        assert!(!net("10.0.0.0/8").unwrap().contains(source("2001:db8::1")));
        for wrong in ["", "10.0.0", "10.0.0.0/33", "localhost", "::ffff:10.0.0.0/104", "10.0.0.1 "] {
            assert!(net(wrong).is_err(), "{wrong}");
        }
    }
}
