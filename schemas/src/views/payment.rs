//! Payments.

use super::form::{choice, view};
use crate::json::wire::{
    AccountId, ActorId, Currency, Date, Decision, LineId, OrderId, PaymentId, Qty, RefundId, StoreId, TenderId, Text,
    Timestamp,
};

rows! { PaymentView = 6 }

choice! {
    /// How far an attempt to pay got.
    pub enum PaymentState {
        /// No outcome yet.
        Initiated = "initiated",
        /// Money moved.
        Captured = "captured",
        /// No money moved.
        Failed = "failed",
        /// No answer in time.
        Expired = "expired",
        /// A provider has set the money aside.
        Authorised = "authorised",
        /// A provider let go of what it had set aside.
        Voided = "voided",
        /// Another amount moved than was asked for: a person decides.
        NeedsReview = "needs_review",
    }
}

choice! {
    /// Why a payment needs a person.
    pub enum PaymentFlag {
        /// Money moved after the attempt had failed or expired.
        LateCapture = "late_capture",
        /// Money moved for an order that could not take all of it.
        NotApplicable = "not_applicable",
        /// Another amount moved than was asked for.
        AmountDiffers = "amount_differs",
        /// A refund succeeded after it had failed, when its money had been given back already.
        RefundInDoubt = "refund_in_doubt",
        /// The provider speaks of another currency.
        CurrencyDiffers = "currency_differs",
        /// The provider speaks of another payment of its own.
        ReferenceDiffers = "reference_differs",
    }
}

choice! {
    /// How far a refund got.
    pub enum RefundState {
        /// No outcome yet.
        Requested = "requested",
        /// The money was given back.
        Succeeded = "succeeded",
        /// It was not.
        Failed = "failed",
    }
}

view! {
    /// A refund of a payment.
    pub struct RefundView {
        /// Its id, unique in the payment; one over several payments has the same in each.
        pub refund_id: RefundId,
        /// How far it got.
        pub state: RefundState,
        /// Of what was paid towards the order.
        pub applied: i64,
        /// Of the tip.
        pub tip: i64,
        /// Of what the order could not take.
        pub unapplied: i64,
        /// The units it is for.
        pub lines: Vec<RefundedLineView>,
        /// Whether they go back on the shelf.
        pub restock: bool,
        /// Why.
        pub reason: Text,
        /// What the terminal or provider said of a failure.
        pub failure_code: Option<Text>,
        /// When it was asked for.
        pub requested_at: Timestamp,
    }
}

view! {
    /// A provider's message that fits no payment yet.
    pub struct UnmatchedView {
        /// The account it is of.
        pub provider_account: AccountId,
        /// The provider's id of the message.
        pub provider_event_id: Text,
        /// The provider's id of the payment.
        pub provider_ref: Option<Text>,
        /// Our payment, where the message names one.
        pub payment_id: Option<PaymentId>,
        /// What it says: `captured`, `failed`, ...
        pub kind: Text,
        /// The amount it is about.
        pub amount: Option<i64>,
        /// The currency of the amount.
        pub currency: Option<Currency>,
        /// When it came.
        pub received_at: Timestamp,
    }
}

view! {
    /// Units of a line that go back, with their part of what it came to.
    pub struct RefundedLineView {
        /// The line.
        pub line_id: LineId,
        /// How many units.
        pub qty: Qty,
        /// Their part of the line's discounts.
        pub discount: i64,
        /// Their part of the line after discounts.
        pub net: i64,
        /// Their part of the tax on top.
        pub tax_exclusive: i64,
        /// Their part of the tax inside.
        pub tax_inclusive: i64,
        /// Their part of percent service charges; absent where there are none, or they stayed charged.
        pub charges: Option<RefundedChargesView>,
    }
}

view! {
    /// What of service charges goes back with units of a line.
    pub struct RefundedChargesView {
        /// The charges.
        pub amount: i64,
        /// Tax on top of them.
        pub tax_exclusive: i64,
        /// Tax inside them.
        pub tax_inclusive: i64,
    }
}

view! {
    /// A flag on a payment, with its amounts where there are some.
    pub struct PaymentFlagView {
        /// Why.
        pub why: PaymentFlag,
        /// What was asked for, with the tip.
        pub requested: Option<i64>,
        /// What moved.
        pub captured: Option<i64>,
        /// What the provider calls its other payment.
        pub provider_ref: Option<Text>,
        /// The revision of the event that flagged the payment: `flag` of a review.
        pub revision: u64,
        /// What a person decided; without it, nobody has yet.
        pub reviewed: Option<ReviewView>,
    }
}

view! {
    /// What a person decided about a flag.
    pub struct ReviewView {
        /// What.
        pub decision: Decision,
        /// Why.
        pub reason: Text,
        /// Who.
        pub by: ActorId,
        /// When.
        pub at: Timestamp,
    }
}

view! {
    /// A payment as it is now.
    pub struct PaymentView {
        /// Its id.
        pub payment_id: PaymentId,
        /// The store it belongs to.
        pub store: StoreId,
        /// The order it is for.
        pub order_id: OrderId,
        /// The check it is for.
        pub check_id: u8,
        /// How: `cash`, or the name of another tender.
        pub tender: TenderId,
        /// What is to count towards the order.
        pub amount: i64,
        /// The tip on top.
        pub tip: i64,
        /// The currency.
        pub currency: Currency,
        /// How far it got.
        pub state: PaymentState,
        /// The account at the provider that takes it.
        pub provider_account: Option<AccountId>,
        /// The provider's own id of it.
        pub provider_ref: Option<Text>,
        /// What the card terminal calls it, where somebody recorded that.
        pub reference: Option<Text>,
        /// What the provider called it otherwise, when it last did.
        pub other_provider_ref: Option<Text>,
        /// What the provider has set aside, with the tip.
        pub authorised: Option<i64>,
        /// The provider was asked to take the money.
        pub capture_requested: bool,
        /// The provider was asked to let go of the money.
        pub void_requested: bool,
        /// The guest's bank wants the money back.
        pub disputed: bool,
        /// Cash handed over.
        pub tendered: Option<i64>,
        /// Cash given back.
        pub change: Option<i64>,
        /// When the attempt ends unanswered.
        pub deadline: Option<Timestamp>,
        /// What the terminal or provider said of a failure.
        pub failure_code: Option<Text>,
        /// Why a person has to look at it.
        pub flags: Vec<PaymentFlagView>,
        /// What was given back of it, tip and all.
        pub refunded: i64,
        /// Its refunds, in the order they were asked for.
        pub refunds: Vec<RefundView>,
        /// The business date of its order.
        pub business_date: Option<Date>,
        /// Whether it is for practice: it counts in no report.
        pub training: bool,
        /// When it was initiated.
        pub initiated_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// The revision of its stream, for `If-Match`.
        pub revision: u64,
    }
}
