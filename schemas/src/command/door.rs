//! What a door, HTTP's or a batch's, knows of a command before it is one.

use super::capability::Capability;
use crate::json::body::{BodyError, FieldError, parse_body};
use crate::json::request::NoFields;
use crate::json::wire::{Wire, WireForm};
use domain::calendar::Date;
use domain::command::Command;
use domain::ids::{
    ActorId, ChargeId, DaypartId, DeviceId, DiscountId, DrawerId, GroupId, ItemId, LineId, OrderId, PaymentId,
    RefundId, StoreId, TaxId, TicketId,
};
use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// A command of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is called in logs and metrics.
    pub name: &'static str,
    /// What it takes to send it.
    pub capability: Capability,
    /// What it does, line by line, as the OpenAPI document says it.
    pub doc: &'static [&'static str],
    /// Its address; `None` where the gateway has a handler of its own for it, or only the engine makes it.
    pub http: Option<Http>,
    /// What it takes besides the address; where there is none, nobody looks what comes over HTTP.
    pub body: Option<Body>,
    /// What it is called in a batch; `None` where it cannot be sent in one.
    pub batch: Option<&'static str>,
    /// Makes it.
    pub make: Option<Make>,
}

/// Makes a command of the parts of a request.
pub type Make = fn(&mut Parts<'_>) -> Result<Command, BodyError>;

/// A method that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "RFC 9110 says what they are")]
pub enum Method {
    DELETE,
    PATCH,
    POST,
    PUT,
}

/// A command's address, with what the OpenAPI document says of it.
#[derive(Debug)]
#[expect(missing_docs, reason = "named as in OpenAPI")]
pub struct Http {
    pub method: Method,
    pub path: &'static str,
    /// The status of success.
    pub status: u16,
    pub tag: &'static str,
    pub operation_id: &'static str,
    /// What the last parameter of the path is, where [`Targets::description`] does not say it.
    pub about: Option<&'static str>,
}

/// The body of a command's request.
#[derive(Debug)]
pub struct Body {
    /// The most bytes it may have.
    pub bytes_max: usize,
    /// Adds its schema, and those it refers to, and says its name.
    pub describe: Describe,
}

/// Adds the schemas of a body and says its name.
pub type Describe = fn(&mut Vec<(String, RefOr<Schema>)>) -> Cow<'static, str>;

impl Body {
    pub(super) const fn of<T: ToSchema>(bytes_max: usize) -> Body {
        let describe = |schemas: &mut Vec<(String, RefOr<Schema>)>| {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
            T::name()
        };
        Body { bytes_max, describe }
    }
}

/// What a command is made of: what it is about, and its body.
#[derive(Debug)]
pub struct Parts<'a> {
    targets: Targets,
    body: &'a [u8],
    /// Where the body stands in the request, as a JSON pointer.
    body_at: &'static str,
    /// What is said to lack a target.
    kind: &'static str,
}

impl<'a> Parts<'a> {
    /// Those of a request whose body is the command's.
    pub fn new(targets: Targets, body: &'a [u8]) -> Parts<'a> {
        Parts { targets, body, body_at: "", kind: "this address" }
    }

    /// Those of a command of a batch.
    pub(crate) fn of_batch(kind: &'static str, targets: Targets, body: &'a [u8]) -> Parts<'a> {
        Parts { targets, body, body_at: "/body", kind }
    }

    /// Reads the body and makes something of it.
    pub(super) fn body<T: DeserializeOwned, U>(
        &mut self,
        parse: impl FnOnce(T) -> Result<U, FieldError>,
    ) -> Result<U, BodyError> {
        match parse_body(self.body).and_then(|body| parse(body).map_err(BodyError::Field)) {
            Err(BodyError::Field(error)) => Err(BodyError::Field(error.under(self.body_at))),
            result => result,
        }
    }

    /// Nothing may stand in the body.
    pub(super) fn empty(&mut self) -> Result<(), BodyError> {
        self.body(|NoFields {}| Ok(()))
    }

    /// The store, which every command of one is to.
    pub(super) fn named_store(&mut self) -> Result<StoreId, BodyError> {
        let store = self.store()?;
        self.targets.store = Some(Wire(store));
        Ok(store)
    }

    /// The order, where somebody names it beside the body.
    pub(super) fn named_order(&mut self) -> Result<Option<OrderId>, BodyError> {
        Ok(self.targets.order.take().map(|order| order.0))
    }

    fn need<T>(&self, target: Option<Wire<T>>, field: &str) -> Result<T, BodyError> {
        match target {
            Some(Wire(target)) => Ok(target),
            None => Err(FieldError::new(format!("/{field}"), format!("is required for {}", self.kind)).into()),
        }
    }

    /// A target the command is not about is a mistake, and perhaps one of the type.
    pub(crate) fn nothing_left(&self) -> Result<(), FieldError> {
        match self.targets.left() {
            Some(field) => {
                let problem = format!("is not for {} beside its body; leave it out", self.kind);
                Err(FieldError::new(format!("/{field}"), problem))
            }
            None => Ok(()),
        }
    }
}

/// Declares what a command may be about: the parameter of a path with its type, the field of a batch's command, and what the
/// OpenAPI document says. `order: OrderId = "order_id", "The order";` makes a field `order: Option<Wire<OrderId>>` of
/// [`Targets`], which [`Targets::set`] reads from a path, and a method [`Parts::order`] that takes it or says that it is
/// missing.
macro_rules! targets {
    ($($target:ident: $kind:ident $(= $field:literal)?, $what:literal;)*) => {
        /// What a command is about, as far as the door knows.
        #[derive(Clone, Debug, Default)]
        #[allow(missing_docs, reason = "each is the id of what it is called")]
        pub struct Targets {
            $(pub $target: Option<Wire<$kind>>,)*
        }

        impl Targets {
            /// Reads a parameter of a path.
            ///
            /// # Errors
            /// [`FieldError`] whose pointer is the parameter's name.
            ///
            /// # Panics
            /// If no command is about such a thing.
            pub fn set(&mut self, parameter: &str, text: &str) -> Result<(), FieldError> {
                match parameter {
                    $(stringify!($target) => self.$target = Some(read(parameter, text)?),)*
                    _ => panic!("a path names {parameter:?}, which no command is about"),
                }
                Ok(())
            }

            /// What a parameter of a path is.
            ///
            /// # Panics
            /// If no command is about such a thing.
            pub fn description(parameter: &str) -> &'static str {
                match parameter {
                    $(stringify!($target) => $what,)*
                    _ => panic!("a path names {parameter:?}, which no command is about"),
                }
            }

            /// The first field of a batch's command that nobody has taken.
            fn left(&self) -> Option<&'static str> {
                $($(
                    if self.$target.is_some() {
                        return Some($field);
                    }
                )?)*
                None
            }
        }

        impl Parts<'_> {
            $(
                pub(super) fn $target(&mut self) -> Result<$kind, BodyError> {
                    let target = self.targets.$target.take();
                    self.need(target, concat!($($field)?))
                }
            )*
        }
    };
}

fn read<T: WireForm>(parameter: &str, text: &str) -> Result<Wire<T>, FieldError> {
    let read: Result<Wire<T>, Error> = Wire::deserialize(text.into_deserializer());
    read.map_err(|error| FieldError::new(parameter, error.to_string()))
}

targets! {
    store: StoreId, "The store";
    order: OrderId = "order_id", "The order";
    line: LineId = "line_id", "The line";
    discount: DiscountId = "discount_id", "The discount";
    charge: ChargeId = "charge_id", "The service charge";
    payment: PaymentId = "payment_id", "The payment";
    refund: RefundId = "refund_id", "The refund";
    drawer: DrawerId = "drawer_id", "The drawer";
    date: Date = "business_date", "The business date, such as 2026-11-22";
    ticket: TicketId = "ticket_id", "The kitchen ticket";
    item: ItemId = "item_id", "The item";
    group: GroupId = "group_id", "The modifier group";
    tax: TaxId = "tax_id", "The tax";
    daypart: DaypartId = "daypart_id", "The daypart";
    staff: ActorId, "The member of staff";
    device: DeviceId, "The device";
}
