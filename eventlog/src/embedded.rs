//! The log in files on this machine: one write and one `fdatasync` for all commits of a batch.
//!
//! `FORMAT.md` says what the files hold. The writer owns the active segment; the next one is preallocated by a thread (all zeros
//! written and synced, so that syncing an append moves no metadata), and opening a log that was not closed copies its last
//! segment, because what a failed sync left in the page cache proves nothing.

mod copy;
mod create;
mod indexer;
mod maintenance;
mod options;
mod preallocate;
mod recovery;
mod scan;
mod scrub;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use copy::{Copied, copy_embedded, copy_on};
pub use options::{Background, Options};
pub(crate) use recovery::open;
pub(crate) use scrub::Tuning;
pub use verify::{Problem, Verified, verify_embedded, verify_embedded_with, verify_on};
pub(crate) use writer::EmbeddedWriter;
