//! Whose word is taken for where a request comes from, and what counts as one address.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// Where proxies say whom they speak for, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// What is counted as one address: of IPv6 a network of 64 bits, because whoever has one has them all.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

/// The proxies whose word is taken for where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Whether what stands at this address is one.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from, as it is counted: what the nearest proxy that is trusted says. A client can write there what it
    /// likes, but only in front of that.
    pub fn address(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = connected;
        if self.contains(connected) {
            let lines = headers.get_all(FORWARDED_FOR).iter().rev();
            let hops = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
            for hop in hops {
                let Ok(hop) = hop.trim().parse() else { break };
                address = hop;
                if !self.contains(hop) {
                    break;
                }
            }
        }
        counted(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_whom_it_speaks_for() {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        for (connected, lines, expected) in [
            ("192.0.2.1", &["198.51.100.7"][..], "192.0.2.1"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.1.2.3", &["198.51.100.7"], "198.51.100.7"),
            // What the client itself wrote stands in front.
            ("10.1.2.3", &["203.0.113.9, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
            ("::1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("10.1.2.3", &["198.51.100.7, unknown"], "10.1.2.3"),
            ("10.1.2.3", &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let address = proxies.address(connected.parse().unwrap(), &headers);
            assert_eq!(address, expected.parse::<IpAddr>().unwrap(), "{connected} {lines:?}");
        }
    }
}
