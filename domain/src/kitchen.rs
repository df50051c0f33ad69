//! The kitchen: which units of an order are held, fired, ready and served, and the tickets they are on.
//!
//! Only an order that was opened while its store's kitchen was on has any of this ([`Prep`]); units are counted, so a
//! line may be partly new and partly served. What is neither held, fired, ready nor served is new.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::event::{FiredLine, LineUnits, TicketEvent};
use crate::ids::{LineId, StationId, TicketId};
use crate::money::QtyMilli;

/// Whether a store's orders are prepared on tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kitchen {
    /// They are not: an order is done when it is paid.
    #[default]
    Off,
    /// They are: an order is done when it is paid and everything is served.
    On,
}

/// Where the units of one line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePrep {
    pub line: LineId,
    /// Who prepares it; nobody has to where there is none.
    pub station: Option<StationId>,
    pub course: Option<u16>,
    /// Not to be fired before somebody names the line or its course.
    pub held: QtyMilli,
    pub fired: QtyMilli,
    pub ready: QtyMilli,
    pub served: QtyMilli,
    /// How much of what was fired left the shelf, less what was voided of it.
    pub taken: QtyMilli,
}

impl LinePrep {
    /// What the kitchen has or had.
    pub fn sent(&self) -> QtyMilli {
        QtyMilli(self.fired.0 + self.ready.0 + self.served.0)
    }

    /// A line nothing has become of yet.
    pub const fn new(line: LineId, station: Option<StationId>, course: Option<u16>) -> LinePrep {
        let zero = QtyMilli::ZERO;
        LinePrep { line, station, course, held: zero, fired: zero, ready: zero, served: zero, taken: zero }
    }

    /// Sends units to the kitchen, of a line of which `ordered` are ordered; what nobody has to prepare is ready at once.
    pub fn fire(&mut self, ordered: QtyMilli, qty: QtyMilli, taken: QtyMilli) {
        match self.station {
            Some(_) => self.fired.0 += qty.0,
            None => self.ready.0 += qty.0,
        }
        self.taken.0 += taken.0;
        self.shrink(ordered);
    }

    /// The quantity of the line is `ordered` now: held units go with the others once no new ones are left.
    pub fn shrink(&mut self, ordered: QtyMilli) {
        self.held.0 = self.held.0.min(ordered.0 - self.sent().0);
    }

    /// Ready units reached the guest.
    pub fn serve(&mut self, qty: QtyMilli) {
        self.ready.0 -= qty.0;
        self.served.0 += qty.0;
    }

    /// Takes voided units away, of a line of which `ordered` were ordered before.
    pub fn void(&mut self, ordered: QtyMilli, qty: QtyMilli) {
        let split = self.split_void(ordered, qty);
        self.fired.0 -= split.fired.0;
        self.ready.0 -= split.ready.0;
        self.served.0 -= split.served.0;
        self.taken.0 -= split.taken.0;
        self.shrink(QtyMilli(ordered.0 - qty.0));
    }

    /// How a void of so many units falls on them: new and held ones first, then those furthest from the guest.
    pub fn split_void(&self, ordered: QtyMilli, qty: QtyMilli) -> VoidSplit {
        let unsent = qty.0.min(ordered.0 - self.sent().0);
        let fired = (qty.0 - unsent).min(self.fired.0);
        let ready = (qty.0 - unsent - fired).min(self.ready.0);
        let served = qty.0 - unsent - fired - ready;
        let taken = (fired + ready + served).min(self.taken.0);
        VoidSplit { fired: QtyMilli(fired), ready: QtyMilli(ready), served: QtyMilli(served), taken: QtyMilli(taken) }
    }
}

/// What a void takes from units that were sent to the kitchen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoidSplit {
    pub fired: QtyMilli,
    pub ready: QtyMilli,
    pub served: QtyMilli,
    /// How much of it had left the shelf.
    pub taken: QtyMilli,
}

impl VoidSplit {
    /// All of it.
    pub fn sent(&self) -> QtyMilli {
        QtyMilli(self.fired.0 + self.ready.0 + self.served.0)
    }
}

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
