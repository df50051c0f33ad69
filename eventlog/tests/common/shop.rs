//! A log as an engine writes it: many streams, some short and one long.

#![allow(dead_code, reason = "each test binary uses a part")]

use super::open;
use eventlog::sim::{Random, SimDisk};
use eventlog::{AppendError, Batch, CommitHeader, LogWriter, Revision};
use std::collections::HashMap;
use std::path::PathBuf;

/// Appends batches as an engine would: revisions follow without a gap; one stream is in most commits, others in few.
pub struct Shop {
    revisions: HashMap<String, u64>,
    commands: u128,
    /// Whether one stream has gaps, which nobody forbids a caller.
    pub has_gaps: bool,
}

impl Shop {
    pub fn new() -> Shop {
        Shop { revisions: HashMap::new(), commands: 0, has_gaps: true }
    }

    pub fn append(&mut self, writer: &mut LogWriter, random: &mut Random) -> Result<(), AppendError> {
        let mut batch = Batch::new(writer.next_position());
        for _ in 0..1 + random.below(4) {
            self.commands += 1;
            let header = CommitHeader {
                tenant: if random.one_in(4) { "t3" } else { "t1" },
                command_id: self.commands,
                payload_hash: 1,
                recorded_at: 1000 + self.commands as i64,
                meta: b"m",
            };
            let mut commit = batch.commit(&header);
            let order = format!("order-{}", self.commands / 4 + u128::from(random.below(3)));
            let mut streams = vec![order.clone(), order, "stock".to_owned()];
            streams.truncate(random.below(4) as usize);
            if random.one_in(30) && self.has_gaps {
                *self.revisions.entry("raw".to_owned()).or_default() += random.below(3);
                streams.push("raw".to_owned());
            }
            for stream in streams {
                let revision = self.revisions.entry(stream.clone()).or_default();
                let body = vec![random.bits() as u8; random.below(300) as usize];
                commit.event(&stream, Revision(*revision), |bytes| bytes.extend_from_slice(&body));
                *revision += 1;
            }
            commit.finish();
        }
        writer.append(&mut batch).map(drop)
    }
}

/// A log of many sealed segments, closed or not.
pub fn shop(seed: u64, batches: u64, has_gaps: bool) -> SimDisk {
    let (disk, mut shop, mut random) = (SimDisk::new(seed), Shop { has_gaps, ..Shop::new() }, Random::new(seed));
    let (mut writer, _, _) = open(&disk).expect("opens");
    for _ in 0..batches {
        shop.append(&mut writer, &mut random).expect("appends");
    }
    drop(writer);
    disk.kill();
    disk
}

/// The indexes beside the segments of a log.
pub fn sidecars(disk: &SimDisk) -> Vec<PathBuf> {
    disk.names().into_iter().filter(|path| path.extension().is_some_and(|end| end == "idx")).collect()
}
