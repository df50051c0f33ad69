//! What a value with a stored form can do.

use super::catalogue::{Field, Shape};
use super::dice::Dice;
use super::reader::Reader;
use super::writer::Writer;
use crate::json::write::{Json, Members};
use domain::event::Request;
use domain::ids::{CustomerRef, Text};

/// What a reader answers: the value, or why the bytes have not its shape. A value that only the domain refuses is noted in
/// the reader, which reads on: what is wrong with the shape is said first, whatever else is.
pub(crate) type Get<T> = Result<T, postcard::Error>;

/// A value with a stored form.
pub(crate) trait Codec: Sized {
    /// The newest version of an event that this value brings about; see [`Codec::version`].
    const NEWEST: u8 = 1;

    /// The oldest version of an event that says all of this value.
    #[inline]
    fn version(&self) -> u8 {
        1
    }

    /// Appends the stored form, in the version of the event around it.
    fn put(&self, to: &mut Writer<'_>);

    /// Reads the stored form, in the version of the event around it.
    fn get(from: &mut Reader<'_, '_>) -> Get<Self>;

    /// As [`Codec::put`], where the version of the event says that the value is there.
    fn put_bare(&self, to: &mut Writer<'_>) {
        self.put(to);
    }

    /// As [`Codec::get`], where the version of the event says that the value is there.
    fn get_bare(from: &mut Reader<'_, '_>) -> Get<Self> {
        Self::get(from)
    }

    /// As [`Codec::get`], for a text that no other event has.
    fn get_own(from: &mut Reader<'_, '_>) -> Get<Self> {
        Self::get(from)
    }

    /// Whether it is a text, alone or in what holds one: then each field of it says whether a store may seal it.
    const IS_TEXT: bool = false;

    /// Hands over each text in it that a store may seal.
    fn texts(&mut self, _: &mut dyn FnMut(Personal<'_>)) {}

    /// Any value there is, for tests.
    ///
    /// # Panics
    /// For what is in no event.
    fn any(_: &mut Dice<'_>) -> Self {
        unreachable!("only events are made up")
    }
}

/// What of an event may be about a guest.
#[derive(Debug)]
#[allow(missing_docs, reason = "names and types say all")]
pub enum Personal<'a> {
    Text(&'a mut Text),
    Customer(&'a mut CustomerRef),
    /// A command as it came, with all texts in it.
    Request(&'a mut Request),
}

/// What a row of a table may call `sealed`.
pub(crate) trait Sealed {
    /// Hands it over.
    fn personal(&mut self, each: &mut dyn FnMut(Personal<'_>));
}

impl Sealed for Text {
    fn personal(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        each(Personal::Text(self));
    }
}

impl Sealed for CustomerRef {
    fn personal(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        each(Personal::Customer(self));
    }
}

impl Sealed for Request {
    fn personal(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        each(Personal::Request(self));
    }
}

impl<T: Sealed> Sealed for Option<T> {
    fn personal(&mut self, each: &mut dyn FnMut(Personal<'_>)) {
        if let Some(value) = self {
            value.personal(each);
        }
    }
}

/// [`Codec::IS_TEXT`] of what a field holds; the function only names the field.
pub(crate) const fn is_text<S, T: Codec>(_: fn(&S) -> &T) -> bool {
    T::IS_TEXT
}

/// [`Codec::NEWEST`] of what a field holds; the function only names the field.
pub(crate) const fn newest_of<S, T: Codec>(_: fn(&S) -> &T) -> u8 {
    T::NEWEST
}

/// [`Json::shape`] of what a field holds; the function only names the field.
pub(crate) fn shape_of<S, T: Json>(_: fn(&S) -> &T) -> Shape {
    T::shape()
}

/// [`Members::fields`] of what a field holds; the function only names the field.
pub(crate) fn fields_of<S, T: Members>(_: fn(&S) -> &T) -> Vec<Field> {
    T::fields()
}

/// The later of two versions.
#[inline]
pub(crate) const fn later(a: u8, b: u8) -> u8 {
    if a < b { b } else { a }
}

/// Whether a field is something else than it was before there was such a field.
#[inline]
pub(crate) fn differs<T: PartialEq>(field: &T, was: T) -> bool {
    *field != was
}
