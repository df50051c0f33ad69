//! Facts of terminals that were away, and what they sent: as they read in JSON.

use domain::calendar::Timestamp;
use domain::command::{Command, OrderCommand, Source, StoreCommand, TerminalCommand};
use domain::event::{Event, Noted, OrderEvent, StockEvent, TerminalEvent};
use domain::ids::{ActorId, CommandId, OrderId, PaymentId, Sku, StoreId, TerminalId, TerminalSeq, Text};
use domain::money::{Money, QtyMilli};
use domain::refused::{Refused, Shortage};
use domain::terminal::{QueueEntry, Request};
use schemas::json::batch::{BatchResult, BatchStatus, CommitRange, Entry, Kept, Upload};
use schemas::json::{PositionToken, noted_text, parse_body, refusal_words};

const ID: &str = "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90";
const NUMBER: u128 = 0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90;

fn till() -> TerminalId {
    TerminalId::parse("till_1").unwrap()
}

fn store() -> StoreId {
    StoreId::parse("s1").unwrap()
}

fn noted() -> [Noted; 2] {
    let text = |text| Text::parse(text).unwrap();
    let full = Noted {
        seq: Some(TerminalSeq(41)),
        command: Some(CommandId(NUMBER)),
        kind: Some(text("InitiatePayment")),
        order: Some(OrderId::parse("o1").unwrap()),
        payment: Some(PaymentId::parse("p1").unwrap()),
        code: text("unknown_order"),
        detail: text("There is no order o1 in this store."),
    };
    let (code, detail) = (text("malformed"), text("/type: is required"));
    [full, Noted { seq: None, command: None, kind: None, order: None, payment: None, code, detail }]
}

/// Every event, and how it reads.
pub fn terminal_events() -> Vec<(Event, &'static str)> {
    let terminal = |event| Event::Terminal(till(), event);
    let seq = TerminalSeq(41);
    let occurred_at = Timestamp(1_795_348_800_000_000);
    let [full, plain] = noted();
    let sku = Sku::parse("dough").unwrap();
    let order = OrderId::parse("o1").unwrap();
    vec![
        (terminal(TerminalEvent::TerminalRegistered), "{}"),
        (terminal(TerminalEvent::SequenceAdvanced { seq }), r#"{"terminal_seq":41}"#),
        (terminal(TerminalEvent::SequenceGapFound { first: seq, last: TerminalSeq(43) }), r#"{"first":41,"last":43}"#),
        (terminal(TerminalEvent::SequenceGapFilled { seq }), r#"{"terminal_seq":41}"#),
        (
            terminal(TerminalEvent::ClockAheadFound { seq, command: CommandId(NUMBER), occurred_at }),
            concat!(
                r#"{"terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","#,
                r#""occurred_at":"2026-11-22T12:00:00.000000Z"}"#,
            ),
        ),
        (
            terminal(TerminalEvent::BoundExceeded(full.clone())),
            concat!(
                r#"{"terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","command":"InitiatePayment","#,
                r#""order_id":"o1","payment_id":"p1","code":"unknown_order","#,
                r#""detail":"There is no order o1 in this store."}"#,
            ),
        ),
        (
            terminal(TerminalEvent::RuleWaived(full.clone())),
            concat!(
                r#"{"terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","command":"InitiatePayment","#,
                r#""order_id":"o1","payment_id":"p1","code":"unknown_order","#,
                r#""detail":"There is no order o1 in this store."}"#,
            ),
        ),
        (
            terminal(TerminalEvent::LateCommandRecorded {
                noted: full,
                digest: 7,
                amount: Some(Money(3_500)),
                occurred_at,
                kept: Some(domain::terminal::Kept {
                    request: Request::new(r#"{"type":"payment.initiate"}"#).unwrap(),
                    actor: ActorId::parse("ana").unwrap(),
                    approver: None,
                    sent_by: None,
                }),
            }),
            concat!(
                r#"{"terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","command":"InitiatePayment","#,
                r#""order_id":"o1","payment_id":"p1","code":"unknown_order","#,
                r#""detail":"There is no order o1 in this store.","digest":"00000000000000000000000000000007","#,
                r#""amount":3500,"occurred_at":"2026-11-22T12:00:00.000000Z","#,
                r#""kept":{"request":"{\"type\":\"payment.initiate\"}","actor":"ana"}}"#,
            ),
        ),
        (
            terminal(TerminalEvent::LateCommandTaken(plain.clone())),
            r#"{"code":"malformed","detail":"/type: is required"}"#,
        ),
        (
            terminal(TerminalEvent::ClockBehindFound { seq, command: CommandId(NUMBER), occurred_at }),
            concat!(
                r#"{"terminal_seq":41,"command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90","#,
                r#""occurred_at":"2026-11-22T12:00:00.000000Z"}"#,
            ),
        ),
        (
            terminal(TerminalEvent::ExceptionResolved {
                position: 918,
                note: Text::parse("Bought more").unwrap(),
                command: None,
            }),
            r#"{"exception":"0:918","note":"Bought more"}"#,
        ),
        (
            terminal(TerminalEvent::ExceptionResolved {
                position: 918,
                note: Text::parse("Paid by hand").unwrap(),
                command: Some(CommandId(NUMBER)),
            }),
            r#"{"exception":"0:918","note":"Paid by hand","command_id":"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90"}"#,
        ),
        (
            terminal(TerminalEvent::CommandRejected { noted: plain, digest: 7 }),
            concat!(
                r#"{"code":"malformed","detail":"/type: is required","#,
                r#""digest":"00000000000000000000000000000007"}"#,
            ),
        ),
        (
            Event::Stock(StockEvent::OversellRecorded { order: Some(order), sku, qty: QtyMilli(1_500) }),
            r#"{"order_id":"o1","sku":"dough","qty":1.5}"#,
        ),
        (
            Event::Stock(StockEvent::OversellRecorded { order: None, sku, qty: QtyMilli::ONE }),
            r#"{"sku":"dough","qty":1}"#,
        ),
        (
            Event::Order(order, OrderEvent::TotalMismatchRecorded { expected: Money(3_300), actual: Money(3_356) }),
            r#"{"expected":3300,"actual":3356}"#,
        ),
    ]
}

/// Reads an upload of these commands.
#[track_caller]
fn read(commands: &[&str]) -> Vec<Entry> {
    let json = format!(r#"{{"commands": [{}]}}"#, commands.join(","));
    let upload: Upload = parse_body(json.as_bytes()).expect("it is an upload");
    upload.parse(store()).expect("it is not too long")
}

/// A command of a till's queue, but for `rest`.
fn queued(rest: &str) -> String {
    format!(r#"{{"command_id": "{ID}", "source": "offline", "terminal": "till_1"{rest}}}"#)
}

#[test]
fn a_command_of_a_queue_says_where_it_stood() {
    let good = r#", "type": "order.complete", "order_id": "o1", "terminal_seq": 41, "menu_version": 3,
        "occurred_at": "2026-11-22T12:00:00Z""#;
    let entry = read(&[&queued(good)]).remove(0);
    let parsed = entry.parsed.expect("it is right");
    assert_eq!(parsed.source, Source::Offline);
    assert_eq!(parsed.queued, Some(QueueEntry { before: 0, seq: TerminalSeq(41), menu_version: Some(3) }));
    let order = OrderId::parse("o1").unwrap();
    assert_eq!(parsed.command, Command::Store(store(), StoreCommand::Order(order, OrderCommand::Complete)));
    let kept = Kept::of(&parsed).expect("a till kept it");
    assert_eq!((kept.terminal, kept.seq, kept.order), (till(), Some(TerminalSeq(41)), Some(order)));
}

#[test]
fn a_command_of_a_queue_is_refused_at_the_field() {
    let complete = r#", "type": "order.complete", "order_id": "o1""#;
    let at = r#", "occurred_at": "2026-11-22T12:00:00Z""#;
    for (rest, pointer) in [
        (format!("{complete}{at}"), "/terminal_seq"),
        (format!(r#"{complete}{at}, "terminal_seq": 0"#), "/terminal_seq"),
        (format!(r#"{complete}{at}, "terminal_seq": 9007199254740992"#), "/terminal_seq"),
        (format!(r#"{complete}, "terminal_seq": 1"#), "/occurred_at"),
        (format!(r#"{complete}{at}, "terminal_seq": 1, "if_match": 3"#), "/if_match"),
        (format!(r#"{at}, "terminal_seq": 1, "type": "menu.publish""#), "/source"),
        (
            format!(
                r#"{at}, "terminal_seq": 1, "type": "store.set_availability", "item_id": "a", "body": {{"available": true}}"#
            ),
            "/source",
        ),
    ] {
        let malformed = read(&[&queued(&rest)]).remove(0).parsed.expect_err(&rest);
        assert_eq!(malformed.error.pointer, format!("/commands/0{pointer}"), "{rest}");
        assert_eq!(malformed.kept.expect("it is kept").terminal, till(), "{rest}");
    }
    for (rest, pointer) in [(r#", "terminal_seq": 1"#, "/terminal_seq"), (r#", "menu_version": 1"#, "/menu_version")] {
        let online = format!(r#"{{"command_id": "{ID}", "type": "order.complete", "order_id": "o1"{rest}}}"#);
        let malformed = read(&[&online]).remove(0).parsed.expect_err(rest);
        assert_eq!(malformed.error.pointer, format!("/commands/0{pointer}"), "{rest}");
        assert_eq!(malformed.kept, None, "no till kept it");
    }
    let nameless = format!(r#"{{"command_id": "{ID}", "source": "offline", "terminal_seq": 1{complete}{at}}}"#);
    let malformed = read(&[&nameless]).remove(0).parsed.expect_err("it names no till");
    assert_eq!((malformed.error.pointer.as_str(), malformed.kept), ("/commands/0/terminal", None));
}

#[test]
fn what_cannot_be_read_does_not_stop_the_others() {
    let good = format!(r#"{{"command_id": "{ID}", "type": "order.complete", "order_id": "o1"}}"#);
    let bad =
        r#"{"command_id": "seven", "source": "offline", "terminal": "till_1", "terminal_seq": 5, "order_id": "o1"}"#;
    let entries = read(&[bad, "7", "[]", &good]);
    let pointers: Vec<_> =
        entries.iter().map(|entry| entry.parsed.as_ref().err().map(|bad| bad.error.pointer.as_str())).collect();
    assert_eq!(pointers, [Some("/commands/0/command_id"), Some("/commands/1"), Some("/commands/2"), None]);
    assert_eq!(
        entries.iter().map(|entry| entry.command_id).collect::<Vec<_>>(),
        [None, None, None, Some(CommandId(NUMBER))]
    );
    let kept = entries[0].parsed.as_ref().unwrap_err().kept.clone().expect("a till kept it");
    assert_eq!((kept.seq, kept.command_id, kept.kind.clone()), (Some(TerminalSeq(5)), None, None));
    let Command::Store(at, StoreCommand::Terminal(terminal, TerminalCommand::RecordRejected { noted, digest })) =
        kept.clone().command(store(), "malformed", "It is\nwrong.")
    else {
        panic!("it is kept in its terminal's stream");
    };
    assert_eq!((at, terminal, digest), (store(), till(), kept.digest));
    assert_eq!((noted.code.as_str(), noted.detail.as_str()), ("malformed", "It is wrong."));
    // Other bytes have another digest.
    let other = read(&[&bad.replace("o1", "o2")]).remove(0).parsed.unwrap_err().kept.unwrap();
    assert_ne!(other.digest, kept.digest);
}

#[test]
fn results_say_what_a_person_should_know() {
    let stream = domain::stream::Stream::Terminal(domain::ids::TenantId::parse("demo").unwrap(), store(), till());
    let at = CommitRange { stream: &stream, revision: None, position: PositionToken::new(9) };
    let id = CommandId(NUMBER);
    let events: Vec<Event> = terminal_events().into_iter().map(|(event, _)| event).collect();
    let plain = BatchResult::accepted(id, &at).with_facts(&events[..2]);
    assert_eq!((plain.status, plain.code, plain.exceptions.len()), (BatchStatus::Accepted, None, 0));
    let all = BatchResult::accepted(id, &at).with_facts(&events);
    assert_eq!(all.status, BatchStatus::RecordedWithException);
    let codes: Vec<_> = all.exceptions.iter().map(|exception| exception.code.as_ref()).collect();
    let expected = [
        "sequence_gap",
        "sequence_gap_filled",
        "occurred_in_future",
        "unknown_order",
        "unknown_order",
        "unknown_order",
        "malformed",
        "occurred_long_ago",
        "malformed",
        "oversell",
        "oversell",
        "total_mismatch",
    ];
    assert_eq!(codes, expected);
    assert_eq!(all.code.as_deref(), Some("sequence_gap"));
    assert_eq!(all.exceptions[9].data, serde_json::json!({"order_id": "o1", "sku": "dough", "qty": 1.5}));
    let again = BatchResult::duplicate(id, &at).with_facts(&events);
    assert_eq!((again.status, again.exceptions), (BatchStatus::Duplicate, all.exceptions));
}

#[test]
fn words_that_are_kept_fit_a_text() {
    let sku = Sku::parse("dough").unwrap();
    let shortage = Shortage { sku, wanted: QtyMilli::ONE, available: QtyMilli::ZERO, marked_86: false };
    let (code, detail) = refusal_words(&Refused::OutOfStock { shortages: vec![shortage; 30] });
    assert_eq!((code.as_str(), detail.as_str().chars().count()), ("out_of_stock", Text::CHARS_MAX));
    assert_eq!(noted_text(" \n ").as_str(), "-");
}
