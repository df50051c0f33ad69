//! The bytes of the log: segment header, batch header, durable mark. `FORMAT.md` has the same tables for humans.
//!
//! All numbers are little endian. Every structure ends with a CRC32C (Castagnoli) over the bytes before it, and carries
//! the random id of its segment, so stale bytes, of another file or of this one before a recovery, are never taken for data.

use crate::types::{BatchId, META_BYTES_MAX, Position, STREAM_BYTES_MAX, TENANT_BYTES_MAX};

/// Version of everything in this file. A reader refuses any other.
pub const VERSION: u32 = 1;
/// Where the first batch of a segment starts, in bytes: appends never rewrite the page the segment header is in.
pub const DATA_START: u64 = 4096;
/// Batches start at multiples of this many bytes; the padding before the next one is zero and covered by the payload's CRC.
pub const ALIGN: usize = 8;
/// The unit a disk writes whole. The durable mark stands in the first sector behind its batch, so one lost sector never
/// takes both.
pub const SECTOR: u64 = 512;

/// Length of a segment header, in bytes.
pub const SEGMENT_HEADER_LEN: usize = 64;
/// Length of a batch header, in bytes.
pub const BATCH_HEADER_LEN: usize = 104;
/// Length of a durable mark, in bytes.
pub const MARK_LEN: usize = 64;
/// Length of what stands before a commit's own bytes: its length and its CRC32C.
pub const COMMIT_PREFIX_LEN: usize = 8;
/// Length of a commit's fields of fixed size, behind the prefix.
pub const COMMIT_FIXED_LEN: usize = 48;
/// Length of an event's fields of fixed size, before its stream and body.
pub const EVENT_FIXED_LEN: usize = 13;
/// What is read of a sidecar and checked at once, in bytes; the last four are its CRC.
pub const SIDECAR_PAGE_LEN: usize = 512;
/// The only kind of record of this version.
pub const KIND_COMMIT: u8 = 1;

// What the casts and the layout of this crate rely on, checked when it is compiled.
const _: () =
    assert!(ALIGN.is_power_of_two() && BATCH_HEADER_LEN.is_multiple_of(ALIGN), "a batch's payload is aligned");
const _: () = assert!(SEGMENT_HEADER_LEN as u64 <= DATA_START, "batches start after the segment's header");
const _: () = assert!(DATA_START.is_multiple_of(SECTOR), "the first batch starts on a sector");
const _: () = assert!(SECTOR.is_multiple_of(ALIGN as u64), "where batches are looked for marks are found too");
const _: () = assert!(MARK_LEN as u64 <= SECTOR, "a mark is in one sector, written whole or not at all");
const _: () = assert!(SIDECAR_PAGE_LEN as u64 == SECTOR, "a page of a sidecar is one sector");
const _: () = assert!(STREAM_BYTES_MAX <= u8::MAX as usize, "one byte of length");
const _: () = assert!(TENANT_BYTES_MAX <= u8::MAX as usize, "one byte of length");
const _: () = assert!(META_BYTES_MAX <= u16::MAX as usize, "two bytes of length");

const SEGMENT_MAGIC: u64 = u64::from_le_bytes(*b"CMDSEGMT");
const BATCH_MAGIC: u64 = u64::from_le_bytes(*b"CMDBATCH");
const MARK_MAGIC: u64 = u64::from_le_bytes(*b"CMDMARK.");

/// The first bytes of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    pub log_id: u128,
    pub segment_id: u64,
    pub number: u32,
    /// Length of the file, in bytes.
    pub size: u64,
}

/// Why bytes are not a segment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotASegment {
    Magic,
    Version(u32),
    Checksum,
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_LEN] {
        let mut bytes = [0; SEGMENT_HEADER_LEN];
        let mut put = Put { bytes: &mut bytes, at: 0 };
        put.bytes(&SEGMENT_MAGIC.to_le_bytes());
        put.bytes(&VERSION.to_le_bytes());
        put.bytes(&(DATA_START as u32).to_le_bytes());
        put.bytes(&self.log_id.to_le_bytes());
        put.bytes(&self.segment_id.to_le_bytes());
        put.bytes(&u64::from(self.number).to_le_bytes());
        put.bytes(&self.size.to_le_bytes());
        put.bytes(&[0; 4]);
        put.crc();
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<SegmentHeader, NotASegment> {
        let mut get = Get { bytes, at: 0 };
        if bytes.len() < SEGMENT_HEADER_LEN || get.u64() != SEGMENT_MAGIC {
            return Err(NotASegment::Magic);
        }
        let version = get.u32();
        let crc_holds = crc_holds(&bytes[..SEGMENT_HEADER_LEN]);
        if version != VERSION && crc_holds {
            return Err(NotASegment::Version(version));
        }
        let data_start = get.u32();
        let header = (get.u128(), get.u64(), get.u64(), get.u64());
        match header {
            (log_id, segment_id, number, size)
                if crc_holds && u64::from(data_start) == DATA_START && number <= u64::from(u32::MAX) =>
            {
                Ok(SegmentHeader { log_id, segment_id, number: number as u32, size })
            }
            _ => Err(NotASegment::Checksum),
        }
    }
}

/// What stands before the commits of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    pub segment_id: u64,
    /// Where this header stands in its segment, in bytes: a misdirected write is detected.
    pub offset: u64,
    /// 0 for the batch of the genesis record, then one more for each batch.
    pub number: u64,
    pub id: BatchId,
    pub first: Position,
    /// How many batches were known to be durable when this one was written.
    pub durable_batches: u64,
    /// The next position after those batches.
    pub durable_upto: Position,
    pub commits: u32,
    pub events: u32,
    /// Bytes of the commits, without the padding.
    pub payload_len: u32,
    /// Over the commits and the padding.
    pub payload_crc: u32,
    /// The `payload_crc` of the batch before: a batch cannot follow another history.
    pub previous_crc: u32,
}

impl BatchHeader {
    pub fn encode(&self) -> [u8; BATCH_HEADER_LEN] {
        let mut bytes = [0; BATCH_HEADER_LEN];
        let mut put = Put { bytes: &mut bytes, at: 0 };
        put.bytes(&BATCH_MAGIC.to_le_bytes());
        put.bytes(&VERSION.to_le_bytes());
        put.bytes(&self.previous_crc.to_le_bytes());
        put.bytes(&self.segment_id.to_le_bytes());
        put.bytes(&self.offset.to_le_bytes());
        put.bytes(&self.number.to_le_bytes());
        put.bytes(&self.id.0.to_le_bytes());
        put.bytes(&self.first.0.to_le_bytes());
        put.bytes(&self.durable_batches.to_le_bytes());
        put.bytes(&self.durable_upto.0.to_le_bytes());
        put.bytes(&self.commits.to_le_bytes());
        put.bytes(&self.events.to_le_bytes());
        put.bytes(&self.payload_len.to_le_bytes());
        put.bytes(&self.payload_crc.to_le_bytes());
        put.bytes(&[0; 4]);
        put.crc();
        bytes
    }

    /// How the header begins of a batch of which only the location and the batch before are known.
    pub fn front(segment_id: u64, offset: u64, number: u64, previous_crc: u32) -> [u8; 40] {
        let mut bytes = [0; 40];
        let mut put = Put { bytes: &mut bytes, at: 0 };
        put.bytes(&BATCH_MAGIC.to_le_bytes());
        put.bytes(&VERSION.to_le_bytes());
        put.bytes(&previous_crc.to_le_bytes());
        put.bytes(&segment_id.to_le_bytes());
        put.bytes(&offset.to_le_bytes());
        put.bytes(&number.to_le_bytes());
        bytes
    }

    /// `None` when the bytes are not a batch header of this version, whole and unharmed.
    pub fn decode(bytes: &[u8]) -> Option<BatchHeader> {
        let bytes = bytes.get(..BATCH_HEADER_LEN)?;
        let mut get = Get { bytes, at: 0 };
        if get.u64() != BATCH_MAGIC || get.u32() != VERSION || !crc_holds(bytes) {
            return None;
        }
        Some(BatchHeader {
            previous_crc: get.u32(),
            segment_id: get.u64(),
            offset: get.u64(),
            number: get.u64(),
            id: BatchId(get.u128()),
            first: Position(get.u64()),
            durable_batches: get.u64(),
            durable_upto: Position(get.u64()),
            commits: get.u32(),
            events: get.u32(),
            payload_len: get.u32(),
            payload_crc: get.u32(),
        })
    }

    /// Where the next batch starts, counted from the start of this one, in bytes.
    pub fn stored_len(&self) -> u64 {
        BATCH_HEADER_LEN as u64 + padded(self.payload_len as usize) as u64
    }

    /// The position after this batch's last event.
    pub fn next_position(&self) -> Position {
        Position(self.first.0.saturating_add(u64::from(self.events)))
    }
}

/// Written behind a batch after its sync returned: proof that the batch was promised to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The log was closed and everything synced, this mark included.
    pub clean: bool,
    pub segment_id: u64,
    /// Where this mark stands in its segment, in bytes.
    pub offset: u64,
    pub durable_batches: u64,
    pub durable_upto: Position,
    /// Where the last durable batch of this segment ends, padding included, in bytes.
    pub data_end: u64,
}

impl Mark {
    pub fn encode(&self) -> [u8; MARK_LEN] {
        let mut bytes = [0; MARK_LEN];
        let mut put = Put { bytes: &mut bytes, at: 0 };
        put.bytes(&MARK_MAGIC.to_le_bytes());
        put.bytes(&VERSION.to_le_bytes());
        put.bytes(&u32::from(self.clean).to_le_bytes());
        put.bytes(&self.segment_id.to_le_bytes());
        put.bytes(&self.offset.to_le_bytes());
        put.bytes(&self.durable_batches.to_le_bytes());
        put.bytes(&self.durable_upto.0.to_le_bytes());
        put.bytes(&self.data_end.to_le_bytes());
        put.bytes(&[0; 4]);
        put.crc();
        bytes
    }

    /// What to write from the end of the batches on so that the mark stands where it belongs: zeros, then the mark.
    pub fn encode_behind_gap(&self) -> ([u8; SECTOR as usize + MARK_LEN], usize) {
        let mut bytes = [0; SECTOR as usize + MARK_LEN];
        debug_assert!(self.offset.is_multiple_of(SECTOR) && self.data_end <= self.offset, "a mark begins a sector");
        let gap = (self.offset - self.data_end) as usize;
        bytes[gap..gap + MARK_LEN].copy_from_slice(&self.encode());
        (bytes, gap + MARK_LEN)
    }

    /// `None` when the bytes are not a mark of this version, whole and unharmed.
    pub fn decode(bytes: &[u8]) -> Option<Mark> {
        let bytes = bytes.get(..MARK_LEN)?;
        let mut get = Get { bytes, at: 0 };
        if get.u64() != MARK_MAGIC || get.u32() != VERSION || !crc_holds(bytes) {
            return None;
        }
        Some(Mark {
            clean: get.u32() == 1,
            segment_id: get.u64(),
            offset: get.u64(),
            durable_batches: get.u64(),
            durable_upto: Position(get.u64()),
            data_end: get.u64(),
        })
    }
}

/// `len` and its padding, in bytes.
pub fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

/// Where the mark of a batch ending at `data_end` stands: at the first sector that holds none of the batch.
pub fn mark_offset(data_end: u64) -> u64 {
    data_end.next_multiple_of(SECTOR)
}

/// What follows the batches of a closed log: zeros, then a mark that says everything was synced.
pub fn clean_mark(segment_id: u64, data_end: u64, durable_batches: u64, durable_upto: Position) -> Vec<u8> {
    let offset = mark_offset(data_end);
    let mark = Mark { clean: true, segment_id, offset, durable_batches, durable_upto, data_end };
    let (bytes, len) = mark.encode_behind_gap();
    bytes[..len].to_vec()
}

/// The most durable batches any unharmed header or mark of segment `segment_id` in `bytes` gives proof of.
///
/// Their offsets are not compared: a misdirected sector still proves what it says. Only places where the writer
/// puts headers are looked at, which also catches marks, as sectors are aligned further.
pub fn proof(bytes: &[u8], segment_id: u64) -> u64 {
    let mut proven = 0;
    for at in (0..bytes.len()).step_by(ALIGN) {
        let Some(magic) = bytes[at..].first_chunk::<8>() else { break };
        let found = match u64::from_le_bytes(*magic) {
            BATCH_MAGIC => BatchHeader::decode(&bytes[at..]).map(|header| (header.segment_id, header.durable_batches)),
            MARK_MAGIC => Mark::decode(&bytes[at..]).map(|mark| (mark.segment_id, mark.durable_batches)),
            _ => None,
        };
        match found {
            Some((id, batches)) if id == segment_id => proven = proven.max(batches),
            _ => {}
        }
    }
    proven
}

/// The last four bytes are the CRC32C of those before.
pub fn crc_holds(bytes: &[u8]) -> bool {
    match bytes.split_last_chunk::<4>() {
        Some((content, crc)) => crc32c::crc32c(content) == u32::from_le_bytes(*crc),
        None => false,
    }
}

/// Fills an array of fixed length from its front; a wrong sum of lengths panics in the first test.
pub struct Put<'a> {
    pub bytes: &'a mut [u8],
    pub at: usize,
}

impl Put<'_> {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    pub fn crc(&mut self) {
        let crc = crc32c::crc32c(&self.bytes[..self.at]);
        self.bytes(&crc.to_le_bytes());
        assert_eq!(self.at, self.bytes.len());
    }
}

/// Takes numbers from the front of bytes whose length was checked.
pub struct Get<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl Get<'_> {
    fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        let mut array = [0; LEN];
        array.copy_from_slice(&self.bytes[self.at..self.at + LEN]);
        self.at += LEN;
        array
    }

    pub fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.take())
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub fn u128(&mut self) -> u128 {
        u128::from_le_bytes(self.take())
    }
}
