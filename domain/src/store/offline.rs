//! Commands that a terminal kept while it was away (rules F1 to F4): what they describe has happened.
//!
//! Each is decided as if it came in time. A rule that stands against it is waived, if it is one that cannot undo what has
//! happened, and the command is decided again; a command the state has no place for is kept for a person. Stock and totals
//! have facts of their own (`OversellRecorded`, `TotalMismatchRecorded`) and are not refused in the first place.

use super::Store;
use super::payments::check_attempt;
use super::values::Ingested;
use crate::check::{Balance, CheckId};
use crate::command::{Context, Method, PaymentCommand, RefundOf, StoreCommand, TerminalCommand};
use crate::event::{Discount, Entity, Event, Noted, OrderEffect, OrderEvent, PaymentEvent, Rate, TerminalEvent};
use crate::ids::{PaymentId, TerminalId, TerminalSeq, Text};
use crate::money::{Money, Ppm};
use crate::order::OrderSlot;
use crate::refused::{Closed, Refused};
use crate::settings::OfflineBounds;
use crate::tenant::Tenant;
use crate::terminal::{ClockDoubt, Kept, Offline, QueueEntry, Queued, Standing, Terminal, Waiting, WaitingId, Waived};
use std::collections::BTreeMap;

impl Store {
    /// The most terminals of a store whose queues are known. What more of them send is taken all the same (rule F3), but
    /// nothing is said of what may be missing.
    pub const TERMINALS_MAX: usize = 1_000;
    /// The most commands that wait for others,
    pub const WAITING_MAX: usize = 1_000;
    /// and the most bytes they may have. What more comes without a place is told, and is not tried again by itself.
    pub const WAITING_BYTES_MAX: usize = 4 << 20;

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
        // What comes again has come already.
        let mut events = match queued.is_again {
            true => vec![],
            false => here.arrived(queued.terminal, Some(queued.entry.seq), true),
        };
        let terminal = here.stream_of(queued.terminal, &events);
        let doubt = ClockDoubt::of(queued.occurred_at, context.now, here.settings.offline_age_s());
        let has_gap = here.has_gap_before(queued, &events);
        let mut note = |event| events.push(Event::Terminal(terminal, event));
        let Queued { command: id, occurred_at, entry: QueueEntry { seq, menu_version, .. }, .. } = *queued;
        match doubt {
            Some(ClockDoubt::Ahead) => note(TerminalEvent::ClockAheadFound { seq, command: id, occurred_at }),
            Some(ClockDoubt::Behind) => note(TerminalEvent::ClockBehindFound { seq, command: id, occurred_at }),
            None => {}
        }
        let offline = Offline { menu_version, waived: Waived::default(), doubt, has_gap };
        let mut context = Context { offline, ..*context };
        let mut waived: Vec<Refused> = vec![];
        loop {
            let refused = match Store::decide(store, tenant, command, &context) {
                Ok(decided) => {
                    let is_practice = here.is_training_command(command);
                    for refused in here.waived(tenant, command, &context, waived) {
                        let told = noted(queued, command, words(&refused));
                        // What took somebody who was not there, and what counts nowhere and may have been a sale, somebody decides.
                        note(match refused {
                            Refused::TrainingNotAllowed => TerminalEvent::BoundExceeded(told),
                            Refused::ApprovalRequired { .. } | Refused::ApprovalClaimed { .. } if !is_practice => {
                                TerminalEvent::BoundExceeded(told)
                            }
                            _ => TerminalEvent::RuleWaived(told),
                        });
                    }
                    if !is_practice {
                        for refused in beyond(&here.settings.offline, queued, &decided) {
                            note(TerminalEvent::BoundExceeded(noted(queued, command, words(&refused))));
                        }
                    }
                    if queued.is_again {
                        note(TerminalEvent::LateCommandTaken(noted(queued, command, taken())));
                    }
                    events.extend(decided);
                    return Ok(Ingested { events, is_late: false });
                }
                Err(refused) => refused,
            };
            match Standing::of(&refused) {
                Standing::Waived(waiver) if !context.offline.waived.has(waiver) => {
                    context.offline.waived = context.offline.waived.with(waiver);
                    waived.push(refused);
                }
                // It goes on waiting.
                _ if queued.is_again => return Err(refused),
                standing => {
                    let waits = standing != Standing::Stays;
                    note(TerminalEvent::LateCommandRecorded {
                        noted: noted(queued, command, words(&refused)),
                        digest: queued.digest,
                        amount: amount_of(command),
                        occurred_at,
                        kept: queued.kept.clone().filter(|kept| waits && here.has_room_to_wait(kept)),
                    });
                    return Ok(Ingested { events, is_late: true });
                }
            }
        }
    }

    /// What a person is told was waived: line by line where it is about lines.
    fn waived(
        &self,
        tenant: &Tenant,
        command: &StoreCommand,
        context: &Context,
        waived: Vec<Refused>,
    ) -> impl Iterator<Item = Refused> {
        let of_lines = match waived.is_empty() {
            true => vec![],
            false => self.waived_of_lines(tenant, command, context),
        };
        let others: Vec<Refused> = waived.into_iter().filter(|refused| !of_lines.contains(refused)).collect();
        others.into_iter().chain(of_lines)
    }

    /// Whether something is missing in the terminal's queue before a command that has arrived by `events`.
    fn has_gap_before(&self, queued: &Queued, events: &[Event]) -> bool {
        let held = self.terminals.get(&queued.terminal);
        let before = |first: TerminalSeq| first < queued.entry.seq;
        let is_known = held.is_some_and(|terminal| terminal.gaps.iter().any(|gap| before(gap.first)));
        let is_found = |event: &Event| match event {
            Event::Terminal(_, TerminalEvent::SequenceGapFound { first, .. }) => before(*first),
            _ => false,
        };
        is_known || events.iter().any(is_found)
    }

    /// Whether one more command may wait.
    fn has_room_to_wait(&self, kept: &Kept) -> bool {
        let bytes: usize = self.waiting.values().map(|waiting| waiting.kept.request.as_str().len()).sum();
        self.waiting.len() < Store::WAITING_MAX && bytes + kept.request.as_str().len() <= Store::WAITING_BYTES_MAX
    }

    /// The commands that wait.
    pub fn waiting(&self) -> &BTreeMap<WaitingId, Waiting> {
        &self.waiting
    }

    /// The commands that wait and are to be tried again after these facts: those that name what the facts are about, and
    /// those of a terminal whose queue was filled. `after` is whose the facts are, where they are a terminal's: what stands
    /// before it in its queue does not depend on it.
    pub fn to_try_again<'a>(
        &self,
        facts: impl IntoIterator<Item = &'a Event>,
        after: Option<(TerminalId, TerminalSeq)>,
    ) -> Vec<WaitingId> {
        if self.waiting.is_empty() {
            return vec![];
        }
        let (mut orders, mut payments, mut terminals) = (vec![], vec![], vec![]);
        for fact in facts {
            match fact {
                Event::Terminal(terminal, TerminalEvent::SequenceGapFilled { .. }) => terminals.push(*terminal),
                // The stock of an order changes with the order, and so do its tickets.
                fact => match fact.entity() {
                    Some(Entity::Order(order)) => orders.push(order),
                    Some(Entity::Payment(payment)) => payments.push(payment),
                    Some(Entity::Ticket(_)) | None => {}
                },
            }
        }
        let is_next = |(id, waiting): &(&WaitingId, &Waiting)| {
            let is_before = after.is_some_and(|(terminal, seq)| id.terminal == terminal && id.seq <= seq);
            !is_before
                && (terminals.contains(&id.terminal)
                    || waiting.order.is_some_and(|order| orders.contains(&order))
                    || waiting.payment.is_some_and(|payment| payments.contains(&payment)))
        };
        self.waiting.iter().filter(is_next).map(|(id, _)| *id).collect()
    }

    /// Folds a fact about a terminal.
    pub(super) fn evolve_terminal(&mut self, terminal: TerminalId, event: &TerminalEvent) {
        self.terminals.entry(terminal).or_default().evolve(event);
        let gone = match event {
            TerminalEvent::LateCommandRecorded { noted, kept: Some(kept), .. } => {
                if let (Some(seq), Some(command)) = (noted.seq, noted.command) {
                    let waiting = Waiting { order: noted.order, payment: noted.payment, kept: kept.clone() };
                    self.waiting.insert(WaitingId { terminal, seq, command }, waiting);
                }
                return;
            }
            TerminalEvent::LateCommandTaken(noted) => noted.command,
            TerminalEvent::ExceptionResolved { command, .. } => *command,
            _ => return,
        };
        self.waiting.retain(|id, _| Some(id.command) != gone);
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
            TerminalCommand::Resolve { position, note, command } => {
                let (position, note, command) = (*position, note.clone(), *command);
                let resolved = TerminalEvent::ExceptionResolved { position, note, command };
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
                let Balance { check, total, due, .. } = live.check(*named).or_else(|_| live.check(None))?;
                if let Some(shown) = *expected_total
                    && shown != total
                {
                    let mismatch = OrderEvent::TotalMismatchRecorded { expected: shown, actual: total };
                    events.push(Event::Order(*order, mismatch));
                }
                (check, due == total)
            }
            // That it was placed has not come yet.
            OrderSlot::Live(_) if context.offline.has_gap => return Err(Refused::OrderNotPlaced),
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

/// The bounds of the store that what happened goes beyond.
fn beyond(bounds: &OfflineBounds, queued: &Queued, decided: &[Event]) -> Vec<Refused> {
    let orders = || {
        decided.iter().filter_map(|event| match event {
            Event::Order(_, event) => Some(event),
            _ => None,
        })
    };
    let gives = orders().any(|event| gives_more(event, bounds.discount()));
    let is_large = |limit: Money| {
        orders().any(|event| match event.effect() {
            OrderEffect::Placed(totals) | OrderEffect::Repriced { totals, .. } => limit < totals.total,
            _ => false,
        })
    };
    let limit = bounds.amount.filter(|limit| is_large(*limit));
    let found = [
        gives.then(|| Refused::BeyondBounds { bound: "discount_ppm", limit: bounds.discount().0.into() }),
        limit.map(|limit| Refused::BeyondBounds { bound: "amount", limit: limit.0 }),
        // What waited was counted when it came.
        (!queued.is_again && bounds.facts() <= queued.entry.before)
            .then(|| Refused::BeyondBounds { bound: "facts_in_an_upload", limit: bounds.facts().into() }),
    ];
    found.into_iter().flatten().collect()
}

/// Whether a fact gives away more than this share, of a line or of an order.
fn gives_more(event: &OrderEvent, limit: Ppm) -> bool {
    let exceeds =
        |given: i64, of: i64| i128::from(of) * i128::from(limit.0) < i128::from(given) * i128::from(Ppm::ONE.0);
    match event {
        OrderEvent::DiscountApplied(Discount { rate: Rate::Percent(share), .. }) => limit < *share,
        OrderEvent::LinesComped { .. } => limit < Ppm::ONE,
        OrderEvent::LinePriceOverridden { was, unit, .. } => unit < was && exceeds(was.0 - unit.0, was.0),
        event => match event.effect() {
            OrderEffect::Placed(totals) | OrderEffect::Repriced { totals, .. } => {
                exceeds(totals.discount.0, totals.gross.0)
            }
            _ => false,
        },
    }
}

/// What a person is told of a command that waited, and waits no more.
fn taken() -> (Text, Text) {
    let text = |words| Text::parse(words).expect("it is a text");
    (text("late_command_taken"), text("What it waited for has come, and it has taken effect."))
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
    use crate::command::{DrawerCommand, OrderCommand, Outcome};
    match command {
        StoreCommand::Payment(_, command) => match command {
            PaymentCommand::Initiate { amount, method, expected_total, .. } => match method {
                Method::Cash { tendered, .. } => amount.or(*expected_total).or(*tendered),
                Method::External(_) | Method::Provider { .. } => amount.or(*expected_total),
            },
            PaymentCommand::RecordOutcome(Outcome::Captured { amount, .. }) => *amount,
            PaymentCommand::RequestRefund(new) => amount_back(&new.what),
            PaymentCommand::RecordOutcome(Outcome::Failed { .. })
            | PaymentCommand::RecordRefundOutcome { .. }
            | PaymentCommand::Expire { .. }
            | PaymentCommand::Provider(_)
            | PaymentCommand::Review(_) => None,
        },
        StoreCommand::Drawer(_, command) => match command {
            DrawerCommand::OpenShift { float: amount, .. }
            | DrawerCommand::PaidIn { amount, .. }
            | DrawerCommand::PaidOut { amount, .. }
            | DrawerCommand::CloseShift { counted: amount } => Some(*amount),
            DrawerCommand::NoSale { .. } | DrawerCommand::Remove => None,
        },
        StoreCommand::Order(_, OrderCommand::Refund { refund, .. }) => amount_back(&refund.what),
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

/// The money a refund says it gives back.
fn amount_back(what: &RefundOf) -> Option<Money> {
    match what {
        RefundOf::Amount { amount, tip } => amount.checked_add(*tip),
        RefundOf::Rest | RefundOf::Lines { .. } => None,
    }
}
