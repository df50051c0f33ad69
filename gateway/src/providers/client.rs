//! Requests to a provider, and a bound on everything.

use super::settings::Account;
use crate::transport::{Base, Transport};
use axum::http::{HeaderValue, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use schemas::provider;
use std::error::Error;
use std::time::Duration;

/// How long a request may take, with making the connection.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Why nobody knows what a provider made of a request.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It did not answer in time.
    #[error("no answer within {CALL_TIMEOUT:?}")]
    Timeout,
    /// There is no connection, or it was lost.
    #[error("the connection failed")]
    Connection(#[source] Box<dyn Error + Send + Sync>),
}

/// Asks one provider.
#[derive(Debug)]
pub struct Client {
    base: Base,
    transport: Transport,
    authorization: HeaderValue,
}

impl Client {
    /// Asks under an account.
    ///
    /// # Panics
    /// Never: settings hold keys that fit into a header.
    pub fn new(account: &Account) -> Client {
        let key = String::from_utf8_lossy(account.api_key.bytes());
        let mut authorization = HeaderValue::try_from(format!("Bearer {key}")).expect("the key is printable ASCII");
        authorization.set_sensitive(true);
        Client { base: account.base.clone(), transport: Transport::new(account.roots.clone()), authorization }
    }

    /// Sends a request and reads the answer: its status and its body.
    ///
    /// # Errors
    /// [`CallError`]: the provider may have done what it was asked.
    pub async fn call(&self, ask: &provider::Request, idempotency_key: &str) -> Result<(u16, Bytes), CallError> {
        match tokio::time::timeout(CALL_TIMEOUT, self.call_in_time(ask, idempotency_key)).await {
            Ok(answered) => answered.map_err(CallError::Connection),
            Err(_) => Err(CallError::Timeout),
        }
    }

    async fn call_in_time(
        &self,
        ask: &provider::Request,
        idempotency_key: &str,
    ) -> Result<(u16, Bytes), Box<dyn Error + Send + Sync>> {
        let mut request = Request::builder()
            .method(ask.method)
            .uri(self.base.address(&ask.path))
            .header(header::AUTHORIZATION, &self.authorization);
        if let Some(media_type) = ask.media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        if ask.method != "GET" {
            request = request.header("idempotency-key", idempotency_key);
        }
        let request = request.body(Full::new(Bytes::from(ask.body.clone())))?;
        let response = self.transport.send(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok((status, body))
    }
}
