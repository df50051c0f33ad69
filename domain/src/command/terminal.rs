//! Commands to what is known of a terminal.

use crate::event::Noted;
use crate::ids::{CommandId, Text};

/// A command to what is known of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalCommand {
    /// Keeps that a command of its queue was turned away at the door (issued by the door).
    RecordRejected {
        noted: Noted,
        /// Tells its bytes from any other.
        digest: u128,
    },
    /// Says that a person has dealt with an exception.
    Resolve {
        /// The event that is the exception, by its place in the log.
        position: u64,
        note: Text,
        /// The command it speaks of, as far as the door knows: it is no part of what is asked.
        command: Option<CommandId>,
    },
}
