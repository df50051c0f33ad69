//! Opens a file of rows and reads it row by row: plain or gzip, in any encoding, LF, CRLF or CR, whatever separates its columns.
//!
//! No more than [`RECORD_LINES_MAX`] lines of at most [`LINE_BYTES_MAX`] bytes are in memory at a time, whatever the file is.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use encoding_rs::UTF_8;
use flate2::read::MultiGzDecoder;

use crate::encoding::{HEAD_BYTES, Transcoded, detect};
use crate::error::ImportError;
use crate::form::{Delimiter, FileForm, FormFlags, Known};
use crate::record::{Record, Splitter};

/// A longer line is no table: probably a binary file.
pub const LINE_BYTES_MAX: u64 = 1 << 20;

/// A quoted field may contain line ends, but a quote still open after so many lines was never meant to be one.
pub const RECORD_LINES_MAX: usize = 64;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// An open file of rows, behind its header.
pub struct Source {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    /// The byte that ends a line.
    line_end: u8,
    form: FileForm,
    header: Vec<String>,
    /// Lines that were read in search of a closing quote and are rows of their own after all.
    ahead: VecDeque<Vec<u8>>,
    /// The number of the last line that was given out.
    line: u64,
}

/// Where the parts of one mapped value stand in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The indexes of the columns, in the order in which they are joined.
    pub indexes: Vec<usize>,
    /// Their names, joined by `+`, for error messages.
    pub label: String,
}

impl Source {
    /// Opens `path` and reads its header. Whether it is gzip is told by its content; what `flags` do not say of its form is found out.
    ///
    /// # Errors
    /// - [`ImportError::Read`]: the file cannot be opened or read.
    /// - [`ImportError::Format`]: it is empty, has no header, or is no text in its encoding.
    pub fn open(path: &Path, flags: FormFlags) -> Result<Source, ImportError> {
        let failed = |source| ImportError::Read { path: path.to_owned(), line: 0, source };
        let mut plain = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
        let zipped = plain.fill_buf().map_err(failed)?.starts_with(GZIP_MAGIC);
        let reader: Box<dyn BufRead + Send> = match zipped {
            true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(plain))),
            false => Box::new(plain),
        };
        Source::from_reader(path, reader, flags)
    }

    fn from_reader(path: &Path, mut reader: Box<dyn BufRead + Send>, flags: FormFlags) -> Result<Source, ImportError> {
        let failed = |source| ImportError::Read { path: path.to_owned(), line: 0, source };
        let mut head = Vec::new();
        (&mut reader).take(HEAD_BYTES).read_to_end(&mut head).map_err(failed)?;
        let (encoding, encoding_known, mark_length) = detect(&head, flags.encoding)
            .map_err(|reason| ImportError::Format { path: path.to_owned(), line: 1, reason })?;
        head.drain(..mark_length);
        let text = Cursor::new(head).chain(reader);
        let mut reader: Box<dyn BufRead + Send> = match encoding == UTF_8 {
            true => Box::new(text),
            false => Box::new(BufReader::with_capacity(1 << 16, Transcoded::new(text, encoding))),
        };
        let begins = reader.fill_buf().map_err(failed)?;
        // Spreadsheets on old Macs ended lines with CR alone.
        let mut ends = begins.iter().skip_while(|byte| !matches!(byte, b'\r' | b'\n'));
        let line_end = match (ends.next(), ends.next()) {
            (Some(b'\r'), Some(next)) if *next != b'\n' => b'\r',
            _ => b'\n',
        };
        let mut source = Source {
            path: path.to_owned(),
            reader,
            line_end,
            form: FileForm { encoding, encoding_known, ..FileForm::ASSUMED },
            header: Vec::new(),
            ahead: VecDeque::new(),
            line: 0,
        };
        source.read_header(flags.delimiter)?;
        Ok(source)
    }

    fn read_header(&mut self, given: Option<Delimiter>) -> Result<(), ImportError> {
        let mut first = self.first_line()?;
        let named = separator_named(&first);
        if let Some(named) = named {
            let delimiter = Delimiter::ALL.into_iter().find(|delimiter| delimiter.byte() == named);
            let Some(delimiter) = delimiter else {
                let reason = "the file separates its columns by something else than tab, comma, semicolon or pipe";
                return Err(self.bad_format(reason.to_owned()));
            };
            (self.form.delimiter, self.form.delimiter_known) = (delimiter, Known::Mark);
            first = self.first_line()?;
        }
        if let Some(given) = given {
            (self.form.delimiter, self.form.delimiter_known) = (given, Known::Given);
        } else if named.is_none() {
            (self.form.delimiter, self.form.delimiter_known) = guess(&first);
        }
        self.ahead.push_front(first);
        self.line -= 1;
        let record = self.next_record()?;
        self.header = match record.as_ref().filter(|record| record.fault.is_none()).and_then(names) {
            Some(header) => header,
            None => {
                let encoding = self.form.encoding.name();
                let reason = format!(
                    "the first line does not name columns in {encoding}; name the file's own encoding with --encoding, \
                     such as windows-1252"
                );
                return Err(self.bad_format(reason));
            }
        };
        Ok(())
    }

    /// A line before the first row.
    fn first_line(&mut self) -> Result<Vec<u8>, ImportError> {
        match self.next_line()? {
            Some(first) => Ok(first),
            None => Err(self.bad_format("the file is empty; its first line must name the columns".to_owned())),
        }
    }

    /// The form of the file.
    #[must_use]
    pub fn form(&self) -> FileForm {
        self.form
    }

    /// The names of the columns, trimmed.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Finds the columns called `names` for the flag `flag`.
    ///
    /// # Errors
    /// [`ImportError::Column`] with all columns of the file, if one is not there or there twice.
    pub fn columns(&self, flag: &str, names: &[String]) -> Result<Columns, ImportError> {
        let failed = |reason: String| ImportError::Column {
            flag: flag.to_owned(),
            path: self.path.clone(),
            reason,
            columns: self.header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            delimiter: self.form.delimiter.name(),
        };
        let mut indexes = Vec::with_capacity(names.len());
        for name in names {
            let mut found = self.header.iter().enumerate().filter(|(_, column)| *column == name).map(|(at, _)| at);
            match (found.next(), found.next()) {
                (Some(index), None) => indexes.push(index),
                (None, _) => return Err(failed(format!("has no column `{name}`"))),
                (Some(_), Some(_)) => return Err(failed(format!("has two columns `{name}`"))),
            }
        }
        Ok(Columns { indexes, label: names.join("+") })
    }

    /// The next row that is not blank, `None` at the end. A row with the wrong number of columns, or a quote that is never closed,
    /// comes with a [`fault`](Record::fault); the line after the quote is then the next row.
    ///
    /// # Errors
    /// - [`ImportError::Read`]: the file cannot be read further.
    /// - [`ImportError::Format`]: a line is longer than [`LINE_BYTES_MAX`].
    pub fn next_record(&mut self) -> Result<Option<Record>, ImportError> {
        let first = loop {
            match self.next_line()? {
                None => return Ok(None),
                Some(line) if line.is_empty() => {}
                Some(line) => break line,
            }
        };
        let number = self.line;
        let mut splitter = Splitter::new(self.form.delimiter.byte());
        splitter.push(&first);
        let mut more: VecDeque<Vec<u8>> = VecDeque::new();
        while splitter.is_open() {
            let next = match more.len() + 1 < RECORD_LINES_MAX {
                true => self.next_line()?,
                false => None,
            };
            let Some(line) = next else {
                let fault = format!("a quote is opened here and not closed within {RECORD_LINES_MAX} lines");
                return Ok(Some(self.give_up(number, &first, more, fault)));
            };
            splitter.push(&line);
            more.push_back(line);
        }
        let mut record = splitter.finish(number);
        record.fault = self.bad_shape(&record);
        if let (Some(fault), false) = (&record.fault, more.is_empty()) {
            // Two stray quotes, each in a row of its own, look like one long field. Do not let it swallow the rows between them.
            let fault = format!("{fault} if the quote that is opened here is closed {} lines below", more.len());
            return Ok(Some(self.give_up(number, &first, more, fault)));
        }
        Ok(Some(record))
    }

    /// Takes the line `number` for a row of its own that cannot be read; the lines after it are read again.
    fn give_up(&mut self, number: u64, first: &[u8], mut more: VecDeque<Vec<u8>>, fault: String) -> Record {
        self.line = number;
        more.append(&mut self.ahead);
        self.ahead = more;
        Record::broken(number, first, fault)
    }

    /// What is wrong with the number of columns. Empty ones behind the last that the header names do no harm.
    fn bad_shape(&self, record: &Record) -> Option<String> {
        let (count, named) = (record.count(), self.header.len());
        let blank_rest = (named..count).all(|index| record.field(index).is_empty());
        match named == 0 || (named <= count && blank_rest) {
            true => None,
            false => Some(format!("the row has {count} columns, the header {named}")),
        }
    }

    /// The next line without its end.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, ImportError> {
        if let Some(line) = self.ahead.pop_front() {
            self.line += 1;
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        match (&mut self.reader).take(LINE_BYTES_MAX).read_until(self.line_end, &mut line) {
            Ok(0) => return Ok(None),
            Ok(_) => self.line += 1,
            Err(source) => return Err(ImportError::Read { path: self.path.clone(), line: self.line, source }),
        }
        match line.last() {
            Some(last) if *last == self.line_end => drop(line.pop()),
            _ if line.len() as u64 == LINE_BYTES_MAX => {
                return Err(
                    self.bad_format(format!("the line is longer than {LINE_BYTES_MAX} bytes; is this a text file?"))
                );
            }
            _ => {} // The last line of a file needs no line end.
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn bad_format(&self, reason: String) -> ImportError {
        ImportError::Format { path: self.path.clone(), line: self.line.max(1), reason }
    }
}

/// The delimiter that makes the most columns of the header, the first of several.
fn guess(line: &[u8]) -> (Delimiter, Known) {
    let columns = |delimiter: Delimiter| {
        let mut splitter = Splitter::new(delimiter.byte());
        splitter.push(line);
        let is_open = splitter.is_open();
        let record = splitter.finish(1);
        // A quote within a column: what stands between two quotes was split.
        let is_torn = is_open || record.fields().any(|field| field.contains(&b'"'));
        if is_torn { 1 } else { record.count() }
    };
    // Of equals `max_by_key` takes the last.
    match Delimiter::ALL.into_iter().rev().max_by_key(|delimiter| columns(*delimiter)) {
        Some(delimiter) if 1 < columns(delimiter) => (delimiter, Known::Seen),
        _ => (Delimiter::Comma, Known::Assumed),
    }
}

/// What a `sep=;` line names, which spreadsheets write before the header.
fn separator_named(line: &[u8]) -> Option<u8> {
    match line {
        [s, e, p, b'=', separator] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => Some(*separator),
        _ => None,
    }
}

fn names(record: &Record) -> Option<Vec<String>> {
    record.fields().map(|field| Some(std::str::from_utf8(field).ok()?.trim().to_owned())).collect()
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const FIND_OUT: FormFlags = FormFlags { encoding: None, delimiter: None };

    fn open(bytes: &[u8], delimiter: Option<Delimiter>) -> Result<Source, ImportError> {
        let flags = FormFlags { delimiter, ..FIND_OUT };
        Source::from_reader(Path::new("t.csv"), Box::new(io::Cursor::new(bytes.to_vec())), flags)
    }

    fn drain(source: &mut Source) -> Result<u64, ImportError> {
        let mut count = 0;
        while source.next_record()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn rows(source: &mut Source) -> Vec<(u64, Vec<String>, bool)> {
        let mut rows = Vec::new();
        while let Some(record) = source.next_record().expect("reads") {
            let fields = record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
            rows.push((record.line, fields, record.fault.is_some()));
        }
        rows
    }

    /// Each row as `line:field|field`, with `!` for a fault.
    #[track_caller]
    fn check(text: &str, header: &[&str], expected: &[&str]) {
        let mut source = open(text.as_bytes(), None).expect("opens");
        assert_eq!(source.header(), header, "{text:?}");
        let rows: Vec<String> = rows(&mut source)
            .into_iter()
            .map(|(line, fields, fault)| format!("{line}:{}{}", fields.join("|"), if fault { "!" } else { "" }))
            .collect();
        assert_eq!(rows, expected, "{text:?}");
    }

    #[test]
    fn rows_and_line_numbers() {
        check("a,b\n1,2\n3,4\n", &["a", "b"], &["2:1|2", "3:3|4"]);
        check("a,b\n1,2\n3,4", &["a", "b"], &["2:1|2", "3:3|4"]);
        check("a,b\r\n1,2\r\n3,4\r\n", &["a", "b"], &["2:1|2", "3:3|4"]);
        check("\u{feff}a,b\n1,2\n", &["a", "b"], &["2:1|2"]);
        check("\u{feff}\"a\",\"b\"\n1,2\n", &["a", "b"], &["2:1|2"]);
        check(" a , b \n1,2\n", &["a", "b"], &["2:1|2"]);
        check("a\tb,c\n1\t2\n", &["a", "b,c"], &["2:1|2"]);
        check("a;b\n1,5;2\n", &["a", "b"], &["2:1,5|2"]);
        check("a|b\n1,5|2;3\n", &["a", "b"], &["2:1,5|2;3"]);
        check("a,\"b;c;d\"\n1,2\n", &["a", "b;c;d"], &["2:1|2"]);
        check("sep=;\r\na;b,c,d\r\n1;2\r\n", &["a", "b,c,d"], &["3:1|2"]);
        check("a,b\r\"x\ny\",2\r3,4\r", &["a", "b"], &["2:x\ny|2", "3:3|4"]);
        check("\u{feff}SEP=\t\na\tb\n1\t2\n", &["a", "b"], &["3:1|2"]);
        check("a,b\n\n\r\n1,2\n\n", &["a", "b"], &["4:1|2"]);
        check("a,b\n\"x\ny\",2\n3,4\n", &["a", "b"], &["2:x\ny|2", "4:3|4"]);
        check("a,b\n\"x\r\ny\",2\r\n3,4\r\n", &["a", "b"], &["2:x\ny|2", "4:3|4"]);
        check("a\n", &["a"], &[]);
        check("a\n1,2,3\n", &["a"], &["2:1|2|3!"]);
        check("a,b\n1\n1,2,,\n", &["a", "b"], &["2:1!", "3:1|2||"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_row() {
        check("a,b\n1,\"x\n2,y\n3,z\n", &["a", "b"], &["2:1,\"x!", "3:2|y", "4:3|z"]);
        check("a,b\n1,\"x\n2,\"y\n3,z\n", &["a", "b"], &["2:1|x\n2,y", "4:3|z"]);
        check("a,b\n\"1,x\n2,y\n3,z\n4,\"w\n", &["a", "b"], &["2:\"1,x!", "3:2|y", "4:3|z", "5:4,\"w!"]);
        let mut text = "a,b\n1,\"x\n".to_owned();
        for row in 0..500 {
            text.push_str(&format!("{row},y\n"));
        }
        let mut source = open(text.as_bytes(), None).expect("opens");
        let rows = rows(&mut source);
        assert_eq!(rows.len(), 501);
        assert_eq!(rows.iter().filter(|(_, _, fault)| *fault).count(), 1);
        assert!(rows.iter().enumerate().all(|(index, (line, ..))| *line == index as u64 + 2));
    }

    #[test]
    fn bad_files() {
        for (bytes, reason) in [
            (&b""[..], "empty"),
            (&b"\xff\xfe\0\0a\0\0\0"[..], "UTF-32"),
            (&b"sep=;\n"[..], "empty"),
            (&b"sep=x\na\n"[..], "something else"),
            (&b"a,\xa3\n"[..], "--encoding"),
            (&b"a,\"b\n"[..], "name columns"),
        ] {
            let error = open(bytes, None).map(|_| ()).expect_err("must fail").to_string();
            assert!(error.contains(reason) && error.contains("line 1"), "{bytes:?}: {error}");
        }
        let long = vec![b'x'; LINE_BYTES_MAX as usize + 5];
        assert!(open(&long, None).is_err());
        let mut ends_late = b"a\n".to_vec();
        ends_late.extend_from_slice(&long);
        let error = drain(&mut open(&ends_late, None).expect("opens")).expect_err("too long").to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn the_form_is_known_from_the_file_or_the_flags() {
        let latin = FormFlags { encoding: Some(encoding_rs::WINDOWS_1252), delimiter: None };
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for (bytes, flags, form) in [
            (b"a\n".to_vec(), FIND_OUT, "UTF-8 (assumed), columns separated by comma (assumed)"),
            (b"a;b\n".to_vec(), FIND_OUT, "UTF-8 (assumed), columns separated by semicolon (recognised)"),
            (
                b"\xef\xbb\xbfsep=|\na\n".to_vec(),
                FIND_OUT,
                "UTF-8 (by its byte order mark), columns separated by pipe (by its sep= line)",
            ),
            (b"a\tb\xe9\n".to_vec(), latin, "windows-1252 (as told), columns separated by tab (recognised)"),
            (wide("a;b\n1;2\n"), FIND_OUT, "UTF-16LE (recognised), columns separated by semicolon (recognised)"),
        ] {
            let source = Source::from_reader(Path::new("t.csv"), Box::new(io::Cursor::new(bytes)), flags);
            assert_eq!(source.expect("opens").form().to_string(), form);
        }
    }

    #[test]
    fn delimiter_flag_beats_the_guess() {
        let source = open(b"a,b\tc\n", Some(Delimiter::Comma)).expect("opens");
        assert_eq!(source.header(), ["a", "b\tc"]);
        let source = open(b"a,b,c\td\n", None).expect("opens");
        assert_eq!(source.header(), ["a", "b", "c\td"]);
    }

    #[test]
    fn columns() {
        let source = open(b"id,name,name,date\n", None).expect("opens");
        let found = source.columns("map time", &["date".to_owned(), "id".to_owned()]).expect("found");
        assert_eq!(found, Columns { indexes: vec![3, 0], label: "date+id".to_owned() });
        for (name, reason) in [("price", "no column `price`"), ("name", "two columns `name`")] {
            let error = source.columns("map item", &[name.to_owned()]).expect_err("must fail").to_string();
            assert!(error.starts_with("--map item: t.csv has"), "{error}");
            assert!(error.contains(reason) && error.contains("`id`, `name`, `name`, `date`"), "{error}");
        }
    }

    #[test]
    fn gzip_is_told_by_content() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"a,b\n1,2\n").expect("encodes");
        let zipped = encoder.finish().expect("encodes");
        for (name, bytes) in [("zipped.csv", &zipped[..]), ("zipped.csv.gz", &zipped), ("plain.csv.gz", b"a,b\n1,2\n")]
        {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("writes");
            let mut source = Source::open(&path, FIND_OUT).expect("opens");
            assert_eq!(source.header(), ["a", "b"]);
            assert_eq!(drain(&mut source).expect("reads"), 1, "{name}");
        }
        let path = dir.path().join("cut.gz");
        std::fs::write(&path, &zipped[..zipped.len() - 6]).expect("writes");
        let cut = Source::open(&path, FIND_OUT).and_then(|mut source| drain(&mut source));
        assert!(matches!(cut, Err(ImportError::Read { .. })), "{cut:?}");
        let missing = Source::open(&dir.path().join("none"), FIND_OUT);
        assert!(matches!(missing, Err(ImportError::Read { line: 0, .. })));
    }
}
