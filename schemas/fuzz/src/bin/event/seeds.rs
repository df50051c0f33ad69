//! What to start from: the golden bytes of every event and commit as files.

use std::path::Path;

/// Writes them.
pub fn write(into: &Path) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    let events = std::fs::read_dir(golden.join("events")).expect("golden files");
    let files = events.map(|entry| entry.expect("an entry").path()).chain([golden.join("commit_meta.v1.hex")]);
    for (number, file) in files.enumerate() {
        let text = std::fs::read_to_string(file).expect("text");
        for (line, hex) in text.lines().filter_map(|line| Some(line.split_once(' ')?.1)).enumerate() {
            let digits = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
            if let Some(bytes) = digits.collect::<Option<Vec<u8>>>() {
                std::fs::write(into.join(format!("golden{number}_{line}")), bytes).expect("a file");
            }
        }
    }
}
