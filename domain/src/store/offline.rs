//! Commands that a terminal kept while it was away (rules F1 to F4): what they describe has happened.
//!
//! Each is decided as if it came in time. A rule that stands against it is waived, if it is one that cannot undo what has
//! happened, and the command is decided again; a command the state has no place for is kept for a person. Stock and totals
//! have facts of their own (`OversellRecorded`, `TotalMismatchRecorded`) and are not refused in the first place.

use super::Store;
use super::payments::check_attempt;
use super::values::Ingested;
use crate::check::CheckId;
use crate::command::{Context, Method, PaymentCommand, StoreCommand, TerminalCommand};
use crate::event::{Event, Noted, OrderEvent, PaymentEvent, TerminalEvent};
use crate::ids::{PaymentId, TerminalId, TerminalSeq, Text};
use crate::money::Money;
use crate::order::OrderSlot;
use crate::refused::{Closed, Refused};
use crate::tenant::Tenant;
use crate::terminal::{CLOCK_AHEAD_MAX_US, Offline, Queued, Terminal, Waiver};

impl Store {
    /// The most terminals of a store whose queues are known. What more of them send is taken all the same (rule F3), but
    /// nothing is said of what may be missing.
    pub const TERMINALS_MAX: usize = 1_000;

    /// Decides a command that a terminal kept. `words` says a refusal's code and sentence.
    ///
    /// # Errors
    /// [`Refused::UnknownStore`]: there is nowhere to keep it.
    pub fn ingest(
        store: Option<&Store>,
        tenant: &Tenant,
        command: &StoreCommand,
        context: &Context,
        queued: &Queued,
        words: impl Fn(&Refused) -> (Text, Text),
    ) -> Result<Ingested, Refused> {
        let here = store.ok_or(Refused::UnknownStore)?;
        let mut events = here.arrived(queued.terminal, Some(queued.entry.seq), true);
        let terminal = here.stream_of(queued.terminal, &events);
        let mut note = |event| events.push(Event::Terminal(terminal, event));
        if is_ahead(queued, context) {
            let Queued { command, occurred_at, entry, .. } = *queued;
            note(TerminalEvent::ClockAheadFound { seq: entry.seq, command, occurred_at });
        }
        let offline = Offline { menu_version: queued.entry.menu_version, ..Offline::default() };
        let mut context = Context { offline, ..*context };
        let mut waived: Vec<Refused> = vec![];
        loop {
            match Store::decide(store, tenant, command, &context) {
                Ok(decided) => {
                    for refused in &waived {
                        note(TerminalEvent::RuleWaived(noted(queued, command, words(refused))));
                    }
                    events.extend(decided);
                    return Ok(Ingested { events, is_late: false });
                }
                Err(refused) => match Waiver::of(&refused).filter(|waiver| !context.offline.waived.has(*waiver)) {
                    Some(waiver) => {
                        context.offline.waived = context.offline.waived.with(waiver);
                        waived.push(refused);
                    }
                    None => {
                        note(TerminalEvent::LateCommandRecorded {
                            noted: noted(queued, command, words(&refused)),
                            digest: queued.digest,
                            amount: amount_of(command),
                            occurred_at: queued.occurred_at,
                        });
                        return Ok(Ingested { events, is_late: true });
                    }
                },
            }
        }
    }

    pub(super) fn decide_terminal(&self, id: TerminalId, command: &TerminalCommand) -> Result<Vec<Event>, Refused> {
        match command {
            TerminalCommand::RecordRejected { noted, digest } => {
                // Nothing was believed of it, so not that there is such a terminal either.
                let mut events = self.arrived(id, noted.seq, false);
                let rejected = TerminalEvent::CommandRejected { noted: noted.clone(), digest: *digest };
                events.push(Event::Terminal(self.stream_of(id, &events), rejected));
                Ok(events)
            }
            TerminalCommand::Resolve { position, note } => {
                let resolved = TerminalEvent::ExceptionResolved { position: *position, note: note.clone() };
                Ok(vec![Event::Terminal(self.stream_of(id, &[]), resolved)])
            }
        }
    }

    /// What follows for a terminal's queue from the arrival of one of its commands; nothing where the terminal is not known
    /// and does not become so.
    fn arrived(&self, id: TerminalId, seq: Option<TerminalSeq>, may_register: bool) -> Vec<Event> {
        let new = Terminal::default();
        let (terminal, mut events) = match self.terminals.get(&id) {
            _ if id == Terminal::nobody() => return vec![],
            Some(terminal) => (terminal, Vec::with_capacity(8)),
            None if !may_register || Store::TERMINALS_MAX <= self.terminals.len() => return vec![],
            None => (&new, vec![Event::Terminal(id, TerminalEvent::TerminalRegistered)]),
        };
        let arrived = seq.and_then(|seq| terminal.arrived(seq));
        events.extend(arrived.map(|event| Event::Terminal(id, event)));
        events
    }

    /// Where a fact about a terminal is kept: with the terminal if it is known, or becomes so by `events`.
    fn stream_of(&self, id: TerminalId, events: &[Event]) -> TerminalId {
        match events.is_empty() && !self.terminals.contains_key(&id) {
            true => Terminal::nobody(),
            false => id,
        }
    }

    /// Starts a payment that was made while the terminal was away. Money that was taken is recorded whatever has become of
    /// its order (rule F4): what the order cannot take is flagged and asked back like any other.
    pub(super) fn initiate_offline(
        &self,
        id: PaymentId,
        command: &PaymentCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let PaymentCommand::Initiate { order, check: named, amount: asked, tip, method, expected_total } = command
        else {
            unreachable!("only an attempt that starts comes here");
        };
        if let Method::Provider { .. } = method {
            return Err(Refused::OnlyOnline { field: "provider_account" });
        }
        let slot = self.orders.get(order).ok_or(Refused::UnknownOrder { order: *order })?;
        let mut events = vec![];
        let (check, is_unpaid) = match slot {
            OrderSlot::Live(live) if live.is_placed => {
                // Money for a check that nobody split off counts for one that is open.
                let (check, total, due) = live.check(*named).or_else(|_| live.check(None))?;
                if let Some(shown) = *expected_total
                    && shown != total
                {
                    let mismatch = OrderEvent::TotalMismatchRecorded { expected: shown, actual: total };
                    events.push(Event::Order(*order, mismatch));
                }
                (check, due == total)
            }
            OrderSlot::Live(_) => (named.unwrap_or(CheckId::FIRST), true),
            OrderSlot::Closed(closed) => {
                let took_nothing = closed.state != Closed::Completed && slot.returns().is_none();
                (named.unwrap_or(CheckId::FIRST), took_nothing)
            }
        };
        if let OrderSlot::Live(live) = slot {
            check_attempt(live, *method)?;
        }
        // What the terminal showed was due where nobody has paid anything; otherwise it may have known of that or not.
        let shown = expected_total.filter(|_| is_unpaid);
        let amount = match (asked, shown, method) {
            (Some(amount), _, _) => *amount,
            (None, None, _) => return Err(Refused::AmountUnknown),
            // Nobody hands over less than was asked for.
            (None, Some(shown), Method::Cash { tendered: Some(tendered), .. }) => shown.min(Money(tendered.0 - tip.0)),
            (None, Some(shown), Method::Cash { tendered: None, .. }) => shown,
            (None, Some(shown), Method::External(_) | Method::Provider { .. }) => shown,
        };
        if amount <= Money::ZERO {
            return Err(Refused::NothingDue);
        }
        let initiated = PaymentEvent::PaymentInitiated {
            order: *order,
            tender: method.tender(),
            amount,
            tip: *tip,
            currency: self.settings.currency,
            deadline: None,
            check,
        };
        events.push(Event::Payment(id, initiated));
        if let Method::Cash { tendered, drawer } = method {
            self.take_cash(id, (*order, check), (amount, *tip), (*tendered, *drawer), context, &mut events)?;
        }
        Ok(events)
    }
}

/// Whether the terminal's clock cannot be believed.
fn is_ahead(queued: &Queued, context: &Context) -> bool {
    context.now.0.saturating_add(CLOCK_AHEAD_MAX_US) < queued.occurred_at.0
}

fn noted(queued: &Queued, command: &StoreCommand, (code, detail): (Text, Text)) -> Noted {
    let (order, payment) = command.names();
    Noted {
        seq: Some(queued.entry.seq),
        command: Some(queued.command),
        kind: Some(queued.kind.clone()),
        order,
        payment,
        code,
        detail,
    }
}

/// The money a command says was moved.
fn amount_of(command: &StoreCommand) -> Option<Money> {
    use crate::command::{DrawerCommand, Outcome, RefundOf};
    match command {
        StoreCommand::Payment(_, command) => match command {
            PaymentCommand::Initiate { amount, method, expected_total, .. } => match method {
                Method::Cash { tendered, .. } => amount.or(*expected_total).or(*tendered),
                Method::External(_) | Method::Provider { .. } => amount.or(*expected_total),
            },
            PaymentCommand::RecordOutcome(Outcome::Captured { amount }) => *amount,
            PaymentCommand::RequestRefund(new) => match new.what {
                RefundOf::Amount { amount, tip } => amount.checked_add(tip),
                RefundOf::Rest | RefundOf::Lines { .. } => None,
            },
            PaymentCommand::RecordOutcome(Outcome::Failed { .. })
            | PaymentCommand::RecordRefundOutcome { .. }
            | PaymentCommand::Expire { .. }
            | PaymentCommand::Provider(_)
            | PaymentCommand::Review(_) => None,
        },
        StoreCommand::Drawer(_, command) => match command {
            DrawerCommand::OpenShift { float: amount }
            | DrawerCommand::PaidIn { amount, .. }
            | DrawerCommand::PaidOut { amount, .. }
            | DrawerCommand::CloseShift { counted: amount } => Some(*amount),
            DrawerCommand::NoSale { .. } => None,
        },
        StoreCommand::Put(_)
        | StoreCommand::AdoptMenu { .. }
        | StoreCommand::SetPrice { .. }
        | StoreCommand::SetAvailability { .. }
        | StoreCommand::Order(..)
        | StoreCommand::Stock(_)
        | StoreCommand::OpenDay { .. }
        | StoreCommand::CloseDay { .. }
        | StoreCommand::Ticket(..)
        | StoreCommand::Terminal(..) => None,
    }
}
