//! The source of a request for rate limits: an address, and the two networks around the address.
//!
//! An IPv4 customer has one address. An IPv6 customer has at least a /64, so a single IPv6 address is not significant;
//! a provider assigns /48s, so a thousand /64s of one /48 count as one source too
//! (docs/decisions/0027-limits-by-source.md). The address itself is only logged; stores keep a keyed digest of the
//! network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The client address of a request. IPv4-mapped IPv6 addresses become IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceAddress(IpAddr);

impl SourceAddress {
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    pub fn address(self) -> IpAddr {
        self.0
    }

    /// Returns the network of a single customer: an IPv4 address, or an IPv6 /64.
    pub fn narrow_network(self) -> Network {
        Network::containing(self.0, 32, 64)
    }

    /// Returns the network of an organisation or a part of a provider: an IPv4 /24, or an IPv6 /48.
    pub fn wide_network(self) -> Network {
        Network::containing(self.0, 24, 48)
    }
}

/// The source of a request without a socket, in tests.
impl Default for SourceAddress {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A network such as `192.0.2.0/24`; a single address is a network of one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    fn containing(address: IpAddr, v4: u8, v6: u8) -> Self {
        let bits = if address.is_ipv4() { v4 } else { v6 };
        Self(IpNet::new(address, bits).unwrap_or_else(|_| address.into()).trunc())
    }

    pub fn contains(self, source: SourceAddress) -> bool {
        self.0.contains(&source.0)
    }

    /// True if the network is the whole internet.
    pub fn is_whole_internet(self) -> bool {
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
        // A source is IPv4 whenever possible, so a network of IPv4-mapped addresses would match no source.
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

    fn source(text: &str) -> SourceAddress {
        SourceAddress::new(text.parse().unwrap())
    }

    #[test]
    fn a_customer_is_an_ipv4_address_or_an_ipv6_64_and_behind_it_stands_a_24_or_a_48() {
        for (address, narrow, wide) in [
            ("192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7/32", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ] {
            assert_eq!(source(address).narrow_network().to_string(), narrow);
            assert_eq!(source(address).wide_network().to_string(), wide);
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
