//! Checks and merges.

use super::fields::{above_zero, at_most, each, unique};
use crate::json::body::FieldError;
use crate::json::wire;
use domain::check::{self, CheckId, MoveOf};
use domain::command::OrderCommand;
use domain::pricing::LINES_MAX;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST .../orders/{order}/split`: moves lines, or parts of them, to a check; or shares all of them equally.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "to_check": 2, "moves": [{"line_id": "l1", "qty": 1}, {"line_id": "l2", "share": {"parts": 1, "of": 3}}, {"line_id": "l3"}]
}))]
pub struct SplitCheck {
    /// The check the lines go to; one that is not there yet is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_check: Option<wire::CheckId>,
    /// What goes there; required with `to_check`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 256)]
    pub moves: Option<Vec<CheckMove>>,
    /// Shares every line equally over checks 1 to this one, in place of `to_check`; 1 puts everything on check 1 again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evenly: Option<wire::CheckId>,
}

/// A line, or a part of it, on its way to another check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckMove {
    /// The line.
    pub line_id: wire::LineId,
    /// So many units of it; all that is elsewhere where neither this nor `share` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<wire::Qty>,
    /// So large a share of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<LineShare>,
    /// The check it comes from; the others, lowest number first, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_check: Option<wire::CheckId>,
}

/// A share of a line: so many parts of as many as make the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineShare {
    /// The parts.
    #[schema(minimum = 1)]
    pub parts: u32,
    /// How many make the line.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub of: u32,
}

impl SplitCheck {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<OrderCommand, FieldError> {
        match (self.to_check, self.moves, self.evenly) {
            (Some(to), Some(moves), None) => {
                if moves.is_empty() {
                    return Err(FieldError::new("/moves", "must name a line"));
                }
                at_most(&moves, LINES_MAX, "/moves")?;
                unique(moves.iter().map(|moved| moved.line_id.0), "/moves", "line_id")?;
                let moves = each(moves, "/moves", |moved| moved.parse(to.0))?;
                Ok(OrderCommand::SplitCheck { to: to.0, moves })
            }
            (None, None, Some(checks)) => Ok(OrderCommand::SplitEvenly(checks.0)),
            (_, _, Some(_)) => {
                Err(FieldError::new("/evenly", "cannot stand beside to_check and moves; give one of the two"))
            }
            (None, Some(_), None) => Err(FieldError::new("/to_check", "is required with moves")),
            (Some(_), None, None) => Err(FieldError::new("/moves", "is required with to_check")),
            (None, None, None) => Err(FieldError::new("/to_check", "is required, or evenly instead")),
        }
    }
}

impl CheckMove {
    fn parse(self, to: CheckId) -> Result<check::CheckMove, FieldError> {
        if self.from_check.is_some_and(|from| from.0 == to) {
            return Err(FieldError::new("/from_check", "is the check the line goes to"));
        }
        let what = match (self.qty, self.share) {
            (None, None) => MoveOf::All,
            (Some(qty), None) => MoveOf::Qty(above_zero(qty.0, "/qty")?),
            (None, Some(LineShare { parts, of })) => {
                match 0 < parts && parts <= of && of <= check::LineShares::PARTS_MAX {
                    true => MoveOf::Share { parts, of },
                    false => {
                        let max = check::LineShares::PARTS_MAX;
                        let problem = format!(
                            "{parts} of {of} is no share; parts is at least 1 and at most of, of at most {max}"
                        );
                        return Err(FieldError::new("/share", problem));
                    }
                }
            }
            (Some(_), Some(_)) => {
                return Err(FieldError::new("/share", "cannot stand beside qty; give one of the two"));
            }
        };
        Ok(check::CheckMove { line: self.line_id.0, what, from: self.from_check.map(|from| from.0) })
    }
}

/// `POST .../orders/{order}/merge`: moves all the order has into another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"target_order_id": "o2"}))]
pub struct MergeInto {
    /// The order that takes it over; a placed one goes into a placed one only.
    pub target_order_id: wire::OrderId,
}

impl MergeInto {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> OrderCommand {
        OrderCommand::MergeInto(self.target_order_id.0)
    }
}
