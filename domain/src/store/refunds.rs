//! Decisions about refunds. Money goes back the way it came, never more than came, and says what of it goes back.

use super::Store;
use super::provider::moved_in_steps;
use crate::command::{Context, NewRefund, RefundOf, RefundOutcome};
use crate::drawer::Shift;
use crate::event::{
    DrawerEvent, Event, Flag, IgnoredRefund, MoneyParts, OrderEvent, PaymentEvent, RefundedLine, ReservedLine, Tender,
};
use crate::ids::{DrawerId, OrderId, PaymentId, RefundId, Text};
use crate::money::{Money, QtyMilli};
use crate::order::OrderSlot;
use crate::payment::{Payment, PaymentState};
use crate::refund::{ClosedDetails, REFUNDS_MAX, Refund, RefundState};
use crate::refused::{Closed, Refused};
use crate::staff::Right;
use crate::tenant::Tenant;

/// The refund the engine asks for by itself, and its reason. A payment is captured once, so it needs one id for it.
const UNAPPLIED: &str = "unapplied";

/// The engine asks back what an order could not take (rule P6).
pub(super) fn refund_unapplied(unapplied: Money) -> PaymentEvent {
    PaymentEvent::RefundRequested {
        refund: RefundId::parse(UNAPPLIED).expect("it is an id"),
        parts: MoneyParts { unapplied, ..MoneyParts::default() },
        lines: vec![],
        restock: false,
        reason: Text::parse(UNAPPLIED).expect("it is a text"),
    }
}

impl Store {
    pub(super) fn request_refund(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        new: &NewRefund,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
        if payment.refund(new.refund).is_some() {
            return Err(Refused::RefundExists { refund: new.refund });
        }
        match payment.state {
            PaymentState::Captured => {}
            PaymentState::Initiated
            | PaymentState::Authorised
            | PaymentState::Failed
            | PaymentState::Expired
            | PaymentState::Voided
            | PaymentState::NeedsReview => return Err(Refused::PaymentNotCaptured),
        }
        if REFUNDS_MAX <= payment.refunds().len() {
            return Err(Refused::TooMany { what: "refunds of a payment", max: REFUNDS_MAX });
        }
        let left = self.left(id, payment);
        let (parts, lines) = match &new.what {
            RefundOf::Rest => (left, vec![]),
            RefundOf::Amount { amount, tip } => {
                let unapplied = left.unapplied.min(*amount);
                (MoneyParts { applied: Money(amount.0 - unapplied.0), tip: *tip, unapplied }, vec![])
            }
            RefundOf::Lines { lines, tip } => {
                let lines = self.settled(payment.order)?.price_refund(lines)?;
                let amounts = lines.iter().map(RefundedLine::amount);
                let applied = Money::checked_sum(amounts).ok_or(Refused::AmountTooLarge)?;
                (MoneyParts { applied, tip: *tip, unapplied: Money::ZERO }, lines)
            }
        };
        if !fits(parts, left) {
            let amount = Money(left.applied.0 + left.unapplied.0);
            return Err(Refused::RefundExceedsCaptured { amount, tip: left.tip });
        }
        if parts.sum() == Money::ZERO {
            return Err(Refused::NothingToRefund);
        }
        if let Some(provider) = payment.provider.as_deref() {
            moved_in_steps(parts.sum(), provider.step)?;
        }
        if let (Tender::External(_), Some(_)) = (payment.tender, new.drawer) {
            return Err(Refused::NotCash);
        }
        let (refund, restock, state) = (new.refund, new.restock, RefundState::Requested);
        let asked = Refund { refund, parts, lines: lines.clone(), restock, state };
        let follows = match payment.tender {
            Tender::Cash => self.refund_paid_out(id, payment, &asked, new.drawer, context)?,
            Tender::External(_) => vec![],
        };
        self.approve(tenant, Right::Refund, context)?;
        let reason = new.reason.clone();
        let mut events =
            vec![Event::Payment(id, PaymentEvent::RefundRequested { refund, parts, lines, restock, reason })];
        events.extend(follows);
        Ok(events)
    }

    pub(super) fn refund_outcome(
        &self,
        id: PaymentId,
        payment: &Payment,
        refund: RefundId,
        outcome: &RefundOutcome,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let held = payment.refund(refund).ok_or(Refused::UnknownRefund { refund })?;
        if let (Tender::External(_), RefundOutcome::Succeeded { drawer: Some(_) }) = (payment.tender, outcome) {
            return Err(Refused::NotCash);
        }
        let ignored = |outcome| Event::Payment(id, PaymentEvent::RefundOutcomeIgnored { refund, outcome });
        Ok(match (held.state, outcome) {
            (RefundState::Requested, RefundOutcome::Succeeded { drawer }) => {
                self.refund_paid_out(id, payment, held, *drawer, context)?
            }
            (RefundState::Requested, RefundOutcome::Failed { code }) => {
                vec![Event::Payment(id, PaymentEvent::RefundFailed { refund, code: code.clone() })]
            }
            // Money that moved is a fact, unless that would be more money than there was: then a person has to look.
            (RefundState::Failed, RefundOutcome::Succeeded { drawer }) if self.still_fits(id, payment, held) => {
                self.refund_paid_out(id, payment, held, *drawer, context)?
            }
            (RefundState::Failed, RefundOutcome::Succeeded { .. }) => {
                let flagged = PaymentEvent::PaymentFlagged { why: Flag::RefundInDoubt };
                vec![ignored(IgnoredRefund::Succeeded), Event::Payment(id, flagged)]
            }
            (RefundState::Succeeded, RefundOutcome::Failed { .. }) => vec![ignored(IgnoredRefund::Failed)],
            (RefundState::Succeeded, RefundOutcome::Succeeded { .. })
            | (RefundState::Failed, RefundOutcome::Failed { .. }) => {
                vec![]
            }
        })
    }

    /// What follows once a refund reached the guest: cash came out of a shift (rules D1, D2), whoever asked for it back.
    fn refund_paid_out(
        &self,
        id: PaymentId,
        payment: &Payment,
        refund: &Refund,
        drawer: Option<DrawerId>,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let amount = refund.parts.sum();
        let in_shift = match payment.tender {
            Tender::Cash => self.cash_shift(payment.order, drawer, -amount.0, context)?,
            Tender::External(_) => None,
        };
        let mut events = self.refunded(id, payment, refund, context);
        events.extend(in_shift.map(|(drawer, Shift { number: shift, .. })| {
            let refund = refund.refund;
            Event::Drawer(drawer, DrawerEvent::CashRefundRecorded { shift, payment: id, refund, amount })
        }));
        Ok(events)
    }

    /// What follows once money was given back: the order keeps it, and units may go back on the shelf.
    fn refunded(&self, id: PaymentId, payment: &Payment, refund: &Refund, context: &Context) -> Vec<Event> {
        // Before it is settled the sale stands as it is: what is given back of its money is not given back of its tax.
        let taxes = self.settled(payment.order).map(|details| details.taxes_of(refund.parts.applied, &refund.lines));
        let recorded = OrderEvent::RefundRecorded {
            refund: refund.refund,
            payment: id,
            tender: payment.tender,
            parts: refund.parts,
            lines: refund.lines.clone(),
            posting_date: self.posting_date(context),
            taxes: taxes.unwrap_or_default(),
        };
        let mut events = vec![
            Event::Payment(id, PaymentEvent::RefundSucceeded { refund: refund.refund }),
            Event::Order(payment.order, recorded),
        ];
        if refund.restock
            && let Ok(details) = self.settled(payment.order)
        {
            let units = refund.lines.iter().filter_map(|line| {
                let sku = details.lines.iter().find(|sold| sold.line == line.line)?.sku?;
                Some(ReservedLine { line: line.line, sku, qty: line.qty })
            });
            events.extend(self.stock.restock(payment.order, refund.refund, units.collect()));
        }
        events
    }

    /// What is kept of a settled order.
    fn settled(&self, order: OrderId) -> Result<&ClosedDetails, Refused> {
        match &self.orders[&order] {
            OrderSlot::Live(_) => Err(Refused::OrderNotCompleted),
            OrderSlot::Closed(closed) => match (&closed.details, closed.state) {
                (Some(details), Closed::Completed) => Ok(details),
                (_, Closed::Completed | Closed::Cancelled | Closed::Merged) => Err(closed.refused()),
            },
        }
    }

    /// What is left of a captured payment: what came in, less all refunds that did not fail (rule P3).
    fn left(&self, id: PaymentId, payment: &Payment) -> MoneyParts {
        let unapplied = self.orders[&payment.order].returns().map_or(Money::ZERO, |returns| returns.unapplied_of(id));
        // The tip goes with the order's part of the payment: where the order took nothing, neither did the staff.
        let mut left = match unapplied.0 == payment.amount.0 + payment.tip.0 {
            true => MoneyParts { unapplied, ..MoneyParts::default() },
            false => MoneyParts { applied: Money(payment.amount.0 - unapplied.0), tip: payment.tip, unapplied },
        };
        for refund in payment.refunds().iter().filter(|refund| refund.counts()) {
            left.applied.0 -= refund.parts.applied.0;
            left.tip.0 -= refund.parts.tip.0;
            left.unapplied.0 -= refund.parts.unapplied.0;
        }
        left
    }

    /// Whether a refund that failed could still take place.
    fn still_fits(&self, id: PaymentId, payment: &Payment, refund: &Refund) -> bool {
        let units_fit = |details: &ClosedDetails| {
            refund.lines.iter().all(|line| {
                let sold = details.lines.iter().find(|sold| sold.line == line.line);
                let back =
                    details.returns.iter().flat_map(|returns| &returns.lines).find(|back| back.line == line.line);
                let (sold, back) = (sold.map_or(0, |sold| sold.qty.0), back.map_or(0, |back| back.qty.0));
                QtyMilli::ZERO <= QtyMilli(sold - back - line.qty.0)
            })
        };
        let units_fit = refund.lines.is_empty() || self.settled(payment.order).is_ok_and(units_fit);
        units_fit && fits(refund.parts, self.left(id, payment))
    }
}

fn fits(parts: MoneyParts, left: MoneyParts) -> bool {
    parts.applied <= left.applied && parts.tip <= left.tip && parts.unapplied <= left.unapplied
}
