//! Decisions about payments that a provider takes. What the provider says is kept, whatever follows from it: a state's
//! rank never falls (rule P5), and money that moved is a fact.

use super::Store;
use crate::command::{Context, NewRefund, ProviderCommand, RefundOf, RefundOutcome};
use crate::event::{
    Capture, Event, Flag, IgnoredMessage, PaymentEvent, ProviderMessage, ProviderSaid, Tender, VoidReason,
};
use crate::ids::{AccountId, PaymentId, RefundId, Text};
use crate::money::Money;
use crate::order::{Order, OrderSlot};
use crate::payment::{Payment, PaymentState, Provider};
use crate::refused::Refused;
use crate::tenant::Tenant;

/// The refund that a void of captured money is.
const VOID: &str = "void";
/// A tip may go beyond what was set aside by at most this share of the amount, in percent: what card schemes let
/// restaurants take without asking again, and room to round up.
const TIP_ON_TOP_PERCENT: i64 = 50;

impl Store {
    pub(super) fn decide_provider(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        command: &ProviderCommand,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let payment = self.payments.get(&id).ok_or(Refused::UnknownPayment { payment: id })?;
        match command {
            ProviderCommand::Record { account, message } => self.record(id, payment, *account, message, context),
            ProviderCommand::Capture => self.capture(id, payment),
            ProviderCommand::Void { reason } => self.void(tenant, id, payment, reason, context),
            ProviderCommand::AdjustTip { tip } => adjust_tip(id, payment, *tip),
        }
    }

    fn capture(&self, id: PaymentId, payment: &Payment) -> Result<Vec<Event>, Refused> {
        let provider = provider_of(payment)?;
        match payment.state {
            PaymentState::Authorised if provider.void_requested => Err(Refused::VoidUnderWay),
            PaymentState::Authorised if provider.capture_requested => Ok(vec![]),
            PaymentState::Authorised => {
                self.orders[&payment.order].live()?;
                let (amount, tip) = (payment.amount, payment.tip);
                Ok(vec![Event::Payment(id, PaymentEvent::CaptureRequested { amount, tip })])
            }
            PaymentState::Captured => Ok(vec![]),
            PaymentState::Initiated
            | PaymentState::Failed
            | PaymentState::Expired
            | PaymentState::Voided
            | PaymentState::NeedsReview => Err(Refused::PaymentNotAuthorised),
        }
    }

    /// Captured money is not let go but given back, all of it (rule P5).
    fn void(
        &self,
        tenant: &Tenant,
        id: PaymentId,
        payment: &Payment,
        reason: &Text,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        match (payment.state, payment.provider.as_deref()) {
            (PaymentState::Captured, _) => {
                let refund = RefundId::parse(VOID).expect("it is an id");
                let reason = reason.clone();
                let all = NewRefund { refund, what: RefundOf::Rest, restock: false, drawer: None, reason };
                self.request_refund(tenant, id, &all, context)
            }
            (_, None) => Err(Refused::NoProvider),
            (PaymentState::Initiated | PaymentState::Authorised, Some(provider)) => match provider.void_requested {
                true => Ok(vec![]),
                false => Ok(vec![void_requested(id, VoidReason::Requested)]),
            },
            (PaymentState::Failed | PaymentState::Expired | PaymentState::Voided, Some(_)) => Ok(vec![]),
            (PaymentState::NeedsReview, Some(_)) => Err(Refused::PaymentNotAuthorised),
        }
    }

    /// An order that takes no more money lets go of what providers have set aside for it, or are about to; not of `taken`.
    pub(super) fn void_authorisations(&self, order: &Order, taken: Option<PaymentId>) -> impl Iterator<Item = Event> {
        let is_held = move |attempt: &&PaymentId| {
            if Some(**attempt) == taken {
                return false;
            }
            let payment = &self.payments[*attempt];
            let is_asked = payment.provider.as_deref().is_none_or(|provider| provider.void_requested);
            matches!(payment.state, PaymentState::Initiated | PaymentState::Authorised) && !is_asked
        };
        order.attempts.iter().filter(is_held).map(|attempt| void_requested(*attempt, VoidReason::OrderClosed))
    }

    fn record(
        &self,
        id: PaymentId,
        payment: &Payment,
        account: AccountId,
        message: &ProviderMessage,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let of_account = payment.provider.as_deref().filter(|provider| provider.account == account);
        // One account learns nothing of what another takes.
        let provider = of_account.ok_or(Refused::UnknownPayment { payment: id })?;
        let received = PaymentEvent::ProviderEventReceived(Box::new(message.clone()));
        let mut events = vec![Event::Payment(id, received)];
        let follows = match &message.said {
            ProviderSaid::Accepted => vec![],
            ProviderSaid::Authorised => self.authorised(id, payment, provider, message),
            ProviderSaid::Captured => self.captured_by(id, payment, provider, message),
            ProviderSaid::Failed { code } => match payment.state {
                PaymentState::Initiated | PaymentState::Authorised => vec![match is_other(provider, message) {
                    true => flagged(id, Flag::ReferenceDiffers),
                    false => Event::Payment(id, PaymentEvent::PaymentFailed { code: code.clone() }),
                }],
                PaymentState::Failed | PaymentState::Expired => vec![ignored(id, IgnoredMessage::Known)],
                PaymentState::Voided | PaymentState::Captured => vec![ignored(id, IgnoredMessage::Outranked)],
                PaymentState::NeedsReview => vec![ignored(id, IgnoredMessage::UnderReview)],
            },
            ProviderSaid::Voided => match payment.state {
                PaymentState::Initiated | PaymentState::Authorised if is_other(provider, message) => {
                    vec![flagged(id, Flag::ReferenceDiffers)]
                }
                // An attempt that is over is let go of under whatever name the provider gives it.
                PaymentState::Initiated | PaymentState::Authorised | PaymentState::Failed | PaymentState::Expired => {
                    vec![Event::Payment(id, PaymentEvent::PaymentVoided)]
                }
                PaymentState::Voided => vec![ignored(id, IgnoredMessage::Known)],
                PaymentState::Captured => vec![ignored(id, IgnoredMessage::Outranked)],
                PaymentState::NeedsReview => vec![ignored(id, IgnoredMessage::UnderReview)],
            },
            ProviderSaid::Disputed => match provider.is_disputed {
                true => vec![ignored(id, IgnoredMessage::Known)],
                false => vec![Event::Payment(id, PaymentEvent::PaymentDisputed)],
            },
            ProviderSaid::RefundSucceeded { refund } => {
                self.refund_said(id, payment, *refund, message, &RefundOutcome::Succeeded { drawer: None }, context)?
            }
            ProviderSaid::RefundFailed { refund, code } => {
                let outcome = RefundOutcome::Failed { code: code.clone() };
                self.refund_said(id, payment, *refund, message, &outcome, context)?
            }
            ProviderSaid::Other => vec![ignored(id, IgnoredMessage::NotUnderstood)],
        };
        events.extend(follows);
        Ok(events)
    }

    fn authorised(
        &self,
        id: PaymentId,
        payment: &Payment,
        provider: &Provider,
        message: &ProviderMessage,
    ) -> Vec<Event> {
        match payment.state {
            PaymentState::Initiated => {
                if let Some(why) = mismatch(payment, provider, message) {
                    return vec![flagged(id, why)];
                }
                let amount = message.amount.unwrap_or(payment.requested());
                let mut events = vec![Event::Payment(id, PaymentEvent::PaymentAuthorised { amount })];
                let is_closed = matches!(self.orders[&payment.order], OrderSlot::Closed(_));
                if is_closed && !provider.void_requested {
                    events.push(void_requested(id, VoidReason::OrderClosed));
                }
                events
            }
            // The attempt is over, so nobody will ask for this money.
            // While the provider had not named it, it could not be asked to let go.
            PaymentState::Failed | PaymentState::Expired | PaymentState::Voided => {
                match provider.void_requested && provider.reference.is_some() {
                    true => vec![ignored(id, IgnoredMessage::Outranked)],
                    false => vec![void_requested(id, VoidReason::LateAuthorisation)],
                }
            }
            PaymentState::Authorised => vec![ignored(id, IgnoredMessage::Known)],
            PaymentState::Captured => vec![ignored(id, IgnoredMessage::Outranked)],
            PaymentState::NeedsReview => vec![ignored(id, IgnoredMessage::UnderReview)],
        }
    }

    fn captured_by(
        &self,
        id: PaymentId,
        payment: &Payment,
        provider: &Provider,
        message: &ProviderMessage,
    ) -> Vec<Event> {
        let was_late = match payment.state {
            PaymentState::Initiated | PaymentState::Authorised => false,
            PaymentState::Failed | PaymentState::Expired | PaymentState::Voided => true,
            PaymentState::Captured => return vec![ignored(id, IgnoredMessage::Known)],
            PaymentState::NeedsReview => return vec![ignored(id, IgnoredMessage::UnderReview)],
        };
        match mismatch(payment, provider, message) {
            Some(why) => vec![flagged(id, why)],
            None => self.taken(id, payment, was_late),
        }
    }

    fn refund_said(
        &self,
        id: PaymentId,
        payment: &Payment,
        refund: RefundId,
        message: &ProviderMessage,
        outcome: &RefundOutcome,
        context: &Context,
    ) -> Result<Vec<Event>, Refused> {
        let in_doubt = || flagged(id, Flag::RefundInDoubt);
        let Some(held) = payment.refund(refund) else {
            let ignored = ignored(id, IgnoredMessage::UnknownRefund);
            // Somebody gave money back at the provider, past the engine.
            return Ok(match outcome {
                RefundOutcome::Succeeded { .. } => vec![ignored, in_doubt()],
                RefundOutcome::Failed { .. } => vec![ignored],
            });
        };
        let is_other = message.amount.is_some_and(|amount| amount != held.parts.sum())
            || message.currency.is_some_and(|currency| currency.code() != payment.currency.code());
        if is_other && matches!(outcome, RefundOutcome::Succeeded { .. }) {
            return Ok(vec![in_doubt()]);
        }
        let events = self.refund_outcome(id, payment, refund, outcome, context)?;
        Ok(match events.is_empty() {
            true => vec![ignored(id, IgnoredMessage::Known)],
            false => events,
        })
    }
}

/// An attempt that ends unanswered; a provider that takes it is asked to let go, so that it cannot take the money later.
pub(super) fn expired(id: PaymentId, payment: &Payment) -> Vec<Event> {
    let mut events = vec![Event::Payment(id, PaymentEvent::PaymentExpired)];
    if payment.provider.as_deref().is_some_and(|provider| !provider.void_requested) {
        events.push(void_requested(id, VoidReason::Expired));
    }
    events
}

/// Who takes the payment. What is no provider's has its outcome recorded by hand, but cash has it already.
fn provider_of(payment: &Payment) -> Result<&Provider, Refused> {
    match (payment.provider.as_deref(), payment.tender) {
        (Some(provider), _) => Ok(provider),
        (None, Tender::Cash) => Err(Refused::CashSettled),
        (None, Tender::External(_)) => Err(Refused::NoProvider),
    }
}

fn adjust_tip(id: PaymentId, payment: &Payment, tip: Money) -> Result<Vec<Event>, Refused> {
    let provider = provider_of(payment)?;
    let authorised = match (payment.state, provider.authorised) {
        (PaymentState::Authorised, _) if provider.void_requested => return Err(Refused::VoidUnderWay),
        // What is taken at once has the tip in it already.
        (PaymentState::Authorised, Some(authorised))
            if !provider.capture_requested && provider.capture == Capture::Later =>
        {
            authorised
        }
        _ => return Err(Refused::PaymentNotAuthorised),
    };
    let max = highest_tip(payment.amount, authorised);
    if max < tip {
        return Err(Refused::TipTooHigh { max });
    }
    moved_in_steps(Money(payment.amount.0 + tip.0), provider.step)?;
    match payment.tip == tip {
        true => Ok(vec![]),
        false => Ok(vec![Event::Payment(id, PaymentEvent::TipAdjusted { tip })]),
    }
}

/// Whether a provider that moves whole multiples of `step` can move a sum.
pub(super) fn moved_in_steps(sum: Money, step: Option<Money>) -> Result<(), Refused> {
    match step {
        Some(step) if sum.0 % step.0 != 0 => Err(Refused::BetweenSteps { sum, step }),
        Some(_) | None => Ok(()),
    }
}

/// The highest tip on an amount of which, with its tip, so much was set aside (rule P1). It never takes the sum beyond
/// what money can be, because what was set aside and half of the amount are far below that.
fn highest_tip(amount: Money, authorised: Money) -> Money {
    let on_top = i128::from(amount.0) * i128::from(TIP_ON_TOP_PERCENT) / 100;
    let max = i128::from(authorised.0) - i128::from(amount.0) + on_top;
    Money(i64::try_from(max).unwrap_or(i64::MAX).min(Money::MAX_ABS - amount.0))
}

/// Whether the provider speaks of another payment of its own.
fn is_other(provider: &Provider, message: &ProviderMessage) -> bool {
    matches!((&provider.reference, &message.reference), (Some(held), Some(said)) if held != said)
}

/// What is not as it was asked for (rule P7).
fn mismatch(payment: &Payment, provider: &Provider, message: &ProviderMessage) -> Option<Flag> {
    if is_other(provider, message) {
        return Some(Flag::ReferenceDiffers);
    }
    if message.currency.is_some_and(|currency| currency.code() != payment.currency.code()) {
        return Some(Flag::CurrencyDiffers);
    }
    let requested = payment.requested();
    let captured = message.amount.unwrap_or(requested);
    (captured != requested).then_some(Flag::AmountDiffers { requested, captured })
}

fn void_requested(id: PaymentId, why: VoidReason) -> Event {
    Event::Payment(id, PaymentEvent::VoidRequested { why })
}

fn flagged(id: PaymentId, why: Flag) -> Event {
    Event::Payment(id, PaymentEvent::PaymentFlagged { why })
}

fn ignored(id: PaymentId, why: IgnoredMessage) -> Event {
    Event::Payment(id, PaymentEvent::ProviderEventIgnored { why })
}
