//! What the engine thread has to do, and where work waits for what has to be fetched first.

use crate::engine::Reply;
use crate::envelope::{CommandError, Envelope};
use crate::ids::LookedUp;
use domain::command::{Command, NewOrder};
use domain::ids::{StoreId, TenantId};
use domain::store::Entity;
use std::collections::{HashMap, VecDeque};
use tokio::sync::oneshot;

/// Something to decide.
#[derive(Debug)]
pub(crate) enum Work {
    /// A client's command.
    Command { envelope: Box<Envelope>, digest: u128, reply: oneshot::Sender<Reply> },
    /// What an order would come to.
    Price { tenant: TenantId, store: StoreId, order: Box<NewOrder>, reply: oneshot::Sender<Reply> },
    /// A command of the engine's own.
    Own(Box<Envelope>),
}

/// What work waits for each other: that of a store, or of what a tenant has besides stores.
pub(crate) type Line = (TenantId, Option<StoreId>);

impl Work {
    /// The line it belongs to.
    pub(crate) fn line(&self) -> Line {
        match self {
            Work::Command { envelope, .. } | Work::Own(envelope) => {
                let store = match &envelope.command {
                    Command::Store(store, _) => Some(*store),
                    Command::Menu(_) | Command::Access(_) => None,
                };
                (envelope.tenant, store)
            }
            Work::Price { tenant, store, .. } => (*tenant, Some(*store)),
        }
    }

    /// Says why nothing was decided. The engine's own commands have nobody to tell.
    pub(crate) fn turn_away(self, error: CommandError) {
        match self {
            Work::Command { reply, .. } | Work::Price { reply, .. } => {
                // A client that went away need not be told.
                let _ = reply.send(Reply::Rejected(error));
            }
            Work::Own(envelope) => {
                tracing::warn!(%error, command = ?envelope.command, "a command of the engine's own was not decided");
            }
        }
    }
}

/// Work with what was fetched for it so far.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The work.
    pub work: Work,
    /// What the log said about the command's id.
    pub looked_up: Option<LookedUp>,
    /// What it names that was asked for and is nowhere.
    pub absent: Vec<Entity>,
}

impl Waiting {
    fn is_own(&self) -> bool {
        matches!(self.work, Work::Own(_))
    }
}

impl From<Work> for Waiting {
    fn from(work: Work) -> Waiting {
        Waiting { work, looked_up: None, absent: vec![] }
    }
}

/// The lines for which something is being fetched, with the work that waits there.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    lines: HashMap<Line, VecDeque<Waiting>, foldhash::fast::RandomState>,
    count: usize,
    /// How many of them are commands of the engine's own.
    own: usize,
}

impl Parked {
    /// Nothing is being fetched.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How much work waits.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// How many commands of the engine's own wait.
    pub(crate) fn own(&self) -> usize {
        self.own
    }

    /// Whether something is being fetched for the line.
    pub(crate) fn is_blocked(&self, line: &Line) -> bool {
        !self.lines.is_empty() && self.lines.contains_key(line)
    }

    /// Lets work wait behind whatever waits in its line already.
    pub(crate) fn push(&mut self, line: Line, waiting: Waiting) {
        self.count_in(&waiting);
        self.lines.entry(line).or_default().push_back(waiting);
    }

    /// Lets work wait that comes next in its line.
    pub(crate) fn push_first(&mut self, line: Line, waiting: Waiting) {
        self.count_in(&waiting);
        self.lines.entry(line).or_default().push_front(waiting);
    }

    fn count_in(&mut self, waiting: &Waiting) {
        self.count += 1;
        self.own += usize::from(waiting.is_own());
    }

    /// What comes next in a line, while it stays blocked.
    pub(crate) fn take_next(&mut self, line: &Line) -> Option<Waiting> {
        let waiting = self.lines.get_mut(line)?.pop_front()?;
        self.count -= 1;
        self.own -= usize::from(waiting.is_own());
        Some(waiting)
    }

    /// Lets later work of a line wait for something nobody waits for yet.
    pub(crate) fn block(&mut self, line: Line) {
        self.lines.entry(line).or_default();
    }

    /// Opens a line nothing waits in any more.
    pub(crate) fn unblock(&mut self, line: &Line) {
        let left = self.lines.remove(line);
        assert!(left.is_none_or(|left| left.is_empty()), "work was left in a line");
    }

    /// Takes all work out.
    pub(crate) fn take_all(&mut self) -> Vec<Waiting> {
        (self.count, self.own) = (0, 0);
        std::mem::take(&mut self.lines).into_values().flatten().collect()
    }
}
