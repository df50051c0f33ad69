//! What goes into the engine and what comes out.

use domain::calendar::Timestamp;
use domain::command::{AccessCommand, Command, PaymentCommand, Source, StoreCommand};
use domain::event::{Event, SentBy};
use domain::ids::{ActorId, CommandId, OrderId, Revision, StoreId, TenantId, TerminalId};
use domain::stream::Stream;
use domain::terminal::{QueueEntry, Request};
use eventlog::{BatchId, Position};
use sha2::{Digest, Sha256};

/// A command with who sent it and how.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "names and types say the rest")]
pub struct Envelope {
    /// Made by the client before sending; the command takes effect at most once under it, for ever.
    pub command_id: CommandId,
    /// From the credential, never from the request.
    pub tenant: TenantId,
    pub command: Command,
    pub actor: ActorId,
    /// The credential; nothing of what the engine issues itself.
    pub sent_by: Option<SentBy>,
    /// The second person, where a rule asks for one.
    pub approver: Option<ActorId>,
    /// The device it comes from.
    pub terminal: Option<TerminalId>,
    /// Its place in the terminal's queue, for offline commands; those name their terminal and `occurred_at`.
    pub queued: Option<QueueEntry>,
    /// The client's clock. It decides the business date of offline and imported commands only.
    pub occurred_at: Option<Timestamp>,
    pub source: Source,
    /// The revision the client thinks the command's stream is at.
    pub expected_revision: Option<Revision>,
    /// An offline command as it came, for when it has to wait for others.
    pub request: Option<Request>,
    /// The command that it tries again (issued by the engine).
    pub again: Option<CommandId>,
}

/// The aggregate a command is decided against: a store, or what a tenant has besides stores. Work of one aggregate is done
/// in the order it came; that of another need not wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AggregateId {
    pub tenant: TenantId,
    pub store: Option<StoreId>,
}

impl Envelope {
    /// A command that is sent online and by nobody's terminal, alone, on whatever is there.
    pub fn new(command_id: CommandId, tenant: TenantId, actor: ActorId, command: Command) -> Envelope {
        Envelope {
            command_id,
            tenant,
            command,
            actor,
            sent_by: None,
            approver: None,
            terminal: None,
            queued: None,
            occurred_at: None,
            source: Source::Online,
            expected_revision: None,
            request: None,
            again: None,
        }
    }

    pub(crate) fn aggregate(&self) -> AggregateId {
        let store = match &self.command {
            Command::Store(store, _) => Some(*store),
            Command::Menu(_) | Command::Access(_) => None,
        };
        AggregateId { tenant: self.tenant, store }
    }

    /// The stream the command is about: whose revision `If-Match` compares and the receipt says.
    pub(crate) fn stream(&self) -> Stream {
        let tenant = self.tenant;
        match &self.command {
            Command::Menu(_) => Stream::Menu(tenant),
            Command::Access(AccessCommand::RecordActivity(_)) => Stream::Security(tenant),
            Command::Access(_) => Stream::Access(tenant),
            Command::Store(store, command) => match command {
                StoreCommand::Put(_) => Stream::Store(tenant, *store),
                StoreCommand::AdoptMenu { .. }
                | StoreCommand::SetPrice { .. }
                | StoreCommand::SetAvailability { .. } => Stream::StoreMenu(tenant, *store),
                StoreCommand::Order(order, _) => Stream::Order(tenant, *store, *order),
                StoreCommand::Payment(payment, _) => Stream::Payment(tenant, *store, *payment),
                StoreCommand::Stock(_) => Stream::Stock(tenant, *store),
                StoreCommand::OpenDay { .. } | StoreCommand::CloseDay { .. } => Stream::Day(tenant, *store),
                StoreCommand::Drawer(drawer, _) => Stream::Drawer(tenant, *store, *drawer),
                StoreCommand::Ticket(ticket, _) => Stream::Ticket(tenant, *store, *ticket),
                StoreCommand::Terminal(terminal, _) => Stream::Terminal(tenant, *store, *terminal),
            },
        }
    }

    /// The order all events of the command belong to.
    pub(crate) fn correlation(&self) -> Option<OrderId> {
        match &self.command {
            Command::Store(_, StoreCommand::Order(order, _)) => Some(*order),
            Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { order, .. })) => Some(*order),
            Command::Store(..) | Command::Menu(_) | Command::Access(_) => None,
        }
    }
}

/// An event with its place in its stream and in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say all")]
pub struct Recorded {
    pub stream: Stream,
    pub revision: Revision,
    pub position: Position,
    pub event: Event,
}

/// The commit of an accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The command's main stream.
    pub stream: Stream,
    /// Where that stream is after the commit; `None` while it has no event.
    pub revision: Option<Revision>,
    /// The position a reader has to have reached to see the commit.
    pub position: Position,
    /// The batch that holds `position`, where it is the commit's own; a commit without events may stand behind another batch.
    pub batch: Option<BatchId>,
    /// When it happened by the client's clock, as it was recorded.
    pub occurred_at: Option<Timestamp>,
    /// All of the commit, gapless in the log.
    pub events: Vec<Recorded>,
}

impl Receipt {
    /// What a reader has to have reached: the commit's last event, or what stood before a commit without events; and the batch
    /// that holds it, if that is the commit's own, which begins at `batch_first`.
    pub(crate) fn place(
        first: Position,
        events: usize,
        (batch, batch_first): (BatchId, Position),
    ) -> (Position, Option<BatchId>) {
        let position = Position((first.0 + events as u64).saturating_sub(1));
        (position, (batch_first <= position).then_some(batch))
    }
}

/// An accepted command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Durable, and the same on every repeat.
    pub receipt: Receipt,
    /// Whether it was accepted before and this is a repeat.
    pub repeated: bool,
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
