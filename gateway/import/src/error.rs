//! What stops an import. A bad row does not: see [`Rejected`](crate::rows::Rejected).

use std::io;
use std::path::PathBuf;

/// An import that cannot start or go on. Nothing here is about one row of the order file.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum ImportError {
    /// A flag of the command line is missing or says something impossible. Correct the command.
    #[error("--{flag}: {reason}")]
    Flag {
        /// The flag without its dashes.
        flag: &'static str,
        /// What is wrong, in words for the person at the terminal.
        reason: String,
    },
    /// The file cannot be opened or read (missing, no permission, damaged gzip).
    #[error("cannot read {path} after line {line}")]
    Read {
        path: PathBuf,
        /// The last line that was read whole; 0 if none was.
        line: u64,
        /// What the operating system or the decompressor said.
        source: io::Error,
    },
    /// The file is not a table this reader understands (empty, in another encoding, an endless line).
    #[error("{path}, line {line}: {reason}")]
    Format {
        path: PathBuf,
        /// Where, counted from 1.
        line: u64,
        /// What was found and what to do.
        reason: String,
    },
    /// A column that a flag names is not in the file, or is in it twice.
    #[error("--{flag}: {path} {reason}; its columns, separated by {delimiter}, are: {columns}")]
    Column {
        /// The flag and key, such as `map order`.
        flag: String,
        path: PathBuf,
        /// `has no column ...` or `has two columns ...`.
        reason: String,
        /// All columns of the file, for the person to choose from.
        columns: String,
        /// What separates them; `--delimiter` says another.
        delimiter: &'static str,
    },
    /// A row of the items file is wrong. Unlike an order, a menu is taken whole or not at all.
    #[error("{path}, line {line}, column `{column}`: {reason}")]
    Items {
        path: PathBuf,
        /// Where, counted from 1.
        line: u64,
        column: String,
        reason: String,
    },
    /// Rows of the same order are so far apart that too many would have to wait in memory. Sort the file by its order column.
    #[error(
        "rows of one order are too far apart: {rows} rows would wait in memory, the limit is {max}; sort the file by its order column"
    )]
    Scattered {
        /// How many rows would wait at the worst moment.
        rows: u64,
        max: u64,
    },
    /// The file changed between the first and the second pass. Run the import again.
    #[error("{path} changed while it was being imported; run the import again")]
    Changed { path: PathBuf },
    /// The list of rejected rows cannot be written beside the file.
    #[error("cannot write the rejected rows to {path}")]
    Rejects {
        /// The list, or its temporary file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
