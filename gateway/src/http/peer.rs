//! Who a request comes from: the address behind trusted proxies, and the credential it presents. Both are found once, before
//! anything else of the request is looked at, and stand in its extensions.

use super::connections::{Connection, Credential};
use super::error::ApiError;
use crate::state::AppState;
use crate::tokens;
use axum::http::{HeaderMap, header};
use projections::Grant;
use std::net::IpAddr;
use std::sync::Arc;

/// Who a request comes from.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address, as connections and requests of it are counted: of IPv6 a network of 64 bits.
    pub address: IpAddr,
    /// What its credential is good for; nothing where it presents none, or one that does not work.
    pub grant: Option<Arc<Grant>>,
    /// No device may speak over the connection: nobody showed a certificate.
    pub lacks_certificate: bool,
}

impl Peer {
    /// Of a request with these headers that came over a connection.
    pub fn of(app: &AppState, connection: &Connection, headers: &HeaderMap) -> Peer {
        let address = connection.proxies().address(connection.address(), headers);
        let presented = bearer(headers).and_then(tokens::parse);
        let grant = presented.and_then(|(id, secret)| app.projections.authenticate(id, &secret, app.certain_now()));
        Peer { address, grant, lacks_certificate: connection.lacks_certificate() }
    }

    /// Demands that a device shows its certificate, where devices have one.
    ///
    /// # Errors
    /// [`ApiError::CertificateNeeded`].
    pub fn shows_certificate(&self) -> Result<(), ApiError> {
        let is_device = self.grant.as_ref().is_some_and(|grant| grant.device.is_some());
        match self.lacks_certificate && is_device {
            true => Err(ApiError::CertificateNeeded),
            false => Ok(()),
        }
    }

    /// The credential, where it works.
    pub fn credential(&self) -> Option<Credential> {
        self.grant.as_ref().map(|grant| (grant.tenant, grant.token))
    }
}

/// The token that a request presents. Two are none: whoever looked at the other one would see another caller.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
