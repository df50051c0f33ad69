//! A payment: one attempt to pay.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Timestamp;
use crate::check::CheckId;
use crate::event::{Capture, Decision, Flag, PaymentEvent, ProviderMessage, ProviderSaid, Tender};
use crate::ids::{AccountId, OrderId, RefundId, Revision, Text};
use crate::money::{Currency, Money};
use crate::refund::{REFUNDS_MAX, Refund, RefundState};

/// How far an attempt got. Its rank never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    Initiated,
    /// A provider has set the money aside.
    Authorised,
    Failed,
    Expired,
    /// A provider let go of what it had set aside.
    Voided,
    Captured,
    /// Another amount moved than was asked for: a person decides.
    NeedsReview,
}

/// What is known of a payment that a provider takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub account: AccountId,
    pub capture: Capture,
    /// The smallest sum whose multiples it moves, where that is more than the minor unit.
    pub step: Option<Money>,
    /// Its own id of the payment, once it said so.
    pub reference: Option<Text>,
    /// What it has set aside, with the tip.
    pub authorised: Option<Money>,
    /// It was asked to take the money.
    pub capture_requested: bool,
    /// It was asked to let go of the money.
    pub void_requested: bool,
    /// The guest's bank wants the money back.
    pub is_disputed: bool,
    /// Its last message, where that may be flagged.
    reported: Option<Box<ProviderReport>>,
}

/// What a provider's message says of money, as far as a person may have to decide about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderReport {
    /// What it says of the payment.
    pub said: ReportedMoney,
    pub amount: Option<Money>,
    /// Of another currency than the payment's.
    pub is_foreign: bool,
    pub refund: Option<RefundId>,
    /// The provider's own id of the payment, where it is another.
    pub other: Option<Text>,
}

/// What a provider says of a payment's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedMoney {
    Authorised,
    Captured,
    Other,
}

/// A flag that nobody has decided about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFlag {
    /// The event that flagged the payment.
    pub at: Revision,
    pub why: Flag,
    /// The message that led to it, where a provider's did.
    pub reported: Option<Box<ProviderReport>>,
}

/// One attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How many events its stream has.
    pub events: u64,
    pub order: OrderId,
    pub check: CheckId,
    pub tender: Tender,
    /// What is to count towards the order.
    pub amount: Money,
    pub tip: Money,
    pub currency: Currency,
    pub deadline: Option<Timestamp>,
    pub state: PaymentState,
    /// Its refunds, in the order they were asked for; most payments have none.
    pub refunds: Option<Box<Vec<Refund>>>,
    /// The provider that takes it, if one does.
    pub provider: Option<Box<Provider>>,
    /// The flags that nobody has decided about, oldest first; most payments have none.
    #[expect(clippy::box_collection, reason = "8 bytes in each payment instead of 24, for what few have")]
    flags: Option<Box<Vec<OpenFlag>>>,
}

impl Payment {
    /// The most flags that are kept; of more, the oldest cannot be decided about any more.
    pub const FLAGS_MAX: usize = 64;

    /// The flags that nobody has decided about, oldest first.
    pub fn flags(&self) -> impl Iterator<Item = &OpenFlag> {
        self.flags.iter().flat_map(|flags| flags.iter())
    }

    /// The revision of the stream.
    pub fn revision(&self) -> Revision {
        Revision(self.events - 1)
    }

    /// When the engine ends it, if it is still without an outcome.
    pub fn expires(&self) -> Option<Timestamp> {
        match self.state {
            PaymentState::Initiated => self.deadline,
            // An authorisation is an answer: the provider lets go of it by itself, or its order does.
            PaymentState::Authorised
            | PaymentState::Failed
            | PaymentState::Expired
            | PaymentState::Voided
            | PaymentState::Captured
            | PaymentState::NeedsReview => None,
        }
    }

    /// Starts an attempt from its first fact.
    ///
    /// # Panics
    /// If the fact does not start one: the log is not one that this engine wrote.
    pub fn initiate(event: &PaymentEvent) -> Payment {
        let PaymentEvent::PaymentInitiated { order, tender, amount, tip, currency, deadline, check } = event else {
            panic!("{event:?} for a payment that was not initiated");
        };
        Payment {
            events: 1,
            order: *order,
            check: *check,
            tender: *tender,
            amount: *amount,
            tip: *tip,
            currency: *currency,
            deadline: *deadline,
            state: PaymentState::Initiated,
            refunds: None,
            provider: None,
            flags: None,
        }
    }

    /// What is to move: what counts towards the order, and the tip. Their sum was checked when the attempt began.
    pub fn requested(&self) -> Money {
        Money(self.amount.0 + self.tip.0)
    }

    /// Its refunds, in the order they were asked for.
    pub fn refunds(&self) -> &[Refund] {
        self.refunds.as_deref().map_or(&[], Vec::as_slice)
    }

    /// A refund by its id.
    pub fn refund(&self, refund: RefundId) -> Option<&Refund> {
        self.refunds().iter().find(|held| held.refund == refund)
    }

    /// Folds a fact.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve(&mut self, event: &PaymentEvent) {
        use PaymentEvent as E;
        use PaymentState as S;
        self.events += 1;
        let settled = self.evolve_flags(event);
        self.state = match (self.state, event) {
            (S::Initiated | S::Authorised | S::Failed | S::Expired | S::Voided, E::PaymentCaptured { .. }) => {
                S::Captured
            }
            (S::Initiated | S::Authorised, E::PaymentFailed { .. }) => S::Failed,
            (S::Initiated | S::Authorised, E::PaymentExpired) => S::Expired,
            (S::Initiated, E::PaymentAuthorised { .. }) => S::Authorised,
            (S::Initiated | S::Authorised | S::Failed | S::Expired, E::PaymentVoided) => S::Voided,
            // The attempt is over; what it comes to follows.
            (S::NeedsReview, E::PaymentReviewed { .. }) if settled.is_some_and(Flag::stops) => S::Failed,
            (
                S::Initiated | S::Authorised | S::Failed | S::Expired | S::Voided,
                E::PaymentFlagged { why: Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers },
            ) => S::NeedsReview,
            (
                state,
                E::PaymentFlagged { why: Flag::LateCapture | Flag::NotApplicable | Flag::RefundInDoubt }
                | E::PaymentOutcomeIgnored { .. }
                | E::AuthorisationRequested { .. }
                | E::ProviderEventReceived(_)
                | E::CaptureRequested { .. }
                | E::VoidRequested { .. }
                | E::PaymentDisputed
                | E::TipAdjusted { .. }
                | E::ProviderEventIgnored { .. }
                | E::PaymentReviewed { .. }
                | E::PaymentReferenceRecorded { .. },
            ) => state,
            (
                S::Captured,
                E::RefundRequested { .. }
                | E::RefundSucceeded { .. }
                | E::RefundFailed { .. }
                | E::RefundOutcomeIgnored { .. },
            ) => {
                self.evolve_refunds(event);
                S::Captured
            }
            (
                S::Captured | S::NeedsReview,
                E::PaymentCaptured { .. } | E::PaymentFailed { .. } | E::PaymentExpired | E::PaymentFlagged { .. },
            )
            | (S::Failed | S::Expired | S::Voided, E::PaymentFailed { .. } | E::PaymentExpired)
            | (S::Voided | S::Captured | S::NeedsReview, E::PaymentVoided)
            | (
                S::Authorised | S::Failed | S::Expired | S::Voided | S::Captured | S::NeedsReview,
                E::PaymentAuthorised { .. },
            )
            | (
                S::Initiated | S::Authorised | S::Failed | S::Expired | S::Voided | S::NeedsReview,
                E::RefundRequested { .. }
                | E::RefundSucceeded { .. }
                | E::RefundFailed { .. }
                | E::RefundOutcomeIgnored { .. },
            )
            | (_, E::PaymentInitiated { .. }) => panic!("{event:?} for a payment that is {self:?}"),
        };
        if let E::PaymentCaptured { amount, tip, .. } = event {
            // A person may have accepted other money than was asked for.
            (self.amount, self.tip) = (*amount, *tip);
        }
        self.evolve_provider(event);
        debug_assert!(Payment::FLAGS_MAX >= self.flags().count(), "{event:?} is one flag too many");
        debug_assert!(self.refunds().len() <= REFUNDS_MAX, "{event:?} is one refund too many");
        debug_assert!(self.refunded() <= self.requested().0, "{event:?} gives back more than came in: {self:?}");
    }

    /// What was given back or is asked back, in minor units.
    fn refunded(&self) -> i64 {
        self.refunds().iter().filter(|refund| refund.counts()).map(|refund| refund.parts.sum().0).sum()
    }

    /// Folds flags and what was decided about them; answers what a decision settles.
    fn evolve_flags(&mut self, event: &PaymentEvent) -> Option<Flag> {
        if let PaymentEvent::PaymentFlagged { why } = event {
            let at = Revision(self.events - 1);
            let reported = self.provider.as_deref_mut().and_then(|provider| provider.reported.take());
            let flags = self.flags.get_or_insert_default();
            if Payment::FLAGS_MAX <= flags.len() {
                flags.remove(0);
            }
            flags.push(OpenFlag { at, why: *why, reported });
        }
        let PaymentEvent::PaymentReviewed { flag, decision, .. } = event else { return None };
        let flags = self.flags.as_deref_mut()?;
        let index = flags.iter().position(|open| open.at == *flag)?;
        let OpenFlag { why, reported, .. } = flags.remove(index);
        if flags.is_empty() {
            self.flags = None;
        }
        // The money that was accepted, or goes back, is at the provider under its other name.
        let is_its = why == Flag::ReferenceDiffers && *decision != Decision::Dismiss;
        let other = reported.and_then(|report| report.other).filter(|_| is_its);
        if let (Some(provider), Some(other)) = (&mut self.provider, other) {
            provider.reference = Some(other);
        }
        Some(why)
    }

    /// Folds what a provider was asked, and what it said.
    fn evolve_provider(&mut self, event: &PaymentEvent) {
        if let PaymentEvent::AuthorisationRequested { account, capture, step } = event {
            self.provider = Some(Box::new(Provider {
                account: *account,
                capture: *capture,
                step: *step,
                reference: None,
                authorised: None,
                capture_requested: false,
                void_requested: false,
                is_disputed: false,
                reported: None,
            }));
            return;
        }
        let (requested, currency) = (self.requested(), self.currency);
        let Some(provider) = &mut self.provider else { return };
        if let PaymentEvent::ProviderEventReceived(message) = event {
            provider.reported = report_of(message, provider.reference.as_ref(), requested, currency).map(Box::new);
        }
        match event {
            // What the provider says of one attempt stays with that attempt: another reference is for a person.
            PaymentEvent::ProviderEventReceived(message)
                if message.said != ProviderSaid::Other && provider.reference.is_none() =>
            {
                provider.reference.clone_from(&message.reference);
            }
            PaymentEvent::PaymentAuthorised { amount } => provider.authorised = Some(*amount),
            PaymentEvent::CaptureRequested { .. } => provider.capture_requested = true,
            PaymentEvent::VoidRequested { .. } => provider.void_requested = true,
            PaymentEvent::PaymentDisputed => provider.is_disputed = true,
            PaymentEvent::TipAdjusted { tip } => self.tip = *tip,
            _ => {}
        }
    }

    fn evolve_refunds(&mut self, event: &PaymentEvent) {
        use RefundState as R;
        if let PaymentEvent::RefundRequested { refund, parts, lines, restock, .. } = event {
            let (lines, state) = (lines.clone(), R::Requested);
            let refund = Refund { refund: *refund, parts: *parts, lines, restock: *restock, state };
            self.refunds.get_or_insert_default().push(refund);
            return;
        }
        let (PaymentEvent::RefundSucceeded { refund: id }
        | PaymentEvent::RefundFailed { refund: id, .. }
        | PaymentEvent::RefundOutcomeIgnored { refund: id, .. }) = event
        else {
            panic!("{event:?} is not of a refund");
        };
        let held = self.refunds.iter_mut().flat_map(|refunds| refunds.iter_mut()).find(|held| held.refund == *id);
        let Some(refund) = held else { panic!("{event:?} for a refund that was not requested") };
        refund.state = match (refund.state, event) {
            (R::Requested | R::Failed, PaymentEvent::RefundSucceeded { .. }) => R::Succeeded,
            (R::Requested, PaymentEvent::RefundFailed { .. }) => R::Failed,
            (state, PaymentEvent::RefundOutcomeIgnored { .. }) => state,
            (_, event) => panic!("{event:?} for a refund that is {refund:?}"),
        };
    }
}

/// What is to be remembered of a message until it is known whether it is flagged; nothing of one that says what was asked for.
fn report_of(
    message: &ProviderMessage,
    reference: Option<&Text>,
    requested: Money,
    currency: Currency,
) -> Option<ProviderReport> {
    let (said, refund) = match &message.said {
        ProviderSaid::Authorised => (ReportedMoney::Authorised, None),
        ProviderSaid::Captured => (ReportedMoney::Captured, None),
        ProviderSaid::RefundSucceeded { refund } => (ReportedMoney::Other, Some(*refund)),
        ProviderSaid::Accepted
        | ProviderSaid::Failed { .. }
        | ProviderSaid::Voided
        | ProviderSaid::Disputed
        | ProviderSaid::RefundFailed { .. }
        | ProviderSaid::Other => (ReportedMoney::Other, None),
    };
    let is_foreign = message.currency.is_some_and(|said| said.code() != currency.code());
    let other = message.reference.as_ref().filter(|said| reference.is_some_and(|held| held != *said));
    let is_as_asked = message.amount.is_none_or(|amount| amount == requested) && !is_foreign && other.is_none();
    match is_as_asked && refund.is_none() {
        true => None,
        false => Some(ProviderReport { said, amount: message.amount, is_foreign, refund, other: other.cloned() }),
    }
}
