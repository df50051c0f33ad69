//! Recovery of an arbitrary directory: whatever stands in the files, opening and reading answer, and what opens opens again.
//!
//! The input is cut into segment files. Three times in four the checksums of a changed input are made right, so that what lies
//! behind them is reached.

#![no_main]

mod seeds;

use eventlog::disk::Disk;
use eventlog::sim::SimDisk;
use eventlog::{Background, Direction, Options, Position, Revision, open_on};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use std::path::Path;
use std::sync::Arc;

const SEGMENT_BYTES: usize = 8 << 10;
const OPTIONS: Options =
    Options { segment_bytes: SEGMENT_BYTES as u64, recent_bytes: 1 << 10, open_files: 4, background: Background::Inline };

fuzz_target!(
    init: {
        if let Some(corpus) = std::env::var_os("COMANDA_CORPUS") {
            seeds::write(Path::new(&corpus));
        }
    },
    |data: &[u8]| check(data)
);

fn check(data: &[u8]) {
    let (disk, dir) = (SimDisk::new(1), Path::new("/log"));
    for (number, segment) in data.chunks(SEGMENT_BYTES).enumerate() {
        disk.put(&dir.join(format!("{number:08x}.seg")), segment.to_vec());
    }
    let open = || open_on(Arc::new(disk.clone()) as Arc<dyn Disk>, dir, OPTIONS);
    let Ok((writer, reader, recovered)) = open() else { return };
    let batches = reader.read(Position(0), 1 << 20).map(|batches| batches.len());
    for stream in ["$genesis", "s0", "s1"] {
        let _ = reader.read_stream(stream, Revision(0), Direction::Forward, 100);
    }
    drop(writer);
    disk.crash();
    let (_writer, reader, again) = open().expect("what was recovered opens again");
    assert_eq!((again.next, again.batches), (recovered.next, recovered.batches));
    assert_eq!(reader.read(Position(0), 1 << 20).map(|batches| batches.len()).ok(), batches.ok());
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if !seed.is_multiple_of(4) {
        data[..size].chunks_mut(SEGMENT_BYTES).for_each(seal);
    }
    size
});

/// Makes the checksums of a segment right, as far as there are any.
fn seal(segment: &mut [u8]) {
    let sum = |segment: &mut [u8], from: usize, len: usize| {
        if let Some(bytes) = segment.get_mut(from..from + len) {
            let crc = crc32c::crc32c(&bytes[..len - 4]).to_le_bytes();
            bytes[len - 4..].copy_from_slice(&crc);
        }
    };
    if segment.starts_with(b"CMDSEGMT") {
        sum(segment, 0, 64);
    }
    for at in (0..segment.len()).step_by(8) {
        if segment[at..].starts_with(b"CMDMARK.") {
            sum(segment, at, 64);
        }
        if segment[at..].starts_with(b"CMDBATCH") && at + 104 <= segment.len() {
            let len = u32::from_le_bytes(segment[at + 88..at + 92].try_into().expect("four bytes")) as usize;
            let end = (at + 104 + len.next_multiple_of(8)).min(segment.len());
            let crc = crc32c::crc32c(&segment[at + 104..end]).to_le_bytes();
            segment[at + 92..at + 96].copy_from_slice(&crc);
            sum(segment, at, 104);
        }
    }
}
