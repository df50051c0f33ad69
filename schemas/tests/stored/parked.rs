//! Messages of providers that wait beside the log.

use crate::arbitrary;
use crate::golden::{check_file, hex};
use crate::samples::{PAYMENT, messages};
use domain::calendar::Timestamp;
use domain::ids::AccountId;
use proptest::prelude::*;
use schemas::stored::{BadParked, Parked};

const AT: Timestamp = Timestamp(1_798_761_600_000_000);

fn parked() -> Vec<(&'static str, Parked)> {
    let account = id!(AccountId "acme_card");
    let all = messages().into_iter().enumerate();
    all.map(|(index, (label, message))| {
        (label, Parked { account, payment: (index % 2 == 0).then_some(PAYMENT), received_at: AT, message })
    })
    .collect()
}

#[test]
fn golden_parked_messages() {
    let written: Vec<_> = parked().iter().map(|(label, parked)| ((*label).to_owned(), hex(&parked.encode()))).collect();
    let comment =
        "Providers' messages that wait for their payments, version 1. These bytes are in files; never change them.";
    check_file("parked.v1.hex", comment, &written);
    for (label, parked) in parked() {
        assert_eq!(Parked::decode(&parked.encode()).expect("it reads"), parked, "{label}");
    }
}

#[test]
fn damage_and_newer_versions_are_told_apart() {
    let bytes = parked()[0].1.encode();
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1;
        assert!(Parked::decode(&damaged).is_err(), "byte {index}");
        assert!(matches!(Parked::decode(&bytes[..index]), Err(BadParked::Damaged)), "{index} bytes");
    }
}

proptest! {
    #[test]
    fn parked_messages_read_back(parked in arbitrary::parked()) {
        prop_assert_eq!(Parked::decode(&parked.encode()).expect("it reads"), parked);
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Parked::decode(&bytes);
    }
}
