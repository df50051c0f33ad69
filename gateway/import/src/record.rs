//! One line of text into fields: separators, quotes, nothing else.
//!
//! The `csv` crate reads whole records, so one quote that is never closed swallows the rest of the file into one row. Real files have
//! such quotes; this splitter is fed line by line, so that its caller can give up on one line and go on with the next.

/// Splits lines into the fields of one record. Feed further lines while [`Splitter::is_open`].
#[derive(Debug)]
pub struct Splitter {
    delimiter: u8,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    quoted: bool,
}

impl Splitter {
    /// A splitter for one record.
    #[must_use]
    pub fn new(delimiter: u8) -> Splitter {
        Splitter { delimiter, bytes: Vec::new(), ends: Vec::new(), quoted: false }
    }

    /// Whether a quote is open at the end of what was pushed, so that the record goes on in the next line.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.quoted
    }

    /// Takes one line, without its line end.
    pub fn push(&mut self, line: &[u8]) {
        let mut at_start = !self.quoted;
        if self.quoted {
            self.bytes.push(b'\n');
        }
        let mut rest = line.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            match byte {
                b'"' if self.quoted => match rest.next_if_eq(&b'"') {
                    Some(quote) => self.bytes.push(quote),
                    None => self.quoted = false,
                },
                b'"' if at_start => self.quoted = true,
                _ if !self.quoted && byte == self.delimiter => {
                    self.ends.push(self.bytes.len());
                    at_start = true;
                    continue;
                }
                _ => self.bytes.push(byte),
            }
            at_start = false;
        }
        if !self.quoted {
            self.ends.push(self.bytes.len());
        }
    }

    /// The record whose first line is `line`, counted from 1.
    #[must_use]
    pub fn finish(self, line: u64) -> Record {
        Record { line, bytes: self.bytes, ends: self.ends, fault: None }
    }
}

/// The fields of one row of a file, as bytes: a field becomes text only when somebody needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line of the file on which the row starts, counted from 1.
    pub line: u64,
    /// Why the row is none: it has the wrong number of columns, or a quote that is never closed and so one field, the line as it stands.
    pub fault: Option<String>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// A row that could not be split.
    #[must_use]
    pub fn broken(line: u64, text: &[u8], fault: String) -> Record {
        Record { line, bytes: text.to_vec(), ends: vec![text.len()], fault: Some(fault) }
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    /// The field at `index`, empty if the row is shorter.
    #[must_use]
    pub fn field(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).copied().unwrap_or(self.bytes.len()),
        };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// How many fields the row has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(delimiter: u8, lines: &[&str], open: bool, expected: &[&str]) {
        let mut splitter = Splitter::new(delimiter);
        for line in lines {
            splitter.push(line.as_bytes());
        }
        assert_eq!(splitter.is_open(), open, "{lines:?}");
        let record = splitter.finish(7);
        let fields: Vec<&str> = record.fields().filter_map(|field| std::str::from_utf8(field).ok()).collect();
        assert_eq!(fields, expected, "{lines:?}");
        for (index, field) in expected.iter().enumerate() {
            assert_eq!(record.field(index), field.as_bytes());
        }
        assert_eq!(record.field(expected.len()), b"");
        assert_eq!(record.field(usize::MAX), b"");
        assert_eq!((record.line, record.count()), (7, expected.len()));
    }

    #[test]
    fn fields() {
        check(b',', &["a,b,c"], false, &["a", "b", "c"]);
        check(b',', &[""], false, &[""]);
        check(b',', &[","], false, &["", ""]);
        check(b',', &["a,,c,"], false, &["a", "", "c", ""]);
        check(b'\t', &["a,b\tc"], false, &["a,b", "c"]);
        check(b',', &["\"a,b\",c"], false, &["a,b", "c"]);
        check(b',', &["\"a\"\"b\",c"], false, &["a\"b", "c"]);
        check(b',', &["\"\",\"\""], false, &["", ""]);
        check(b',', &["12\" pizza,1"], false, &["12\" pizza", "1"]);
        check(b',', &["\"a\"x,1"], false, &["ax", "1"]);
        check(b',', &["1,\"two", "lines\",3"], false, &["1", "two\nlines", "3"]);
        check(b',', &["1,\"two", "", "lines\"\"\"", "x"], false, &["1", "two\n\nlines\"", "x"]);
        check(b',', &["1,\"open"], true, &["1"]);
    }
}
