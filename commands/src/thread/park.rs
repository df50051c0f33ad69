//! Work on its way to a decision: told from a repeat, or set aside while something is fetched for it.

use super::EngineThread;
use crate::committer::Health;
use crate::engine::{Pending, Reply};
use crate::envelope::{CommandError, Envelope};
use crate::fetch::{Fetch, Fetched, Found, Want};
use crate::ids::{Known, LookedUp};
use crate::stats::Stats;
use crate::work::{Line, Waiting, Work};
use domain::command::Command;
use domain::store::Entity;
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
            Work::Command { .. } | Work::Price { .. } if self.deferred_max <= self.parked.count() => {
                Stats::count(&self.stats.overloaded, 1);
                work.turn_away(CommandError::Overloaded);
            }
            Work::Command { .. } | Work::Price { .. } | Work::Own(_) => self.parked.push(line, work.into()),
        }
    }

    fn park(&mut self, Lacking { waiting, want }: Lacking) {
        let line = waiting.work.line();
        if let Work::Command { .. } | Work::Price { .. } = waiting.work
            && self.deferred_max <= self.parked.count()
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
        let want = match (known, &waiting.work) {
            (Known::At(_), _) => None,
            (Known::Ask { not_before }, Work::Command { envelope, .. } | Work::Own(envelope)) => {
                Some(Want::Command { command: envelope.command_id, not_before })
            }
            (Known::Never | Known::Ask { .. }, work) => self.lack(work, &waiting.absent),
        };
        if let Some(want) = want {
            return Err(Box::new(Lacking { waiting, want }));
        }
        match (known, waiting.work) {
            (Known::At(first), Work::Command { reply, .. }) => self.repeat(first, reply),
            (_, Work::Command { envelope, digest, reply }) => self.decide_for(&envelope, digest, reply),
            (Known::At(_), Work::Own(_)) => {}
            (_, Work::Own(envelope)) => return Ok(self.issue(*envelope)),
            (_, Work::Price { tenant, store, order, reply }) => self.price(tenant, store, &order, reply),
        }
        Ok(true)
    }

    /// What work needs and memory does not hold.
    fn lack(&self, work: &Work, absent: &[Entity]) -> Option<Want> {
        match work {
            Work::Price { tenant, store, .. } => self.world.lack(*tenant, Some(*store), None, absent, &self.reader),
            Work::Command { envelope, .. } | Work::Own(envelope) => match &envelope.command {
                Command::Store(store, command) => {
                    self.world.lack(envelope.tenant, Some(*store), Some(command), absent, &self.reader)
                }
                Command::Menu(_) | Command::Access(_) => {
                    self.world.lack(envelope.tenant, None, None, absent, &self.reader)
                }
            },
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
            Ok(found) => self.take_in(&line, found),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what a command needs does not read");
                self.world.leave_cold(&line);
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

    /// Puts what was read where it belongs.
    fn take_in(&mut self, line: &Line, found: Found) {
        let (tenant, store) = *line;
        match (found, store) {
            (Found::Command(looked_up), _) => {
                let head = self.parked.take_next(line).expect("a command waits for what is known about it");
                self.parked.push_first(*line, Waiting { looked_up: Some(looked_up), ..head });
            }
            (Found::Tenant(read), _) => self.world.take_tenant(tenant, *read),
            (Found::Store(place), Some(store)) => self.world.take_store(tenant, store, place),
            (Found::Entities { asked, folded }, Some(store)) => {
                self.world.take_entities(tenant, store, *folded);
                let head = self.parked.take_next(line).expect("a command waits for what it names");
                self.parked.push_first(*line, Waiting { absent: asked, ..head });
            }
            (Found::Store(_) | Found::Entities { .. }, None) => unreachable!("only a store's line asks for them"),
        }
    }

    /// Lets a store be read that no command asks for yet, where nothing else is being read.
    pub(super) fn warm_up(&mut self) {
        if self.parked.is_empty()
            && let Some((line, want)) = self.world.next_cold(&self.reader)
        {
            self.parked.block(line);
            self.fetcher.ask(Fetch { line, want });
        }
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
