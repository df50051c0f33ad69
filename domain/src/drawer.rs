//! A cash drawer and its shifts: what is in it, by the books.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::event::DrawerEvent;
use crate::ids::Revision;
use crate::money::Money;

/// A shift that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Its number, from 1.
    pub number: u32,
    /// What should be in the drawer (rule D2): the float, cash captured less change, less cash given back, paid in, less
    /// paid out.
    pub expected: Money,
}

/// A drawer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawer {
    /// How many events its stream has.
    pub events: u64,
    /// How many shifts it has had.
    pub shifts: u32,
    pub open: Option<Shift>,
    /// Whether it was taken out: it takes no room, until a shift of it is opened again.
    pub is_removed: bool,
}

impl Drawer {
    /// The revision of the stream, `None` before its first event.
    pub fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }

    /// Folds a fact.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve(&mut self, event: &DrawerEvent) {
        self.events += 1;
        match (&mut self.open, event) {
            (None, DrawerEvent::ShiftOpened { shift, float, .. }) => {
                self.shifts = *shift;
                self.is_removed = false;
                self.open = Some(Shift { number: *shift, expected: *float });
            }
            (Some(open), DrawerEvent::CashPaidIn { amount, .. } | DrawerEvent::CashSaleRecorded { amount, .. }) => {
                open.expected.0 += amount.0;
            }
            (Some(open), DrawerEvent::CashPaidOut { amount, .. } | DrawerEvent::CashRefundRecorded { amount, .. }) => {
                open.expected.0 -= amount.0;
            }
            (Some(_), DrawerEvent::NoSaleRecorded { .. }) => {}
            (Some(_), DrawerEvent::ShiftClosed { .. }) => self.open = None,
            (None, DrawerEvent::DrawerRemoved) => self.is_removed = true,
            (Some(_), DrawerEvent::ShiftOpened { .. } | DrawerEvent::DrawerRemoved)
            | (
                None,
                DrawerEvent::CashPaidIn { .. }
                | DrawerEvent::CashPaidOut { .. }
                | DrawerEvent::NoSaleRecorded { .. }
                | DrawerEvent::CashSaleRecorded { .. }
                | DrawerEvent::CashRefundRecorded { .. }
                | DrawerEvent::ShiftClosed { .. },
            ) => panic!("{event:?} for a drawer that is {self:?}"),
        }
        debug_assert!(self.open.is_none_or(|open| open.number == self.shifts), "the open shift is not the last");
    }
}
