//! How the pages of a sidecar are laid out, for who makes one and for who reads it.

use crate::format::SIDECAR_PAGE_LEN;
use crate::index::filter::BLOCK_LEN;

/// Version of the file. A sidecar of any other is rebuilt.
pub(super) const VERSION: u32 = 2;
pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"CMDINDEX");
/// The header takes the first page, most of it zeros.
pub(super) const HEADER_LEN: usize = 160;
pub(super) const CONTENT_LEN: usize = SIDECAR_PAGE_LEN - 4;

pub(super) const STREAM_LEN: usize = 24;
pub(super) const POSITION_LEN: usize = 4;
pub(super) const COMMAND_LEN: usize = 12;
pub(super) const BATCH_LEN: usize = 16;
pub(super) const SPARSE_LEN: usize = 20;
const _: () = assert!(HEADER_LEN <= SIDECAR_PAGE_LEN, "the header is in the first page");
const _: () = assert!(STREAM_LEN <= CONTENT_LEN && SPARSE_LEN <= CONTENT_LEN, "a page holds an entry");

/// The bit of a stream's count that says that its revisions must be read from the log.
pub(super) const IRREGULAR: u32 = 1 << 31;

/// Which segment a sidecar belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub log_id: u128,
    pub segment_id: u64,
    /// Length of the segment's file, in bytes.
    pub segment_len: u64,
    /// CRC32C of the segment's batches, from its first one to the end of its last.
    pub segment_crc: u32,
}

/// How many entries each part has, and with that where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub streams: u32,
    pub positions: u32,
    pub commands: u32,
    pub batches: u32,
    pub sparse_index: u32,
    pub stream_blocks: u32,
    pub command_blocks: u32,
}

/// Entries of equal length in pages, from page `first_page` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    pub first_page: u64,
    pub entries: u64,
    pub entry_len: usize,
}

impl Section {
    pub fn per_page(&self) -> u64 {
        (CONTENT_LEN / self.entry_len) as u64
    }

    pub fn pages(&self) -> u64 {
        self.entries.div_ceil(self.per_page())
    }
}

/// The sections in the order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The first keys of all pages with a key, then the filters; in bytes after the first page.
    pub front_len: usize,
    pub streams: Section,
    pub positions: Section,
    pub commands: Section,
    pub batches: Section,
    pub sparse_index: Section,
    pub file_len: u64,
}

impl Counts {
    pub fn layout(&self) -> Layout {
        let section =
            |first_page, entries: u32, entry_len| Section { first_page, entries: u64::from(entries), entry_len };
        let mut streams = section(0, self.streams, STREAM_LEN);
        let mut positions = section(0, self.positions, POSITION_LEN);
        let mut commands = section(0, self.commands, COMMAND_LEN);
        let mut batches = section(0, self.batches, BATCH_LEN);
        let mut sparse_index = section(0, self.sparse_index, SPARSE_LEN);
        let keyed = streams.pages() + commands.pages() + batches.pages() + sparse_index.pages();
        let blocks = u64::from(self.stream_blocks) + u64::from(self.command_blocks);
        let front_len = (keyed * 8 + blocks * BLOCK_LEN as u64) as usize;
        let mut page = 1 + front_len.div_ceil(SIDECAR_PAGE_LEN) as u64;
        for section in [&mut streams, &mut positions, &mut commands, &mut batches, &mut sparse_index] {
            section.first_page = page;
            page += section.pages();
        }
        Layout {
            front_len,
            streams,
            positions,
            commands,
            batches,
            sparse_index,
            file_len: page * SIDECAR_PAGE_LEN as u64,
        }
    }
}

/// A page's CRC also covers its segment and number, so that a misdirected write is detected.
pub(super) fn page_crc(segment_id: u64, page: u64, content: &[u8]) -> u32 {
    let mut location = [0; 16];
    location[..8].copy_from_slice(&segment_id.to_le_bytes());
    location[8..].copy_from_slice(&page.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&location), content)
}
