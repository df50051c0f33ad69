//! Requests to a provider: HTTP/1.1, over TLS where its address says so, connections that are kept, and a bound on everything.

use super::settings::Account;
use super::tls::Tls;
use axum::http::{HeaderValue, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use schemas::provider;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long a request may take, with making the connection.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// How many connections are kept that nobody uses.
const IDLE_MAX: usize = 16;

type Connection = SendRequest<Full<Bytes>>;

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
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Client {
    authority: String,
    /// Host and port.
    address: String,
    tls: Option<Tls>,
    prefix: String,
    authorization: HeaderValue,
    idle: Mutex<Vec<Connection>>,
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
        let (authority, prefix, tls) = (account.authority.clone(), account.prefix.clone(), account.tls.clone());
        let address = account.address.clone();
        Client { authority, address, tls, prefix, authorization, idle: Mutex::new(vec![]) }
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
            .uri(format!("{}{}", self.prefix, ask.path))
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, &self.authorization);
        if let Some(media_type) = ask.media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        if ask.method != "GET" {
            request = request.header("idempotency-key", idempotency_key);
        }
        let request = request.body(Full::new(Bytes::from(ask.body.clone())))?;
        let mut connection = self.connection().await?;
        let response = connection.send_request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await?.to_bytes();
        self.keep(connection);
        Ok((status, body))
    }

    async fn connection(&self) -> Result<Connection, Box<dyn Error + Send + Sync>> {
        while let Some(mut connection) = self.idle() {
            if connection.ready().await.is_ok() {
                return Ok(connection);
            }
        }
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(tls) => open(tls.connect(stream).await?).await,
            None => open(stream).await,
        }
    }

    fn idle(&self) -> Option<Connection> {
        self.idle.lock().expect("nobody panics with it").pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().expect("nobody panics with it");
        if idle.len() < IDLE_MAX && !connection.is_closed() {
            idle.push(connection);
        }
    }
}

async fn open<S>(stream: S) -> Result<Connection, Box<dyn Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (connection, driver) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a connection to a provider ended");
        }
    });
    Ok(connection)
}
