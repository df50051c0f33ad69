//! The bytes in `schemas/golden/` are in logs: they read for ever, and the same events are written as the same bytes.
//!
//! `COMANDA_BLESS=1 cargo test -p comanda-schemas golden` writes the files. That is right for a new type, a new version or
//! a new sample, and never for bytes that were released: those get a new version.

use crate::commands::commands;
use crate::samples::{Sample, metas, samples};
use crate::{encoded, stream_of};
use domain::event::Event;
use schemas::stored::{self, CommitMeta, EVENT_TYPES};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(path)
}

fn is_blessing() -> bool {
    std::env::var_os("COMANDA_BLESS").is_some_and(|value| value == "1")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

/// Writes or reads a golden file of lines `label value` under a comment.
fn file(path: &str, comment: &str, current: Option<&[(String, String)]>) -> BTreeMap<String, String> {
    if let Some(lines) = current.filter(|_| is_blessing()) {
        let body: String = lines.iter().map(|(label, value)| format!("{label} {value}\n")).collect();
        std::fs::create_dir_all(golden(path).parent().expect("a directory")).expect("a directory");
        std::fs::write(golden(path), format!("# {comment}\n{body}")).expect("a file");
    }
    let text = std::fs::read_to_string(golden(path))
        .unwrap_or_else(|error| panic!("golden/{path}: {error}. A new type or version? COMANDA_BLESS=1 writes it."));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(' ').unwrap_or_else(|| panic!("golden/{path}: {line}")));
    pairs.map(|(label, value)| (label.to_owned(), value.to_owned())).collect()
}

/// The test of one file: what is written now is what it says, label by label.
#[track_caller]
fn check_written(path: &str, golden: &BTreeMap<String, String>, written: &[(String, String)]) {
    let labels: BTreeSet<_> = written.iter().map(|(label, _)| label).collect();
    assert_eq!(labels.len(), written.len(), "{path}: a label stands twice");
    assert_eq!(labels, golden.keys().collect(), "{path} and the samples have different labels");
    for (label, value) in written {
        assert_eq!(golden[label], *value, "{path} {label}: written otherwise than before; give it a new version");
    }
}

/// As [`check_written`], for a file of its own.
#[track_caller]
pub fn check_file(path: &str, comment: &str, written: &[(String, String)]) {
    let golden = file(path, comment, Some(written));
    check_written(path, &golden, written);
}

#[test]
fn golden_events() {
    let samples = samples();
    let mut files = BTreeSet::new();
    for event_type in EVENT_TYPES {
        for version in 1..=event_type.version {
            let path = format!("events/{}.v{version}.hex", event_type.name);
            let of_file: Vec<_> = samples
                .iter()
                .filter(|sample| stored::event_tag(&sample.event) == event_type.tag && sample.version == version)
                .collect();
            assert!(!of_file.is_empty(), "{} version {version} has no sample", event_type.name);
            let written: Vec<_> =
                of_file.iter().map(|sample| (sample.label.to_owned(), hex(&encoded(&sample.event)))).collect();
            // What an older version can still say is written as that version.
            let is_written = of_file.iter().all(|sample| encoded(&sample.event)[2] == version);
            let comment = format!(
                "{}, tag {:#06x}, version {version}: one envelope a line. These bytes are in logs; never change them.",
                event_type.name, event_type.tag
            );
            let golden = file(&path, &comment, is_written.then_some(&written));
            if is_written {
                check_written(&path, &golden, &written);
            }
            for sample in of_file {
                let bytes = unhex(golden.get(sample.label).unwrap_or_else(|| panic!("{path}: no {}", sample.label)));
                assert_eq!(bytes[..2], event_type.tag.to_le_bytes(), "{path}");
                assert_eq!(bytes[2], version, "{path}");
                let read = stored::decode(&stream_of(&sample.event), &bytes);
                assert_eq!(read.expect("old bytes read"), sample.event, "{path} {}", sample.label);
            }
            files.insert(golden_name(&path));
        }
    }
    let there: BTreeSet<_> = std::fs::read_dir(golden("events"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(there, files, "a type or version that was written once is read for ever");
}

fn golden_name(path: &str) -> String {
    path.trim_start_matches("events/").to_owned()
}

#[test]
fn golden_commits() {
    for version in [1, 2, 3, 4] {
        let path = format!("commit_meta.v{version}.hex");
        let encoded = metas().into_iter().map(|(label, meta)| {
            let mut bytes = Vec::new();
            meta.encode(&mut bytes);
            (label, meta, bytes)
        });
        let of_file: Vec<_> = encoded.filter(|(_, _, bytes)| bytes[0] == version).collect();
        let written: Vec<_> = of_file.iter().map(|(label, _, bytes)| ((*label).to_owned(), hex(bytes))).collect();
        let comment = format!(
            "What a commit says besides its events, version {version}. These bytes are in logs; never change them."
        );
        let golden = file(&path, &comment, Some(&written));
        check_written(&path, &golden, &written);
        for (label, meta, _) in of_file {
            assert_eq!(CommitMeta::decode(&unhex(&golden[label])).expect("old bytes read"), meta, "{label}");
        }
    }
}

#[test]
fn golden_digests() {
    let path = "command_digests.txt";
    let written: Vec<_> = commands()
        .iter()
        .map(|(label, command)| {
            let (name, digest) = (stored::command_name(command), stored::command_digest(command));
            (format!("{name}/{label}"), format!("{digest:032x}"))
        })
        .collect();
    let comment = "The digest of every kind of command. These are in logs; never change them.";
    let golden = file(path, comment, Some(&written));
    check_written(path, &golden, &written);
}

#[test]
fn the_table_of_types_is_in_order() {
    assert!(EVENT_TYPES.is_sorted_by(|a, b| a.tag < b.tag), "a tag stands twice or out of order");
    let names: BTreeSet<_> = EVENT_TYPES.iter().map(|event| event.name).collect();
    assert_eq!(names.len(), EVENT_TYPES.len(), "a name stands twice");
    for event in EVENT_TYPES {
        assert_eq!(stored::type_name(event.tag), Some(event.name));
    }
    assert_eq!(stored::type_name(0), None);
    for sample in samples() {
        let debug = format!("{:?}", sample.event);
        let name = stored::type_name_of(&sample.event);
        assert!(debug.contains(name), "{name} is not what the domain calls {debug}");
    }
}

/// An event as some version wrote it.
pub struct Written {
    pub label: &'static str,
    pub event: Event,
    pub bytes: Vec<u8>,
    pub is_current: bool,
}

/// The golden bytes of every version of every event.
pub fn every_version() -> Vec<Written> {
    let read = |sample: Sample| {
        let event_type =
            EVENT_TYPES.iter().find(|event| event.tag == stored::event_tag(&sample.event)).expect("a type");
        let lines = file(&format!("events/{}.v{}.hex", event_type.name, sample.version), "", None);
        let is_current = sample.version == event_type.version;
        Written { label: sample.label, bytes: unhex(&lines[sample.label]), event: sample.event, is_current }
    };
    samples().into_iter().map(read).collect()
}
