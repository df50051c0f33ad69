//! What goes to the kitchen, what comes back, and what is voided.

use super::fields::{above_zero, at_most, is_false, unique};
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::{Fire, OrderCommand, TicketCommand};
use domain::ids::LineId;
use domain::pricing::LINES_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST .../orders/{order}/hold`: keeps the new units of lines from the kitchen until somebody names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_ids": ["l2", "l3"]}))]
pub struct HoldLines {
    /// The lines.
    #[schema(min_items = 1, max_items = 256)]
    pub line_ids: Vec<wire::LineId>,
}

impl HoldLines {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        match self.line_ids.is_empty() {
            true => Err(FieldError::new("/line_ids", "must name a line")),
            false => line_ids(&self.line_ids).map(OrderCommand::HoldLines),
        }
    }
}

/// `POST .../orders/{order}/fire`: sends lines to the kitchen; everything new that is not held where none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"course": 2}))]
pub struct FireLines {
    /// These lines, held or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 256)]
    pub line_ids: Option<Vec<wire::LineId>>,
    /// The lines of this course, held or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<u16>,
}

impl FireLines {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        let what = match (self.line_ids, self.course) {
            (None, None) => Fire::Unheld,
            (None, Some(course)) => Fire::Course(course),
            (Some(lines), None) if lines.is_empty() => {
                return Err(FieldError::new("/line_ids", "must name a line; leave it out to fire what is not held"));
            }
            (Some(lines), None) => Fire::Lines(line_ids(&lines)?),
            (Some(_), Some(_)) => {
                return Err(FieldError::new("/course", "cannot stand beside line_ids; give one of the two"));
            }
        };
        Ok(OrderCommand::FireLines(what))
    }
}

/// `POST .../orders/{order}/serve`: what is ready of lines reached the guest; of all lines where none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_ids": ["l1"]}))]
pub struct MarkServed {
    /// The lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub line_ids: Vec<wire::LineId>,
}

impl MarkServed {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        line_ids(&self.line_ids).map(OrderCommand::MarkServed)
    }
}

/// `POST .../orders/{order}/void-line`: takes units off a placed order, new ones first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_id": "l1", "qty": 1, "reason": "Dropped", "wasted": true}))]
pub struct VoidLine {
    /// The line.
    pub line_id: wire::LineId,
    /// How much of it.
    pub qty: wire::Qty,
    /// Why.
    pub reason: wire::Note,
    /// Whether what has left the shelf for it is thrown away; it goes back otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub wasted: bool,
}

impl VoidLine {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        Ok(OrderCommand::VoidLine {
            line: self.line_id.0,
            qty: above_zero(self.qty.0, "/qty")?,
            reason: self.reason.0.0,
            wasted: self.wasted,
        })
    }
}

/// `POST /v1/stores/{store}/tickets/{ticket}/ready`: what is left of a line on the ticket is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_id": "l1"}))]
pub struct TicketLine {
    /// The line.
    pub line_id: wire::LineId,
}

impl TicketLine {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> TicketCommand {
        TicketCommand::MarkLineReady(self.line_id.0)
    }
}

fn line_ids(lines: &[wire::LineId]) -> Result<Vec<LineId>, FieldError> {
    at_most(lines, LINES_MAX, "/line_ids")?;
    unique(lines.iter().map(|line| line.0), "/line_ids", "")?;
    Ok(lines.iter().map(|line| line.0).collect())
}
