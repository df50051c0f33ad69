//! Bodies about tokens and devices.

use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::{NewDevice, NewToken};
use domain::event::{Role, Terms};
use domain::ids::{ActorId, CustomerRef, DeviceId, OrderId, StoreId, TokenId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// `POST /v1/tokens`: lets a new token in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "analyst", "label": "Reports", "stores": ["s1"]}))]
pub struct IssueToken {
    /// What it may do.
    pub role: wire::Role,
    /// What it is for, in a person's words.
    pub label: wire::Text,
    /// The stores it is good at, at most 100; all of them where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub stores: Option<Vec<wire::StoreId>>,
    /// From when on it is good no more, at most ten years from now; 400 days from now where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<wire::Timestamp>,
}

impl IssueToken {
    /// The token, whose id and secret the door makes, issued with another.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(
        self,
        (token, secret_sha256): (TokenId, [u8; 32]),
        issuer: Option<TokenId>,
    ) -> Result<NewToken, FieldError> {
        let stores = self.stores.map(stores).transpose()?;
        let terms = Terms { issuer, expires_at: self.expires_at.map(|at| at.0), stores, ..Terms::default() };
        let (role, label) = (self.role.0, self.label.0);
        Ok(NewToken { token, role, label, secret_sha256, terms: Some(terms), is_first: false })
    }
}

/// `POST /v1/tokens/exchange`: a token in the place of one that was issued before tokens said how far and how long they are good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "Reports"}))]
pub struct ExchangeToken {
    /// What it is for, in a person's words.
    pub label: wire::Text,
}

/// `POST /v1/tenants`: a tenant with its first admin's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tenant": "acme", "label": "First admin"}))]
pub struct MakeTenant {
    /// Its id, which no other tenant has.
    pub tenant: wire::TenantId,
    /// What the token is for, in a person's words.
    pub label: wire::Text,
}

/// `POST /v1/erasures`: erases the sealed texts of a customer, or of an order that names no customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer_ref": "cust_81"}))]
pub struct EraseTexts {
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<wire::CustomerRef>,
    /// The order's store, with `order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<wire::StoreId>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<wire::OrderId>,
}

/// Whose texts are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// A customer's.
    Customer(CustomerRef),
    /// An order's.
    Order(StoreId, OrderId),
}

impl EraseTexts {
    /// Whose texts they are.
    ///
    /// # Errors
    /// [`FieldError`] where it names neither a customer nor an order, or both.
    pub fn parse(self) -> Result<Erasure, FieldError> {
        match (self.customer_ref, self.store, self.order_id) {
            (Some(customer), None, None) => Ok(Erasure::Customer(customer.0)),
            (None, Some(store), Some(order)) => Ok(Erasure::Order(store.0, order.0)),
            _ => Err(FieldError::new("", "names a customer_ref, or a store and an order_id")),
        }
    }
}

/// The stores a token is scoped to, each once.
fn stores(named: Vec<wire::StoreId>) -> Result<Vec<StoreId>, FieldError> {
    let mut stores: Vec<StoreId> = named.into_iter().map(|Wire(store)| store).collect();
    stores.sort_unstable();
    stores.dedup();
    match stores.len() {
        0 => Err(FieldError::new("/stores", "must name a store; leave it out for a token of all stores")),
        count if Terms::STORES_MAX < count => {
            let problem = format!("names {count} stores; at most {} are allowed", Terms::STORES_MAX);
            Err(FieldError::new("/stores", problem))
        }
        _ => Ok(stores),
    }
}

/// `POST /v1/devices`: lets a device in as a terminal of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"store": "s1", "terminal": "till_1", "role": "pos", "label": "Till at the door"}))]
pub struct AddDevice {
    /// The store it is of.
    pub store: wire::StoreId,
    /// The terminal it is to be: what it names in `X-Terminal`, and in what it sends late.
    pub terminal: wire::TerminalId,
    /// What it may do: `pos`, or `kitchen` for a screen.
    pub role: wire::Role,
    /// What it is, in a person's words.
    pub label: wire::Text,
}

impl AddDevice {
    /// The device, whose id and code the door makes.
    ///
    /// # Errors
    /// [`FieldError`] for a role that no device has.
    pub fn parse(
        self,
        (device, code_sha256): (DeviceId, [u8; 32]),
        issuer: Option<TokenId>,
    ) -> Result<NewDevice, FieldError> {
        let role = self.role.0;
        if !matches!(role, Role::Pos | Role::Kitchen) {
            return Err(FieldError::new("/role", "must be pos or kitchen"));
        }
        let (store, terminal, label) = (self.store.0, self.terminal.0, self.label.0);
        Ok(NewDevice { device, store, terminal, role, label, code_sha256, issuer })
    }
}

/// `POST /v1/devices/enrol`: a device comes with its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "k7qf-93xm-2hda-pw4t-r6vn"}))]
pub struct EnrolDevice {
    /// The code as it was shown; upper and lower case and hyphens make no difference.
    pub code: String,
}

/// `POST /v1/session`: somebody signs in. On a device (with its token in `Authorization`) with `staff_id` and `pin`, or with a `token` of
/// their own; without a device with their own token in `Authorization`, and nothing here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"staff_id": "ana", "pin": "280641"}))]
pub struct SignIn {
    /// Who signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff_id: Option<wire::ActorId>,
    /// Their PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{4,12}$")]
    pub pin: Option<String>,
    /// A token of their own, in the place of a PIN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// How somebody signs in.
pub enum Credentials {
    /// A member of staff, with a PIN.
    Pin(ActorId, String),
    /// With a token of their own.
    Token(String),
    /// With the token that the request has.
    Own,
}

impl SignIn {
    /// Who signs in, and how.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn parse(self) -> Result<Credentials, FieldError> {
        match (self.staff_id, self.pin, self.token) {
            (Some(staff), Some(pin), None) => Ok(Credentials::Pin(staff.0, checked_pin(pin)?)),
            (None, None, Some(token)) => Ok(Credentials::Token(token)),
            (None, None, None) => Ok(Credentials::Own),
            (Some(_), None, _) => Err(FieldError::new("/pin", "is required with staff_id")),
            (None, Some(_), _) => Err(FieldError::new("/staff_id", "is required with pin")),
            (Some(_), Some(_), Some(_)) => {
                Err(FieldError::new("/token", "is in the place of staff_id and pin; leave one out"))
            }
        }
    }
}

/// `PUT /v1/staff/{staff}/pin`: the PIN that a member of staff signs in with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"pin": "280641"}))]
pub struct SetPin {
    /// Four to twelve digits.
    #[schema(pattern = "^[0-9]{4,12}$")]
    pub pin: String,
}

impl SetPin {
    /// The PIN.
    ///
    /// # Errors
    /// [`FieldError`], which does not repeat it.
    pub fn parse(self) -> Result<String, FieldError> {
        checked_pin(self.pin)
    }
}

fn checked_pin(pin: String) -> Result<String, FieldError> {
    match (4..=12).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(pin),
        false => Err(FieldError::new("/pin", "must be 4 to 12 digits")),
    }
}

/// `POST /v1/stores/{store}/approvals`: somebody approves a command before it is sent.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "command": {"method": "POST", "path": "/v1/stores/s1/orders/o1/cancel", "body": {"reason": "Guest left"}},
    "staff_id": "ana", "pin": "280641"
}))]
pub struct Approve {
    /// The whole command as it will be sent: `method`, `path` and `body`, or as a command of a batch. It is good for this one only.
    #[schema(value_type = Object)]
    pub command: Box<RawValue>,
    /// Who approves, on a device; who sends it with a session or a token of their own approves themselves.
    #[serde(default)]
    pub staff_id: Option<wire::ActorId>,
    /// Their PIN.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{4,12}$")]
    pub pin: Option<String>,
}

impl Approve {
    /// Who approves by a PIN.
    ///
    /// # Errors
    /// [`FieldError`] names the field.
    pub fn pin(&self) -> Result<Option<(ActorId, String)>, FieldError> {
        match (self.staff_id, &self.pin) {
            (None, None) => Ok(None),
            (Some(staff), Some(pin)) => Ok(Some((staff.0, checked_pin(pin.clone())?))),
            (Some(_), None) => Err(FieldError::new("/pin", "is required with staff_id")),
            (None, Some(_)) => Err(FieldError::new("/staff_id", "is required with pin")),
        }
    }
}

/// A command as it is sent to its address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addressed {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The address, from `/v1` on.
    pub path: String,
    /// The body.
    #[serde(default)]
    pub body: Option<Box<RawValue>>,
}
