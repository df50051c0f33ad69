//! What a person decides about what was flagged.

use super::fields::not_negative;
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::{PaymentCommand, Review, TerminalCommand};
use domain::event::Decision;
use domain::ids::{CommandId, Revision};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/stores/{store}/payments/{payment}/review`: what a person decides about a flag on a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "accept", "reason": "The guest added a tip at the terminal", "tip": 300}))]
pub struct ReviewPayment {
    /// What they decide.
    pub decision: wire::Decision,
    /// Why.
    pub reason: wire::Note,
    /// The flag, by its `revision`; without it the oldest that nobody has decided about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<u64>,
    /// What of the money is the tip; only with `accept`, and without it what was asked for as tip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<wire::Money>,
}

impl ReviewPayment {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<PaymentCommand, FieldError> {
        let tip = self.tip.map(|tip| not_negative(tip.0, "/tip")).transpose()?;
        if tip.is_some() && self.decision.0 != Decision::Accept {
            return Err(FieldError::new("/tip", "is for accepted money only"));
        }
        let (flag, decision, reason) = (self.flag.map(Revision), self.decision.0, self.reason.0.0);
        Ok(PaymentCommand::Review(Review { flag, decision, tip, reason }))
    }
}

/// `POST /v1/stores/{store}/exceptions/{exception}/resolve`: a person has dealt with an exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"note": "Bought two more at the market"}))]
pub struct ResolveException {
    /// What was done.
    pub note: wire::Note,
}

impl ResolveException {
    /// The command about the event at `position` of the log, which speaks of the command `of`.
    pub fn parse(self, position: u64, of: Option<CommandId>) -> TerminalCommand {
        TerminalCommand::Resolve { position, note: self.note.0.0, command: of }
    }
}
