//! The operator's credential: whoever runs the server, and belongs to no tenant. It is in a file of the data directory that only
//! the server's own user may read, and nowhere else: not in the log, and not in a backup.

use crate::tokens::{self, NewToken};
use domain::calendar::Timestamp;
use domain::event::Terms;
use domain::ids::TokenId;
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq;

/// What the file is called in the data directory.
pub const OPERATOR_FILE: &str = "operator.token";
/// What stands in the place of a token's id.
const ID: &str = "operator";
/// The most bytes of the file that are read.
const BYTES_MAX: u64 = 256;

/// How many sessions there are at a time: another one ends the oldest.
const SESSIONS_MAX: usize = 20;

/// Who is the operator.
#[derive(Clone, Debug)]
pub struct Operator {
    file: PathBuf,
    /// The sessions, the oldest first: in memory only, so a stop ends them.
    sessions: Arc<Mutex<Vec<Session>>>,
}

#[derive(Debug)]
struct Session {
    secret_sha256: [u8; 32],
    /// The credential it was opened with, and ends with.
    opened_with: [u8; 32],
    ends_at: Timestamp,
    used_at: Timestamp,
}

impl Session {
    fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at <= now || self.used_at.0.saturating_add(Terms::IDLE_US) <= now.0
    }
}

impl Operator {
    /// The operator of a data directory; the first time makes the credential.
    ///
    /// # Errors
    /// What the file system answered.
    pub fn of(data: &Path) -> io::Result<Operator> {
        let operator = Operator { file: path(data), sessions: Arc::default() };
        match operator.file.try_exists()? {
            true => Ok(operator),
            false => rotate(data).map(|_| operator),
        }
    }

    /// Whether a presented token names the operator, whatever its secret.
    pub fn is_named(id: TokenId) -> bool {
        id.as_str() == ID
    }

    /// Whether a presented token is the operator's, or of a session of theirs, for which it counts as a request.
    pub fn is(&self, id: TokenId, secret_sha256: &[u8; 32], now: Timestamp) -> bool {
        if !Operator::is_named(id) {
            return false;
        }
        let Some(held) = self.held() else { return false };
        if bool::from(held.ct_eq(secret_sha256)) {
            return true;
        }
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| session.opened_with == held && !session.is_over(now));
        let session = sessions.iter_mut().find(|session| bool::from(session.secret_sha256.ct_eq(secret_sha256)));
        session.map(|session| session.used_at = now).is_some()
    }

    /// Opens a session: a quarter of an hour after its last request it ends, twelve hours after it began, with the credential and
    /// with the process. Nothing where what is presented is not the credential itself.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    pub fn open_session(&self, presented: &[u8; 32], now: Timestamp) -> Option<NewToken> {
        let held = self.held().filter(|held| bool::from(held.ct_eq(presented)))?;
        let token = tokens::mint_of(TokenId::parse(ID).expect("it is an id"));
        let ends_at = Timestamp(now.0.saturating_add(Terms::SESSION_US));
        let session = Session { secret_sha256: token.secret_sha256, opened_with: held, ends_at, used_at: now };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|session| session.opened_with == held && !session.is_over(now));
        if SESSIONS_MAX <= sessions.len() {
            sessions.remove(0);
        }
        sessions.push(session);
        Some(token)
    }

    /// Ends the session that this is of; whether there was one.
    pub fn end_session(&self, presented: &[u8; 32]) -> bool {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let before = sessions.len();
        sessions.retain(|session| !bool::from(session.secret_sha256.ct_eq(presented)));
        sessions.len() < before
    }

    /// What the credential's secret comes to. The file is read each time: whoever replaces it, also beside a running server, has
    /// replaced the credential. A file that does not read lets nobody in.
    fn held(&self) -> Option<[u8; 32]> {
        let read = || -> io::Result<String> {
            let mut text = String::new();
            io::Read::read_to_string(&mut io::Read::take(File::open(&self.file)?, BYTES_MAX), &mut text)?;
            Ok(text)
        };
        match read() {
            Ok(text) => tokens::parse(text.trim()).map(|(_, held)| held),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the operator's credential does not read");
                None
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
    let NewToken { text, .. } = tokens::mint_of(TokenId::parse(ID).expect("it is an id"));
    let made = data.join(format!("{OPERATOR_FILE}.new"));
    // Made for its owner's eyes only: nobody may look between the making and a change of its mode.
    let _ = std::fs::remove_file(&made);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(&made, flags, Mode::RUSR | Mode::WUSR)?);
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(&made, path(data))?;
    File::open(data)?.sync_all()?;
    Ok(path(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const NOON: Timestamp = Timestamp(1_800_000_000 * Timestamp::SECOND_US);

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
        assert!(operator.is(id, &first, NOON) && !operator.is(id, &[0; 32], NOON));
        assert!(!operator.is(TokenId::parse("other").unwrap(), &first, NOON));
        // A later start finds it.
        Operator::of(data.path()).unwrap();
        assert_eq!(held(data.path()).1, first);
        rotate(data.path()).unwrap();
        let (_, second) = held(data.path());
        assert!(!operator.is(id, &first, NOON) && operator.is(id, &second, NOON));
        std::fs::remove_file(path(data.path())).unwrap();
        assert!(!operator.is(id, &second, NOON));
    }

    #[test]
    fn a_session_ends_by_itself_by_signing_out_and_with_the_credential() {
        let data = tempfile::tempdir().unwrap();
        let operator = Operator::of(data.path()).unwrap();
        let (id, credential) = held(data.path());
        let after = |us: i64| Timestamp(NOON.0 + us);
        let open = || operator.open_session(&credential, NOON).unwrap().secret_sha256;
        let idle = open();
        assert!(operator.is(id, &idle, NOON) && operator.is(id, &idle, after(Terms::IDLE_US - 1)));
        assert!(operator.open_session(&idle, NOON).is_none(), "a session opens none");
        assert!(!operator.is(id, &idle, after(2 * Terms::IDLE_US - 1)));
        let busy = open();
        let mut at = 0;
        while at < Terms::SESSION_US {
            assert!(operator.is(id, &busy, after(at)));
            at += Terms::IDLE_US / 2;
        }
        assert!(!operator.is(id, &busy, after(Terms::SESSION_US)));
        let out = open();
        assert!(operator.end_session(&out) && !operator.end_session(&out) && !operator.is(id, &out, NOON));
        assert!(!operator.end_session(&credential) && operator.is(id, &credential, NOON));
        let oldest = open();
        for _ in 0..SESSIONS_MAX {
            assert!(operator.is(id, &oldest, NOON));
            open();
        }
        assert!(!operator.is(id, &oldest, NOON));
        let last = open();
        rotate(data.path()).unwrap();
        assert!(!operator.is(id, &last, NOON));
    }
}
