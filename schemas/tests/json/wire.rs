//! The forms of single values.

use domain::calendar::Timestamp;
use domain::ids::{CommandId, OrderId};
use domain::money::QtyMilli;
use schemas::json::{BadCommandId, BadPosition, CommandIdJson, PositionToken, Wire, parse_command_id};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Writes a value, and reads it back where it is meant to be read.
#[track_caller]
fn both_ways<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T, json: &str) {
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
}

#[test]
fn quantities_are_exact_to_thousandths() {
    for (milli, json) in [
        (0, "0"),
        (1_000, "1"),
        (250, "0.25"),
        (1, "0.001"),
        (-1, "-0.001"),
        (1_999, "1.999"),
        (-2_500, "-2.5"),
        (999_999_999, "999999.999"),
        (1_000_000_000, "1000000"),
    ] {
        both_ways(Wire(QtyMilli(milli)), json);
    }
    for (json, milli) in [("2.0", 2_000), ("2.500", 2_500), ("25e-2", 250), ("-0.0", 0), ("1e6", 1_000_000_000)] {
        assert_eq!(serde_json::from_str::<Wire<QtyMilli>>(json).unwrap(), Wire(QtyMilli(milli)), "{json}");
    }
    for json in ["0.0001", "1.2345", "1000000.001", "1e300", "-1e9", "1e-300", "\"1\"", "true"] {
        assert!(serde_json::from_str::<Wire<QtyMilli>>(json).is_err(), "{json}");
    }
}

#[test]
fn every_thousandth_survives() {
    for milli in (-20_000..20_000).chain(999_990_000..=1_000_000_000) {
        let json = serde_json::to_string(&Wire(QtyMilli(milli))).unwrap();
        assert_eq!(serde_json::from_str::<Wire<QtyMilli>>(&json).unwrap(), Wire(QtyMilli(milli)), "{json}");
    }
}

#[test]
fn times_are_utc_with_microseconds() {
    both_ways(Wire(Timestamp(0)), "\"1970-01-01T00:00:00.000000Z\"");
    both_ways(Wire(Timestamp(1_795_348_800_000_001)), "\"2026-11-22T12:00:00.000001Z\"");
    both_ways(Wire(Timestamp(-1)), "\"1969-12-31T23:59:59.999999Z\"");
    for (json, us) in [
        ("\"2026-11-22T13:00:00+01:00\"", 1_795_348_800_000_000),
        ("\"2026-11-22t12:00:00.5z\"", 1_795_348_800_500_000),
    ] {
        assert_eq!(serde_json::from_str::<Wire<Timestamp>>(json).unwrap(), Wire(Timestamp(us)), "{json}");
    }
    for json in ["\"2026-11-22\"", "\"2026-11-22T12:00:00\"", "\"2026-02-30T12:00:00Z\"", "1795348800", "\"\""] {
        assert!(serde_json::from_str::<Wire<Timestamp>>(json).is_err(), "{json}");
    }
    assert!(serde_json::to_string(&Wire(Timestamp(i64::MAX))).is_err());
}

#[test]
fn a_uuid_is_an_id_in_every_form() {
    let id = OrderId::parse("0190d5a4c1b87c3e9d2a6f4e8b1c7d90").unwrap();
    for json in [
        "\"0190d5a4c1b87c3e9d2a6f4e8b1c7d90\"",
        "\"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90\"",
        "\"0190D5A4-C1B8-7C3E-9D2A-6F4E8B1C7D90\"",
        "\"0190D5A4C1B87C3E9D2A6F4E8B1C7D90\"",
    ] {
        assert_eq!(serde_json::from_str::<Wire<OrderId>>(json).unwrap(), Wire(id), "{json}");
    }
}

#[test]
fn command_ids() {
    let id = CommandId(0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90);
    both_ways(CommandIdJson(id), "\"0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90\"");
    for text in [
        "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90",
        "0190d5a4c1b87c3e9d2a6f4e8b1c7d90",
        "0190D5A4-C1B8-7C3E-9D2A-6F4E8B1C7D90",
        "{0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90}",
        "urn:uuid:0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90",
        " 0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d90 ",
    ] {
        assert_eq!(parse_command_id(text), Ok(id), "{text}");
    }
    for text in ["", "7", "0190d5a4", "0190d5a4-c1b8-7c3e-9d2a-6f4e8b1c7d9g", "order_1"] {
        assert_eq!(parse_command_id(text), Err(BadCommandId::NotUuid), "{text}");
    }
    assert_eq!(parse_command_id("00000000-0000-0000-0000-000000000000"), Err(BadCommandId::Nil));
}

#[test]
fn positions_are_opaque() {
    both_ways(PositionToken::new(918), "\"0:918\"");
    both_ways(PositionToken::new(0), "\"0:0\"");
    both_ways(PositionToken::of(918, 0x5f3a_09c1), "\"0:918:5f3a09c1\"");
    both_ways(PositionToken::of(1, 7), "\"0:1:00000007\"");
    let last = PositionToken { partition: u32::MAX, position: u64::MAX, fingerprint: Some(u32::MAX) };
    both_ways(last, "\"4294967295:18446744073709551615:ffffffff\"");
    assert_eq!(PositionToken::parse("3:0"), Ok(PositionToken { partition: 3, position: 0, fingerprint: None }));
    for text in [
        "",
        "918",
        ":",
        "0:",
        ":1",
        "0:-1",
        "0:01",
        "+0:1",
        "0:1 ",
        "0:1:2",
        "0:1:5F3A09C1",
        "0:1:5f3a09c1:",
        "0:1:5f3a09c10",
        "0:1:",
        "0:1:+f3a09c1",
        "0:99999999999999999999",
    ] {
        assert_eq!(PositionToken::parse(text), Err(BadPosition), "{text}");
    }
}
