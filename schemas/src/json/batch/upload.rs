//! Reading a batch, command by command: what cannot be read is told from the others, and what a till kept is not lost.

use super::command::{BATCH_COMMANDS_MAX, BatchCommand, ParsedCommand};
use crate::json::body::{BodyError, FieldError, parse_body};
use crate::json::problem::noted_text;
use crate::json::token::parse_command_id;
use crate::json::wire::parse_id;
use crate::stored::{command_digest, command_name};
use domain::command::{Command, TerminalCommand};
use domain::event::Noted;
use domain::ids::{CommandId, Id, OrderId, PaymentId, StoreId, TerminalId, TerminalSeq, Text};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// `POST /v1/stores/{store}/commands` as it is read: the commands one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The commands.
    pub commands: Vec<Box<RawValue>>,
}

/// A command of a batch as it came out of parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id to answer to, where it could be read.
    pub command_id: Option<CommandId>,
    /// The command, or what is wrong with it.
    pub parsed: Result<ParsedCommand, Malformed>,
}

/// A command that says something impossible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What, and where, from the root of the request.
    pub error: FieldError,
    /// What is kept of it, where a till kept it and named itself.
    pub kept: Option<Kept>,
}

/// What is known of a command of a till's queue that is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The till.
    pub terminal: TerminalId,
    /// Its place in the till's queue.
    pub seq: Option<TerminalSeq>,
    /// Its id.
    pub command_id: Option<CommandId>,
    /// What it was to be.
    pub kind: Option<Text>,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// Tells its bytes, or what it says, from any other.
    pub digest: u128,
}

impl Kept {
    /// What is kept of a command that was read; `None` where no till kept it.
    pub fn of(parsed: &ParsedCommand) -> Option<Kept> {
        let (place, terminal) = (parsed.queued?, parsed.terminal?);
        let (order, payment) = match &parsed.command {
            Command::Store(_, command) => command.names(),
            Command::Menu(_) | Command::Access(_) => (None, None),
        };
        Some(Kept {
            terminal,
            seq: Some(place.seq),
            command_id: Some(parsed.command_id),
            kind: Text::parse(command_name(&parsed.command)).ok(),
            order,
            payment,
            digest: command_digest(&parsed.command),
        })
    }

    /// The command that keeps it, with the code and the sentence it was turned away with.
    pub fn command(self, store: StoreId, code: &str, detail: &str) -> Command {
        let Kept { terminal, seq, command_id, kind, order, payment, digest } = self;
        let (code, detail) = (noted_text(code), noted_text(detail));
        let noted = Noted { seq, command: command_id, kind, order, payment, code, detail };
        let command = TerminalCommand::RecordRejected { noted, digest };
        Command::Store(store, domain::command::StoreCommand::Terminal(terminal, command))
    }
}

fn bounded(count: usize) -> Result<(), FieldError> {
    match BATCH_COMMANDS_MAX < count {
        false => Ok(()),
        true => {
            let problem =
                format!("holds {count} commands; at most {BATCH_COMMANDS_MAX} are allowed, send the rest apart");
            Err(FieldError::new("/commands", problem))
        }
    }
}

impl super::command::Batch {
    /// Parses each command by itself, with pointers from the root of the request.
    ///
    /// # Errors
    /// [`FieldError`] if there are more than [`BATCH_COMMANDS_MAX`].
    pub fn parse(self, store: StoreId) -> Result<Vec<Entry>, FieldError> {
        bounded(self.commands.len())?;
        let entry = |(index, command): (usize, BatchCommand)| {
            let command_id = Some(command.command_id.0);
            let parsed = command
                .parse(store)
                .map_err(|error| Malformed { error: error.under(&format!("/commands/{index}")), kept: None });
            Entry { command_id, parsed }
        };
        Ok(self.commands.into_iter().enumerate().map(entry).collect())
    }
}

impl Upload {
    /// Reads and parses each command by itself, with pointers from the root of the request.
    ///
    /// # Errors
    /// [`FieldError`] if there are more than [`BATCH_COMMANDS_MAX`].
    pub fn parse(self, store: StoreId) -> Result<Vec<Entry>, FieldError> {
        bounded(self.commands.len())?;
        Ok(self.commands.iter().enumerate().map(|(index, raw)| entry(index, raw, store)).collect())
    }
}

fn entry(index: usize, raw: &RawValue, store: StoreId) -> Entry {
    let read = parse_body::<BatchCommand>(raw.get().as_bytes()).map_err(|error| match error {
        BodyError::Field(error) => error,
        // The request was JSON, so its parts are; this is for the next reader's peace.
        BodyError::Syntax { problem, .. } => FieldError::new("", problem),
    });
    let parsed = read.and_then(|command| {
        let id = command.command_id.0;
        command.parse(store).map(|parsed| (id, parsed))
    });
    match parsed {
        Ok((id, parsed)) => Entry { command_id: Some(id), parsed: Ok(parsed) },
        Err(error) => {
            let seen = Seen::of(raw);
            let error = error.under(&format!("/commands/{index}"));
            Entry { command_id: seen.command_id, parsed: Err(Malformed { error, kept: seen.kept(raw) }) }
        }
    }
}

/// What can be read of a command that cannot be read.
struct Seen {
    command_id: Option<CommandId>,
    is_offline: bool,
    fields: Value,
}

impl Seen {
    fn of(raw: &RawValue) -> Seen {
        let fields: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let command_id = fields["command_id"].as_str().and_then(|text| parse_command_id(text).ok());
        Seen { command_id, is_offline: fields["source"] == "offline", fields }
    }

    fn id(&self, field: &str) -> Option<Id> {
        self.fields[field].as_str().and_then(|text| parse_id(text).ok())
    }

    fn kept(&self, raw: &RawValue) -> Option<Kept> {
        let terminal = self.id("terminal").filter(|_| self.is_offline)?;
        let hash = Sha256::digest(raw.get().as_bytes());
        let first = hash.first_chunk::<16>().expect("SHA-256 has 32 bytes");
        Some(Kept {
            terminal: TerminalId(terminal),
            seq: self.fields["terminal_seq"].as_u64().and_then(TerminalSeq::parse),
            command_id: self.command_id,
            kind: self.fields["type"].as_str().and_then(|kind| Text::parse(kind).ok()),
            order: self.id("order_id").map(OrderId),
            payment: self.id("payment_id").map(PaymentId),
            digest: u128::from_be_bytes(*first),
        })
    }
}
