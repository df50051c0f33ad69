//! The write side: one thread decides, another writes, and nobody is answered before the sync.
//!
//! [`Engine::submit`] is the door. The engine thread decides against state it holds in memory ([`world`]) and encodes
//! what follows into the open batch; the log thread ([`committer`]) makes batches durable and releases the answers.

mod clock;
mod committer;
mod engine;
mod envelope;
mod stats;
mod world;

pub use clock::Clock;
pub use engine::{Engine, Failure, Options, StartError, Stopped};
pub use envelope::{Answer, CommandError, Envelope, Receipt, Recorded, derived_id};
pub use stats::{Stats, StatsSnapshot};
