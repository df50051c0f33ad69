//! TLS towards providers: who they have to be, and who may vouch for it.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How a provider is reached by TLS.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// Why nobody can vouch for a provider.
#[derive(Debug, thiserror::Error)]
pub enum BadRoots {
    /// The file does not read, or is not PEM.
    #[error("does not read as certificates in PEM form")]
    File(#[source] rustls::pki_types::pem::Error),
    /// The file holds no certificate.
    #[error("holds no certificate")]
    Empty,
    /// A certificate in the file is of no form that is known.
    #[error("holds a certificate that does not read")]
    Certificate(#[source] rustls::Error),
    /// The operating system trusts nobody.
    #[error("must start with http://, or have a ca_file beside it: this system trusts no certificate authority")]
    System,
}

/// Who may vouch for providers.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    /// The certificate authorities that the operating system trusts.
    ///
    /// # Errors
    /// [`BadRoots::System`].
    pub fn system() -> Result<Roots, BadRoots> {
        let mut store = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of the system does not read");
        }
        store.add_parsable_certificates(found.certs);
        match store.is_empty() {
            true => Err(BadRoots::System),
            false => Ok(Roots(Arc::new(store))),
        }
    }

    /// Those in a file, and nobody else.
    ///
    /// # Errors
    /// [`BadRoots`].
    pub fn file(path: &Path) -> Result<Roots, BadRoots> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(BadRoots::File)? {
            store.add(certificate.map_err(BadRoots::File)?).map_err(BadRoots::Certificate)?;
        }
        match store.is_empty() {
            true => Err(BadRoots::Empty),
            false => Ok(Roots(Arc::new(store))),
        }
    }
}

impl Tls {
    /// Reaches `host`, a name or an address; `None` if it is neither.
    ///
    /// # Panics
    /// Never: the cryptography that is built in speaks the versions that are asked for.
    pub fn to(host: &str, roots: Roots) -> Option<Tls> {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots.0)
            .with_no_client_auth();
        Some(Tls { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Makes sure who is at the other end of a connection, and hides from everybody else what goes over it.
    ///
    /// # Errors
    /// What is wrong with the other end.
    pub async fn connect(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}
