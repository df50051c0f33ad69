//! What the log keeps with a commit besides its events: who did it, from where, and which stream it was about.

use super::codes::{Code, code};
use super::envelope::{append, checksum};
use super::parts::{BadValue, named, named_opt, text_opt, timestamp_opt, us_opt};
use super::terminal::seq;
use domain::calendar::Timestamp;
use domain::command::Source;
use domain::ids::{ActorId, OrderId, TerminalId, TerminalSeq};
use domain::stream::{BadStream, Stream};
use serde::{Deserialize, Serialize};

/// What is known of a commit beyond its events. The command's id, its digest and the time it was recorded are the log's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitMeta {
    /// Who acted.
    pub actor: ActorId,
    /// Who approved it, where somebody had to.
    pub approver: Option<ActorId>,
    /// The device it came from.
    pub terminal: Option<TerminalId>,
    /// The command's place in the terminal's queue, where it was kept there.
    pub terminal_seq: Option<TerminalSeq>,
    /// How the command reached the engine.
    pub source: Source,
    /// When it happened by the client's clock.
    pub occurred_at: Option<Timestamp>,
    /// The stream the command was about, of those the commit wrote to: its answer is rebuilt from here.
    pub main: Stream,
    /// The order all of it belongs to.
    pub correlation: Option<OrderId>,
    /// Whether it is for practice: it counts in no report.
    pub training: bool,
}

/// Why bytes are not the form of a [`CommitMeta`]. Each is damage or a newer program's work.
#[derive(Debug, thiserror::Error)]
pub enum BadMeta {
    /// The bytes end before the header does.
    #[error("the commit's data is cut short: {len} bytes")]
    Short {
        /// How many bytes there are.
        len: usize,
    },
    /// The bytes are not the ones that were written.
    #[error("the checksum of the commit's data is {computed:08x}, not {stored:08x}: the bytes are damaged")]
    Checksum {
        /// What the header says.
        stored: u32,
        /// What the bytes say.
        computed: u32,
    },
    /// No such version; a newer program may have written it.
    #[error("a commit's data has no version {version} here")]
    UnknownVersion {
        /// The version.
        version: u8,
    },
    /// The body is not one of the version, though its checksum is right.
    #[error("the commit's data does not read")]
    Body(#[source] postcard::Error),
    /// The body goes on behind its last field.
    #[error("{count} bytes follow the last field of the commit's data")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A field holds what the domain does not take.
    #[error("the commit's data holds a bad value")]
    Value(#[from] BadValue),
    /// The main stream is none of ours.
    #[error("the commit's main stream is not one of ours")]
    Main(#[from] BadStream),
}

/// What most commits have: those of commands that no terminal kept.
const VERSION_PLAIN: u8 = 1;

/// The plain one and the place in the terminal's queue.
const VERSION_QUEUED: u8 = 2;

/// What is for practice: the plain one, and the place in the terminal's queue where it has one.
const VERSION_TRAINING: u8 = 3;

/// Version and checksum.
const HEADER_LEN: usize = 5;

/// The body of version 1.
#[derive(Serialize, Deserialize)]
struct CommitMetaV1<'a> {
    actor: &'a str,
    approver: Option<&'a str>,
    terminal: Option<&'a str>,
    source: u8,
    occurred_at_us: Option<i64>,
    /// The name of the stream.
    main: &'a str,
    correlation: Option<&'a str>,
}

/// The body of version 2.
#[derive(Serialize, Deserialize)]
struct CommitMetaV2<'a> {
    #[serde(borrow)]
    plain: CommitMetaV1<'a>,
    terminal_seq: u64,
}

/// The body of version 3.
#[derive(Serialize, Deserialize)]
struct CommitMetaV3<'a> {
    #[serde(borrow)]
    plain: CommitMetaV1<'a>,
    terminal_seq: Option<u64>,
}

impl CommitMeta {
    /// Whether the stored form is of a commit that is for practice, before anything is checked.
    pub fn peek_training(bytes: &[u8]) -> bool {
        bytes.first() == Some(&VERSION_TRAINING)
    }

    /// Appends the stored form: version (1 byte), CRC-32C over version and body (`u32` little-endian), body (postcard).
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut main = String::with_capacity(Stream::NAME_LEN_MAX);
        self.main.write_name(&mut main);
        let plain = CommitMetaV1 {
            actor: self.actor.as_str(),
            approver: text_opt(&self.approver),
            terminal: text_opt(&self.terminal),
            source: self.source.code(),
            occurred_at_us: us_opt(&self.occurred_at),
            main: &main,
            correlation: text_opt(&self.correlation),
        };
        let start = out.len();
        match self.terminal_seq {
            seq if self.training => {
                out.extend_from_slice(&[VERSION_TRAINING, 0, 0, 0, 0]);
                append(&CommitMetaV3 { plain, terminal_seq: seq.map(|seq| seq.0) }, out);
            }
            None => {
                out.extend_from_slice(&[VERSION_PLAIN, 0, 0, 0, 0]);
                append(&plain, out);
            }
            Some(seq) => {
                out.extend_from_slice(&[VERSION_QUEUED, 0, 0, 0, 0]);
                append(&CommitMetaV2 { plain, terminal_seq: seq.0 }, out);
            }
        }
        let (header, body) = out[start..].split_at_mut(HEADER_LEN);
        let sum = checksum(&header[..1], body);
        header[1..].copy_from_slice(&sum.to_le_bytes());
    }

    /// Reads a stored form, which must fill `bytes`.
    ///
    /// # Errors
    /// [`BadMeta`] says what is wrong; damage is reported before anything the bytes say is believed.
    pub fn decode(bytes: &[u8]) -> Result<CommitMeta, BadMeta> {
        let Some((header, body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(BadMeta::Short { len: bytes.len() });
        };
        let [version, sum0, sum1, sum2, sum3] = *header;
        let stored = u32::from_le_bytes([sum0, sum1, sum2, sum3]);
        let computed = checksum(&header[..1], body);
        if stored != computed {
            return Err(BadMeta::Checksum { stored, computed });
        }
        match version {
            VERSION_PLAIN => whole::<CommitMetaV1<'_>>(body)?.back(None),
            VERSION_QUEUED => {
                let CommitMetaV2 { plain, terminal_seq } = whole(body)?;
                plain.back(Some(seq(terminal_seq)?))
            }
            VERSION_TRAINING => {
                let CommitMetaV3 { plain, terminal_seq } = whole(body)?;
                let queued = terminal_seq.map(seq).transpose()?;
                Ok(CommitMeta { training: true, ..plain.back(queued)? })
            }
            _ => Err(BadMeta::UnknownVersion { version }),
        }
    }
}

/// Reads a body that fills `bytes`.
fn whole<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BadMeta> {
    let (body, rest) = postcard::take_from_bytes(bytes).map_err(BadMeta::Body)?;
    match rest.len() {
        0 => Ok(body),
        count => Err(BadMeta::Trailing { count }),
    }
}

impl CommitMetaV1<'_> {
    fn back(self, terminal_seq: Option<TerminalSeq>) -> Result<CommitMeta, BadMeta> {
        Ok(CommitMeta {
            actor: named(self.actor)?,
            approver: named_opt(self.approver)?,
            terminal: named_opt(self.terminal)?,
            terminal_seq,
            source: code(self.source)?,
            occurred_at: timestamp_opt(self.occurred_at_us),
            main: Stream::parse(self.main)?,
            correlation: named_opt(self.correlation)?,
            training: false,
        })
    }
}
