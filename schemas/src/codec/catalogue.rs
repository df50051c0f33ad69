//! What the tables say of themselves.

use super::Json;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// A type of event, as the log and the JSON bodies know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// What the log stores; the high byte is the category. Never reused.
    pub tag: u16,
    /// The newest schema version; every one from 1 is read. What says nothing new may still be written as an older one.
    pub version: u8,
    /// The domain's name of it.
    pub name: &'static str,
}

/// A member of an event's JSON.
#[derive(Clone)]
pub struct Field {
    pub name: &'static str,
    /// Whether it is left out where there is nothing to say.
    pub is_optional: bool,
    /// The version of the event that brought it.
    pub since: u8,
    pub schema: RefOr<Schema>,
}

/// What there is to know of a type of event.
pub struct EventDoc {
    pub event_type: EventType,
    pub fields: Vec<Field>,
}

impl Field {
    /// The field of a record that came with `version` itself.
    pub(crate) fn since(self, version: u8) -> Field {
        Field { since: self.since.max(version), ..self }
    }

    /// The schema of an object with these members.
    pub(crate) fn object(fields: Vec<Field>) -> RefOr<Schema> {
        let object = fields.into_iter().fold(ObjectBuilder::new().schema_type(Type::Object), |object, field| {
            let object = if field.is_optional { object } else { object.required(field.name) };
            object.property(field.name, field.schema)
        });
        object.build().into()
    }

    /// The schema of one of these texts.
    pub(crate) fn names(names: &[&'static str]) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names.iter().copied())).build().into()
    }
}

impl Field {
    /// A member that is left out in some cases.
    pub(crate) fn optional<T: Json>(name: &'static str) -> Field {
        Field { name, is_optional: true, since: 1, schema: T::schema() }
    }

    /// A member that is one of these texts.
    pub(crate) fn words(name: &'static str, words: &[&'static str]) -> Field {
        Field { name, is_optional: false, since: 1, schema: Field::names(words) }
    }
}
