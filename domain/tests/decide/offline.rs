//! What a terminal kept while it was away: recorded with exceptions, kept for a person, or gone without a trace: never.

use super::*;
use domain::calendar::Date;
use domain::event::{DayEvent, Noted, TerminalEvent};
use domain::ids::{CommandId, TerminalSeq};
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, OfflineBounds, Settings, Store};
use domain::terminal::QueueEntry;

pub fn tell_terminal(event: &TerminalEvent) -> String {
    let noted = |noted: &Noted| {
        let (seq, code) = (noted.seq.map_or(0, |seq| seq.0), noted.code.as_str());
        let name: String = code.chars().take_while(|char| char.is_alphanumeric()).collect();
        format!("{seq} {name}")
    };
    match event {
        TerminalEvent::TerminalRegistered => "registered".to_owned(),
        TerminalEvent::SequenceAdvanced { seq } => format!("at {}", seq.0),
        TerminalEvent::SequenceGapFound { first, last } => format!("misses {} to {}", first.0, last.0),
        TerminalEvent::SequenceGapFilled { seq } => format!("fills {}", seq.0),
        TerminalEvent::ClockAheadFound { seq, .. } => format!("ahead at {}", seq.0),
        TerminalEvent::ClockBehindFound { seq, .. } => format!("behind at {}", seq.0),
        TerminalEvent::LateCommandTaken(taken) => format!("taken {}", noted(taken)),
        TerminalEvent::BoundExceeded(beyond) => format!("beyond {}", noted(beyond)),
        TerminalEvent::RuleWaived(waived) => format!("waived {}", noted(waived)),
        TerminalEvent::LateCommandRecorded { noted: late, amount, .. } => match amount {
            Some(amount) => format!("late {} with {amount}", noted(late)),
            None => format!("late {}", noted(late)),
        },
        TerminalEvent::ExceptionResolved { position, note, .. } => format!("resolved {position} {note}"),
        TerminalEvent::CommandRejected { noted: rejected, .. } => format!("rejected {}", noted(rejected)),
    }
}

/// A command, as it came or as it was kept at a place of a queue.
#[derive(Clone)]
enum Came {
    Online(When),
    Kept(u64, Option<u32>, When),
}

fn now(when: When) -> Came {
    Came::Online(when)
}

fn kept(seq: u64, when: When) -> Came {
    Came::Kept(seq, None, when)
}

fn decided(world: &World, came: &Came) -> Result<Vec<Event>, Refused> {
    match came {
        Came::Online(when) => world.decide(&when.command, &when.context()),
        Came::Kept(seq, menu_version, when) => {
            let entry = QueueEntry { before: 0, seq: TerminalSeq(*seq), menu_version: *menu_version };
            let queued = queued(terminal("t1"), entry, *seq, when.context().now);
            let context = Context { approver: when.approver, ..away(&queued, at(3_600).now) };
            world.ingest(&when.command, &context, &queued).map(|ingested| ingested.events)
        }
    }
}

#[track_caller]
fn check(given: &[Came], came: Came, then: &[&str]) {
    check_in(opened(settings()), given, came, then);
}

/// The only function here that decides: given that these came, when this comes, then these facts.
#[track_caller]
fn check_in(mut world: World, given: &[Came], came: Came, then: &[&str]) {
    for step in given {
        let events = decided(&world, step).unwrap_or_else(|refused| panic!("given: {refused:?}"));
        events.iter().for_each(|event| world.evolve(event));
    }
    let events = decided(&world, &came).expect("what was kept is not refused");
    assert_eq!(events.iter().map(tell).collect::<Vec<_>>(), then);
    events.iter().for_each(|event| world.evolve(event));
}

fn placing(expected_total: Option<i64>) -> Option<Place> {
    Some(Place { expected_total: expected_total.map(Money) })
}

fn sell(lines: Vec<NewLine>, expected_total: Option<i64>) -> When {
    to_o1(OrderCommand::Open(NewOrder { lines, place: placing(expected_total), ..new_order() }))
}

const OPENED: &str = "o1 opened t1-1 on 2026-03-02";

#[test]
fn a_queue_is_counted() {
    let o = |id: &str| when(to_order(id, OrderCommand::Open(new_order())));
    check(&[], kept(1, o("o1")), &["t1 registered", "t1 at 1", OPENED]);
    let first = [kept(1, o("o1"))];
    check(&first, kept(2, o("o2")), &["t1 at 2", "o2 opened t1-2 on 2026-03-02"]);
    check(&first, kept(5, o("o2")), &["t1 misses 2 to 4", "o2 opened t1-2 on 2026-03-02"]);
    let gap = [kept(1, o("o1")), kept(5, o("o2"))];
    check(&gap, kept(3, o("o3")), &["t1 fills 3", "o3 opened t1-3 on 2026-03-02"]);
    check(&gap, kept(6, o("o3")), &["t1 at 6", "o3 opened t1-3 on 2026-03-02"]);
    // A place that came before says nothing new.
    check(&gap, kept(5, o("o3")), &["o3 opened t1-3 on 2026-03-02"]);
    check(&[], kept(3, o("o1")), &["t1 registered", "t1 misses 1 to 2", OPENED]);
    check(&[], kept(1, o("o1").at(3_600 + 301)), &["t1 registered", "t1 at 1", "t1 ahead at 1", OPENED]);
    check(&[], kept(1, o("o1").at(3_600 + 300)), &["t1 registered", "t1 at 1", OPENED]);
}

#[test]
fn what_is_short_is_sold_and_told() {
    // Ten are there: 12 are sold, and two are short.
    check(
        &[],
        kept(1, sell(vec![new_line("l1", "burger", 12)], None)),
        &[
            "t1 registered",
            "t1 at 1",
            OPENED,
            "o1 line l1 burger x 12000 at 1000",
            "o1 placed 13065",
            "oversold burger 2000",
            "reserved l1 burger 12000",
            "86 burger by itself",
        ],
    );
    let short = [kept(1, sell(vec![new_line("l1", "burger", 12)], None))];
    check(
        &short,
        kept(2, qty("l1", 13_000)),
        &[
            "t1 at 2",
            "t1 waived 2 OutOfStock",
            "o1 line l1 now 13000",
            "o1 repriced 14154",
            "oversold burger 1000",
            "reserved l1 burger 1000",
        ],
    );
    // What is marked sold out and is there is sold, too, and somebody should know.
    let marked = [now(mark("burger", None))];
    check(
        &marked,
        kept(1, sell(burgers(), None)),
        &[
            "t1 registered",
            "t1 at 1",
            "t1 waived 1 OutOfStock",
            OPENED,
            "o1 line l1 burger x 2000 at 1000",
            "o1 placed 2178",
            "reserved l1 burger 2000",
        ],
    );
}

#[test]
fn what_was_counted_away_is_told() {
    let reserved = [now(sell(vec![new_line("l1", "burger", 8)], None))];
    check(
        &reserved,
        kept(1, waste("burger", 2)),
        &["t1 registered", "t1 at 1", "wasted burger 2000", "86 burger by itself"],
    );
    check(
        &reserved,
        kept(1, waste("burger", 5)),
        &["t1 registered", "t1 at 1", "oversold burger 3000", "wasted burger 5000", "86 burger by itself"],
    );
    check(
        &reserved,
        kept(1, count("burger", 7)),
        &["t1 registered", "t1 at 1", "oversold burger 1000", "counted burger 7000 by -3000", "86 burger by itself"],
    );
    // Where it is short already, counting more than there was thought to be is no exception, and online as good.
    let short = [now(sell(vec![new_line("l1", "burger", 8)], None)), kept(1, count("burger", 5))];
    check(&short, kept(2, count("burger", 6)), &["t1 at 2", "counted burger 6000 by 1000"]);
    check(&short, now(count("burger", 7)), &["counted burger 7000 by 2000"]);
    let mut world = opened(settings());
    for step in &short {
        decided(&world, step).expect("given").iter().for_each(|event| world.evolve(event));
    }
    let refused = Refused::OnHandTooLow { sku: sku("burger"), available: QtyMilli(-3_000) };
    assert_eq!(decided(&world, &now(count("burger", 4))), Err(refused));
}

#[test]
fn a_sale_keeps_its_price_and_its_menu() {
    let priced = |price: i64| vec![NewLine { open_price: Some(Money(price)), ..new_line("l1", "soda", 1) }];
    let at_list = ["t1 registered", "t1 at 1", OPENED, "o1 line l1 soda x 1000 at 255", "o1 placed 278"];
    check(&[], kept(1, sell(priced(255), None)), &at_list);
    let waived = [
        "t1 registered",
        "t1 at 1",
        "t1 waived 1 PriceNotOpen",
        OPENED,
        "o1 line l1 soda x 1000 at 199",
        "o1 placed 217",
    ];
    check(&[], kept(1, sell(priced(199), None)), &waived);
    // The next version is dearer; the terminal sold from the first.
    let soda = an_item("soda", ItemPrice::Fixed(Money(300)), &[], &["sales"], Some("soda"));
    let dearer = [
        now(when(Command::Menu(MenuCommand::UpsertItem(soda)))),
        now(when(Command::Menu(MenuCommand::Publish))),
        now(when(to_store(StoreCommand::AdoptMenu { version: 2 }))),
    ];
    let sale = |version| Came::Kept(1, version, sell(vec![new_line("l1", "soda", 1)], None));
    check(&dearer, sale(Some(1)), &at_list);
    let now_dearer = ["t1 registered", "t1 at 1", OPENED, "o1 line l1 soda x 1000 at 300", "o1 placed 327"];
    check(&dearer, sale(None), &now_dearer);
    let unknown = [
        "t1 registered",
        "t1 at 1",
        "t1 waived 1 UnknownMenuVersion",
        OPENED,
        "o1 line l1 soda x 1000 at 300",
        "o1 placed 327",
    ];
    check(&dearer, sale(Some(9)), &unknown);
    // What is not sold any more was sold.
    let gone = [now(when(to_store(StoreCommand::SetAvailability { item: item("soda"), available: false })))];
    let sold = [
        "t1 registered",
        "t1 at 1",
        "t1 waived 1 ItemUnavailable",
        OPENED,
        "o1 line l1 soda x 1000 at 255",
        "o1 placed 278",
    ];
    check(&gone, sale(None), &sold);
}

#[test]
fn another_total_is_told() {
    let told = [
        "t1 registered",
        "t1 at 1",
        OPENED,
        "o1 line l1 burger x 2000 at 1000",
        "o1 shown 2100, comes to 2178",
        "o1 placed 2178",
        "reserved l1 burger 2000",
    ];
    check(&[], kept(1, sell(burgers(), Some(2_100))), &told);
    let placed = [kept(1, sell(burgers(), None))];
    let shown = |shown: i64, tendered: Option<i64>| {
        let method = Method::Cash { tendered: tendered.map(Money), drawer: None };
        let expected_total = Some(Money(shown));
        let order = order("o1");
        when(to_payment(
            "p1",
            PaymentCommand::Initiate { order, check: None, amount: None, tip: Money::ZERO, method, expected_total },
        ))
    };
    // What the terminal thought was due is what it took.
    check(
        &placed,
        kept(2, shown(2_100, Some(5_000))),
        &[
            "t1 at 2",
            "o1 shown 2100, comes to 2178",
            "p1 cash 2100 + 0",
            "p1 captured 2100 + 0, 2900 back",
            "o1 applied p1 2100 + 0",
        ],
    );
    // What was handed over beside a tip is no more than was left of it.
    let tipped = when(to_payment(
        "p1",
        PaymentCommand::Initiate {
            order: order("o1"),
            check: None,
            amount: None,
            tip: Money(200),
            method: Method::Cash { tendered: Some(Money(2_000)), drawer: None },
            expected_total: Some(Money(2_178)),
        },
    ));
    check(
        &placed,
        kept(2, tipped),
        &["t1 at 2", "p1 cash 1800 + 200", "p1 captured 1800 + 200, 0 back", "o1 applied p1 1800 + 200"],
    );
    check(
        &placed,
        kept(2, shown(2_200, None)),
        &[
            "t1 at 2",
            "o1 shown 2200, comes to 2178",
            "p1 cash 2200 + 0",
            "p1 captured 2200 + 0, 0 back",
            "o1 applied p1 2178 + 0",
            "o1 not applicable p1 22 NothingDue",
            "p1 flagged NotApplicable",
            "p1 refund unapplied 0 + 0 + 22",
            "committed l1 burger 2000",
            "o1 completed 2178",
        ],
    );
}

#[test]
fn money_that_was_taken_is_recorded() {
    let placed = [kept(1, sell(burgers(), None))];
    let closed = [placed.to_vec(), vec![now(cancel())]].concat();
    check(
        &closed,
        kept(2, by_cash("p1", Some(2_178))),
        &[
            "t1 at 2",
            "p1 cash 2178 + 0",
            "p1 captured 2178 + 0, 0 back",
            "o1 not applicable p1 2178 OrderCancelled",
            "p1 flagged NotApplicable",
            "p1 refund unapplied 0 + 0 + 2178",
        ],
    );
    let paid = [placed.to_vec(), vec![now(by_cash("p0", None))]].concat();
    check(
        &paid,
        kept(2, by_cash("p1", Some(1_000))),
        &[
            "t1 at 2",
            "p1 cash 1000 + 0",
            "p1 captured 1000 + 0, 0 back",
            "o1 not applicable p1 1000 NothingDue",
            "p1 flagged NotApplicable",
            "p1 refund unapplied 0 + 0 + 1000",
        ],
    );
    // A card has its outcome behind it in the queue: nothing ends it on the way.
    check(&placed, kept(2, by_card("p1", Some(500))), &["t1 at 2", "p1 card 500 + 0"]);
    // Nobody can say what was taken for an order that does not exist or asks for nothing: a person has to.
    check(&[], kept(1, by_cash("p1", Some(700))), &["t1 registered", "t1 at 1", "t1 late 1 UnknownOrder with 700"]);
    check(&paid, kept(2, by_cash("p1", None)), &["t1 at 2", "t1 late 2 AmountUnknown"]);
    check(&placed, kept(2, by_cash("p1", None)), &["t1 at 2", "t1 late 2 AmountUnknown"]);
    check(&paid, kept(2, by_cash("p0", Some(5))), &["t1 at 2", "t1 late 2 PaymentExists with 5"]);
}

/// Cash of an order that was shown at 2178, without an amount.
fn all_of_it(id: &str, tendered: Option<i64>) -> When {
    let method = Method::Cash { tendered: tendered.map(Money), drawer: None };
    let (order, expected_total) = (order("o1"), Some(Money(2_178)));
    let (check, amount, tip) = (None, None, Money::ZERO);
    when(to_payment(id, PaymentCommand::Initiate { order, check, amount, tip, method, expected_total }))
}

#[test]
fn f4_cash_is_what_was_handed_over() {
    let placed = [kept(1, sell(burgers(), None))];
    let settled = ["committed l1 burger 2000", "o1 completed 2178"];
    let all = ["t1 at 2", "p1 cash 2178 + 0", "p1 captured 2178 + 0, 822 back", "o1 applied p1 2178 + 0"];
    check(&placed, kept(2, all_of_it("p1", Some(3_000))), &[&all[..], &settled].concat());
    let less = ["t1 at 2", "p1 cash 2000 + 0", "p1 captured 2000 + 0, 0 back", "o1 applied p1 2000 + 0"];
    check(&placed, kept(2, all_of_it("p1", Some(2_000))), &less);
    // Somebody else took a part of it, and nobody can say whether the terminal knew: it is never booked as the rest.
    let partly = [placed.to_vec(), vec![now(by_cash("p0", Some(1_000)))]].concat();
    check(&partly, kept(2, all_of_it("p1", Some(3_000))), &["t1 at 2", "t1 late 2 AmountUnknown with 2178"]);
    let over = [
        "t1 at 2",
        "p1 cash 2178 + 0",
        "p1 captured 2178 + 0, 0 back",
        "o1 applied p1 1178 + 0",
        "o1 not applicable p1 1000 NothingDue",
        "p1 flagged NotApplicable",
        "p1 refund unapplied 0 + 0 + 1000",
    ];
    check(&partly, kept(2, by_cash("p1", Some(2_178))), &[&over[..], &settled].concat());
    // Of an order that is over it is told where it never took money.
    let in_vain = |amount: i64, why: &str| {
        let taken = ["p1 cash", "p1 captured", "o1 not applicable p1", "p1 flagged NotApplicable"];
        vec![
            "t1 at 2".to_owned(),
            format!("{} {amount} + 0", taken[0]),
            format!("{} {amount} + 0, 0 back", taken[1]),
            format!("{} {amount} {why}", taken[2]),
            taken[3].to_owned(),
            format!("p1 refund unapplied 0 + 0 + {amount}"),
        ]
    };
    let told = |given: &[Came], came: Came, then: Vec<String>| {
        check(given, came, &then.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let cancelled = [placed.to_vec(), vec![now(cancel())]].concat();
    told(&cancelled, kept(2, all_of_it("p1", None)), in_vain(2_178, "OrderCancelled"));
    let paid = [placed.to_vec(), vec![now(by_cash("p0", None))]].concat();
    check(&paid, kept(2, all_of_it("p1", None)), &["t1 at 2", "t1 late 2 AmountUnknown with 2178"]);
    told(&paid, kept(2, by_cash("p1", Some(2_178))), in_vain(2_178, "NothingDue"));
}

#[test]
fn f3_cash_is_recorded_however_many_cards_are_unanswered() {
    let mut given = vec![kept(1, sell(burgers(), None))];
    given.extend((0..Order::ATTEMPTS_MAX).map(|number| now(by_card(&format!("c{number}"), Some(1)))));
    let paid = ["t1 at 2", "p1 cash 1000 + 0", "p1 captured 1000 + 0, 0 back", "o1 applied p1 1000 + 0"];
    check(&given, kept(2, by_cash("p1", Some(1_000))), &paid);
    check(&given, now(by_cash("p1", Some(1_000))), &paid[1..]);
    check(&given, kept(2, by_card("p1", Some(1_000))), &["t1 at 2", "t1 late 2 TooMany with 1000"]);
}

#[test]
fn an_order_that_is_paid_first_does_not_time_out_on_its_way() {
    let first = NewOrder { lines: burgers(), pay_mode: PayMode::First, place: placing(None), ..new_order() };
    let then = [
        "t1 registered",
        "t1 at 1",
        OPENED,
        "o1 line l1 burger x 2000 at 1000",
        "o1 placed 2178",
        "reserved l1 burger 2000",
    ];
    check(&[], kept(1, to_o1(OrderCommand::Open(first))), &then);
}

/// Issue case d: what a till does alone while it is away is bounded, and nothing it says switches that off.
#[test]
fn approvals_d_beyond_the_stores_bounds_somebody_has_to_decide() {
    let placed = [kept(1, sell(burgers(), None))];
    let told = |settings: Settings, when: When| {
        let mut world = opened(settings);
        for came in &placed {
            decided(&world, came).expect("it is kept").iter().for_each(|event| world.evolve(event));
        }
        let events = decided(&world, &kept(2, when)).expect("it is kept");
        let beyond = |event: &&Event| matches!(event, Event::Terminal(_, TerminalEvent::BoundExceeded(_)));
        let count = events.iter().filter(beyond).count();
        events.iter().for_each(|event| world.evolve(event));
        // And the day counts it.
        let close = Command::Store(
            store_id(STORE),
            StoreCommand::CloseDay { date: Date::parse("2026-03-02").expect("a date"), chain: None },
        );
        let closed = world.decide(&close, &at(7_200)).expect("the day closes");
        let counted = closed.iter().find_map(|event| match event {
            Event::Day(DayEvent::DayClosed(closing)) => Some(closing.totals.beyond_bounds),
            _ => None,
        });
        assert_eq!(counted, Some(count as i64), "{events:?}");
        count
    };
    let bounded = |offline| Settings { offline, ..settings() };
    let of_discount = |ppm| OfflineBounds { discount: Some(Ppm(ppm)), ..OfflineBounds::default() };
    let off = |ppm| discount("d1", DiscountScope::Order, ppm);
    assert_eq!(told(settings(), off(200_000)), 0);
    assert_eq!(told(settings(), off(200_001)), 1);
    assert_eq!(told(bounded(of_discount(500_000)), off(500_000)), 0);
    assert_eq!(told(bounded(of_discount(0)), off(1)), 1);
    // An amount is its share of what it is taken off; a comp is all of it.
    let amount = |amount| {
        let rate = Rate::Amount(Money(amount));
        let new = NewDiscount { discount: discount_id("d1"), scope: DiscountScope::Order, rate, reason: text("r") };
        to_o1(OrderCommand::ApplyDiscount(new))
    };
    assert_eq!(told(settings(), amount(400)), 0);
    assert_eq!(told(settings(), amount(401)), 1);
    // What an order may come to, once that is said: two burgers are 21.78.
    let of_amount = |amount| OfflineBounds { amount: Some(Money(amount)), ..OfflineBounds::default() };
    let more = || to_o1(OrderCommand::AddLines(vec![new_line("l2", "burger", 1)]));
    assert_eq!(told(settings(), more()), 0);
    assert_eq!(told(bounded(of_amount(3_267)), more()), 0);
    assert_eq!(told(bounded(of_amount(2_178)), more()), 1);
    // Online it is the store's approvals that count.
    let world = opened(settings());
    assert!(world.decide(&sell(burgers(), None).command, &at(0)).is_ok());
}

#[test]
fn approvals_the_facts_of_an_upload_are_bounded() {
    let world = opened(settings());
    let sale = sell(burgers(), None);
    let beyond = |before| {
        let entry = QueueEntry { seq: TerminalSeq(1), before, menu_version: None };
        let queued = queued(terminal("t1"), entry, 1, at(0).now);
        let came = world.ingest(&sale.command, &away(&queued, at(3_600).now), &queued).expect("it is kept");
        let told = |event: &&Event| matches!(event, Event::Terminal(_, TerminalEvent::BoundExceeded(_)));
        came.events.iter().filter(told).count()
    };
    assert_eq!((beyond(0), beyond(499), beyond(500), beyond(999)), (0, 0, 1, 1));
}

/// Who is said to have approved while the till was away is told, and proves nothing.
#[test]
fn approvals_a_claim_is_carried_and_marked() {
    let (needed, staff) = (Rights::of([Right::Cancel]), actor("boss"));
    let rights = needed;
    let asking = || {
        let approvals = Approvals { needed, ..Approvals::default() };
        let mut world = opened(Settings { approvals, ..settings() });
        let put = Command::Access(AccessCommand::PutStaff { staff, rights, discount_limit: None });
        world.run(&put, &at(0)).expect("staff");
        world
    };
    let placed = [kept(1, sell(burgers(), None))];
    let claimed = cancel().approved_by("boss");
    let then = ["t1 at 2", "t1 beyond 2 ApprovalClaimed", "o1 cancelled left", "released l1 burger 2000"];
    check_in(asking(), &placed, kept(2, claimed), &then);
    let nobody = cancel().approved_by("somebody");
    let then = ["t1 at 2", "t1 beyond 2 ApprovalRequired", "o1 cancelled left", "released l1 burger 2000"];
    check_in(asking(), &placed, kept(2, nobody), &then);
}

#[test]
fn practice_takes_a_right() {
    let practice = || to_o1(OrderCommand::Open(NewOrder { training: true, ..new_order() }));
    let mut world = opened(settings());
    assert!(world.decide(&practice().command, &at(0)).is_ok());
    let none = Command::Access(AccessCommand::PutStaff {
        staff: actor("ana"),
        rights: Rights::default(),
        discount_limit: None,
    });
    world.run(&none, &at(0)).expect("staff");
    assert_eq!(world.decide(&practice().command, &at(0)), Err(Refused::TrainingNotAllowed));
    let late = decided(&world, &kept(1, practice())).expect("it is kept");
    assert!(late.iter().any(|event| tell(event) == "t1 beyond 1 TrainingNotAllowed"), "{late:?}");
}

#[test]
fn nobody_is_asked_any_more() {
    let needed = Rights::of([Right::Cancel]);
    let asking = || opened(Settings { approvals: Approvals { needed, ..Approvals::default() }, ..settings() });
    let placed = [kept(1, sell(burgers(), None))];
    check_in(
        asking(),
        &placed,
        kept(2, cancel()),
        &["t1 at 2", "t1 beyond 2 ApprovalRequired", "o1 cancelled left", "released l1 burger 2000"],
    );
}

#[test]
fn cash_goes_into_the_shift_that_was_open() {
    let in_shifts = || opened(Settings { cash_shifts: CashShifts::Required, ..settings() });
    let placed = [kept(1, sell(burgers(), None))];
    let paid = ["p1 cash 1000 + 0", "p1 captured 1000 + 0, 0 back", "o1 applied p1 1000 + 0"];
    let none = [&["t1 at 2", "t1 waived 2 ShiftRequired"][..], &paid].concat();
    check_in(in_shifts(), &placed, kept(2, by_cash("p1", Some(1_000))), &none);
    // Opening is a command like any other, before it in the queue (rule D1).
    let open = [placed.to_vec(), vec![kept(2, drawers::shift("d1", 20_000))]].concat();
    let with_drawer = ["t1 at 3", paid[0], paid[1], "d1 shift 1 in 1000 by p1", paid[2]];
    check_in(in_shifts(), &open, kept(3, by_cash("p1", Some(1_000))), &with_drawer);
    let named = pay("p1", Some(1_000), 0, Method::Cash { tendered: None, drawer: Some(drawer("d2")) });
    let closed = [&["t1 at 3", "t1 waived 3 ShiftNotOpen"][..], &paid].concat();
    check_in(in_shifts(), &open, kept(3, named), &closed);
    check_in(in_shifts(), &open, kept(3, drawers::shift("d1", 500)), &["t1 at 3", "t1 late 3 ShiftOpen with 500"]);
    check_in(
        in_shifts(),
        &[],
        kept(1, drawers::close("d1", 500)),
        &["t1 registered", "t1 at 1", "t1 late 1 ShiftNotOpen with 500"],
    );
}

#[test]
fn a_terminal_counts_its_own_numbers() {
    let numbered = |id: &str, number: &str| {
        let display_number = Some(text(number));
        when(to_order(id, OrderCommand::Open(NewOrder { display_number, ..new_order() })))
    };
    let o7 = [kept(1, numbered("o1", "t1-7"))];
    check(&[], o7[0].clone(), &["t1 registered", "t1 at 1", "o1 opened t1-7 on 2026-03-02"]);
    check(&o7, kept(2, numbered("o2", "t1-8")), &["t1 at 2", "o2 opened t1-8 on 2026-03-02"]);
    for taken in ["t1-7", "t1-3", "t2-9", "9", "t1-09", "seven"] {
        let then = ["t1 at 2", "t1 waived 2 NumberTaken", "o2 opened t1-8 on 2026-03-02"];
        check(&o7, kept(2, numbered("o2", taken)), &then);
    }
}

#[test]
fn what_the_state_has_no_place_for_is_kept() {
    let placed = [kept(1, sell(burgers(), None))];
    let paid = [placed.to_vec(), vec![kept(2, by_cash("p1", Some(2_178)))]].concat();
    check(&paid, kept(3, add(vec![new_line("l2", "soda", 1)])), &["t1 at 3", "t1 late 3 OrderClosed"]);
    check(&paid, kept(3, cancel()), &["t1 at 3", "t1 late 3 OrderClosed"]);
    check(&placed, kept(2, sell(burgers(), None)), &["t1 at 2", "t1 late 2 OrderExists"]);
    check(&placed, kept(2, back("p9", "r1", 100, 0)), &["t1 at 2", "t1 late 2 UnknownPayment with 100"]);
    // A waiver helps only where it is the last thing in the way.
    let priced = NewLine { open_price: Some(Money(5)), ..new_line("l1", "soda", 1) };
    check(&placed, kept(2, add(vec![priced])), &["t1 at 2", "t1 late 2 LineExists"]);
}

/// Rule F3: no menu stands against what was sold. What it lacks is told line by line.
#[test]
fn f3_what_was_sold_is_sold_as_it_was() {
    let placed = [kept(1, sell(burgers(), None))];
    let lobster = |id: &str| NewLine { open_price: Some(Money(2_900)), ..new_line(id, "lobster", 1) };
    let no_price = new_line("l3", "special", 1);
    let then = [
        "t1 at 2",
        "t1 waived 2 UnknownItem",
        "t1 waived 2 PriceRequired",
        "o1 line l2 lobster x 1000 at 2900",
        "o1 line l3 special x 1000 at 0",
        "o1 line l4 soda x 1000 at 255",
        "o1 repriced 5356",
    ];
    check(&placed, kept(2, add(vec![lobster("l2"), no_price, new_line("l4", "soda", 1)])), &then);
    let with =
        |item: &str, modifiers: Vec<domain::command::NewModifier>| NewLine { modifiers, ..new_line("l2", item, 1) };
    let cases = [
        (with("burger", vec![choice("sauce", "curry", 1)]), "UnknownModifier", "burger x 1000 at 1000"),
        (with("burger", vec![choice("sides", "fries", 1)]), "UnknownModifierGroup", "burger x 1000 at 1200"),
        (with("combo", vec![choice("sides", "fries", 1)]), "ModifierMinNotMet", "combo x 1000 at 1395"),
        (with("slider", vec![choice("toppings", "cheese", 4)]), "ModifierMaxExceeded", "slider x 1000 at 530"),
        (with("burger", vec![choice("sauce", "mayo", 2)]), "ModifierQtyNotAllowed", "burger x 1000 at 1090"),
        (with("slider", vec![choice("toppings", "plain", 1)]), "NegativePrice", "slider x 1000 at 0"),
        (with("pizza", vec![]), "VariationRequired", "pizza x 1000 at 0"),
        (
            NewLine { variation: Some(variation("huge")), open_price: Some(Money(1_800)), ..with("pizza", vec![]) },
            "UnknownVariation",
            "pizza x 1000 at 1800",
        ),
    ];
    for (line, code, sold) in cases {
        let world = opened(settings());
        let mut world = placed.iter().fold(world, |mut world, came| {
            decided(&world, came).expect("it has happened").iter().for_each(|event| world.evolve(event));
            world
        });
        let events = decided(&world, &kept(2, add(vec![line]))).expect("it has happened");
        let told: Vec<String> = events.iter().map(tell).collect();
        assert_eq!(told[1..3], [format!("t1 waived 2 {code}"), format!("o1 line l2 {sold}")], "{told:?}");
        events.iter().for_each(|event| world.evolve(event));
    }
}

#[test]
fn what_the_door_turned_away_is_kept() {
    let noted = |seq: Option<u64>| Noted {
        seq: seq.map(TerminalSeq),
        command: Some(CommandId(9)),
        kind: None,
        order: None,
        payment: None,
        code: text("malformed"),
        detail: text("/type: is required"),
    };
    let turned_away = |seq| {
        let command = domain::command::TerminalCommand::RecordRejected { noted: noted(seq), digest: 7 };
        When { source: Source::Offline, ..when(to_store(StoreCommand::Terminal(terminal("t1"), command))) }
    };
    let known = [kept(1, open(burgers()))];
    check(&known, now(turned_away(Some(2))), &["t1 at 2", "t1 rejected 2 malformed"]);
    check(&known, now(turned_away(Some(4))), &["t1 misses 2 to 3", "t1 rejected 4 malformed"]);
    check(&known, now(turned_away(None)), &["t1 rejected 0 malformed"]);
    // A name that nobody has sent anything good under says nothing of a terminal.
    check(&[], now(turned_away(Some(1))), &["_ rejected 1 malformed"]);
    check(&[now(turned_away(Some(1)))], now(turned_away(None)), &["_ rejected 0 malformed"]);
}

#[test]
fn a2_a_person_deals_with_an_exception() {
    let resolves = |id: &str| {
        let command =
            domain::command::TerminalCommand::Resolve { position: 918, note: text("bought more"), command: None };
        now(when(to_store(StoreCommand::Terminal(terminal(id), command))))
    };
    let known = [kept(1, open(burgers()))];
    check(&known, resolves("t1"), &["t1 resolved 918 bought more"]);
    check(&known, resolves("t2"), &["_ resolved 918 bought more"]);
}

#[test]
fn a_store_knows_so_many_terminals() {
    let mut world = opened(settings());
    for number in 0..Store::TERMINALS_MAX {
        let event = Event::Terminal(terminal(&format!("t{number}x")), TerminalEvent::TerminalRegistered);
        world.evolve(&event);
    }
    // What one more sends is taken; only of its queue nothing is known.
    let taken = decided(&world, &kept(7, open(burgers()))).expect("it has happened");
    assert!(!taken.is_empty() && !taken.iter().any(|event| matches!(event, Event::Terminal(..))), "{taken:?}");
    let nowhere = World::default();
    assert_eq!(decided(&nowhere, &kept(1, open(burgers()))), Err(Refused::UnknownStore));
}

/// Rule F1: what has not come by a closing is in its report, and holds nothing up.
#[test]
fn f1_a_z_report_lists_what_is_missing() {
    let sell = |seq| kept(seq, when(to_order(&format!("o{seq}"), OrderCommand::Open(new_order()))));
    let quiet = "z 1 of 2026-03-02: 0 for 0 - 0 + 0 + 0 = 0, 0 + 0 + 0 + 0 in, 0 for 0 (0) out, 0 in all";
    check(&[sell(1), sell(2)], now(crate::days::close(2)), &[quiet]);
    let given = [sell(2), sell(6), sell(7)];
    let missing = format!("{quiet}, t1 lacks 1 to 1, t1 lacks 3 to 5");
    check(&given, now(crate::days::close(2)), &[&missing]);
    let filled = [&given[..], &[sell(1), sell(4)]].concat();
    let missing = format!("{quiet}, t1 lacks 3 to 3, t1 lacks 5 to 5");
    check(&filled, now(crate::days::close(2)), &[&missing]);
}
