//! Bodies of requests: what a client sends, read strictly and parsed into the domain's commands.
//!
//! Each body is a struct of [`wire`](super::wire) values, so a value that is wrong by itself never gets into one; its
//! `parse` checks what only several fields together can say. Unknown fields are errors: a misspelt `expected_total`
//! must not pass for an order without one.

mod access;
mod drawer;
mod fields;
mod floor;
mod kitchen;
mod menu;
mod order;
mod payment;
mod refund;
mod review;
mod staff;
mod stock;
mod store;

pub use access::*;
pub use drawer::*;
pub use floor::*;
pub use kitchen::*;
pub use menu::*;
pub use order::*;
pub use payment::*;
pub use refund::*;
pub use review::*;
pub use staff::*;
pub use stock::*;
pub use store::*;

use serde::Deserialize;
use utoipa::ToSchema;

/// A body without fields.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}
