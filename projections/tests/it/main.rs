//! The read models against logs made by the domain's own decisions.

#![allow(unused_crate_dependencies, reason = "tests share the crate's dependencies")]

mod access;
mod books;
mod chains;
mod checks;
mod drawers;
mod free_space;
mod kitchen;
mod menu;
mod queries;
mod rebuild;
mod sales;
mod terminals;
mod training;
mod world;
