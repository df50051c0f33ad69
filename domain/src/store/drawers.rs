//! Decisions about drawers: shifts, and which one cash goes into.

use super::Store;
use crate::command::{Context, DrawerCommand, Source};
use crate::drawer::Shift;
use crate::event::{DrawerEvent, Event};
use crate::ids::{DrawerId, OrderId};
use crate::money::Money;
use crate::refused::Refused;
use crate::settings::CashShifts;
use crate::staff::Right;
use crate::tenant::Tenant;
use crate::terminal::Waiver;

/// An open shift and its drawer.
pub(super) type InShift = (DrawerId, Shift);

impl Store {
    /// The most drawers of a store,
    const DRAWERS_MAX: usize = 1_000;
    /// and the most it may have had, with those that were taken out.
    const DRAWERS_EVER_MAX: usize = 10_000;

    pub(super) fn decide_drawer(
        &self,
        tenant: &Tenant,
        id: DrawerId,
        command: &DrawerCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let event = match command {
            DrawerCommand::OpenShift { float, may_add } => self.open_shift(id, *float, *may_add, context)?,
            DrawerCommand::PaidIn { amount, reason } => {
                let open = self.shift(id)?;
                let (shift, reason) = (open.number, reason.clone());
                holds(open, amount.0)?;
                DrawerEvent::CashPaidIn { shift, amount: *amount, reason }
            }
            DrawerCommand::PaidOut { amount, reason } => {
                let open = self.shift(id)?;
                let (shift, reason) = (open.number, reason.clone());
                holds(open, -amount.0)?;
                self.approve(tenant, Right::PaidOut, context)?;
                DrawerEvent::CashPaidOut { shift, amount: *amount, reason }
            }
            DrawerCommand::NoSale { reason } => {
                let shift = self.shift(id)?.number;
                self.approve(tenant, Right::NoSale, context)?;
                DrawerEvent::NoSaleRecorded { shift, reason: reason.clone() }
            }
            DrawerCommand::Remove => match self.drawers.get(&id) {
                None => return Err(Refused::UnknownDrawer { drawer: id }),
                Some(drawer) if drawer.open.is_some() => return Err(Refused::ShiftOpen { drawer: id }),
                Some(drawer) if drawer.is_removed => return Ok(vec![]),
                Some(_) => DrawerEvent::DrawerRemoved,
            },
            DrawerCommand::CloseShift { counted } => {
                let Shift { number: shift, expected } = self.shift(id)?;
                let over_short = Money(counted.0 - expected.0);
                DrawerEvent::ShiftClosed { shift, expected, counted: *counted, over_short }
            }
        };
        Ok(vec![Event::Drawer(id, event)])
    }

    /// The first shift makes the drawer, which is for who runs stores: names that others make up would use up the room.
    fn open_shift(&self, id: DrawerId, float: Money, may_add: bool, context: &Context) -> Result<DrawerEvent, Refused> {
        let drawer = self.drawers.get(&id);
        if drawer.is_some_and(|drawer| drawer.open.is_some()) {
            return Err(Refused::ShiftOpen { drawer: id });
        }
        if drawer.is_none_or(|drawer| drawer.is_removed) {
            if !may_add {
                return Err(Refused::UnknownDrawer { drawer: id });
            }
            let count = self.drawers.values().filter(|drawer| !drawer.is_removed).count();
            if Store::DRAWERS_MAX <= count {
                return Err(Refused::TooMany { what: "drawers", max: Store::DRAWERS_MAX });
            }
            if drawer.is_none() && Store::DRAWERS_EVER_MAX <= self.drawers.len() {
                return Err(Refused::TooMany { what: "drawers, with those taken out", max: Store::DRAWERS_EVER_MAX });
            }
        }
        let shift = drawer.map_or(0, |drawer| drawer.shifts) + 1;
        let business_date = self.business_date(context);
        Ok(DrawerEvent::ShiftOpened { shift, float, business_date })
    }

    fn shift(&self, id: DrawerId) -> Result<Shift, Refused> {
        self.drawers.get(&id).and_then(|drawer| drawer.open).ok_or(Refused::ShiftNotOpen { drawer: id })
    }

    /// The only shift that is open.
    fn only_shift(&self) -> Option<InShift> {
        let mut open = self.drawers.iter().filter_map(|(id, drawer)| Some((*id, drawer.open?)));
        match (open.next(), open.next()) {
            (Some(only), None) => Some(only),
            (None, _) | (Some(_), Some(_)) => None,
        }
    }

    /// The shift cash of an order goes into, or comes out of (rule D1): the one of the drawer that is named, else the only one that is
    /// open, where the store works in shifts. What is recorded after the fact goes into none unless it names one, and what
    /// belongs to a training order into none at all.
    ///
    /// # Errors
    /// [`Refused::ShiftNotOpen`], [`Refused::ShiftRequired`], or [`Refused::AmountTooLarge`] where the drawer would hold
    /// more than a sum of money can.
    pub(super) fn cash_shift(
        &self,
        order: OrderId,
        named: Option<DrawerId>,
        change: i64,
        context: &Context,
    ) -> Result<Option<InShift>, Refused> {
        if self.is_training(order) {
            return Ok(None);
        }
        let spared = context.is_offline() && context.offline.waived.has(Waiver::Shift);
        let found = match (named, self.settings.cash_shifts, context.source) {
            // Cash that was taken is taken: it goes into no shift, and the terminal's stream says so.
            (Some(drawer), _, _) if spared && self.shift(drawer).is_err() => return Ok(None),
            (None, CashShifts::Required, Source::Offline) if spared && self.only_shift().is_none() => return Ok(None),
            (Some(drawer), _, _) => (drawer, self.shift(drawer)?),
            (None, CashShifts::Off, _) | (None, CashShifts::Required, Source::Imported | Source::Engine) => {
                return Ok(None);
            }
            (None, CashShifts::Required, Source::Online | Source::Offline) => {
                self.only_shift().ok_or(Refused::ShiftRequired)?
            }
        };
        holds(found.1, change)?;
        Ok(Some(found))
    }
}

/// Whether the drawer's sum stays a sum of money. It may fall below zero: the books do not know what is in it.
fn holds(shift: Shift, change: i64) -> Result<(), Refused> {
    let sum = shift.expected.0.checked_add(change).and_then(Money::parse);
    sum.map(|_| ()).ok_or(Refused::AmountTooLarge)
}
