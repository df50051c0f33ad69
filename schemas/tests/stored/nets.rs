//! What is said of every event that is stored: its JSON in the feed, and how each way to spoil its bytes is refused.

use crate::golden::{Written, check_file, every_version, hex};
use crate::refused::sealed;
use crate::{encoded, stream_of};
use schemas::json::event::EventData;
use schemas::stored;
use std::error::Error;

/// What stands around the body of an event: tag, version, length and checksum.
const ENVELOPE_LEN: usize = 11;

fn label(written: &Written) -> String {
    format!("{}.v{}/{}", stored::type_name_of(&written.event), written.bytes[2], written.label)
}

#[test]
fn golden_feed() {
    let json = |written: Written| {
        let event = stored::decode(&stream_of(&written.event), &written.bytes).expect("golden bytes read");
        let mut line = Vec::new();
        EventData(&event).write(&mut line).expect("an event is JSON");
        (label(&written), String::from_utf8(line).expect("JSON is UTF-8"))
    };
    let written: Vec<_> = every_version().into_iter().map(json).collect();
    check_file("feed.txt", "The JSON of every version of every event, as feeds say it. Readers rely on it.", &written);
}

/// The refusal in words, as an operator reads it.
fn refusal(written: &Written, body: &[u8]) -> String {
    let tag = u16::from_le_bytes([written.bytes[0], written.bytes[1]]);
    match stored::decode(&stream_of(&written.event), &sealed(tag, written.bytes[2], body)) {
        // One byte more or less is often another event that reads.
        Ok(event) => format!("{}\n", hex(&encoded(&event))),
        Err(error) => {
            let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
            format!("{error}{cause}\n")
        }
    }
}

/// Every end that is cut off and every byte that is another one, as the checksum of what is said of it: the words
/// themselves would fill megabytes.
#[test]
fn golden_refusals() {
    let spoilt = |written: Written| {
        let body = &written.bytes[ENVELOPE_LEN..];
        let cuts: String = (0..body.len()).map(|len| refusal(&written, &body[..len])).collect();
        let longer = refusal(&written, &[body, &[0]].concat());
        let others = [0x00, 0x01, 0x7f, 0x80, 0xff];
        let flips: String = (0..body.len())
            .flat_map(|at| others.map(|byte| (at, byte)))
            .map(|(at, byte)| {
                let mut body = body.to_vec();
                body[at] = byte;
                refusal(&written, &body)
            })
            .collect();
        let sums = [cuts, longer, flips].map(|said| format!("{:08x}", crc32c::crc32c(said.as_bytes())));
        (label(&written), format!("{} {}", body.len(), sums.join(" ")))
    };
    let written: Vec<_> = every_version().into_iter().map(spoilt).collect();
    let comment = "What is said of spoilt bodies: bytes, then checksums over cuts, a byte more, and other bytes.";
    check_file("refusals.txt", comment, &written);
}
