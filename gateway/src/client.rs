//! A small HTTP client for the command line: one connection to one server, opened again when it is lost.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;

/// How often a request is sent before the client gives up. Commands are sent under their own keys, so repeating is safe.
const TRIES: u32 = 5;
/// How long the client waits before it sends a request again.
const PAUSE: Duration = Duration::from_millis(200);

/// A server and a token.
#[derive(Debug)]
pub struct Client {
    authority: String,
    token: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum ClientError {
    /// The address is not one this client can reach.
    #[error("{url:?} is not an address like http://127.0.0.1:8080")]
    Url { url: String },
    #[error("nobody answers at {authority}; is the server running?")]
    Connect {
        authority: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The connection was lost; repeating the request is safe.
    #[error("the connection was lost")]
    Http(#[from] hyper::Error),
    /// The request cannot be sent.
    #[error("the request cannot be sent")]
    Request(#[from] hyper::http::Error),
    /// The server says no.
    #[error("the server answers {status}: {body}")]
    Status {
        status: StatusCode,
        /// The body, which says why.
        body: String,
    },
}

impl Client {
    /// A client for a server.
    ///
    /// # Errors
    /// [`ClientError::Url`].
    pub fn new(url: &str, token: &str) -> Result<Client, ClientError> {
        let bad = || ClientError::Url { url: url.to_owned() };
        let authority = url.strip_prefix("http://").ok_or_else(bad)?.trim_end_matches('/');
        if authority.is_empty() || authority.contains('/') {
            return Err(bad());
        }
        let authority = match authority.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
            Some(_) => return Err(bad()),
            None => format!("{authority}:80"),
        };
        Ok(Client { authority, token: token.to_owned(), connection: None })
    }

    async fn connection(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, ClientError> {
        let is_open = self.connection.as_ref().is_some_and(|connection| !connection.is_closed());
        if !is_open {
            let connect = TcpStream::connect(&self.authority).await;
            let stream =
                connect.map_err(|source| ClientError::Connect { authority: self.authority.clone(), source })?;
            // Latency matters more than packets; a socket that cannot do it still works.
            let _ = stream.set_nodelay(true);
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended");
                }
            });
            self.connection = Some(sender);
        }
        Ok(self.connection.as_mut().expect("it was opened above"))
    }

    /// Sends a request and gives the answer as it comes, whatever its status.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stream(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        if self.connection().await?.ready().await.is_err() {
            // The server has ended it behind its last answer; nothing of this request was sent.
            self.connection = None;
        }
        let connection = self.connection().await?;
        connection.ready().await?;
        Ok(connection.send_request(request).await?)
    }

    /// Sends a request, again where the connection is lost or the server is busy, and gives the body of a good answer.
    ///
    /// # Errors
    /// [`ClientError`] after the last try.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, ClientError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match self.call_once(method, path, headers, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_worth_it = match &error {
                ClientError::Status { status, .. } => *status == StatusCode::SERVICE_UNAVAILABLE,
                ClientError::Http(_) | ClientError::Connect { .. } => true,
                ClientError::Url { .. } | ClientError::Request(_) => false,
            };
            if !is_worth_it || TRIES <= tried {
                return Err(error);
            }
            self.connection = None;
            tokio::time::sleep(PAUSE * tried).await;
        }
    }

    async fn call_once(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, ClientError> {
        let response = self.stream(method, path, headers, body).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        match status.is_success() {
            true => Ok(body),
            false => Err(ClientError::Status { status, body: String::from_utf8_lossy(&body).into_owned() }),
        }
    }
}
