//! What the OpenAPI document says about many addresses at once.

use schemas::json::Problem;
use utoipa::{IntoParams, IntoResponses};

/// What a command may be answered besides its commit.
#[derive(IntoResponses)]
pub enum CommandProblems {
    /// A header or a field is missing or wrong; `pointer` names the field.
    #[response(status = 400)]
    Malformed(Problem),
    /// No token, or one that does not work.
    #[response(status = 401)]
    Unauthenticated(Problem),
    /// The token may not do this.
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(Problem),
    /// `If-Match` names another revision than the current one.
    #[response(status = 409)]
    RevisionMismatch(Problem),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(Problem),
    /// The body is not JSON.
    #[response(status = 415)]
    MediaType(Problem),
    /// A rule says no; `code` says which, and the facts stand beside it.
    #[response(status = 422)]
    Refused(Problem),
    /// Nothing was written, or the outcome is not known yet: repeat under the same key.
    #[response(status = 503)]
    Unavailable(Problem),
}

/// What a query may be answered besides its view.
#[derive(IntoResponses)]
pub enum QueryProblems {
    /// A parameter is wrong.
    #[response(status = 400)]
    Malformed(Problem),
    /// No token, or one that does not work.
    #[response(status = 401)]
    Unauthenticated(Problem),
    /// The token may not read this.
    #[response(status = 403)]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(Problem),
    /// The view has not reached `min_position`, or is being rebuilt.
    #[response(status = 503)]
    Unavailable(Problem),
}

/// The headers of a command.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; the extractor reads the headers themselves")]
pub struct CommandParams {
    /// A UUID that you made and keep for this command; repeating it is safe for ever.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: String,
    /// The revision you think the command's stream is at, such as `"7"`.
    #[param(rename = "If-Match", required = false)]
    if_match: Option<String>,
    /// The terminal the command comes from; its id prefixes display numbers.
    #[param(rename = "X-Terminal", required = false)]
    terminal: Option<String>,
}
