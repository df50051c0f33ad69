//! The one HTTP client, of the command line and towards payment providers: HTTP/1.1, by TLS where the address says so, over
//! connections that are kept for the next request.

use crate::tls::Roots;
use axum::http::uri::{Authority, InvalidUri, Scheme};
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long making a connection may take, TLS not counted.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How many connections to one address are kept that nobody uses, and for how long.
const IDLE_MAX: usize = 16;
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests and gives their answers.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Transport {
    /// Reaches whoever these vouch for; without them nobody by TLS.
    pub fn new(roots: Option<Roots>) -> Transport {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // Latency matters more than packets.
        tcp.set_nodelay(true);
        let roots = roots.unwrap_or_else(|| Roots(Arc::new(rustls::RootCertStore::empty())));
        let connector = HttpsConnectorBuilder::new().with_tls_config(roots.client_config()).https_or_http();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_MAX)
            .build(connector.enable_http1().wrap_connector(tcp));
        Transport { client }
    }

    /// Sends a request, whose address is whole.
    ///
    /// # Errors
    /// What came between; whether the request arrived is not known, unless it says that there was no connection.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        self.client.request(request).await
    }
}

/// Where somebody is reached: `https://host:port/prefix`, or `http://`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Base {
    pub scheme: Scheme,
    pub authority: Authority,
    /// What stands before every path; empty or starting with a slash.
    pub prefix: String,
}

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBase {
    /// It begins with neither `https://` nor `http://`.
    Scheme,
    /// What comes behind is no place.
    Place,
}

impl Base {
    /// Reads an address.
    ///
    /// # Errors
    /// [`BadBase`].
    pub fn parse(text: &str) -> Result<Base, BadBase> {
        let (scheme, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (Scheme::HTTPS, rest),
            (None, Some(rest)) => (Scheme::HTTP, rest),
            (None, None) => return Err(BadBase::Scheme),
        };
        let rest = rest.trim_end_matches('/');
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        let parsed: Result<Authority, InvalidUri> = authority.parse();
        let authority = parsed.map_err(|_| BadBase::Place)?;
        let is_path = format!("{prefix}/").parse::<axum::http::uri::PathAndQuery>().is_ok() && !prefix.contains('?');
        // A name with another port than a number has the port in its host's place.
        let tail = authority.as_str().rsplit(']').next().unwrap_or_default();
        let is_port = !tail.contains(':') || authority.port_u16().is_some();
        if !is_path || !is_port || authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(BadBase::Place);
        }
        Ok(Base { scheme, authority, prefix })
    }

    /// Whether TLS hides what is said there.
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// Whether it is this machine, whose network nobody else hears.
    pub fn is_loopback(&self) -> bool {
        let host = self.authority.host().trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|at| at.to_canonical().is_loopback())
    }

    /// The whole address of a path there.
    pub fn address(&self, path: &str) -> String {
        format!("{}://{}{}{path}", self.scheme, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_once() {
        let base = |text: &str| Base::parse(text).map(|base| (base.address("/v1"), base.is_loopback()));
        for (text, address, is_loopback) in [
            ("http://127.0.0.1:9000/api/", "http://127.0.0.1:9000/api/v1", true),
            ("http://localhost", "http://localhost/v1", true),
            ("https://[::1]:8443/v2", "https://[::1]:8443/v2/v1", true),
            ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]/v1", true),
            ("https://api.stripe.com", "https://api.stripe.com/v1", false),
            ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com/v1", false),
            ("http://localhost.example.com", "http://localhost.example.com/v1", false),
            ("http://10.0.0.7:80", "http://10.0.0.7:80/v1", false),
        ] {
            assert_eq!(base(text), Ok((address.to_owned(), is_loopback)), "{text}");
        }
        assert_eq!(base("ftp://example.com"), Err(BadBase::Scheme));
        for text in ["http://", "https:///v1", "http://a:b", "http://me@127.0.0.1", "http://a/?b", "http://a:99999"] {
            assert_eq!(base(text), Err(BadBase::Place), "{text}");
        }
    }
}
