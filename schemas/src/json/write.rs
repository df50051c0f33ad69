//! JSON the short way: the bytes that `serde_json` writes, for answers that are written thousands of times a second.
//!
//! What makes it short: names of fields come with their quotes, comma and colon ready ([`Name`]) and are copied in one
//! piece; a text is looked through once and copied in one piece unless something in it must be escaped. Whatever is
//! rare (escapes, floats) is left to `serde_json` itself, so that there is one opinion on it.

use super::token::put_digits;
use serde::ser::{self, Impossible, Serialize, Serializer};
use std::fmt::Display;

/// Why a value is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The value says so itself.
    #[error("{0}")]
    Value(String),
    /// An object's name is no text.
    #[error("a name in an object is no text")]
    Name,
    /// What is left to it.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl ser::Error for WriteError {
    fn custom<T: Display>(message: T) -> WriteError {
        WriteError::Value(message.to_string())
    }
}

/// Appends a value as JSON: the bytes of `serde_json::to_writer`.
///
/// # Errors
/// [`WriteError`]; then part of the value may have been appended.
pub fn write_json<T: Serialize + ?Sized>(value: &T, to: &mut Vec<u8>) -> Result<(), WriteError> {
    value.serialize(Writer { to })
}

/// A field's name, and the same as it stands in an object behind another field: `,"name":`.
pub(crate) struct Name {
    pub(crate) plain: &'static str,
    pub(crate) ready: &'static str,
}

/// What a [`Name`] looks like to a serializer: a newtype around its plain text, with a name that no type has.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_newtype_struct(self.ready, self.plain)
    }
}

/// What every ready name begins with, and no name of a type.
const READY: u8 = b',';

/// Writes one value.
struct Writer<'a> {
    to: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    fn text(self, text: &str) -> Result<(), WriteError> {
        let bytes = text.as_bytes();
        // Without a way out in the middle, so that many bytes are looked at at once.
        let is_escaped = |bad, &byte: &u8| bad | (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if bytes.iter().fold(false, is_escaped) {
            return Ok(serde_json::to_writer(self.to, text)?);
        }
        self.to.reserve(bytes.len() + 2);
        self.to.push(b'"');
        self.to.extend_from_slice(bytes);
        self.to.push(b'"');
        Ok(())
    }

    fn number(self, is_negative: bool, number: u64) {
        const LEN_MAX: usize = "-18446744073709551615".len();
        let mut buffer = [0; LEN_MAX];
        let mut start = put_digits(&mut buffer, LEN_MAX, number);
        if is_negative {
            start -= 1;
            buffer[start] = b'-';
        }
        self.to.extend_from_slice(&buffer[start..]);
    }

    /// Begins an object or a list; with a variant's name around it where it is one.
    fn open(self, variant: Option<&str>, brackets: [u8; 2]) -> Result<Members<'a>, WriteError> {
        let Writer { to } = self;
        if let Some(variant) = variant {
            to.push(b'{');
            Writer { to }.text(variant)?;
            to.push(b':');
        }
        to.push(brackets[0]);
        Ok(Members { to, end: brackets[1], is_variant: variant.is_some(), is_first: true })
    }
}

const OBJECT: [u8; 2] = *b"{}";
const LIST: [u8; 2] = *b"[]";

/// Writes the members of an object or a list.
struct Members<'a> {
    to: &'a mut Vec<u8>,
    end: u8,
    is_variant: bool,
    is_first: bool,
}

impl Members<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.to.push(b',');
        }
        value.serialize(Writer { to: self.to })
    }

    fn named<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), WriteError> {
        self.element(name)?;
        self.to.push(b':');
        value.serialize(Writer { to: self.to })
    }

    fn close(self) {
        self.to.push(self.end);
        if self.is_variant {
            self.to.push(b'}');
        }
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Members<'a>;
    type SerializeTuple = Members<'a>;
    type SerializeTupleStruct = Members<'a>;
    type SerializeTupleVariant = Members<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.to.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), WriteError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), WriteError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), WriteError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), WriteError> {
        self.number(value < 0, value.unsigned_abs());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), WriteError> {
        Ok(serde_json::to_writer(self.to, &value)?)
    }

    fn serialize_u8(self, value: u8) -> Result<(), WriteError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), WriteError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), WriteError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), WriteError> {
        self.number(false, value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), WriteError> {
        Ok(serde_json::to_writer(self.to, &value)?)
    }

    fn serialize_f32(self, value: f32) -> Result<(), WriteError> {
        Ok(serde_json::to_writer(self.to, &value)?)
    }

    fn serialize_f64(self, value: f64) -> Result<(), WriteError> {
        Ok(serde_json::to_writer(self.to, &value)?)
    }

    fn serialize_char(self, value: char) -> Result<(), WriteError> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), WriteError> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), WriteError> {
        Ok(serde_json::to_writer(self.to, value)?)
    }

    fn serialize_none(self) -> Result<(), WriteError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), WriteError> {
        self.to.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), WriteError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), WriteError> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        let mut members = self.open(None, OBJECT)?;
        members.named(variant, value)?;
        members.close();
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Members<'a>, WriteError> {
        self.open(None, LIST)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Members<'a>, WriteError> {
        self.open(None, LIST)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Members<'a>, WriteError> {
        self.open(None, LIST)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Members<'a>, WriteError> {
        self.open(Some(variant), LIST)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Members<'a>, WriteError> {
        self.open(None, OBJECT)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Members<'a>, WriteError> {
        self.open(None, OBJECT)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Members<'a>, WriteError> {
        self.open(Some(variant), OBJECT)
    }
}

macro_rules! list_members {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = WriteError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
                self.element(value)
            }

            fn end(self) -> Result<(), WriteError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

list_members! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
}

macro_rules! object_members {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = WriteError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), WriteError> {
                self.named(name, value)
            }

            fn end(self) -> Result<(), WriteError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

object_members! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), WriteError> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        name.serialize(NameWriter { to: self.to, is_first })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        value.serialize(Writer { to: self.to })
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}

/// Writes a name in an object, the comma before it and the colon behind it.
struct NameWriter<'a> {
    to: &'a mut Vec<u8>,
    is_first: bool,
}

impl NameWriter<'_> {
    fn text(self, name: &str) -> Result<(), WriteError> {
        if !self.is_first {
            self.to.push(b',');
        }
        Writer { to: self.to }.text(name)?;
        self.to.push(b':');
        Ok(())
    }
}

macro_rules! no_names {
    ($($method:ident($($value:ty)?);)*) => {
        $(
            fn $method(self, $(_: $value)?) -> Result<Self::Ok, WriteError> {
                Err(WriteError::Name)
            }
        )*
    };
}

impl Serializer for NameWriter<'_> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Impossible<(), WriteError>;
    type SerializeTuple = Impossible<(), WriteError>;
    type SerializeTupleStruct = Impossible<(), WriteError>;
    type SerializeTupleVariant = Impossible<(), WriteError>;
    type SerializeMap = Impossible<(), WriteError>;
    type SerializeStruct = Impossible<(), WriteError>;
    type SerializeStructVariant = Impossible<(), WriteError>;

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), WriteError> {
        match (name.as_bytes(), self.is_first) {
            ([READY, first @ ..], true) => self.to.extend_from_slice(first),
            (ready @ [READY, ..], false) => self.to.extend_from_slice(ready),
            _ => return value.serialize(self),
        }
        Ok(())
    }

    fn serialize_str(self, name: &str) -> Result<(), WriteError> {
        self.text(name)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), WriteError> {
        self.text(variant)
    }

    no_names! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_f32(f32);
        serialize_f64(f64); serialize_char(char); serialize_bytes(&[u8]); serialize_none(); serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, WriteError> {
        Err(WriteError::Name)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, WriteError> {
        Err(WriteError::Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(serde::Serialize)]
    struct Unit;
    #[derive(serde::Serialize)]
    struct Wrapped(u8);
    #[derive(serde::Serialize)]
    struct Pair(u8, &'static str);
    #[derive(serde::Serialize)]
    struct Named {
        first: Option<i8>,
        #[serde(rename = "se\"cond")]
        second: char,
    }
    #[derive(serde::Serialize)]
    enum Choice {
        Plain,
        One(i16),
        Two(i32, u16),
        Fields { a: u32, b: Option<&'static str> },
    }

    #[track_caller]
    fn same<T: Serialize>(value: T) {
        let mut written = b"before".to_vec();
        write_json(&value, &mut written).unwrap();
        let expected = format!("before{}", serde_json::to_string(&value).unwrap());
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn every_kind_of_value_is_written_as_serde_json_writes_it() {
        same((true, false, (), None::<u8>, Some(7), Unit, Wrapped(1), Pair(2, "x")));
        same((0, i8::MIN, i16::MIN, i32::MIN, i64::MIN, i64::MAX, u64::MAX, i128::MIN, u128::MAX));
        same((0.5_f32, -1.125, 1e300, f64::NAN));
        same(("", "plain", "quo\"te", "back\\slash", "line\nfeed", "\u{1}", "caf\u{e9} \u{1f355}", '"', '\u{e9}'));
        same([Named { first: None, second: '\t' }, Named { first: Some(-1), second: 'y' }]);
        same([Choice::Plain, Choice::One(-5), Choice::Two(3, 4), Choice::Fields { a: 5, b: Some("c") }]);
        same(Choice::Fields { a: 0, b: None });
        same((Vec::<u8>::new(), vec![vec![1], vec![]], [(1, "a")]));
        same(BTreeMap::from([("a", 1), ("b\"", 2)]));
        same(BTreeMap::<&str, u8>::new());
        same(serde_json::json!({"a": [1, {"b": null}], "c": -0.25}));
    }

    #[test]
    fn names_are_texts() {
        assert!(matches!(write_json(&BTreeMap::from([(1, 2)]), &mut vec![]), Err(WriteError::Name)));
        assert!(matches!(write_json(&BTreeMap::from([(Some("a"), 2)]), &mut vec![]), Err(WriteError::Name)));
    }
}
