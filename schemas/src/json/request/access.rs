//! Bodies about tokens and devices.

use crate::json::body::FieldError;
use crate::json::wire::{self, Wire};
use domain::command::{NewDevice, NewToken};
use domain::event::{Role, Terms};
use domain::ids::{DeviceId, StoreId, TokenId};
use serde::{Deserialize, Serialize};
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
        let terms = Terms { issuer, expires_at: self.expires_at.map(|at| at.0), stores, device: None };
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
