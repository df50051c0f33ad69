//! Stored events and what commits say besides them: any bytes read as something that is written and read again, or are refused.
//!
//! Three times in four the length and the checksum of a changed input are made right, so that what lies behind them is reached.

#![no_main]

mod seeds;

use domain::stream::Stream;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use schemas::stored::{self, CommitMeta};
use std::path::Path;

const STREAMS: [&str; 8] =
    ["menu-d", "access-d", "store-d.s", "storemenu-d.s", "order-d.s.o", "payment-d.s.p", "stock-d.s", "ticket-d.s.t"];

fuzz_target!(
    init: {
        if let Some(corpus) = std::env::var_os("COMANDA_CORPUS") {
            seeds::write(Path::new(&corpus));
        }
    },
    |data: &[u8]| check(data)
);

fn check(data: &[u8]) {
    if let Ok(meta) = CommitMeta::decode(data) {
        let mut again = vec![];
        meta.encode(&mut again);
        assert_eq!(CommitMeta::decode(&again).expect("reads back"), meta);
    }
    for stream in STREAMS.into_iter().filter_map(|name| Stream::parse(name).ok()) {
        if let Ok(event) = stored::decode(&stream, data) {
            let mut again = vec![];
            stored::encode(&event, &mut again);
            assert_eq!(stored::decode(&stream, &again).expect("reads back"), event);
        }
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if 11 <= size && !seed.is_multiple_of(4) {
        let body_len = size as u32 - 11;
        data[3..7].copy_from_slice(&body_len.to_le_bytes());
        let sum = crc32c::crc32c_append(crc32c::crc32c(&data[..7]), &data[11..size]);
        data[7..11].copy_from_slice(&sum.to_le_bytes());
    }
    size
});
