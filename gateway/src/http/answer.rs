//! The body of an answer on its way: in small pieces, so that what the transport holds of it is little, and watched for whether its
//! peer takes it.

use super::connections::Unsent;
use super::stall::{InFlight, Waits};
use crate::security::Meter;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// How many bytes the transport is given at once: what HTTP/2 puts into one frame.
const PIECE_BYTES: usize = 16 << 10;

/// An answer, whose request is in flight until it is sent.
pub struct Answer {
    body: Body,
    /// What has come of the body and was not given on.
    rest: Bytes,
    /// While there is something that the transport has not come for.
    waits: Option<Waits>,
    in_flight: InFlight,
    _unsent: Unsent,
    /// Where somebody has to know how much was read.
    meter: Option<Meter>,
}

impl Answer {
    /// An answer that is there from now on.
    pub fn new(body: Body, in_flight: InFlight, unsent: Unsent, meter: Option<Meter>) -> Answer {
        let waits = Some(in_flight.waits());
        Answer { body, rest: Bytes::new(), waits, in_flight, _unsent: unsent, meter }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.waits = None;
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => {
                    self.meter.iter_mut().for_each(Meter::rests);
                    return other;
                }
            }
        }
        let piece = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(piece);
        self.meter.iter_mut().for_each(|meter| meter.add(piece.len()));
        self.waits = Some(self.in_flight.waits());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
