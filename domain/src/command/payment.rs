//! Commands to a payment.

use super::provider::ProviderCommand;
use crate::calendar::Timestamp;
use crate::check::CheckId;
use crate::event::{Capture, Decision, Tender};
use crate::ids::{AccountId, DrawerId, LineId, OrderId, PaymentId, RefundId, Revision, TenderId, Text};
use crate::money::{Money, QtyMilli};

/// A command to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentCommand {
    /// Starts an attempt; cash is captured at once.
    Initiate {
        order: OrderId,
        /// The check it pays; `None` is the only one, or the first on which something is due.
        check: Option<CheckId>,
        /// What is to count towards the check; `None` is all that is due.
        amount: Option<Money>,
        tip: Money,
        method: Method,
        /// The check's total the guest was shown; refused where it is another.
        expected_total: Option<Money>,
    },
    /// What became of an attempt outside the drawer.
    RecordOutcome(Outcome),
    /// Gives captured money back; cash is given back at once.
    RequestRefund(NewRefund),
    /// What became of a refund outside the drawer.
    RecordRefundOutcome { refund: RefundId, outcome: RefundOutcome },
    /// Ends an attempt that stayed unanswered (issued by the engine at the deadline).
    Expire {
        /// The deadline that passed.
        deadline: Timestamp,
    },
    /// Something that a provider is asked, or says.
    Provider(ProviderCommand),
    /// What a person decides about a flag.
    Review(Review),
}

/// Money that changes hands as an order is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPay {
    pub payment: PaymentId,
    /// What is to count towards the order; `None` is all that is due.
    pub amount: Option<Money>,
    pub tip: Money,
    pub by: PaidBy,
}

/// How money changed hands at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaidBy {
    Cash {
        /// What the guest hands over; `None` is the exact sum.
        tendered: Option<Money>,
        /// The drawer it goes into; `None` is the only one whose shift is open, where the store works in shifts.
        drawer: Option<DrawerId>,
    },
    /// Outside the drawer and without a provider: it was captured before the order was sent.
    External {
        tender: TenderId,
        /// What the card terminal calls it.
        reference: Option<Text>,
    },
}

impl PaidBy {
    /// The tender without the amounts.
    pub fn tender(&self) -> Tender {
        match self {
            PaidBy::Cash { .. } => Tender::Cash,
            PaidBy::External { tender, .. } => Tender::External(*tender),
        }
    }
}

/// What a person decides about a flag on a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The event that flagged it; `None` is the oldest that nobody has decided about.
    pub flag: Option<Revision>,
    pub decision: Decision,
    /// What of accepted money is the tip; `None` is the tip as it was asked for.
    pub tip: Option<Money>,
    pub reason: Text,
}

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Cash {
        /// What the guest hands over; `None` is the exact sum.
        tendered: Option<Money>,
        /// The drawer it goes into; `None` is the only one whose shift is open, where the store works in shifts.
        drawer: Option<DrawerId>,
    },
    /// Anything else; its outcome comes later.
    External(TenderId),
    /// Through a payment provider, which is asked by the engine.
    Provider {
        tender: TenderId,
        account: AccountId,
        /// When the provider takes the money.
        capture: Capture,
        /// The smallest sum whose multiples the provider moves, where that is more than the minor unit. No client says it: the door
        /// knows how the account's provider counts.
        step: Option<Money>,
    },
}

impl Method {
    /// The tender without the amounts.
    pub fn tender(self) -> Tender {
        match self {
            Method::Cash { .. } => Tender::Cash,
            Method::External(tender) | Method::Provider { tender, .. } => Tender::External(tender),
        }
    }
}

/// What became of an attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Captured {
        /// How much with the tip, where the message says so; another sum than asked for is flagged.
        amount: Option<Money>,
        /// What the card terminal calls it.
        reference: Option<Text>,
    },
    Failed {
        code: Text,
    },
}

/// A refund a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Its id, unique in the payment, or in all payments of the order where it goes over several.
    pub refund: RefundId,
    pub what: RefundOf,
    /// Whether the units it is for go back on the shelf.
    pub restock: bool,
    /// The drawer cash comes out of; `None` is the only one whose shift is open, where the store works in shifts.
    pub drawer: Option<DrawerId>,
    pub reason: Text,
}

/// How much a refund gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOf {
    /// All that is left of the payment, its tip too.
    Rest,
    /// So much: first of what the order could not take, then of what was paid towards it.
    Amount {
        /// Without the tip.
        amount: Money,
        tip: Money,
    },
    /// What these units came to, each line at most once.
    Lines { lines: Vec<RefundLine>, tip: Money, charges: Charges },
}

/// What becomes of the service charges on lines that are given back, where they are a share of what lines come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charges {
    /// They go back with their lines.
    #[default]
    Follow,
    /// They stay charged.
    Keep,
}

/// Units of a line to be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundLine {
    pub line: LineId,
    /// How many units, more than none.
    pub qty: QtyMilli,
}

/// What became of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    Succeeded {
        /// The drawer cash came out of; `None` is the only one whose shift is open, where the store works in shifts.
        drawer: Option<DrawerId>,
    },
    Failed {
        code: Text,
    },
}
