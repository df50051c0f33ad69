//! The digest of a command: tells a repeat of a command from another command under the same id.
//!
//! It covers what the command says: its kind, its target and its body. It does not cover who sent it, when, through which
//! door, and under which `If-Match`: a repeat may differ in those. It is kept in the log for ever, so its form is frozen
//! like a stored event's; `schemas/golden/` proves it.
//!
//! # Form
//!
//! SHA-256 over a list of fields, of which the first 16 bytes are taken as a big-endian number. A field is a tag byte, the
//! length of the value, and the value. A length below 255 is one byte; any other is the byte 255 and a `u32`, little-endian.
//! A value is
//! * a text or an id: its UTF-8 bytes;
//! * a number, an amount, a quantity, an instant, a code of an enum: an `i64`, 8 bytes little-endian;
//! * a flag: empty, and the field is there only where the flag is up;
//! * a struct: its fields.
//!
//! An absent value and an empty list have no field; a list has one field per value, in order. So an optional field that is
//! added later leaves the digests of commands without it as they were. Tags are unique in their struct and never reused.
//! Tags 1 to 3 of the outermost list are the command's code, the store, and the order, payment, drawer,
//! ticket or terminal; its body begins at 16. What a command says is declared in its row of the table of commands, what its parts
//! say in `digest/records.rs`.

pub(crate) mod form;

mod records;

use self::form::{Form, put};
use crate::command::{facts, put_body};
use domain::command::{Command, StoreCommand};
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// The digest of what a command says; the module's documentation describes it.
pub fn command_digest(command: &Command) -> u128 {
    thread_local! {
        /// Kept from one command to the next: this runs once per command, on the writer's way.
        static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        let form = &mut Form(bytes);
        form.number(1, facts(command).code);
        if let Command::Store(store, command) = command {
            put!(form, store: 2);
            put_target(command, form);
        }
        put_body(command, form);
        let hash = Sha256::digest(bytes.as_slice());
        let first = hash.first_chunk::<16>().expect("SHA-256 has 32 bytes");
        u128::from_be_bytes(*first)
    })
}

/// What a command is called in logs and metrics, and in what is kept of one that was turned away.
pub const fn command_name(command: &Command) -> &'static str {
    facts(command).name
}

fn put_target(command: &StoreCommand, form: &mut Form<'_>) {
    match command {
        StoreCommand::Order(order, _) => put!(form, order: 3),
        StoreCommand::Payment(payment, _) => put!(form, payment: 3),
        StoreCommand::Drawer(drawer, _) => put!(form, drawer: 3),
        StoreCommand::Ticket(ticket, _) => put!(form, ticket: 3),
        StoreCommand::Terminal(terminal, _) => put!(form, terminal: 3),
        StoreCommand::Put(_)
        | StoreCommand::AdoptMenu { .. }
        | StoreCommand::SetPrice { .. }
        | StoreCommand::SetAvailability { .. }
        | StoreCommand::Stock(_)
        | StoreCommand::OpenDay { .. }
        | StoreCommand::CloseDay { .. } => {}
    }
}
