//! What this crate promises about itself.

use std::path::Path;

/// One file touches the log's files, so that a test can stand in for the disk.
#[test]
fn only_the_disk_touches_the_file_system() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![source.clone()];
    let mut seen = 0;
    while let Some(dir) = pending.pop() {
        for entry in std::fs::read_dir(dir).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("reads");
            // A thread's priority is not the file system's, and the number of an error touches nothing.
            let text = text.replace("rustix::process::nice", "").replace("rustix::io::Errno", "");
            let touches = text.contains("std::fs") || text.contains("fs::{") || text.contains("rustix::");
            assert!(!touches || path == source.join("disk.rs"), "{} touches the file system", path.display());
            assert!(!text.contains("unsafe"), "{} is unsafe", path.display());
            seen += 1;
        }
    }
    assert!(10 < seen);
}
