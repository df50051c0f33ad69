//! What a replicated log is kept in.

use super::message::Message;
use super::sent::{Away, Sent};
use super::simulated::SimRemote;

/// The remotes there are.
pub(crate) enum Remote {
    /// In memory, unreliable by a seed.
    Simulated(SimRemote),
}

impl Remote {
    /// Stores a message if it follows the last one.
    pub fn publish(&mut self, message: &Message) -> Sent {
        match self {
            Remote::Simulated(remote) => remote.publish(message),
        }
    }

    /// The message of a batch. `None` proves nothing: a read may be behind.
    pub fn read(&mut self, number: u64) -> Result<Option<Message>, Away> {
        match self {
            Remote::Simulated(remote) => remote.read(number),
        }
    }

    /// The longest payload of a message, in bytes.
    pub fn message_max(&self) -> usize {
        match self {
            Remote::Simulated(remote) => remote.message_max(),
        }
    }
}
