//! What became of the commands of a batch.

use crate::events::type_name_of;
use crate::json::body::FieldError;
use crate::json::event::EventData;
use crate::json::problem::{MALFORMED, refusal_code, refusal_detail};
use crate::json::token::{CommandIdJson, PositionToken};
use crate::json::wire::{self, Wire};
use domain::calendar::Timestamp;
use domain::event::{Event, OrderEvent, StockEvent, TerminalEvent};
use domain::ids::{CommandId, Revision};
use domain::refused::Refused;
use domain::stream::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use utoipa::ToSchema;

/// What became of a command of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// It took effect now.
    Accepted,
    /// It took effect before; the answer is the first one's.
    Duplicate,
    /// What happened was recorded, and something about it a person should know: `exceptions` says what.
    RecordedWithException,
    /// It was refused and took no effect.
    Rejected,
}

/// What became of a command of a batch, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchResult {
    /// The command; absent where its id could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandIdJson>,
    /// What became of it.
    pub status: BatchStatus,
    /// Why it was rejected, or what the first exception is: the stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub code: Option<Cow<'static, str>>,
    /// Why it was rejected: a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field that is wrong, from the root of the request, where it was malformed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What a person should know of what was recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<BatchException>,
    /// The main stream of its commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// That stream's revision after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Its place in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionToken>,
    /// When it happened as it was recorded, where a repeat says another time: the recorded one stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_occurred_at: Option<wire::Timestamp>,
}

impl BatchResult {
    fn new(command_id: Option<CommandId>, status: BatchStatus) -> BatchResult {
        BatchResult {
            command_id: command_id.map(CommandIdJson),
            status,
            code: None,
            detail: None,
            pointer: None,
            exceptions: vec![],
            stream: None,
            revision: None,
            position: None,
            recorded_occurred_at: None,
        }
    }

    /// A command that took effect now.
    pub fn accepted(command_id: CommandId, at: &CommitRange<'_>) -> BatchResult {
        BatchResult::new(Some(command_id), BatchStatus::Accepted).at(at)
    }

    /// A command that took effect before.
    pub fn duplicate(command_id: CommandId, at: &CommitRange<'_>) -> BatchResult {
        BatchResult::new(Some(command_id), BatchStatus::Duplicate).at(at)
    }

    /// The result of a command that says it happened at `said`, and is recorded with `recorded`.
    #[must_use]
    pub fn with_time(self, said: Option<Timestamp>, recorded: Option<Timestamp>) -> BatchResult {
        BatchResult { recorded_occurred_at: recorded.filter(|_| said != recorded).map(Wire), ..self }
    }

    /// The result of a command whose commit has these facts: what of them a person should know.
    #[must_use]
    pub fn with_facts<'a>(self, facts: impl IntoIterator<Item = &'a Event>) -> BatchResult {
        let exceptions: Vec<BatchException> = facts.into_iter().filter_map(BatchException::of).collect();
        let status = match (self.status, exceptions.is_empty()) {
            (BatchStatus::Accepted, false) => BatchStatus::RecordedWithException,
            (status, _) => status,
        };
        let code = exceptions.first().map(|exception| exception.code.clone()).or(self.code);
        BatchResult { status, code, exceptions, ..self }
    }

    /// A command that was refused, by the stable code and the sentence.
    pub fn rejected(
        command_id: impl Into<Option<CommandId>>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> BatchResult {
        let result = BatchResult::new(command_id.into(), BatchStatus::Rejected);
        BatchResult { code: Some(code.into()), detail: Some(detail.into()), ..result }
    }

    /// A command the rules refused.
    pub fn refused(command_id: CommandId, refused: &Refused) -> BatchResult {
        BatchResult::rejected(command_id, refusal_code(refused), refusal_detail(refused))
    }

    /// A command that says something impossible.
    pub fn malformed(command_id: impl Into<Option<CommandId>>, error: &FieldError) -> BatchResult {
        let result = BatchResult::rejected(command_id, MALFORMED, error.to_string());
        BatchResult { pointer: Some(error.pointer.clone()), ..result }
    }

    fn at(self, at: &CommitRange<'_>) -> BatchResult {
        BatchResult {
            stream: Some(at.stream.to_string()),
            revision: at.revision.map(|revision| revision.0),
            position: Some(at.position),
            ..self
        }
    }
}

/// Where a commit stands.
#[derive(Clone, Copy, Debug)]
pub struct CommitRange<'a> {
    /// Its main stream.
    pub stream: &'a Stream,
    /// That stream's revision after it; `None` where the stream is still empty.
    pub revision: Option<Revision>,
    /// Its place in the log.
    pub position: PositionToken,
}

/// The answer to a batch: one result for each command, in the same order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// The results.
    pub results: Vec<BatchResult>,
}

/// Something about a recorded command that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchException {
    /// The rule's code, or what was found: `oversell`, `total_mismatch`, `sequence_gap`, `sequence_gap_filled`,
    /// `occurred_in_future`, `occurred_long_ago`.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// The fact it stands in.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Cow<'static, str>,
    /// The fact.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl BatchException {
    /// What a person should know of a fact; `None` where it says nothing special.
    pub fn of(event: &Event) -> Option<BatchException> {
        let code: Cow<'static, str> = match event {
            Event::Terminal(_, event) => match event {
                TerminalEvent::TerminalRegistered
                | TerminalEvent::SequenceAdvanced { .. }
                | TerminalEvent::ExceptionResolved { .. } => return None,
                TerminalEvent::SequenceGapFound { .. } => "sequence_gap".into(),
                TerminalEvent::SequenceGapFilled { .. } => "sequence_gap_filled".into(),
                TerminalEvent::ClockAheadFound { .. } => "occurred_in_future".into(),
                TerminalEvent::ClockBehindFound { .. } => "occurred_long_ago".into(),
                TerminalEvent::RuleWaived(noted)
                | TerminalEvent::BoundExceeded(noted)
                | TerminalEvent::LateCommandTaken(noted)
                | TerminalEvent::LateCommandRecorded { noted, .. }
                | TerminalEvent::CommandRejected { noted, .. } => noted.code.as_str().to_owned().into(),
            },
            Event::Stock(StockEvent::OversellRecorded { .. }) => "oversell".into(),
            Event::Order(_, OrderEvent::TotalMismatchRecorded { .. }) => "total_mismatch".into(),
            Event::Stock(_)
            | Event::Order(..)
            | Event::Payment(..)
            | Event::Drawer(..)
            | Event::Day(_)
            | Event::Ticket(..)
            | Event::Store(_)
            | Event::StoreMenu(_)
            | Event::Menu(_)
            | Event::Access(_)
            | Event::Security(_) => return None,
        };
        let data = serde_json::to_value(EventData(event)).unwrap_or_default();
        Some(BatchException { code, kind: type_name_of(event).into(), data })
    }
}
