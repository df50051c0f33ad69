//! What a payment provider is answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a provider's message. Each is durable, so none has to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// The payment has it.
    Recorded,
    /// The payment had it already.
    Repeated,
    /// It fits no payment yet and waits for one.
    Parked,
    /// It is about nothing that is kept here.
    Ignored,
}

/// `POST /v1/webhooks/{provider}/{account}`: the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookAnswer {
    /// What became of the message.
    pub status: WebhookStatus,
}
