//! Refunds.

use super::fields::{above_zero, at_most, is_false, not_negative, unique};
use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::{self, NewRefund, OrderCommand, PaymentCommand, RefundOf};
use domain::ids::RefundId;
use domain::money::Money;
use domain::pricing::LINES_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::json::wire::choices::RefundOutcomeKind;

/// `POST /v1/stores/{store}/payments/{payment}/refunds`: gives captured money back; cash at once, other tenders once
/// their outcome is known. Without `amount`, `lines` and `tip` it is all that is left of the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "restock": false, "reason": "Dish was cold"
}))]
pub struct RequestRefund {
    /// Its id, made by the client, unique in the payment.
    pub refund_id: wire::RefundId,
    /// How much without the tip: first of what the order could not take, then of what was paid towards it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// How much of the tip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<wire::Money>,
    /// Units of a settled order: the guest gets back what they came to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub lines: Vec<RefundLine>,
    /// Whether the units go back on the shelf; only with `lines`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restock: bool,
    /// What becomes of the lines' share of percent service charges and their tax; only with `lines`, `follow` where it is left
    /// out: it goes back with them. Charges of a fixed amount are for no line and go back by amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<wire::Charges>,
    /// The drawer cash comes out of; where it is left out and the store works in shifts, the only one whose shift is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
    /// Why.
    pub reason: wire::Note,
}

/// `POST /v1/stores/{store}/orders/{order}/refunds`: gives money back over the payments of the order, each at most what is left of
/// it. Without `amount`, `lines` and `tip` it is all that is left of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "refund_id": "r1", "lines": [{"line_id": "l1", "qty": 1}], "restock": false, "reason": "Dish was cold"
}))]
pub struct RefundOrder {
    /// Its id, made by the client: each payment that gives something back has a refund of this id.
    pub refund_id: wire::RefundId,
    /// How much without the tip: first of what the order could not take, then of what a check has too much, then of what was paid
    /// towards it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<wire::Money>,
    /// How much of the tips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<wire::Money>,
    /// Units of a settled order: what they came to goes back to the payers of their checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub lines: Vec<RefundLine>,
    /// Whether the units go back on the shelf; only with `lines`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restock: bool,
    /// What becomes of the lines' share of percent service charges and their tax; only with `lines`, `follow` where it is left
    /// out: it goes back with them. Charges of a fixed amount are for no line and go back by amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<wire::Charges>,
    /// The payments it comes from, in this order; where it is left out, all of the order in the order they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub payment_ids: Vec<wire::PaymentId>,
    /// The drawer cash comes out of; where it is left out and the store works in shifts, the only one whose shift is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
    /// Why.
    pub reason: wire::Note,
}

/// The most payments that an order's refund names.
const PAYMENTS_MAX: usize = 64;

impl RefundOrder {
    /// The command to the order.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        at_most(&self.payment_ids, PAYMENTS_MAX, "/payment_ids")?;
        unique(self.payment_ids.iter().map(|payment| payment.0), "/payment_ids", "")?;
        let payments = self.payment_ids.iter().map(|payment| payment.0).collect();
        let RefundOrder { refund_id, amount, tip, lines, restock, charges, payment_ids: _, drawer_id, reason } = self;
        let refund = RequestRefund { refund_id, amount, tip, lines, restock, charges, drawer_id, reason };
        Ok(OrderCommand::Refund { refund: refund.refund()?, payments })
    }
}

/// Units of a line to be given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// The line.
    pub line_id: wire::LineId,
    /// How many units.
    pub qty: wire::Qty,
}

impl RequestRefund {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<PaymentCommand, FieldError> {
        self.refund().map(PaymentCommand::RequestRefund)
    }

    fn refund(self) -> Result<NewRefund, FieldError> {
        at_most(&self.lines, LINES_MAX, "/lines")?;
        unique(self.lines.iter().map(|line| line.line_id.0), "/lines", "/line_id")?;
        let amount = match self.amount {
            Some(_) if !self.lines.is_empty() => {
                return Err(FieldError::new("/amount", "is what the lines came to; leave one of the two out"));
            }
            amount => amount.map(|amount| not_negative(amount.0, "/amount")).transpose()?,
        };
        if self.restock && self.lines.is_empty() {
            return Err(FieldError::new("/restock", "puts units of lines back on the shelf; name them in lines"));
        }
        if self.charges.is_some() && self.lines.is_empty() {
            return Err(FieldError::new("/charges", "says what becomes of the charges on lines; name them in lines"));
        }
        let tip = self.tip.map(|tip| not_negative(tip.0, "/tip")).transpose()?;
        let what = match (amount, tip, self.lines.is_empty()) {
            (None, None, true) => RefundOf::Rest,
            (amount, tip, true) => {
                RefundOf::Amount { amount: amount.unwrap_or(Money::ZERO), tip: tip.unwrap_or(Money::ZERO) }
            }
            (_, tip, false) => {
                let lines = self.lines.iter().enumerate().map(|(index, line)| {
                    let qty = above_zero(line.qty.0, &format!("/lines/{index}/qty"))?;
                    Ok(command::RefundLine { line: line.line_id.0, qty })
                });
                RefundOf::Lines {
                    lines: lines.collect::<Result<_, FieldError>>()?,
                    tip: tip.unwrap_or(Money::ZERO),
                    charges: self.charges.map(|charges| charges.0).unwrap_or_default(),
                }
            }
        };
        let (refund, restock, reason) = (self.refund_id.0, self.restock, self.reason.0.0);
        let drawer = self.drawer_id.map(|drawer| drawer.0);
        Ok(NewRefund { refund, what, restock, drawer, reason })
    }
}

/// `POST /v1/stores/{store}/payments/{payment}/refunds/{refund}/outcome`: what became of a refund that was asked
/// for: outside the drawer, or of cash that its order could not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "succeeded"}))]
pub struct RefundOutcome {
    /// Whether the money was given back.
    pub outcome: wire::RefundOutcomeKind,
    /// The terminal's or provider's code; required with `failed`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<wire::Text>,
    /// The drawer cash came out of; where it is left out and the store works in shifts, the only one whose shift is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_id: Option<wire::DrawerId>,
}

impl RefundOutcome {
    /// The command to the payment.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, refund: RefundId) -> Result<PaymentCommand, FieldError> {
        let drawer = self.drawer_id.map(|drawer| drawer.0);
        let outcome = match (self.outcome.0, self.code, drawer) {
            (RefundOutcomeKind::Succeeded, None, drawer) => command::RefundOutcome::Succeeded { drawer },
            (RefundOutcomeKind::Succeeded, Some(_), _) => {
                return Err(FieldError::new("/code", "is for failed refunds only"));
            }
            (RefundOutcomeKind::Failed, Some(_), Some(_)) => {
                return Err(FieldError::new("/drawer_id", "is for refunds that succeeded only"));
            }
            (RefundOutcomeKind::Failed, Some(Wire(code)), None) => command::RefundOutcome::Failed { code },
            (RefundOutcomeKind::Failed, None, _) => {
                let problem = "is required where the refund failed: the terminal's or provider's code";
                return Err(FieldError::new("/code", problem));
            }
        };
        Ok(PaymentCommand::RecordRefundOutcome { refund, outcome })
    }
}
