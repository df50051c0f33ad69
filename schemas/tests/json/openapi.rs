//! The OpenAPI description of the bodies.

use schemas::json::batch::{Batch, BatchAnswer};
use schemas::json::{EventJson, Problem, Receipt, request as r};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(components(schemas(
    r::OpenOrder, r::AddLines, r::ChangeLine, r::Discount, r::ServiceCharge, r::Place, r::Cancel, r::InitiatePayment,
    r::Outcome, r::RequestRefund, r::RefundOrder, r::RefundOutcome, r::OpenShift, r::MoveCash, r::NoSale, r::CloseShift, r::PutStore, r::SetPrice, r::SetAvailability, r::PutItem, r::PutModifierGroup, r::PutTax,
    r::ChangeItem, r::ChangeModifierGroup, r::ChangeTax,
    r::SetStockPolicy, r::ReceiveStock, r::CountStock, r::AdjustStock, r::WasteStock, r::Mark86, r::Unmark86,
    r::IssueToken, r::ExchangeToken, r::MakeTenant, r::AddDevice, r::EnrolDevice, r::PutStaff, r::HoldLines, r::SplitCheck, r::MergeInto, r::FireLines, r::MarkServed, r::VoidLine, r::Comp, r::SetTable, r::AssignServer, r::SetGuests, r::PrintDocument, r::TicketLine, Batch, BatchAnswer, Receipt<'static>, EventJson<'static>, Problem,
)))]
struct Api;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.insert(reference.trim_start_matches("#/components/schemas/").to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let api = serde_json::to_value(Api::openapi()).unwrap();
    let schemas = api["components"]["schemas"].as_object().unwrap();
    let mut found = BTreeSet::new();
    references(&api, &mut found);
    let missing: Vec<_> = found.iter().filter(|name| !schemas.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for name in ["OpenOrder", "OrderId", "Money", "Qty", "Channel", "Event", "Receipt", "Problem", "CommandKind"] {
        assert!(schemas.contains_key(name), "{name} is not among {:?}", schemas.keys().collect::<Vec<_>>());
    }
}

#[test]
fn examples_are_bodies_that_are_taken() {
    let api = serde_json::to_value(Api::openapi()).unwrap();
    let check = |name: &str, read: &dyn Fn(&[u8]) -> Result<(), String>| {
        let example = &api["components"]["schemas"][name]["example"];
        assert!(example.is_object(), "{name} has no example");
        read(&serde_json::to_vec(example).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
    };
    macro_rules! check {
        ($($name:ident => $parse:expr;)*) => {$(
            check(stringify!($name), &|bytes| {
                let body: r::$name = schemas::json::parse_body(bytes).map_err(|error| error.to_string())?;
                #[allow(clippy::redundant_closure_call, reason = "each body has its own way to be parsed")]
                ($parse)(body).map(|_| ()).map_err(|error: schemas::json::FieldError| error.to_string())
            });
        )*};
    }
    let order = domain::ids::OrderId::parse("o1").unwrap();
    let item = domain::ids::ItemId::parse("pizza").unwrap();
    let group = domain::ids::GroupId::parse("toppings").unwrap();
    let line = domain::ids::LineId::parse("l1").unwrap();
    check! {
        OpenOrder => r::OpenOrder::parse;
        AddLines => r::AddLines::parse;
        Line => r::Line::parse;
        ChangeLine => |body: r::ChangeLine| body.parse(line);
        Discount => r::Discount::parse;
        ServiceCharge => r::ServiceCharge::parse;
        Place => |body: r::Place| Ok(body.parse());
        Cancel => |body: r::Cancel| Ok(body.parse());
        InitiatePayment => |body: r::InitiatePayment| body.parse(Some(order));
        Outcome => r::Outcome::parse;
        RequestRefund => r::RequestRefund::parse;
        OpenShift => r::OpenShift::parse;
        MoveCash => r::MoveCash::parse_out;
        NoSale => |body: r::NoSale| Ok(body.parse());
        CloseShift => r::CloseShift::parse;
        RefundOutcome => |body: r::RefundOutcome| body.parse(domain::ids::RefundId::parse("r1").unwrap());
        PutStore => r::PutStore::parse;
        SetPrice => |body: r::SetPrice| body.parse(item);
        SetAvailability => |body: r::SetAvailability| body.parse(item);
        PutItem => |body: r::PutItem| body.parse(item);
        PutModifierGroup => |body: r::PutModifierGroup| body.parse(group);
        PutTax => |body: r::PutTax| body.parse(domain::ids::TaxId::parse("vat").unwrap());
        ChangeItem => |body: r::ChangeItem| body.parse(item);
        ChangeModifierGroup => |body: r::ChangeModifierGroup| body.parse(group);
        ChangeTax => |body: r::ChangeTax| body.parse(domain::ids::TaxId::parse("vat").unwrap());
        SetStockPolicy => r::SetStockPolicy::parse;
        ReceiveStock => r::ReceiveStock::parse;
        CountStock => r::CountStock::parse;
        AdjustStock => r::AdjustStock::parse;
        WasteStock => r::WasteStock::parse;
        Mark86 => |body: r::Mark86| Ok(body.parse());
        Unmark86 => |body: r::Unmark86| Ok(body.parse());
        IssueToken => |body: r::IssueToken| body.parse((domain::ids::TokenId::parse("t").unwrap(), [0; 32]), None);
        ExchangeToken => |body: r::ExchangeToken| Ok(body.label);
        MakeTenant => |body: r::MakeTenant| Ok(body.tenant);
        AddDevice => |body: r::AddDevice| body.parse((domain::ids::DeviceId::parse("d").unwrap(), [0; 32]), None);
        EnrolDevice => |body: r::EnrolDevice| Ok(body.code);
        HoldLines => r::HoldLines::parse;
        SplitCheck => r::SplitCheck::parse;
        MergeInto => |body: r::MergeInto| Ok(body.parse());
        FireLines => r::FireLines::parse;
        MarkServed => r::MarkServed::parse;
        VoidLine => r::VoidLine::parse;
        Comp => r::Comp::parse;
        SetTable => |body: r::SetTable| Ok(body.parse());
        AssignServer => |body: r::AssignServer| Ok(body.parse());
        SetGuests => |body: r::SetGuests| Ok(body.guests);
        PrintDocument => |body: r::PrintDocument| Ok(body.parse());
        TicketLine => |body: r::TicketLine| Ok(body.parse());
        PutStaff => |body: r::PutStaff| body.parse(domain::ids::ActorId::parse("ana").unwrap());
    }
}
