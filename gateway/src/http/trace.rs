//! The trace id of a request: in its headers, in its answer, and in every log line that is written while it is answered.
//!
//! A span of `tracing` would do the last of these too, but it would be made, stored and written as JSON for every
//! request, and hardly any request has a line. So the id is held beside the request's future, and read when a line is
//! written.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// The header with the trace id, in and out.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The hexadecimal digits of a trace id.
const ID_LEN: usize = 32;

tokio::task_local! {
    static CURRENT: TraceId;
}

/// What a request is called in the logs of everybody it passed: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId([u8; ID_LEN]);

impl TraceId {
    /// The client's trace id where it sends one (W3C Trace Context, or `X-Trace-ID`), or a new one.
    pub fn of(headers: &HeaderMap) -> TraceId {
        let parent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()?.split('-').nth(1));
        let given = parent.or_else(|| headers.get(X_TRACE_ID)?.to_str().ok());
        let is_id = |id: &[u8; ID_LEN]| id.iter().all(u8::is_ascii_hexdigit);
        match given.and_then(|text| text.as_bytes().try_into().ok()).filter(is_id) {
            Some(id) => TraceId(id.map(|digit| digit.to_ascii_lowercase())),
            None => TraceId::from(fresh()),
        }
    }

    /// The id as a text.
    ///
    /// # Panics
    /// Never: it is made of hexadecimal digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits are a text")
    }

    /// The id as a header.
    ///
    /// # Panics
    /// Never: it is made of hexadecimal digits.
    pub fn to_header(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).expect("hexadecimal digits make a header")
    }

    /// Answers a request under this id: log lines that it writes have it.
    pub fn over<F: Future>(self, answer: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, answer)
    }
}

impl From<u128> for TraceId {
    fn from(number: u128) -> TraceId {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut digits = [0; ID_LEN];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        TraceId(digits)
    }
}

/// A number nobody else has: a random start for each thread, and steps of an odd constant (Knuth's multiplier) from it.
fn fresh() -> u128 {
    thread_local! {
        static NEXT: Cell<u128> = Cell::new({
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).expect("the operating system has random numbers");
            u128::from_le_bytes(bytes)
        });
    }
    NEXT.with(|next| {
        let number = next.get().wrapping_add(0x2d99_787d_9265_63c9_2545_f491_4f6c_dd1d);
        next.set(number);
        number
    })
}

/// How many warnings and errors of one kind, by where in the program they come from, are written in [`WINDOW`].
const LINES_MAX: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);

/// Log lines in JSON, as another format writes them, with the request they belong to: as if it were a span. What is said again and
/// again is left out for a while, and then how often it was said.
#[derive(Debug)]
struct Lines<F> {
    line: F,
    /// By where they come from: since when they are counted, how many were written since then, and how many were not.
    kinds: Mutex<HashMap<Identifier, (Instant, u32, u64)>>,
}

impl<F> Lines<F> {
    /// Whether a line is written, and how many like it were left out before it.
    fn admits(&self, event: &Event<'_>, now: Instant) -> Option<u64> {
        // Whoever asks for more than warnings wants to see all of it.
        if Level::WARN < *event.metadata().level() {
            return Some(0);
        }
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, written, left_out) = kinds.entry(event.metadata().callsite()).or_insert((now, 0, 0));
        if WINDOW <= now.duration_since(*since) {
            (*since, *written) = (now, 0);
        }
        if LINES_MAX <= *written {
            *left_out += 1;
            return None;
        }
        *written += 1;
        Some(std::mem::take(left_out))
    }
}

impl<S, N, F> FormatEvent<S, N> for Lines<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let Some(left_out) = self.admits(event, Instant::now()) else { return Ok(()) };
        let id = CURRENT.try_with(|id| *id);
        if id.is_err() && left_out == 0 {
            return self.line.format_event(context, to, event);
        }
        let mut line = String::new();
        self.line.format_event(context, Writer::new(&mut line), event)?;
        let fields = line.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        to.write_str(fields)?;
        if left_out != 0 {
            write!(to, r#","left_out":{left_out}"#)?;
        }
        let Ok(id) = id else { return writeln!(to, "}}") };
        let span = format_args!(r#"{{"trace_id":"{}","name":"request"}}"#, id.as_str());
        writeln!(to, r#","span":{span},"spans":[{span}]}}"#)
    }
}

/// What writes log lines: as JSON, with the request they belong to.
pub fn subscriber<W>(filter: EnvFilter, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let line = tracing_subscriber::fmt::format().json().flatten_event(true);
    // A line that cannot be written is lost. To say so on standard error, which may be what is broken, would panic.
    let builder = tracing_subscriber::fmt().log_internal_errors(false);
    let builder = builder.fmt_fields(JsonFields::new()).event_format(Lines { line, kinds: Mutex::default() });
    builder.with_writer(to).with_env_filter(filter).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Arc;

    #[test]
    fn a_trace_id_is_taken_over_or_made() {
        let id = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            let id = TraceId::of(&headers);
            assert_eq!(id.to_header(), id.as_str());
            id.as_str().to_owned()
        };
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(id("traceparent", parent), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(id("x-trace-id", "4BF92F3577B34DA6A3CE929D0E0E4736"), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(id("x-trace-id", "<script>").len(), 32);
        assert_ne!(TraceId::of(&HeaderMap::new()), TraceId::of(&HeaderMap::new()));
        assert_eq!(TraceId::from(0x0190_d5a4 << 96 | 0xf).as_str(), "0190d5a400000000000000000000000f");
    }

    /// Where log lines go in a test.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Log lines read as a span wrote them: whoever searches them finds the request where it always was.
    #[test]
    fn a_line_belongs_to_the_request_it_is_written_for() {
        let kept = Kept::default();
        let subscriber = subscriber(EnvFilter::new("info"), {
            let kept = kept.clone();
            move || kept.clone()
        });
        tracing::subscriber::with_default(subscriber, || {
            let id = TraceId::from(7);
            let say = || tracing::error!(error = "a \"quoted\" one", "a request failed");
            tracing::error_span!("request", trace_id = id.as_str()).in_scope(say);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(id.over(async { say() }));
            say();
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().map(|line| line.split_once(",\"level\":").unwrap().1).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!(lines[1], lines[0]);
        assert!(
            lines[0].contains(r#""span":{"trace_id":"00000000000000000000000000000007","name":"request"}"#),
            "{text}"
        );
        assert!(!lines[2].contains("span"), "{text}");
        for line in text.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }

    #[test]
    fn what_is_said_again_and_again_is_counted() {
        let kept = Kept::default();
        let subscriber = subscriber(EnvFilter::new("info"), {
            let kept = kept.clone();
            move || kept.clone()
        });
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..100 {
                tracing::warn!(number, "a connection was not accepted");
                tracing::info!(number, "something that is asked for");
            }
            tracing::error!("another kind");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
        assert_eq!(count("not accepted"), 10);
        assert_eq!(count("asked for"), 100);
        assert_eq!(count("another kind"), 1);
    }
}
