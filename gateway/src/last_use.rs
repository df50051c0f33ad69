//! The hour of each token's last use, kept over a restart in a file beside the read models: a line for each token. It is in no
//! log and decides nothing; a file that is lost, damaged or old costs no more than what it said.

use domain::calendar::Timestamp;
use domain::ids::{TenantId, TokenId};
use projections::Projections;
use std::io;
use std::path::Path;
use std::time::Duration;

/// What the file is called in the directory of the read models.
pub const LAST_USE_FILE: &str = "last_use";
/// How often it is written while the server runs; a stop writes it too.
pub const EVERY: Duration = Duration::from_secs(3_600);

/// Takes in what an earlier run left, as far as it reads.
pub fn load(file: &Path, projections: &Projections) {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(error = &error as &dyn std::error::Error, "when tokens were last used does not read");
            }
            return;
        }
    };
    for (tenant, token, at) in text.lines().filter_map(entry) {
        projections.note_use(tenant, token, at);
    }
}

fn entry(line: &str) -> Option<(TenantId, TokenId, Timestamp)> {
    let mut words = line.split(' ');
    let (tenant, token, at) = (words.next()?, words.next()?, words.next()?);
    Some((TenantId::parse(tenant).ok()?, TokenId::parse(token).ok()?, Timestamp(at.parse().ok()?)))
}

/// Writes the file anew.
pub fn save(file: &Path, projections: &Projections) {
    let lines = projections.last_uses().into_iter();
    let text: String = lines.map(|(tenant, token, at)| format!("{tenant} {token} {}\n", at.0)).collect();
    let made = file.with_extension("new");
    if let Err(error) = std::fs::write(&made, text).and_then(|()| std::fs::rename(&made, file)) {
        tracing::warn!(error = &error as &dyn std::error::Error, "when tokens were last used was not written");
    }
}
