//! What is wrong with a request, and the only place that knows status codes.

use super::watched::ProblemCode;
use crate::causes::{io_cause, with_causes};
use crate::feeds::NoPlace;
use crate::position::PositionError;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use commands::CommandError;
use domain::ids::{ActorId, StoreId, TerminalId};
use schemas::json::{BodyError, FieldError, PositionToken, Problem};
use std::error::Error;

/// How long a client that was turned away should wait, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("1");

/// Why a request has no good answer.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum ApiError {
    /// No token, or one that does not work.
    Unauthenticated,
    /// The token may not do this.
    Forbidden {
        /// What it would have to be allowed to do.
        capability: &'static str,
    },
    /// The token is not good at this store, or not at all stores where something takes effect in all of them.
    OutOfScope { store: Option<StoreId> },
    /// Only a device speaks as a terminal, and sends what was kept while it was away.
    NotADevice,
    /// A command names somebody else than who sends it.
    ActorUnproven { own: ActorId },
    /// A request names who approved it, which proves nothing.
    ApproverUnproven,
    /// Nobody gives rights to themselves.
    OwnRights,
    /// A device by itself is nobody.
    NotAPerson,
    /// Devices show a certificate, and this connection has none.
    CertificateNeeded,
    /// Only a token that was issued before tokens had an end is exchanged.
    NotExchangeable,
    /// The device is another terminal.
    OtherTerminal { own: TerminalId, named: TerminalId },
    /// There is nothing at this address.
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The address does not take this method.
    MethodNotAllowed,
    /// No address takes this method.
    MethodUnknown,
    /// The request expects what nobody does.
    ExpectationFailed,
    /// The body is coded.
    ContentCoding,
    /// None of the forms that the answer has is accepted.
    NotAcceptable { offered: Vec<String> },
    /// A header is missing or wrong.
    Header {
        name: &'static str,
        /// What would be right.
        problem: String,
    },
    /// The body is wrong.
    Body(BodyError),
    /// A part of the path or the query is wrong.
    Query(FieldError),
    /// A webhook is not signed as it should be.
    Signature { problem: String },
    /// A webhook does not read.
    Unreadable { problem: String },
    /// There were too many requests in short time.
    TooManyRequests {
        /// Of whom: an address, a token, a tenant.
        whose: &'static str,
        /// When there may be another.
        retry_after_s: u64,
    },
    /// All places for feeds are taken of whoever asks.
    Feeds(NoPlace),
    /// The body is not JSON.
    MediaType,
    /// The body is larger than the address takes.
    TooLarge {
        /// The most it takes, in bytes.
        max: usize,
    },
    /// The body did not come.
    BodyLost,
    /// The engine says no, or cannot say.
    Command(CommandError),
    /// A position is not in this log's history.
    PositionUnknown {
        /// The parameter or header that names it.
        name: &'static str,
        /// Where the history ends.
        head: PositionToken,
    },
    /// The read model is behind the position asked for.
    Stale,
    /// The read model is being rebuilt, or does not open.
    ViewUnavailable { view: &'static str },
    /// Too many streams.
    Busy,
    /// The credential has more connections than one may have; this one is closed.
    Connections {
        /// How many it may have.
        max: usize,
    },
    /// The connection has more answers waiting to be taken than one may have.
    Unsent,
    /// A bug or a broken disk.
    Internal(Box<dyn Error + Send + Sync>),
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> ApiError {
        ApiError::Command(error)
    }
}

impl ApiError {
    /// A position in the parameter or header of this name that leads nowhere.
    pub fn position(name: &'static str, error: PositionError) -> ApiError {
        match error {
            PositionError::Malformed(bad) => ApiError::Query(FieldError::new(name, bad.to_string())),
            PositionError::Unknown { head } => ApiError::PositionUnknown { name, head },
            PositionError::Read(error) => ApiError::Internal(Box::new(error)),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> ApiError {
        ApiError::Body(BodyError::Field(error))
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> ApiError {
        ApiError::Body(error)
    }
}

/// What is said where the process has no file descriptor left.
fn out_of_files() -> Problem {
    Problem::new(
        503,
        "too_many_open_files",
        "The server has as many files and connections open as the system lets it; nothing was written. Repeat the request in a moment. \
         Who runs it gives it more (`ulimit -n`) or lets fewer connections in (`--connections`).",
    )
}

/// What is said about a failure that nobody expected: some of them pass.
fn broken(error: &(dyn Error + 'static)) -> Problem {
    match io_cause(error) {
        Some(cause) if eventlog::lacks_descriptors(cause) => out_of_files(),
        Some(cause) if eventlog::is_storage_full(cause) => command_problem(&CommandError::StorageFull),
        _ => Problem::new(
            500,
            "internal",
            "Something broke. Repeating the request under the same Idempotency-Key is safe.",
        ),
    }
}

/// What is said about a command without a commit.
pub fn command_problem(error: &CommandError) -> Problem {
    match error {
        CommandError::Refused(refused) => Problem::refused(refused),
        CommandError::KeyReused => Problem::new(
            422,
            "idempotency_key_reused",
            "Another command was accepted under this Idempotency-Key. Send a new command under a new key.",
        ),
        CommandError::OccurredInFuture => Problem::new(
            422,
            "occurred_in_future",
            "occurred_at lies more than five minutes ahead of the server's clock. Correct the clock or the file.",
        ),
        CommandError::Overloaded => {
            Problem::new(503, "overloaded", "Too much to do; nothing was written. Repeat the request in a moment.")
        }
        CommandError::StorageFull => Problem::new(
            503,
            "storage_full",
            "The server has no space left; nothing was written. Repeat the request once there is.",
        ),
        CommandError::OutOfFiles => out_of_files(),
        CommandError::LogUnavailable => Problem::new(
            503,
            "log_unavailable",
            "The log takes nothing at the moment, or does not answer; nothing was written. Repeat the request in a moment.",
        ),
        CommandError::Stopped => {
            Problem::new(503, "stopping", "The server is stopping; nothing was written. Repeat the request.")
        }
        CommandError::Unknown => Problem::new(
            503,
            "outcome_unknown",
            "It is not known yet whether the command took effect. Repeat it under the same Idempotency-Key to find out.",
        ),
    }
}

impl ApiError {
    /// The body of the answer.
    pub fn problem(&self) -> Problem {
        match self {
            ApiError::Unauthenticated => {
                Problem::new(401, "unauthenticated", "Send `Authorization: Bearer <token>` with a token that is valid.")
            }
            ApiError::Forbidden { capability } => {
                Problem::new(403, "forbidden", format!("This token may not do that: it takes {capability}."))
                    .with("capability", *capability)
            }
            ApiError::OutOfScope { store: Some(store) } => {
                Problem::new(403, "out_of_scope", format!("This token is not good at store {store}."))
                    .with("store", store.as_str())
            }
            ApiError::OutOfScope { store: None } => Problem::new(
                403,
                "out_of_scope",
                "This takes effect in all stores, and this token is good at some of them only.",
            ),
            ApiError::NotADevice => Problem::new(
                403,
                "not_a_device",
                "Only a device that is enrolled speaks as a terminal and sends what was kept offline: nothing was recorded. Keep the \
                 commands, enrol the till with the code that a manager gets from POST /v1/devices, and send them with the token it has then.",
            ),
            ApiError::ActorUnproven { own } => Problem::new(
                422,
                "actor_unproven",
                format!("Who acts is who sends it, which is {own}; nothing was done. Who else acts signs in with POST /v1/session and sends it."),
            )
            .with("actor", own.as_str()),
            ApiError::ApproverUnproven => Problem::new(
                422,
                "approver_unproven",
                "Naming who approves proves nothing; nothing was done. Who approves does so with POST /v1/stores/{store}/approvals, with \
                 their PIN or session; send the command with X-Approval, or in a batch with approval_id.",
            ),
            ApiError::OwnRights => Problem::new(
                403,
                "own_rights",
                "Nobody says what they may approve themselves: somebody else who manages staff does.",
            ),
            ApiError::NotAPerson => Problem::new(
                403,
                "not_a_person",
                "This takes a person: on a device send staff_id and pin, or sign in with POST /v1/session and send it with that token; \
                 elsewhere send it with a token of a manager, an admin, an analyst or an auditor.",
            ),
            ApiError::CertificateNeeded => Problem::new(
                403,
                "certificate_needed",
                "Devices of this server show a certificate in the handshake of TLS, and this connection showed none: nothing was recorded. \
                 Connect again with the device's certificate.",
            ),
            ApiError::NotExchangeable => Problem::new(
                422,
                "not_exchangeable",
                "Only a token that was issued before tokens had an end is exchanged; an admin issues others with POST /v1/tokens.",
            ),
            ApiError::OtherTerminal { own, named } => Problem::new(
                403,
                "other_terminal",
                format!("This device is terminal {own} and does not speak as {named}: nothing was recorded."),
            )
            .with("terminal", own.as_str()),
            ApiError::NotFound { what } => Problem::new(404, "not_found", format!("There is no such {what}.")),
            ApiError::MethodNotAllowed => {
                Problem::new(405, "method_not_allowed", "The address does not take this method; see /openapi.json.")
            }
            ApiError::MethodUnknown => {
                Problem::new(501, "method_unknown", "No address takes this method; see /openapi.json.")
            }
            ApiError::ExpectationFailed => {
                Problem::new(417, "expectation_failed", "Nothing but `Expect: 100-continue` is understood.")
            }
            ApiError::ContentCoding => Problem::new(
                415,
                "unsupported_content_coding",
                "Send the body as it is, without `Content-Encoding`: coded bodies are not taken.",
            ),
            ApiError::NotAcceptable { offered } => Problem::new(
                406,
                "not_acceptable",
                format!("The answer has no form that `Accept` names. It comes as {}.", offered.join(" or ")),
            )
            .with("offered", offered.clone()),
            ApiError::Header { name, problem } => {
                Problem::new(400, "malformed", format!("The header {name} {problem}.")).with("header", *name)
            }
            ApiError::Body(error) => Problem::malformed(400, error),
            ApiError::Query(error) => {
                Problem::new(400, "malformed", format!("The parameter {} {}.", error.pointer, error.problem))
                    .with("parameter", error.pointer.clone())
            }
            ApiError::Signature { problem } => {
                Problem::new(400, "signature_invalid", format!("The webhook is not believed: {problem}."))
            }
            ApiError::Unreadable { problem } => Problem::new(400, "malformed", format!("The body: {problem}.")),
            ApiError::MediaType => {
                Problem::new(415, "unsupported_media_type", "Send the body as `Content-Type: application/json`.")
            }
            ApiError::TooLarge { max } => {
                Problem::new(413, "too_large", format!("The body is larger than {max} bytes.")).with("max", *max)
            }
            ApiError::BodyLost => Problem::new(400, "malformed", "The body did not arrive whole."),
            ApiError::Command(error) => command_problem(error),
            ApiError::PositionUnknown { name, head } => Problem::new(
                409,
                "position_unknown",
                format!(
                    "The position in {name} is not in this history, whose newest event is number {}: the log was restored or \
                     replaced since it was given out. Read anew what you hold, and go on from `head`.",
                    head.position
                ),
            )
            .with("parameter", *name)
            .with("head", head.to_string()),
            ApiError::Stale => {
                Problem::new(503, "stale", "The view has not reached min_position yet. Repeat the request in a moment.")
            }
            ApiError::ViewUnavailable { view } => {
                Problem::new(503, "view_unavailable", format!("The view {view} is being made again from the log, or cannot be read for now; nothing else waits for it. Repeat the request in a moment."))
            }
            ApiError::Connections { max } => Problem::new(
                503,
                "too_many_connections",
                format!("This credential has {max} connections, which is as many as it may have; this one is closed. Close others first."),
            )
            .with("max", *max),
            ApiError::TooManyRequests { whose, retry_after_s } => Problem::new(
                429,
                "too_many_requests",
                format!("This {whose} sends more requests than it may; nothing was done. Wait {retry_after_s} s and repeat the request."),
            )
            .with("of", *whose),
            ApiError::Feeds(NoPlace { of, max }) => Problem::new(
                503,
                "too_many_feeds",
                format!("This {of} has {max} feeds, which is as many as it may have. End others first, or repeat the request later."),
            )
            .with("of", *of)
            .with("max", *max),
            ApiError::Unsent => Problem::new(
                503,
                "answers_not_read",
                "Too many bytes of answers on this connection wait to be read. Read them, and repeat the request.",
            ),
            ApiError::Busy => Problem::new(503, "busy", "Too many of these at once. Repeat the request in a moment."),
            ApiError::Internal(error) => broken(error.as_ref()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let ApiError::Internal(error) = &self {
            tracing::error!(error = with_causes(error.as_ref()), "a request failed");
        }
        let mut response = problem_response(&self.problem());
        if let ApiError::Connections { .. } | ApiError::TooLarge { .. } = &self {
            // The rest of a body that is too large is not read. The server ends an HTTP/1 connection behind such an answer; over HTTP/2 the header is left out.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let ApiError::TooManyRequests { retry_after_s, .. } = &self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
        if let ApiError::ContentCoding = &self {
            response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        response
    }
}

/// The answer that carries a problem.
pub fn problem_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let json: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    let mut response = (status, [json], body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S);
    }
    if let StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS = status {
        response.extensions_mut().insert(ProblemCode(problem.code.clone()));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
