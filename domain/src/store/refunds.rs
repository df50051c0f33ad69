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
use crate::order::{Order, OrderSlot};
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

/// What one payment gives back.
pub(super) struct Part {
    pub payment: PaymentId,
    pub parts: MoneyParts,
    pub lines: Vec<RefundedLine>,
}

impl Store {
    pub(super) fn request_refund(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        new: &NewRefund,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let payment = self.takes_refund(id, new.refund)?;
        let left = self.left(id, payment);
        let (parts, lines) = match &new.what {
            RefundOf::Rest => (left, vec![]),
            RefundOf::Amount { amount, tip } => {
                let unapplied = left.unapplied.min(*amount);
                (MoneyParts { applied: Money(amount.0 - unapplied.0), tip: *tip, unapplied }, vec![])
            }
            RefundOf::Lines { lines, tip, charges } => {
                let details = self.settled(payment.order)?;
                let lines = details.price_refund(lines, *charges)?;
                let is_elsewhere = |line: &&RefundedLine| {
                    details.shares_of(line.line).iter().all(|share| share.check != payment.check)
                };
                if let Some(line) = lines.iter().find(is_elsewhere) {
                    return Err(Refused::LineOnOtherCheck { line: line.line, check: payment.check });
                }
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
        self.give_back(tenant, new, vec![Part { payment: id, parts, lines }], context)
    }

    /// A payment of which money can be given back under this id.
    pub(super) fn takes_refund(&self, id: PaymentId, refund: RefundId) -> Result<&Payment, Refused> {
        let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
        if payment.refund(refund).is_some() {
            return Err(Refused::RefundExists { refund });
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
        Ok(payment)
    }

    /// What follows where each of these payments gives its part back: cash at once, another tender once somebody says so.
    pub(super) fn give_back(
        &self,
        tenant: &Tenant,
        new: &NewRefund,
        asked: Vec<Part>,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let is_cash = |part: &Part| self.payments[&part.payment].tender == Tender::Cash;
        if new.drawer.is_some() && !asked.iter().any(is_cash) {
            return Err(Refused::NotCash);
        }
        let refund = new.refund;
        let mut events = vec![];
        let mut details = None;
        for Part { payment: id, parts, lines } in asked {
            let payment = &self.payments[&id];
            if let Some(provider) = payment.provider.as_deref() {
                moved_in_steps(parts.sum(), provider.step)?;
            }
            // Units go back on the shelf with the part that has them.
            let restock = new.restock && lines.iter().any(|line| QtyMilli::ZERO < line.qty);
            let made = Refund { refund, parts, lines: lines.clone(), restock, state: RefundState::Requested };
            let reason = new.reason.clone();
            events.push(Event::Payment(id, PaymentEvent::RefundRequested { refund, parts, lines, restock, reason }));
            match payment.tender {
                Tender::Cash => {
                    if details.is_none() {
                        details = self.settled(payment.order).ok().cloned();
                    }
                    events.extend(self.refund_paid_out((id, payment), &made, details.as_mut(), new.drawer, context)?);
                }
                Tender::External(_) => {}
            }
        }
        self.approve(tenant, Right::Refund, context)?;
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
                let mut details = self.settled(payment.order).ok().cloned();
                self.refund_paid_out((id, payment), held, details.as_mut(), *drawer, context)?
            }
            (RefundState::Requested, RefundOutcome::Failed { code }) => {
                vec![Event::Payment(id, PaymentEvent::RefundFailed { refund, code: code.clone() })]
            }
            // Money that moved is a fact, unless that would be more money than there was: then a person has to look.
            (RefundState::Failed, RefundOutcome::Succeeded { drawer }) if self.still_fits(id, payment, held) => {
                let mut details = self.settled(payment.order).ok().cloned();
                self.refund_paid_out((id, payment), held, details.as_mut(), *drawer, context)?
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
        (id, payment): (PaymentId, &Payment),
        refund: &Refund,
        details: Option<&mut ClosedDetails>,
        drawer: Option<DrawerId>,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let amount = refund.parts.sum();
        let in_shift = match payment.tender {
            Tender::Cash => self.cash_shift(payment.order, drawer, -amount.0, context)?,
            Tender::External(_) => None,
        };
        let mut events = self.refunded((id, payment), refund, details, context);
        events.extend(in_shift.map(|(drawer, Shift { number: shift, .. })| {
            let refund = refund.refund;
            Event::Drawer(drawer, DrawerEvent::CashRefundRecorded { shift, payment: id, refund, amount })
        }));
        Ok(events)
    }

    /// What follows once money was given back: the order keeps it, and units may go back on the shelf. `details` are those of a
    /// settled order, as what goes back before it in the same commit leaves them.
    fn refunded(
        &self,
        (id, payment): (PaymentId, &Payment),
        refund: &Refund,
        details: Option<&mut ClosedDetails>,
        context: &Context,
    ) -> Vec<Event> {
        let applied = refund.parts.applied;
        // Before it is settled the sale stands as it is: all of it takes back the payment, and no tax goes back with it.
        let (reversed, taxes) = match &details {
            Some(details) => details.split_refund((payment.check, applied), &refund.lines),
            None => (applied, vec![]),
        };
        if let Some(details) = details {
            details.give_back(applied, (Some(payment.check), reversed), &taxes);
        }
        let recorded = OrderEvent::RefundRecorded {
            refund: refund.refund,
            payment: id,
            tender: payment.tender,
            parts: refund.parts,
            lines: refund.lines.clone(),
            posting_date: self.posting_date(context),
            taxes,
            check: Some(payment.check),
            reversed,
        };
        let mut events = vec![
            Event::Payment(id, PaymentEvent::RefundSucceeded { refund: refund.refund }),
            Event::Order(payment.order, recorded),
        ];
        if refund.restock
            && let Ok(details) = self.settled(payment.order)
        {
            let units = refund.lines.iter().filter(|line| QtyMilli::ZERO < line.qty).filter_map(|line| {
                let sku = details.lines.iter().find(|sold| sold.line == line.line)?.sku?;
                Some(ReservedLine { line: line.line, sku, qty: line.qty })
            });
            events.extend(self.stock.restock(payment.order, refund.refund, units.collect()));
        }
        events
    }

    /// What is kept of a settled order.
    pub(super) fn settled(&self, order: OrderId) -> Result<&ClosedDetails, Refused> {
        match &self.orders[&order] {
            OrderSlot::Live(_) => Err(Refused::OrderNotCompleted),
            OrderSlot::Closed(closed) => match (&closed.details, closed.state) {
                (Some(details), Closed::Completed) => Ok(details),
                (_, Closed::Completed | Closed::Cancelled | Closed::Merged) => Err(closed.refused()),
            },
        }
    }

    /// Nothing that was paid towards an order may be there any more.
    ///
    /// # Errors
    /// [`Refused::MoneyCaptured`], or [`Refused::RefundUnderWay`] where nobody can ask for more of it.
    pub(super) fn check_money_is_back(&self, order: &Order, captured: Money) -> Result<(), Refused> {
        let left = |id: &PaymentId| self.left(*id, &self.payments[id]).applied;
        match captured {
            Money::ZERO => Ok(()),
            captured if order.payments.iter().all(|id| left(id) == Money::ZERO) => {
                Err(Refused::RefundUnderWay { captured })
            }
            captured => Err(Refused::MoneyCaptured { captured }),
        }
    }

    /// What is left of a captured payment: what came in, less all refunds that did not fail (rule P3).
    pub(super) fn left(&self, id: PaymentId, payment: &Payment) -> MoneyParts {
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
