//! Recorded events in JSON: names instead of numbers, borrowed from the event and never copied.

pub use crate::events::said_name;

use super::token::{CommandIdJson, PositionToken};
use super::wire::{self, Wire};
use super::write::{Json, JsonWriter, WriteError, write_json};
use crate::events::{self, type_name_of};
use domain::event::{Entity, Event};
use domain::ids::Revision;
use domain::stream::Stream;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::cell::RefCell;
use utoipa::ToSchema;

/// A stream by its name.
#[derive(Clone, Copy, Debug)]
pub struct StreamName<'a>(pub &'a Stream);

impl Json for StreamName<'_> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        thread_local! {
            /// Every event that leaves has the name of a stream: the text for it is made once.
            static NAME: RefCell<String> = RefCell::new(String::with_capacity(Stream::NAME_LEN_MAX));
        }
        NAME.with_borrow_mut(|name| {
            name.clear();
            self.0.write_name(name);
            to.text(name);
        });
    }
}

/// A fact in JSON, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct EventData<'a>(pub &'a Event);

impl Json for EventData<'_> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.object(|to| {
            events::show(self.0, to);
        });
    }
}

impl Json for Receipt<'_> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.object(|to| {
            fields!(show_fields [self to] [Receipt] {
                stream: "stream", revision?: "revision", position: "position", events: "events",
            });
        });
    }
}

impl Json for ReceiptEvent<'_> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.object(|to| {
            fields!(show_fields [self to] [ReceiptEvent] {
                stream: "stream", revision: "revision", position: "position", kind: "type", data: "data",
            });
        });
    }
}

impl Json for EventJson<'_> {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.object(|to| {
        fields!(show_fields [self to] [EventJson] {
            position: "position", stream: "stream", revision: "revision", kind: "type", tenant: "tenant", store?: "store",
            order_id?: "order_id", payment_id?: "payment_id", recorded_at: "recorded_at", occurred_at?: "occurred_at",
            actor?: "actor", approver?: "approver", terminal?: "terminal", terminal_seq?: "terminal_seq",
            command_id: "command_id", event_index: "event_index", source: "source", training?: "training" since 1,
            sent_by?: "sent_by", time_in_doubt?: "time_in_doubt" since 1, data: "data",
        });
        });
    }
}

/// The objects that are written by themselves; serde has them where they stand in something else, on its way to JSON.
macro_rules! written {
    ($($kind:ident)*) => {$(
        impl $kind<'_> {
            /// Appends it as JSON.
            ///
            /// # Errors
            /// [`WriteError`]; then part of it has been appended.
            pub fn write(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
                write_json(self, out)
            }
        }

        impl Serialize for $kind<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let mut json = vec![];
                self.write(&mut json).map_err(S::Error::custom)?;
                let json = String::from_utf8(json).map_err(S::Error::custom)?;
                RawValue::from_string(json).map_err(S::Error::custom)?.serialize(to)
            }
        }
    )*};
}

written! { EventData Receipt ReceiptEvent EventJson }

/// The answer to a command: where its commit stands and what happened. The same on every repeat.
#[derive(Clone, Debug, ToSchema)]
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
    #[schema(value_type = Option<u64>)]
    pub revision: Option<Revision>,
    /// The place of the commit's last event, for `min_position`.
    pub position: PositionToken,
    /// What happened, in order; empty where the command changed nothing.
    pub events: Vec<ReceiptEvent<'a>>,
}

/// An event in the answer to a command.
#[derive(Clone, Debug, ToSchema)]
pub struct ReceiptEvent<'a> {
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamName<'a>,
    /// Its place in the stream.
    #[schema(value_type = u64)]
    pub revision: Revision,
    /// Its place in the log.
    pub position: PositionToken,
    /// What kind of fact it is.
    #[schema(rename = "type", value_type = String, example = "OrderCompleted")]
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
            revision,
            position,
            kind: type_name_of(event),
            data: EventData(event),
        }
    }
}

/// With which credential something was sent. Labels are shown to who may list tokens.
#[derive(Clone, Debug, ToSchema)]
#[schema(as = SentBy)]
pub struct SentByJson {
    /// The token, or the session.
    pub token_id: wire::TokenId,
    /// What the token is called; absent of a session, which is the actor's.
    pub token_label: Option<wire::Text>,
    /// The device it is of.
    pub device_id: Option<wire::DeviceId>,
    /// What the device is called.
    pub device_label: Option<wire::Text>,
}

impl From<domain::event::SentBy> for SentByJson {
    fn from(sent_by: domain::event::SentBy) -> SentByJson {
        SentByJson {
            token_id: Wire(sent_by.token),
            token_label: None,
            device_id: sent_by.device.map(Wire),
            device_label: None,
        }
    }
}

impl Json for SentByJson {
    fn json(&self, to: &mut JsonWriter<'_>) {
        to.object(|to| {
            fields!(show_fields [self to] [SentByJson] {
                token_id: "token_id", token_label?: "token_label", device_id?: "device_id", device_label?: "device_label",
            });
        });
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
    /// Whether the clock was in doubt.
    pub time_in_doubt: bool,
    /// With which credential it was sent.
    pub sent_by: Option<domain::event::SentBy>,
    /// The fact.
    pub event: &'a Event,
}

/// An event in the feed, with everything that stands around it.
#[derive(Clone, Debug, ToSchema)]
#[schema(as = Event)]
pub struct EventJson<'a> {
    /// Its place in the log: hand it back as `after` to go on behind it.
    pub position: PositionToken,
    /// Its stream.
    #[schema(value_type = String)]
    pub stream: StreamName<'a>,
    /// Its place in the stream.
    #[schema(value_type = u64)]
    pub revision: Revision,
    /// What kind of fact it is.
    #[schema(rename = "type", value_type = String, example = "OrderPlaced")]
    pub kind: &'static str,
    /// The merchant.
    pub tenant: wire::TenantId,
    /// The store; absent for what belongs to the merchant.
    pub store: Option<wire::StoreId>,
    /// The order, where it happened to one.
    pub order_id: Option<wire::OrderId>,
    /// The payment, where it happened to one.
    pub payment_id: Option<wire::PaymentId>,
    /// When the engine took the command.
    pub recorded_at: wire::Timestamp,
    /// When it happened, by the client's clock.
    pub occurred_at: Option<wire::Timestamp>,
    /// Who acted.
    pub actor: Option<wire::ActorId>,
    /// Who approved it.
    pub approver: Option<wire::ActorId>,
    /// The device it came from.
    pub terminal: Option<wire::TerminalId>,
    /// The command's place in the terminal's queue, where it was kept there.
    #[schema(value_type = Option<u64>)]
    pub terminal_seq: Option<domain::ids::TerminalSeq>,
    /// The command it followed from.
    pub command_id: CommandIdJson,
    /// Its number among the command's events: 0, 1, 2, ...
    pub event_index: u32,
    /// How the command came: `online`, `offline`, `imported` or, by itself, `engine`.
    #[schema(value_type = String)]
    pub source: wire::Source,
    /// `true` for what is for practice and counts in no report; absent otherwise.
    #[schema(required = false)]
    pub training: bool,
    /// `true` where the server's clock was in doubt, so that `recorded_at` may be wrong; absent otherwise. Positions give the order.
    #[schema(required = false)]
    pub time_in_doubt: bool,
    /// The credential it was sent with, and the device that is of; absent of what the engine did by itself, and of what was recorded
    /// before that was kept.
    pub sent_by: Option<SentByJson>,
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
            revision: recorded.revision,
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
            terminal_seq: recorded.terminal_seq,
            command_id: CommandIdJson(recorded.command_id),
            event_index: recorded.event_index,
            source: Wire(recorded.source),
            training: recorded.training,
            time_in_doubt: recorded.time_in_doubt,
            sent_by: recorded.sent_by.map(SentByJson::from),
            data: EventData(recorded.event),
        }
    }
}
