//! The fields of a row as texts.

use crate::modifiers::clean;
use crate::record::Record;
use crate::source::Columns;

/// A longer text in a mapped column is no name.
pub const TEXT_CHARS_MAX: usize = 200;

pub(crate) const NO_TEXT: &str =
    "the text is not UTF-8; name the file's own encoding with --encoding, such as windows-1252";

pub(crate) fn field(record: &Record, index: usize) -> Result<String, String> {
    std::str::from_utf8(record.field(index)).map(clean).map_err(|_| NO_TEXT.to_owned())
}

/// The text of the mapped columns, blanks tidied, joined by `joint`.
///
/// # Errors
/// Says why it is no text.
pub(crate) fn text(record: &Record, columns: &Columns, joint: &str) -> Result<String, String> {
    let mut joined = String::new();
    for (number, index) in columns.indexes.iter().enumerate() {
        if 0 < number {
            joined.push_str(joint);
        }
        joined.push_str(&field(record, *index)?);
    }
    match bad_text(&joined) {
        Some(reason) => Err(reason),
        None => Ok(joined),
    }
}

/// Why a text is no name.
pub(crate) fn bad_text(text: &str) -> Option<String> {
    match text.chars().find(|character| character.is_control()) {
        Some(control) => Some(format!("the text holds the control character {control:?}")),
        None if TEXT_CHARS_MAX < text.chars().count() => {
            Some(format!("the text is longer than {TEXT_CHARS_MAX} characters"))
        }
        None => None,
    }
}
