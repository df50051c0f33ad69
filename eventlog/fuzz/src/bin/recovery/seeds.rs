//! What to start from: logs to start from.

use eventlog::sim::{Random, SimDisk};
use eventlog::{Background, Batch, CommitHeader, Options, Revision, open_on};
use std::path::Path;
use std::sync::Arc;

/// Writes them.
pub fn write(into: &Path) {
    let options = Options { segment_bytes: 8 << 10, recent_bytes: 1 << 10, open_files: 4, background: Background::Inline };
    for seed in 0..20 {
        let (disk, mut random) = (SimDisk::new(seed), Random::new(seed));
        let (mut writer, _, _) = open_on(Arc::new(disk.clone()), Path::new("/log"), options).expect("opens");
        for number in 0..=seed {
            let mut batch = Batch::new(writer.next_position());
            for commit in 0..random.below(3) {
                let command_id = u128::from(number * 8 + commit);
                let header = CommitHeader { tenant: "t1", command_id, payload_hash: 1, recorded_at: 9, meta: &[5; 4] };
                let mut writer = batch.commit(&header);
                for _ in 0..random.below(3) {
                    let stream = format!("s{}", random.below(2));
                    let body = vec![7; random.below(60) as usize];
                    writer.event(&stream, Revision(number), |bytes| bytes.extend_from_slice(&body));
                }
                writer.finish();
            }
            if !batch.is_empty() {
                writer.append(&mut batch).expect("appends");
            }
        }
        match seed % 2 {
            0 => drop(writer),
            _ => writer.close().expect("closes"),
        }
        let names = disk.names();
        let segments = names.iter().filter(|name| name.extension().is_some_and(|end| end == "seg"));
        let bytes: Vec<u8> = segments.flat_map(|name| disk.contents(name)).collect();
        std::fs::write(into.join(format!("log{seed}")), bytes).expect("a file");
    }
}
