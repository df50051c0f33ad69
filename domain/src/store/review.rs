//! What a person decides about a payment that was flagged. Nothing that happened is changed by it (rule A2): a fact names
//! the flag that it settles, and what follows from it comes next.

use super::payments::Captured;
use super::{Store, refunds};
use crate::command::{Context, NewRefund, RefundOf, RefundOutcome, Review};
use crate::event::{Decision, Event, Flag, NotApplicable, OrderEvent, PaymentEvent, VoidReason};
use crate::ids::{PaymentId, RefundId, Text};
use crate::money::Money;
use crate::payment::{OpenFlag, Payment, ProviderReport, ReportedMoney};
use crate::refund::RefundState;
use crate::refused::Refused;
use crate::staff::Right;
use crate::tenant::Tenant;

/// The code of a refund that a person says did not take place.
const DISMISSED: &str = "dismissed";

impl Store {
    pub(super) fn review(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        review: &Review,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
        let mut open = payment.flags();
        let flag = match review.flag {
            Some(at) => open.find(|flag| flag.at == at),
            None => open.next(),
        };
        let flag = flag.ok_or(Refused::NothingToReview)?;
        let Review { decision, ref reason, .. } = *review;
        let reviewed = PaymentEvent::PaymentReviewed { flag: flag.at, decision, reason: reason.clone() };
        let mut events = vec![Event::Payment(id, reviewed)];
        let follows = match flag.why {
            Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers => {
                self.review_money(tenant, id, payment, flag, review, context)?
            }
            Flag::RefundInDoubt => self.review_refund(tenant, id, payment, flag, review, context)?,
            // The engine has done what there is to do; a person has seen it.
            Flag::LateCapture | Flag::NotApplicable => match decision {
                Decision::Dismiss => vec![],
                Decision::Accept | Decision::Refund => return Err(not_possible(flag)),
            },
        };
        events.extend(follows);
        Ok(events)
    }

    /// Money that moved, or was set aside, otherwise than it was asked for.
    fn review_money(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        payment: &Payment,
        flag: &OpenFlag,
        review: &Review,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let void = || Event::Payment(id, PaymentEvent::VoidRequested { why: VoidReason::Requested });
        match (review.decision, moved(payment, flag)) {
            (Decision::Accept, Moved::Captured(amount)) => self.accept(id, payment, amount, review.tip),
            (Decision::Refund, Moved::Captured(amount)) => {
                self.approve(tenant, Right::Refund, context)?;
                let (order, tender, why) = (payment.order, payment.tender, NotApplicable::Reviewed);
                let unapplied = OrderEvent::PaymentNotApplicable { payment: id, tender, unapplied: amount, why };
                Ok(vec![
                    captured(id, amount, Money::ZERO),
                    Event::Order(order, unapplied),
                    Event::Payment(id, refunds::refund_unapplied(amount)),
                ])
            }
            (Decision::Refund, Moved::SetAside) => Ok(vec![void()]),
            // What the provider calls otherwise is none of ours; the attempt itself may still be under way there.
            (Decision::Dismiss, _) if flag.why == Flag::ReferenceDiffers => Ok(vec![void()]),
            (Decision::Dismiss, _) => Ok(vec![]),
            (Decision::Accept, Moved::SetAside | Moved::Nothing) | (Decision::Refund, Moved::Nothing) => {
                Err(not_possible(flag))
            }
        }
    }

    /// What moved counts: towards the order as far as something is due, and the rest goes back like any other.
    fn accept(
        &self,
        id: PaymentId,
        payment: &Payment,
        moved: Money,
        tip: Option<Money>,
    ) -> Result<Vec<Event>, Refused> {
        let max = Money(moved.0 - 1);
        let tip = match tip {
            Some(tip) if max < tip => return Err(Refused::TipTooHigh { max }),
            Some(tip) => tip,
            None if payment.tip <= max => payment.tip,
            None => Money::ZERO,
        };
        let amount = Money(moved.0 - tip.0);
        let mut events = vec![captured(id, amount, tip)];
        let Payment { order, check, tender, .. } = *payment;
        self.apply(Captured { payment: id, order, check, tender, amount, tip }, &mut events);
        Ok(events)
    }

    /// Money that was given back otherwise than it was asked for.
    fn review_refund(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        payment: &Payment,
        flag: &OpenFlag,
        review: &Review,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let heard = flag.reported.as_deref();
        let Some((refund, amount)) = heard.and_then(|heard| Some((heard.refund?, heard.amount))) else {
            // It took place after its money had gone back otherwise: whoever looked settles it with the guest.
            return match review.decision {
                Decision::Dismiss => Ok(vec![]),
                Decision::Accept | Decision::Refund => Err(not_possible(flag)),
            };
        };
        let held = payment.refund(refund);
        match (review.decision, held.map(|held| held.state)) {
            (Decision::Accept, Some(_)) => {
                self.refund_outcome(id, payment, refund, &RefundOutcome::Succeeded { drawer: None }, context)
            }
            (Decision::Accept, None) => {
                let amount = amount.ok_or_else(|| not_possible(flag))?;
                self.book_refund(tenant, id, refund, amount, review, context)
            }
            (Decision::Dismiss, Some(RefundState::Requested)) => {
                let code = Text::parse(DISMISSED).expect("it is a text");
                self.refund_outcome(id, payment, refund, &RefundOutcome::Failed { code }, context)
            }
            (Decision::Dismiss, Some(RefundState::Succeeded | RefundState::Failed) | None) => Ok(vec![]),
            (Decision::Refund, _) => Err(not_possible(flag)),
        }
    }

    /// Books money that somebody gave back at the provider, past the engine. It is asked for and given in one commit, so the
    /// provider is not asked for it.
    fn book_refund(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        refund: RefundId,
        amount: Money,
        review: &Review,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let reason = review.reason.clone();
        let what = RefundOf::Amount { amount, tip: Money::ZERO };
        let new = NewRefund { refund, what, restock: false, drawer: None, reason };
        let mut events = self.request_refund(tenant, id, &new, context)?;
        let mut after = self.payments[&id].clone();
        for event in &events {
            let Event::Payment(_, event) = event else { continue };
            after.evolve(event);
        }
        events.extend(self.refund_outcome(id, &after, refund, &RefundOutcome::Succeeded { drawer: None }, context)?);
        Ok(events)
    }
}

/// What moved at the provider, or at the terminal.
enum Moved {
    Captured(Money),
    SetAside,
    /// Nothing, or what cannot be counted in the order's currency.
    Nothing,
}

fn moved(payment: &Payment, flag: &OpenFlag) -> Moved {
    let said = flag.reported.as_deref().map_or(ReportedMoney::Captured, |report: &ProviderReport| report.said);
    let amount = match flag.why {
        Flag::AmountDiffers { captured, .. } => Some(captured),
        Flag::ReferenceDiffers => flag.reported.as_deref().map(|heard| heard.amount.unwrap_or(payment.requested())),
        Flag::CurrencyDiffers | Flag::LateCapture | Flag::NotApplicable | Flag::RefundInDoubt => None,
    };
    match (said, amount) {
        (ReportedMoney::Captured, Some(amount)) if Money::ZERO < amount && !is_foreign(flag) => Moved::Captured(amount),
        (ReportedMoney::Captured | ReportedMoney::Other, _) => Moved::Nothing,
        (ReportedMoney::Authorised, _) => Moved::SetAside,
    }
}

/// Whether what differs is not all that does: another currency, too.
fn is_foreign(flag: &OpenFlag) -> bool {
    flag.reported.as_deref().is_some_and(|heard| heard.is_foreign)
}

fn captured(id: PaymentId, amount: Money, tip: Money) -> Event {
    Event::Payment(id, PaymentEvent::PaymentCaptured { amount, tip, tendered: None, change: None })
}

fn not_possible(flag: &OpenFlag) -> Refused {
    Refused::DecisionNotPossible { flag: flag.at }
}
