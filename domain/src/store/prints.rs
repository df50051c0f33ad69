//! Decisions about prints: what a guest was handed is a fact, and so is every copy of it.

use super::Store;
use crate::check::{Balance, CheckId};
use crate::event::{Document, Event, OrderEvent};
use crate::ids::OrderId;
use crate::money::Money;
use crate::order::OrderSlot;
use crate::refused::{Closed, Refused};

impl Store {
    /// Records that a document is printed for a check: the named one, or the order's first that is still to be paid.
    pub(super) fn print(
        &self,
        id: OrderId,
        slot: &OrderSlot,
        document: Document,
        named: Option<CheckId>,
    ) -> Result<Vec<Event>, Refused> {
        let (check, prints) = match slot {
            OrderSlot::Live(order) => {
                if !order.is_placed {
                    return Err(Refused::OrderNotPlaced);
                }
                let Balance { check, due, .. } = order.check(named)?;
                // A receipt says that it was paid.
                if document == Document::Receipt && Money::ZERO < due {
                    return Err(Refused::PaymentDue { due });
                }
                (check, &order.prints)
            }
            OrderSlot::Closed(closed) => match (&closed.details, closed.state) {
                (Some(details), Closed::Completed) => {
                    let first = details.checks.first().copied().unwrap_or(CheckId::FIRST);
                    let check = named.unwrap_or(first);
                    if check != first && !details.checks.contains(&check) {
                        return Err(Refused::UnknownCheck { check });
                    }
                    (check, &details.prints)
                }
                (_, Closed::Completed | Closed::Cancelled | Closed::Merged) => return Err(closed.refused()),
            },
        };
        let copy = prints
            .copies(document, check)
            .checked_add(1)
            .ok_or(Refused::TooMany { what: "copies", max: u32::MAX as usize })?;
        Ok(vec![Event::Order(id, OrderEvent::DocumentPrinted { document, check, copy })])
    }
}
