//! The catalogue of events is what the tables say.
//!
//! `COMANDA_BLESS=1 cargo test -p comanda-schemas --test stored catalogue` writes it anew.

use schemas::events::{EventDoc, Field, Shape, event_docs};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// The streams by the high byte of the tags.
const STREAMS: [(u16, &str); 12] = [
    (0x01, "`menu-<tenant>`"),
    (0x02, "`access-<tenant>`"),
    (0x03, "`store-<tenant>.<store>`"),
    (0x04, "`storemenu-<tenant>.<store>`"),
    (0x05, "`order-<tenant>.<store>.<order>`"),
    (0x06, "`payment-<tenant>.<store>.<payment>`"),
    (0x07, "`stock-<tenant>.<store>`"),
    (0x08, "`ticket-<tenant>.<store>.<ticket>`"),
    (0x09, "`drawer-<tenant>.<store>.<drawer>`"),
    (0x0a, "`day-<tenant>.<store>`"),
    (0x0b, "`terminal-<tenant>.<store>.<terminal>`"),
    (0x0c, "`security-<tenant>`"),
];

const HEAD: &str = "\
# Events

Every type of event there is, by the streams they are in. A test writes this file from the tables in `src/events` and holds
it against them.

A field is named as in JSON; `lines[].qty` is in each object of the list `lines`. With `?` it is left out where there is
nothing to say. *Since* is the schema version of the event that brought it: events of older versions are still read.
What is called *sealed* is stored as ciphertext where a store is set so (`seals_texts`); every other text says nothing of a guest, or is
of no order.
";

/// The unit or the meaning of each named type, met on the way.
type Types = BTreeMap<String, String>;

fn described(object: &utoipa::openapi::Object) -> String {
    let object = serde_json::to_value(object).expect("a schema is JSON");
    let kind = object["type"].as_str().unwrap_or_default();
    match (&object["enum"], object["description"].as_str()) {
        (serde_json::Value::Array(words), what) => {
            let words: Vec<_> = words.iter().filter_map(|word| word.as_str()).map(|word| format!("`{word}`")).collect();
            format!("{}one of {}", what.map_or(String::new(), |what| format!("{what} ")), words.join(", "))
        }
        (_, Some(what)) => format!("{kind}: {what}"),
        (_, None) => kind.to_owned(),
    }
}

fn rows(path: &str, fields: &[Field], out: &mut String, types: &mut Types) {
    for Field { name, is_optional, since, is_sealed, shape } in fields {
        let (mut name, mut shape) = (format!("{path}{name}"), shape);
        let mut or_null = "";
        loop {
            shape = match shape {
                Shape::List(values) => {
                    name.push_str("[]");
                    values
                }
                Shape::OrNull(value) => {
                    or_null = " or `null`";
                    value
                }
                Shape::Value(..) | Shape::Record(_) => break,
            };
        }
        let mark = if *is_optional { " ?" } else { "" };
        let sealed = if *is_sealed { ", sealed" } else { "" };
        let what = match shape {
            Shape::Value(Some(kind), object) => {
                types.insert(kind.clone(), described(object));
                format!("[{kind}](#types)")
            }
            Shape::Value(None, object) => described(object),
            Shape::Record(_) => "object".to_owned(),
            Shape::List(_) | Shape::OrNull(_) => unreachable!("it is unwrapped"),
        };
        writeln!(out, "| `{name}`{mark} | {what}{or_null}{sealed} | {since} |").expect("a string takes everything");
        if let Shape::Record(fields) = shape {
            rows(&format!("{name}."), fields, out, types);
        }
    }
}

fn catalogue() -> String {
    let (mut out, mut types) = (HEAD.to_owned(), Types::new());
    let docs = event_docs();
    for (category, stream) in STREAMS {
        write!(out, "\n## {stream}\n").expect("a string takes everything");
        for EventDoc { event_type, fields } in docs.iter().filter(|doc| doc.event_type.tag >> 8 == category) {
            let (name, tag, version) = (event_type.name, event_type.tag, event_type.version);
            write!(out, "\n### {name}\n\nTag `{tag:#06x}`, schema version {version}.\n")
                .expect("a string takes everything");
            if !fields.is_empty() {
                out.push_str("\n| field | type | since |\n|---|---|---|\n");
                rows("", fields, &mut out, &mut types);
            }
        }
    }
    out.push_str("\n## Types\n\n| type | in JSON |\n|---|---|\n");
    for (name, what) in types {
        writeln!(out, "| {name} | {what} |").expect("a string takes everything");
    }
    out
}

#[test]
fn the_catalogue_says_what_the_tables_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("EVENTS.md");
    let written = catalogue();
    if std::env::var_os("COMANDA_BLESS").is_some() {
        std::fs::write(&path, &written).expect("it can be written");
    }
    let held = std::fs::read_to_string(&path).expect("EVENTS.md is there");
    assert!(held == written, "schemas/EVENTS.md is not what the tables say");
}
