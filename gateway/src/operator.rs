//! The operator's credential: whoever runs the server, and belongs to no tenant. It is in a file of the data directory that only
//! the server's own user may read, and nowhere else: not in the log, and not in a backup.

use crate::tokens::{self, NewToken};
use domain::ids::TokenId;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;

/// What the file is called in the data directory.
pub const OPERATOR_FILE: &str = "operator.token";
/// What stands in the place of a token's id.
const ID: &str = "operator";
/// The most bytes of the file that are read.
const BYTES_MAX: u64 = 256;

/// Who is the operator.
#[derive(Clone, Debug)]
pub struct Operator {
    file: PathBuf,
}

impl Operator {
    /// The operator of a data directory; the first time makes the credential.
    ///
    /// # Errors
    /// What the file system answered.
    pub fn of(data: &Path) -> io::Result<Operator> {
        let operator = Operator { file: path(data) };
        match operator.file.try_exists()? {
            true => Ok(operator),
            false => rotate(data).map(|_| operator),
        }
    }

    /// Whether a presented token names the operator, whatever its secret.
    pub fn is_named(id: TokenId) -> bool {
        id.as_str() == ID
    }

    /// Whether a presented token is the operator's. The file is read each time: whoever replaces it, also beside a running server,
    /// has replaced the credential. A file that does not read lets nobody in.
    pub fn is(&self, id: TokenId, secret_sha256: &[u8; 32]) -> bool {
        let held = || -> io::Result<String> {
            let mut text = String::new();
            io::Read::read_to_string(&mut io::Read::take(File::open(&self.file)?, BYTES_MAX), &mut text)?;
            Ok(text)
        };
        Operator::is_named(id)
            && match held() {
                Ok(text) => tokens::parse(text.trim()).is_some_and(|(_, held)| bool::from(held.ct_eq(secret_sha256))),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the operator's credential does not read"
                    );
                    false
                }
            }
    }
}

/// Where the credential of a data directory is.
pub fn path(data: &Path) -> PathBuf {
    data.join(OPERATOR_FILE)
}

/// Makes another credential, in one step: before it the old one works, and after it the new one.
///
/// # Errors
/// What the file system answered; then the old one works.
pub fn rotate(data: &Path) -> io::Result<PathBuf> {
    let NewToken { text, .. } = tokens::mint();
    let secret = text.rsplit('_').next().expect("a token has a secret");
    let made = data.join(format!("{OPERATOR_FILE}.new"));
    // Made for its owner's eyes only: nobody may look between the making and a change of its mode.
    let _ = std::fs::remove_file(&made);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(&made, flags, Mode::RUSR | Mode::WUSR)?);
    writeln!(file, "cmd_{ID}_{secret}")?;
    file.sync_all()?;
    std::fs::rename(&made, path(data))?;
    File::open(data)?.sync_all()?;
    Ok(path(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn held(data: &Path) -> (TokenId, [u8; 32]) {
        tokens::parse(std::fs::read_to_string(path(data)).unwrap().trim()).unwrap()
    }

    #[test]
    fn the_credential_is_its_owners_and_is_replaced_at_once() {
        let data = tempfile::tempdir().unwrap();
        let operator = Operator::of(data.path()).unwrap();
        let mode = std::fs::metadata(path(data.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (id, first) = held(data.path());
        assert!(operator.is(id, &first) && !operator.is(id, &[0; 32]));
        assert!(!operator.is(TokenId::parse("other").unwrap(), &first));
        // A later start finds it.
        Operator::of(data.path()).unwrap();
        assert_eq!(held(data.path()).1, first);
        rotate(data.path()).unwrap();
        let (_, second) = held(data.path());
        assert!(!operator.is(id, &first) && operator.is(id, &second));
        std::fs::remove_file(path(data.path())).unwrap();
        assert!(!operator.is(id, &second));
    }
}
