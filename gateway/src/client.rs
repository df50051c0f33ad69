//! A client for the command line: one server and a token.

use crate::causes::with_causes;
use crate::tls::{BadRoots, Roots};
use crate::transport::{Base, Transport};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode, header};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a request is sent before the client gives up. Commands are sent under their own keys, so repeating is safe.
const TRIES: u32 = 5;
/// How long the client waits before it sends a request again.
const PAUSE: Duration = Duration::from_millis(200);

/// A server and a token.
#[derive(Debug)]
pub struct Client {
    base: Base,
    token: String,
    transport: Transport,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum ClientError {
    /// The address is not one this client can reach.
    #[error("{url:?} is not an address like http://127.0.0.1:8080 or https://comanda.example.com")]
    Url { url: String },
    /// Nobody may vouch for the server.
    #[error("--ca {}", path.display())]
    Ca {
        path: PathBuf,
        /// What is wrong with the file.
        source: BadRoots,
    },
    /// As [`ClientError::Ca`], without a file.
    #[error("nobody can vouch for a server at https://; give --ca")]
    Roots(#[source] BadRoots),
    #[error("nobody answers at {authority}; is the server running?")]
    Connect {
        authority: String,
        /// What came between.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody answers, who is not believed to be the server, or speaks no TLS.
    #[error("who answers at {authority} is not believed to be the server; see --ca")]
    NotBelieved {
        authority: String,
        /// What is wrong with the other end.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The connection was lost; repeating the request is safe.
    #[error("the connection was lost")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
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
    /// A client for a server that those vouch for whom the system trusts.
    ///
    /// # Errors
    /// [`ClientError::Url`], [`ClientError::Roots`].
    pub fn new(url: &str, token: &str) -> Result<Client, ClientError> {
        Client::trusting(url, token, None)
    }

    /// A client for a server that those in a file vouch for, or, without one, those whom the system trusts.
    ///
    /// # Errors
    /// [`ClientError::Url`], [`ClientError::Ca`], [`ClientError::Roots`].
    pub fn trusting(url: &str, token: &str, ca: Option<&Path>) -> Result<Client, ClientError> {
        let base = Base::parse(url).ok().filter(|base| base.prefix.is_empty());
        let base = base.ok_or_else(|| ClientError::Url { url: url.to_owned() })?;
        let roots = match (base.is_tls(), ca) {
            (false, _) => None,
            (true, Some(path)) => {
                Some(Roots::file(path).map_err(|source| ClientError::Ca { path: path.to_owned(), source })?)
            }
            (true, None) => Some(Roots::system().map_err(ClientError::Roots)?),
        };
        Ok(Client { base, token: token.to_owned(), transport: Transport::new(roots) })
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
            .uri(self.base.address(path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        self.transport.send(request).await.map_err(|error| {
            let authority = self.base.authority.to_string();
            match error.is_connect() {
                true if is_of_tls(&error) => ClientError::NotBelieved { authority, source: error.into() },
                true => ClientError::Connect { authority, source: error.into() },
                false => ClientError::Lost(error.into()),
            }
        })
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
                ClientError::Lost(_) | ClientError::Connect { .. } => true,
                ClientError::Url { .. }
                | ClientError::Ca { .. }
                | ClientError::Roots(_)
                | ClientError::NotBelieved { .. }
                | ClientError::Request(_) => false,
            };
            if !is_worth_it || TRIES <= tried {
                return Err(error);
            }
            tracing::debug!(error = with_causes(&error), "a request is sent again");
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
        let body = response.into_body().collect().await.map_err(|error| ClientError::Lost(error.into()))?.to_bytes();
        match status.is_success() {
            true => Ok(body),
            false => Err(ClientError::Status { status, body: String::from_utf8_lossy(&body).into_owned() }),
        }
    }
}

/// Whether TLS is what failed.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        // The source of an error of the system is the source of what is in it.
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}
