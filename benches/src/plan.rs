//! What to measure, how much of it, and where.

use std::error::Error;
use std::path::{Path, PathBuf};

/// The error of a bench: it is printed and ends the run, so its kind does not matter.
pub type BenchError = Box<dyn Error + Send + Sync>;

/// How much work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// A second in all: does it still work?
    Tiny,
    /// As much work as large, measured once: for runs of two programs in turns.
    Once,
    /// Minutes: how fast is it? Medians of five.
    Large,
}

impl Size {
    /// Picks by size.
    pub(crate) fn pick<T>(self, tiny: T, large: T) -> T {
        match self {
            Size::Tiny => tiny,
            Size::Once | Size::Large => large,
        }
    }

    /// How often everything is measured; the median counts.
    pub(crate) fn runs(self) -> usize {
        match self {
            Size::Tiny | Size::Once => 1,
            Size::Large => 5,
        }
    }
}

/// What to measure and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How much work.
    pub size: Size,
    /// Where logs are written; the disk that is measured.
    pub dir: PathBuf,
    /// The `comanda` binary for what goes over HTTP; left out where there is none.
    pub comanda: Option<PathBuf>,
    /// The benches' own binary, which serves the bare server to compare with.
    pub benches: Option<PathBuf>,
}

/// A directory of its own for one run, so that runs do not share what lies in it.
pub(crate) fn run_dir(dir: &Path, name: &str, run: usize) -> std::io::Result<PathBuf> {
    let dir = dir.join(format!("{name}-{run}"));
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}
