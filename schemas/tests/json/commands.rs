//! The table of commands, as far as it can contradict itself.

use schemas::command::{Parts, ROWS, Targets};
use schemas::json::BodyError;
use std::collections::BTreeSet;

/// A command that asks for a target its path does not name could not be sent; one that a path names in vain is a mistake.
#[test]
fn paths_name_what_their_commands_are_about() {
    for row in ROWS {
        let Some(http) = &row.http else { continue };
        let make = row.make.expect("what has an address can be made");
        let targets = |left_out: Option<&str>| {
            let mut targets = Targets::default();
            for parameter in http.path.split(['{', '}']).skip(1).step_by(2).filter(|name| Some(*name) != left_out) {
                let text = if parameter == "date" { "2026-11-22" } else { "x1" };
                targets.set(parameter, text).unwrap();
            }
            targets
        };
        let missing = |targets: Targets| match make(&mut Parts::new(targets, b"{}")) {
            Err(BodyError::Field(error)) => error.problem.starts_with("is required for "),
            _ => false,
        };
        assert!(!missing(targets(None)), "{} asks for more than {} names", row.name, http.path);
        for parameter in http.path.split(['{', '}']).skip(1).step_by(2) {
            // The order of a payment may also stand in its body.
            let is_needed = (row.name, parameter) != ("InitiatePayment", "order");
            assert_eq!(missing(targets(Some(parameter))), is_needed, "{} and {parameter} of {}", row.name, http.path);
        }
    }
}

#[test]
fn every_name_and_address_is_there_once() {
    let unique = |names: Vec<String>| {
        let set: BTreeSet<&String> = names.iter().collect();
        assert_eq!(set.len(), names.len(), "{names:?}");
    };
    unique(ROWS.iter().map(|row| row.name.to_owned()).collect());
    unique(ROWS.iter().filter_map(|row| row.batch).map(str::to_owned).collect());
    unique(
        ROWS.iter()
            .filter_map(|row| row.http.as_ref())
            .map(|http| format!("{:?} {}", http.method, http.path))
            .collect(),
    );
    for row in ROWS {
        assert_eq!(row.make.is_some(), row.http.is_some() || row.batch.is_some(), "{}", row.name);
        assert_eq!(row.doc.is_empty(), row.http.is_none(), "{} is documented where it has an address", row.name);
    }
}
