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
    assert_eq!(measures.last().map(|measure| measure.checksum), Some(Some(0)));
}

#[test]
fn rules() {
    let measures = [Group::Decide, Group::Encode, Group::Decode].map(measure).concat();
    assert_eq!(sums(&measures), []);
}

#[test]
fn append() {
    assert_eq!(sums(&measure(Group::Append)), []);
}

#[test]
fn engine() {
    assert_eq!(sums(&measure(Group::Engine)), []);
}

#[test]
fn replay() {
    assert_eq!(sums(&measure(Group::Replay)), []);
}

#[test]
fn http() {
    let measures = measure(Group::Http);
    match std::env::var_os("COMANDA_BIN") {
        Some(_) => assert_eq!(measures.len(), 4),
        #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what did not run")]
        None => eprintln!("orders over HTTP: skipped, for COMANDA_BIN names no comanda binary"),
    }
}
