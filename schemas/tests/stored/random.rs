//! Properties of the stored form over anything the domain allows and over anything at all.

use crate::arbitrary::{event, meta};
use crate::samples::samples;
use crate::{encoded, stream_of};
use domain::event::Event;
use domain::stream::Stream;
use proptest::prelude::*;
use schemas::stored::{self, CommitMeta, DecodeError, Decoder, EVENT_TYPES};

/// An envelope around any body, with the right checksum: what only a bug or a newer program would write.
fn sealed(tag: u16, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = [&tag.to_le_bytes()[..], &[version], &(body.len() as u32).to_le_bytes()].concat();
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes), body);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn streams() -> Vec<Stream> {
    let names = ["menu-d", "access-d", "store-d.s", "storemenu-d.s", "order-d.s.o", "payment-d.s.p", "stock-d.s"];
    names.iter().map(|name| Stream::parse(name).expect("a stream")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn events_read_back(event in event()) {
        // What stands before an event in the buffer is not touched.
        let mut bytes = vec![9; 3];
        stored::encode(&event, &mut bytes);
        prop_assert_eq!(&bytes[..3], [9; 3]);
        prop_assert_eq!(stored::decode(&stream_of(&event), &bytes[3..]).expect("reads back"), event);
    }

    #[test]
    fn commits_read_back(meta in meta()) {
        let mut bytes = Vec::new();
        meta.encode(&mut bytes);
        prop_assert_eq!(CommitMeta::decode(&bytes).expect("reads back"), meta);
    }

    #[test]
    fn anything_at_all_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for stream in streams() {
            prop_assert!(stored::decode(&stream, &bytes).is_err());
        }
        let _ = CommitMeta::decode(&bytes);
    }

    /// Behind a right checksum anything may stand: it reads as what it says, or is refused. What reads is written as
    /// something that reads the same.
    #[test]
    fn any_body_reads_or_is_refused(
        index in 0..EVENT_TYPES.len(),
        body in proptest::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..80),
    ) {
        let bytes = sealed(EVENT_TYPES[index].tag, 1, &body);
        for stream in streams() {
            if let Ok(event) = stored::decode(&stream, &bytes) {
                prop_assert_eq!(&stored::decode(&stream, &encoded(&event)).expect("reads back"), &event);
            }
        }
    }

    #[test]
    fn a_changed_body_reads_or_is_refused(event in event(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut body = encoded(&event)[11..].to_vec();
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let stream = stream_of(&event);
        if let Ok(event) = stored::decode(&stream, &sealed(stored::event_tag(&event), 1, &body)) {
            prop_assert_eq!(&stored::decode(&stream, &encoded(&event)).expect("reads back"), &event);
        }
    }

    #[test]
    fn every_cut_and_every_burst_is_detected(event in event(), at in any::<proptest::sample::Index>(), burst in 1_u32..) {
        let mut bytes = encoded(&event);
        let stream = stream_of(&event);
        let at = at.index(bytes.len());
        prop_assert!(stored::decode(&stream, &bytes[..at]).is_err());
        // A burst of up to 32 bits anywhere.
        let mut window = [0; 4];
        let len = 4.min(bytes.len() - at);
        window[..len].copy_from_slice(&bytes[at..at + len]);
        let changed = (u32::from_le_bytes(window) ^ burst).to_le_bytes();
        let is_changed = bytes[at..at + len] != changed[..len];
        bytes[at..at + len].copy_from_slice(&changed[..len]);
        prop_assert!(!is_changed || stored::decode(&stream, &bytes).is_err());
    }
}

/// What a reader answers, errors included, as far as anybody can tell.
fn told(read: Result<Event, DecodeError>) -> String {
    format!("{read:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The way that remembers reads what the one that does not reads.
    #[test]
    fn every_way_of_reading_reads_the_same(events in proptest::collection::vec(event(), 1..12)) {
        let mut decoder = Decoder::new();
        for event in events.iter().chain(&events) {
            let (stream, bytes) = (stream_of(event), encoded(event));
            prop_assert_eq!(&stored::decode(&stream, &bytes).expect("reads back"), event);
            prop_assert_eq!(decoder.stream(&stream.to_string()), Ok(stream));
            prop_assert_eq!(&decoder.decode(&stream, &bytes).expect("reads back"), event);
        }
    }

    /// A body that ends anywhere, behind a right checksum and with a length that says so.
    #[test]
    fn every_way_refuses_a_cut_body_alike(event in event()) {
        let (stream, bytes) = (stream_of(&event), encoded(&event));
        let (tag, version, body) = (stored::event_tag(&event), bytes[2], &bytes[11..]);
        let mut decoder = Decoder::new();
        decoder.decode(&stream, &bytes).expect("reads back");
        for len in 0..body.len() {
            let cut = sealed(tag, version, &body[..len]);
            let read = stored::decode(&stream, &cut);
            // What is missing is said first, whatever else is wrong with the rest.
            let is_told = matches!(read, Err(DecodeError::Body { source: postcard::Error::DeserializeUnexpectedEnd, .. }));
            prop_assert!(is_told, "{:?}", read);
            prop_assert_eq!(told(decoder.decode(&stream, &cut)), told(read));
        }
    }

    /// A body with bytes changed, put in and taken out, behind a right checksum, under any version.
    #[test]
    fn every_way_reads_or_refuses_a_changed_body_alike(
        event in event(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), 0_u8..3, any::<u8>()), 1..4),
        version in 0_u8..4,
    ) {
        let (stream, bytes) = (stream_of(&event), encoded(&event));
        let mut body = bytes[11..].to_vec();
        for (at, what, byte) in changes {
            let at = at.index(body.len() + 1);
            match what {
                0 => body.insert(at, byte),
                1 if at < body.len() => body[at] = byte,
                _ if at < body.len() => _ = body.remove(at),
                _ => body.push(byte),
            }
        }
        let mut decoder = Decoder::new();
        decoder.decode(&stream, &bytes).expect("reads back");
        for version in [bytes[2], version] {
            let changed = sealed(stored::event_tag(&event), version, &body);
            prop_assert_eq!(told(decoder.decode(&stream, &changed)), told(stored::decode(&stream, &changed)));
        }
    }

    /// Any short body of any type.
    #[test]
    fn every_way_reads_or_refuses_any_body_alike(
        index in 0..EVENT_TYPES.len(),
        version in 1_u8..4,
        body in proptest::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..80),
    ) {
        let bytes = sealed(EVENT_TYPES[index].tag, version, &body);
        let mut decoder = Decoder::new();
        for stream in streams() {
            let read = told(stored::decode(&stream, &bytes));
            for _ in 0..2 {
                prop_assert_eq!(&told(decoder.decode(&stream, &bytes)), &read);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_single_bit_flip_is_detected(event in event()) {
        let mut bytes = encoded(&event);
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(stored::decode(&stream_of(&event), &bytes).is_err(), "bit {}", bit);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_single_and_double_bit_flip_of_the_samples_is_detected() {
    for sample in samples() {
        let mut bytes = encoded(&sample.event);
        let stream = stream_of(&sample.event);
        let bits = 8 * bytes.len();
        for first in 0..bits {
            bytes[first / 8] ^= 1 << (first % 8);
            assert!(stored::decode(&stream, &bytes).is_err(), "bit {first} of {:?}", sample.event);
            // All pairs of the small ones, neighbours of the large ones: the suite is to stay within seconds.
            let last = if bits <= 400 { bits } else { bits.min(first + 33) };
            for second in first + 1..last {
                bytes[second / 8] ^= 1 << (second % 8);
                assert!(stored::decode(&stream, &bytes).is_err(), "bits {first}, {second} of {:?}", sample.event);
                bytes[second / 8] ^= 1 << (second % 8);
            }
            bytes[first / 8] ^= 1 << (first % 8);
        }
    }
}
