//! The canonical bytes a digest is taken over; [`super`] describes the form.

use crate::codec::{Code, rights_bits};
use domain::calendar::{CutOff, Date, TimeOfDay, Timestamp, Weekday};
use domain::check::CheckId;
use domain::command::{Charges, Issued};
use domain::event::{Capture, Channel, Decision, DiningMode, Document, PayMode, Role};
use domain::ids;
use domain::kitchen::Kitchen;
use domain::money::{Currency, Money, Ppm, QtyMilli, Rounding};
use domain::pricing::TaxRounding;
use domain::staff::Rights;
use domain::store::CashShifts;

/// Writes fields one behind the other.
pub(crate) struct Form<'a>(pub(super) &'a mut Vec<u8>);

/// From this length on, the length takes four more bytes.
const LONG: usize = 255;

impl Form<'_> {
    pub(super) fn bytes(&mut self, tag: u8, value: &[u8]) {
        self.0.push(tag);
        match value.len() {
            len if len < LONG => self.0.push(len as u8),
            len => {
                self.0.push(LONG as u8);
                self.0.extend_from_slice(&long_len(len));
            }
        }
        self.0.extend_from_slice(value);
    }

    /// All numbers are written as wide as the widest, so that a field may be widened.
    pub(super) fn number(&mut self, tag: u8, value: impl Into<i64>) {
        self.bytes(tag, &value.into().to_le_bytes());
    }

    /// A flag is an empty field where it is up, and nothing where it is not.
    pub(super) fn flag(&mut self, tag: u8, value: bool) {
        if value {
            self.bytes(tag, &[]);
        }
    }

    /// A field made of fields.
    pub(super) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Form<'_>)) {
        self.0.extend_from_slice(&[tag, 0]);
        let start = self.0.len();
        write(&mut Form(self.0));
        match self.0.len() - start {
            len if len < LONG => self.0[start - 1] = len as u8,
            len => {
                self.0[start - 1] = LONG as u8;
                // Making room afterwards is rare: most parts of most commands are below the limit.
                self.0.splice(start..start, long_len(len));
            }
        }
    }
}

fn long_len(len: usize) -> [u8; 4] {
    u32::try_from(len).expect("a command is bounded by the door, far below 4 GiB").to_le_bytes()
}

/// A value that is one field, or none where it is absent, or one for each entry of a list.
pub(crate) trait Field {
    fn put(&self, tag: u8, form: &mut Form<'_>);
}

/// A value that is several fields, with tags of their own.
pub(crate) trait Fields {
    fn put_fields(&self, form: &mut Form<'_>);
}

/// Writes a field as its declaration says: under a number, with the tags of its own parts (`flat`), or not at all (`_`).
macro_rules! put {
    ($form:ident, $field:ident: flat) => {
        $crate::stored::digest::form::Fields::put_fields($field, $form)
    };
    ($form:ident, $field:ident: _) => {
        _ = $field
    };
    ($form:ident, $field:ident: $tag:literal) => {
        $crate::stored::digest::form::Field::put($field, $tag, $form)
    };
}

pub(crate) use put;

impl<T: Field> Field for Option<T> {
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        if let Some(value) = self {
            value.put(tag, form);
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn put(&self, tag: u8, form: &mut Form<'_>) {
        for value in self {
            value.put(tag, form);
        }
    }
}

macro_rules! fields {
    ($($kind:ty: |$form:ident, $tag:ident, $value:ident| $put:expr;)*) => {$(
        impl Field for $kind {
            fn put(&self, $tag: u8, $form: &mut Form<'_>) {
                let $value = self;
                $put
            }
        }
    )*};
}

fields! {
    bool: |form, tag, up| form.flag(tag, *up);
    u16: |form, tag, number| form.number(tag, *number);
    u32: |form, tag, number| form.number(tag, *number);
    // A position and a revision are below 2^63, a place in a queue below 2^53.
    u64: |form, tag, number| form.number(tag, number.cast_signed());
    ids::Revision: |form, tag, revision| revision.0.put(tag, form);
    ids::TerminalSeq: |form, tag, seq| seq.0.put(tag, form);
    // Ids of 128 bits and hashes are bytes.
    u128: |form, tag, number| form.bytes(tag, &number.to_be_bytes());
    ids::CommandId: |form, tag, id| id.0.put(tag, form);
    [u8; 32]: |form, tag, hash| form.bytes(tag, hash);
    Money: |form, tag, amount| form.number(tag, amount.0);
    QtyMilli: |form, tag, qty| form.number(tag, qty.0);
    Ppm: |form, tag, rate| form.number(tag, rate.0);
    // The exponent follows from the code by a table that may be corrected: a repeat across that is still a repeat.
    Currency: |form, tag, currency| form.bytes(tag, currency.code().as_bytes());
    Timestamp: |form, tag, time| form.number(tag, time.0);
    Date: |form, tag, date| form.number(tag, date.days());
    CutOff: |form, tag, cut_off| form.number(tag, cut_off.minute());
    TimeOfDay: |form, tag, time| form.number(tag, time.minute());
    CheckId: |form, tag, check| form.number(tag, check.number());
    Rights: |form, tag, rights| form.number(tag, rights_bits(*rights));
    CashShifts: |form, tag, shifts| form.flag(tag, *shifts == CashShifts::Required);
    Kitchen: |form, tag, kitchen| form.flag(tag, *kitchen == Kitchen::On);
    Charges: |form, tag, charges| form.flag(tag, *charges == Charges::Keep);
    Issued: |form, tag, issued| form.number(tag, match issued { Issued::Revoke => 1, Issued::Keep => 2 });
}

macro_rules! texts {
    ($($kind:ident)*) => {$(
        impl Field for ids::$kind {
            fn put(&self, tag: u8, form: &mut Form<'_>) {
                form.bytes(tag, self.as_str().as_bytes());
            }
        }
    )*};
}

texts! {
    AccountId ActorId ChargeId CustomerRef DaypartId DeviceId DiscountId DrawerId GroupId ItemId LineId ModifierId OrderId PaymentId RefundId Sku
    StationId StoreId TableId TaxId TenderId TerminalId Text TicketId TokenId VariationId
}

macro_rules! codes {
    ($($kind:ident)*) => {$(
        impl Field for $kind {
            fn put(&self, tag: u8, form: &mut Form<'_>) {
                form.number(tag, self.code());
            }
        }
    )*};
}

codes! { Capture Channel Decision DiningMode Document PayMode Role Rounding TaxRounding Weekday }

#[cfg(test)]
mod tests {
    use super::*;

    /// The only function here that writes a form.
    #[track_caller]
    fn check(write: impl FnOnce(&mut Form<'_>), then: &[u8]) {
        let mut bytes = Vec::new();
        write(&mut Form(&mut bytes));
        assert_eq!(bytes, then);
    }

    /// A record of one field whose tag is its value.
    impl Field for u8 {
        fn put(&self, tag: u8, form: &mut Form<'_>) {
            form.nested(tag, |form| form.bytes(*self, &[]));
        }
    }

    #[test]
    fn a_field_is_tag_length_value() {
        check(|form| form.bytes(7, b"ab"), &[7, 2, b'a', b'b']);
        check(|form| form.number(7, -2), &[7, 8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        check(|form| true.put(7, form), &[7, 0]);
        check(|form| false.put(8, form), &[]);
        check(|form| None::<u32>.put(7, form), &[]);
        check(|form| None::<Money>.put(8, form), &[]);
        check(|form| form.nested(7, |form| form.bytes(1, b"x")), &[7, 3, 1, 1, b'x']);
        check(|form| vec![1_u8, 2].put(7, form), &[7, 2, 1, 0, 7, 2, 2, 0]);
    }

    #[test]
    fn a_long_length_takes_four_more_bytes() {
        for (len, head) in [(254, &[7, 254][..]), (255, &[7, 255, 255, 0, 0, 0]), (300, &[7, 255, 44, 1, 0, 0])] {
            let value = vec![9; len];
            check(|form| form.bytes(7, &value), &[head, &value].concat());
            // A nested field of the same length has the same head.
            check(|form| form.nested(7, |form| form.0.extend_from_slice(&value)), &[head, &value].concat());
        }
    }
}
