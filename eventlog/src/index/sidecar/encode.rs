//! Making the bytes of a sidecar.

use super::layout::{CONTENT_LEN, Counts, HEADER_LEN, IRREGULAR, Identity, MAGIC, Section, VERSION, page_crc};
use crate::format::{Put, SIDECAR_PAGE_LEN};
use crate::hash::HashKey;
use crate::index::filter::{BLOCK_LEN, Filter};
use crate::index::segment::{SegmentIndex, Summary};
use crate::location::SparseEntry;

/// The bytes of the sidecar of a segment, whole. They follow from the segment, so two of one segment are equal.
pub(crate) fn encode(index: &SegmentIndex, identity: &Identity) -> Vec<u8> {
    let mut streams: Vec<_> = index.streams.iter().collect();
    streams.sort_unstable_by_key(|(hash, _)| **hash);
    let mut commands: Vec<(u64, u64)> = index
        .commands
        .iter()
        .flat_map(|(hash, positions)| positions.as_slice().iter().map(|position| (*hash, *position)))
        .collect();
    commands.sort_unstable();
    let mut batches = index.batches.clone();
    batches.sort_unstable();
    let key = HashKey::new(identity.log_id);
    let kinds = index.kinds.iter().map(|kind| key.kind(*kind));
    let stream_filter =
        Filter::new(streams.len() + index.kinds.len(), streams.iter().map(|(hash, _)| **hash).chain(kinds));
    let command_filter = Filter::new(commands.len(), commands.iter().map(|(hash, _)| *hash));
    let counts = Counts {
        streams: streams.len() as u32,
        positions: (index.summary.next.0 - index.summary.first.0) as u32,
        commands: commands.len() as u32,
        batches: batches.len() as u32,
        sparse_index: index.sparse_index.len() as u32,
        stream_blocks: (stream_filter.bytes().len() / BLOCK_LEN) as u32,
        command_blocks: (command_filter.bytes().len() / BLOCK_LEN) as u32,
    };
    let layout = counts.layout();
    let first = index.summary.first.0;
    let relative = |position: u64| (position - first) as u32;

    let mut pages = Pages { bytes: vec![0; layout.file_len as usize], keys: Vec::new(), id: identity.segment_id };
    let mut start = 0;
    pages.keyed(
        &layout.streams,
        streams.iter(),
        |(hash, _)| **hash,
        |(hash, stream), put| {
            let count = stream.positions.as_slice().len() as u32;
            debug_assert_eq!(count & IRREGULAR, 0, "the highest bit of a count is a flag");
            put.bytes(&hash.to_le_bytes());
            put.bytes(&stream.first_revision.to_le_bytes());
            put.bytes(&u32::to_le_bytes(start));
            put.bytes(&(count | if stream.irregular { IRREGULAR } else { 0 }).to_le_bytes());
            start += count;
        },
    );
    assert_eq!(start, counts.positions, "each event is in one stream");
    let positions = streams.iter().flat_map(|(_, stream)| stream.positions.as_slice());
    pages.fill(&layout.positions, positions, |position, put| put.bytes(&relative(*position).to_le_bytes()));
    pages.keyed(
        &layout.commands,
        commands.iter(),
        |(hash, _)| *hash,
        |(hash, position), put| {
            put.bytes(&hash.to_le_bytes());
            put.bytes(&relative(*position).to_le_bytes());
        },
    );
    let nth = |number: u64| (number - index.summary.first_batch) as u32;
    pages.keyed(
        &layout.batches,
        batches.iter(),
        |entry| entry.hash,
        |entry, put| {
            put.bytes(&entry.hash.to_le_bytes());
            put.bytes(&entry.start.offset.to_le_bytes());
            put.bytes(&nth(entry.start.number).to_le_bytes());
        },
    );
    let key = |sparse: &SparseEntry| u64::from(relative(sparse.position.0));
    pages.keyed(&layout.sparse_index, index.sparse_index.iter(), key, |sparse, put| {
        put.bytes(&relative(sparse.position.0).to_le_bytes());
        put.bytes(&sparse.location.offset.to_le_bytes());
        put.bytes(&sparse.commits_end.to_le_bytes());
        put.bytes(&sparse.batch.offset.to_le_bytes());
        put.bytes(&nth(sparse.batch.number).to_le_bytes());
    });

    let Pages { mut bytes, keys, .. } = pages;
    let mut front = Put { bytes: &mut bytes[SIDECAR_PAGE_LEN..SIDECAR_PAGE_LEN + layout.front_len], at: 0 };
    for key in keys {
        front.bytes(&key.to_le_bytes());
    }
    front.bytes(stream_filter.bytes());
    front.bytes(command_filter.bytes());
    let front_crc = crc32c::crc32c(front.bytes);
    bytes[..HEADER_LEN].copy_from_slice(&header(&index.summary, identity, &counts, front_crc));
    bytes
}

fn header(summary: &Summary, identity: &Identity, counts: &Counts, front_crc: u32) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    let mut put = Put { bytes: &mut bytes, at: 0 };
    put.bytes(&MAGIC.to_le_bytes());
    put.bytes(&VERSION.to_le_bytes());
    put.bytes(&summary.number.to_le_bytes());
    put.bytes(&identity.log_id.to_le_bytes());
    put.bytes(&identity.segment_id.to_le_bytes());
    put.bytes(&identity.segment_len.to_le_bytes());
    put.bytes(&u64::from(summary.data_end).to_le_bytes());
    put.bytes(&summary.first_batch.to_le_bytes());
    put.bytes(&summary.batches.to_le_bytes());
    put.bytes(&summary.first.0.to_le_bytes());
    put.bytes(&summary.next.0.to_le_bytes());
    put.bytes(&summary.commits.to_le_bytes());
    put.bytes(&summary.recorded.0.to_le_bytes());
    put.bytes(&summary.recorded.1.to_le_bytes());
    put.bytes(&identity.segment_crc.to_le_bytes());
    put.bytes(&summary.previous_crc.to_le_bytes());
    put.bytes(&summary.last_crc.to_le_bytes());
    for count in [counts.streams, counts.positions, counts.commands, counts.batches, counts.sparse_index] {
        put.bytes(&count.to_le_bytes());
    }
    put.bytes(&counts.stream_blocks.to_le_bytes());
    put.bytes(&counts.command_blocks.to_le_bytes());
    put.bytes(&front_crc.to_le_bytes());
    put.crc();
    bytes
}

/// The pages of a sidecar while it is made.
struct Pages {
    bytes: Vec<u8>,
    /// The first key of each page that has one.
    keys: Vec<u64>,
    id: u64,
}

impl Pages {
    fn keyed<T: Copy>(
        &mut self,
        section: &Section,
        entries: impl Iterator<Item = T> + Clone,
        key: impl Fn(T) -> u64,
        put: impl FnMut(T, &mut Put<'_>),
    ) {
        debug_assert!(entries.clone().map(&key).is_sorted(), "pages are found by the key of their first entry");
        self.keys.extend(entries.clone().step_by(section.per_page() as usize).map(key));
        self.fill(section, entries, put);
    }

    fn fill<T>(&mut self, section: &Section, entries: impl Iterator<Item = T>, mut put: impl FnMut(T, &mut Put<'_>)) {
        let mut entries = entries.peekable();
        let mut page = section.first_page;
        while entries.peek().is_some() {
            let bytes = &mut self.bytes[page as usize * SIDECAR_PAGE_LEN..(page as usize + 1) * SIDECAR_PAGE_LEN];
            for (nth, entry) in entries.by_ref().take(section.per_page() as usize).enumerate() {
                let range = nth * section.entry_len..(nth + 1) * section.entry_len;
                put(entry, &mut Put { bytes: &mut bytes[range], at: 0 });
            }
            let crc = page_crc(self.id, page, &bytes[..CONTENT_LEN]);
            bytes[CONTENT_LEN..].copy_from_slice(&crc.to_le_bytes());
            page += 1;
        }
        assert_eq!(page, section.first_page + section.pages(), "a section has the entries it was laid out for");
    }
}
