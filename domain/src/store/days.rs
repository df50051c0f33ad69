//! Decisions about business days.

use super::Store;
use crate::calendar::{Date, business_date};
use crate::command::{Context, Source};
use crate::event::{DayClosing, DayEvent, Event};
use crate::ids::{OrderId, PaymentId};
use crate::money::Money;
use crate::order::OrderSlot;
use crate::refused::Refused;

impl Store {
    /// Closes a day in one fact (rules D3 to D5). Closing the last one again changes nothing.
    pub(super) fn close_day(&self, date: Date, context: &Context) -> Result<Vec<Event>, Refused> {
        let days = &self.days;
        match days.closed {
            Some(closed) if closed == date => return Ok(vec![]),
            Some(closed) if date < closed => return Err(Refused::DayClosed { closed }),
            Some(_) | None => {}
        }
        let today = business_date(context.local, self.settings.cut_off);
        if today < date {
            return Err(Refused::DayNotBegun { today });
        }
        // The state's order is nobody's business, so what it holds is sorted.
        let mut open_orders: Vec<OrderId> = vec![];
        let mut payments_in_flight: Vec<PaymentId> = vec![];
        for (id, slot) in &self.orders {
            let OrderSlot::Live(order) = slot else { continue };
            if order.is_placed && Money::ZERO < order.due() {
                open_orders.push(*id);
            }
            payments_in_flight.extend_from_slice(&order.attempts);
        }
        open_orders.sort_unstable();
        payments_in_flight.sort_unstable();
        let totals = days.open;
        let cumulative_total = Money(days.cumulative_total.0.saturating_add(totals.sales.0));
        let z_number = days.z_number + 1;
        let closing = DayClosing { date, z_number, totals, cumulative_total, open_orders, payments_in_flight };
        Ok(vec![Event::Day(DayEvent::DayClosed(closing))])
    }

    /// Where what happens now is booked.
    pub(super) fn posting_date(&self, context: &Context) -> Date {
        let date = business_date(context.local, self.settings.cut_off);
        match context.source {
            // What a file says was booked when the file says.
            Source::Imported => date,
            Source::Online | Source::Engine => self.days.posting_date(date),
        }
    }
}
