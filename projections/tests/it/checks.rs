//! What is due on an order and on each of its checks is shown as the writer has it.

use crate::world::*;
use domain::command::OrderCommand;
use domain::money::Money;
use projections::Projections;
use proptest::prelude::*;
use schemas::views::{CheckState, OrderState, OrderView};

fn view(projections: &Projections, number: u32) -> OrderView {
    projections.order(tenant(), store(), order_id(number)).unwrap().value.expect("an order")
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_is_due_is_shown_as_the_writer_has_it(steps in steps(120)) {
        let mut world = World::furnished();
        for step in &steps {
            world.step(step);
        }
        let dir = tempfile::tempdir().unwrap();
        let projections = projected(dir.path(), &world.reader, NEVER);
        for number in 0..12 {
            let Some(Ok(held)) = world.stores[&store()].order(order_id(number)).map(|slot| slot.live()) else { continue };
            let shown = view(&projections, number);
            if !matches!(shown.state, OrderState::Placed | OrderState::Completed) {
                continue;
            }
            prop_assert_eq!((Money(shown.due), Money(shown.overpaid)), (held.due(), held.overpaid()), "order {}", number);
            let checks = shown.checks.iter().map(|check| (check.check_id, check.total, check.due, check.overpaid));
            let balances = held.balances();
            let balances = balances.iter().map(|held| (held.check.number(), held.total.0, held.due.0, held.overpaid.0));
            prop_assert_eq!(checks.collect::<Vec<_>>(), balances.collect::<Vec<_>>(), "order {}", number);
            for check in &shown.checks {
                prop_assert_eq!(check.state == CheckState::Paid, check.due == 0);
                prop_assert_eq!(check.total, check.net + check.tax_exclusive + check.charges);
            }
        }
    }
}

#[test]
fn checks_are_open_until_nothing_is_due_on_them() {
    let mut world = World::furnished();
    let lines = vec![line(0, "pizza", 2_000), line(1, "water", 1_000)];
    world.must(open(1, new_order(lines, false)));
    world.must(order(1, OrderCommand::SplitEvenly(domain::check::CheckId::new(2).unwrap())));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let checks = |projections: &Projections| -> Vec<_> {
        let shown = view(projections, 1);
        shown.checks.iter().map(|check| (check.check_id, check.state, check.paid, check.due)).collect()
    };
    let halves = checks(&projections);
    let [(1, CheckState::Open, 0, one), (2, CheckState::Open, 0, two)] = halves[..] else { panic!("{halves:?}") };
    assert_eq!(one + two, 2_300 + 199);
    world.must(order(1, OrderCommand::Place(Default::default())));
    world.must(pay(1, 1, Some(one), 0, cash()));
    caught_up(&projections, &world.reader);
    assert_eq!(checks(&projections), [(1, CheckState::Paid, one, 0), (2, CheckState::Open, 0, two)]);
    world.must(pay(2, 1, None, 0, cash()));
    caught_up(&projections, &world.reader);
    assert_eq!(checks(&projections), [(1, CheckState::Paid, one, 0), (2, CheckState::Paid, two, 0)]);
}
