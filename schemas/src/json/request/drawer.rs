//! Cash drawers.

use super::fields::not_negative;
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::DrawerCommand;
use domain::ids::Text;
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/stores/{store}/drawers/{drawer}/open`: begins a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"float": 20000}))]
pub struct OpenShift {
    /// What is in the drawer.
    pub float: wire::Money,
}

impl OpenShift {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<DrawerCommand, FieldError> {
        Ok(DrawerCommand::OpenShift { float: not_negative(self.float.0, "/float")?, may_add: false })
    }
}

/// `POST .../drawers/{drawer}/paid-in` and `.../paid-out`: puts cash in, or takes it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 1500, "reason": "Ice from the shop next door"}))]
pub struct MoveCash {
    /// How much.
    pub amount: wire::Money,
    /// Why.
    pub reason: wire::Note,
}

impl MoveCash {
    /// The command that puts it in.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse_in(self) -> Result<DrawerCommand, FieldError> {
        let (amount, reason) = self.parts()?;
        Ok(DrawerCommand::PaidIn { amount, reason })
    }

    /// The command that takes it out.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse_out(self) -> Result<DrawerCommand, FieldError> {
        let (amount, reason) = self.parts()?;
        Ok(DrawerCommand::PaidOut { amount, reason })
    }

    fn parts(self) -> Result<(Money, Text), FieldError> {
        match 0 < self.amount.0.0 {
            true => Ok((self.amount.0, self.reason.0.0)),
            false => Err(FieldError::new("/amount", "must be more than 0")),
        }
    }
}

/// `POST .../drawers/{drawer}/no-sale`: opens the drawer without a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Change for a guest"}))]
pub struct NoSale {
    /// Why.
    pub reason: wire::Note,
}

impl NoSale {
    /// The command.
    pub fn parse(self) -> DrawerCommand {
        DrawerCommand::NoSale { reason: self.reason.0.0 }
    }
}

/// `POST .../drawers/{drawer}/close`: ends the shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"counted": 48350}))]
pub struct CloseShift {
    /// What is in the drawer.
    pub counted: wire::Money,
}

impl CloseShift {
    /// The command.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<DrawerCommand, FieldError> {
        Ok(DrawerCommand::CloseShift { counted: not_negative(self.counted.0, "/counted")? })
    }
}
