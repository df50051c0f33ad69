//! `FORMAT.md` is checked against bytes the log writes: neither can change without the other.

mod common;

use common::{dir, open, segments};
use eventlog::sim::SimDisk;
use eventlog::{Batch, BatchId, CommitHeader, OpenError, Revision};
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
