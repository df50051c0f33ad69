//! The addresses, by what they are about.

pub mod approvals;
pub mod batch;
pub mod clock;
pub mod commands;
pub mod devices;
pub mod erasures;
pub mod feed;
pub mod kitchen;
pub mod ops;
pub mod orders;
pub mod reads;
pub mod security;
pub mod sessions;
pub mod terminals;
pub mod tokens;
pub mod webhooks;
