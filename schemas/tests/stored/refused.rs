//! What is not an event is refused with a reason that tells damage from a newer program's work.

use crate::samples::{metas, samples, settings};
use crate::{encoded, stream_of};
use domain::event::{Event, StoreEvent};
use domain::ids::{BadId, BadText};
use schemas::stored::{self, BadMeta, BadValue, CommitMeta, DecodeError, tag};

/// An envelope around any body, with the right checksum.
pub fn sealed(tag: u16, version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&tag.to_le_bytes());
    bytes.push(version);
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    let sum = crc32c::crc32c(&[&bytes, body].concat());
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The only function here that decodes: an envelope in the stream of a category, and how its refusal looks.
#[track_caller]
fn check(stream: &str, bytes: &[u8], then: &str) {
    let stream = domain::stream::Stream::parse(stream).expect("a stream");
    let error = stored::decode(&stream, bytes).expect_err("must be refused");
    let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
    assert_eq!(format!("{error}{cause}"), then);
}

#[test]
fn damage() {
    check("order-d.s.o", &[], "the event is cut short: 0 bytes of 11");
    let bytes = sealed(tag::OrderCompleted, 1, &[2]);
    check("order-d.s.o", &bytes[..11], "the event is cut short: 11 bytes of 12");
    check("order-d.s.o", &[&bytes[..], &[0, 0]].concat(), "2 bytes follow the event");
    let mut broken = bytes.clone();
    broken[11] = 4;
    let stream = domain::stream::Stream::parse("order-d.s.o").expect("a stream");
    assert!(matches!(stored::decode(&stream, &broken), Err(DecodeError::Checksum { .. })));
}

#[test]
fn a_newer_programs_work() {
    check("order-d.s.o", &sealed(0x05ff, 1, &[]), "no event type has the tag 0x05ff");
    for version in [0, 2, 255] {
        let then = format!("OrderCompleted has no schema version {version} here");
        check("order-d.s.o", &sealed(tag::OrderCompleted, version, &[2]), &then);
    }
}

/// What is folded by nobody is not even read: its type is told by its first bytes, whatever follows.
#[test]
fn a_type_is_told_without_reading_the_event() {
    for sample in samples() {
        let bytes = encoded(&sample.event);
        let tag = stored::event_tag(&sample.event);
        assert_eq!(stored::peek_tag(&bytes), Some(tag), "{:?}", stored::type_name(tag));
        assert_eq!(stored::peek_tag(&bytes[..2]), Some(tag));
        assert_eq!(stored::peek_tag(&bytes[..1]), None);
    }
    assert_eq!(stored::peek_tag(&[]), None);
}

#[test]
fn every_type_refuses_version_0_and_the_next() {
    for sample in samples() {
        let event_type = stored::EVENT_TYPES.iter().find(|event| event.tag == stored::event_tag(&sample.event));
        let event_type = event_type.expect("a type");
        for version in [0, event_type.version + 1] {
            let bytes = sealed(event_type.tag, version, &encoded(&sample.event)[11..]);
            let error = stored::decode(&stream_of(&sample.event), &bytes).expect_err("must be refused");
            assert!(matches!(error, DecodeError::UnknownVersion { .. }), "{error}");
        }
    }
}

#[test]
fn another_stream() {
    let settings = encoded(&Event::Store(StoreEvent::StoreOpened(settings())));
    check("storemenu-d.s", &settings, "StoreOpened does not belong into a stream of category \"storemenu\"");
    let streams = ["menu-d", "access-d", "store-d.s", "storemenu-d.s", "order-d.s.o", "payment-d.s.p", "stock-d.s"];
    for sample in samples() {
        for stream in streams.map(|name| domain::stream::Stream::parse(name).expect("a stream")) {
            let is_home = stream.category() == stream_of(&sample.event).category();
            let read = stored::decode(&stream, &encoded(&sample.event));
            assert_eq!(read.is_ok(), is_home, "{:?} in {stream}", sample.event);
        }
    }
}

#[test]
fn bodies() {
    let then = "the body of LineRemoved version 1 does not read: Hit the end of buffer, expected more data";
    check("order-d.s.o", &sealed(tag::LineRemoved, 1, &[2, b'l']), then);
    let then = "1 bytes follow the last field of LineRemoved version 1";
    check("order-d.s.o", &sealed(tag::LineRemoved, 1, &[1, b'l', 0]), then);
    // A list that promises more than any memory holds.
    let endless = [1, b'o', 0xff, 0xff, 0xff, 0xff, 0x0f];
    let then = "the body of StockReserved version 1 does not read: Hit the end of buffer, expected more data";
    check("stock-d.s", &sealed(tag::StockReserved, 1, &endless), then);
}

#[test]
fn values() {
    let bad = "version 1 holds a bad value";
    let then =
        format!("LineRemoved {bad}: a LineId holds a character besides a-z, 0-9 and _; an id is 1 to 32 of those");
    check("order-d.s.o", &sealed(tag::LineRemoved, 1, &[1, b'L']), &then);
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    check(
        "payment-d.s.p",
        &sealed(tag::PaymentFailed, 1, &text("")),
        &format!("PaymentFailed {bad}: a text must not be empty"),
    );
    let then = format!("PaymentFailed {bad}: a text has white space around it");
    check("payment-d.s.p", &sealed(tag::PaymentFailed, 1, &text(" 51")), &then);
    let then = format!("PaymentOutcomeIgnored {bad}: 3 stands for no IgnoredOutcome");
    check("payment-d.s.p", &sealed(tag::PaymentOutcomeIgnored, 1, &[3]), &then);
    let then = format!("PaymentFlagged {bad}: a flag is out of range or contradicts itself");
    check("payment-d.s.p", &sealed(tag::PaymentFlagged, 1, &[1, 1, 2, 2]), &then);
    check(
        "payment-d.s.p",
        &sealed(tag::PaymentFlagged, 1, &[9, 0]),
        &format!("PaymentFlagged {bad}: 9 stands for no Flag"),
    );
    let then = format!("StockPolicySet {bad}: 0 stands for no StockPolicy");
    check("stock-d.s", &sealed(tag::StockPolicySet, 1, &[1, b's', 0]), &then);
    let then = format!("OrderCancelled {bad}: a reason is out of range or contradicts itself");
    check("order-d.s.o", &sealed(tag::OrderCancelled, 1, &[2, 0]), &then);
    // The second of three values of a list is the bad one.
    let lines = [1, b'd', 2, 3, 1, b'a', 0, 1, b'b', 1, 2, 1, b'r'];
    let then =
        format!("DiscountApplied {bad}: a LineId must not be empty; an id is 1 to 32 characters of a-z, 0-9 and _");
    check("order-d.s.o", &sealed(tag::DiscountApplied, 1, &lines), &then);
    let scope = [1, b'd', 1, 1, 1, b'a', 1, 2, 1, b'r'];
    let then = format!("DiscountApplied {bad}: a discount's scope is out of range or contradicts itself");
    check("order-d.s.o", &sealed(tag::DiscountApplied, 1, &scope), &then);
    let share = [1, b'd', 1, 0, 1, 1, 1, b'r'];
    let then = format!("DiscountApplied {bad}: a share is out of range or contradicts itself");
    check("order-d.s.o", &sealed(tag::DiscountApplied, 1, &share), &then);
}

/// Bytes of a commit around any body, with the right checksum.
fn sealed_meta(version: u8, body: &[u8]) -> Vec<u8> {
    let sum = crc32c::crc32c(&[&[version], body].concat());
    [&[version][..], &sum.to_le_bytes(), body].concat()
}

#[test]
fn commits() {
    let check = |bytes: &[u8]| CommitMeta::decode(bytes).expect_err("must be refused");
    assert!(matches!(check(&[1, 2, 3, 4]), BadMeta::Short { len: 4 }));
    assert!(matches!(check(&sealed_meta(6, &[])), BadMeta::UnknownVersion { version: 6 }));
    assert!(matches!(check(&sealed_meta(1, &[1])), BadMeta::Body(_)));
    let body = [&[1, b'a', 0, 0, 1, 0, 6][..], b"menu-d", &[0]].concat();
    assert!(CommitMeta::decode(&sealed_meta(1, &body)).is_ok());
    assert!(matches!(check(&sealed_meta(1, &[&body[..], &[0]].concat())), BadMeta::Trailing { count: 1 }));
    // The place in a terminal's queue is at least 1.
    assert!(CommitMeta::decode(&sealed_meta(2, &[&body[..], &[1]].concat())).is_ok());
    assert!(matches!(check(&sealed_meta(2, &[&body[..], &[0]].concat())), BadMeta::Value(BadValue::Range { .. })));
    let change = |at: usize, byte: u8| {
        let mut body = body.clone();
        body[at] = byte;
        check(&sealed_meta(1, &body))
    };
    let kind = "ActorId";
    assert!(
        matches!(change(1, b'A'), BadMeta::Value(BadValue::Id { kind: k, source: BadId::BadCharacter }) if k == kind)
    );
    assert!(matches!(change(4, 9), BadMeta::Value(BadValue::Code { kind: "Source", code: 9 })));
    assert!(matches!(change(7, b'x'), BadMeta::Main(_)));
    for (_, meta) in metas() {
        let mut bytes = Vec::new();
        meta.encode(&mut bytes);
        assert_eq!(CommitMeta::peek_training(&bytes), meta.training, "{meta:?}");
        assert_eq!(CommitMeta::peek_time_in_doubt(&bytes), meta.time_in_doubt, "{meta:?}");
        for bit in 0..8 * bytes.len() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(CommitMeta::decode(&bytes).is_err(), "bit {bit} of {meta:?}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_bad_value_says_which() {
    assert_eq!(BadValue::Text { source: BadText::Control }.to_string(), "a text holds a control character");
}
