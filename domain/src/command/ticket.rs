//! Commands to a kitchen ticket.

use crate::ids::LineId;

/// A command to a kitchen ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketCommand {
    Start,
    /// What is left of a line is ready.
    MarkLineReady(LineId),
    /// Takes it off the board; what is left of it is ready.
    Bump,
    /// Brings it back to the board; what was not served yet is prepared again.
    Recall,
}
