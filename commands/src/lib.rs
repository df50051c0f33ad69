//! The write side: one thread decides, another writes, and nobody is answered before the sync.
//!
//! [`Engine::submit`] is the door. The engine thread (`thread`) decides against state it holds in memory (`world`) and encodes
//! what follows into the open batch; the log thread (`committer`) makes batches durable and releases the answers. What a
//! decision needs and memory does not hold, the fetch thread (`fetch`) reads while its command waits (`work`).

mod alarm;
mod clock;
mod committer;
mod engine;
mod envelope;
mod fetch;
mod fold;
mod ids;
mod keeper;
mod load;
mod place;
pub mod reactor;
mod repeat;
mod snapshot;
mod stats;
mod thread;
mod work;
mod world;

pub use clock::Clock;
pub use engine::{Engine, Failure, InFlight, Options, StartError, Stopped};
pub use envelope::{Accepted, CommandError, Envelope, Receipt, Recorded, derived_id, is_derived};
pub use fold::FoldError;
pub use snapshot::SnapshotError;
pub use stats::{Stats, StatsSnapshot};
