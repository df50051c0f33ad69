//! The rows of a snapshot read back as they were written, and damage is told.

use crate::golden::{check_file, hex};
use domain::calendar::{CutOff, Date, Timestamp};
use domain::day::Days;
use domain::drawer::{Drawer, Shift};
use domain::event::{DayTax, DayTender, DayTotals, ReservedLine, StockPolicy};
use domain::ids::{
    ActorId, CommandId, DrawerId, ItemId, LineId, OrderId, PaymentId, Sku, TenantId, TenderId, TerminalId, TerminalSeq,
    Text, TicketId, VariationId,
};
use domain::kitchen::Kitchen;
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::PriceRules;
use domain::staff::Approvals;
use domain::stock::{Mark86, StockItem, StockParts};
use domain::store::{CashShifts, Due, Entity, Settings, StoreParts};
use domain::terminal::{Gap, Kept, Request, Terminal, Waiting, WaitingId};
use schemas::stored::{BadSnapshot, Checkpoint, SNAPSHOT_FORM, StoreRow, StoreSummary};
use std::collections::BTreeMap;

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        log: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
        position: 918,
        last: Timestamp(1_772_452_800_000_000),
        stamped: Some(Timestamp(1_772_452_799_000_000)),
        ahead: Some((1_772_452_900_000_000, 1_772_453_000_000_000)),
        tenants: vec![(id!(TenantId "demo"), 3), (id!(TenantId "m2"), 0)],
    }
}

fn note() -> StoreSummary {
    StoreSummary {
        position: Some(900),
        tail: vec![901, 917],
        menu_version: 3,
        deadlines: vec![
            (Timestamp(1_772_452_800_000_000), Due::Order(id!(OrderId "o1"))),
            (Timestamp(1_772_452_800_000_001), Due::Payment(id!(PaymentId "p1"))),
            (Timestamp(1_772_452_800_000_002), Due::Mark86(id!(Sku "burger"))),
        ],
    }
}

fn row() -> StoreRow {
    let item = StockItem {
        policy: StockPolicy::Counted { auto86: true },
        on_hand: QtyMilli(7_000),
        reserved: QtyMilli(2_500),
        mark: Some(Mark86 { until: Some(Timestamp(1_772_452_800_000_002)), auto: false }),
    };
    let untracked =
        StockItem { policy: StockPolicy::Untracked, on_hand: QtyMilli(0), reserved: QtyMilli(0), mark: None };
    let line = ReservedLine { line: id!(LineId "l1"), sku: id!(Sku "burger"), qty: QtyMilli(2_500) };
    let settings = Settings {
        name: text("Corner"),
        currency: Currency::new("USD", 2).expect("a currency"),
        time_zone: text("America/New_York"),
        cut_off: CutOff::parse("04:00").expect("a cut-off"),
        rules: PriceRules::default(),
        payment_timeout_s: 900,
        approvals: Approvals::default(),
        cash_shifts: CashShifts::Required,
        kitchen: Kitchen::On,
        offline_age_s: None,
        seals_texts: false,
        offline: Default::default(),
    };
    let drawer =
        Drawer { events: 5, shifts: 2, open: Some(Shift { number: 2, expected: Money(12_300) }), is_removed: true };
    let gaps =
        vec![Gap { first: TerminalSeq(4), last: TerminalSeq(4) }, Gap { first: TerminalSeq(9), last: TerminalSeq(11) }];
    let terminal = Terminal { events: 12, last: Some(TerminalSeq(12)), gaps };
    let numbers = [
        (Date::from_ymd(2026, 3, 1).expect("a date"), BTreeMap::from([(String::new(), 12), ("t1".to_owned(), 4)])),
        (Date::from_ymd(2026, 3, 2).expect("a date"), BTreeMap::from([("t1".to_owned(), 1)])),
    ];
    let (terminal_id, seq, command) = (id!(TerminalId "till_1"), TerminalSeq(11), CommandId(7));
    let waiting_id = WaitingId { terminal: terminal_id, seq, command };
    let request = Request::new(r#"{"command_id":"7","type":"order.complete","order_id":"o1"}"#).expect("it is short");
    let kept = Kept { request, actor: id!(ActorId "ana"), approver: None, sent_by: None };
    let waiting = Waiting { order: Some(id!(OrderId "o1")), payment: None, kept };
    StoreRow {
        position: 900,
        parts: StoreParts {
            settings,
            menu_version: 3,
            prices: BTreeMap::from([
                ((id!(ItemId "soup"), None), Money(650)),
                ((id!(ItemId "tea"), Some(id!(VariationId "large"))), Money(-1)),
            ]),
            unavailable: vec![id!(ItemId "lasagne")],
            stock: StockParts {
                items: vec![(id!(Sku "burger"), item), (id!(Sku "bun"), untracked)],
                reservations: vec![(id!(OrderId "o1"), [line].into())],
                events: 44,
            },
            drawers: BTreeMap::from([(id!(DrawerId "d1"), drawer)]),
            days: Days {
                events: 5,
                open: Some(Date::from_ymd(2026, 3, 2).expect("a date")),
                totals: DayTotals {
                    orders: 2,
                    sales: Money(4_400),
                    tips: Money(300),
                    taxes: vec![DayTax { rate: Some(Ppm(70_000)), amount: Money(288), ..DayTax::default() }],
                    tenders: vec![DayTender {
                        tender: Some(id!(TenderId "card")),
                        payments: 2,
                        ..DayTender::default()
                    }],
                    ..DayTotals::default()
                },
                closed: Some(Date::from_ymd(2026, 3, 1).expect("a date")),
                z_number: 2,
                cumulative_total: Money(98_000),
            },
            terminals: BTreeMap::from([(id!(TerminalId "till_1"), terminal)]),
            waiting: BTreeMap::from([(waiting_id, waiting)]),
            numbers: BTreeMap::from(numbers),
            store_events: 2,
            storemenu_events: 9,
            has_sold: true,
            tickets_made: 17,
            live: vec![
                Entity::Order(id!(OrderId "o1")),
                Entity::Payment(id!(PaymentId "p1")),
                Entity::Ticket(id!(TicketId "t17")),
            ],
        },
    }
}

fn bytes(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = vec![];
    encode(&mut bytes);
    bytes
}

#[test]
fn rows_read_back() {
    assert_eq!(Checkpoint::decode(&bytes(|out| checkpoint().encode(out))).expect("it reads"), checkpoint());
    assert_eq!(StoreSummary::decode(&bytes(|out| note().encode(out))).expect("it reads"), note());
    let empty = StoreSummary::default();
    assert_eq!(StoreSummary::decode(&bytes(|out| empty.encode(out))).expect("it reads"), empty);
    assert_eq!(StoreRow::decode(&bytes(|out| row().encode(out))).expect("it reads"), row());
}

/// A row that is written otherwise than before needs another [`SNAPSHOT_FORM`]: then the file has another name.
#[test]
fn golden_snapshot() {
    let rows = [
        ("checkpoint".to_owned(), hex(&bytes(|out| checkpoint().encode(out)))),
        ("note".to_owned(), hex(&bytes(|out| note().encode(out)))),
        ("store".to_owned(), hex(&bytes(|out| row().encode(out)))),
    ];
    check_file(&format!("snapshot.v{SNAPSHOT_FORM}.hex"), "The rows of a snapshot.", &rows);
}

#[test]
fn damage_is_told() {
    let good = bytes(|out| row().encode(out));
    for len in 0..good.len() {
        assert!(StoreRow::decode(&good[..len]).is_err(), "cut to {len}");
    }
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1;
        assert!(StoreRow::decode(&bad).is_err(), "byte {index}");
    }
    assert!(matches!(StoreRow::decode(&[]), Err(BadSnapshot::Form { found: None })));
    let mut other = good;
    other[0] = SNAPSHOT_FORM + 1;
    assert!(matches!(StoreRow::decode(&other), Err(BadSnapshot::Form { found: Some(_) })));
}
