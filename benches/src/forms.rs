//! Each frequent type of event by itself: what encoding and decoding one takes.
//!
//! The events are what guests leave who order and pay. Samples of all types are taken in turns, so that whatever else the machine
//! does falls on all alike.

use crate::plan::{BenchError, Size};
use crate::report::Measure;
use crate::rules::guest_events;
use domain::event::Event;
use domain::stream::Stream;
use schemas::stored::{self, Decoder};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

/// How many events one sample takes, at least: half a millisecond of work.
const SAMPLE_EVENTS: usize = 8_000;

/// All events of one type, with their envelopes.
#[derive(Default)]
struct Form {
    events: Vec<(Stream, Event, Vec<u8>)>,
    /// Like the one of a replay: it has read such events before.
    decoder: Decoder,
    encoded: Vec<(f64, u64)>,
    decoded: Vec<(f64, u64)>,
}

/// Measures encoding and decoding of each type; the unit is events.
///
/// # Errors
/// What was encoded does not decode.
pub fn measure(size: Size) -> Result<Vec<Measure>, BenchError> {
    let mut forms: BTreeMap<&'static str, Form> = BTreeMap::new();
    for (stream, event) in guest_events(size.pick(10, 400)) {
        let mut bytes = vec![];
        stored::encode(&event, &mut bytes);
        let name = stored::type_name(stored::event_tag(&event)).ok_or("an event of no type")?;
        let form = forms.entry(name).or_default();
        assert_eq!(form.decoder.decode(&stream, &bytes)?, event, "what was encoded decodes to the same");
        form.events.push((stream, event, bytes));
    }
    let passes = |form: &Form| size.pick(1, SAMPLE_EVENTS.div_ceil(form.events.len()));
    for _ in 0..size.pick(1, 31) * size.runs() {
        for form in forms.values_mut() {
            let passes = passes(form);
            let encoded = encode(form, passes);
            form.encoded.push(encoded);
            let decoded = decode(form, passes)?;
            form.decoded.push(decoded);
        }
    }
    let encoded = forms.iter().map(|(name, form)| {
        let bytes: usize = form.events.iter().map(|(_, _, bytes)| bytes.len()).sum();
        let note = format!("{} bytes each, one core", bytes / form.events.len());
        Measure::new(format!("encode/{name}"), "events", &form.encoded).note(note)
    });
    let decoded = forms.iter().map(|(name, form)| {
        Measure::new(format!("decode/{name}"), "events", &form.decoded).note("by a Decoder, one core")
    });
    Ok(encoded.chain(decoded).collect())
}

/// Answers events per second and a checksum of the bytes.
fn encode(form: &Form, passes: usize) -> (f64, u64) {
    let mut bytes = Vec::with_capacity(64 << 10);
    let start = Instant::now();
    for _ in 0..passes {
        bytes.clear();
        for (_, event, _) in &form.events {
            stored::encode(black_box(event), &mut bytes);
        }
        black_box(&bytes);
    }
    let rate = (passes * form.events.len()) as f64 / start.elapsed().as_secs_f64();
    (rate, u64::from(crc32c::crc32c(&bytes)))
}

/// Answers events per second and a checksum of their types.
fn decode(form: &mut Form, passes: usize) -> Result<(f64, u64), BenchError> {
    let Form { events, decoder, .. } = form;
    let mut checksum = 0_u64;
    let start = Instant::now();
    for _ in 0..passes {
        for (stream, _, bytes) in &*events {
            let event = decoder.decode(stream, black_box(bytes))?;
            checksum += u64::from(stored::event_tag(black_box(&event)));
        }
    }
    let rate = (passes * events.len()) as f64 / start.elapsed().as_secs_f64();
    Ok((rate, checksum))
}
