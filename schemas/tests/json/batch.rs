//! Many commands in one request.

use domain::command::{Command, MenuCommand, OrderCommand, PaymentCommand, Source, StockCommand, StoreCommand};
use domain::ids::{CommandId, ItemId, LineId, OrderId, Revision, StoreId};
use domain::refused::Refused;
use domain::stream::Stream;
use schemas::command::CommandKind;
use schemas::json::batch::{
    BATCH_COMMANDS_MAX, Batch, BatchAnswer, BatchCommand, BatchResult, CommitRange, ParsedCommand, Upload,
};
use schemas::json::wire::Named;
use schemas::json::{BodyError, FieldError, PositionToken, parse_body};

const ID: &str = "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90";
const NUMBER: u128 = 0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90;

fn store() -> StoreId {
    StoreId::parse("s1").unwrap()
}

fn parse(kind: &str, rest: &str) -> Result<ParsedCommand, FieldError> {
    let json = format!(r#"{{"command_id": "{ID}", "type": "{kind}"{rest}}}"#);
    let command: BatchCommand = match parse_body(json.as_bytes()) {
        Ok(command) => command,
        Err(BodyError::Field(error)) => return Err(error),
        Err(error @ BodyError::Syntax { .. }) => panic!("{json}: {error}"),
    };
    let written: BatchCommand = parse_body(&serde_json::to_vec(&command).unwrap()).unwrap();
    assert_eq!(written.parse(store()), command.clone().parse(store()), "{json}");
    command.parse(store())
}

/// One good command of every type, with what it is about.
const EVERY_TYPE: [(&str, &str); 64] = [
    ("menu.put_item", r#", "item_id": "pizza", "body": {"name": "Pizza", "price": 1150}"#),
    ("menu.change_item", r#", "item_id": "pizza", "body": {"price": 1200}"#),
    ("menu.retire_item", r#", "item_id": "pizza""#),
    (
        "menu.put_modifier_group",
        r#", "group_id": "g", "body": {"name": "G", "modifiers": [{"modifier_id": "m", "name": "M"}]}"#,
    ),
    ("menu.change_modifier_group", r#", "group_id": "g", "body": {"name": "Gs"}"#),
    ("menu.put_tax", r#", "tax_id": "vat", "body": {"name": "VAT", "percent_ppm": 100000, "inclusive": true}"#),
    ("menu.change_tax", r#", "tax_id": "vat", "body": {"percent_ppm": 70000}"#),
    ("menu.put_daypart", r#", "daypart_id": "lunch", "body": {"name": "Lunch", "from": "11:30", "to": "15:00"}"#),
    ("menu.publish", ""),
    ("store.put", r#", "body": {"name": "S", "currency": "EUR", "time_zone": "UTC"}"#),
    ("store.set_price", r#", "item_id": "pizza", "body": {"price": null}"#),
    ("store.set_availability", r#", "item_id": "pizza", "body": {"available": true}"#),
    ("order.open", r#", "body": {"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later"}"#),
    ("order.add_lines", r#", "order_id": "o1", "body": {"line_id": "l1", "item_id": "pizza"}"#),
    ("order.change_line", r#", "order_id": "o1", "line_id": "l1", "body": {"qty": 2}"#),
    ("order.remove_line", r#", "order_id": "o1", "line_id": "l1""#),
    ("order.apply_discount", r#", "order_id": "o1", "body": {"discount_id": "d", "amount": 1, "reason": "r"}"#),
    ("order.remove_discount", r#", "order_id": "o1", "discount_id": "d""#),
    (
        "order.apply_service_charge",
        r#", "order_id": "o1", "body": {"charge_id": "c", "name": "n", "amount": 1, "phase": "total"}"#,
    ),
    ("order.remove_service_charge", r#", "order_id": "o1", "charge_id": "c""#),
    ("order.place", r#", "order_id": "o1""#),
    ("order.cancel", r#", "order_id": "o1", "body": {"reason": "r"}"#),
    ("order.complete", r#", "order_id": "o1", "body": {}"#),
    ("order.hold", r#", "order_id": "o1", "body": {"line_ids": ["l1"]}"#),
    ("order.fire", r#", "order_id": "o1", "body": {"course": 2}"#),
    ("order.split", r#", "order_id": "o1", "body": {"evenly": 3}"#),
    ("order.merge", r#", "order_id": "o1", "body": {"target_order_id": "o2"}"#),
    ("order.refund", r#", "order_id": "o1", "body": {"refund_id": "r1", "amount": 5, "reason": "Cold"}"#),
    ("order.serve", r#", "order_id": "o1""#),
    ("order.void_line", r#", "order_id": "o1", "body": {"line_id": "l1", "qty": 1, "reason": "r"}"#),
    ("order.comp", r#", "order_id": "o1", "body": {"discount_id": "c1", "line_ids": ["l1"], "reason": "r"}"#),
    ("order.set_table", r#", "order_id": "o1", "body": {"table": "t7"}"#),
    ("order.assign_server", r#", "order_id": "o1", "body": {"staff": "ana"}"#),
    ("order.set_guests", r#", "order_id": "o1", "body": {"guests": 5}"#),
    ("order.print", r#", "order_id": "o1", "body": {"document": "bill"}"#),
    ("order.set_dining_mode", r#", "order_id": "o1", "body": {"dining_mode": "take_away"}"#),
    ("order.exempt_from_tax", r#", "order_id": "o1", "body": {"reason": "r"}"#),
    ("order.end_tax_exemption", r#", "order_id": "o1""#),
    ("ticket.start", r#", "ticket_id": "t17""#),
    ("ticket.ready", r#", "ticket_id": "t17", "line_id": "l1""#),
    ("ticket.bump", r#", "ticket_id": "t17""#),
    ("ticket.recall", r#", "ticket_id": "t17""#),
    ("payment.initiate", r#", "order_id": "o1", "body": {"payment_id": "p1", "tender": "imported"}"#),
    ("payment.record_outcome", r#", "payment_id": "p1", "body": {"outcome": "captured"}"#),
    ("payment.request_refund", r#", "payment_id": "p1", "body": {"refund_id": "r1", "reason": "Cold"}"#),
    (
        "payment.record_refund_outcome",
        r#", "payment_id": "p1", "refund_id": "r1", "body": {"outcome": "failed", "code": "51"}"#,
    ),
    ("payment.capture", r#", "payment_id": "p1""#),
    ("payment.void", r#", "payment_id": "p1", "body": {"reason": "Left"}"#),
    ("payment.adjust_tip", r#", "payment_id": "p1", "body": {"tip": 300}"#),
    ("stock.set_policy", r#", "body": {"sku": "dough", "policy": "untracked"}"#),
    ("stock.receive", r#", "body": {"sku": "dough", "qty": 1}"#),
    ("stock.count", r#", "body": {"sku": "dough", "counted": 1}"#),
    ("stock.adjust", r#", "body": {"sku": "dough", "delta": 1, "reason": "r"}"#),
    ("stock.waste", r#", "body": {"sku": "dough", "qty": 1, "reason": "r"}"#),
    ("stock.mark_86", r#", "body": {"sku": "dough"}"#),
    ("stock.unmark_86", r#", "body": {"sku": "dough"}"#),
    ("drawer.open_shift", r#", "drawer_id": "d1", "body": {"float": 20000}"#),
    ("drawer.paid_in", r#", "drawer_id": "d1", "body": {"amount": 500, "reason": "Coins"}"#),
    ("drawer.paid_out", r#", "drawer_id": "d1", "body": {"amount": 500, "reason": "Ice"}"#),
    ("drawer.no_sale", r#", "drawer_id": "d1", "body": {"reason": "Change"}"#),
    ("drawer.close_shift", r#", "drawer_id": "d1", "body": {"counted": 20000}"#),
    ("drawer.remove", r#", "drawer_id": "d1""#),
    ("day.open", r#", "business_date": "2026-11-22""#),
    ("day.close", r#", "business_date": "2026-11-22""#),
];

#[test]
fn every_type_has_a_command() {
    let names: Vec<_> = EVERY_TYPE.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(names, CommandKind::CHOICES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (kind, rest) in EVERY_TYPE {
        let parsed = parse(kind, rest).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let (category, _) = kind.split_once('.').unwrap();
        let is_right = match parsed.command {
            Command::Menu(_) => category == "menu",
            Command::Access(_) => false,
            Command::Store(at, StoreCommand::Order(..)) => category == "order" && at == store(),
            Command::Store(at, StoreCommand::Payment(..)) => category == "payment" && at == store(),
            Command::Store(at, StoreCommand::Stock(_)) => category == "stock" && at == store(),
            Command::Store(at, StoreCommand::Drawer(..)) => category == "drawer" && at == store(),
            Command::Store(at, StoreCommand::OpenDay { .. } | StoreCommand::CloseDay { .. }) => {
                category == "day" && at == store()
            }
            Command::Store(at, StoreCommand::Ticket(..)) => category == "ticket" && at == store(),
            Command::Store(at, _) => category == "store" && at == store(),
        };
        assert!(is_right, "{kind} became {:?}", parsed.command);
    }
}

#[test]
fn what_comes_along_is_kept() {
    let rest = r#", "order_id": "o1", "source": "imported", "occurred_at": "2026-11-22T12:00:00Z",
                  "terminal": "till_1", "actor": "ana", "if_match": 4"#;
    let parsed = parse("order.place", rest).unwrap();
    assert_eq!((parsed.command_id, parsed.source), (CommandId(NUMBER), Source::Imported));
    assert_eq!(parsed.occurred_at.unwrap().0, 1_795_348_800_000_000);
    assert_eq!(parsed.terminal.unwrap().as_str(), "till_1");
    assert_eq!(parsed.actor.unwrap().as_str(), "ana");
    assert_eq!(parsed.if_match, Some(Revision(4)));
    assert_eq!(parse("menu.publish", "").unwrap().command, Command::Menu(MenuCommand::Publish));
    assert_eq!(parse("menu.publish", "").unwrap().source, Source::Online);
}

#[test]
fn a_bad_command_is_refused_at_the_field() {
    for (kind, rest, pointer, problem) in [
        ("order.eat", "", "/type", None),
        ("order.place", "", "/order_id", Some("is required for order.place")),
        ("order.remove_line", r#", "order_id": "o1""#, "/line_id", Some("is required for order.remove_line")),
        (
            "order.place",
            r#", "order_id": "o1", "line_id": "l1""#,
            "/line_id",
            Some("is not for order.place beside its body; leave it out"),
        ),
        ("order.place", r#", "order_id": "O""#, "/order_id", None),
        ("order.cancel", r#", "order_id": "o1""#, "/body/reason", Some("is required")),
        ("order.complete", r#", "order_id": "o1", "body": {"now": true}"#, "/body/now", None),
        ("order.complete", r#", "order_id": "o1", "body": []"#, "/body", Some("is a list; expected an object")),
        (
            "order.add_lines",
            r#", "order_id": "o1", "body": {"lines": [{"line_id": "l1", "item_id": "a", "qty": 0}]}"#,
            "/body/lines/0/qty",
            Some("must be more than 0"),
        ),
        (
            "order.open",
            r#", "body": {"order_id": "o1", "channel": "pos", "dining_mode": "dine_in", "pay_mode": "later",
                          "lines": [{"line_id": "l1"}]}"#,
            "/body/lines/0/item_id",
            Some("is required"),
        ),
        ("payment.initiate", r#", "body": {"payment_id": "p1", "tender": "card"}"#, "/body/order_id", None),
        (
            "payment.initiate",
            r#", "source": "offline", "terminal": "t1", "terminal_seq": 1, "occurred_at": "2026-11-22T12:00:00Z",
                "order_id": "o1", "body": {"payment_id": "p1", "tender": "cash", "tendered": 5000}"#,
            "/body/amount",
            Some("is required of a payment that was made offline: what was taken; or name expected_total"),
        ),
        (
            "payment.record_refund_outcome",
            r#", "payment_id": "p1", "refund_id": "r1", "body": {"outcome": "failed", "code": "51", "drawer_id": "d1"}"#,
            "/body/drawer_id",
            Some("is for refunds that succeeded only"),
        ),
        (
            "payment.record_refund_outcome",
            r#", "payment_id": "p1", "refund_id": "r1", "body": {"outcome": "succeeded", "drawer_id": "D 1"}"#,
            "/body/drawer_id",
            None,
        ),
        ("menu.publish", r#", "source": "engine""#, "/source", Some("is not one of online, offline, imported")),
        ("menu.publish", r#", "occurred_at": "yesterday""#, "/occurred_at", None),
        ("menu.publish", r#", "if_match": "4""#, "/if_match", None),
        ("menu.publish", r#", "store": "s2""#, "/store", None),
    ] {
        let error = parse(kind, rest).expect_err(rest);
        assert_eq!(error.pointer, pointer, "{kind}{rest}: {error}");
        if let Some(problem) = problem {
            assert_eq!(error.problem, problem, "{kind}{rest}");
        }
    }
    let bad_id = r#"{"command_id": "7", "type": "menu.publish"}"#;
    let error = parse_body::<BatchCommand>(bad_id.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "/command_id: is not a UUID; a command id is one, such as 0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90");
}

#[test]
fn one_bad_command_does_not_stop_the_others() {
    let json = format!(
        r#"{{"commands": [
            {{"command_id": "{ID}", "type": "order.cancel", "order_id": "o1", "body": {{"reason": ""}}}},
            {{"command_id": "0190d5a4c1b87c3e9d2a6f4e8b1c7d91", "type": "order.complete", "order_id": "o1"}}
        ]}}"#
    );
    let batch: Batch = parse_body(json.as_bytes()).unwrap();
    let upload: Upload = parse_body(json.as_bytes()).unwrap();
    let parsed = upload.parse(store()).unwrap();
    assert_eq!(batch.parse(store()).unwrap(), parsed);
    let error = &parsed[0].parsed.as_ref().unwrap_err().error;
    assert_eq!((parsed[0].command_id, error.pointer.as_str()), (Some(CommandId(NUMBER)), "/commands/0/body/reason"));
    assert_eq!(parsed[1].command_id, Some(CommandId(NUMBER + 1)));
    let order = OrderId::parse("o1").unwrap();
    let complete = Command::Store(store(), StoreCommand::Order(order, OrderCommand::Complete));
    assert_eq!(parsed[1].parsed.as_ref().unwrap().command, complete);
}

#[test]
fn a_bad_envelope_refuses_the_request() {
    for (json, pointer) in
        [("{}", "/commands"), (r#"{"commands": {}}"#, "/commands"), (r#"{"commands": [], "more": 1}"#, "/more")]
    {
        match parse_body::<Upload>(json.as_bytes()).unwrap_err() {
            BodyError::Field(error) => assert_eq!(error.pointer, pointer, "{json}"),
            BodyError::Syntax { .. } => panic!("{json}"),
        }
    }
}

#[test]
fn a_refund_names_the_drawer_it_came_out_of() {
    let body = r#", "payment_id": "p1", "refund_id": "r1", "body": {"outcome": "succeeded", "drawer_id": "d1"}"#;
    let parsed = parse("payment.record_refund_outcome", body).unwrap();
    let drawer = Some(domain::ids::DrawerId::parse("d1").unwrap());
    let outcome = domain::command::RefundOutcome::Succeeded { drawer };
    let refund = domain::ids::RefundId::parse("r1").unwrap();
    let payment = domain::ids::PaymentId::parse("p1").unwrap();
    let command = StoreCommand::Payment(payment, PaymentCommand::RecordRefundOutcome { refund, outcome });
    assert_eq!(parsed.command, Command::Store(store(), command));
}

#[test]
fn a_batch_is_bounded() {
    let commands = |count: u128| Batch {
        commands: (1..=count).map(|id| BatchCommand::new(CommandId(id), CommandKind::PublishMenu)).collect(),
    };
    assert_eq!(commands(1_000).parse(store()).unwrap().len(), BATCH_COMMANDS_MAX);
    let error = commands(1_001).parse(store()).unwrap_err();
    let problem = "holds 1001 commands; at most 1000 are allowed, send the rest apart";
    assert_eq!(error, FieldError::new("/commands", problem));
}

#[test]
fn commands_are_made_in_rust_too() {
    use schemas::json::Wire;
    use schemas::json::request::{ChangeLine, InitiatePayment, WasteStock};
    let id = CommandId(NUMBER);
    let order = OrderId::parse("o1").unwrap();
    let line = LineId::parse("l1").unwrap();
    let body = ChangeLine { qty: Some(Wire(domain::money::QtyMilli(500))), ..ChangeLine::default() };
    let command = BatchCommand {
        order_id: Some(Wire(order)),
        line_id: Some(Wire(line)),
        ..BatchCommand::new(id, CommandKind::ChangeLine)
    };
    let json = format!(
        r#"{{"command_id":"{ID}","type":"order.change_line","source":"online","order_id":"o1","line_id":"l1","body":{{"qty":0.5}}}}"#
    );
    assert_eq!(serde_json::to_string(&command.with_body(&body)).unwrap(), json);
    let body: InitiatePayment =
        parse_body(br#"{"payment_id": "p1", "order_id": "o1", "tender": "imported", "tip": 5}"#).unwrap();
    let paid = BatchCommand::new(id, CommandKind::InitiatePayment).with_body(&body).parse(store()).unwrap();
    let is_payment = matches!(
        paid.command,
        Command::Store(_, StoreCommand::Payment(_, PaymentCommand::Initiate { order: for_order, .. })) if for_order == order
    );
    assert!(is_payment, "{paid:?}");
    let body: WasteStock = parse_body(br#"{"sku": "dough", "qty": 1, "reason": "Dropped"}"#).unwrap();
    let wasted = BatchCommand::new(id, CommandKind::WasteStock).with_body(&body).parse(store()).unwrap();
    assert!(matches!(wasted.command, Command::Store(_, StoreCommand::Stock(StockCommand::Waste { .. }))));
    assert_eq!(ItemId::parse("pizza").map(Wire).unwrap().0.as_str(), "pizza");
}

#[test]
fn results() {
    let stream = Stream::Menu(domain::ids::TenantId::parse("demo").unwrap());
    let at = CommitRange { stream: &stream, revision: Some(Revision(3)), position: PositionToken::new(9) };
    let id = CommandId(NUMBER);
    let answer = BatchAnswer {
        results: vec![
            BatchResult::accepted(id, &at),
            BatchResult::duplicate(id, &at),
            BatchResult::refused(id, &Refused::NothingDue),
            BatchResult::malformed(id, &FieldError::new("/commands/3/body/qty", "must be more than 0")),
            BatchResult::rejected(id, "idempotency_key_reused", "The id belongs to another command."),
        ],
    };
    let done = r#""stream":"menu-demo","revision":3,"position":"0:9""#;
    let json = [
        format!(r#"{{"command_id":"{ID}","status":"accepted",{done}}}"#),
        format!(r#"{{"command_id":"{ID}","status":"duplicate",{done}}}"#),
        format!(
            r#"{{"command_id":"{ID}","status":"rejected","code":"nothing_due","detail":"There is nothing to pay."}}"#
        ),
        format!(
            r#"{{"command_id":"{ID}","status":"rejected","code":"malformed","detail":"/commands/3/body/qty: must be more than 0","pointer":"/commands/3/body/qty"}}"#
        ),
        format!(
            r#"{{"command_id":"{ID}","status":"rejected","code":"idempotency_key_reused","detail":"The id belongs to another command."}}"#
        ),
    ];
    let json = format!(r#"{{"results":[{}]}}"#, json.join(","));
    assert_eq!(serde_json::to_string(&answer).unwrap(), json);
    assert_eq!(serde_json::from_str::<BatchAnswer>(&json).unwrap(), answer);
}
