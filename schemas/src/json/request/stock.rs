//! Stock. Every body names its stock item, so that one path serves each kind of change.

use super::fields::{above_zero, is_false};
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::StockCommand;
use domain::event::StockPolicy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::json::wire::choices::PolicyKind;

/// `POST /v1/stores/{store}/stock/policy`: says how a stock item is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "policy": "counted", "auto86": true}))]
pub struct SetStockPolicy {
    /// The stock item.
    pub sku: wire::Sku,
    /// How it is kept.
    pub policy: wire::PolicyKind,
    /// Whether it is marked sold out by itself when nothing is available; only with `counted`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto86: bool,
}

impl SetStockPolicy {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<StockCommand, FieldError> {
        let policy = match (self.policy.0, self.auto86) {
            (PolicyKind::Counted, auto86) => StockPolicy::Counted { auto86 },
            (PolicyKind::Untracked, false) => StockPolicy::Untracked,
            (PolicyKind::Untracked, true) => {
                return Err(FieldError::new(
                    "/auto86",
                    "is for counted stock only: what is not counted never runs out",
                ));
            }
        };
        Ok(StockCommand::SetPolicy { sku: self.sku.0, policy })
    }
}

/// `POST .../stock/receive`: books units that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "qty": 120, "reference": "DN 4711"}))]
pub struct ReceiveStock {
    /// The stock item.
    pub sku: wire::Sku,
    /// How much, more than nothing.
    pub qty: wire::Qty,
    /// The delivery note or the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<wire::Text>,
}

impl ReceiveStock {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<StockCommand, FieldError> {
        let reference = self.reference.map(|reference| reference.0);
        Ok(StockCommand::Receive { sku: self.sku.0, qty: above_zero(self.qty.0, "/qty")?, reference })
    }
}

/// `POST .../stock/count`: books what somebody counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "counted": 87}))]
pub struct CountStock {
    /// The stock item.
    pub sku: wire::Sku,
    /// What is on the shelf, reserved units included.
    pub counted: wire::Qty,
}

impl CountStock {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<StockCommand, FieldError> {
        match self.counted.0.0 < 0 {
            true => Err(FieldError::new("/counted", "must be 0 or more")),
            false => Ok(StockCommand::Count { sku: self.sku.0, counted: self.counted.0 }),
        }
    }
}

/// `POST .../stock/adjust`: corrects the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "delta": -2, "reason": "Miscounted"}))]
pub struct AdjustStock {
    /// The stock item.
    pub sku: wire::Sku,
    /// By how much, either way.
    pub delta: wire::Qty,
    /// Why.
    pub reason: wire::Note,
}

impl AdjustStock {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<StockCommand, FieldError> {
        match self.delta.0.0 {
            0 => Err(FieldError::new("/delta", "must not be 0")),
            _ => Ok(StockCommand::Adjust { sku: self.sku.0, delta: self.delta.0, reason: self.reason.0.0 }),
        }
    }
}

/// `POST .../stock/waste`: books units thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "qty": 1, "reason": "Dropped"}))]
pub struct WasteStock {
    /// The stock item.
    pub sku: wire::Sku,
    /// How much, more than nothing.
    pub qty: wire::Qty,
    /// Why.
    pub reason: wire::Note,
}

impl WasteStock {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<StockCommand, FieldError> {
        Ok(StockCommand::Waste { sku: self.sku.0, qty: above_zero(self.qty.0, "/qty")?, reason: self.reason.0.0 })
    }
}

/// `POST .../stock/86`: marks a stock item sold out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball", "until": "2026-11-23T05:00:00Z"}))]
pub struct Mark86 {
    /// The stock item.
    pub sku: wire::Sku,
    /// When the mark ends by itself; never where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<wire::Timestamp>,
}

impl Mark86 {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> StockCommand {
        StockCommand::Mark86 { sku: self.sku.0, until: self.until.map(|until| until.0) }
    }
}

/// `POST .../stock/un86`: sells a stock item again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"sku": "dough_ball"}))]
pub struct Unmark86 {
    /// The stock item.
    pub sku: wire::Sku,
}

impl Unmark86 {
    /// The command; nothing in it can be wrong any more.
    pub fn parse(self) -> StockCommand {
        StockCommand::Unmark86(self.sku.0)
    }
}
