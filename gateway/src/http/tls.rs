//! TLS of the server: its certificate, which can be replaced while it runs, and the certificates that devices show.

use crate::tls::{BadRoots, Roots, cryptography};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, pki_types};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a connection of TLS starts with: a record of the handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// How many bytes wait in a connection of TLS for a peer that takes nothing, beside those that are counted.
const BUFFER_BYTES: usize = 16 << 10;
/// The most that is read of what somebody without TLS has sent, before the connection is closed: unread bytes would take the answer along.
const PLAIN_BYTES_MAX: usize = 64 << 10;
/// What whoever speaks plain HTTP is told.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 44\r\nConnection: close\r\n\r\n\
    This port speaks TLS only: ask at https://.\n";

/// Which files TLS is served from, in PEM form.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and who vouches for it.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Who vouches for devices; without it nobody has to show a certificate.
    pub client_ca: Option<PathBuf>,
}

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum BadTls {
    #[error("the certificate {} does not read", path.display())]
    Certificate { path: PathBuf, source: pki_types::pem::Error },
    #[error("the certificate {} holds none", path.display())]
    NoCertificate { path: PathBuf },
    #[error("the key {} does not read", path.display())]
    Key { path: PathBuf, source: pki_types::pem::Error },
    #[error("the certificate {} and the key {} cannot be used together", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("{}, which is to vouch for devices,", path.display())]
    Ca { path: PathBuf, source: BadRoots },
    #[error("{}, which is to vouch for devices, cannot be used", path.display())]
    Verifier { path: PathBuf, source: rustls::server::VerifierBuilderError },
}

/// How the server speaks TLS.
pub struct Tls {
    files: TlsFiles,
    /// What connections are taken in with from now on; those that are open keep what they began with.
    current: Mutex<TlsAcceptor>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

/// A connection over which TLS is spoken.
pub struct Secured {
    /// What goes over it.
    pub stream: TlsStream<TcpStream>,
    /// Whether a device would have had to show a certificate, and nobody did.
    pub lacks_certificate: bool,
}

impl Tls {
    /// Reads the files. Blocks on the disk.
    ///
    /// # Errors
    /// [`BadTls`].
    pub fn read(files: TlsFiles) -> Result<Tls, BadTls> {
        let current = Mutex::new(acceptor(&files)?);
        Ok(Tls { files, current })
    }

    /// Reads the files anew, for connections that come from now on. Blocks on the disk.
    ///
    /// # Errors
    /// [`BadTls`]; then everything stays as it was.
    pub fn reload(&self) -> Result<(), BadTls> {
        let read = acceptor(&self.files)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Its files that nobody else should read.
    pub fn key(&self) -> &PathBuf {
        &self.files.key
    }

    /// Does a connection's handshake. Whoever speaks no TLS is told so, and the connection closed.
    ///
    /// # Errors
    /// What is wrong with the other end.
    pub async fn accept(&self, mut stream: TcpStream) -> io::Result<Secured> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first != [HANDSHAKE] {
            turn_away(&mut stream).await?;
            return Err(io::Error::other("it speaks no TLS"));
        }
        let acceptor = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stream = acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(BUFFER_BYTES))).await?;
        let lacks_certificate = self.files.client_ca.is_some() && stream.get_ref().1.peer_certificates().is_none();
        Ok(Secured { stream, lacks_certificate })
    }
}

/// Tells somebody who speaks no TLS what would be right.
async fn turn_away(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(PLAIN_BYTES_MAX as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, BadTls> {
    let path = || files.certificate.clone();
    let bad_certificate = |source| BadTls::Certificate { path: path(), source };
    let read = CertificateDer::pem_file_iter(&files.certificate).map_err(bad_certificate)?;
    let certificates = read.collect::<Result<Vec<_>, _>>().map_err(bad_certificate)?;
    if certificates.is_empty() {
        return Err(BadTls::NoCertificate { path: path() });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key);
    let key = key.map_err(|source| BadTls::Key { path: files.key.clone(), source })?;
    let builder = ServerConfig::builder_with_provider(cryptography())
        .with_safe_default_protocol_versions()
        .expect("the cryptography that is built in speaks TLS 1.2 and 1.3");
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Roots::file(path).map_err(|source| BadTls::Ca { path: path.clone(), source })?;
            // Payment providers, people and the command line have none to show: who has to is told by the credential.
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.0, cryptography())
                .allow_unauthenticated()
                .build()
                .map_err(|source| BadTls::Verifier { path: path.clone(), source })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let pair = builder.with_single_cert(certificates, key);
    let mut config = pair.map_err(|source| BadTls::Pair { certificate: path(), key: files.key.clone(), source })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plain_http_is_told_is_a_whole_answer() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{text}");
    }
}
