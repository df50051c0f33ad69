//! The kitchen: which units of an order are held, fired, ready and served, and the tickets they are on.
//!
//! Only an order that was opened while its store's kitchen was on has any of this ([`Prep`]); units are counted, so a
//! line may be partly new and partly served. What is neither held, fired, ready nor served is new.

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
    /// The line.
    pub line: LineId,
    /// Who prepares it; nobody has to where there is none.
    pub station: Option<StationId>,
    /// The course it belongs to.
    pub course: Option<u16>,
    /// Not to be fired before somebody names the line or its course.
    pub held: QtyMilli,
    /// On tickets.
    pub fired: QtyMilli,
    /// Ready to be served.
    pub ready: QtyMilli,
    /// Served.
    pub served: QtyMilli,
    /// How much of what was fired left the shelf, less what was voided of it.
    pub taken: QtyMilli,
}

impl LinePrep {
    /// What the kitchen has or had.
    pub fn sent(&self) -> QtyMilli {
        QtyMilli(self.fired.0 + self.ready.0 + self.served.0)
    }

    /// How a void of so many units falls on them: new and held ones first, then those furthest from the guest.
    pub fn void(&self, ordered: QtyMilli, qty: QtyMilli) -> VoidSplit {
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
    /// From those on tickets.
    pub fired: QtyMilli,
    /// From those ready.
    pub ready: QtyMilli,
    /// From those served.
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
    /// The line of the order.
    pub line: LineId,
    /// Still to be prepared.
    pub open: QtyMilli,
    /// Prepared.
    pub ready: QtyMilli,
    /// Voided before it was.
    pub cancelled: QtyMilli,
}

/// A kitchen ticket: what one fire sent to one station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub ticket: TicketId,
    /// Who prepares it.
    pub station: StationId,
    /// Whether somebody began.
    pub is_started: bool,
    /// Whether it has left the board.
    pub is_bumped: bool,
    /// Its lines.
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
        let line = |units: &LineUnits| TicketLine {
            line: units.line,
            open: units.qty,
            ready: QtyMilli::ZERO,
            cancelled: QtyMilli::ZERO,
        };
        let lines = lines.iter().map(line).collect();
        Ticket { ticket, station: *station, is_started: false, is_bumped: false, lines }
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
    /// How often something was fired.
    pub fires: u32,
}

impl Prep {
    /// A line that was added.
    pub(crate) fn add(&mut self, line: LineId, station: Option<StationId>, course: Option<u16>) {
        let zero = QtyMilli::ZERO;
        let (held, fired, ready, served, taken) = (zero, zero, zero, zero, zero);
        self.lines.push(LinePrep { line, station, course, held, fired, ready, served, taken });
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

    /// Holds new units.
    pub(crate) fn hold(&mut self, lines: &[LineUnits]) {
        for LineUnits { line, qty } in lines {
            self.line_mut(*line).held.0 += qty.0;
        }
    }

    /// The quantity of a line fell: held units go with it once no new ones are left.
    pub(crate) fn shrink(&mut self, line: LineId, ordered: QtyMilli) {
        let held = self.line_mut(line);
        held.held.0 = held.held.0.min(ordered.0 - held.sent().0);
    }

    /// Sends units to the kitchen; what nobody has to prepare is ready at once.
    pub(crate) fn fire(&mut self, fire: u32, lines: &[FiredLine]) {
        self.fires = fire;
        for FiredLine { line, qty, taken } in lines {
            let held = self.line_mut(*line);
            match held.station {
                Some(_) => held.fired.0 += qty.0,
                None => held.ready.0 += qty.0,
            }
            held.taken.0 += taken.0;
        }
    }

    /// Takes voided units away. `ordered` is the quantity before.
    pub(crate) fn void(&mut self, line: LineId, ordered: QtyMilli, qty: QtyMilli) {
        let held = self.line_mut(line);
        let split = held.void(ordered, qty);
        held.fired.0 -= split.fired.0;
        held.ready.0 -= split.ready.0;
        held.served.0 -= split.served.0;
        held.taken.0 -= split.taken.0;
        self.shrink(line, QtyMilli(ordered.0 - qty.0));
    }

    /// Ready units reached the guest.
    pub(crate) fn serve(&mut self, lines: &[LineUnits]) {
        for LineUnits { line, qty } in lines {
            let held = self.line_mut(*line);
            held.ready.0 -= qty.0;
            held.served.0 += qty.0;
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
            TicketEvent::TicketLineReady { line, qty } => self.ready(index, LineUnits { line: *line, qty: *qty }),
            TicketEvent::TicketBumped { lines } => {
                held.is_bumped = true;
                for units in lines {
                    self.ready(index, *units);
                }
            }
            TicketEvent::TicketRecalled { lines } => {
                held.is_bumped = false;
                for units in lines {
                    let back = QtyMilli(-units.qty.0);
                    self.ready(index, LineUnits { line: units.line, qty: back });
                }
            }
            TicketEvent::TicketLinesCancelled { lines } => {
                for LineUnits { line, qty } in lines {
                    let line = held.lines.iter_mut().find(|held| held.line == *line).expect("it is on the ticket");
                    line.open.0 -= qty.0;
                    line.cancelled.0 += qty.0;
                }
            }
            TicketEvent::TicketMoved { .. } => panic!("{event:?} concerns two orders"),
            TicketEvent::TicketCreated { .. } => unreachable!("folded above"),
        }
    }

    /// Units of a ticket became ready, or are not any more where there are fewer than none.
    fn ready(&mut self, index: usize, LineUnits { line, qty }: LineUnits) {
        let on_ticket = self.tickets[index].lines.iter_mut().find(|held| held.line == line);
        let on_ticket = on_ticket.expect("it is on the ticket");
        on_ticket.open.0 -= qty.0;
        on_ticket.ready.0 += qty.0;
        let held = self.line_mut(line);
        held.fired.0 -= qty.0;
        held.ready.0 += qty.0;
    }
}
