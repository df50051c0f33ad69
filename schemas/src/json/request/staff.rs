//! Staff, and what a store asks a second person for.

use super::fields::same;
use crate::json::body::FieldError;
use crate::json::wire;
use domain::command::AccessCommand;
use domain::ids::ActorId;
use domain::money::Ppm;
use domain::staff::{self, Rights};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `PUT /v1/staff/{staff}`: says what a member of staff may approve, all of it at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rights": ["discount", "void_fired", "comp"], "discount_limit_ppm": 200_000}))]
pub struct PutStaff {
    /// What they may approve; nothing for one who left.
    pub rights: Vec<wire::Right>,
    /// Up to which share they give discounts alone, at most 1000000; the store's limit where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_limit_ppm: Option<wire::Ppm>,
    /// The member, as `GET` shows it; the address names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<wire::ActorId>,
    /// As `GET` shows it, so that what it gave can be put back. Nothing follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<wire::Timestamp>,
}

impl PutStaff {
    /// The command for a member of staff.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self, staff: ActorId) -> Result<AccessCommand, FieldError> {
        same(self.staff_id, staff, "/staff_id")?;
        let discount_limit = self.discount_limit_ppm.map(|limit| share(limit, "/discount_limit_ppm")).transpose()?;
        Ok(AccessCommand::PutStaff { staff, rights: rights(&self.rights), discount_limit })
    }
}

/// What a store asks a second person for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"needed": ["discount", "cancel"], "discount_limit_ppm": 100_000}))]
pub struct Approvals {
    /// What takes the approval of somebody who has the right. `cancel` is asked for whatever takes something off a placed order, too, beside
    /// what that asks for itself: fewer units, a void, a lower price, a comp, a service charge less, a discount above the limit.
    pub needed: Vec<wire::Right>,
    /// Up to which share of what it is taken off a discount takes none; 0 where nobody says. Only where `needed` holds
    /// `discount` or, for placed orders, of whose discounts all together count then, `cancel`.
    #[serde(default)]
    pub discount_limit_ppm: wire::Ppm,
    /// `false`, or left out: no one approves what they do themselves. What is to be done alone is left out of `needed`.
    #[serde(default)]
    #[schema(ignore)]
    pub self_approval: bool,
}

impl Approvals {
    /// The policy.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<staff::Approvals, FieldError> {
        if self.self_approval {
            let problem = "must be false or left out: no one approves what they do themselves; leave what is done alone out of needed";
            return Err(FieldError::new("/self_approval", problem));
        }
        Ok(staff::Approvals {
            needed: rights(&self.needed),
            discount_limit: share(self.discount_limit_ppm, "/discount_limit_ppm")?,
            self_approval: false,
        })
    }
}

fn rights(list: &[wire::Right]) -> Rights {
    Rights::of(list.iter().map(|right| right.0))
}

fn share(limit: wire::Ppm, pointer: &str) -> Result<Ppm, FieldError> {
    Ppm::parse_share(limit.0.0)
        .ok_or_else(|| FieldError::new(pointer, format!("{} is above 100 %, which is 1000000 millionths", limit.0.0)))
}
