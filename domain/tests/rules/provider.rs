//! Rules of payments that a provider takes, whatever it says and in whatever order.

use crate::life::Step;
use crate::model::{Model, Payment, Rank, State};
use crate::{holds_at_the_provider, holds_under_review};
use domain::command::{PaymentCommand, ProviderCommand};
use domain::event::{
    Decision, Event, Flag, IgnoredMessage, OrderEvent, PaymentEvent, ProviderMessage, ProviderSaid, VoidReason,
};
use domain::ids::PaymentId;
use domain::payment::PaymentState;
use std::collections::BTreeMap;

/// What the provider says in a step about a payment it takes.
fn said<'a>(model: &'a Model, step: &'a Step) -> Option<(PaymentId, &'a ProviderMessage, &'a Payment)> {
    let (id, PaymentCommand::Provider(ProviderCommand::Record { message, .. })) = step.payment()? else { return None };
    step.outcome.as_ref().ok()?;
    Some((id, message, model.payments.get(&id)?))
}

fn ignored(step: &Step) -> Option<IgnoredMessage> {
    step.events().iter().find_map(|event| match event {
        Event::Payment(_, PaymentEvent::ProviderEventIgnored { why }) => Some(*why),
        _ => None,
    })
}

#[test]
fn p1_captured_within_authorised() {
    holds_at_the_provider("p1_captured_within_authorised", 3, |model, step, _| {
        let mut was_tested = false;
        for event in step.events() {
            let Event::Payment(id, PaymentEvent::PaymentCaptured { amount, tip, .. }) = event else { continue };
            let Some(payment) = model.payments.get(id) else { continue };
            assert_ne!(payment.rank, Rank::Moved, "{id} moved twice");
            if let Some(authorised) = payment.authorised {
                let captured = i128::from(amount.0) + i128::from(tip.0);
                assert!(captured <= authorised + i128::from(amount.0) / 2, "{payment:?}");
                was_tested = true;
            }
        }
        was_tested
    });
}

/// The engine lets a message in once; what says the same under another id changes nothing either.
#[test]
fn p4_what_is_known_counts_once() {
    holds_at_the_provider("p4_what_is_known_counts_once", 60, |model, step, world| {
        let Some((id, message, _)) = said(model, step) else { return false };
        let mut again = world.clone();
        let before = again.open().payment(id).expect("it is known").clone();
        let order = again.open().order(before.order).expect("it is known").clone();
        let events = again.run(&step.command, &step.context).expect("what was said can be said again");
        let after = again.open().payment(id).expect("it is known");
        assert_eq!(after.events, before.events + events.len() as u64, "only its own stream grows");
        assert_eq!((after.state, after.amount, after.tip), (before.state, before.amount, before.tip));
        assert_eq!(after.refunds, before.refunds);
        assert_eq!(again.open().order(before.order), Some(&order), "no order changes");
        matches!(message.said, ProviderSaid::Captured | ProviderSaid::RefundSucceeded { .. } | ProviderSaid::Authorised)
    });
}

#[test]
fn p5_rank_never_falls_by_what_a_provider_says() {
    holds_at_the_provider("p5_rank_never_falls_by_what_a_provider_says", 25, |model, step, world| {
        let after = model.after(step.events());
        for (id, payment) in &model.payments {
            assert!(payment.rank <= after.payments[id].rank, "{id}");
        }
        for (id, payment) in &after.payments {
            let rank = match world.open().payment(*id).expect("it is known").state {
                PaymentState::Initiated => Rank::Initiated,
                PaymentState::Authorised => Rank::Authorised,
                PaymentState::Failed | PaymentState::Expired => Rank::FailedOrExpired,
                PaymentState::Voided => Rank::Voided,
                PaymentState::Captured | PaymentState::NeedsReview => Rank::Moved,
            };
            assert_eq!(rank, payment.rank);
        }
        let Some((id, message, before)) = said(model, step) else { return false };
        let is_asked = |event: &&Event| matches!(event, Event::Payment(of, PaymentEvent::VoidRequested { why: VoidReason::LateAuthorisation }) if *of == id);
        match (&message.said, before.rank) {
            // A late authorisation is let go of, once.
            (ProviderSaid::Authorised, Rank::FailedOrExpired | Rank::Voided) => {
                let asked = step.events().iter().filter(is_asked).count();
                assert!(asked == 1 || ignored(step) == Some(IgnoredMessage::Outranked));
            }
            (ProviderSaid::Failed { .. }, Rank::Moved | Rank::Voided) => assert!(ignored(step).is_some()),
            // Money that moved is a fact.
            (ProviderSaid::Captured, Rank::FailedOrExpired | Rank::Voided) => {
                assert_eq!(after.payments[&id].rank, Rank::Moved);
            }
            _ => return false,
        }
        true
    });
}

#[test]
fn p6_no_order_is_revived_by_a_provider() {
    holds_at_the_provider("p6_no_order_is_revived_by_a_provider", 6, |model, step, _| {
        let after = model.after(step.events());
        for (id, order) in &model.orders {
            assert!(!order.state.is_closed() || order.state == after.orders[id].state, "{id} was revived");
        }
        let Some((id, _, before)) = said(model, step) else { return false };
        let is_captured =
            step.events().iter().any(|event| matches!(event, Event::Payment(_, PaymentEvent::PaymentCaptured { .. })));
        if !is_captured || !model.orders[&before.order].state.is_closed() {
            return false;
        }
        let mut asked_back = 0;
        for event in step.events() {
            match event {
                Event::Stock(_) => panic!("{event:?} for an order that is closed"),
                Event::Payment(_, PaymentEvent::RefundRequested { parts, .. }) => {
                    assert_eq!((parts.applied.0, parts.tip.0), (0, 0));
                    asked_back += i128::from(parts.unapplied.0);
                }
                _ => {}
            }
        }
        assert_eq!(asked_back, after.payments[&id].captured, "all of it is asked back");
        true
    });
}

#[test]
fn p7_what_differs_is_not_paid() {
    holds_at_the_provider("p7_what_differs_is_not_paid", 8, |model, step, _| {
        let Some((id, message, before)) = said(model, step) else { return false };
        let is_money = matches!(message.said, ProviderSaid::Captured);
        let is_other_sum = message.amount.is_some_and(|amount| i128::from(amount.0) != before.amount + before.tip);
        if !is_money || before.rank == Rank::Moved || !(is_other_sum || message.currency.is_some()) {
            return false;
        }
        let after = model.after(step.events());
        assert!(after.payments[&id].needs_review && after.payments[&id].captured == 0);
        assert!(step.events().iter().all(|event| !matches!(event, Event::Order(..) | Event::Stock(_))));
        assert!(step.events().iter().any(|event| matches!(
            event,
            Event::Payment(
                _,
                PaymentEvent::PaymentFlagged {
                    why: Flag::AmountDiffers { .. } | Flag::CurrencyDiffers | Flag::ReferenceDiffers
                }
            )
        )));
        true
    });
}

#[test]
fn p8_money_is_conserved_at_the_provider() {
    holds_at_the_provider("p8_money_is_conserved_at_the_provider", 50, |model, step, _| {
        let after = model.after(step.events());
        let mut captured: BTreeMap<_, i128> = BTreeMap::new();
        for payment in after.payments.values() {
            *captured.entry(payment.order).or_default() += payment.captured;
            let back = payment.back(|refund| refund.parts.sum().0.into());
            assert!(back <= payment.captured, "{payment:?}");
        }
        for (id, order) in &after.orders {
            let sum = captured.get(id).copied().unwrap_or_default();
            assert_eq!(sum, order.applied + order.tips + order.unapplied, "{id} {order:?}");
        }
        captured.values().any(|sum| 0 < *sum)
    });
}

/// What a person decides is a fact of its own: it names the flag that it settles, and changes none that was there.
#[test]
fn a2_corrections_name_the_corrected() {
    holds_under_review("a2_corrections_name_the_corrected", 42, |model, step, world| {
        let after = model.after(step.events());
        let mut decided = vec![];
        for event in step.events() {
            let Event::Payment(id, PaymentEvent::PaymentReviewed { flag, decision, .. }) = event else { continue };
            let before = model.payments.get(id).expect("a payment is flagged first");
            assert!(before.flags.contains_key(&flag.0), "{flag:?} of {id} was none, or decided about already");
            assert!(!after.payments[id].flags.contains_key(&flag.0));
            assert!(before.events <= after.payments[id].events, "nothing is taken out of the stream");
            decided.push((*id, *decision));
        }
        for (id, payment) in &after.payments {
            let held = world.open().payment(*id).expect("it is known");
            assert!(held.flags().map(|flag| flag.at.0).eq(payment.flags.keys().copied()), "{held:?} {payment:?}");
            assert_eq!(payment.needs_review, held.state == PaymentState::NeedsReview);
            assert!(payment.needs_review || !payment.flags.values().any(|stops| *stops));
            let back = payment.back(|refund| refund.parts.sum().0.into());
            assert!(back <= payment.captured, "{payment:?}");
        }
        // Whatever was decided, no money is lost and none is made (rules P8, P9).
        for (id, order) in &after.orders {
            let of = after.payments.values().filter(|payment| payment.order == *id);
            assert_eq!(of.map(|payment| payment.captured).sum::<i128>(), order.applied + order.tips + order.unapplied);
            let (due, overpaid) = order.balance();
            assert!(due == 0 || overpaid == 0);
        }
        for (id, decision) in &decided {
            let (before, after) = (&model.payments[id], &after.payments[id]);
            let unapplied = after.back(|refund| refund.parts.unapplied.0.into());
            match decision {
                Decision::Dismiss => assert_eq!(before.captured, after.captured),
                Decision::Refund if before.captured < after.captured => {
                    assert_eq!((after.captured, after.unapplied), (unapplied, unapplied), "{after:?}");
                }
                Decision::Refund | Decision::Accept => {}
            }
        }
        !decided.is_empty()
    });
}

#[test]
fn p9_due_is_explicit_at_the_provider() {
    holds_at_the_provider("p9_due_is_explicit_at_the_provider", 50, |model, step, world| {
        let after = model.after(step.events());
        for (id, order) in &after.orders {
            let (due, overpaid) = order.balance();
            if let Ok(live) = world.open().order(*id).expect("it is known").live() {
                assert_eq!(
                    (i128::from(live.due().0), i128::from(live.overpaid().0)),
                    (due, overpaid),
                    "{id} {order:?}"
                );
            }
            assert!(order.state != State::Completed || due == 0);
        }
        step.events().iter().any(|event| matches!(event, Event::Order(_, OrderEvent::PaymentApplied { .. })))
    });
}
