//! The canonical bytes a digest is taken over.

use crate::stored::parts::Named;
use domain::calendar::Timestamp;
use domain::money::{Money, QtyMilli};

/// Writes fields one behind the other; see [`super`] for the form.
pub(super) struct Form<'a>(pub(super) &'a mut Vec<u8>);

/// From this length on, the length takes four more bytes.
const LONG: usize = 255;

impl Form<'_> {
    /// A field that is bytes already.
    pub(super) fn bytes(&mut self, tag: u8, value: &[u8]) -> &mut Self {
        self.0.push(tag);
        match value.len() {
            len if len < LONG => self.0.push(len as u8),
            len => {
                self.0.push(LONG as u8);
                self.0.extend_from_slice(&long_len(len));
            }
        }
        self.0.extend_from_slice(value);
        self
    }

    /// An id or a text.
    pub(super) fn text<T: Named>(&mut self, tag: u8, value: &T) -> &mut Self {
        self.bytes(tag, value.text().as_bytes())
    }

    /// An id or a text; nothing where it is absent.
    pub(super) fn text_opt<T: Named>(&mut self, tag: u8, value: &Option<T>) -> &mut Self {
        match value {
            Some(value) => self.text(tag, value),
            None => self,
        }
    }

    /// A list of ids or texts: one field each, in order.
    pub(super) fn texts<T: Named>(&mut self, tag: u8, values: &[T]) -> &mut Self {
        for value in values {
            self.text(tag, value);
        }
        self
    }

    /// A number. All are written as wide as the widest, so that a field may be widened.
    pub(super) fn number(&mut self, tag: u8, value: impl Into<i64>) -> &mut Self {
        self.bytes(tag, &value.into().to_le_bytes())
    }

    /// A number; nothing where it is absent.
    pub(super) fn number_opt(&mut self, tag: u8, value: Option<impl Into<i64>>) -> &mut Self {
        match value {
            Some(value) => self.number(tag, value),
            None => self,
        }
    }

    /// An amount.
    pub(super) fn money(&mut self, tag: u8, value: Money) -> &mut Self {
        self.number(tag, value.0)
    }

    /// An amount; nothing where it is absent.
    pub(super) fn money_opt(&mut self, tag: u8, value: Option<Money>) -> &mut Self {
        self.number_opt(tag, value.map(|value| value.0))
    }

    /// A quantity.
    pub(super) fn qty(&mut self, tag: u8, value: QtyMilli) -> &mut Self {
        self.number(tag, value.0)
    }

    /// An instant.
    pub(super) fn timestamp(&mut self, tag: u8, value: Timestamp) -> &mut Self {
        self.number(tag, value.0)
    }

    /// A flag: an empty field where it is up, nothing where it is not.
    pub(super) fn flag(&mut self, tag: u8, value: bool) -> &mut Self {
        match value {
            true => self.bytes(tag, &[]),
            false => self,
        }
    }

    /// A field made of fields.
    pub(super) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Form<'_>)) -> &mut Self {
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
        self
    }

    /// A list of fields made of fields: one each, in order.
    pub(super) fn list<T>(&mut self, tag: u8, values: &[T], write: impl Fn(&mut Form<'_>, &T)) -> &mut Self {
        for value in values {
            self.nested(tag, |form| write(form, value));
        }
        self
    }
}

fn long_len(len: usize) -> [u8; 4] {
    u32::try_from(len).expect("a command is bounded by the door, far below 4 GiB").to_le_bytes()
}

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

    #[test]
    fn a_field_is_tag_length_value() {
        check(|form| _ = form.bytes(7, b"ab"), &[7, 2, b'a', b'b']);
        check(|form| _ = form.number(7, -2), &[7, 8, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        check(|form| _ = form.flag(7, true).flag(8, false), &[7, 0]);
        check(|form| _ = form.number_opt(7, None::<i64>).money_opt(8, None), &[]);
        check(|form| _ = form.nested(7, |form| _ = form.bytes(1, b"x")), &[7, 3, 1, 1, b'x']);
        check(
            |form| _ = form.list(7, &[1_u8, 2], |form, value| _ = form.bytes(*value, &[])),
            &[7, 2, 1, 0, 7, 2, 2, 0],
        );
    }

    #[test]
    fn a_long_length_takes_four_more_bytes() {
        for (len, head) in [(254, &[7, 254][..]), (255, &[7, 255, 255, 0, 0, 0]), (300, &[7, 255, 44, 1, 0, 0])] {
            let value = vec![9; len];
            check(|form| _ = form.bytes(7, &value), &[head, &value].concat());
            // A nested field of the same length has the same head.
            check(|form| _ = form.nested(7, |form| form.0.extend_from_slice(&value)), &[head, &value].concat());
        }
    }
}
