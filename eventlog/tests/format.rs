//! `FORMAT.md` is checked against bytes the log writes: neither can change without the other.

mod common;

use common::shop::{shop, sidecars};
use common::{dir, open, read_all, segments};
use eventlog::sim::SimDisk;
use eventlog::{Batch, BatchId, CommitHeader, OpenError, Revision};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The log FORMAT.md shows: a genesis record and one batch of two commits, the second without events.
fn tiny_log() -> (SimDisk, PathBuf) {
    let disk = SimDisk::new(2026);
    let (mut writer, _, _) = open(&disk).expect("opens");
    let mut batch = Batch::with_id(writer.next_position(), BatchId(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10));
    let header = CommitHeader {
        tenant: "m1",
        command_id: 0x11,
        payload_hash: 0x22,
        recorded_at: 1_700_000_000_000_000,
        meta: b"by ana",
    };
    let mut commit = batch.commit(&header);
    commit.event("order-m1.s1.o1", Revision(0), |body| body.extend_from_slice(b"placed"));
    commit.event("stock-m1.s1", Revision(4), |body| body.extend_from_slice(b"reserved"));
    commit.finish();
    batch.commit(&CommitHeader { command_id: 0x12, meta: b"", ..header }).finish();
    writer.append(&mut batch).expect("appends");
    drop(writer);
    disk.kill();
    let path = segments(&disk).pop().expect("one segment");
    (disk, path)
}

/// Sixteen bytes a line, runs of zero lines left out.
fn dump(bytes: &[u8]) -> String {
    let mut lines = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        if chunk.iter().all(|byte| *byte == 0) {
            continue;
        }
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{:04x}  {}\n", line * 16, hex.join(" ")));
    }
    lines
}

#[test]
fn the_bytes_are_those_of_the_description() {
    let (disk, path) = tiny_log();
    let description = include_str!("../FORMAT.md");
    let golden = description.split("```text\n").last().and_then(|rest| rest.split("```").next()).expect("a dump");
    let written = dump(&disk.contents(&path));
    assert!(golden == written, "FORMAT.md shows other bytes; these were written:\n{written}");
}

/// The numbers of the tables, taken from the bytes by hand.
#[test]
fn the_fields_are_where_the_tables_say() {
    let (disk, path) = tiny_log();
    let bytes = disk.contents(&path);
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let segment_id = u64_at(32);
    assert_eq!(&bytes[..8], b"CMDSEGMT");
    assert_eq!((u32_at(8), u32_at(12), u64_at(40), u64_at(48)), (1, 4096, 0, bytes.len() as u64));
    assert_eq!(u32_at(60), crc32c::crc32c(&bytes[..60]));
    let genesis = 4096;
    let batch = genesis + 104 + 104;
    for (at, number, first, commits, events) in [(genesis, 0, 0, 1, 1), (batch, 1, 1, 2, 2)] {
        assert_eq!(&bytes[at..at + 8], b"CMDBATCH");
        assert_eq!((u32_at(at + 8), u64_at(at + 16), u64_at(at + 24)), (1, segment_id, at as u64));
        assert_eq!((u64_at(at + 32), u64_at(at + 56)), (number, first));
        assert_eq!((u64_at(at + 64), u64_at(at + 72)), (number, first), "what was durable before");
        assert_eq!((u32_at(at + 80), u32_at(at + 84)), (commits, events));
        let payload = at + 104..at + 104 + (u32_at(at + 88) as usize).next_multiple_of(8);
        assert_eq!(u32_at(at + 92), crc32c::crc32c(&bytes[payload]));
        assert_eq!(u32_at(at + 100), crc32c::crc32c(&bytes[at..at + 100]));
    }
    assert_eq!(u32_at(batch + 12), u32_at(genesis + 92), "chained to the batch before");
    let commit = batch + 104;
    let len = u32_at(commit) as usize;
    assert_eq!(u32_at(commit + 4), crc32c::crc32c(&bytes[commit + 8..commit + 8 + len]));
    assert_eq!(&bytes[commit + 56..commit + 64], b"m1by ana");
    assert_eq!(&bytes[commit + 64 + 13..commit + 64 + 33], b"order-m1.s1.o1placed");
    let end = batch + 104 + (u32_at(batch + 88) as usize).next_multiple_of(8);
    let mark = end.next_multiple_of(512);
    assert_eq!(&bytes[mark..mark + 8], b"CMDMARK.");
    assert_eq!((u64_at(mark + 16), u64_at(mark + 24)), (segment_id, mark as u64));
    assert_eq!((u64_at(mark + 32), u64_at(mark + 40), u64_at(mark + 48)), (2, 3, end as u64));
    assert_eq!(u32_at(mark + 60), crc32c::crc32c(&bytes[mark..mark + 60]));
}

/// The numbers of a sidecar's tables, taken from the bytes by hand, against the log itself.
#[test]
fn the_fields_of_a_sidecar_are_where_the_tables_say() {
    let disk = shop(21, 40, false);
    let segment = disk.contents(&segments(&disk)[1]);
    let bytes = disk.contents(&sidecars(&disk)[1]);
    let of = |bytes: &[u8], at: usize, len: usize| {
        bytes[at..at + len].iter().rev().fold(0u64, |number, byte| (number << 8) | u64::from(*byte))
    };
    let (u32_at, u64_at) = (|at: usize| of(&bytes, at, 4) as usize, |at: usize| of(&bytes, at, 8));
    assert_eq!((&bytes[..8], u32_at(8), u32_at(12)), (&b"CMDINDEX"[..], 2, 1));
    assert_eq!(bytes[16..40], segment[16..40], "log id and segment id");
    assert_eq!(u64_at(40), segment.len() as u64);
    // What the segment holds, by walking its batches.
    let (mut at, mut batches, mut commits, mut recorded) = (4096, 0, 0, (i64::MAX, i64::MIN));
    while segment[at..].starts_with(b"CMDBATCH") {
        let payload = of(&segment, at + 88, 4) as usize;
        let mut commit = at + 104;
        while commit < at + 104 + payload {
            let time = of(&segment, commit + 40, 8) as i64;
            recorded = (recorded.0.min(time), recorded.1.max(time));
            commits += 1;
            commit += 8 + of(&segment, commit, 4) as usize;
        }
        batches += 1;
        at += 104 + payload.next_multiple_of(8);
    }
    let (first_batch, first) = (of(&segment, 4096 + 32, 8), of(&segment, 4096 + 56, 8));
    assert_eq!((u64_at(48), u64_at(56), u64_at(64)), (at as u64, first_batch, batches));
    assert_eq!((u64_at(72), u64_at(88)), (first, commits));
    assert_eq!((u64_at(96) as i64, u64_at(104) as i64), recorded);
    assert_eq!(u32_at(112), crc32c::crc32c(&segment[4096..at]) as usize);
    assert_eq!(u32_at(116), of(&segment, 4096 + 12, 4) as usize);
    let events = (u64_at(80) - first) as usize;
    assert_eq!((u32_at(128), u32_at(132), u32_at(136)), (events, commits as usize, batches as usize));
    assert_eq!(u32_at(156), crc32c::crc32c(&bytes[..156]) as usize);

    let counts: Vec<usize> = (0..5).map(|list| u32_at(124 + 4 * list)).collect();
    let pages: Vec<usize> =
        counts.iter().zip([24, 4, 12, 16, 20]).map(|(count, len)| count.div_ceil(508 / len)).collect();
    let front = 8 * (pages[0] + pages[2] + pages[3] + pages[4]) + 64 * (u32_at(144) + u32_at(148));
    let all = read_all(&open(&disk).expect("opens").1).expect("reads");
    let here = first..first + events as u64;
    let of_segment =
        all.iter().flat_map(|batch| batch.commits()).flat_map(|commit| commit.events().collect::<Vec<_>>());
    let kinds: BTreeSet<[u8; 2]> = of_segment
        .filter(|event| here.contains(&event.position.0))
        .map(|event| *event.body.first_chunk().expect("a body has a kind"))
        .collect();
    assert!(!kinds.is_empty());
    assert_eq!(u32_at(144), ((counts[0] + kinds.len()) * 12).div_ceil(512), "12 bits for each stream and kind");
    assert_eq!(u32_at(152), crc32c::crc32c(&bytes[512..512 + front]) as usize);
    let first_page = 1 + front.div_ceil(512);
    assert_eq!(bytes.len(), 512 * (first_page + pages.iter().sum::<usize>()));
    for page in first_page..bytes.len() / 512 {
        let place = [&bytes[32..40], &(page as u64).to_le_bytes()].concat();
        let content = [&place[..], &bytes[page * 512..page * 512 + 508]].concat();
        assert_eq!(u32_at(page * 512 + 508), crc32c::crc32c(&content) as usize, "page {page}");
    }
    let list = |nth: usize| 512 * (first_page + pages[..nth].iter().sum::<usize>());
    assert_eq!(u64_at(512), u64_at(list(0)), "the front begins with the key of the first page");
    // Streams: their events one behind the other among the positions, each position once.
    let entry = |nth: usize| list(0) + nth / 21 * 512 + nth % 21 * 24;
    let starts: Vec<usize> = (0..counts[0]).map(|nth| u32_at(entry(nth) + 16)).collect();
    let ends: Vec<usize> = (0..counts[0]).map(|nth| u32_at(entry(nth) + 16) + u32_at(entry(nth) + 20)).collect();
    assert!(starts[0] == 0 && starts[1..] == ends[..ends.len() - 1] && ends.last() == Some(&events));
    assert!((1..counts[0]).all(|nth| u64_at(entry(nth - 1)) < u64_at(entry(nth))), "in the order of hashes");
    let mut positions: Vec<usize> = (0..events).map(|nth| u32_at(list(1) + nth / 127 * 512 + nth % 127 * 4)).collect();
    positions.sort_unstable();
    assert!(positions.into_iter().eq(0..events));
    // The first waypoint is the first batch.
    let waypoint: Vec<usize> = (0..5).map(|field| u32_at(list(4) + 4 * field)).collect();
    assert_eq!(waypoint, [0, 4096, 0, 4096, 0]);
}

#[test]
fn another_version_is_refused_by_name() {
    let (disk, path) = tiny_log();
    let mut bytes = disk.contents(&path);
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    disk.put(&path, bytes);
    let error = open(&disk).expect_err("refused");
    assert!(matches!(&error, OpenError::Version { found: 2, expected: 1, file } if file.starts_with(dir())), "{error}");
}

/// Its checksum holds, and no version ever wrote such a header.
#[test]
fn a_header_that_says_what_none_says_is_damage() {
    for (what, at, bytes) in [
        ("data that starts elsewhere", 12, &8192_u32.to_le_bytes()[..]),
        ("a number that no segment has", 40, &(1_u64 << 32).to_le_bytes()),
    ] {
        let (disk, path) = tiny_log();
        let mut header = disk.contents(&path);
        header[at..at + bytes.len()].copy_from_slice(bytes);
        let crc = crc32c::crc32c(&header[..60]);
        header[60..64].copy_from_slice(&crc.to_le_bytes());
        disk.put(&path, header);
        let error = open(&disk).expect_err(what);
        assert!(matches!(&error, OpenError::Corrupt(_)), "{what}: {error}");
    }
}
