//! Every command, every form of id, repeated in every way: one effect and one answer, for ever. Memory holds next to no
//! ids here, so that nearly every repeat asks the log.

use crate::programme::{Sizes, run};
use crate::support::*;
use commands::{Accepted, CommandError, InFlight, Options};
use domain::calendar::TimeOfDay;
use domain::command::{
    AccessCommand, Command, Edit, LineChange, MenuCommand, Method, NewChargePhase, NewDiscount, NewPrice, NewRefund,
    NewServiceCharge, NewToken, OrderCommand, Outcome, PaymentCommand, Place, RefundOf, RefundOutcome, StockCommand,
    StoreCommand,
};
use domain::event::{DiningMode, DiscountScope, PayMode, Rate, Role, StockPolicy};
use domain::ids::{ActorId, ChargeId, CommandId, DaypartId, DiscountId, GroupId, RefundId, TaxId, TenderId, TokenId};
use domain::menu::{Daypart, ModifierGroup, Tax};
use domain::money::{Money, Ppm, QtyMilli};
use domain::staff::{Right, Rights};

const DAY: i64 = 86_400;
/// How often each command is sent before it is answered.
const AT_ONCE: usize = 100;

/// A command that is accepted, once those before it were.
struct Case {
    before: Vec<Command>,
    command: Command,
}

fn case(before: Vec<Command>, command: Command) -> Case {
    Case { before, command }
}

/// An order of one soup that was not placed yet.
fn opened(id: &str) -> Command {
    let mut order = new_order(PayMode::Later, vec![new_line("l1", "soup", 2), new_line("l2", "soup", 1)]);
    order.place = None;
    to_order(id, OrderCommand::Open(order))
}

fn discount(id: &str) -> OrderCommand {
    OrderCommand::ApplyDiscount(NewDiscount {
        discount: DiscountId::parse(id).expect("an id"),
        scope: DiscountScope::Order,
        rate: Rate::Percent(Ppm(100_000)),
        reason: text("regular"),
    })
}

fn charge(id: &str) -> OrderCommand {
    OrderCommand::ApplyServiceCharge(NewServiceCharge {
        charge: ChargeId::parse(id).expect("an id"),
        name: text("Service"),
        rate: Rate::Amount(Money(100)),
        phase: NewChargePhase::Total,
    })
}

fn issue(id: &str) -> Command {
    Command::Access(AccessCommand::IssueToken(NewToken {
        token: TokenId::parse(id).expect("an id"),
        role: Role::Pos,
        label: text("till"),
        secret_sha256: [7; 32],
        terms: None,
        is_first: false,
    }))
}

fn to_payment(id: &str, command: PaymentCommand) -> Command {
    to_store(StoreCommand::Payment(payment(id), command))
}

fn refund(id: &str) -> NewRefund {
    let refund = RefundId::parse(id).expect("an id");
    NewRefund { refund, what: RefundOf::Rest, restock: false, reason: text("cold"), drawer: None }
}

fn refund_outcome(outcome: RefundOutcome) -> PaymentCommand {
    PaymentCommand::RecordRefundOutcome { refund: RefundId::parse("r1").expect("an id"), outcome }
}

fn change_line(id: &str) -> LineChange {
    let (seat, course, allergens) = (Edit::Set(2), Edit::Clear, Edit::Keep);
    let price_override = Some(NewPrice { price: Money(900), reason: text("poster") });
    LineChange { line: line(id), qty: None, seat, course, note: Edit::Set(text("hot")), allergens, price_override }
}

/// One case for every command a client may send, with ids of its own made from `tag`.
fn cases(tag: &str) -> Vec<Case> {
    let id = |number: u32| format!("{tag}{number}");
    let external = |payment: &str, order: &str| pay(payment, order, Method::External(TenderId::parse("card").unwrap()));
    let outcome =
        |id: &str, outcome| to_store(StoreCommand::Payment(payment(id), PaymentCommand::RecordOutcome(outcome)));
    let group = ModifierGroup {
        id: GroupId::parse(tag).expect("an id"),
        name: text("Extras"),
        min: 0,
        max: 0,
        allow_qty: false,
        modifiers: vec![],
        free: 0,
    };
    let tax = Tax {
        id: TaxId::parse(tag).expect("an id"),
        name: text("Tax"),
        rate: Ppm(80_000),
        inclusive: false,
        compound: false,
    };
    let noon = TimeOfDay::parse("12:00").expect("a time");
    let id_of_daypart = DaypartId::parse(tag).expect("an id");
    let daypart = Daypart { id: id_of_daypart, name: text("Lunch"), from: noon, to: noon, weekdays: vec![] };
    let counted = StockPolicy::Counted { auto86: false };
    let tea = || Command::Menu(MenuCommand::UpsertItem(dish(&id(0), 300, None)));
    let revoke = |token: String| {
        let token = TokenId::parse(&token).expect("an id");
        Command::Access(AccessCommand::RevokeToken { token, issued: None })
    };
    let mut renamed = settings();
    renamed.name = text(tag);
    vec![
        case(vec![], tea()),
        case(vec![], Command::Menu(MenuCommand::RetireItem(item(&id(0))))),
        case(vec![], Command::Menu(MenuCommand::UpsertModifierGroup(group))),
        case(vec![], Command::Menu(MenuCommand::UpsertTax(tax))),
        case(vec![], Command::Menu(MenuCommand::UpsertDaypart(daypart))),
        case(vec![], Command::Menu(MenuCommand::Publish)),
        case(vec![], issue(&id(0))),
        case(vec![], revoke(id(0))),
        case(vec![], to_store(StoreCommand::Put(renamed))),
        case(vec![], to_store(StoreCommand::AdoptMenu { version: 1 })),
        case(vec![], to_store(StoreCommand::SetPrice { item: item("soup"), variation: None, price: Some(Money(700)) })),
        case(vec![], to_store(StoreCommand::SetAvailability { item: item("burger"), available: true })),
        case(vec![], burgers(&id(1), 2)),
        case(vec![opened(&id(2))], to_order(&id(2), OrderCommand::AddLines(vec![new_line("l3", "soup", 1)]))),
        case(vec![], to_order(&id(2), OrderCommand::ChangeLineQty { line: line("l1"), qty: QtyMilli::pieces(5) })),
        case(vec![], to_order(&id(2), OrderCommand::RemoveLine(line("l2")))),
        case(vec![], to_order(&id(2), OrderCommand::ChangeLine(change_line("l1")))),
        case(vec![], to_order(&id(2), OrderCommand::SetDiningMode(DiningMode::TakeAway))),
        case(vec![], to_order(&id(2), OrderCommand::ExemptFromTax { reason: text("embassy") })),
        case(vec![], to_order(&id(2), OrderCommand::EndTaxExemption)),
        case(vec![], to_order(&id(2), discount("d1"))),
        case(vec![], to_order(&id(2), OrderCommand::RemoveDiscount(DiscountId::parse("d1").expect("an id")))),
        case(vec![], to_order(&id(2), charge("c1"))),
        case(vec![], to_order(&id(2), OrderCommand::RemoveServiceCharge(ChargeId::parse("c1").expect("an id")))),
        case(vec![], to_order(&id(2), OrderCommand::Place(Place { expected_total: None }))),
        case(vec![], cancel(&id(2))),
        case(vec![burgers(&id(3), 1)], external(&id(3), &id(3))),
        case(vec![], outcome(&id(3), Outcome::Failed { code: text("declined") })),
        case(vec![], cash(&id(4), &id(3))),
        case(vec![], to_order(&id(3), OrderCommand::Complete)),
        case(
            vec![burgers(&id(5), 1), external(&id(5), &id(5))],
            outcome(&id(5), Outcome::Captured { amount: None, reference: None }),
        ),
        case(
            vec![],
            Command::Access(AccessCommand::PutStaff {
                staff: ActorId::parse(tag).expect("an id"),
                rights: Rights::of([Right::Refund]),
                discount_limit: None,
            }),
        ),
        case(vec![], to_payment(&id(5), PaymentCommand::RequestRefund(refund("r1")))),
        case(vec![], to_payment(&id(5), refund_outcome(RefundOutcome::Succeeded { drawer: None }))),
        case(vec![], to_stock(StockCommand::SetPolicy { sku: sku(&id(0)), policy: counted })),
        case(vec![], to_stock(StockCommand::Receive { sku: sku(&id(0)), qty: QtyMilli::pieces(9), reference: None })),
        case(vec![], to_stock(StockCommand::Count { sku: sku(&id(0)), counted: QtyMilli::pieces(8) })),
        case(
            vec![],
            to_stock(StockCommand::Adjust { sku: sku(&id(0)), delta: QtyMilli::pieces(1), reason: text("found") }),
        ),
        case(
            vec![],
            to_stock(StockCommand::Waste { sku: sku(&id(0)), qty: QtyMilli::pieces(1), reason: text("burnt") }),
        ),
        case(vec![], to_stock(StockCommand::Mark86 { sku: sku(&id(0)), until: None })),
        case(vec![], to_stock(StockCommand::Unmark86(sku(&id(0))))),
    ]
}

fn few_ids() -> Options {
    Options { ids_max: 4, ..Options::default() }
}

/// The same payload again: the first's answer. Another payload, another tenant: told apart.
#[track_caller]
fn check_repeats(house: &House, id: u128, command: &Command, first: &Accepted) {
    let again = house.send(envelope(id, command.clone())).expect("accepted before");
    assert!(again.repeated, "{command:?}");
    assert_eq!(again.receipt, first.receipt, "{command:?}");
    let reused = house.send(envelope(id, receive(999)));
    assert!(matches!(reused, Err(CommandError::KeyReused)), "{command:?}: {reused:?}");
    let mut theirs = envelope(id, receive(999));
    theirs.tenant = tenant("m2");
    assert!(matches!(house.send(theirs), Err(CommandError::Refused(_))));
}

/// Sends a command `count` times at once, some of them by clients that go away; answers what was accepted.
#[track_caller]
fn send_at_once(house: &House, id: u128, command: &Command, count: usize) -> Accepted {
    let tickets: Vec<InFlight> =
        (0..count).map(|_| house.engine.enqueue(envelope(id, command.clone())).expect("room")).collect();
    let answers: Vec<Accepted> = tickets
        .into_iter()
        .enumerate()
        .filter(|(index, _)| index % 10 != 3)
        .map(|(_, ticket)| house.outcome(ticket).expect("accepted"))
        .collect();
    assert!(answers.iter().all(|answer| answer.receipt == answers[0].receipt), "{command:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1, "{command:?}");
    answers.into_iter().next().expect("at least one")
}

/// Answers how many commands there were, and how often they were sent again.
fn check_form(form: IdForm) -> (u64, u64) {
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, few_ids());
    house.furnish(100);
    let mut sent: Vec<(u128, Command, Accepted)> = vec![];
    for Case { before, command } in cases("a") {
        before.into_iter().for_each(|command| _ = house.must(command));
        let id = fresh_as(form);
        let first = send_at_once(&house, id, &command, AT_ONCE);
        check_repeats(&house, id, &command, &first);
        sent.push((id, command, first));
    }
    for days in [0, 30] {
        house.set_clock(days * DAY);
        sent.iter().for_each(|(id, command, first)| check_repeats(&house, *id, command, first));
    }
    assert!(0 < house.engine.stats().snapshot().fetches, "memory alone knew it all");
    let written = commits(house.engine.reader()).len();
    let next = disk.reborn();
    drop(house);
    let house = House::start_with(next.open(), NOON + 31 * DAY * SECOND, few_ids());
    sent.iter().for_each(|(id, command, first)| check_repeats(&house, *id, command, first));
    let log = commits(house.engine.reader());
    assert_eq!(log.len(), written, "a repeat wrote something");
    for (id, command, _) in &sent {
        assert_eq!(log.iter().filter(|commit| commit.command_id == *id).count(), 1, "{command:?}");
    }
    // Each is sent at once with others, and after that four times in the three ways of `check_repeats`.
    (sent.len() as u64, sent.len() as u64 * (AT_ONCE as u64 - 1 + 4 * 3))
}

#[test]
fn e2_every_command_has_one_effect_under_every_form_of_id() {
    let forms = [
        IdForm::V7(NOON),
        IdForm::V4,
        IdForm::Derived,
        // From the future: by the end its time has come.
        IdForm::V7(NOON + 30 * DAY * SECOND),
    ];
    run(7, "every command repeated in every way", Sizes { small: 4, change: 4, gate: 40 }, |seed, counts| {
        let (commands, retries) = check_form(forms[seed as usize % forms.len()]);
        counts.add("commands", commands);
        counts.add("retries", retries);
    });
}

#[test]
fn an_id_may_be_used_for_two_stores_at_once_and_counts_for_one() {
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, few_ids());
    house.furnish(100);
    house.must(put("s2"));
    for _ in 0..20 {
        let id = fresh_as(IdForm::V4);
        let there = |text: &str| Command::Store(store(text), StoreCommand::Stock(stock_command()));
        let tickets = ["s1", "s2"].map(|store| house.engine.enqueue(envelope(id, there(store))).expect("room"));
        let outcomes = tickets.map(|ticket| house.outcome(ticket));
        assert!(outcomes[0].is_ok(), "{outcomes:?}");
        assert!(matches!(outcomes[1], Err(CommandError::KeyReused)), "{outcomes:?}");
    }
}

fn stock_command() -> StockCommand {
    StockCommand::SetPolicy { sku: sku("bun"), policy: StockPolicy::Untracked }
}

#[test]
fn a_refused_command_is_decided_again_however_old_its_id() {
    let disk = GateDisk::new();
    let house = House::start_with(disk.open(), NOON, few_ids());
    house.furnish(1);
    for form in [IdForm::V7(NOON), IdForm::V4, IdForm::Derived] {
        let id = fresh_as(form);
        let name = format!("o{}", CommandId(id).0);
        let order = |qty| burgers(&name[..20], qty);
        refusal(house.send(envelope(id, order(100))));
        for _ in 0..10 {
            house.must(receive(1));
        }
        assert!(!house.send(envelope(id, order(1))).expect("accepted").repeated);
        let reused = house.send(envelope(id, order(2)));
        assert!(matches!(reused, Err(CommandError::KeyReused)), "{reused:?}");
    }
}

#[test]
fn what_would_wait_for_the_disk_is_turned_away_where_nothing_may_wait() {
    let house = House::start_with(GateDisk::new().open(), NOON, Options { deferred_max: 0, ..few_ids() });
    house.furnish(100);
    let id = fresh_as(IdForm::V4);
    house.send(envelope(id, receive(1))).expect("accepted");
    for _ in 0..10 {
        house.must(receive(1));
    }
    let before = commits(house.engine.reader()).len();
    let repeat = house.send(envelope(id, receive(1)));
    assert!(matches!(repeat, Err(CommandError::Overloaded)), "{repeat:?}");
    assert_eq!(commits(house.engine.reader()).len(), before);
    house.must(receive(1));
}
