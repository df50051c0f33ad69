//! Many commands in one request: what an import and a till that was away send.
//!
//! Each command is its own affair, so that one bad line of a file, or of a till's queue, does not stop the others.

mod command;
mod result;
mod upload;

pub use command::{BATCH_COMMANDS_MAX, Batch, BatchCommand, ParsedCommand, read_request};
pub use result::{BatchAnswer, BatchException, BatchResult, BatchStatus, CommitRange};
pub use upload::{Entry, Kept, Malformed, Upload};
