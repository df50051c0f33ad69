use super::*;
use crate::json::Wire;
use domain::calendar::{Date, LocalDateTime, Timestamp};
use domain::ids::{Sku, StoreId, Text, TokenId};
use domain::money::{Currency, QtyMilli};

fn stock() -> StockView {
    StockView {
        sku: Wire(Sku::parse("dough").unwrap()),
        policy: StockPolicyView::Counted,
        auto86: true,
        on_hand: Wire(QtyMilli(2_500)),
        reserved: Wire(QtyMilli(500)),
        available: Wire(QtyMilli(2_000)),
        marked_86: Some(Mark86View { until: Some(Wire(Timestamp(1_500_000))), auto: false }),
        revision: 7,
    }
}

#[test]
fn json_leaves_absent_fields_out_and_writes_numbers_exactly() {
    let mut view = stock();
    let json = serde_json::to_string(&view).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"sku":"dough","policy":"counted","auto86":true,"on_hand":2.5,"reserved":0.5,"available":2,"#,
            r#""marked_86":{"until":"1970-01-01T00:00:01.500000Z","auto":false},"revision":7}"#
        )
    );
    view.marked_86 = None;
    assert!(!serde_json::to_string(&view).unwrap().contains("marked_86"));
}

#[test]
fn rows_read_back_and_say_what_is_wrong() {
    let mut bytes = vec![];
    for marked_86 in [None, stock().marked_86] {
        let view = StockView { marked_86, ..stock() };
        bytes.clear();
        view.write(&mut bytes);
        assert_eq!(StockView::read(&bytes).unwrap(), view);
    }
    assert!(matches!(StockView::read(&[]), Err(BadRow::Version { found: None, expected: 1 })));
    assert!(matches!(StockView::read(&[9]), Err(BadRow::Version { found: Some(9), expected: 1 })));
    bytes.push(0);
    assert!(matches!(StockView::read(&bytes), Err(BadRow::Trailing { count: 1 })));
    bytes.truncate(4);
    assert!(matches!(StockView::read(&bytes), Err(BadRow::Body(_))));
}

#[test]
fn a_wall_time_is_shown_without_a_zone() {
    let local = LocalDateTime::new(Date::from_ymd(2026, 11, 22).unwrap(), 23, 59, 58).unwrap();
    assert_eq!(serde_json::to_string(&WallTime(local)).unwrap(), r#""2026-11-22T23:59:58""#);
    let bytes = postcard::to_stdvec(&WallTime(local)).unwrap();
    assert_eq!(postcard::from_bytes::<WallTime>(&bytes).unwrap(), WallTime(local));
}

#[test]
fn a_token_is_shown_without_its_hash() {
    let view = TokenView {
        token_id: Wire(TokenId::parse("t1").unwrap()),
        role: Wire(domain::event::Role::Pos),
        label: Wire(Text::parse("Till 1").unwrap()),
        issued_at: Wire(Timestamp(0)),
        revoked_at: None,
        scope: TokenScope::Unscoped,
        stores: None,
        issuer: None,
        device_id: None,
        staff_id: None,
        expires_at: None,
        last_used_at: None,
    };
    let row = TokenRow { view: view.clone(), secret_sha256: [7; 32], terminal: None };
    let mut bytes = vec![];
    row.write(&mut bytes);
    assert_eq!(TokenRow::read(&bytes).unwrap(), row);
    let json = serde_json::to_string(&view).unwrap();
    assert_eq!(
        json,
        r#"{"token_id":"t1","role":"pos","label":"Till 1","issued_at":"1970-01-01T00:00:00.000000Z","scope":"unscoped"}"#
    );
}

#[test]
fn a_menu_is_sent_as_it_is() {
    let menu = MenuView {
        store: Wire(StoreId::parse("s1").unwrap()),
        version: 3,
        currency: Wire(Currency::new("EUR", 2).unwrap()),
        items: vec![],
        modifier_groups: vec![],
        taxes: vec![],
        dayparts: vec![],
        revision: 7,
    };
    let body: serde_json::Value = serde_json::from_slice(&menu.to_json()).unwrap();
    assert_eq!(body, serde_json::to_value(&menu).unwrap());
    assert_eq!((&body["store"], &body["version"], &body["revision"]), (&"s1".into(), &3.into(), &7.into()));
}

#[test]
fn a_choice_is_called_the_same_in_json_and_in_queries() {
    macro_rules! check {
        ($($choice:ident),*) => {$(
            for value in $choice::ALL {
                assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{}\"", value.as_str()));
                assert_eq!($choice::parse(value.as_str()), Some(*value));
            }
            assert_eq!($choice::parse("no such name"), None);
        )*};
    }
    check!(OrderState, PaidState, PrepState, CheckState, ChargePhaseView, PaymentState, PaymentFlag, RefundState);
    check!(ItemState, TokenScope, ShiftState, StockPolicyView, TicketState, ExceptionKind, ExceptionState);
}
