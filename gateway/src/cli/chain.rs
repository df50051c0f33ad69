//! The chain of hashes over a log, for `verify` and `replay`.

use domain::event::DayEvent;
use domain::event::Event;
use domain::stream::Stream;
use eventlog::StoredBatch;
use projections::chained;
use schemas::json::ChainLine;
use schemas::stored::chain::{ChainOf, Chained, Kept, Link};
use schemas::stored::{self, tag};
use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// Why a file of kept links does not read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum ChainFileError {
    /// The file does not read.
    #[error("{} does not read", path.display())]
    Io {
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is no link.
    #[error("line {line} of {} is no link of a chain: {why}", path.display())]
    Line {
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        why: String,
    },
}

/// The links in a file, one JSON object a line.
pub fn read_kept(path: &Path) -> Result<Vec<(ChainOf, Kept)>, ChainFileError> {
    let failed = |source| ChainFileError::Io { path: path.to_owned(), source };
    let file = std::io::BufReader::new(std::fs::File::open(path).map_err(failed)?);
    let mut kept = vec![];
    for (line, text) in (1..).zip(file.lines()) {
        let text = text.map_err(failed)?;
        if text.trim().is_empty() {
            continue;
        }
        let bad = |why| ChainFileError::Line { path: path.to_owned(), line, why };
        let parsed: ChainLine = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        kept.push(parsed.parse(format!("line {line} of {}", path.display())).map_err(bad)?);
    }
    Ok(kept)
}

/// Hands each event of a batch that has a place in a chain to `see`.
pub fn each(batch: &StoredBatch, mut see: impl FnMut(&Chained<'_>)) {
    for commit in batch.commits() {
        commit.events().filter_map(|event| chained(&commit, &event)).for_each(|event| see(&event));
    }
}

/// What a Z report says of the history before it; `None` for any other event, and for a report that says nothing.
pub fn kept_by_a_day(event: &Chained<'_>) -> Option<(ChainOf, Kept)> {
    if stored::peek_tag(event.body) != Some(tag::DayClosed) {
        return None;
    }
    let stream = Stream::parse(event.stream).ok()?;
    let Ok(Event::Day(DayEvent::DayClosed(closing))) = stored::decode(&stream, event.body) else { return None };
    let head = closing.chain?;
    let by = format!("the Z report {} at position 0:{}", closing.z_number, event.position);
    let kept = Kept { position: head.position, hash: head.hash, count: None, by };
    Some(((event.tenant.to_owned(), event.store().map(str::to_owned)), kept))
}

/// The chains of a log, link by link.
#[derive(Debug, Default)]
pub struct Chains(HashMap<ChainOf, Link>);

impl Chains {
    /// The link of the next event.
    pub fn link(&mut self, event: &Chained<'_>) -> Link {
        let of = (event.tenant.to_owned(), event.store().map(str::to_owned));
        let link = event.link(self.0.get(&of));
        self.0.insert(of, link);
        link
    }
}
