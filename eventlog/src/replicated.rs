//! A log on other machines with a copy here: the remote is the truth, and everything that reads, reads the mirror.
//!
//! The mirror is an embedded log: the same files, index and readers. A batch goes to the remote first, one in flight, under the
//! condition that it follows the last one this writer saw; once it is acknowledged it goes into the mirror, and only then is it
//! shown or answered. Whoever follows takes batches from the remote into a mirror of its own.
//!
//! There are no leases. Taking over is an append: the [owner record](owner) stands behind everything that was acknowledged
//! before, and from then on whatever an earlier owner sends does not follow.

mod message;
pub(crate) mod owner;
pub(crate) mod remote;
mod sent;
pub(crate) mod simulated;

use crate::batch::Batch;
use crate::disk::Disk;
use crate::embedded::{self, EmbeddedWriter, Options, Tuning};
use crate::error::{AppendError, FollowError, OpenError, ReadError, TakeOverError};
use crate::lookup::StreamRead;
use crate::planted::is_planted;
use crate::reader::LogReader;
use crate::shared::Shared;
use crate::stored::StoredBatch;
use crate::types::{Appended, BatchId, BatchRange, Direction, Limits, Position, Recovered, Revision};
use message::Message;
use owner::{OWNER_STREAM, Owner, OwnerRecord};
use remote::Remote;
use sent::{Away, Sent};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How a log is replicated, beside its mirror's own [`Options`].
#[derive(Clone, Debug)]
pub(crate) struct Tries {
    /// How long nothing is done before the remote is asked again.
    pub pause: Duration,
    /// How often it is asked again for what it has to have before that counts as lost.
    pub lost_after: u32,
}

/// A replicated log, as its one writer or as one that follows.
pub(crate) struct Replicated {
    mirror: EmbeddedWriter,
    remote: Remote,
    tries: Tries,
    /// How often the log was taken over.
    epoch: u64,
    /// Somebody else's batch stands where this writer's was to go.
    is_fenced: bool,
    stop: Arc<AtomicBool>,
}

impl Replicated {
    /// Opens the mirror in `dir`, or makes one, and compares it with the remote. Nothing is changed where they disagree.
    pub fn open(
        mut remote: Remote,
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: Options,
        tries: Tries,
    ) -> Result<(Replicated, Recovered), OpenError> {
        let genesis = read_sure(&mut remote, 0, &tries)?.ok_or(OpenError::RemoteEmpty)?;
        let (mut mirror, recovered) = embedded::open(disk, dir, options, Tuning::of(&options), Some(genesis.id.0))?;
        mirror.sync_behind();
        let mut log =
            Replicated { mirror, remote, tries, epoch: 0, is_fenced: false, stop: Arc::new(AtomicBool::new(false)) };
        log.compare(&genesis)?;
        log.epoch = log.last_epoch()?;
        Ok((log, recovered))
    }

    /// Refuses a mirror of another log, and a remote that lost or replaced what the mirror has.
    fn compare(&mut self, genesis: &Message) -> Result<(), OpenError> {
        let reader = LogReader::new(Arc::clone(self.shared()));
        let mut tail = reader.tail(Position(0));
        let first = tail.next(Duration::ZERO)?.expect("a log has its first record");
        if first.id() != genesis.id {
            return Err(OpenError::OtherLog { mirror: first.id(), remote: genesis.id });
        }
        let last = self.mirror.batches() - 1;
        let mut newest = reader.tail(Position(self.next_position().0.saturating_sub(1)));
        let mut own = first;
        while let Some(batch) = newest.next(Duration::ZERO)? {
            own = batch;
        }
        assert_eq!(own.batch_number(), last, "the last batch is the one that was found last");
        let is_there =
            |message: Option<Message>, own: &StoredBatch| message.is_some_and(|theirs| theirs.is_same_as(own));
        if is_there(read_sure(&mut self.remote, last, &self.tries)?, &own) || is_planted("cut the mirror to the remote")
        {
            return Ok(());
        }
        // Where they part is said, however long finding it takes.
        let mut tail = reader.tail(Position(0));
        while let Some(own) = tail.next(Duration::ZERO)? {
            if !is_there(read_sure(&mut self.remote, own.batch_number(), &self.tries)?, &own) {
                return Err(OpenError::RemoteLost { from: own.first(), to: self.next_position() });
            }
        }
        Err(OpenError::Remote { why: "it showed a batch late" })
    }

    fn last_epoch(&self) -> Result<u64, OpenError> {
        let head = StreamRead::new(self.shared(), OWNER_STREAM)?;
        let newest = head.read(Revision(u64::MAX), Direction::Backward, 1)?;
        Ok(newest.first().map_or(0, |event| event.revision.0 + 1))
    }

    pub fn shared(&self) -> &Arc<Shared> {
        self.mirror.shared()
    }

    pub fn next_position(&self) -> Position {
        self.mirror.next_position()
    }

    /// A batch and the commit that fills it over go as one message.
    pub fn limits(&self) -> Limits {
        let half = self.remote.message_max() / 2;
        Limits { batch_bytes: half, commit_bytes: half - crate::format::BATCH_HEADER_LEN }
    }

    /// Set, it ends an append or a taking over that goes on trying.
    pub fn stop(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    fn is_told_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Takes the next batch from the remote into the mirror; `None` when there is none to be seen, which proves nothing.
    pub fn follow(&mut self) -> Result<Option<BatchRange>, FollowError> {
        let number = self.mirror.batches();
        let Some(message) = self.remote.read(number).map_err(|Away(why)| FollowError::Away { why })? else {
            return Ok(None);
        };
        let diverged = |why| FollowError::Diverged { batch: number, position: self.mirror.next_position(), why };
        let mut batch =
            message.to_batch(number, self.mirror.next_position(), self.mirror.previous_crc()).map_err(diverged)?;
        let appended = self.mirror.append(&mut batch).map_err(FollowError::Mirror)?;
        self.epoch += u64::from(message.has_owner_record());
        Ok(Some(appended.range))
    }

    /// Becomes the owner: an owner record that follows everything there is. Gives up when it is told to stop.
    pub fn take_over(&mut self, owner: &Owner) -> Result<(), TakeOverError> {
        self.is_fenced = false;
        loop {
            while self.follow()?.is_some() {}
            if is_planted("take office before the barrier") {
                return Ok(());
            }
            let mut batch = OwnerRecord { epoch: self.epoch + 1, owner: owner.clone() }.to_batch(self.next_position());
            match self.append(&mut batch) {
                Ok(_) => {
                    self.epoch += 1;
                    return Ok(());
                }
                // Somebody was faster: what came is followed, and stands before the record.
                Err(AppendError::Fenced) => self.is_fenced = false,
                Err(error) => return Err(TakeOverError::Append(error)),
            }
            if self.is_told_to_stop() {
                return Err(TakeOverError::Stopped);
            }
        }
    }

    pub fn append(&mut self, batch: &mut Batch) -> Result<Appended, AppendError> {
        if self.is_fenced {
            return Err(AppendError::Fenced);
        }
        // First of all: what the mirror has no room for is not sent.
        self.mirror.reserve(batch)?;
        let message = Message::of(batch, self.mirror.batches(), self.mirror.previous_crc());
        self.send(message)?;
        self.mirror.append(batch)
    }

    /// Sends one batch until it is known what became of it.
    fn send(&mut self, mut message: Message) -> Result<(), AppendError> {
        let (mut may_be_stored, mut short_of) = (false, 0);
        loop {
            match self.remote.publish(&message) {
                Sent::Stored => return Ok(()),
                Sent::Conflict { batches } => match self.remote.read(message.number) {
                    Ok(Some(found)) if found.id == message.id => return Ok(()),
                    Ok(Some(_)) => {
                        self.is_fenced = true;
                        return Err(AppendError::Fenced);
                    }
                    // It was refused, yet nothing can be seen there: reads are behind, or the remote has lost its end.
                    Ok(None) | Err(_) if is_planted("conclude from a read that it is not there") => {
                        return Err(unavailable("it is not there"));
                    }
                    Ok(None) | Err(_) => short_of = if batches < message.number { short_of + 1 } else { 0 },
                },
                Sent::Unsent(_) => {}
                Sent::Unknown if is_planted("answer before the acknowledgement") => return Ok(()),
                Sent::Unknown => may_be_stored = true,
            }
            if self.tries.lost_after < short_of {
                return Err(self.mirror.poison(lost()));
            }
            if self.is_told_to_stop() {
                return Err(match may_be_stored {
                    true => self
                        .mirror
                        .poison(io::Error::new(io::ErrorKind::Interrupted, "told to stop before the remote answered")),
                    false => unavailable("told to stop before the remote took it"),
                });
            }
            if is_planted("try again under a new id") {
                message.id = BatchId(message.id.0 ^ 1 << 127);
            }
            std::thread::sleep(self.tries.pause);
        }
    }

    pub fn find_batch(&self, id: BatchId) -> Result<Option<BatchRange>, ReadError> {
        self.mirror.find_batch(id)
    }

    pub fn close(self) -> Result<(), AppendError> {
        self.mirror.close()
    }
}

fn unavailable(why: &'static str) -> AppendError {
    AppendError::Unavailable { source: Arc::new(io::Error::other(why)) }
}

fn lost() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the remote has lost batches that it had acknowledged")
}

/// The message of a batch that has to be there if it ever was: one read that finds nothing proves nothing.
fn read_sure(remote: &mut Remote, number: u64, tries: &Tries) -> Result<Option<Message>, OpenError> {
    let mut away = None;
    for _ in 0..=tries.lost_after {
        match remote.read(number) {
            Ok(Some(message)) => return Ok(Some(message)),
            Ok(None) => away = None,
            Err(Away(why)) => away = Some(why),
        }
        std::thread::sleep(tries.pause);
    }
    match away {
        Some(why) => Err(OpenError::Remote { why }),
        None => Ok(None),
    }
}
