//! Queries: what the read models say, and from which prefix of the log. A file for each projection.

pub mod access;
pub mod catalog;
pub mod chains;
pub mod drawers;
pub mod orders;
pub mod puts;
pub mod sales;
pub mod terminals;
