//! Rules of payments.

use crate::life::{Life, is_cash};
use crate::model::{Back, Model, Rank, State};
use crate::{holds, holds_at_each_step, holds_when_paying};
use domain::command::{Method, Outcome, PaymentCommand};
use domain::event::{Event, Flag, NotApplicable, OrderEvent, PayMode, PaymentEvent};
use domain::ids::PaymentId;
use domain::refused::Refused;
use std::collections::BTreeMap;

#[test]
fn p1_captured_once() {
    holds("p1_captured_once", 52, |day| {
        let mut captured: BTreeMap<PaymentId, u32> = BTreeMap::new();
        Life::new(day).live(day, |model, step, _| {
            let after = model.after(step.events());
            for event in step.events() {
                if let Event::Payment(id, PaymentEvent::PaymentCaptured { amount, tip, .. }) = event {
                    let asked = &after.payments[id];
                    assert_eq!((i128::from(amount.0), i128::from(tip.0)), (asked.amount, asked.tip));
                    assert!(0 < amount.0 && 0 <= tip.0);
                    *captured.entry(*id).or_default() += 1;
                }
            }
        });
        assert!(captured.values().all(|times| *times == 1), "{captured:?}");
        !captured.is_empty()
    });
}

#[test]
fn p2_cash_change() {
    holds_at_each_step("p2_cash_change", 46, |_, step, _| {
        let Some((_, PaymentCommand::Initiate { method: Method::Cash { tendered, .. }, .. })) = step.payment() else {
            return false;
        };
        if let Err(Refused::TenderedTooLittle { needed }) = &step.outcome {
            assert!(tendered.is_some_and(|tendered| tendered < *needed));
            return true;
        }
        let mut tested = false;
        for event in step.events() {
            match event {
                Event::Payment(_, PaymentEvent::PaymentInitiated { tender, .. }) => assert!(is_cash(tender)),
                Event::Payment(_, PaymentEvent::PaymentCaptured { amount, tip, tendered: got, change }) => {
                    let (got, change) = (got.expect("cash has it"), change.expect("cash has it"));
                    assert!(tendered.is_none_or(|tendered| tendered == got));
                    assert!(amount.0 + tip.0 <= got.0);
                    assert_eq!(change.0, got.0 - amount.0 - tip.0);
                    tested = true;
                }
                _ => {}
            }
        }
        assert!(tested || step.outcome.is_err(), "cash is captured at once");
        tested
    });
}

#[test]
fn p5_rank_never_falls() {
    holds_when_paying("p5_rank_never_falls", 40, |model, step, world| {
        let after = model.after(step.events());
        for (id, payment) in &model.payments {
            assert!(payment.rank <= after.payments[id].rank, "{id}");
        }
        for (id, payment) in &after.payments {
            use domain::payment::PaymentState as S;
            let rank = match world.open().payment(*id).expect("it is known").state {
                S::Initiated => Rank::Initiated,
                S::Authorised => Rank::Authorised,
                S::Failed | S::Expired => Rank::FailedOrExpired,
                S::Voided => Rank::Voided,
                S::Captured | S::NeedsReview => Rank::Moved,
            };
            assert_eq!(rank, payment.rank);
        }
        // Something that comes after an outcome is the test: it is kept, and changes no money but by a late capture.
        let Some((id, PaymentCommand::RecordOutcome(outcome))) = step.payment() else { return false };
        let Some(before) = model.payments.get(&id).filter(|payment| payment.rank != Rank::Initiated) else {
            return false;
        };
        let kinds: Vec<&Event> = step.events().iter().collect();
        match (before.rank, outcome) {
            (Rank::Moved, _) => assert!(
                step.is_refused_as(|refused| *refused == Refused::CashSettled)
                    || matches!(kinds[..], [Event::Payment(_, PaymentEvent::PaymentOutcomeIgnored { .. })])
            ),
            (_, Outcome::Failed { .. }) => assert!(step.outcome.is_ok() && kinds.is_empty()),
            (_, Outcome::Captured { .. }) => assert!(Rank::Moved == after.payments[&id].rank),
        }
        true
    });
}

/// Whether a step captured money for an order that could take none of it any more.
fn is_in_vain(model: &Model, event: &Event) -> bool {
    match event {
        Event::Payment(id, PaymentEvent::PaymentCaptured { .. }) => {
            model.payments.get(id).is_some_and(|payment| model.orders[&payment.order].state.is_closed())
        }
        _ => false,
    }
}

#[test]
fn p6_no_order_is_revived() {
    holds_when_paying("p6_no_order_is_revived", 2, |model, step, _| {
        let Some(captured) = step.events().iter().find(|event| is_in_vain(model, event)) else { return false };
        let Event::Payment(id, _) = captured else { unreachable!("it is a payment's") };
        let payment = &model.payments[id];
        let why = match model.state(payment.order) {
            Some(State::Cancelled) => NotApplicable::OrderCancelled,
            _ => NotApplicable::NothingDue,
        };
        let after = model.after(step.events());
        assert_eq!(after.state(payment.order), model.state(payment.order));
        let mut flags = vec![];
        let mut refused = None;
        let mut asked_back = None;
        for event in step.events() {
            match event {
                Event::Stock(_) => panic!("{event:?} for an order that is closed"),
                Event::Payment(_, PaymentEvent::PaymentFlagged { why }) => flags.push(*why),
                Event::Payment(of, PaymentEvent::RefundRequested { parts, .. }) => {
                    assert_eq!((of, parts.applied.0, parts.tip.0), (id, 0, 0));
                    asked_back = Some(i128::from(parts.unapplied.0));
                }
                Event::Order(_, OrderEvent::PaymentNotApplicable { unapplied, why, .. }) => {
                    refused = Some((i128::from(unapplied.0), *why));
                }
                _ => {}
            }
        }
        assert_eq!(refused, Some((payment.amount + payment.tip, why)), "all of it is to be given back");
        assert_eq!(asked_back, Some(payment.amount + payment.tip), "the engine asks for it by itself");
        assert!(flags.contains(&Flag::NotApplicable));
        assert_eq!(flags.contains(&Flag::LateCapture), payment.rank == Rank::FailedOrExpired);
        true
    });
}

#[test]
fn p7_other_amount_is_not_paid() {
    holds_when_paying("p7_other_amount_is_not_paid", 18, |model, step, _| {
        let Some((id, PaymentCommand::RecordOutcome(Outcome::Captured { amount: Some(said), reference: None }))) =
            step.payment()
        else {
            return false;
        };
        let Some(payment) = model.payments.get(&id).filter(|payment| payment.rank != Rank::Moved) else { return false };
        let requested = payment.amount + payment.tip;
        if i128::from(said.0) == requested {
            return false;
        }
        match step.events() {
            [
                Event::Payment(
                    _,
                    PaymentEvent::PaymentFlagged { why: Flag::AmountDiffers { requested: was, captured } },
                ),
            ] => {
                assert_eq!((i128::from(was.0), captured), (requested, said));
            }
            events => panic!("{events:?} for another amount"),
        }
        assert!(model.after(step.events()).payments[&id].needs_review);
        true
    });
}

#[test]
fn p8_money_is_conserved() {
    holds_at_each_step("p8_money_is_conserved", 52, |model, step, _| {
        if step.events().is_empty() {
            return false;
        }
        let after = model.after(step.events());
        let mut captured: BTreeMap<_, i128> = BTreeMap::new();
        for payment in after.payments.values() {
            *captured.entry(payment.order).or_default() += payment.captured;
        }
        for (id, order) in &after.orders {
            let sum = captured.get(id).copied().unwrap_or_default();
            assert_eq!(sum, order.applied + order.tips + order.unapplied, "{id} {order:?}");
        }
        for payment in after.payments.values() {
            // Every refund says where it comes from and takes no more than there is; none of the rest stays behind.
            let back = payment.back(|refund| refund.parts.unapplied.0.into());
            let has_failed = payment.refunds.values().any(|refund| refund.state == Back::Failed);
            assert!(back <= payment.unapplied && (back == payment.unapplied || has_failed), "{payment:?}");
        }
        captured.values().any(|sum| 0 < *sum)
    });
}

#[test]
fn p9_due_is_explicit() {
    holds_at_each_step("p9_due_is_explicit", 65, |model, step, world| {
        if step.events().is_empty() {
            return false;
        }
        let after = model.after(step.events());
        for (id, order) in &after.orders {
            let (due, overpaid) = order.balance();
            assert!(due == 0 || overpaid == 0, "{id} {order:?}");
            let slot = world.open().order(*id).expect("it is known");
            if let Ok(live) = slot.live() {
                assert_eq!((i128::from(live.due().0), i128::from(live.overpaid().0)), (due, overpaid));
                // Where nothing is due any more the order is settled in the same commit, unless it is a tab (rule O14).
                let is_tab = order.pay_mode == PayMode::Later;
                assert!(order.state == State::Open || 0 < due || is_tab);
            }
            // What it has too much stays named when it is settled, until it is given back.
            if order.state == State::Completed {
                let named: i128 = slot.overpaid().iter().map(|(_, overpaid)| i128::from(overpaid.0)).sum();
                assert_eq!((due, named), (0, overpaid), "{id} {order:?}");
            }
        }
        step.events().iter().any(|event| match event {
            Event::Order(id, OrderEvent::PaymentApplied { .. }) => 0 < after.orders[id].balance().0,
            Event::Order(_, OrderEvent::OrderCompleted { .. }) => true,
            _ => false,
        })
    });
}
