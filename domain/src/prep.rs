//! How the units of a line come to the guest: held, fired, ready, served. Events carry it, so it knows none of them.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::ids::{LineId, StationId};
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
