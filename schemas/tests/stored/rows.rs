//! What the fault programme counts of stored events: what every version wrote reads, and what nobody wrote does no harm.

use crate::golden::every_version;
use crate::programme::{Sizes, run};
use crate::{encoded, stream_of};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use schemas::stored;

/// How many changed events each seed decodes.
const CHANGED: u64 = 1_000;

#[test]
fn golden_bytes_of_every_version_read_as_they_were_meant() {
    let written = every_version();
    run(9, "golden bytes of every event version", Sizes { small: 1, change: 10, gate: 2_000 }, |_, counts| {
        for old in &written {
            let read = stored::decode(&stream_of(&old.event), &old.bytes).expect("old bytes read");
            assert_eq!(read, old.event);
            counts.add("events read", 1);
            // What an older version wrote is written as the current one does, and reads the same.
            let again = encoded(&read);
            assert!(!old.is_current || again == old.bytes, "{read:?} is written otherwise than before");
            assert_eq!(stored::decode(&stream_of(&read), &again).expect("reads back"), read);
            counts.add("of them of an older version", u64::from(!old.is_current));
        }
    });
}

/// Valid events with bytes changed, taken out and put in, under a checksum that is right half of the time.
#[test]
fn changed_events_read_as_something_or_are_refused() {
    let written = every_version();
    run(13, "changed bytes for events", Sizes { small: 20, change: 1_000, gate: 5_000 }, |seed, counts| {
        let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 4].concat());
        let mut below = |bound: usize| (random.next_u64() % bound as u64) as usize;
        for _ in 0..CHANGED {
            let (one, other) = (&written[below(written.len())], &written[below(written.len())]);
            let mut bytes = one.bytes.clone();
            for _ in 0..=below(3) {
                let (at, len) = (below(bytes.len().max(1)), below(12));
                match below(5) {
                    0 => bytes.truncate(at),
                    1 if !bytes.is_empty() => bytes[at] ^= 1 << below(8),
                    2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(5)],
                    3 => _ = bytes.splice(at..(at + len).min(bytes.len()), []),
                    _ => {
                        let from = below(other.bytes.len());
                        let piece = other.bytes[from..(from + len).min(other.bytes.len())].to_vec();
                        _ = bytes.splice(at..at, piece);
                    }
                }
            }
            if 11 <= bytes.len() && below(2) == 0 {
                seal(&mut bytes);
            }
            match stored::decode(&stream_of(&one.event), &bytes) {
                Ok(event) => {
                    assert_eq!(stored::decode(&stream_of(&event), &encoded(&event)).expect("reads back"), event);
                    counts.add("read", 1);
                }
                Err(_) => counts.add("refused", 1),
            }
        }
    });
}

/// Makes an envelope's length and checksum right.
fn seal(bytes: &mut [u8]) {
    let body_len = bytes.len() as u32 - 11;
    bytes[3..7].copy_from_slice(&body_len.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..7]), &bytes[11..]);
    bytes[7..11].copy_from_slice(&sum.to_le_bytes());
}
