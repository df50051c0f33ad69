//! Every bench, tiny: does it still work, and is its work still the same?

use benches::{Group, Measure, Plan, Size};
use std::path::PathBuf;

fn measure(group: Group) -> Vec<Measure> {
    let dir = tempfile::tempdir().expect("a directory");
    let plan = Plan {
        size: Size::Tiny,
        dir: dir.path().to_owned(),
        comanda: std::env::var_os("COMANDA_BIN").map(PathBuf::from),
        benches: Some(env!("CARGO_BIN_EXE_benches").into()),
    };
    let measures = group.measure(&plan).expect("it works");
    for measure in &measures {
        assert!(0.0 < measure.per_s && measure.per_s.is_finite(), "{measure:?}");
    }
    measures
}

/// The names of the measures with their checksums. A bench whose checksum changes does other work than before: its
/// figures are not to be compared with older ones.
fn sums(measures: &[Measure]) -> Vec<(&str, Option<u64>)> {
    measures.iter().map(|measure| (measure.name.as_str(), measure.checksum)).collect()
}

#[test]
fn limits() {
    let measures = measure(Group::Limits);
    assert_eq!(measures.last().map(|measure| measure.checksum), Some(Some(2_965_218_868)));
}

#[test]
fn rules() {
    let measures = [Group::Decide, Group::Encode, Group::Decode].map(measure).concat();
    assert_eq!(
        sums(&measures),
        [
            ("decide", Some(15_644_106_603_217_690_389)),
            ("encode", Some(106_225_840_770_849)),
            ("decode", Some(7_668_776_029_216_441_204)),
        ]
    );
}

#[test]
fn forms() {
    let measures = measure(Group::Forms);
    let names: Vec<&str> = measures.iter().map(|measure| measure.name.as_str()).collect();
    for name in ["OrderOpened", "LineAdded", "OrderPlaced", "StockReserved", "PaymentInitiated", "PaymentApplied"] {
        let (encode, decode) = (format!("encode/{name}"), format!("decode/{name}"));
        assert!(names.contains(&&*encode) && names.contains(&&*decode), "{name} is not in {names:?}");
    }
}

#[test]
fn fold() {
    assert_eq!(sums(&measure(Group::Fold)), [("fold", Some(20))]);
}

#[test]
fn append() {
    assert_eq!(
        sums(&measure(Group::Append)),
        [
            ("append/1", Some(262_912)),
            ("append/16", Some(3_211_520)),
            ("append/256", Some(50_397_440)),
            ("append/1024", Some(201_392_384)),
            ("append/1x100", Some(19_726_592)),
            ("append/16x100", Some(314_638_592)),
            ("append/64x100", Some(1_258_356_992)),
        ]
    );
}

#[test]
fn engine() {
    // The answers do not depend on how many orders are under way.
    let sum = Some(7_860_591_473_375_766_630);
    assert_eq!(
        sums(&measure(Group::Engine)),
        [("engine/1", sum), ("engine/16", sum), ("engine/256", sum), ("engine/1024", sum)]
    );
}

#[test]
fn replay() {
    assert_eq!(
        sums(&measure(Group::Replay)),
        [
            ("replay/open", Some(737)),
            ("replay/read", Some(4_736_614_980_091_941_124)),
            ("replay/decode", Some(11_357_162_625_899_178_853)),
            ("replay/fold", Some(737)),
        ]
    );
}

#[test]
fn http() {
    let measures = measure(Group::Http);
    match std::env::var_os("COMANDA_BIN") {
        Some(_) => assert_eq!(measures.len(), 5),
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what did not run")]
        None => eprintln!("orders over HTTP: skipped, for COMANDA_BIN names no comanda binary"),
    }
}

#[test]
fn history() {
    let measures = measure(Group::History);
    let names: Vec<&str> = measures.iter().map(|measure| measure.name.as_str()).collect();
    assert!(names.starts_with(&["history/open", "history/stream"]), "{names:?}");
    assert_eq!(
        measures[1].checksum,
        Some(7),
        "the order's stream has an opening, three lines, a placement, a payment and an end"
    );
}

#[test]
fn chain() {
    let expected = usize::from(std::env::var_os("COMANDA_BIN").is_some());
    assert_eq!(measure(Group::Chain).len(), expected);
}
