//! What goes into the engine and what comes out.

use domain::calendar::Timestamp;
use domain::command::{Command, Source};
use domain::event::Event;
use domain::ids::{ActorId, CommandId, Revision, TenantId, TerminalId};
use domain::refused::Refused;
use domain::stream::Stream;
use domain::terminal::QueuePlace;
use eventlog::Position;
use sha2::{Digest, Sha256};

/// A command with who sent it and how.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Made by the client before sending; the command takes effect at most once under it, for ever.
    pub command_id: CommandId,
    /// From the credential, never from the request.
    pub tenant: TenantId,
    /// What is asked.
    pub command: Command,
    /// Who asks.
    pub actor: ActorId,
    /// The second person, where a rule asks for one.
    pub approver: Option<ActorId>,
    /// The device it comes from.
    pub terminal: Option<TerminalId>,
    /// Its place in the terminal's queue, for offline commands; those name their terminal and `occurred_at`.
    pub queued: Option<QueuePlace>,
    /// The client's clock. It decides the business date of offline and imported commands only.
    pub occurred_at: Option<Timestamp>,
    /// How it came.
    pub source: Source,
    /// The revision the client thinks the command's stream is at.
    pub expected_revision: Option<Revision>,
}

/// An event with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The stream it is in.
    pub stream: Stream,
    /// Its place there.
    pub revision: Revision,
    /// Its place in the log.
    pub position: Position,
    /// The fact.
    pub event: Event,
}

/// The answer to an accepted command: its commit. The same on every repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The command's main stream.
    pub stream: Stream,
    /// Where that stream is after the commit; `None` while it has no event.
    pub revision: Option<Revision>,
    /// The position a reader has to have reached to see the commit.
    pub position: Position,
    /// Every event of the commit.
    pub events: Vec<Recorded>,
}

/// An accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its commit.
    pub receipt: Receipt,
    /// Whether it was accepted before and this is a repeat.
    pub repeated: bool,
}

/// Why a command has no commit to show, by what the client does next.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules say no; nothing was written.
    #[error("refused: {0:?}")]
    Refused(Refused),
    /// Another command was accepted under this id; use a new one.
    #[error("another command was accepted under this id")]
    KeyReused,
    /// `occurred_at` lies further ahead than clocks differ; correct the clock or the file.
    #[error("occurred_at lies in the future")]
    OccurredInFuture,
    /// Too much to do; nothing was written, try again.
    #[error("the queue is full; nothing was written")]
    Overloaded,
    /// No space left; nothing was written, try again once there is.
    #[error("the disk is full; nothing was written")]
    StorageFull,
    /// The engine is stopping or has stopped; nothing was written.
    #[error("the engine has stopped; nothing was written")]
    Stopped,
    /// Nobody knows yet whether the command took effect; repeat it under the same id.
    #[error("the outcome is not known; repeat the command under the same id")]
    Unknown,
}

/// The version nibble of the ids that [`derived_id`] makes: one that RFC 9562 keeps for the future, so that no client's
/// UUID has it. Doors refuse it, or a client could take the id of a deadline that is still to come.
const DERIVED_VERSION: u8 = 0xe;

/// The id of a command the engine issues itself, from what causes it: the same cause, the same id, so that it takes
/// effect once. SHA-256 of the parts, each with its length, with `DERIVED_VERSION` where a UUID has its version.
pub fn derived_id(parts: &[&str]) -> CommandId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let number = u128::from_be_bytes(bytes);
    CommandId(number & !(0xf << 76) | u128::from(DERIVED_VERSION) << 76)
}

/// Whether an id is one of the engine's own.
pub fn is_derived(command: CommandId) -> bool {
    (command.0 >> 76) as u8 & 0xf == DERIVED_VERSION
}
