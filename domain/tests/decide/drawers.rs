//! Drawers: shifts, and the cash that goes through them.

use crate::support::*;
use crate::*;
use domain::staff::{Approvals, Right, Rights};
use domain::store::{CashShifts, Settings};

fn to(id: &str, command: DrawerCommand) -> When {
    when(to_store(StoreCommand::Drawer(drawer(id), command)))
}

pub fn shift(id: &str, float: i64) -> When {
    to(id, DrawerCommand::OpenShift { float: Money(float), may_add: true })
}

pub fn close(id: &str, counted: i64) -> When {
    to(id, DrawerCommand::CloseShift { counted: Money(counted) })
}

fn paid_in(id: &str, amount: i64) -> When {
    to(id, DrawerCommand::PaidIn { amount: Money(amount), reason: text("coins") })
}

fn paid_out(id: &str, amount: i64) -> When {
    to(id, DrawerCommand::PaidOut { amount: Money(amount), reason: text("ice") })
}

fn no_sale(id: &str) -> When {
    to(id, DrawerCommand::NoSale { reason: text("change") })
}

fn into(id: &str, amount: i64, tendered: i64, of: Option<&str>) -> When {
    let method = Method::Cash { tendered: Some(Money(tendered)), drawer: of.map(drawer) };
    pay(id, Some(amount), 100, method)
}

fn in_shifts() -> World {
    opened(Settings { cash_shifts: CashShifts::Required, ..settings() })
}

#[test]
fn a_shift_opens_and_closes() {
    check(&[], shift("d1", 20_000), Ok(&["d1 shift 1 opened with 20000 on 2026-03-02"]));
    let given = [shift("d1", 20_000)];
    check(&given, shift("d1", 0), Err(Refused::ShiftOpen { drawer: drawer("d1") }));
    check(&given, shift("d2", 0), Ok(&["d2 shift 1 opened with 0 on 2026-03-02"]));
    check(&given, paid_in("d1", 500), Ok(&["d1 shift 1 paid in 500 coins"]));
    check(&given, paid_out("d1", 500), Ok(&["d1 shift 1 paid out 500 ice"]));
    check(&given, no_sale("d1"), Ok(&["d1 shift 1 no sale change"]));
    let given = [given.to_vec(), vec![paid_in("d1", 500), paid_out("d1", 700), no_sale("d1")]].concat();
    check(&given, close("d1", 19_790), Ok(&["d1 shift 1 closed with 19790 for 19800, -10"]));
    let given = [given, vec![close("d1", 19_790)]].concat();
    for command in [close("d1", 0), paid_in("d1", 1), paid_out("d1", 1), no_sale("d1")] {
        check(&given, command, Err(Refused::ShiftNotOpen { drawer: drawer("d1") }));
    }
    check(&given, shift("d1", 5), Ok(&["d1 shift 2 opened with 5 on 2026-03-02"]));
}

#[test]
pub fn d1_without_a_shift_no_cash_is_taken() {
    let placed = [open(burgers()), place()];
    check_in(in_shifts(), &placed, by_cash("p1", None), Err(Refused::ShiftRequired));
    let sale = |captured, of| ["p1 cash 1000 + 100", captured, of, "o1 applied p1 1000 + 100"];
    let one = [placed.to_vec(), vec![shift("d1", 0)]].concat();
    let cash = into("p1", 1_000, 2_000, None);
    let taken = sale("p1 captured 1000 + 100, 900 back", "d1 shift 1 in 1100 by p1");
    check_in(in_shifts(), &one, cash.clone(), Ok(&taken));
    // Where two are open somebody has to say which.
    let two = [one.clone(), vec![shift("d2", 0)]].concat();
    check_in(in_shifts(), &two, cash.clone(), Err(Refused::ShiftRequired));
    let taken = sale("p1 captured 1000 + 100, 900 back", "d2 shift 1 in 1100 by p1");
    check_in(in_shifts(), &two, into("p1", 1_000, 2_000, Some("d2")), Ok(&taken));
    let unknown = Err(Refused::ShiftNotOpen { drawer: drawer("d3") });
    check_in(in_shifts(), &two, into("p1", 1_000, 2_000, Some("d3")), unknown);
    // What is not cash, and what is recorded after the fact, asks for no shift.
    check_in(in_shifts(), &placed, by_card("p1", None), Ok(&["p1 card 2178 + 0 until 900"]));
    let imported = ["p1 cash 1000 + 100", "p1 captured 1000 + 100, 900 back", "o1 applied p1 1000 + 100"];
    let past = [open(burgers()).imported(), place().imported()];
    check_in(in_shifts(), &past, cash.clone().imported(), Ok(&imported));
    // An import touches nothing that others opened.
    check_in(in_shifts(), &placed, cash.clone().imported(), Err(Refused::NotImported { order: order("o1") }));
    // Nor does a store that does not work in shifts.
    check(&one, cash, Ok(&imported));
    let card = [placed.to_vec(), vec![by_card("p1", None), captured("p1", None)]].concat();
    let new = NewRefund {
        refund: refund_id("r1"),
        what: RefundOf::Rest,
        restock: false,
        drawer: Some(drawer("d1")),
        reason: text("cold"),
    };
    check(&card, when(to_payment("p1", PaymentCommand::RequestRefund(new))), Err(Refused::NotCash));
}

#[test]
fn d2_cash_goes_in_and_out_of_the_shift() {
    let given =
        vec![shift("d1", 20_000), open(burgers()), place(), into("p1", 1_000, 2_000, None), back("p1", "r1", 300, 50)];
    let out = [
        "p1 refund r2 200 + 0 + 0",
        "p1 refund r2 succeeded",
        "o1 gave back r2 200 + 0 + 0 on 2026-03-02, 200 of the payment",
        "d1 shift 1 out 200 by p1 r2",
    ];
    check_in(in_shifts(), &given, back("p1", "r2", 200, 0), Ok(&out));
    check_in(in_shifts(), &given, close("d1", 20_750), Ok(&["d1 shift 1 closed with 20750 for 20750, 0"]));
    let closed = [given, vec![close("d1", 20_750)]].concat();
    check_in(in_shifts(), &closed, back("p1", "r2", 200, 0), Err(Refused::ShiftRequired));
}

#[test]
fn d2_cash_that_an_order_could_not_take_comes_out_of_a_shift() {
    let late = || When { source: Source::Offline, ..by_cash("p1", Some(500)) };
    let given = vec![shift("d1", 20_000), open(burgers()), place(), cancel(), late()];
    let gave_back = ["p1 refund unapplied succeeded", "o1 gave back unapplied 0 + 0 + 500 on 2026-03-02"];
    let from = |drawer| [&gave_back[..], &[drawer]].concat();
    check_in(
        in_shifts(),
        &given,
        handed_back("p1", "unapplied", None),
        Ok(&from("d1 shift 1 out 500 by p1 unapplied")),
    );
    let two = [given.clone(), vec![shift("d2", 0)]].concat();
    check_in(in_shifts(), &two, handed_back("p1", "unapplied", None), Err(Refused::ShiftRequired));
    let second = from("d2 shift 1 out 500 by p1 unapplied");
    check_in(in_shifts(), &two, handed_back("p1", "unapplied", Some("d2")), Ok(&second));
    let unknown = Err(Refused::ShiftNotOpen { drawer: drawer("d3") });
    check_in(in_shifts(), &two, handed_back("p1", "unapplied", Some("d3")), unknown);
    check_in(in_shifts(), &given, handed_back("p1", "unapplied", None).imported(), Ok(&gave_back));
    // It is given back once, and once it was said that it was not, it may still be.
    let done = [given.clone(), vec![handed_back("p1", "unapplied", None)]].concat();
    check_in(in_shifts(), &done, handed_back("p1", "unapplied", None), Ok(&[]));
    let failed = [given.clone(), vec![refund_outcome("p1", "unapplied", false), close("d1", 0)]].concat();
    check_in(in_shifts(), &failed, handed_back("p1", "unapplied", None), Err(Refused::ShiftRequired));
    let failed = [given, vec![refund_outcome("p1", "unapplied", false)]].concat();
    let again = from("d1 shift 1 out 500 by p1 unapplied");
    check_in(in_shifts(), &failed, handed_back("p1", "unapplied", None), Ok(&again));
    // Where the store does not work in shifts, out of the one that is named.
    let plain = [open(burgers()), place(), cancel(), late()];
    check(&plain, handed_back("p1", "unapplied", None), Ok(&gave_back));
    // What is not cash comes out of no drawer.
    let card = [open(burgers()), place(), by_card("p1", None), captured("p1", None), back("p1", "r1", 300, 0)];
    check(&card, handed_back("p1", "r1", Some("d1")), Err(Refused::NotCash));
}

#[test]
fn o8_taking_cash_out_asks_where_the_store_does() {
    let needed = Rights::of([Right::PaidOut, Right::NoSale]);
    let asking = || opened(Settings { approvals: Approvals { needed, ..Approvals::default() }, ..settings() });
    let staff = AccessCommand::PutStaff { staff: actor("boss"), rights: needed, discount_limit: None };
    let given = [shift("d1", 0), when(Command::Access(staff))];
    let refused = |right| Err(Refused::ApprovalRequired { right, approver: None });
    check_in(asking(), &given, paid_out("d1", 5), refused(Right::PaidOut));
    check_in(asking(), &given, no_sale("d1"), refused(Right::NoSale));
    check_in(asking(), &given, paid_in("d1", 5), Ok(&["d1 shift 1 paid in 5 coins"]));
    check_in(asking(), &given, paid_out("d1", 5).approved_by("boss"), Ok(&["d1 shift 1 paid out 5 ice"]));
}

#[test]
fn a_drawer_holds_no_more_than_a_sum_of_money() {
    let given = [shift("d1", Money::MAX_ABS)];
    check(&given, paid_in("d1", 1), Err(Refused::AmountTooLarge));
    check(&given, paid_out("d1", 1), Ok(&["d1 shift 1 paid out 1 ice"]));
}

/// Names that a low role makes up use up nobody's room, and what was made by mistake is taken out.
#[test]
fn persist_dos_a_drawer_is_made_by_who_runs_the_store() {
    let by_a_till = |id| to(id, DrawerCommand::OpenShift { float: Money(5), may_add: false });
    let unknown = |id| Err(Refused::UnknownDrawer { drawer: drawer(id) });
    check(&[], by_a_till("d1"), unknown("d1"));
    let closed = [shift("d1", 0), to("d1", DrawerCommand::CloseShift { counted: Money(0) })];
    check(&closed, by_a_till("d1"), Ok(&["d1 shift 2 opened with 5 on 2026-03-02"]));
    check(&[], to("d1", DrawerCommand::Remove), unknown("d1"));
    check(&closed[..1], to("d1", DrawerCommand::Remove), Err(Refused::ShiftOpen { drawer: drawer("d1") }));
    check(&closed, to("d1", DrawerCommand::Remove), Ok(&["d1 is out"]));
    let out = [closed.to_vec(), vec![to("d1", DrawerCommand::Remove)]].concat();
    check(&out, to("d1", DrawerCommand::Remove), Ok(&[]));
    check(&out, by_a_till("d1"), unknown("d1"));
    check(&out, shift("d1", 7), Ok(&["d1 shift 2 opened with 7 on 2026-03-02"]));
}
