//! What the tables say of themselves.

use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Object, Ref, RefOr, Schema};

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

/// What there is to know of a type of event.
pub struct EventDoc {
    /// The type.
    pub event_type: EventType,
    /// The members of its JSON, in order.
    pub fields: Vec<Field>,
}

/// A member of an event's JSON.
#[derive(Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether it is left out where there is nothing to say.
    pub is_optional: bool,
    /// The version of the event that brought it.
    pub since: u8,
    /// Whether it is sealed where a store seals texts.
    pub is_sealed: bool,
    /// What stands there.
    pub shape: Shape,
}

/// What stands in JSON.
#[derive(Clone)]
pub enum Shape {
    /// A value, and the name that it has in the OpenAPI document if it has one.
    Value(Option<String>, Box<Object>),
    /// What may be `null`, which says something then.
    OrNull(Box<Shape>),
    /// A list.
    List(Box<Shape>),
    /// An object.
    Record(Vec<Field>),
}

impl Shape {
    /// A value that the OpenAPI document has a name for.
    pub(crate) fn named<T: ToSchema>() -> Shape {
        match T::schema() {
            RefOr::T(Schema::Object(object)) => Shape::Value(Some(T::name().into_owned()), Box::new(object)),
            _ => unreachable!("values are described by objects"),
        }
    }

    /// A value of a kind that events only have.
    pub(crate) fn plain(kind: Type, what: &str) -> Shape {
        let what = Some(what).filter(|what| !what.is_empty());
        Shape::Value(None, Box::new(ObjectBuilder::new().schema_type(SchemaType::new(kind)).description(what).build()))
    }

    /// One of these texts.
    pub(crate) fn words(words: &[&'static str]) -> Shape {
        let object = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        Shape::Value(None, Box::new(object.enum_values(Some(words.iter().copied())).build()))
    }

    /// What it is where it is not `null`.
    pub(crate) fn present(self) -> Shape {
        match self {
            Shape::OrNull(value) => *value,
            shape => shape,
        }
    }

    /// Its JSON Schema; what has a name is referred to.
    pub fn schema(&self) -> RefOr<Schema> {
        match self {
            Shape::Value(Some(name), _) => Ref::from_schema_name(name).into(),
            Shape::Value(None, object) => Object::clone(object).into(),
            Shape::OrNull(value) => {
                let null = ObjectBuilder::new().schema_type(SchemaType::new(Type::Null));
                Schema::OneOf(OneOfBuilder::new().item(null).item(value.schema()).build()).into()
            }
            Shape::List(values) => ArrayBuilder::new().items(values.schema()).build().into(),
            Shape::Record(fields) => object_schema(fields).build().into(),
        }
    }
}

impl EventDoc {
    /// The JSON Schema of its JSON.
    pub fn schema(&self) -> RefOr<Schema> {
        let EventType { tag, version, name } = self.event_type;
        let what = format!("The data of {name}: tag {tag:#06x}, schema version {version}.");
        object_schema(&self.fields).description(Some(what)).build().into()
    }
}

fn object_schema(fields: &[Field]) -> ObjectBuilder {
    fields.iter().fold(ObjectBuilder::new().schema_type(SchemaType::new(Type::Object)), |object, field| {
        let object = if field.is_optional { object } else { object.required(field.name) };
        object.property(field.name, field.shape.schema())
    })
}

impl Field {
    /// A member that is left out in some cases.
    pub(crate) fn optional(name: &'static str, shape: Shape) -> Field {
        Field { name, is_optional: true, since: 1, is_sealed: false, shape }
    }

    /// A member that is one of these texts.
    pub(crate) fn words(name: &'static str, words: &[&'static str]) -> Field {
        Field { name, is_optional: false, since: 1, is_sealed: false, shape: Shape::words(words) }
    }

    /// A member that is sealed where a store seals texts.
    pub(crate) fn sealed(self) -> Field {
        Field { is_sealed: true, ..self }
    }

    /// The field, where what it is in came with `version`.
    pub(crate) fn since(self, version: u8) -> Field {
        Field { since: self.since.max(version), ..self }
    }

    /// The field of an event that was born with version `first` of what it is made of.
    pub(crate) fn counted_from(self, first: u8) -> Field {
        let fields = |fields: Vec<Field>| fields.into_iter().map(|field| field.counted_from(first)).collect();
        let shape = match self.shape {
            Shape::Record(members) => Shape::Record(fields(members)),
            Shape::List(values) => match *values {
                Shape::Record(members) => Shape::List(Box::new(Shape::Record(fields(members)))),
                values => Shape::List(Box::new(values)),
            },
            shape => shape,
        };
        Field { since: 1 + self.since.saturating_sub(first), shape, ..self }
    }
}
