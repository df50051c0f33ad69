//! The log: batches of commits in, durable batches out; it knows bytes, not orders.
//!
//! [`open`] hands out a [`Follower`], which reads; taken over it is the one [`LogWriter`] of the log, which appends [`Batch`]es; what [`LogWriter::append`] answered is durable, and only that is ever seen by
//! a [`LogReader`]. A commit is all events of one accepted command and is there whole or not at all; positions have no gap.
//! Position 0 is the log's own genesis record, in the stream [`GENESIS_STREAM`].
//!
//! ```
//! use eventlog::{Batch, CommitHeader, Direction, Revision, open_memory};
//!
//! let (mut writer, reader) = open_memory();
//! let mut batch = Batch::new(writer.next_position());
//! let header = CommitHeader { tenant: "m1", command_id: 7, payload_hash: 1, recorded_at: 0, meta: b"" };
//! let mut commit = batch.commit(&header);
//! commit.event("order-m1.s1.o1", Revision(0), |body| body.extend_from_slice(b"placed"));
//! let range = commit.finish();
//! writer.append(&mut batch)?;
//!
//! let events = reader.read_stream("order-m1.s1.o1", Revision(0), Direction::Forward, 10)?;
//! assert_eq!(&*events[0].body, b"placed");
//! assert_eq!(events[0].position, range.first);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
#[doc(hidden)]
pub mod disk;
mod embedded;
mod error;
mod files;
mod format;
mod hash;
mod index;
mod location;
mod lookup;
mod memory;
mod open;
#[doc(hidden)]
pub mod planted;
mod priority;
mod reader;
mod replicated;
mod shared;
#[doc(hidden)]
pub mod sim;
mod stored;
mod types;
mod writer;

pub use batch::{Batch, CommitWriter};
pub use embedded::{
    Background, Copied, Options, Problem, Verified, copy_embedded, copy_on, verify_embedded, verify_embedded_with,
    verify_on,
};
pub use error::{
    AppendError, Corrupt, FollowError, OpenError, ReadError, TakeOverError, is_storage_full, lacks_descriptors,
};
pub use open::{Storage, open, open_embedded, open_memory, open_on, open_simulated};
pub use priority::lower_thread_priority;
pub use reader::{FoundCommit, LogReader, Tail};
pub use replicated::owner::Owner;
#[doc(hidden)]
pub use replicated::simulated::{Happened, SimRemote, Trouble};
pub use stored::{OwnedEvent, StoredBatch, StoredCommit, StoredEvent};
pub use types::{
    Appended, BatchId, BatchRange, COMMIT_BYTES_MAX, CommitHeader, CommitRange, Direction, GENESIS_STREAM, Limits,
    META_BYTES_MAX, Position, Recovered, Revision, STREAM_BYTES_MAX, TENANT_BYTES_MAX,
};
pub use writer::{Follower, LogWriter, NotTakenOver};
