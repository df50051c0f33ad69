//! A3: what is for practice is in no report, and in every list it says what it is.

use crate::world::*;
use domain::command::Outcome;
use domain::event::Event;
use projections::{OrderFilter, PageRequest, PaymentFilter, Projection};
use proptest::prelude::*;

/// What money and goods are read from.
const BOOKS: [Projection; 3] = [Projection::Sales, Projection::Catalog, Projection::Drawers];

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a3_training_reaches_no_view_of_the_books(real in steps(60), practice in steps(60)) {
        let (mut alone, mut both) = (World::furnished(), World::furnished());
        let mut lessons = practice.iter();
        for step in &real {
            alone.step(step);
            both.step(step);
            lessons.next().iter().for_each(|lesson| drop(both.practise(lesson)));
        }
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let alone = projected(dirs[0].path(), &alone.reader, NEVER);
        let both = projected(dirs[1].path(), &both.reader, NEVER);
        for projection in BOOKS {
            prop_assert_eq!(both.dump(projection).unwrap(), alone.dump(projection).unwrap());
        }
        // Nothing is hidden: the orders are all there, and only those for practice are more.
        let orders = |of: &projections::Projections| -> Vec<String> { of.dump(Projection::Orders).unwrap() };
        let (alone, both) = (orders(&alone), orders(&both));
        // Rows are told in hexadecimal.
        let practice: String = "practice_".bytes().map(|byte| format!("{byte:02x}")).collect();
        let real: Vec<String> = both.into_iter().filter(|row| !row.contains(&practice)).collect();
        prop_assert_eq!(real, alone);
    }
}

#[test]
fn a3_training_is_told_in_every_list() {
    let mut world = World::furnished();
    let rights = domain::staff::Rights::of([domain::staff::Right::Training]);
    let staff = domain::ids::ActorId::parse("ana").expect("an id");
    world.must(access(domain::command::AccessCommand::PutStaff { staff, rights, discount_limit: None }));
    let lines = || vec![line(0, "pizza", 1_000)];
    let new = domain::command::NewOrder { training: true, ..new_order(lines(), true) };
    world.must(open(1, new));
    world.must(pay(1, 1, None, 0, card()));
    let paid = world.must(outcome(1, Outcome::Captured { amount: None, reference: None }));
    assert!(paid.iter().any(|event| matches!(event, Event::Order(..))));
    world.must(open(2, new_order(lines(), true)));
    world.must(pay(2, 2, None, 0, cash()));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let page = PageRequest { cursor: None, limit: 10 };
    let orders = projections.orders(tenant(), store(), &OrderFilter::default(), &page).unwrap().value.entries;
    let flags: Vec<_> = orders.iter().map(|order| (order.order_id.0 == order_id(1), order.training)).collect();
    assert_eq!(flags.len(), 2);
    assert!(flags.iter().all(|(is_first, training)| is_first == training), "{flags:?}");
    let payments = projections.payments(tenant(), store(), &PaymentFilter::default(), &page).unwrap().value.entries;
    assert!(payments.iter().all(|payment| payment.training == (payment.payment_id.0 == payment_id(1))));
    for number in [1, 2] {
        let order = projections.order(tenant(), store(), order_id(number)).unwrap().value.unwrap();
        assert_eq!(order.training, number == 1);
    }
}
