//! The doors and the composition root: HTTP, command line, the comanda binary.

pub mod import;
