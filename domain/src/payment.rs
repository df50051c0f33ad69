//! A payment: one attempt to pay.

use crate::calendar::Timestamp;
use crate::check::CheckId;
use crate::event::{Capture, Flag, PaymentEvent, ProviderSaid, Tender};
use crate::ids::{AccountId, OrderId, RefundId, Revision, Text};
use crate::money::{Currency, Money};
use crate::refund::{Refund, RefundState};

/// How far an attempt got. Its rank never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// No outcome yet.
    Initiated,
    /// A provider has set the money aside.
    Authorised,
    /// No money moved.
    Failed,
    /// No answer in time.
    Expired,
    /// A provider let go of what it had set aside.
    Voided,
    /// Money moved.
    Captured,
    /// Another amount moved than was asked for: a person decides.
    NeedsReview,
}

/// What is known of a payment that a provider takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The account at the provider.
    pub account: AccountId,
    /// When it takes the money.
    pub capture: Capture,
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
}

/// One attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// How many events its stream has.
    pub events: u64,
    /// The order it is for.
    pub order: OrderId,
    /// The check it is for.
    pub check: CheckId,
    /// How.
    pub tender: Tender,
    /// What is to count towards the order.
    pub amount: Money,
    /// The tip on top.
    pub tip: Money,
    /// The currency.
    pub currency: Currency,
    /// When it ends unanswered.
    pub deadline: Option<Timestamp>,
    /// How far it got.
    pub state: PaymentState,
    /// Its refunds, in the order they were asked for; most payments have none.
    pub refunds: Option<Box<Vec<Refund>>>,
    /// The provider that takes it, if one does.
    pub provider: Option<Box<Provider>>,
}

impl Payment {
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
        self.state = match (self.state, event) {
            (S::Initiated | S::Authorised | S::Failed | S::Expired | S::Voided, E::PaymentCaptured { .. }) => {
                S::Captured
            }
            (S::Initiated | S::Authorised, E::PaymentFailed { .. }) => S::Failed,
            (S::Initiated | S::Authorised, E::PaymentExpired) => S::Expired,
            (S::Initiated, E::PaymentAuthorised { .. }) => S::Authorised,
            (S::Initiated | S::Authorised | S::Failed | S::Expired, E::PaymentVoided) => S::Voided,
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
                | E::ProviderEventIgnored { .. },
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
        self.evolve_provider(event);
    }

    /// Folds what a provider was asked, and what it said.
    fn evolve_provider(&mut self, event: &PaymentEvent) {
        if let PaymentEvent::AuthorisationRequested { account, capture } = event {
            self.provider = Some(Box::new(Provider {
                account: *account,
                capture: *capture,
                reference: None,
                authorised: None,
                capture_requested: false,
                void_requested: false,
                is_disputed: false,
            }));
            return;
        }
        let Some(provider) = &mut self.provider else { return };
        match event {
            // What the provider says of one attempt stays with that attempt: another reference is for a person.
            PaymentEvent::ProviderEventReceived(message) if message.said != ProviderSaid::Other => {
                if provider.reference.is_none() {
                    provider.reference.clone_from(&message.reference);
                }
            }
            PaymentEvent::PaymentAuthorised { amount } => provider.authorised = Some(*amount),
            PaymentEvent::CaptureRequested { .. } => provider.capture_requested = true,
            PaymentEvent::VoidRequested { .. } => provider.void_requested = true,
            PaymentEvent::PaymentDisputed => provider.is_disputed = true,
            PaymentEvent::TipAdjusted { tip } => self.tip = *tip,
            PaymentEvent::AuthorisationRequested { .. }
            | PaymentEvent::ProviderEventReceived(_)
            | PaymentEvent::PaymentVoided
            | PaymentEvent::ProviderEventIgnored { .. }
            | PaymentEvent::PaymentInitiated { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentExpired
            | PaymentEvent::PaymentFlagged { .. }
            | PaymentEvent::PaymentOutcomeIgnored { .. }
            | PaymentEvent::RefundRequested { .. }
            | PaymentEvent::RefundSucceeded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundOutcomeIgnored { .. } => {}
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
