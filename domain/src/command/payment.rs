//! Commands to a payment.

use crate::calendar::Timestamp;
use crate::event::Tender;
use crate::ids::{OrderId, Text};
use crate::money::Money;

/// A command to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Starts an attempt; cash is captured at once.
    Initiate {
        /// The order.
        order: OrderId,
        /// What is to count towards the order; `None` is all that is due.
        amount: Option<Money>,
        /// The tip on top.
        tip: Money,
        /// How it is paid.
        method: Method,
        /// The order's total the guest was shown; refused where it is another.
        expected_total: Option<Money>,
    },
    /// What became of an attempt outside the drawer.
    RecordOutcome(Outcome),
    /// Ends an attempt that stayed unanswered (issued by the engine at the deadline).
    Expire {
        /// The deadline that passed.
        deadline: Timestamp,
    },
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Cash.
    Cash {
        /// What the guest hands over; `None` is the exact sum.
        tendered: Option<Money>,
    },
    /// Anything else; its outcome comes later.
    External(crate::ids::TenderId),
}

impl Method {
    /// The tender without the amounts.
    pub fn tender(self) -> Tender {
        match self {
            Method::Cash { .. } => Tender::Cash,
            Method::External(tender) => Tender::External(tender),
        }
    }
}

/// What became of an attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Money moved.
    Captured {
        /// How much with the tip, where the message says so; another sum than asked for is flagged.
        amount: Option<Money>,
    },
    /// No money moved.
    Failed {
        /// The terminal's or provider's code.
        code: Text,
    },
}
