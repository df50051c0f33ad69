//! The kitchen: which units of an order are held, fired, ready and served, and the tickets they are on.
//!
//! Only an order that was opened while its store's kitchen was on has any of this ([`Prep`]); units are counted, so a
//! line may be partly new and partly served. What is neither held, fired, ready nor served is new.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::event::{FiredLine, LineUnits, TicketEvent};
use crate::ids::{LineId, StationId, TicketId};
use crate::money::QtyMilli;

pub use crate::prep::{Kitchen, LinePrep, VoidSplit};

/// A line of a ticket: `open + ready + cancelled` is what was fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketLine {
    pub line: LineId,
    pub open: QtyMilli,
    pub ready: QtyMilli,
    pub cancelled: QtyMilli,
}

impl TicketLine {
    /// Units nothing has become of yet.
    pub const fn new(units: &LineUnits) -> TicketLine {
        TicketLine { line: units.line, open: units.qty, ready: QtyMilli::ZERO, cancelled: QtyMilli::ZERO }
    }

    /// Units became ready, or are not any more where there are fewer than none.
    pub fn make_ready(&mut self, qty: QtyMilli) {
        self.open.0 -= qty.0;
        self.ready.0 += qty.0;
    }

    /// Units were voided.
    pub fn cancel(&mut self, qty: QtyMilli) {
        self.open.0 -= qty.0;
        self.cancelled.0 += qty.0;
    }
}

/// A kitchen ticket: what one fire sent to one station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub ticket: TicketId,
    pub station: StationId,
    pub is_started: bool,
    /// Whether it has left the board.
    pub is_bumped: bool,
    pub lines: Vec<TicketLine>,
}

impl Ticket {
    /// Starts a ticket from its first fact.
    ///
    /// # Panics
    /// If the fact does not create one: the log is not one that this engine wrote.
    pub fn create(ticket: TicketId, event: &TicketEvent) -> Ticket {
        let TicketEvent::TicketCreated { station, lines, .. } = event else {
            panic!("{event:?} for a ticket that was not created");
        };
        let lines = lines.iter().map(TicketLine::new).collect();
        Ticket { ticket, station: *station, is_started: false, is_bumped: false, lines }
    }

    fn line_mut(&mut self, line: LineId) -> &mut TicketLine {
        self.lines.iter_mut().find(|held| held.line == line).expect("it is on the ticket")
    }

    /// What is still to be prepared.
    pub fn open_units(&self) -> Vec<LineUnits> {
        let open = self.lines.iter().filter(|line| QtyMilli::ZERO < line.open);
        open.map(|line| LineUnits { line: line.line, qty: line.open }).collect()
    }
}

/// Where the units of an order's lines are, and its tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prep {
    /// Every line of the order, in its order.
    pub lines: Vec<LinePrep>,
    /// Its tickets, oldest first.
    pub tickets: Vec<Ticket>,
    pub fires: u32,
}

impl Prep {
    /// A line that was added.
    pub(crate) fn add(&mut self, line: LineId, station: Option<StationId>, course: Option<u16>) {
        self.lines.push(LinePrep::new(line, station, course));
    }

    /// A line.
    ///
    /// # Panics
    /// If the order has no such line.
    pub fn line(&self, line: LineId) -> &LinePrep {
        self.lines.iter().find(|held| held.line == line).expect("every line of the order is there")
    }

    /// What of a line is ready: nothing of one that was voided and removed, which its ticket still names.
    pub fn ready_of(&self, line: LineId) -> QtyMilli {
        self.lines.iter().find(|held| held.line == line).map_or(QtyMilli::ZERO, |held| held.ready)
    }

    fn line_mut(&mut self, line: LineId) -> &mut LinePrep {
        self.lines.iter_mut().find(|held| held.line == line).expect("every line of the order is there")
    }

    /// A ticket.
    ///
    /// # Panics
    /// If the order has no such ticket.
    pub fn ticket(&self, ticket: TicketId) -> &Ticket {
        self.tickets.iter().find(|held| held.ticket == ticket).expect("the store knows whose ticket it is")
    }

    /// Every unit of a line is in one place: new, held, fired, ready or served.
    pub(crate) fn assert_fits(&self, lines: impl ExactSizeIterator<Item = (LineId, QtyMilli)>) {
        assert_eq!(self.lines.len(), lines.len(), "a line is not prepared, or prepared and not there");
        for (held, (line, ordered)) in self.lines.iter().zip(lines) {
            let LinePrep { held: unsent, fired, ready, served, taken, .. } = *held;
            let is_whole = [unsent, fired, ready, served, taken].iter().all(|units| QtyMilli::ZERO <= *units);
            let fits = unsent.0 + held.sent().0 <= ordered.0 && taken <= held.sent();
            assert!(held.line == line && is_whole && fits, "{ordered:?} of {line} are {held:?}");
        }
    }

    /// Holds new units.
    pub(crate) fn hold(&mut self, lines: &[LineUnits]) {
        for LineUnits { line, qty } in lines {
            self.line_mut(*line).held.0 += qty.0;
        }
    }

    /// The quantity of a line fell to `ordered`.
    pub(crate) fn shrink(&mut self, line: LineId, ordered: QtyMilli) {
        self.line_mut(line).shrink(ordered);
    }

    /// Sends units of a line to the kitchen.
    pub(crate) fn fire(&mut self, fired: &FiredLine, ordered: QtyMilli) {
        self.line_mut(fired.line).fire(ordered, fired.qty, fired.taken);
    }

    /// Takes voided units away. `ordered` is the quantity before.
    pub(crate) fn void(&mut self, line: LineId, ordered: QtyMilli, qty: QtyMilli) {
        self.line_mut(line).void(ordered, qty);
    }

    /// Ready units reached the guest.
    pub(crate) fn serve(&mut self, lines: &[LineUnits]) {
        for LineUnits { line, qty } in lines {
            self.line_mut(*line).serve(*qty);
        }
    }

    /// Folds a fact about one of the tickets.
    pub(crate) fn evolve_ticket(&mut self, ticket: TicketId, event: &TicketEvent) {
        if let TicketEvent::TicketCreated { .. } = event {
            return self.tickets.push(Ticket::create(ticket, event));
        }
        let index = self.tickets.iter().position(|held| held.ticket == ticket);
        let index = index.expect("the store knows whose ticket it is");
        let held = &mut self.tickets[index];
        match event {
            TicketEvent::TicketStarted => held.is_started = true,
            TicketEvent::TicketBumped { .. } => held.is_bumped = true,
            TicketEvent::TicketRecalled { .. } => held.is_bumped = false,
            TicketEvent::TicketLineReady { .. } | TicketEvent::TicketLinesCancelled { .. } => {}
            TicketEvent::TicketMoved { .. } => panic!("{event:?} concerns two orders"),
            TicketEvent::TicketCreated { .. } => unreachable!("folded above"),
        }
        for units in event.readied() {
            held.line_mut(units.line).make_ready(units.qty);
            let prep = self.lines.iter_mut().find(|prep| prep.line == units.line);
            let prep = prep.expect("every line of the order is there");
            prep.fired.0 -= units.qty.0;
            prep.ready.0 += units.qty.0;
        }
        for units in event.cancelled() {
            held.line_mut(units.line).cancel(units.qty);
        }
        let is_whole = |line: &TicketLine| [line.open, line.ready, line.cancelled].iter().all(|units| 0 <= units.0);
        debug_assert!(held.lines.iter().all(is_whole), "{event:?} takes units that are not on the ticket");
    }
}
