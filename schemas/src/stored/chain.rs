//! The chain of hashes over a history (rule A1), so that whoever kept a hash can tell later that nothing before it was
//! changed, removed, put in or moved.
//!
//! Each store has a chain over the events of all of its streams in the order of the log; the events of a tenant's own
//! streams (its menu, its credentials) have one of the tenant. Each event is a link:
//!
//! ```text
//! hash = SHA-256(hash of the link before, or 32 zero bytes
//!                | position | revision | recorded_at | command id | payload hash
//!                | tenant | stream | data of the commit | event)
//! ```
//!
//! | bytes | what |
//! |---|---|
//! | 0..32 | the hash of the link before; 32 zero bytes in front of the first |
//! | 32..40 | the event's position in the log, `u64` little-endian |
//! | 40..48 | its revision in its stream, `u64` little-endian |
//! | 48..56 | when its commit was recorded, microseconds since the Unix epoch, `i64` little-endian |
//! | 56..72 | the id of its command, as a UUID is written: big-endian |
//! | 72..88 | the digest of its command (`digest.rs`), big-endian |
//! | 88.. | four texts, each behind its length in bytes as a `u32`, little-endian: the tenant; the name of the stream; what the commit says besides its events (`meta.rs`); the stored event with its envelope (`mod.rs`) |
//!
//! All of it is as the log has it, so no version of this program and no other program has to decode an event to compute
//! the chain.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// An event as the log has it, with what is said of its commit.
#[derive(Clone, Copy, Debug)]
pub struct Chained<'a> {
    /// Whose commit it is.
    pub tenant: &'a str,
    /// The event's place in the log.
    pub position: u64,
    /// The name of its stream.
    pub stream: &'a str,
    /// Its place in the stream.
    pub revision: u64,
    /// When its commit was recorded, in microseconds since the Unix epoch.
    pub recorded_at: i64,
    /// The id of the command it followed from.
    pub command_id: u128,
    /// The digest of that command.
    pub payload_hash: u128,
    /// What the commit says besides its events, stored.
    pub meta: &'a [u8],
    /// The event, stored.
    pub body: &'a [u8],
}

/// One event of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number in the chain, from 1.
    pub count: u64,
    /// Its place in the log.
    pub position: u64,
    /// SHA-256 over it and everything before it.
    pub hash: [u8; 32],
}

/// Whose history a chain is of: a tenant's, or one of its stores'.
pub type ChainOf = (String, Option<String>);

impl<'a> Chained<'a> {
    /// The store whose chain it belongs to; `None` for what belongs to the tenant.
    pub fn store(&self) -> Option<&'a str> {
        let (_, rest) = self.stream.split_once('-')?;
        rest.split('.').nth(1)
    }

    /// The link it makes behind the one before.
    pub fn link(&self, before: Option<&Link>) -> Link {
        let mut hash = Sha256::new();
        hash.update(before.map_or([0; 32], |before| before.hash));
        let mut head = [0; 56];
        head[..8].copy_from_slice(&self.position.to_le_bytes());
        head[8..16].copy_from_slice(&self.revision.to_le_bytes());
        head[16..24].copy_from_slice(&self.recorded_at.to_le_bytes());
        head[24..40].copy_from_slice(&self.command_id.to_be_bytes());
        head[40..].copy_from_slice(&self.payload_hash.to_be_bytes());
        hash.update(head);
        for text in [self.tenant.as_bytes(), self.stream.as_bytes(), self.meta, self.body] {
            let len = u32::try_from(text.len()).expect("a commit is bounded, far below 4 GiB");
            hash.update(len.to_le_bytes());
            hash.update(text);
        }
        let count = before.map_or(0, |before| before.count) + 1;
        Link { count, position: self.position, hash: hash.finalize().into() }
    }
}

/// A link that somebody kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the log.
    pub position: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its number in the chain, where that was kept: then nothing can have been put in unseen between it and the one before.
    pub count: Option<u64>,
    /// Who says so, in words for a person.
    pub by: String,
}

/// Where a history is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whose history.
    pub of: ChainOf,
    /// The last position that is known to be what it was, with everything before it; `None` where nothing is known. It is
    /// told where the change may be anywhere behind it.
    pub after: Option<u64>,
    /// The first position that is not what it was; with `after`, the last that it can be.
    pub position: u64,
    /// Who says so.
    pub by: String,
    /// Whether `position` is the first that is not what it was, and not only the last that it can be.
    pub is_exact: bool,
}

/// Compares the links of a log with those that were kept.
#[derive(Debug, Default)]
pub struct ChainCheck {
    chains: BTreeMap<ChainOf, Chain>,
    /// How many kept links were found to be what they were.
    pub compared: u64,
}

#[derive(Debug, Default)]
struct Chain {
    /// By position, ascending.
    kept: Vec<Kept>,
    /// How many of them are good.
    checked: usize,
    head: Option<Link>,
    /// The last good one.
    good: Option<Link>,
    /// The first link behind the last good one that nobody kept.
    unkept: Option<u64>,
    is_broken: bool,
}

impl ChainCheck {
    /// A check against these links.
    pub fn new(kept: impl IntoIterator<Item = (ChainOf, Kept)>) -> ChainCheck {
        let mut check = ChainCheck::default();
        for (of, kept) in kept {
            check.chains.entry(of).or_default().kept.push(kept);
        }
        for chain in check.chains.values_mut() {
            chain.kept.sort_by_key(|kept| kept.position);
        }
        check
    }

    /// Takes the next event of the log; answers where its chain turns out not to be what it was, once a chain.
    pub fn see(&mut self, event: &Chained<'_>) -> Option<Broken> {
        let of = (event.tenant.to_owned(), event.store().map(str::to_owned));
        let chain = self.chains.get_mut(&of)?;
        if chain.is_broken || chain.checked == chain.kept.len() {
            return None;
        }
        let link = event.link(chain.head.as_ref());
        chain.head = Some(link);
        let mut was_kept = false;
        while let Some(kept) = chain.kept.get(chain.checked) {
            if link.position < kept.position {
                if !was_kept {
                    chain.unkept.get_or_insert(link.position);
                }
                return None;
            }
            let is_same = link.position == kept.position && link.hash == kept.hash;
            if !is_same || kept.count.is_some_and(|count| count != link.count) {
                return Some(chain.broken(&of, Some(link.position)));
            }
            was_kept = true;
            (chain.good, chain.unkept) = (Some(link), None);
            chain.checked += 1;
            self.compared += 1;
        }
        None
    }

    /// What is missing at the end of the log.
    pub fn end(&mut self) -> Vec<Broken> {
        let is_open = |chain: &Chain| !chain.is_broken && chain.checked < chain.kept.len();
        let open = self.chains.iter_mut().filter(|(_, chain)| is_open(chain));
        open.map(|(of, chain)| chain.broken(of, None)).collect()
    }
}

impl Chain {
    /// The next kept link is not there, or not what it was; `found` is the link that came instead.
    fn broken(&mut self, of: &ChainOf, found: Option<u64>) -> Broken {
        self.is_broken = true;
        let kept = &self.kept[self.checked];
        let before = self.good.map_or(0, |good| good.count);
        // Where every link was kept, the first that is not is the first that nobody kept, that is missing, or that differs.
        let is_exact = kept.count == Some(before + 1);
        let first = [self.unkept, found].into_iter().flatten().fold(kept.position, u64::min);
        Broken {
            of: of.clone(),
            after: self.good.map(|good| good.position),
            position: if is_exact { first } else { kept.position },
            by: kept.by.clone(),
            is_exact,
        }
    }
}
