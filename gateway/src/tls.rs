//! TLS: the cryptography of both sides, and who may vouch for the other one.

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// The cryptography of every connection: named each time, because a default of the process can be set once only, and other libraries
/// set theirs.
pub fn cryptography() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Why nobody can vouch for the other side.
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
    #[error("this system trusts no certificate authority; name a file with the ones that may vouch for it")]
    System,
}

/// Who may vouch for the other side of a connection.
#[derive(Clone, Debug)]
pub struct Roots(pub Arc<RootCertStore>);

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

impl Roots {
    /// How a client makes sure who is at the other end of a connection, and hides from everybody else what goes over it.
    ///
    /// # Panics
    /// Never: the cryptography that is built in speaks the versions that are asked for.
    pub fn client_config(self) -> ClientConfig {
        ClientConfig::builder_with_provider(cryptography())
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_root_certificates(self.0)
            .with_no_client_auth()
    }
}
