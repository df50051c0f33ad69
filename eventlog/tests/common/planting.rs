//! Plants one bug after the other and runs parts of the programme until one of them finds it.

#![allow(dead_code, reason = "each test binary uses a part")]
#![cfg(feature = "planted-bugs")]

use eventlog::planted::plant;
use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A part of the programme: its name, how many seeds it is given, and how one of them runs.
pub type Part<'a> = (&'a str, u64, &'a dyn Fn(u64));

/// Every bug must be found by some part, and the parts find nothing where no bug is planted. Says what found which.
pub fn find_all(bugs: &[&'static str], parts: &[Part<'_>]) {
    // What a bug brings about is said in the table.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut lines, mut missed) = (String::new(), vec![]);
    for bug in std::iter::once(&"").chain(bugs) {
        plant(bug);
        match (find(parts), bug.is_empty()) {
            (None, true) => lines.push_str("| planted bug | found by | seed | saying |\n|---|---|---|---|\n"),
            (Some((part, seed, said)), false) => lines.push_str(&format!("| {bug} | {part} | {seed} | {said} |\n")),
            (None, false) => missed.push(*bug),
            (Some((part, seed, said)), true) => {
                missed.push("none at all");
                lines.push_str(&format!("| none | {part} | {seed} | {said} |\n"));
            }
        }
        plant("");
    }
    let _ = std::panic::take_hook();
    let _ = std::io::stderr().write_all(lines.as_bytes());
    if let Some(path) = std::env::var_os("COMANDA_COUNTS") {
        let line = format!("| 6 | planted bugs | {} found | {} | 0..{} |\n", bugs.len(), missed.len(), bugs.len());
        let file = std::fs::File::options().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the counts are kept");
    }
    assert!(missed.is_empty(), "not found, or found where there is none: {missed:?}");
}

fn find<'a>(parts: &[Part<'a>]) -> Option<(&'a str, u64, String)> {
    parts.iter().find_map(|(name, seeds, run)| {
        (0..*seeds).find_map(|seed| {
            let panicked = catch_unwind(AssertUnwindSafe(|| run(seed))).err()?;
            Some((*name, seed, said(&*panicked)))
        })
    })
}

/// The first line of what a panic said.
fn said(panicked: &(dyn Any + Send)) -> String {
    let text = panicked.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panicked.downcast_ref::<&str>().copied()).unwrap_or("nothing");
    text.lines().next().unwrap_or_default().chars().take(100).collect()
}
