//! Files of real orders into ordinary commands. Nothing here knows the engine or the server: `comanda import` sends them.
//!
//! ```text
//! ImportArgs --config()--> ImportConfig --ImportPlan::open--> ImportPlan   first pass: names, rows per order, FILE.rejected.csv
//!                                                               | catalogue()   items, categories, one group of free modifiers
//!                                                               | orders()      second pass: whole orders, one by one
//! Commands::new(plan) --store(), menu(), order()--> commands of a batch
//! ```
//!
//! | step | where |
//! |---|---|
//! | flags, presets | [`args`], [`map`] |
//! | bytes to text to lines to fields | `encoding`, [`form`], [`source`], [`record`] |
//! | fields to a row, or the reason why not | [`rows`], `fields`, [`money`], [`modifiers`], [`when`], [`items`] |
//! | rows to orders | `survey`, [`orders`], [`plan`] |
//! | names and file orders to stable ids | [`ids`], [`catalogue`] |
//! | items and orders to commands | [`commands`] |
//! | what is told at the end | [`rejects`], [`summary`], [`report`] |
//!
//! A row that cannot be read is skipped with its line, column and reason, and its order goes on without it. Everything is a function of
//! the file and the flags: no clock, no randomness, so a second import makes the same commands with the same ids.

pub mod args;
pub mod catalogue;
pub mod commands;
mod encoding;
pub mod error;
mod fields;
pub mod form;
pub mod ids;
pub mod items;
pub mod map;
pub mod modifiers;
pub mod money;
pub mod order;
pub mod orders;
pub mod plan;
pub mod record;
pub mod rejects;
pub mod report;
pub mod rows;
pub mod source;
pub mod summary;
mod survey;
#[cfg(test)]
mod tests;
pub mod when;

pub use args::{ImportArgs, ImportConfig, Preset, PriceIs};
pub use catalogue::{Catalogue, CatalogueItem, Choices, Named};
pub use commands::{BadName, Commands, Unfit};
pub use error::ImportError;
pub use ids::{command_id, line_id, order_id, payment_id};
pub use order::{ImportLine, ImportOrder};
pub use orders::Orders;
pub use plan::ImportPlan;
pub use rejects::Rejects;
pub use report::{ReadAs, SummaryLine};
pub use rows::Rejected;
pub use summary::Summary;
pub use when::When;
