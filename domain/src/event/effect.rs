//! What an event may be about beyond its entity. Which it is, is said beside the events: `OrderEvent::effect` and
//! `PaymentEvent::effect`, so a new event says it once and the compiler asks for it once.

use crate::ids::{OrderId, PaymentId, Sku, TicketId};

/// What a store holds any number of, and can leave out of memory: each has a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Order(OrderId),
    Payment(PaymentId),
    Ticket(TicketId),
}

/// A deadline: when the engine has to come back to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    Order(OrderId),
    Payment(PaymentId),
    Mark86(Sku),
}
