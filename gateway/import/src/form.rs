//! The form of a file of rows: its encoding and what separates its columns, and how that is known, so that it can be told.

use std::fmt;

use encoding_rs::{Encoding, UTF_8};

/// What separates the columns of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Delimiter {
    /// Tab separated (`.tsv`).
    Tab,
    /// Comma separated (`.csv`).
    #[value(alias = ",")]
    Comma,
    /// As spreadsheets write it where the comma is the decimal mark.
    #[value(alias = ";")]
    Semicolon,
    /// A vertical bar.
    #[value(alias = "|")]
    Pipe,
}

impl Delimiter {
    /// All of them; of several that fit as well the first is taken.
    pub const ALL: [Delimiter; 4] = [Delimiter::Tab, Delimiter::Comma, Delimiter::Semicolon, Delimiter::Pipe];

    /// The byte between two columns.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Delimiter::Tab => b'\t',
            Delimiter::Comma => b',',
            Delimiter::Semicolon => b';',
            Delimiter::Pipe => b'|',
        }
    }

    /// Its name, as the flag takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Delimiter::Tab => "tab",
            Delimiter::Comma => "comma",
            Delimiter::Semicolon => "semicolon",
            Delimiter::Pipe => "pipe",
        }
    }
}

/// How something about a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The file says so: a byte order mark, a `sep=` line.
    Mark,
    /// A flag or a preset says so.
    Given,
    /// It looks like it.
    Seen,
    /// Nobody says otherwise.
    Assumed,
}

/// What flags and presets say of a file; `None` to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct FormFlags {
    pub encoding: Option<&'static Encoding>,
    pub delimiter: Option<Delimiter>,
}

/// The form of a file, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct FileForm {
    pub encoding: &'static Encoding,
    pub encoding_known: Known,
    pub delimiter: Delimiter,
    pub delimiter_known: Known,
}

impl FileForm {
    /// A file of which nothing is known yet.
    pub(crate) const ASSUMED: FileForm = FileForm {
        encoding: UTF_8,
        encoding_known: Known::Assumed,
        delimiter: Delimiter::Comma,
        delimiter_known: Known::Assumed,
    };
}

/// `windows-1252 (as told), columns separated by semicolon (recognised)`.
impl fmt::Display for FileForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding_by = match self.encoding_known {
            Known::Mark => "by its byte order mark",
            Known::Given => "as told",
            Known::Seen => "recognised",
            Known::Assumed => "assumed",
        };
        let delimiter_by = match self.delimiter_known {
            Known::Mark => "by its sep= line",
            Known::Given => "as told",
            Known::Seen => "recognised",
            Known::Assumed => "assumed",
        };
        let (encoding, delimiter) = (self.encoding.name(), self.delimiter.name());
        write!(f, "{encoding} ({encoding_by}), columns separated by {delimiter} ({delimiter_by})")
    }
}
