//! Work on its way to a decision: told from a repeat, or set aside while something is fetched for it.

use super::EngineThread;
use crate::committer::Health;
use crate::engine::{Pending, Reply};
use crate::envelope::{CommandError, Envelope};
use crate::fetch::{Fetch, Fetched, Found, Want};
use crate::ids::{Known, LookedUp};
use crate::stats::Stats;
use crate::work::{Line, Waiting, Work};
use tokio::sync::oneshot;

/// Work that cannot be done yet, and what has to be read for it first.
struct Lacking {
    waiting: Waiting,
    want: Want,
}

impl EngineThread {
    /// Takes work; answers whether the log takes commands, as far as that was seen.
    pub(super) fn take(&mut self, work: Work) -> bool {
        if !self.parked.is_empty() {
            let line = work.line();
            if self.parked.is_blocked(&line) {
                self.park_behind(line, work);
                return true;
            }
        }
        match self.attempt(work.into()) {
            Ok(is_taken) => is_taken,
            Err(lacking) => {
                self.park(*lacking);
                true
            }
        }
    }

    fn park_behind(&mut self, line: Line, work: Work) {
        match work {
            Work::Command { .. } | Work::Price { .. } if self.parked_max <= self.parked.count() => {
                Stats::count(&self.stats.overloaded, 1);
                work.turn_away(CommandError::Overloaded);
            }
            Work::Command { .. } | Work::Price { .. } | Work::Own(_) => self.parked.push(line, work.into()),
        }
    }

    fn park(&mut self, Lacking { waiting, want }: Lacking) {
        let line = waiting.work.line();
        if let Work::Command { .. } | Work::Price { .. } = waiting.work
            && self.parked_max <= self.parked.count()
        {
            Stats::count(&self.stats.overloaded, 1);
            return waiting.work.turn_away(CommandError::Overloaded);
        }
        Stats::count(&self.stats.fetches, 1);
        self.parked.push_first(line, waiting);
        self.fetcher.ask(Fetch { line, want });
    }

    /// Does work, or says what has to be fetched for it first.
    fn attempt(&mut self, waiting: Waiting) -> Result<bool, Box<Lacking>> {
        let known = match &waiting.work {
            Work::Command { envelope, .. } | Work::Own(envelope) => self.known(envelope, waiting.looked_up),
            Work::Price { .. } => Known::Never,
        };
        match (known, waiting.work) {
            (Known::Ask { not_before }, work) => {
                let (Work::Command { envelope, .. } | Work::Own(envelope)) = &work else {
                    unreachable!("a price has no id")
                };
                let want = Want::Command { command: envelope.command_id, not_before };
                Err(Box::new(Lacking { waiting: Waiting { work, ..waiting }, want }))
            }
            (Known::At(first), Work::Command { reply, .. }) => {
                self.repeat(first, reply);
                Ok(true)
            }
            (Known::Never, Work::Command { envelope, digest, reply }) => {
                self.decide_for(&envelope, digest, reply);
                Ok(true)
            }
            (Known::At(_), Work::Own(_)) => Ok(true),
            (Known::Never, Work::Own(envelope)) => Ok(self.issue(*envelope)),
            (_, Work::Price { tenant, store, order, reply }) => {
                self.price(tenant, store, &order, reply);
                Ok(true)
            }
        }
    }

    /// Whether a command was accepted, as far as memory knows: what the log certainly does not have was not.
    fn known(&self, envelope: &Envelope, looked_up: Option<LookedUp>) -> Known {
        match self.world.known(envelope.tenant, envelope.command_id, looked_up) {
            Known::Ask { not_before }
                if !self.reader.may_have_command(envelope.tenant.as_str(), envelope.command_id.0, not_before) =>
            {
                Known::Never
            }
            known => known,
        }
    }

    fn repeat(&mut self, first: eventlog::Position, reply: oneshot::Sender<Reply>) {
        Stats::count(&self.stats.repeated, 1);
        // However long the first takes: the repeat shares its fate.
        self.committer.wait_for(first, Pending { reply: Some(reply), answer: Reply::Repeated { first } });
    }

    /// Goes on with the work of which what it waited for was fetched.
    pub(super) fn take_up_fetched(&mut self) {
        while !self.parked.is_empty()
            && let Some(fetched) = self.fetcher.ready()
        {
            self.take_up(fetched);
        }
    }

    /// Waits for something that is being fetched.
    pub(super) fn await_fetched(&mut self) {
        let fetched = self.fetcher.await_next();
        self.take_up(fetched);
    }

    fn take_up(&mut self, Fetched { line, found }: Fetched) {
        match found {
            Ok(Found::Command(looked_up)) => {
                let head = self.parked.take_next(&line).expect("a command waits for what is known about it");
                self.parked.push_first(line, Waiting { looked_up: Some(looked_up), ..head });
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what a command needs does not read");
                if let Some(head) = self.parked.take_next(&line) {
                    head.work.turn_away(CommandError::Unknown);
                }
            }
        }
        while let Some(head) = self.parked.take_next(&line) {
            if let Err(lacking) = self.attempt(head) {
                let Lacking { waiting, want } = *lacking;
                Stats::count(&self.stats.fetches, 1);
                self.parked.push_first(line, waiting);
                return self.fetcher.ask(Fetch { line, want });
            }
        }
        self.parked.unblock(&line);
    }

    /// At the end: decides what waits, as long as the log takes it.
    pub(super) fn finish_parked(&mut self) {
        while !self.parked.is_empty() && self.committer.health() != Health::Failed {
            self.await_fetched();
            self.committer.flush();
        }
        for waiting in self.parked.take_all() {
            waiting.work.turn_away(CommandError::Stopped);
        }
    }
}
