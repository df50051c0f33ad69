//! What the log keeps with a commit besides its events: who did it, from where, and which stream it was about.

use crate::codec::{self, BadBody, BadValue, checksum};
use domain::calendar::Timestamp;
use domain::command::Source;
use domain::event::SentBy;
use domain::ids::{ActorId, OrderId, TerminalId, TerminalSeq};
use domain::stream::{BadStream, Stream};

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
    /// Whether the clock was in doubt when it was recorded: what its time is worth nobody can say.
    pub time_in_doubt: bool,
    /// With which credential it was sent; nothing of what the engine does by itself, and of what was recorded before that was kept.
    pub sent_by: Option<SentBy>,
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

/// What is for practice is of this version, and of no older one; newer ones say both in their last bytes.
const VERSION_TRAINING: u8 = 3;
/// What was recorded while the clock was in doubt is of this version, and of no older one.
const VERSION_TIME_IN_DOUBT: u8 = 4;
/// What says with which credential it was sent is of this version.
const VERSION_SENT_BY: u8 = 5;
/// The newest.
const VERSION_MAX: u8 = VERSION_SENT_BY;

/// Version and checksum.
const HEADER_LEN: usize = 5;

stored! {
    CommitMeta {
        actor, approver, terminal, source, occurred_at, main, correlation,
        terminal_seq since 2 bare,
        sent_by since 5 bare,
        training since 3 bare,
        time_in_doubt since 4 bare,
    }
}

impl CommitMeta {
    /// Whether the stored form is of a commit that is for practice, before anything is checked.
    pub fn peek_training(bytes: &[u8]) -> bool {
        match bytes.first() {
            Some(version) if *version <= VERSION_TRAINING => *version == VERSION_TRAINING,
            Some(&VERSION_TIME_IN_DOUBT) => bytes.last() == Some(&1),
            _ => bytes.iter().rev().nth(1) == Some(&1),
        }
    }

    /// Whether the stored form is of a commit that was recorded while the clock was in doubt, before anything is checked.
    pub fn peek_time_in_doubt(bytes: &[u8]) -> bool {
        match bytes.first() {
            Some(version) if *version <= VERSION_TIME_IN_DOUBT => *version == VERSION_TIME_IN_DOUBT,
            _ => bytes.last() == Some(&1),
        }
    }

    /// Appends the stored form: version (1 byte), CRC-32C over version and body (`u32` little-endian), body (postcard).
    pub fn encode(&self, out: &mut Vec<u8>) {
        codec::append_summed(codec::Codec::version(self), self, out);
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
        if !(1..=VERSION_MAX).contains(&version) {
            return Err(BadMeta::UnknownVersion { version });
        }
        codec::whole(body, version).map_err(|bad| match bad {
            BadBody::Shape(source) => BadMeta::Body(source),
            BadBody::Trailing(count) => BadMeta::Trailing { count },
            BadBody::Value(BadValue::Stream { source }) => BadMeta::Main(source),
            BadBody::Value(bad) => BadMeta::Value(bad),
        })
    }
}
