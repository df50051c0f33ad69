//! Generated days of a store: sequences of commands, small enough to collide and long enough to get into trouble.

use crate::support::SKUS;
use domain::event::Decision;
use domain::money::{Money, QtyMilli};
use proptest::collection::vec;
use proptest::prelude::*;

pub const LINES: [&str; 8] = ["l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8"];
pub const ORDERS: [&str; 6] = ["o1", "o2", "o3", "o4", "o5", "o6"];
pub const DRAWERS: [&str; 2] = ["d1", "d2"];
pub const REFUNDS: [&str; 4] = ["r1", "r2", "r3", "unapplied"];
pub const PAYMENTS: [&str; 8] = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"];
/// From here on a pick is blind; below it finds something its op can be done to.
pub const BLIND: usize = 42;
const PICKS: usize = 48;

/// A line as the generator writes it: numbers that are looked up when it is used.
#[derive(Clone, Debug)]
pub struct LineSpec {
    pub id: usize,
    pub item: usize,
    pub variation: usize,
    pub milli: i64,
    pub choices: Vec<(usize, u16)>,
    pub price: Option<i64>,
    /// Whether it may ask for what the menu does not allow.
    pub wild: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Expected {
    Nothing,
    Right,
    Wrong(i64),
}

#[derive(Clone, Copy, Debug)]
pub enum Share {
    All,
    Percent(u8),
    TooMuch,
}

#[derive(Clone, Debug)]
pub enum Back {
    Rest,
    Amount(Share),
    /// By number, and how much of what was sold.
    Lines(Vec<(usize, i64)>),
}

#[derive(Clone, Copy, Debug)]
pub enum AtDrawer {
    Open(i64),
    In(i64),
    Out(i64),
    NoSale,
    Close(i64),
}

/// What is asked of a provider, or what it says.
#[derive(Clone, Copy, Debug)]
pub enum AtProvider {
    /// By number: accepted, authorised, captured, failed, voided, disputed, refunded, not refunded, anything else.
    Said {
        what: u8,
        off: Option<i64>,
        is_foreign: bool,
        is_other: bool,
    },
    Capture,
    Void,
    Tip(i64),
    /// Of the flag that stands there in the list.
    Review {
        flag: usize,
        decision: Decision,
        tip: Option<i64>,
    },
}

/// One step of a day.
#[derive(Clone, Debug)]
pub enum Op {
    Open {
        order: usize,
        first: bool,
        lines: Vec<LineSpec>,
        place: Option<Expected>,
        foreign: bool,
        imported: Option<i64>,
    },
    AddLines(usize, Vec<LineSpec>),
    Qty(usize, usize, i64),
    Remove(usize, usize),
    Discount {
        order: usize,
        id: usize,
        lines: Option<Vec<usize>>,
        percent: Option<u32>,
        amount: i64,
    },
    RemoveDiscount(usize, usize),
    Charge {
        order: usize,
        id: usize,
        taxed: Option<bool>,
        percent: Option<u32>,
        amount: i64,
    },
    RemoveCharge(usize, usize),
    Place(usize, Expected),
    Cancel(usize),
    /// Into the other one.
    Merge(usize, usize),
    Complete(usize),
    TimeOut(usize, bool),
    Pay {
        payment: usize,
        order: usize,
        share: Share,
        tip: i64,
        cash: Option<Option<i64>>,
        expected: Expected,
    },
    /// Cash that was taken for an order while its terminal was away, whatever has become of the order.
    PayAway {
        payment: usize,
        order: usize,
        amount: i64,
    },
    Captured(usize, Option<i64>),
    Failed(usize),
    Refund {
        payment: usize,
        id: usize,
        what: Back,
        tip: i64,
        restock: bool,
    },
    /// Over the payments of an order: all that took something in, or as many of them, the latest first.
    RefundOver {
        order: usize,
        id: usize,
        what: Back,
        payments: Option<usize>,
        restock: bool,
    },
    RefundOutcome {
        payment: usize,
        id: usize,
        succeeded: bool,
        drawer: Option<usize>,
    },
    Expire(usize, bool),
    /// Time passes, and the engine does at once what falls due.
    Tick(i64),
    /// Time passes and the engine is late.
    Late(i64),
    Policy(usize, usize),
    Receive(usize, i64),
    Count(usize, i64),
    Adjust(usize, i64),
    Waste(usize, i64),
    Mark(usize, Option<i64>),
    Unmark(usize),
    Reprice {
        item: usize,
        price: i64,
    },
    StorePrice {
        item: usize,
        price: Option<i64>,
    },
    Sell(usize, bool),
    Currency(bool),
    Drawer(usize, AtDrawer),
    /// The day it is, so many days back.
    CloseDay(i32),
    /// The same.
    OpenDay(i32),
    Provider(usize, AtProvider),
}

/// A day: how the store rounds and when it closes, and what happens.
#[derive(Clone, Debug)]
pub struct Day {
    pub base: usize,
    pub terminals: u8,
    /// Whether a provider takes what is not paid in cash.
    pub has_provider: bool,
    pub ops: Vec<Op>,
}

fn milli() -> impl Strategy<Value = i64> {
    prop_oneof![20 => Just(1_000), 12 => Just(2_000), 4 => Just(500), 4 => Just(3_000), 4 => 1..20_000_i64, 1 => Just(QtyMilli::MAX.0)]
}

fn a_line() -> impl Strategy<Value = LineSpec> {
    let price = prop_oneof![30 => Just(None), 20 => (0..5_000_i64).prop_map(Some), 1 => Just(Some(Money::MAX_ABS))];
    let choices = prop_oneof![2 => Just(vec![]), 2 => vec((0..3_usize, 1..3_u16), 1..4)];
    (0..LINES.len(), prop_oneof![1 => Just(0_usize), 2 => 0..7_usize], 0..3_usize, milli(), choices, price, 0..8_u8)
        .prop_map(|(id, item, variation, milli, choices, price, wild)| LineSpec {
            id,
            item,
            variation,
            milli,
            choices,
            price,
            wild: wild == 0,
        })
}

fn expected() -> impl Strategy<Value = Expected> {
    prop_oneof![4 => Just(Expected::Nothing), 3 => Just(Expected::Right), 1 => (-50..50_i64).prop_map(Expected::Wrong)]
}

fn order_op() -> impl Strategy<Value = Op> {
    let o = || 0..PICKS;
    let percent = || prop_oneof![2 => Just(None), 3 => (0..=1_000_000_u32).prop_map(Some), 1 => Just(Some(1_000_000))];
    let on = prop_oneof![2 => Just(None), 3 => vec(0..LINES.len(), 1..3).prop_map(Some)];
    let place = prop_oneof![2 => Just(None), 4 => expected().prop_map(Some)];
    let open = (
        o(),
        any::<bool>(),
        vec(a_line(), 0..4),
        place,
        0..20_u8,
        prop_oneof![6 => Just(None), 1 => (0..200_000_i64).prop_map(Some)],
    );
    prop_oneof![
        14 => open.prop_map(|(order, first, lines, place, foreign, imported)| Op::Open { order, first, lines, place, foreign: foreign == 0, imported }),
        5 => (o(), vec(a_line(), 1..3)).prop_map(|(order, lines)| Op::AddLines(order, lines)),
        6 => (o(), 0..LINES.len(), milli()).prop_map(|(order, line, milli)| Op::Qty(order, line, milli)),
        3 => (o(), 0..LINES.len()).prop_map(|(order, line)| Op::Remove(order, line)),
        6 => (o(), 0..3_usize, on, percent(), 0..1_500_i64).prop_map(|(order, id, lines, percent, amount)| Op::Discount { order, id, lines, percent, amount }),
        1 => (o(), 0..3_usize).prop_map(|(order, id)| Op::RemoveDiscount(order, id)),
        2 => (o(), 0..2_usize, any::<Option<bool>>(), percent(), 0..500_i64).prop_map(|(order, id, taxed, percent, amount)| Op::Charge { order, id, taxed, percent, amount }),
        1 => (o(), 0..2_usize).prop_map(|(order, id)| Op::RemoveCharge(order, id)),
        8 => (o(), expected()).prop_map(|(order, expected)| Op::Place(order, expected)),
        6 => o().prop_map(Op::Cancel),
        2 => o().prop_map(Op::Complete),
        2 => (o(), any::<bool>()).prop_map(|(order, right)| Op::TimeOut(order, right)),
    ]
}

fn refund_op() -> impl Strategy<Value = Op> {
    let p = || 0..PICKS;
    let share =
        prop_oneof![2 => Just(Share::All), 6 => (1..=60_u8).prop_map(Share::Percent), 1 => Just(Share::TooMuch)];
    let line = (0..LINES.len(), prop_oneof![6 => Just(1_000), 2 => Just(300), 1 => 1..5_000_i64]);
    let what = prop_oneof![
        1 => Just(Back::Rest),
        3 => share.prop_map(Back::Amount),
        6 => vec(line, 1..3).prop_map(Back::Lines),
    ];
    let tip = prop_oneof![3 => Just(0), 1 => 1..300_i64];
    let payments = prop_oneof![3 => Just(None), 2 => (1..3_usize).prop_map(Some)];
    let over = (p(), 0..3_usize, what.clone(), payments, any::<bool>())
        .prop_map(|(order, id, what, payments, restock)| Op::RefundOver { order, id, what, payments, restock });
    prop_oneof![
        2 => over,
        3 => (p(), 0..3_usize, what, tip, any::<bool>()).prop_map(|(payment, id, what, tip, restock)| Op::Refund { payment, id, what, tip, restock }),
        2 => (p(), 0..REFUNDS.len(), 0..6_u8).prop_map(|(payment, id, outcome)| Op::RefundOutcome {
            payment,
            id,
            succeeded: 1 < outcome,
            drawer: (outcome == 5).then_some(0),
        }),
    ]
}

fn payment_op() -> impl Strategy<Value = Op> {
    let p = || 0..PICKS;
    let share =
        prop_oneof![4 => Just(Share::All), 5 => (1..=99_u8).prop_map(Share::Percent), 1 => Just(Share::TooMuch)];
    let tip = prop_oneof![2 => Just(0), 1 => 1..500_i64];
    let cash =
        prop_oneof![4 => Just(None), 1 => Just(Some(None)), 2 => (-20..500_i64).prop_map(|more| Some(Some(more)))];
    prop_oneof![
        8 => (p(), 0..PICKS, share, tip, cash, expected()).prop_map(|(payment, order, share, tip, cash, expected)| Op::Pay { payment, order, share, tip, cash, expected }),
        7 => (p(), prop_oneof![3 => Just(None), 2 => (-100..100_i64).prop_map(Some)]).prop_map(|(payment, off)| Op::Captured(payment, off)),
        3 => p().prop_map(Op::Failed),
        1 => (p(), any::<bool>()).prop_map(|(payment, right)| Op::Expire(payment, right)),
    ]
}

fn other_op() -> impl Strategy<Value = Op> {
    let s = || prop_oneof![3 => Just(0_usize), 2 => 0..SKUS.len()];
    let seconds = || prop_oneof![Just(1_i64), Just(60), Just(899), Just(900), Just(3_600), Just(30_000)];
    let some = || prop_oneof![1..8_000_i64, Just(1_000), Just(5_000)];
    prop_oneof![
        6 => seconds().prop_map(Op::Tick),
        3 => seconds().prop_map(Op::Late),
        2 => (s(), 0..3_usize).prop_map(|(sku, policy)| Op::Policy(sku, policy)),
        2 => (s(), some()).prop_map(|(sku, milli)| Op::Receive(sku, milli)),
        2 => (s(), 0..8_000_i64).prop_map(|(sku, milli)| Op::Count(sku, milli)),
        2 => (s(), -5_000..5_000_i64).prop_map(|(sku, milli)| Op::Adjust(sku, milli)),
        2 => (s(), some()).prop_map(|(sku, milli)| Op::Waste(sku, milli)),
        5 => (s(), prop_oneof![Just(None), (-10..2_000_i64).prop_map(Some)]).prop_map(|(sku, until)| Op::Mark(sku, until)),
        2 => s().prop_map(Op::Unmark),
        3 => (0..7_usize, 0..2_000_i64).prop_map(|(item, price)| Op::Reprice { item, price }),
        1 => (0..7_usize, any::<bool>(), 0..2_000_i64).prop_map(|(item, ends, price)| Op::StorePrice { item, price: (!ends).then_some(price) }),
        1 => (0..7_usize, any::<bool>()).prop_map(|(item, available)| Op::Sell(item, available)),
        1 => any::<bool>().prop_map(Op::Currency),
    ]
}

/// How often the ops of a day are to orders, to payments, to refunds, and anything else.
pub type Mix = [u32; 4];

pub const BUSY: Mix = [10, 9, 2, 5];
/// A day with much to pay, and with trouble: for the rules that need several things to go wrong with one payment.
pub const PAYING: Mix = [7, 14, 2, 4];
/// A day on which much goes back.
pub const REFUNDING: Mix = [5, 10, 16, 2];

pub fn a_day(ops: usize, [to_orders, to_payments, to_refunds, others]: Mix) -> impl Strategy<Value = Day> {
    let op = prop_oneof![
        to_orders => order_op(),
        to_payments => payment_op(),
        to_refunds => refund_op(),
        others => other_op()
    ];
    // The first orders are opened before anything else, so that the rest of the day has something to happen to.
    let morning = vec((any::<bool>(), vec(a_line(), 1..3), 0..4_u8), ORDERS.len() - 1);
    (0..4_usize, 0..3_u8, morning, vec(op, ops / 2..=ops)).prop_map(|(base, terminals, morning, ops)| {
        let opens = morning.into_iter().enumerate().map(|(order, (first, lines, places))| Op::Open {
            order,
            first,
            lines,
            place: (places != 0).then_some(Expected::Nothing),
            foreign: false,
            imported: None,
        });
        Day { base, terminals, has_provider: false, ops: opens.chain(ops).collect() }
    })
}

/// A day on which everybody has paid when it begins, and much goes back.
pub fn a_refunding_day(ops: usize) -> impl Strategy<Value = Day> {
    (a_day(ops, REFUNDING), vec((any::<bool>(), 0..2_i64), ORDERS.len() - 1)).prop_map(|(mut day, payers)| {
        let afternoon = day.ops.split_off(ORDERS.len() - 1);
        for (is_cash, tip) in payers {
            let cash = is_cash.then_some(None);
            let expected = Expected::Nothing;
            day.ops.push(Op::Pay { payment: 0, order: 0, share: Share::All, tip: tip * 100, cash, expected });
            // The payment that waits, if it was not cash.
            day.ops.push(Op::Captured(2, None));
        }
        day.ops.extend(afternoon);
        day
    })
}

fn drawer_op() -> impl Strategy<Value = Op> {
    let sum = || 1..30_000_i64;
    // Mostly one drawer: two that are open leave a payment that names none without a shift.
    let which = prop_oneof![5 => Just(0_usize), 1 => Just(1_usize)];
    let what = prop_oneof![
        4 => sum().prop_map(AtDrawer::Open),
        2 => sum().prop_map(AtDrawer::In),
        2 => sum().prop_map(AtDrawer::Out),
        1 => Just(AtDrawer::NoSale),
        2 => sum().prop_map(AtDrawer::Close),
    ];
    (which, what).prop_map(|(which, what)| Op::Drawer(which, what))
}

/// A day of a store that takes cash in shifts: much of it is paid, and given back, in cash.
pub fn a_day_in_shifts(ops: usize) -> impl Strategy<Value = Day> {
    let away =
        (0..PICKS, 0..PICKS, 1..3_000_i64).prop_map(|(payment, order, amount)| Op::PayAway { payment, order, amount });
    let op = prop_oneof![6 => drawer_op(), 5 => payment_op(), 3 => away, 5 => refund_op(), 3 => order_op()];
    (a_refunding_day(2), vec(op, ops / 2..=ops), 0..3_u8).prop_map(|(mut day, ops, opens)| {
        day.base = crate::life::IN_SHIFTS;
        let mut pays = day.ops.split_off(ORDERS.len() - 1);
        if opens != 0 {
            day.ops.push(Op::Drawer(0, AtDrawer::Open(20_000)));
        }
        for pay in &mut pays {
            if let Op::Pay { cash, .. } = pay {
                *cash = Some(None);
            }
        }
        day.ops.extend(pays);
        day.ops.extend(ops);
        day
    })
}

/// Two days of a store that closes them.
pub fn days_to_close(ops: usize) -> impl Strategy<Value = Day> {
    let close = prop_oneof![6 => Just(0), 1 => Just(1), 1 => Just(-1)].prop_map(Op::CloseDay);
    let open = prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(-1)].prop_map(Op::OpenDay);
    let merge = (0..PICKS, 0..PICKS).prop_map(|(order, into)| Op::Merge(order, into));
    let op = prop_oneof![3 => close, 1 => open, 1 => Just(Op::Tick(30_000)), 2 => merge, 5 => payment_op(), 4 => refund_op(), 6 => order_op()];
    (a_refunding_day(2), vec(op, ops / 2..=ops)).prop_map(|(mut day, ops)| {
        day.ops.extend(ops);
        day
    })
}

fn provider_op() -> impl Strategy<Value = Op> {
    let off = prop_oneof![6 => Just(None), 1 => Just(Some(0)), 2 => (-100..100_i64).prop_map(Some)];
    let what = prop_oneof![
        1 => Just(0_u8), 6 => Just(1_u8), 6 => Just(2_u8), 3 => Just(3_u8), 2 => Just(4_u8), 1 => Just(5_u8),
        3 => Just(6_u8), 1 => Just(7_u8), 1 => Just(8_u8)
    ];
    let said = (what, off, 0..20_u8, 0..20_u8).prop_map(|(what, off, foreign, other)| AtProvider::Said {
        what,
        off,
        is_foreign: foreign == 0,
        is_other: other == 0,
    });
    let at = prop_oneof![
        12 => said,
        3 => Just(AtProvider::Capture),
        1 => Just(AtProvider::Void),
        2 => (0..3_000_i64).prop_map(AtProvider::Tip),
    ];
    (0..PICKS, at).prop_map(|(payment, at)| Op::Provider(payment, at))
}

fn review_op() -> impl Strategy<Value = Op> {
    let decision = prop_oneof![Just(Decision::Accept), Just(Decision::Refund), Just(Decision::Dismiss)];
    let tip = prop_oneof![2 => Just(None), 1 => (0..3_000_i64).prop_map(Some)];
    let at = (0..3_usize, decision, tip).prop_map(|(flag, decision, tip)| AtProvider::Review { flag, decision, tip });
    (0..PICKS, at).prop_map(|(payment, at)| Op::Provider(payment, at))
}

/// A day on which a provider says what it likes, and somebody decides about it.
pub fn a_day_of_reviews(ops: usize) -> impl Strategy<Value = Day> {
    let op = prop_oneof![6 => provider_op(), 5 => review_op(), 3 => payment_op(), 2 => refund_op(), 1 => order_op()];
    (a_day_at_the_provider(8), vec(op, ops / 2..=ops)).prop_map(|(mut day, ops)| {
        day.ops.extend(ops);
        day
    })
}

/// A day on which a provider takes what is not paid in cash, and says what it likes, in any order.
pub fn a_day_at_the_provider(ops: usize) -> impl Strategy<Value = Day> {
    let op = prop_oneof![14 => provider_op(), 5 => payment_op(), 2 => refund_op(), 3 => order_op(), 2 => other_op()];
    (a_day(2, PAYING), vec(op, ops / 2..=ops)).prop_map(|(mut day, ops)| {
        day.has_provider = true;
        for payment in 0..3 {
            let (share, tip, cash, expected) = (Share::All, 0, None, Expected::Nothing);
            day.ops.push(Op::Pay { payment, order: payment, share, tip, cash, expected });
        }
        day.ops.extend(ops);
        day
    })
}
