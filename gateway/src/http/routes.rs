//! The addresses, by what they are about.

pub mod admin;
pub mod batch;
pub mod chain;
pub mod days;
pub mod drawers;
pub mod feed;
pub mod floor;
pub mod kitchen;
pub mod ops;
pub mod orders;
pub mod payments;
pub mod reads;
pub mod stock;
pub mod terminals;
pub mod webhooks;
