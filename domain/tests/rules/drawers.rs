//! Rules of drawers.

use crate::generate::DRAWERS;
use crate::holds_in_shifts;
use crate::model::Model;
use crate::support::drawer;
use domain::command::{DrawerCommand, Method, PaymentCommand, RefundOutcome, StoreCommand};
use domain::event::{DrawerEvent, Event, OrderEvent, PaymentEvent, Tender};
use domain::money::Money;
use domain::refused::Refused;

#[test]
fn d1_cash_needs_an_open_shift() {
    holds_in_shifts("d1_cash_needs_an_open_shift", 60, |model: &Model, step, _| {
        let open = model.drawers.values().filter(|drawer| drawer.is_open).count();
        if step.outcome == Err(Refused::ShiftRequired) {
            assert!(open != 1);
            return true;
        }
        let mut cash: i64 = 0;
        let mut booked: i64 = 0;
        for event in step.events() {
            match event {
                Event::Payment(_, PaymentEvent::PaymentCaptured { amount, tip, tendered: Some(_), .. }) => {
                    cash += amount.0 + tip.0;
                }
                Event::Order(_, OrderEvent::RefundRecorded { tender: Tender::Cash, parts, .. }) => {
                    cash -= parts.sum().0
                }
                Event::Drawer(_, DrawerEvent::CashSaleRecorded { amount, .. }) => booked += amount.0,
                Event::Drawer(_, DrawerEvent::CashRefundRecorded { amount, .. }) => booked -= amount.0,
                _ => {}
            }
        }
        // What moved in cash is in a drawer in the same commit, and in one that is open; it is named where two are.
        assert_eq!(cash, booked, "{:?}", step.events());
        let is_named = matches!(
            step.payment(),
            Some((
                _,
                PaymentCommand::RecordRefundOutcome { outcome: RefundOutcome::Succeeded { drawer: Some(_) }, .. }
            ))
        );
        assert!(cash == 0 || open == 1 || (is_named && 0 < open));
        match step.payment() {
            Some((_, PaymentCommand::Initiate { method: Method::Cash { .. }, .. })) => step.outcome.is_ok(),
            _ => false,
        }
    });
}

#[test]
fn d2_expected_is_what_went_through() {
    holds_in_shifts("d2_expected_is_what_went_through", 40, |model: &Model, step, world| {
        let after = model.after(step.events());
        let open = after.drawers.values().filter(|drawer| drawer.is_open);
        assert_eq!(open.map(|drawer| drawer.expected()).sum::<i128>(), after.cash, "{step:?}");
        for id in DRAWERS.map(drawer) {
            let held = world.open().drawer(id).and_then(|drawer| drawer.open);
            let Some(model) = after.drawers.get(&id).filter(|drawer| drawer.is_open) else {
                assert_eq!(held, None);
                continue;
            };
            let held = held.expect("it is open");
            assert_eq!((i128::from(held.expected.0), held.number), (model.expected(), model.shifts), "{id}");
        }
        match (&step.command, &step.outcome) {
            (_, Ok(events)) => events.iter().any(|event| match event {
                Event::Drawer(id, DrawerEvent::ShiftClosed { expected, counted, over_short, .. }) => {
                    let before = &model.drawers[id];
                    assert_eq!(i128::from(expected.0), before.expected());
                    assert_eq!(over_short.0, counted.0 - expected.0);
                    true
                }
                _ => false,
            }),
            (domain::command::Command::Store(_, StoreCommand::Drawer(id, command)), Err(refused)) => {
                let is_open = model.drawers.get(id).is_some_and(|drawer| drawer.is_open);
                let change = match command {
                    DrawerCommand::PaidIn { amount, .. } => amount.0,
                    DrawerCommand::PaidOut { amount, .. } => -amount.0,
                    DrawerCommand::OpenShift { .. }
                    | DrawerCommand::NoSale { .. }
                    | DrawerCommand::CloseShift { .. }
                    | DrawerCommand::Remove => 0,
                };
                let expected = match command {
                    DrawerCommand::OpenShift { .. } => {
                        assert!(is_open);
                        Refused::ShiftOpen { drawer: *id }
                    }
                    _ if !is_open => Refused::ShiftNotOpen { drawer: *id },
                    // What a drawer holds is a sum of money, and one has its bounds.
                    _ => {
                        let sum = model.drawers[id].expected() + i128::from(change);
                        assert!(i128::from(Money::MAX_ABS) < sum.abs(), "{sum} fits");
                        Refused::AmountTooLarge
                    }
                };
                assert_eq!(*refused, expected);
                false
            }
            (_, Err(_)) => false,
        }
    });
}
