//! Rules of terminals that were away. In these days three of four commands to the floor were kept by a terminal and come
//! late: with their own time, a menu version of their choice, and perhaps a place in the queue that leaves a gap.

use crate::generate::{BUSY, Day, Op, PAYING, a_day};
use crate::life::{Life, Step};
use crate::model::{Model, State};
use crate::support::*;
use crate::{holds, prove};
use domain::calendar::{Date, Timestamp, business_date};
use domain::command::*;
use domain::event::{Event, OrderEvent, PayMode, PaymentEvent, StockEvent, TerminalEvent};
use domain::ids::{CommandId, OrderId, TenderId, TerminalSeq};
use domain::menu::{Item, ItemPrice};
use domain::money::{Money, QtyMilli};
use domain::refused::Refused;
use domain::stock::StockItem;
use domain::terminal::{Gap, QueueEntry, Queued, Terminal};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const HOUR: i64 = 3_600 * Timestamp::SECOND_US;

/// Whether a terminal could keep the command while it was away.
fn is_of_the_floor(command: &Command) -> bool {
    matches!(
        command,
        Command::Store(
            _,
            StoreCommand::Order(..) | StoreCommand::Payment(..) | StoreCommand::Stock(_) | StoreCommand::Drawer(..)
        )
    )
}

/// Lives through a day on which three of four commands of the floor were kept by a terminal. `watch` sees each of them.
fn live_away(day: &Day, mut watch: impl FnMut(&Model, &Step, Option<&Queued>, &World)) {
    let mut life = Life::new(day);
    let mut seqs: BTreeMap<String, u64> = BTreeMap::new();
    let mut count = 0_u64;
    for op in &day.ops {
        for (command, source) in life.commands(op) {
            count += 1;
            let (step, queued) = match source {
                (Source::Online, None) if is_of_the_floor(&command) && !count.is_multiple_of(4) => {
                    let away = terminal(["t1", "t2"][count as usize % 2]);
                    let seq = seqs.entry(away.to_string()).or_default();
                    // Now and then a command is missing.
                    *seq += 1 + u64::from(count.is_multiple_of(14));
                    let occurred_at = Timestamp(life.now.0 - (count % 5) as i64 * HOUR);
                    let entry = QueueEntry {
                        before: 0,
                        seq: TerminalSeq(*seq),
                        menu_version: [None, Some(1), Some(99)][count as usize % 3],
                    };
                    let queued = queued(away, entry, count, occurred_at);
                    (life.step_away(command, &queued), Some(queued))
                }
                source => (life.step(command, source), None),
            };
            watch(&life.model, &step, queued.as_ref(), &life.world);
            step.events().iter().for_each(|event| life.model.fold(event));
        }
    }
}

/// The command a late event keeps, by the code of what stood against it.
fn late(events: &[Event]) -> Option<&str> {
    events.iter().find_map(|event| match event {
        Event::Terminal(_, TerminalEvent::LateCommandRecorded { noted, .. }) => Some(noted.code.as_str()),
        _ => None,
    })
}

/// Rule F1, by a model that knows which places came and nothing else.
#[test]
fn f1_a_queue_is_counted_and_its_gaps_are_told() {
    let arrivals = vec(1..40_u64, 1..60);
    prove("f1_a_queue_is_counted_and_its_gaps_are_told", 60, arrivals, |seqs| {
        let (mut terminal, mut came, mut highest) = (Terminal::default(), BTreeSet::new(), 0);
        let mut was_filled = false;
        for seq in seqs {
            let said = terminal.arrived(TerminalSeq(*seq));
            let expected = match (came.contains(seq), *seq) {
                (true, _) => None,
                (false, seq) if seq == highest + 1 => Some(TerminalEvent::SequenceAdvanced { seq: TerminalSeq(seq) }),
                (false, seq) if highest < seq => Some(TerminalEvent::SequenceGapFound {
                    first: TerminalSeq(highest + 1),
                    last: TerminalSeq(seq - 1),
                }),
                (false, seq) => Some(TerminalEvent::SequenceGapFilled { seq: TerminalSeq(seq) }),
            };
            assert_eq!(said, expected, "{seq} after {came:?}");
            was_filled |= matches!(said, Some(TerminalEvent::SequenceGapFilled { .. }));
            said.iter().for_each(|event| terminal.evolve(event));
            came.insert(*seq);
            highest = highest.max(*seq);
            let missing: Vec<u64> = (1..=highest).filter(|seq| !came.contains(seq)).collect();
            let told: Vec<u64> = terminal.gaps.iter().flat_map(|gap| gap.first.0..=gap.last.0).collect();
            assert_eq!((told, terminal.last), (missing, Some(TerminalSeq(highest))));
            let is_apart = |pair: &[Gap]| pair[0].last.0 + 1 < pair[1].first.0;
            assert!(terminal.gaps.windows(2).all(is_apart), "{:?}", terminal.gaps);
        }
        was_filled
    });
}

/// Rule F1: what is remembered is bounded, and the newest gaps are what is remembered.
#[test]
fn f1_gaps_are_bounded() {
    let mut terminal = Terminal::default();
    for seq in (2..=2 * 80).step_by(2) {
        let event = terminal.arrived(TerminalSeq(seq)).expect("a gap");
        terminal.evolve(&event);
    }
    assert_eq!(terminal.gaps.len(), Terminal::GAPS_MAX);
    assert_eq!(terminal.gaps[0].first, TerminalSeq(2 * (80 - 64) + 1));
    assert_eq!(terminal.arrived(TerminalSeq(1)), None, "a forgotten gap is filled without a word");
}

/// What a terminal does with its own orders while it is away.
#[derive(Clone, Debug)]
struct Sale {
    item: usize,
    pieces: u32,
    price: Option<i64>,
    shown: Option<i64>,
    /// What happens after the order was placed, by number.
    then: Vec<u8>,
}

fn a_sale() -> impl Strategy<Value = Sale> {
    let shown = prop_oneof![2 => Just(None), 1 => (500..3_000_i64).prop_map(Some)];
    let price = prop_oneof![3 => Just(None), 1 => (0..2_000_i64).prop_map(Some)];
    (0..ITEMS.len(), 1..5_u32, price, shown, vec(0..8_u8, 0..4)).prop_map(|(item, pieces, price, shown, then)| Sale {
        item,
        pieces,
        price,
        shown,
        then,
    })
}

/// The commands of a sale, all about one order of the terminal.
fn commands_of(sale: &Sale, till: usize, number: usize) -> Vec<Command> {
    let id = format!("t{till}_{number}");
    let mut sold = new_line("l1", ITEMS[sale.item], sale.pieces);
    if ITEMS[sale.item] == "pizza" {
        sold.variation = Some(variation("large"));
    }
    if ITEMS[sale.item] == "combo" {
        sold.modifiers = vec![choice("sides", "fries", 2)];
    }
    sold.open_price = sale.price.map(Money);
    let place = Place { expected_total: sale.shown.map(Money) };
    let pay_mode = if number.is_multiple_of(2) { PayMode::First } else { PayMode::Later };
    let new = NewOrder { pay_mode, lines: vec![sold], place: Some(place), ..new_order() };
    let mut commands = vec![to_order(&id, OrderCommand::Open(new))];
    for (index, then) in sale.then.iter().enumerate() {
        let paid = format!("{id}_{index}");
        let initiate = |method, amount: Option<i64>| {
            let (order, amount) = (order(&id), amount.map(Money));
            // What says no amount says what was shown.
            let expected_total = amount.is_none().then_some(Money(sale.shown.unwrap_or(1_200)));
            let tip = Money(50);
            to_payment(&paid, PaymentCommand::Initiate { order, check: None, amount, tip, method, expected_total })
        };
        let cash = Method::Cash { tendered: None, drawer: None };
        let card = Method::External(TenderId::parse("card").expect("an id"));
        match then {
            0 | 1 => commands.push(initiate(cash, None)),
            2 => commands.push(initiate(cash, Some(700))),
            3 => {
                commands.push(initiate(card, Some(900)));
                let outcome = Outcome::Captured { amount: None, reference: None };
                commands.push(to_payment(&paid, PaymentCommand::RecordOutcome(outcome)));
            }
            4 => {
                let lines = vec![new_line(&format!("m{index}"), "burger", 1)];
                commands.push(to_order(&id, OrderCommand::AddLines(lines)));
            }
            5 => {
                let qty = QtyMilli::pieces(1);
                commands.push(to_order(&id, OrderCommand::ChangeLineQty { line: line("l1"), qty }));
            }
            6 => {
                let reason = domain::event::CancelReason::Requested(text("left"));
                commands.push(to_order(&id, OrderCommand::Cancel { reason }));
            }
            _ => commands.push(to_order(&id, OrderCommand::Place(Place::default()))),
        }
    }
    commands
}

type Upload = Vec<(usize, Command, QueueEntry)>;

/// The queues, one behind the other as `picks` says.
fn interleaved(queues: &[Vec<Command>], picks: &[usize]) -> Upload {
    let mut next = vec![0_usize; queues.len()];
    let mut upload = vec![];
    let mut picks = picks.iter().cycle();
    while next.iter().zip(queues).any(|(next, queue)| *next < queue.len()) {
        let left: Vec<usize> = (0..queues.len()).filter(|till| next[*till] < queues[*till].len()).collect();
        let till = left[picks.next().expect("there are picks") % left.len()];
        let entry = QueueEntry { before: 0, seq: TerminalSeq(next[till] as u64 + 1), menu_version: Some(1) };
        upload.push((till, queues[till][next[till]].clone(), entry));
        next[till] += 1;
    }
    upload
}

fn arrive(upload: &Upload) -> World {
    let mut world = opened(settings());
    for (count, (till, command, place)) in upload.iter().enumerate() {
        // A queue keeps its times wherever it arrives; the engine's goes on.
        let occurred_at = Timestamp(NOON.0 + place.seq.0 as i64 * Timestamp::SECOND_US);
        let queued = queued(terminal(&format!("t{till}")), *place, (*till as u64) << 32 | place.seq.0, occurred_at);
        let context = away(&queued, Timestamp(NOON.0 + HOUR + count as i64 * Timestamp::SECOND_US));
        let ingested = world.ingest(command, &context, &queued).expect("the store exists");
        ingested.events.iter().for_each(|event| world.evolve(event));
    }
    world
}

#[test]
fn f2_any_order_of_terminals_ends_alike() {
    let inputs = (vec(vec(a_sale(), 1..4), 2..4), vec(0..6_usize, 1..30), vec(0..6_usize, 1..30));
    prove("f2_any_order_of_terminals_ends_alike", 90, inputs, |(tills, one, other)| {
        let queue = |(till, sales): (usize, &Vec<Sale>)| -> Vec<Command> {
            sales.iter().enumerate().flat_map(|(number, sale)| commands_of(sale, till, number)).collect()
        };
        let queues: Vec<Vec<Command>> = tills.iter().enumerate().map(queue).collect();
        let (one, other) = (interleaved(&queues, one), interleaved(&queues, other));
        let (first, second) = (arrive(&one), arrive(&other));
        for (_, command, _) in &one {
            let Command::Store(_, command) = command else { continue };
            let (order, payment) = command.names();
            if let Some(order) = order {
                assert_eq!(first.open().order(order), second.open().order(order), "{order}");
            }
            if let Some(payment) = payment {
                assert_eq!(first.open().payment(payment), second.open().payment(payment), "{payment}");
            }
        }
        let items = |world: &World| -> Vec<StockItem> { world.open().stock().items().map(|(_, item)| *item).collect() };
        assert_eq!(items(&first), items(&second));
        let places = |upload: &Upload| upload.iter().map(|(till, ..)| *till).collect::<Vec<_>>();
        places(&one) != places(&other)
    });
}

/// What never stands against something that has happened.
const NEVER_LATE: [&str; 20] = [
    "NoMenu",
    "UnknownItem",
    "UnknownVariation",
    "VariationRequired",
    "UnknownModifier",
    "ModifierMinNotMet",
    "ModifierMaxExceeded",
    "ModifierQtyNotAllowed",
    "PriceRequired",
    "PriceNotOpen",
    "NegativePrice",
    "UnknownTax",
    "OutOfStock",
    "OnHandTooLow",
    "TotalMismatch",
    "UnknownMenuVersion",
    "ItemUnavailable",
    "ApprovalRequired",
    "ShiftRequired",
    "NumberTaken",
];

#[test]
fn f3_what_happened_is_recorded() {
    holds("f3_what_happened_is_recorded", 90, |day| {
        let (mut was_late, mut was_recorded) = (false, false);
        live_away(day, |_, step, queued, _| {
            let Some(queued) = queued else { return };
            let events = step.outcome.as_ref().expect("nothing a terminal kept is refused");
            let of_others = events.iter().filter(|event| !matches!(event, Event::Terminal(..))).count();
            match late(events) {
                Some(code) => {
                    // Ending a mark is a wish and nothing that has happened.
                    let is_wish =
                        matches!(step.command, Command::Store(_, StoreCommand::Stock(StockCommand::Unmark86(_))));
                    let is_never = NEVER_LATE.iter().any(|never| code.starts_with(never));
                    assert!(is_wish || !is_never, "{code} for {:?}", step.command);
                    assert_eq!(of_others, 0, "what is late has no other effect: {events:?}");
                    let kept = events.iter().find_map(|event| match event {
                        Event::Terminal(at, TerminalEvent::LateCommandRecorded { noted, digest, .. }) => {
                            Some((*at, noted.seq, noted.command, *digest))
                        }
                        _ => None,
                    });
                    let all = (queued.terminal, Some(queued.entry.seq), Some(queued.command), queued.digest);
                    assert_eq!(kept, Some(all));
                    was_late = true;
                }
                None => was_recorded = true,
            }
        });
        was_late && was_recorded
    });
}

#[test]
fn f4_money_that_was_taken_has_its_events() {
    let days = a_day(30, PAYING);
    prove("f4_money_that_was_taken_has_its_events", 15, days, |day| {
        let mut was_tested = false;
        live_away(day, |model, step, queued, _| {
            let (Some(_), Some((id, PaymentCommand::Initiate { order, method: Method::Cash { .. }, .. }))) =
                (queued, step.payment())
            else {
                return;
            };
            let events = step.events();
            let Some(state) = model.state(*order).filter(|_| !model.payments.contains_key(&id)) else { return };
            match late(events) {
                // It waits for the order to be placed.
                Some("OrderNotPlaced") => assert_eq!(state, State::Open),
                // It says no amount, or less was handed over than it says: nobody knows how much was taken.
                Some(code) => {
                    let says = match step.payment() {
                        Some((_, PaymentCommand::Initiate { amount: Some(_), .. })) => &["TenderedTooLittle"][..],
                        _ => &["NothingDue", "TenderedTooLittle", "AmountUnknown"],
                    };
                    assert!(says.iter().any(|of| code.starts_with(of)), "{code}");
                }
                None => {
                    let captured = |event: &Event| matches!(event, Event::Payment(of, PaymentEvent::PaymentCaptured { .. }) if *of == id);
                    assert!(events.iter().any(captured), "{events:?}");
                    let after = model.after(events);
                    let (payment, order) = (&after.payments[&id], &after.orders[order]);
                    assert!(payment.unapplied <= payment.captured);
                    // What was taken is what was said, and what was handed over where that was less; never a rest that the
                    // terminal could not know of.
                    if let Some((_, PaymentCommand::Initiate { amount, method, expected_total, tip, .. })) =
                        step.payment()
                    {
                        let shown = amount.or(*expected_total).expect("it says what was taken");
                        let handed = match method {
                            Method::Cash { tendered: Some(tendered), .. } => tendered.0 - tip.0,
                            _ => i64::MAX,
                        };
                        assert_eq!(payment.amount, i128::from(shown.0.min(handed)), "{events:?}");
                    }
                    // Rule P6: the order is not revived, and all it cannot take is asked back.
                    if state.is_closed() {
                        assert_eq!((order.state, payment.unapplied), (state, payment.captured));
                        was_tested = true;
                    }
                    let back = payment.back(|refund| refund.parts.unapplied.0.into());
                    assert_eq!(back, payment.unapplied);
                    let is_settled = order.state == State::Completed && state != State::Completed;
                    was_tested |= is_settled;
                }
            }
        });
        was_tested
    });
}

/// Rules P8, S1 and O4 of an order hold whatever a terminal brings late.
#[test]
fn f2_money_and_stock_add_up_in_any_order() {
    holds("f2_money_and_stock_add_up_in_any_order", 60, |day| {
        let mut was_tested = false;
        live_away(day, |model, step, queued, world| {
            let after = model.after(step.events());
            for (id, order) in &after.orders {
                let of_order = after.payments.values().filter(|payment| payment.order == *id);
                let captured: i128 = of_order.map(|payment| payment.captured).sum();
                assert_eq!(captured, order.applied + order.tips + order.unapplied, "{id}");
                was_tested |= queued.is_some() && captured != 0;
            }
            for (sku, item) in world.open().stock().items() {
                let shelf = after.shelf(*sku);
                assert_eq!((i128::from(item.on_hand.0), i128::from(item.reserved.0)), (shelf.on_hand(), shelf.held()));
            }
        });
        was_tested
    });
}

#[test]
fn s2_less_than_nothing_only_by_what_was_oversold() {
    holds("s2_less_than_nothing_only_by_what_was_oversold", 18, |day| {
        let mut was_oversold = false;
        live_away(day, |model, step, queued, _| {
            let mut after = model.clone();
            for event in step.events() {
                after.fold(event);
                for (sku, shelf) in &after.shelves {
                    // After every single fact, not only after the commit.
                    assert!(-shelf.oversold <= shelf.available() && 0 <= shelf.held(), "{sku} {event:?}");
                }
                if let Event::Stock(StockEvent::OversellRecorded { qty, .. }) = event {
                    assert!(queued.is_some() && QtyMilli::ZERO < *qty, "only what has happened oversells");
                    was_oversold = true;
                }
            }
        });
        was_oversold
    });
}

#[test]
fn o5_another_total_is_recorded_offline() {
    holds("o5_another_total_is_recorded_offline", 20, |day| {
        let mut was_told = false;
        live_away(day, |model, step, queued, _| {
            assert!(
                queued.is_none() || !step.is_refused_as(|refused| matches!(refused, Refused::TotalMismatch { .. }))
            );
            let after = model.after(step.events());
            let shown = match (&step.command, step.order()) {
                (Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { expected_total, .. })), _) => {
                    *expected_total
                }
                (_, Some((_, OrderCommand::Place(place)))) => place.expected_total,
                (_, Some((_, OrderCommand::Open(new)))) => new.place.and_then(|place| place.expected_total),
                _ => None,
            };
            let recorded = step.events().iter().find_map(|event| match event {
                Event::Order(order, OrderEvent::TotalMismatchRecorded { expected, actual }) => {
                    Some((*order, *expected, *actual))
                }
                _ => None,
            });
            match recorded {
                Some((order, expected, actual)) => {
                    assert!(queued.is_some() && Some(expected) == shown && expected != actual);
                    assert_eq!(i128::from(actual.0), after.orders[&order].total());
                    was_told = true;
                }
                None if queued.is_some() && late(step.events()).is_none() => {
                    let placed = step.events().iter().find_map(placed);
                    let total = placed.map(|order| after.orders[&order].total());
                    assert!(shown.is_none() || total.is_none() || shown.map(|shown| shown.0.into()) == total);
                }
                None => {}
            }
        });
        was_told
    });
}

fn placed(event: &Event) -> Option<OrderId> {
    match event {
        Event::Order(order, OrderEvent::OrderPlaced { .. }) => Some(*order),
        _ => None,
    }
}

#[test]
fn t1_offline_orders_count_for_the_day_they_happened() {
    holds("t1_offline_orders_count_for_the_day_they_happened", 60, |day| {
        let mut was_another_day = false;
        live_away(day, |_, step, queued, world| {
            let Some(queued) = queued else { return };
            for event in step.events() {
                if let Event::Order(_, OrderEvent::OrderOpened(opening)) = event {
                    let then = queued.occurred_at.at_offset(-5 * 3_600).expect("a date");
                    let cut_off = world.open().settings().cut_off;
                    assert_eq!(opening.business_date, business_date(then, cut_off));
                    assert_eq!((opening.opened_local, opening.imported), (then, false));
                    was_another_day |= queued.occurred_at != step.context.now;
                }
            }
        });
        was_another_day
    });
}

/// A clock that cannot be right is told, and what it says is booked on the day that is open; a person's word about it moves
/// no day.
#[test]
fn t1_a_clock_that_cannot_be_right_is_flagged() {
    // Around both bounds, and far beyond them.
    let shifts = prop_oneof![-1_200..1_200_i64, -262_800..-255_600_i64, -2_000_000_000..2_000_000_000_i64];
    let inputs = (shifts, any::<bool>(), 0..3_i32);
    prove("t1_a_clock_that_cannot_be_right_is_flagged", 40, inputs, |(ahead_s, keeps_days, behind)| {
        let mut world = opened(settings());
        let now = Timestamp(NOON.0 + HOUR);
        let today = business_date(context(now, Source::Online).local, world.open().settings().cut_off);
        let open = Date::from_days(today.days() - behind).expect("a date");
        if *keeps_days {
            let command = to_store(StoreCommand::OpenDay { date: open });
            world.run(&command, &context(now, Source::Online)).expect("no day was closed");
        }
        let occurred_at = Timestamp(now.0 + ahead_s * Timestamp::SECOND_US);
        let seq = TerminalSeq(1);
        let queued = queued(terminal("t1"), QueueEntry { before: 0, seq, menu_version: None }, 1, occurred_at);
        let lines = vec![new_line("l1", "soda", 1)];
        let new = NewOrder { lines, place: Some(Place::default()), ..new_order() };
        let command = to_order("o1", OrderCommand::Open(new));
        let ingested = world.ingest(&command, &away(&queued, now), &queued).expect("the store exists");
        let ahead = TerminalEvent::ClockAheadFound { seq, command: CommandId(1), occurred_at };
        let behind = TerminalEvent::ClockBehindFound { seq, command: CommandId(1), occurred_at };
        let has = |found: &TerminalEvent| {
            ingested.events.iter().any(|event| matches!(event, Event::Terminal(_, event) if event == found))
        };
        let flagged = (has(&ahead), has(&behind));
        assert_eq!(flagged, (300 < *ahead_s, *ahead_s < -72 * 3_600), "{ingested:?}");
        let is_flagged = flagged.0 || flagged.1;
        let sold_on = ingested.events.iter().find_map(|event| match event {
            Event::Order(_, OrderEvent::OrderOpened(opening)) => Some(opening.business_date),
            _ => None,
        });
        let then = business_date(away(&queued, now).local, world.open().settings().cut_off);
        let expected = match (is_flagged, *keeps_days) {
            (true, true) => open,
            (true, false) => today,
            (false, _) => then,
        };
        assert_eq!(sold_on, Some(expected));
        ingested.events.iter().for_each(|event| world.evolve(event));
        let days = world.open().days().clone();
        let resolve = TerminalCommand::Resolve { position: 1, note: text("clock set"), command: None };
        let command = to_store(StoreCommand::Terminal(terminal("t1"), resolve));
        let said = world.run(&command, &context(now, Source::Online)).expect("a person says so");
        assert!(said.len() == 1 && *world.open().days() == days);
        is_flagged
    });
}

/// Rule O9 for numbers a terminal gave out by itself, among those the engine counts, over more dates than are counted.
#[test]
fn o9_numbers_given_out_offline_are_unique() {
    let opening = (0..12_i64, 0..2_usize, proptest::option::of(1..12_u32));
    prove("o9_numbers_given_out_offline_are_unique", 50, vec(opening, 2..40), |openings| {
        let mut world = opened(settings());
        let mut given: BTreeMap<Date, BTreeSet<String>> = BTreeMap::new();
        let (mut was_taken, mut was_kept) = (false, false);
        for (index, (days, till, number)) in openings.iter().enumerate() {
            let entry = QueueEntry { before: 0, seq: TerminalSeq(index as u64 + 1), menu_version: None };
            let occurred_at = Timestamp(NOON.0 - days * 24 * HOUR);
            let till = ["t1", "t2"][*till];
            let queued = queued(terminal(till), entry, index as u64, occurred_at);
            let display_number = number.map(|number| text(&format!("{till}-{number}")));
            let new = NewOrder { display_number: display_number.clone(), ..new_order() };
            let command = to_order(&format!("o{index}"), OrderCommand::Open(new));
            let ingested = world.ingest(&command, &away(&queued, NOON), &queued).expect("the store exists");
            for event in &ingested.events {
                if let Event::Order(_, OrderEvent::OrderOpened(opening)) = event {
                    let numbers = given.entry(opening.business_date).or_default();
                    assert!(numbers.insert(opening.display_number.to_string()), "{opening:?} is given out twice");
                    let is_kept = display_number.as_ref() == Some(&opening.display_number);
                    let waived = |event: &Event| matches!(event, Event::Terminal(_, TerminalEvent::RuleWaived(_)));
                    let is_told = ingested.events.iter().any(waived);
                    assert_eq!(is_told, display_number.is_some() && !is_kept);
                    was_kept |= is_kept;
                    was_taken |= is_told;
                }
                world.evolve(event);
            }
        }
        was_taken && was_kept
    });
}

/// A day like any other, so that the days of this file are known to be busy ones.
#[test]
fn f1_gaps_block_nothing() {
    prove("f1_gaps_block_nothing", 70, a_day(40, BUSY), |day: &Day| {
        let (mut gaps, mut recorded_behind) = (0, false);
        live_away(day, |_, step, queued, world| {
            let Some(queued) = queued else { return };
            let found = |event: &Event| matches!(event, Event::Terminal(_, TerminalEvent::SequenceGapFound { .. }));
            gaps += step.events().iter().filter(|event| found(event)).count();
            recorded_behind |= 0 < gaps && late(step.events()).is_none();
            let held = world.open().terminal(queued.terminal).expect("it was registered");
            assert_eq!(held.last, Some(queued.entry.seq));
        });
        assert!(day.ops.iter().any(|op| matches!(op, Op::Open { .. })));
        recorded_behind
    });
}

/// A queue of one order: opened, perhaps placed by a command of its own, paid in parts, by cash or by card, whose outcome is
/// another command.
fn a_queue() -> impl Strategy<Value = Vec<Command>> {
    let parts = vec((1..400_i64, any::<bool>()), 1..4);
    (parts, any::<bool>(), any::<bool>()).prop_map(|(parts, first, apart)| {
        // As much as the lines come to: five waters come to nothing, and what is special to what is said.
        let total: i64 = parts.iter().map(|(amount, _)| amount).sum();
        let lines = vec![NewLine { open_price: Some(Money(total)), ..new_line("l1", "special", 1) }];
        let place = Some(Place::default()).filter(|_| !apart);
        let pay_mode = if first { PayMode::First } else { PayMode::Later };
        let mut commands = vec![to_order("o1", OrderCommand::Open(NewOrder { pay_mode, lines, place, ..new_order() }))];
        if apart {
            commands.push(to_order("o1", OrderCommand::Place(Place::default())));
        }
        for (index, (amount, by_card)) in parts.into_iter().enumerate() {
            let id = format!("p{index}");
            let method = match by_card {
                true => Method::External(TenderId::parse("card").expect("an id")),
                false => Method::Cash { tendered: None, drawer: None },
            };
            let (order, amount, tip) = (order("o1"), Some(Money(amount)), Money::ZERO);
            let initiate = PaymentCommand::Initiate { order, check: None, amount, tip, method, expected_total: None };
            commands.push(to_payment(&id, initiate));
            if by_card {
                let captured = PaymentCommand::RecordOutcome(Outcome::Captured { amount: None, reference: None });
                commands.push(to_payment(&id, captured));
            }
        }
        commands
    })
}

/// What a queue leads to, its commands coming one by one in this order, and what waits being tried again.
fn come(queue: &[Command], order_of_arrival: &[usize]) -> (World, u32) {
    let mut world = opened(settings());
    let mut was_tried = 0;
    let place = |index: usize| QueueEntry { before: 0, seq: TerminalSeq(index as u64 + 1), menu_version: None };
    let kept = |index: usize| queued(terminal("t1"), place(index), index as u64, Timestamp(NOON.0 + index as i64));
    for index in order_of_arrival {
        let mut next = vec![kept(*index)];
        while !next.is_empty() {
            let queued = next.remove(0);
            let command = &queue[queued.command.0 as usize];
            let Ok(ingested) = world.ingest(command, &away(&queued, Timestamp(NOON.0 + HOUR)), &queued) else {
                assert!(queued.is_again, "only what waits may be refused");
                continue;
            };
            was_tried += u32::from(queued.is_again);
            ingested.events.iter().for_each(|event| world.evolve(event));
            let after = Some((queued.terminal, queued.entry.seq));
            for id in world.open().to_try_again(&ingested.events, after) {
                if next.iter().all(|queued| queued.command != id.command) {
                    next.push(Queued { is_again: true, ..kept(id.command.0 as usize) });
                }
            }
            next.sort_by_key(|queued| queued.entry.seq);
        }
    }
    (world, was_tried)
}

/// Rule F3: what waited for a filler takes effect when the filler comes, and it ends as if all had come in order.
#[test]
fn f3_what_waited_takes_effect_with_its_filler() {
    let inputs = a_queue().prop_flat_map(|queue| {
        let arrival: Vec<usize> = (0..queue.len()).collect();
        (Just(queue), Just(arrival).prop_shuffle())
    });
    prove("f3_what_waited_takes_effect_with_its_filler", 60, inputs, |(queue, arrival)| {
        let in_order: Vec<usize> = (0..queue.len()).collect();
        let ((expected, none), (world, was_tried)) = (come(queue, &in_order), come(queue, arrival));
        assert_eq!(none, 0);
        assert!(world.open().waiting().is_empty(), "{:?}", world.open().waiting());
        let ended = |world: &World| {
            let mut slot = world.open().order(order("o1")).expect("it was opened").clone();
            // Payments stand in the order they came.
            match &mut slot {
                domain::order::OrderSlot::Live(live) => live.payments.sort_unstable(),
                domain::order::OrderSlot::Closed(closed) => {
                    closed.details.iter_mut().for_each(|details| details.payments.sort_unstable());
                }
            }
            assert!(slot.live().is_err(), "it is paid: {slot:?}");
            slot
        };
        assert_eq!(ended(&world), ended(&expected));
        for index in 0..queue.len() {
            let id = payment(&format!("p{index}"));
            assert_eq!(world.open().payment(id), expected.open().payment(id));
        }
        0 < was_tried
    });
}

/// A line as a terminal may have sold it, whatever the menu has.
fn an_odd_line() -> impl Strategy<Value = NewLine> {
    let name = prop_oneof![4 => (0..ITEMS.len()).prop_map(|index| ITEMS[index]), 1 => Just("lobster")];
    let size = proptest::option::of(prop_oneof![Just("small"), Just("large"), Just("huge")]);
    let chosen = (
        prop_oneof![Just("sauce"), Just("toppings"), Just("sides"), Just("odd")],
        prop_oneof![Just("ketchup"), Just("mayo"), Just("plain"), Just("cheese"), Just("fries"), Just("curry")],
        1..4_u16,
    );
    let price = proptest::option::of(0..3_000_i64);
    (name, size, vec(chosen, 0..4), price).prop_map(|(name, size, chosen, price)| NewLine {
        variation: size.map(variation),
        modifiers: chosen.into_iter().map(|(of, what, qty)| choice(of, what, qty)).collect(),
        open_price: price.map(Money),
        ..new_line("l1", name, 1)
    })
}

/// What a unit of such a line was sold for, and whether the menu of the day would have sold it so: by the lists that the menu
/// was made of, without the code under test.
fn sold_for(new: &NewLine, retired: &[&str]) -> (i64, bool) {
    let (items, groups) = (items(), groups());
    let item = items.iter().find(|item| item.id == new.item);
    let listed = item.and_then(|item| match (new.variation, item.price) {
        (Some(size), _) => item.variations.iter().find(|held| held.id == size).map(|held| held.price.0),
        (None, ItemPrice::Fixed(price)) => Some(price.0).filter(|_| item.variations.is_empty()),
        (None, ItemPrice::Open) => None,
    });
    let fallback = item.map_or(0, |item| match item.price {
        ItemPrice::Fixed(price) => price.0,
        ItemPrice::Open => 0,
    });
    let base = new.open_price.map_or(listed.unwrap_or(fallback), |price| price.0);
    let price_of = |chosen: &NewModifier| {
        let group = groups.iter().find(|group| group.id == chosen.group)?;
        group.modifiers.iter().find(|held| held.id == chosen.modifier).map(|held| held.price.0)
    };
    // The only default there is, ketchup, is free.
    let more: i64 = new.modifiers.iter().map(|chosen| price_of(chosen).unwrap_or(0) * i64::from(chosen.qty)).sum();
    let is_choosable = |item: &Item| {
        let in_group = |id| new.modifiers.iter().filter(move |chosen| chosen.group == id);
        new.modifiers.iter().all(|chosen| item.groups.contains(&chosen.group) && price_of(chosen).is_some())
            && item.groups.iter().all(|id| {
                let group = groups.iter().find(|group| group.id == *id).expect("the menu is whole");
                let by_default = u32::from(in_group(*id).next().is_none() && id.as_str() == "sauce");
                let sum: u32 = in_group(*id).map(|chosen| u32::from(chosen.qty)).sum::<u32>() + by_default;
                let is_single = in_group(*id).count() <= 1 && in_group(*id).all(|chosen| chosen.qty == 1);
                (group.allow_qty || is_single || {
                    let mut seen = BTreeSet::new();
                    in_group(*id).all(|chosen| chosen.qty == 1 && seen.insert(chosen.modifier))
                }) && u32::from(group.min) <= sum
                    && (group.max == 0 || sum <= u32::from(group.max))
            })
    };
    let is_listed = item.is_some_and(|item| {
        let fits = match (item.price, new.open_price) {
            (ItemPrice::Open, price) => price.is_some() && new.variation.is_none(),
            (ItemPrice::Fixed(_), None) => listed.is_some(),
            (ItemPrice::Fixed(_), Some(price)) => listed == Some(price.0),
        };
        !retired.contains(&item.id.as_str()) && fits && is_choosable(item)
    });
    ((base + more).max(0), is_listed && 0 <= base + more)
}

/// Rule F3: a line is sold for what the terminal says, or for what some version of the menu says, and what the menu of the day
/// would have refused of it is told.
#[test]
fn f3_no_menu_stands_against_what_was_sold() {
    let retired = ["combo", "soda"];
    let mut day = opened(settings());
    for command in retired.map(|id| MenuCommand::RetireItem(item(id))).into_iter().chain([MenuCommand::Publish]) {
        day.run(&Command::Menu(command), &at(-60)).expect("it is on the menu");
    }
    day.run(&to_store(StoreCommand::AdoptMenu { version: 2 }), &at(-60)).expect("it was published");
    prove("f3_no_menu_stands_against_what_was_sold", 50, vec(an_odd_line(), 1..4), |lines| {
        let lines: Vec<NewLine> = lines
            .iter()
            .enumerate()
            .map(|(index, new)| NewLine { line: line(&format!("l{index}")), ..new.clone() })
            .collect();
        let new = NewOrder { lines: lines.clone(), place: Some(Place::default()), ..new_order() };
        let queued = queued(terminal("t1"), QueueEntry { before: 0, seq: TerminalSeq(1), menu_version: None }, 1, NOON);
        let ingested = day.ingest(&to_order("o1", OrderCommand::Open(new)), &away(&queued, NOON), &queued);
        let events = ingested.expect("the store exists").events;
        let told = |event: &&Event| matches!(event, Event::Terminal(_, TerminalEvent::RuleWaived(_)));
        let mut are_listed = true;
        for new in &lines {
            let added = events.iter().find_map(|event| match event {
                Event::Order(_, OrderEvent::LineAdded(line)) if line.line == new.line => Some(line),
                _ => None,
            });
            let added = added.unwrap_or_else(|| panic!("{new:?} is not among {events:?}"));
            let (unit, is_listed) = sold_for(new, &retired);
            let of_modifiers: i64 = added.modifiers.iter().map(|held| held.unit_price.0 * i64::from(held.qty)).sum();
            assert_eq!((added.unit.0, added.unit_base.0 + of_modifiers), (unit, unit), "{added:?}");
            assert_eq!((added.item, added.variation.as_ref().map(|it| it.0)), (new.item, new.variation));
            let chosen = |held: &NewModifier| {
                added.modifiers.iter().any(|it| (it.group, it.modifier) == (held.group, held.modifier))
            };
            assert!(new.modifiers.iter().all(chosen), "{added:?}");
            are_listed &= is_listed;
        }
        assert_eq!(events.iter().filter(told).count() == 0, are_listed, "{events:?}");
        !are_listed
    });
}
