//! The headers of HTTP/2's frames as they pass (RFC 9113, section 4.1): h2 answers control frames for as long as they come, so how
//! many a peer sends is counted here.

use std::time::{Duration, Instant};

/// How many control frames a connection may send in a second.
pub const CONTROL_FRAMES_MAX: u32 = 100;
const WINDOW: Duration = Duration::from_secs(1);
/// A peer that takes data tells how much more it takes: one such frame for so many bytes is no flood, whatever else it sends.
const BYTES_PER_UPDATE: u64 = 1 << 10;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER_LEN: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ENHANCE_YOUR_CALM: u8 = 0xb;

/// Finds the headers in the bytes of one direction.
#[derive(Debug, Default)]
struct Walk {
    header: [u8; HEADER_LEN],
    /// How many bytes of the next header have passed.
    known: usize,
    /// How many bytes of the frame's payload are to come.
    left: usize,
}

impl Walk {
    fn walk(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8; HEADER_LEN])) {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            (self.left, bytes) = (self.left - skipped, &bytes[skipped..]);
            let taken = bytes.len().min(HEADER_LEN - self.known);
            self.header[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
            (self.known, bytes) = (self.known + taken, &bytes[taken..]);
            if self.known == HEADER_LEN {
                (self.known, self.left) = (0, length(&self.header));
                each(&self.header);
            }
        }
    }

    fn is_between_frames(&self) -> bool {
        self.known == 0 && self.left == 0
    }
}

fn length(header: &[u8; HEADER_LEN]) -> usize {
    usize::from(header[0]) << 16 | usize::from(header[1]) << 8 | usize::from(header[2])
}

/// Which HTTP is spoken.
#[derive(Debug)]
enum Spoken {
    /// So much of the preface has come.
    Unknown(usize),
    Http1,
    Http2(Walk),
}

/// What has passed on a connection, both ways.
#[derive(Debug)]
pub struct Frames {
    spoken: Spoken,
    written: Walk,
    /// Bytes written for which no update has come.
    to_update: u64,
    control: u32,
    counted_from: Instant,
    /// The newest request.
    last_stream: [u8; 4],
}

impl Frames {
    /// Of a connection that was opened at this time.
    pub fn new(now: Instant) -> Frames {
        let (spoken, written) = (Spoken::Unknown(0), Walk::default());
        Frames { spoken, written, to_update: 0, control: 0, counted_from: now, last_stream: [0; 4] }
    }

    /// Takes what was read; answers whether the peer sends more control frames than it may.
    pub fn read(&mut self, bytes: &[u8], now: impl Fn() -> Instant) -> bool {
        let bytes = self.after_preface(bytes);
        let Frames { spoken: Spoken::Http2(walk), to_update, control, counted_from, last_stream, .. } = self else {
            return false;
        };
        let mut is_flood = false;
        walk.walk(bytes, |header| {
            let (kind, flags) = (header[3], header[4]);
            match kind {
                HEADERS => last_stream.copy_from_slice(&header[5..]),
                DATA if length(header) != 0 || flags & END_STREAM != 0 => {}
                WINDOW_UPDATE if BYTES_PER_UPDATE <= *to_update => *to_update -= BYTES_PER_UPDATE,
                _ => *control += 1,
            }
            // The clock is read once in so many frames.
            if CONTROL_FRAMES_MAX < *control {
                let now = now();
                is_flood |= now.duration_since(*counted_from) < WINDOW;
                (*counted_from, *control) = (now, 1);
            }
        });
        is_flood
    }

    /// What of the bytes belongs to frames.
    fn after_preface<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Spoken::Unknown(known) = self.spoken else { return bytes };
        let taken = bytes.len().min(PREFACE.len() - known);
        self.spoken = match PREFACE[known..].starts_with(&bytes[..taken]) {
            false => Spoken::Http1,
            true if known + taken == PREFACE.len() => Spoken::Http2(Walk::default()),
            true => Spoken::Unknown(known + taken),
        };
        &bytes[taken..]
    }

    /// Takes what was written.
    pub fn wrote(&mut self, bytes: &[u8]) {
        if let Spoken::Http2(_) = self.spoken {
            self.to_update = self.to_update.saturating_add(bytes.len() as u64);
            self.written.walk(bytes, |_| {});
        }
    }

    /// What tells the peer that it is let go for what it sends, where that can be told now: not in the middle of a frame.
    pub fn farewell(&self) -> Option<[u8; HEADER_LEN + 8]> {
        let mut frame = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ENHANCE_YOUR_CALM];
        frame[HEADER_LEN..HEADER_LEN + 4].copy_from_slice(&self.last_stream);
        self.written.is_between_frames().then_some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
        frame.extend_from_slice(payload);
        frame
    }

    /// Reads in pieces of this size, as the network may cut them; whether a flood was seen.
    fn read(frames: &mut Frames, bytes: &[u8], piece: usize, now: Instant) -> bool {
        bytes.chunks(piece).fold(false, |seen, piece| frames.read(piece, || now) | seen)
    }

    #[test]
    fn control_frames_have_a_budget_and_requests_have_none_here() {
        let start = Instant::now();
        let ping = frame(6, 0, 0, &[0; 8]);
        for (kind, payload) in [(6, &[0; 8][..]), (4, &[]), (8, &[0, 0, 0, 1]), (3, &[0; 4]), (0, &[]), (2, &[0; 5])] {
            for piece in [1, 7, 4096] {
                let mut frames = Frames::new(start);
                assert!(!read(&mut frames, PREFACE, piece, start));
                let many = frame(kind, 0, 0, payload).repeat(100);
                assert!(!read(&mut frames, &many, piece, start), "{kind}");
                let second = start + WINDOW;
                assert!(!read(&mut frames, &ping, piece, second), "the next second has its own");
                assert!(!read(&mut frames, &ping.repeat(99), piece, second));
                assert!(read(&mut frames, &ping, piece, second), "{kind}");
            }
        }
        let mut frames = Frames::new(start);
        read(&mut frames, PREFACE, 24, start);
        let work = [frame(1, 5, 1, b"ping"), frame(0, 0, 1, b"x"), frame(0, END_STREAM, 1, b"")].concat();
        assert!(!read(&mut frames, &work.repeat(1000), 100, start));
    }

    #[test]
    fn whoever_takes_data_may_say_so() {
        let start = Instant::now();
        let update = frame(WINDOW_UPDATE, 0, 0, &[0, 0, 4, 0]);
        let mut frames = Frames::new(start);
        read(&mut frames, PREFACE, 24, start);
        frames.wrote(&[0; HEADER_LEN].repeat(114 * 1000));
        assert!(!read(&mut frames, &update.repeat(1000), 512, start));
        assert!(read(&mut frames, &update.repeat(200), 512, start));
    }

    #[test]
    fn http1_is_not_read_for_frames() {
        let start = Instant::now();
        let mut frames = Frames::new(start);
        assert!(!read(&mut frames, &b"PUT / HTTP/1.1\r\n".repeat(1000), 16, start));
    }

    #[test]
    fn a_farewell_stands_between_frames() {
        let start = Instant::now();
        let mut frames = Frames::new(start);
        read(&mut frames, &[PREFACE, &frame(HEADERS, 5, 9, b"")].concat(), 24, start);
        let written = frame(0, 0, 9, b"some");
        frames.wrote(&written);
        assert_eq!(frames.farewell(), Some([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0xb]));
        frames.wrote(&written[..10]);
        assert_eq!(frames.farewell(), None);
    }
}
