//! What the engine thread is sent, and what it replies.

use crate::envelope::{AggregateId, Envelope, Receipt};
use crate::error::CommandError;
use domain::command::NewOrder;
use domain::ids::{StoreId, TenantId};
use domain::pricing::Totals;
use eventlog::Position;
use tokio::sync::oneshot;

/// What the engine thread takes from its queue.
#[derive(Debug)]
pub(crate) enum Request {
    Work(Work),
    /// Something else than the queue has news.
    Wake,
    Stop,
}

#[derive(Debug)]
pub(crate) enum Work {
    Command(Submission),
    Quote(Quote),
}

/// A command and who waits for its reply.
#[derive(Debug)]
pub(crate) struct Submission {
    pub envelope: Box<Envelope>,
    /// Of the command alone: tells a repeat from another command under the same id.
    pub digest: u128,
    /// `None` for an internal command, which the engine issues itself.
    pub reply: Option<oneshot::Sender<Reply>>,
}

/// Asks what an order would come to; nothing changes.
#[derive(Debug)]
pub(crate) struct Quote {
    pub tenant: TenantId,
    pub store: StoreId,
    pub order: Box<NewOrder>,
    pub reply: oneshot::Sender<Reply>,
}

impl Work {
    pub(crate) fn aggregate(&self) -> AggregateId {
        match self {
            Work::Command(Submission { envelope, .. }) => envelope.aggregate(),
            Work::Quote(Quote { tenant, store, .. }) => AggregateId { tenant: *tenant, store: Some(*store) },
        }
    }

    pub(crate) fn is_internal(&self) -> bool {
        matches!(self, Work::Command(Submission { reply: None, .. }))
    }

    /// Replies that nothing was decided. An internal command has no client that waits for a reply.
    pub(crate) fn reject(self, error: CommandError) {
        match self {
            Work::Command(Submission { reply: Some(reply), .. }) | Work::Quote(Quote { reply, .. }) => {
                // A client that went away need not be told.
                let _ = reply.send(Reply::Rejected(error));
            }
            Work::Command(Submission { envelope, reply: None, .. }) => {
                tracing::warn!(%error, command = ?envelope.command, "an internal command was not decided");
            }
        }
    }
}

#[derive(Debug)]
pub(crate) enum Reply {
    Accepted(Box<Receipt>),
    /// It was accepted before; the caller rebuilds the receipt from the commit at `first`.
    Repeated {
        first: Position,
    },
    Priced(Box<Totals>),
    Rejected(CommandError),
}

/// A reply that waits for the sync of what it saw. Dropping it instead says that nobody knows the outcome.
pub(crate) struct PendingReply {
    /// `None` for an internal command.
    pub to: Option<oneshot::Sender<Reply>>,
    pub reply: Reply,
}

impl PendingReply {
    pub(crate) fn release(self) {
        if let Some(to) = self.to {
            // A client that went away does not want its reply any more; the commit stands.
            let _ = to.send(self.reply);
        }
    }

    /// Replies that nothing was written, whatever else there was to say.
    pub(crate) fn reject(self, error: CommandError) {
        PendingReply { reply: Reply::Rejected(error), ..self }.release();
    }
}
