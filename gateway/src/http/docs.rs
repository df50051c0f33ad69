//! What the OpenAPI document says about many addresses at once.

use schemas::json::Problem;
use utoipa::{IntoParams, IntoResponses};

/// What a command may be answered besides its commit.
#[derive(IntoResponses)]
pub enum CommandProblems {
    /// A header or a field is missing or wrong; `pointer` names the field.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No token, or one that does not work.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The token may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// `If-Match` names another revision than the current one.
    #[response(status = 409, content_type = "application/problem+json")]
    RevisionMismatch(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// A rule says no; `code` says which, and the facts stand beside it.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(Problem),
    /// Nothing was written, or the outcome is not known yet: repeat under the same key.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// What a query may be answered besides its view.
#[derive(IntoResponses)]
pub enum QueryProblems {
    /// A parameter is wrong.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No token, or one that does not work.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The token may not read this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The position asked for is not in this history (`position_unknown`, with the `head`): the log was restored or replaced.
    #[response(status = 409, content_type = "application/problem+json")]
    PositionUnknown(Problem),
    /// The view has not reached `min_position`, or is being rebuilt.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// The headers of a command.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; the extractor reads the headers themselves")]
pub struct CommandParams {
    /// A UUID that you made and keep for this command; repeating it is safe for ever.
    #[param(rename = "Idempotency-Key", format = "uuid")]
    idempotency_key: String,
    /// The revision you think the command's stream is at, such as `"7"`.
    #[param(rename = "If-Match", value_type = String, required = false, pattern = r#"^(W/)?"[0-9]{1,18}"$"#)]
    if_match: Option<String>,
    /// The terminal the command comes from; its id prefixes display numbers.
    #[param(rename = "X-Terminal", value_type = String, required = false, pattern = "^[a-z0-9_]{1,32}$")]
    terminal: Option<String>,
    /// The approval of a second person, where the store asks for one: from `POST /v1/stores/{store}/approvals`.
    #[param(rename = "X-Approval", value_type = String, required = false, pattern = "^[0-9a-f]{32}$")]
    approval: Option<String>,
}
