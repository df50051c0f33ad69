//! What payment providers say.

use crate::http::caller::collect;
use crate::http::error::ApiError;
use crate::http::path::PathParams;
use crate::providers::intake::{IntakeError, keep};
use crate::providers::settings::Secret;
use crate::providers::signature::{BadSignature, Signature, TOLERANCE_S};
use crate::providers::{ProviderAccount, Stats};
use crate::state::AppState;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use domain::calendar::Timestamp;
use domain::event::ProviderSaid;
use schemas::json::{Problem, WebhookAnswer, WebhookStatus, wire};
use schemas::provider::{Adapter, Named};
use std::sync::{Arc, LazyLock};

/// The most bytes of a webhook's body.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Keeps what a payment provider says. The signature is checked over the raw body; a message counts once, by the provider's
/// id of it; one that fits no payment yet is kept until there is one. Any 2xx means that it is durable.
#[utoipa::path(
    post, path = "/v1/webhooks/{provider}/{account}", tag = "payments",
    params(
        ("provider" = String, Path, description = "The adapter: `standard` or `stripe`"),
        ("account" = String, Path, description = "The account, as the server's settings name it"),
        ("webhook-id" = Option<String>, Header, description = "Of `standard`: the message's id"),
        ("webhook-timestamp" = Option<String>, Header, description = "Of `standard`: when it was sent, in seconds since 1970"),
        ("webhook-signature" = Option<String>, Header, description = "Of `standard`: `v1,<base64>`, several with spaces between"),
        ("stripe-signature" = Option<String>, Header, description = "Of `stripe`: `t=<seconds>,v1=<hex>`"),
    ),
    request_body(content = serde_json::Value, description = "What the provider says, in its own form"),
    responses(
        (status = 200, body = WebhookAnswer),
        (status = 400, description = "Not signed as it should be (as whatever is sent to an account that is not there), or not to be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such adapter", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not kept; send it again", body = Problem, content_type = "application/problem+json"),
    ),
    security(())
)]
pub async fn receive(
    State(app): State<Arc<AppState>>,
    PathParams((adapter, account)): PathParams<(String, wire::AccountId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<axum::Json<WebhookAnswer>, ApiError> {
    let adapter = Adapter::parse(&adapter).ok_or(ApiError::NotFound { what: "adapter of payment providers" })?;
    let provider = app.providers.account(account.0).filter(|provider| provider.account.adapter == adapter);
    let outcome = take(&app, adapter, provider, &headers, body).await;
    let Some(provider) = provider else { return outcome };
    match &outcome {
        Ok(answer) => {
            Stats::count(&provider.stats.webhooks);
            if answer.0.status == WebhookStatus::Repeated {
                Stats::count(&provider.stats.repeated);
            }
        }
        Err(_) => Stats::count(&provider.stats.rejected),
    }
    outcome
}

/// A key that nobody signs with: what is sent to an account that is not there is answered like what nobody believes, after the same
/// work, so that nobody learns which accounts there are.
static NOBODYS: LazyLock<[Secret; 1]> = LazyLock::new(|| [Secret::random()]);

async fn take(
    app: &Arc<AppState>,
    adapter: Adapter,
    provider: Option<&ProviderAccount>,
    headers: &HeaderMap,
    body: Body,
) -> Result<axum::Json<WebhookAnswer>, ApiError> {
    let now = app.engine.time().now().at;
    let bad_signature = |bad| ApiError::Signature { problem: signature_problem(bad) };
    // Nothing of a body is read for somebody who does not even say that it is signed.
    let signature = Signature::of(adapter, headers, now.0 / Timestamp::SECOND_US).map_err(bad_signature)?;
    let body = collect(body, BODY_BYTES_MAX).await?;
    let keys = provider.map_or(&NOBODYS[..], |provider| &provider.account.webhook_keys);
    let event_id = signature.verify(keys, &body).map_err(bad_signature)?;
    let provider = provider.ok_or_else(|| bad_signature(BadSignature::Wrong))?;
    let told = provider.account.adapter.webhook(event_id, &body);
    let told = told.map_err(|bad| ApiError::Unreadable { problem: bad.to_string() })?;
    if told.message.said == ProviderSaid::Other && told.named == Named::Nothing && told.message.reference.is_none() {
        return Ok(axum::Json(WebhookAnswer { status: WebhookStatus::Ignored }));
    }
    let kept = keep(app, provider, told, now).await;
    let status = kept.map_err(|error| match error {
        IntakeError::Command(error) => ApiError::Command(error),
        IntakeError::Full => ApiError::Busy,
        IntakeError::View(_) => ApiError::ViewUnavailable { view: "orders" },
        // Most of all a full disk: the provider sends it again.
        IntakeError::Outbox(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a message was not parked");
            ApiError::Command(commands::CommandError::StorageFull)
        }
    })?;
    Ok(axum::Json(WebhookAnswer { status }))
}

fn signature_problem(bad: BadSignature) -> String {
    match bad {
        BadSignature::Header(name) => format!("the header {name} is missing, is there twice or does not read"),
        BadSignature::Time => format!("its time is more than {TOLERANCE_S} seconds from the server's"),
        BadSignature::Wrong => "it is signed with no key of the account".to_owned(),
    }
}
