//! The kitchen is shown as the writer has it, and what is voided or given away is booked when it happens.

use crate::world::*;
use domain::calendar::Date;
use domain::command::{Fire, NewComp, OrderCommand, StoreCommand, TicketCommand};
use domain::event::PayMode;
use domain::ids::{DiscountId, LineId, StationId, TableId, TicketId};
use domain::kitchen::{Kitchen, Prep};
use domain::money::QtyMilli;
use domain::store::Settings;
use projections::{OrderFilter, PageRequest, Projections, SalesBy, SalesDate, SalesQuery};
use proptest::prelude::*;
use schemas::views::{OrderView, PrepState, TicketState, TicketView};

fn view(projections: &Projections, number: u32) -> OrderView {
    projections.order(tenant(), store(), order_id(number)).unwrap().value.expect("an order")
}

fn board(projections: &Projections, station: &str) -> Vec<TicketView> {
    projections.board(tenant(), store(), id(StationId::parse, station), &PageRequest::default()).unwrap().value.entries
}

/// What a view says of the units of its lines.
fn units_shown(order: &OrderView) -> Vec<(LineId, [i64; 4])> {
    let units = |line: &schemas::views::LineView| [line.held, line.fired, line.ready, line.served].map(|qty| qty.0.0);
    order.lines.iter().map(|line| (line.line_id.0, units(line))).collect()
}

fn units_held(prep: &Prep) -> Vec<(LineId, [i64; 4])> {
    prep.lines.iter().map(|line| (line.line, [line.held.0, line.fired.0, line.ready.0, line.served.0])).collect()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_kitchen_is_shown_as_the_writer_has_it(steps in steps(120)) {
        let mut world = World::furnished();
        world.step(&Step::Kitchen { on: true });
        for step in &steps {
            world.step(step);
        }
        let dir = tempfile::tempdir().unwrap();
        let projections = projected(dir.path(), &world.reader, NEVER);
        let mut on_boards = 0;
        for number in 0..12 {
            let Some(Ok(held)) = world.stores[&store()].order(order_id(number)).map(|slot| slot.live()) else { continue };
            let Some(prep) = held.prep.as_deref() else { continue };
            let shown = view(&projections, number);
            prop_assert_eq!(units_shown(&shown), units_held(prep));
            prop_assert_eq!(shown.ticket_ids.len(), prep.tickets.len());
            prop_assert_eq!(shown.table.map(|table| table.0), held.table);
            let is_there = |line: &domain::kitchen::TicketLine| line.open != QtyMilli::ZERO || line.ready != QtyMilli::ZERO;
            on_boards += prep.tickets.iter().filter(|ticket| !ticket.is_bumped && ticket.lines.iter().any(is_there)).count();
        }
        let boards = [board(&projections, "oven"), board(&projections, "pantry")];
        prop_assert_eq!(boards.iter().map(Vec::len).sum::<usize>(), on_boards);
        for ticket in boards.iter().flatten() {
            prop_assert!(ticket.state != TicketState::Bumped);
        }
    }
}

fn cooking() -> World {
    let mut world = World::furnished();
    world.must(to_store(StoreCommand::Put(Settings { kitchen: Kitchen::On, ..settings("Downtown") })));
    world
}

#[test]
fn a_table_is_moved_with_its_tickets() {
    let mut world = cooking();
    let new = domain::command::NewOrder {
        table: Some(id(TableId::parse, "t4")),
        pay_mode: PayMode::Later,
        ..new_order(vec![line(0, "pizza", 2_000), line(1, "water", 1_000)], true)
    };
    world.must(open(1, new));
    world.must(order(1, OrderCommand::FireLines(Fire::Unheld)));
    world.must(order(1, OrderCommand::SetTable(id(TableId::parse, "t7"))));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let tickets = board(&projections, "oven");
    assert_eq!(tickets.len(), 1);
    assert_eq!((tickets[0].state, tickets[0].table.unwrap().0), (TicketState::New, id(TableId::parse, "t7")));
    assert_eq!((tickets[0].lines[0].name.0.as_str(), tickets[0].lines[0].open.0), ("Pizza", QtyMilli(2_000)));
    let at = |table: &str| {
        let filter = OrderFilter { table: Some(id(TableId::parse, table)), ..OrderFilter::default() };
        let page = PageRequest { limit: 10, cursor: None };
        projections.orders(tenant(), store(), &filter, &page).unwrap().value.entries.len()
    };
    assert_eq!((at("t4"), at("t7")), (0, 1));
    assert_eq!(view(&projections, 1).prep_state, PrepState::InKitchen);
    world.must(to_store(StoreCommand::Ticket(TicketId::numbered(1), TicketCommand::Bump)));
    caught_up(&projections, &world.reader);
    assert_eq!(view(&projections, 1).prep_state, PrepState::Ready);
    assert_eq!(board(&projections, "oven"), []);
    world.must(order(1, OrderCommand::MarkServed(vec![])));
    caught_up(&projections, &world.reader);
    assert_eq!(view(&projections, 1).prep_state, PrepState::Served);
}

/// A pizza is voided and a salad given away on the day after they were sold, when that day is closed.
#[test]
fn voids_and_comps_are_booked_when_they_happen() {
    let mut world = World::furnished();
    let date = |day| Date::from_ymd(2026, 11, day).unwrap();
    world.local = wall(2026, 11, 21, 20);
    world.must(to_store(StoreCommand::OpenDay { date: date(21) }));
    let new = domain::command::NewOrder {
        pay_mode: PayMode::Later,
        ..new_order(vec![line(0, "pizza", 2_000), line(1, "salad", 1_000)], true)
    };
    world.must(open(1, new));
    world.must(to_store(StoreCommand::CloseDay { date: date(21), chain: None }));
    world.local = wall(2026, 11, 22, 12);
    let (line, reason) = (id(LineId::parse, "l0"), text("cold"));
    let qty = QtyMilli::ONE;
    world.must(order(1, OrderCommand::VoidLine { line, qty, reason: reason.clone(), wasted: false }));
    let comp = NewComp { discount: id(DiscountId::parse, "sorry"), lines: vec![id(LineId::parse, "l1")], reason };
    world.must(order(1, OrderCommand::CompLines(comp)));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let of = |date, (from, to)| {
        let query = SalesQuery { stores: None, from, to, by: SalesBy::Day, date };
        let totals = projections.sales(tenant(), &query).unwrap().value.totals;
        (totals.orders, totals.gross, totals.comps, totals.net, totals.units.0.0)
    };
    let both = (date(21), date(22));
    assert_eq!(of(SalesDate::Posting, (date(21), date(21))), (1, 2_935, 0, 2_935, 3_000));
    assert_eq!(of(SalesDate::Posting, (date(22), date(22))), (0, -1_150, 635, -1_785, -1_000));
    assert_eq!(of(SalesDate::Posting, both), (1, 1_785, 635, 1_150, 2_000));
    assert_eq!(of(SalesDate::Business, (date(21), date(21))), (1, 1_785, 635, 1_150, 2_000));
    let shown = view(&projections, 1);
    assert_eq!((shown.discounts[0].comp, shown.discounts[0].taken, shown.totals.total), (true, 635, 1_150));
}

/// What is given away before an order is placed is booked with it, and apart from what it is reduced by.
#[test]
fn a_comp_before_placing_is_no_discount() {
    let mut world = World::furnished();
    let date = Date::from_ymd(2026, 11, 22).unwrap();
    world.must(open(1, new_order(vec![line(0, "pizza", 2_000), line(1, "salad", 1_000)], false)));
    let comp = NewComp {
        discount: id(DiscountId::parse, "sorry"),
        lines: vec![id(LineId::parse, "l1")],
        reason: text("late"),
    };
    world.must(order(1, OrderCommand::CompLines(comp)));
    world.must(order(
        1,
        OrderCommand::ApplyDiscount(domain::command::NewDiscount {
            discount: id(DiscountId::parse, "regular"),
            scope: domain::event::DiscountScope::Lines(vec![id(LineId::parse, "l0")]),
            rate: domain::event::Rate::Amount(domain::money::Money(100)),
            reason: text("regular"),
        }),
    ));
    world.must(order(1, OrderCommand::Place(Default::default())));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    for by in [SalesBy::Day, SalesBy::Channel, SalesBy::Item] {
        let query = SalesQuery { stores: None, from: date, to: date, by, date: SalesDate::Business };
        let totals = projections.sales(tenant(), &query).unwrap().value.totals;
        let told = (totals.gross, totals.discounts, totals.comps, totals.net);
        assert_eq!(told, (2_935, 100, 635, 2_200), "{by:?}");
    }
}
