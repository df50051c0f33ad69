//! Terminals that were away and exceptions, as queries show them.

use crate::world::*;
use domain::calendar::Timestamp;
use domain::event::{Event, Kept, Noted, OrderEvent, Request, StockEvent, TerminalEvent};
use domain::ids::{ActorId, CommandId, TerminalId, TerminalSeq};
use domain::money::{Money, QtyMilli};
use domain::terminal::Terminal;
use eventlog::Position;
use projections::{ExceptionFilter, PageRequest, Projections};
use schemas::json::CommandIdJson;
use schemas::views::{ExceptionKind, ExceptionState, ExceptionView, TerminalView};

fn till(name: &str) -> TerminalId {
    id(TerminalId::parse, name)
}

fn of_till(name: &str, event: TerminalEvent) -> Event {
    Event::Terminal(till(name), event)
}

/// A command of which everything is known that can be.
fn noted(command: u128) -> Noted {
    Noted {
        seq: Some(TerminalSeq(7)),
        command: Some(CommandId(command)),
        kind: Some(text("payment.initiate")),
        order: Some(order_id(3)),
        payment: Some(payment_id(4)),
        code: text("order_not_found"),
        detail: text("it is not there"),
    }
}

fn late(command: u128, kept: bool) -> TerminalEvent {
    let request = Request::new("{}").expect("it is short");
    let kept = kept.then(|| Kept { request, actor: id(ActorId::parse, "ana"), approver: None, sent_by: None });
    let (digest, amount, occurred_at) = (0xabc, Some(Money(250)), Timestamp(5));
    TerminalEvent::LateCommandRecorded { noted: noted(command), digest, amount, occurred_at, kept }
}

const OPEN: ExceptionFilter = ExceptionFilter { state: ExceptionState::Open, kind: None, terminal: None };
const ALL: ExceptionFilter = ExceptionFilter { state: ExceptionState::All, ..OPEN };

fn exceptions(projections: &Projections, filter: &ExceptionFilter) -> Vec<ExceptionView> {
    projections.exceptions(tenant(), store(), filter, &PageRequest::default()).unwrap().value.entries
}

fn kinds(projections: &Projections, filter: &ExceptionFilter) -> Vec<ExceptionKind> {
    exceptions(projections, filter).iter().map(|exception| exception.kind).collect()
}

fn terminals(projections: &Projections) -> Vec<TerminalView> {
    projections.terminals(tenant(), store()).unwrap().value
}

#[test]
fn an_exception_says_what_is_known_of_it() {
    use TerminalEvent as E;
    let mut world = World::furnished();
    world.terminal = Some(till("bar"));
    world.record(&[of_till("bar", E::TerminalRegistered), of_till("bar", E::SequenceAdvanced { seq: TerminalSeq(1) })]);
    let (seq, command, occurred_at) = (TerminalSeq(4), CommandId(9), Timestamp(5));
    let found = [
        (
            of_till("bar", E::SequenceGapFound { first: TerminalSeq(2), last: TerminalSeq(6) }),
            ExceptionKind::SequenceGap,
        ),
        (of_till("bar", E::SequenceGapFilled { seq }), ExceptionKind::SequenceGapFilled),
        (of_till("bar", E::ClockAheadFound { seq, command, occurred_at }), ExceptionKind::ClockAhead),
        (of_till("bar", E::ClockBehindFound { seq, command, occurred_at }), ExceptionKind::ClockBehind),
        (of_till("bar", E::RuleWaived(noted(1))), ExceptionKind::RuleWaived),
        (of_till("bar", E::BoundExceeded(noted(2))), ExceptionKind::BeyondBounds),
        (of_till("bar", late(3, true)), ExceptionKind::LateCommand),
        (of_till("bar", late(4, false)), ExceptionKind::LateCommand),
        (of_till("bar", E::LateCommandTaken(noted(3))), ExceptionKind::LateCommandTaken),
        (of_till("bar", E::CommandRejected { noted: noted(5), digest: 0xdef }), ExceptionKind::RejectedCommand),
        (
            Event::Stock(StockEvent::OversellRecorded {
                order: Some(order_id(3)),
                sku: sku("dough"),
                qty: QtyMilli(1_500),
            }),
            ExceptionKind::Oversell,
        ),
        (
            Event::Order(order_id(3), OrderEvent::TotalMismatchRecorded { expected: Money(10), actual: Money(12) }),
            ExceptionKind::TotalMismatch,
        ),
    ];
    // The order that the last speaks of.
    world.must(open(3, new_order(vec![line(0, "water", 1_000)], true)));
    let places: Vec<Position> = found.iter().map(|(event, _)| world.record(std::slice::from_ref(event))).collect();
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let all: Vec<ExceptionKind> = found.iter().rev().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds(&projections, &ALL), all, "newest first");
    let shown: Vec<ExceptionView> =
        places.iter().map(|at| projections.exception(tenant(), store(), at.0).unwrap().value.unwrap()).collect();
    for (view, (_, kind)) in shown.iter().zip(&found) {
        assert_eq!((view.kind, view.actor.0.as_str(), view.resolved.as_ref()), (*kind, "ana", None));
        assert_eq!(view.terminal.map(|terminal| terminal.0), Some(till("bar")), "{kind:?}");
        assert!(view.command_id.is_some(), "{kind:?}");
    }
    assert_eq!((shown[0].terminal_seq, shown[0].gap_last), (Some(2), Some(6)));
    for view in &shown[4..10] {
        assert_eq!((view.terminal_seq, view.gap_last), (Some(7), None), "{:?}", view.kind);
        assert_eq!(view.command.as_ref().map(|command| command.0.as_str()), Some("payment.initiate"));
        assert_eq!((view.order_id.unwrap().0, view.payment_id.unwrap().0), (order_id(3), payment_id(4)));
        assert_eq!(view.code.as_ref().map(|code| code.0.as_str()), Some("order_not_found"));
        assert_eq!(view.detail.as_ref().map(|detail| detail.0.as_str()), Some("it is not there"));
    }
    let ids: Vec<_> = shown[4..10].iter().map(|view| view.command_id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 3, 5].map(|command| Some(CommandIdJson(CommandId(command)))));
    let late: Vec<_> = shown[6..8].iter().map(|view| (view.amount, view.digest.as_deref(), view.waits)).collect();
    let digest = Some("00000000000000000000000000000abc");
    assert_eq!(late, [(Some(250), digest, Some(true)), (Some(250), digest, None)]);
    assert_eq!(shown[9].digest.as_deref(), Some("00000000000000000000000000000def"));
    assert_eq!((shown[10].order_id.unwrap().0, shown[10].sku.unwrap().0), (order_id(3), sku("dough")));
    assert_eq!(shown[10].qty.unwrap().0, QtyMilli(1_500));
    assert_eq!(
        (shown[11].order_id.unwrap().0, shown[11].expected, shown[11].actual),
        (order_id(3), Some(10), Some(12))
    );
    let [bar] = &terminals(&projections)[..] else { panic!("one terminal") };
    assert_eq!(bar.exceptions, found.len() as u64);
}

#[test]
fn exceptions_are_asked_for_by_state_kind_and_terminal() {
    let mut world = World::furnished();
    let mut record = |terminal: &str, event: TerminalEvent| {
        world.terminal = Some(till(terminal));
        world.record(&[of_till(terminal, event)])
    };
    for name in ["bar", "door"] {
        record(name, TerminalEvent::TerminalRegistered);
    }
    let waited = record("bar", late(1, true));
    let waits = record("door", late(2, true));
    let waived = record("door", TerminalEvent::RuleWaived(noted(3)));
    let settled = record("bar", late(4, true));
    record("bar", TerminalEvent::LateCommandTaken(noted(1)));
    let resolve = |position: Position, command: Option<CommandId>| TerminalEvent::ExceptionResolved {
        position: position.0,
        note: text("asked the waiter"),
        command,
    };
    record("door", resolve(waived, None));
    record("bar", resolve(settled, Some(CommandId(4))));
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    use ExceptionKind::{LateCommand, LateCommandTaken, RuleWaived};
    assert_eq!(kinds(&projections, &OPEN), [LateCommandTaken, LateCommand]);
    let resolved = ExceptionFilter { state: ExceptionState::Resolved, ..ALL };
    assert_eq!(kinds(&projections, &resolved), [LateCommand, RuleWaived, LateCommand]);
    let of_kind = ExceptionFilter { kind: Some(RuleWaived), ..ALL };
    assert_eq!(kinds(&projections, &of_kind), [RuleWaived]);
    let of_terminal = ExceptionFilter { terminal: Some(till("door")), ..ALL };
    assert_eq!(kinds(&projections, &of_terminal), [RuleWaived, LateCommand]);
    // What was dealt with waits no more; by whom and how is said.
    let said = |at: Position| {
        let all = exceptions(&projections, &ALL);
        let view =
            all.into_iter().find(|view| view.position.with_text(|text| text.starts_with(&format!("0:{}", at.0))));
        let view = view.expect("it is listed");
        (view.waits, view.resolved.map(|by| (by.by.0.to_string(), by.note.0.to_string())))
    };
    assert_eq!(said(waits), (Some(true), None));
    assert_eq!(said(waited), (None, Some(("engine".into(), "it is not there".into()))));
    assert_eq!(said(settled), (None, Some(("ana".into(), "asked the waiter".into()))));
}

#[test]
fn a_terminal_shows_how_far_its_queue_has_come() {
    use TerminalEvent as E;
    let mut world = World::furnished();
    world.record(&[of_till("bar", E::TerminalRegistered)]);
    let registered_at = Timestamp(world.now);
    world.record(&[of_till("bar", E::SequenceAdvanced { seq: TerminalSeq(1) })]);
    let gap = E::SequenceGapFound { first: TerminalSeq(2), last: TerminalSeq(4) };
    world.record(&[of_till("bar", gap), of_till("bar", E::SequenceAdvanced { seq: TerminalSeq(5) })]);
    world.record(&[of_till("bar", E::SequenceGapFilled { seq: TerminalSeq(3) })]);
    let sent_at = Timestamp(world.now);
    // What belongs to no terminal is in a stream of its own, and no terminal is listed for it.
    world.record(&[Event::Terminal(Terminal::nobody(), late(1, false))]);
    let dir = tempfile::tempdir().unwrap();
    let projections = projected(dir.path(), &world.reader, NEVER);
    let [bar] = &terminals(&projections)[..] else { panic!("{:?}", terminals(&projections)) };
    assert_eq!((bar.terminal_id.0, bar.store.0, bar.last_seq, bar.revision), (till("bar"), store(), Some(5), 4));
    assert_eq!(bar.gaps.iter().map(|gap| (gap.first, gap.last)).collect::<Vec<_>>(), [(2, 2), (4, 4)]);
    assert_eq!((bar.registered_at.0, bar.last_sent_at.0), (registered_at, sent_at));
    assert_eq!(projections.exception(tenant(), store(), u64::MAX).unwrap().value, None);
}
