//! Where `comanda serve` listens, and what is spoken there.

use crate::http::tls::{BadTls, Tls, TlsFiles};
use clap::Args;
use clap::builder::FalseyValueParser;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where to listen, and how.
#[derive(Clone, Debug, Args)]
pub struct DoorArgs {
    /// Where to listen; port 0 takes a free one. Without TLS only on this machine's own addresses (127.0.0.0/8, ::1), see
    /// --insecure.
    #[arg(long, env = "COMANDA_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where else to listen, for whoever runs the server: /metrics and the details of /readyz are there then, and nowhere else.
    #[arg(long, env = "COMANDA_OPS_LISTEN", value_name = "ADDRESS")]
    pub ops_listen: Option<SocketAddr>,
    /// The server's certificate, in PEM form, with those between it and who vouches for it: TLS is spoken then, and nothing else.
    /// SIGHUP has the files read anew; a bad new one leaves everything as it was.
    #[arg(long, env = "COMANDA_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM form.
    #[arg(long, env = "COMANDA_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Who vouches for devices, in PEM form: a device's credential is then only taken from who shows a certificate of theirs. Nobody
    /// else has to.
    #[arg(long, env = "COMANDA_TLS_CLIENT_CA", value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Listens elsewhere than on this machine without TLS: everybody on the way reads the tokens. For where a proxy in front
    /// speaks TLS.
    #[arg(long, env = "COMANDA_INSECURE", value_parser = FalseyValueParser::new())]
    pub insecure: bool,
}

/// Why nobody is let in by a door.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum DoorError {
    #[error(
        "{address} is no address of this machine alone, and without TLS everybody on the way reads the tokens: give --tls-cert and \
         --tls-key, or listen on 127.0.0.1, or say --insecure where a proxy in front speaks TLS"
    )]
    Open { address: SocketAddr },
    #[error("TLS cannot be served")]
    Tls(#[from] BadTls),
}

impl DoorArgs {
    /// How TLS is spoken, where it is; says aloud where it should be and is not. Blocks on the disk.
    ///
    /// # Errors
    /// [`DoorError`].
    pub fn tls(&self) -> Result<Option<Tls>, DoorError> {
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            let (certificate, key, client_ca) = (certificate.clone(), key.clone(), self.tls_client_ca.clone());
            return Ok(Some(Tls::read(TlsFiles { certificate, key, client_ca })?));
        }
        let is_open = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        match [&self.listen].into_iter().chain(&self.ops_listen).find(is_open) {
            Some(address) if !self.insecure => Err(DoorError::Open { address: *address }),
            Some(address) => {
                tracing::warn!(
                    %address,
                    "insecure: no TLS is spoken, and whoever is on the way reads the tokens; a proxy in front has to speak it"
                );
                Ok(None)
            }
            None => Ok(None),
        }
    }
}
