//! The write side: one thread decides, another writes, and nobody is answered before the sync.
//!
//! [`Engine::submit`] is the door. The engine thread (`thread`) decides against the state it holds in memory (`state`) and
//! encodes what follows into the open batch; the log thread (`committer`) makes batches durable and releases the replies. What
//! a decision needs and memory does not hold, the fetch thread (`fetch`) loads while its command waits (`deferred`).
//! `SNAPSHOTS.md` says what is in memory, what is evicted, and how a start finds it again.

mod alarm;
mod clock;
mod committer;
mod dedup;
mod deferred;
mod engine;
mod envelope;
mod error;
mod fetch;
mod keys;
mod load;
mod message;
mod options;
pub mod reactor;
mod recovery;
mod repeat;
mod resident;
mod snapshot;
mod snapshot_writer;
mod state;
mod stats;
mod thread;

pub use clock::{Clock, Doubt, Now, Time};
pub use engine::{Engine, InFlight, Stopped};
pub use envelope::{Accepted, Envelope, Receipt, Recorded, derived_id, is_derived};
pub use error::{CommandError, Failure, FoldError, StartError};
pub use keys::Keys;
pub use options::Options;
pub use snapshot::SnapshotError;
pub use stats::{Stats, StatsSnapshot};
