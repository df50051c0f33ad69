//! Decisions about business days.

use super::Store;
use crate::calendar::{Date, business_date};
use crate::command::{Context, Source};
use crate::event::{ChainHead, DayClosing, DayEvent, DayTotals, Event, OrderEvent, Pending, TerminalGap};
use crate::ids::{DrawerId, OrderId, PaymentId};
use crate::money::Money;
use crate::order::OrderSlot;
use crate::refused::Refused;
use crate::settings::CashShifts;
use std::sync::Arc;

impl Store {
    /// Opens a day. Opening the one that is open changes nothing.
    pub(super) fn open_day(&self, date: Date, context: &Context) -> Result<Vec<Event>, Refused> {
        match self.days.open {
            Some(open) if open == date => return Ok(vec![]),
            Some(open) => return Err(Refused::DayOpen { open }),
            None => {}
        }
        self.may_begin(date, context)?;
        // What was sold before the first day was opened is in no other day's books.
        let is_carried = self.days.events == 0 && self.days.totals != DayTotals::default();
        let carried = is_carried.then(|| Arc::new(self.days.totals.clone()));
        Ok(vec![Event::Day(DayEvent::DayOpened { date, carried })])
    }

    /// Closes a day in one fact (rules D3 to D5). Closing the last one again changes nothing.
    pub(super) fn close_day(
        &self,
        date: Date,
        chain: Option<ChainHead>,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let days = &self.days;
        if days.closed == Some(date) {
            return Ok(vec![]);
        }
        self.may_begin(date, context)?;
        if let Some(open) = days.open
            && open != date
        {
            return Err(Refused::DayOpen { open });
        }
        let pending = self.pending();
        if self.settings.cash_shifts == CashShifts::Required && !pending.shifts.is_empty() {
            return Err(Refused::ShiftsOpen { drawers: pending.shifts });
        }
        let totals = days.totals.clone();
        let cumulative_total = Money(days.cumulative_total.0.saturating_add(totals.sales.0));
        let z_number = days.z_number + 1;
        let closing = DayClosing { date, z_number, totals, cumulative_total, pending, chain };
        Ok(vec![Event::Day(DayEvent::DayClosed(Box::new(closing)))])
    }

    /// Whether a day may be opened, or closed without having been opened.
    fn may_begin(&self, date: Date, context: &Context) -> Result<(), Refused> {
        if let Some(closed) = self.days.closed
            && date <= closed
        {
            return Err(Refused::DayClosed { closed });
        }
        let today = business_date(context.local, self.settings.cut_off);
        match today < date {
            true => Err(Refused::DayNotBegun { today }),
            false => Ok(()),
        }
    }

    /// What a closing leaves open. The state's order is nobody's business, so what it holds is sorted.
    fn pending(&self) -> Pending {
        let mut orders: Vec<OrderId> = vec![];
        let mut payments: Vec<PaymentId> = vec![];
        let mut due = Money::ZERO;
        for (id, slot) in &self.orders {
            let OrderSlot::Live(order) = slot else { continue };
            if order.is_training {
                continue;
            }
            if order.is_placed && Money::ZERO < order.due() {
                orders.push(*id);
                due.0 = due.0.saturating_add(order.due().0);
            }
            payments.extend_from_slice(&order.attempts);
        }
        let missing = self.terminals.iter().flat_map(|(id, terminal)| {
            terminal.gaps.iter().map(|gap| TerminalGap { terminal: *id, first: gap.first, last: gap.last })
        });
        let mut gaps: Vec<TerminalGap> = missing.collect();
        let gaps_count = count(&gaps);
        gaps.truncate(Pending::LISTED_MAX);
        let open_shift = |(id, drawer): (&DrawerId, &crate::drawer::Drawer)| drawer.open.map(|_| *id);
        Pending {
            orders_count: count(&orders),
            due,
            orders: first(orders),
            payments_count: count(&payments),
            payments: first(payments),
            shifts: self.drawers.iter().filter_map(open_shift).collect(),
            gaps_count,
            gaps,
        }
    }

    /// Opens a day with the first thing that is booked after a closing.
    pub(super) fn open_by_itself(&self, events: &mut Vec<Event>, context: &Context) {
        let is_booked = |event: &Event| {
            event.order_effect().is_some_and(|(order, effect)| {
                let was_placed = matches!(self.orders.get(&order), Some(OrderSlot::Live(order)) if order.is_placed);
                effect.is_booked(was_placed) && !self.is_for_training(order, events)
            })
        };
        if self.days.wants_opening() && context.source != Source::Imported && events.iter().any(is_booked) {
            let date = self.posting_date(context);
            events.insert(0, Event::Day(DayEvent::DayOpened { date, carried: None }));
        }
    }

    /// Whether an order is a training order: one that is there, or one that these events open.
    fn is_for_training(&self, order: OrderId, events: &[Event]) -> bool {
        match self.orders.get(&order) {
            Some(slot) => slot.is_training(),
            None => events.iter().any(|event| {
                matches!(event, Event::Order(id, OrderEvent::OrderOpened(opening)) if *id == order && opening.training)
            }),
        }
    }

    /// The business date of what is sold now (rule T1). What happened nobody knows when is of the day that is open.
    pub(super) fn business_date(&self, context: &Context) -> Date {
        let date = business_date(context.local, self.settings.cut_off);
        match context.offline.doubt {
            Some(_) => self.days.posting_date(date),
            None => date,
        }
    }

    /// Where what happens now is booked.
    pub(super) fn posting_date(&self, context: &Context) -> Date {
        let date = business_date(context.local, self.settings.cut_off);
        match context.source {
            // What a file says was booked when the file says.
            Source::Imported => date,
            Source::Online | Source::Engine | Source::Offline => self.days.posting_date(date),
        }
    }
}

fn count<T>(found: &[T]) -> u32 {
    u32::try_from(found.len()).unwrap_or(u32::MAX)
}

fn first<T: Ord>(mut found: Vec<T>) -> Vec<T> {
    found.sort_unstable();
    found.truncate(Pending::LISTED_MAX);
    found
}
