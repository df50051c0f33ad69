//! Recorded events in JSON: names instead of numbers, borrowed from the event and never copied.

pub use crate::events::said_name;

use super::token::{CommandIdJson, PositionToken};
use super::wire::{self, Wire};
use crate::events;
use crate::stored::type_name_of;
use domain::event::{Entity, Event};
use domain::ids::Revision;
use domain::stream::Stream;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cell::RefCell;
use utoipa::ToSchema;

/// A stream by its name.
#[derive(Clone, Copy, Debug)]
pub struct StreamName<'a>(pub &'a Stream);

impl Serialize for StreamName<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        thread_local! {
            /// Every event that leaves has the name of a stream: the text for it is made once.
            static NAME: RefCell<String> = RefCell::new(String::with_capacity(Stream::NAME_LEN_MAX));
        }
        NAME.with_borrow_mut(|name| {
            name.clear();
            self.0.write_name(name);
            to.serialize_str(name)
        })
    }
}

/// A fact in JSON, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct EventData<'a>(pub &'a Event);

impl Serialize for EventData<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        events::show(self.0, &mut map)?;
        map.end()
    }
}

/// The answer to a command: where its commit stands and what happened. The same on every repeat.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "stream": "order-demo.s1.o1", "revision": 3, "position": "0:918",
    "events": [{"stream": "order-demo.s1.o1", "revision": 3, "position": "0:918", "type": "OrderCompleted",
        "data": {"total": 2300}}]
}))]
pub struct Receipt<'a> {
    /// The stream the command was about.
    #[schema(value_type = String)]
    pub stream: StreamName<'a>,
    /// Its revision after the command, for `If-Match`; absent where it is still empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The place of the commit's last event, for `min_position`.
    pub position: PositionToken,
    /// What happened, in order; empty where the command changed nothing.
    pub events: Vec<ReceiptEvent<'a>>,
}

/// An event in the answer to a command.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptEvent<'a> {
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamName<'a>,
    /// Its place in the stream.
    pub revision: u64,
    /// Its place in the log.
    pub position: PositionToken,
    /// What kind of fact it is.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "OrderCompleted")]
    pub kind: &'static str,
    /// The fact.
    #[schema(value_type = Object)]
    pub data: EventData<'a>,
}

impl<'a> ReceiptEvent<'a> {
    /// An event at its place.
    pub fn new(stream: &'a Stream, revision: Revision, position: PositionToken, event: &'a Event) -> ReceiptEvent<'a> {
        ReceiptEvent {
            stream: StreamName(stream),
            revision: revision.0,
            position,
            kind: type_name_of(event),
            data: EventData(event),
        }
    }
}

/// What stands around an event in the log.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its place in the log.
    pub position: PositionToken,
    /// Its stream.
    pub stream: &'a Stream,
    /// Its place in the stream.
    pub revision: Revision,
    /// When the engine took the command.
    pub recorded_at: domain::calendar::Timestamp,
    /// When it happened, by the client's clock.
    pub occurred_at: Option<domain::calendar::Timestamp>,
    /// Who acted.
    pub actor: Option<domain::ids::ActorId>,
    /// Who approved it.
    pub approver: Option<domain::ids::ActorId>,
    /// The device it came from.
    pub terminal: Option<domain::ids::TerminalId>,
    /// The command's place in the terminal's queue.
    pub terminal_seq: Option<domain::ids::TerminalSeq>,
    /// The command it followed from.
    pub command_id: domain::ids::CommandId,
    /// Its number among the command's events: 0, 1, 2, ...
    pub event_index: u32,
    /// How the command came.
    pub source: domain::command::Source,
    /// Whether it is for practice.
    pub training: bool,
    /// The fact.
    pub event: &'a Event,
}

/// An event in the feed, with everything that stands around it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventJson<'a> {
    /// Its place in the log: hand it back as `after` to go on behind it.
    pub position: PositionToken,
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamName<'a>,
    /// Its place in the stream.
    pub revision: u64,
    /// What kind of fact it is.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "OrderPlaced")]
    pub kind: &'static str,
    /// The merchant.
    pub tenant: wire::TenantId,
    /// The store; absent for what belongs to the merchant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<wire::StoreId>,
    /// The order, where it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<wire::OrderId>,
    /// The payment, where it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<wire::PaymentId>,
    /// When the engine took the command.
    pub recorded_at: wire::Timestamp,
    /// When it happened, by the client's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<wire::Timestamp>,
    /// Who acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<wire::ActorId>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<wire::ActorId>,
    /// The device it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<wire::TerminalId>,
    /// The command's place in the terminal's queue, where it was kept there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal_seq: Option<u64>,
    /// The command it followed from.
    pub command_id: CommandIdJson,
    /// Its number among the command's events: 0, 1, 2, ...
    pub event_index: u32,
    /// How the command came: `online`, `offline`, `imported` or, by itself, `engine`.
    #[schema(value_type = String)]
    pub source: wire::Source,
    /// `true` for what is for practice and counts in no report; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub training: bool,
    /// The fact.
    #[schema(value_type = Object)]
    pub data: EventData<'a>,
}

impl<'a> EventJson<'a> {
    /// The event with names instead of numbers.
    pub fn new(recorded: &Recorded<'a>) -> EventJson<'a> {
        let (order_id, payment_id) = match recorded.stream.entity() {
            Some(Entity::Order(order)) => (Some(Wire(order)), None),
            Some(Entity::Payment(payment)) => (None, Some(Wire(payment))),
            Some(Entity::Ticket(_)) | None => (None, None),
        };
        EventJson {
            position: recorded.position,
            stream: StreamName(recorded.stream),
            revision: recorded.revision.0,
            kind: type_name_of(recorded.event),
            tenant: Wire(recorded.stream.tenant()),
            store: recorded.stream.store().map(Wire),
            order_id,
            payment_id,
            recorded_at: Wire(recorded.recorded_at),
            occurred_at: recorded.occurred_at.map(Wire),
            actor: recorded.actor.map(Wire),
            approver: recorded.approver.map(Wire),
            terminal: recorded.terminal.map(Wire),
            terminal_seq: recorded.terminal_seq.map(|seq| seq.0),
            command_id: CommandIdJson(recorded.command_id),
            event_index: recorded.event_index,
            source: Wire(recorded.source),
            training: recorded.training,
            data: EventData(recorded.event),
        }
    }
}
