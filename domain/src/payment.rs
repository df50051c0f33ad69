//! A payment: one attempt to pay.

use crate::calendar::Timestamp;
use crate::check::CheckId;
use crate::event::{PaymentEvent, Tender};
use crate::ids::{OrderId, RefundId, Revision};
use crate::money::{Currency, Money};
use crate::refund::{Refund, RefundState};

/// How far an attempt got. Its rank never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// No outcome yet.
    Initiated,
    /// No money moved.
    Failed,
    /// No answer in time.
    Expired,
    /// Money moved.
    Captured,
    /// Another amount moved than was asked for: a person decides.
    NeedsReview,
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
            PaymentState::Failed | PaymentState::Expired | PaymentState::Captured | PaymentState::NeedsReview => None,
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
        }
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
        use PaymentState as S;
        self.events += 1;
        self.state = match (self.state, event) {
            (S::Initiated | S::Failed | S::Expired, PaymentEvent::PaymentCaptured { .. }) => S::Captured,
            (S::Initiated, PaymentEvent::PaymentFailed { .. }) => S::Failed,
            (S::Initiated, PaymentEvent::PaymentExpired) => S::Expired,
            (state, PaymentEvent::PaymentFlagged { why: crate::event::Flag::AmountDiffers { .. } }) => match state {
                S::Initiated | S::Failed | S::Expired => S::NeedsReview,
                S::Captured | S::NeedsReview => panic!("{event:?} for a payment that is {self:?}"),
            },
            (state, PaymentEvent::PaymentFlagged { .. } | PaymentEvent::PaymentOutcomeIgnored { .. }) => state,
            (
                S::Captured,
                PaymentEvent::RefundRequested { .. }
                | PaymentEvent::RefundSucceeded { .. }
                | PaymentEvent::RefundFailed { .. }
                | PaymentEvent::RefundOutcomeIgnored { .. },
            ) => {
                self.evolve_refunds(event);
                S::Captured
            }
            (
                S::Captured | S::NeedsReview,
                PaymentEvent::PaymentCaptured { .. }
                | PaymentEvent::PaymentFailed { .. }
                | PaymentEvent::PaymentExpired,
            )
            | (S::Failed | S::Expired, PaymentEvent::PaymentFailed { .. } | PaymentEvent::PaymentExpired)
            | (
                S::Initiated | S::Failed | S::Expired | S::NeedsReview,
                PaymentEvent::RefundRequested { .. }
                | PaymentEvent::RefundSucceeded { .. }
                | PaymentEvent::RefundFailed { .. }
                | PaymentEvent::RefundOutcomeIgnored { .. },
            )
            | (_, PaymentEvent::PaymentInitiated { .. }) => panic!("{event:?} for a payment that is {self:?}"),
        };
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
