//! The rules of a restaurant: pure decisions and pure folds.
//!
//! `decide` says which facts follow from a command, `evolve` folds one fact into the state. Neither reads a clock, a
//! time zone or a disk: what they need is in their arguments. This crate depends on nothing and knows nobody.

pub mod calendar;
pub mod check;
pub mod command;
pub mod credentials;
pub mod day;
pub mod dining;
pub mod drawer;
pub mod event;
mod hash;
pub mod ids;
pub mod kitchen;
pub mod menu;
pub mod money;
pub mod order;
pub mod payment;
mod pins;
pub mod prep;
pub mod pricing;
pub mod prints;
pub mod quote;
pub mod refund;
pub mod refused;
pub mod settings;
pub mod staff;
pub mod stock;
pub mod store;
pub mod stream;
pub mod tenant;
pub mod terminal;
