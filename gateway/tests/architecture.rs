//! The map's invariants: who may know whom. A failure names the file that crosses a wall.

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/samples.rs"]
mod samples;

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the gateway lies in the workspace").to_owned()
}

/// The folders of the workspace's crates.
fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let list = manifest.split("\nmembers = [").nth(1).and_then(|after| after.split(']').next());
    let list = list.expect("the workspace lists its members");
    list.split(',')
        .map(|member| member.trim().trim_matches('"').to_owned())
        .filter(|member| !member.is_empty())
        .collect()
}

/// The names under `[dependencies]` of a member, without development dependencies.
fn dependencies(member: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).expect("a member has a manifest");
    let after = manifest.split("\n[dependencies]\n").nth(1).expect("a member has a section of dependencies");
    let section = after.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    names.map(|line| line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned()).collect()
}

/// The Rust files of a folder, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = vec![];
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources reads") {
            let path = entry.expect("an entry reads").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has sources");
    files
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

#[track_caller]
fn nobody_says(folder: &str, word: &str, except: &[&str]) {
    for (path, text) in sources(folder) {
        let is_excepted = except.iter().any(|allowed| path.ends_with(allowed));
        if !is_excepted && let Some(line) = code(&text).find(|line| line.contains(word)) {
            panic!("{} says {word:?}: {line}", path.display());
        }
    }
}

#[test]
fn domain_depends_on_nothing() {
    assert_eq!(dependencies("domain"), Vec::<String>::new());
    for word in ["async fn", "std::time::SystemTime", "std::time::Instant", "std::fs", "std::net", "std::io"] {
        nobody_says("domain/src", word, &[]);
    }
}

#[test]
fn schemas_does_no_io() {
    let known = dependencies("schemas");
    for io in ["tokio", "eventlog", "redb", "axum", "hyper", "commands", "projections"] {
        assert!(!known.iter().any(|name| name == io), "schemas depends on {io}");
    }
    for word in ["std::fs", "std::net", "async fn"] {
        nobody_says("schemas/src", word, &[]);
    }
}

#[test]
fn the_log_knows_bytes_not_orders() {
    let known = dependencies("eventlog");
    for ours in ["domain", "schemas", "commands", "projections", "gateway"] {
        assert!(!known.iter().any(|name| name == ours), "eventlog depends on {ours}");
    }
}

#[test]
fn commands_and_projections_do_not_know_each_other() {
    assert!(!dependencies("commands").contains(&"projections".to_owned()));
    assert!(!dependencies("projections").contains(&"commands".to_owned()));
    for member in ["commands", "projections"] {
        assert!(!dependencies(member).contains(&"gateway".to_owned()), "{member} depends on the gateway");
    }
}

#[test]
fn reading_order_files_and_sending_load_know_no_server() {
    for member in ["gateway/import", "gateway/load"] {
        for server in ["axum", "hyper", "eventlog", "commands", "projections", "gateway"] {
            assert!(!dependencies(member).contains(&server.to_owned()), "{member} depends on {server}");
        }
    }
}

#[test]
fn only_schemas_serializes_what_is_persisted() {
    for member in ["domain", "eventlog", "commands", "projections"] {
        for serializer in ["serde", "postcard", "serde_json"] {
            assert!(!dependencies(member).contains(&serializer.to_owned()), "{member} depends on {serializer}");
        }
    }
}

#[test]
fn only_the_composition_root_names_a_log_backend() {
    // `replay` reads the log of a stopped server, which is why it opens one.
    let except = ["gateway/src/app.rs", "gateway/src/cli/replay.rs"];
    nobody_says("gateway/src", "open_embedded", &except);
    for member in ["commands/src", "projections/src"] {
        nobody_says(member, "open_embedded", &[]);
    }
}

#[test]
fn only_one_file_touches_the_logs_files() {
    for word in ["std::fs", "File::", "OpenOptions", "rustix::fs"] {
        nobody_says("eventlog/src", word, &["eventlog/src/disk.rs", "eventlog/src/sim.rs"]);
    }
}

#[test]
fn nothing_is_unsafe() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    for member in members() {
        let manifest = fs::read_to_string(root().join(&member).join("Cargo.toml")).expect("a member has a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member} takes over the workspace's lints");
    }
}

/// Files that need each other are read, changed and moved as one, however many they are.
#[test]
fn no_files_import_each_other_in_circles() {
    let mut found = vec![];
    for member in members() {
        let folder = root().join(&member).join("src");
        let name = |path: PathBuf| path.strip_prefix(&folder).expect("it lies there").to_string_lossy().into_owned();
        let files = sources(&format!("{member}/src")).into_iter().map(|(path, text)| (name(path), text)).collect();
        let circles = imports::circles(&imports::arrows(&files));
        found.extend(circles.iter().map(|circle| format!("{member}/src:\n  {}", samples::lines(circle).join("\n  "))));
    }
    assert!(found.is_empty(), "{} circles, and what each file takes from the next:\n{}", found.len(), found.join("\n"));
}

/// Bugs are planted for the fault programme's tests only.
#[test]
fn nothing_that_is_shipped_has_planted_bugs() {
    const FEATURE: &str = "planted-bugs";
    for member in members() {
        let manifest = fs::read_to_string(root().join(&member).join("Cargo.toml")).expect("a member has a manifest");
        let is_theirs = member == "eventlog" || member == "commands";
        assert!(is_theirs || !manifest.contains(FEATURE), "{member} asks for {FEATURE}");
        assert!(!manifest.contains("\ndefault = "), "{member} has a default feature");
    }
    let binary = fs::read(env!("CARGO_BIN_EXE_comanda")).expect("the binary is built");
    for bug in ["take a frame of an earlier life", "answer before the sync", "forget ids at restart"] {
        let is_there = binary.windows(bug.len()).any(|window| window == bug.as_bytes());
        assert!(!is_there, "the binary can {bug}");
    }
}

#[test]
fn the_top_level_is_the_map() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "deny.toml",
        "rust-toolchain.toml",
        "rustfmt.toml",
        "domain",
        "schemas",
        "eventlog",
        "derived",
        "commands",
        "projections",
        "gateway",
        "benches",
        "deploy",
    ];
    for entry in fs::read_dir(root()).expect("the workspace reads") {
        let name = entry.expect("an entry reads").file_name().into_string().expect("names are text");
        // What a build, a run and the tools leave behind is not part of the house.
        if name.starts_with('.') || name == "target" || name == "data" {
            continue;
        }
        assert!(allowed.contains(&name.as_str()), "{name} has no place on the map of ARCHITECTURE.md");
    }
}

/// The rules of DOMAIN.md, section 6, and of its arithmetic.
const RULES: [(&str, RangeInclusive<u32>); 12] = [
    ("e", 1..=5),
    ("o", 1..=15),
    ("k", 1..=2),
    ("p", 1..=10),
    ("s", 1..=8),
    ("t", 1..=3),
    ("d", 1..=5),
    ("f", 1..=4),
    ("a", 1..=3),
    ("r", 1..=4),
    ("m", 1..=3),
    ("m", 7..=9),
];

#[test]
fn every_rule_has_a_test_of_its_name() {
    let folders = ["domain/tests", "schemas/tests", "commands/tests", "projections/tests", "gateway/tests"];
    let texts: Vec<String> = folders.iter().flat_map(|folder| sources(folder)).map(|(_, text)| text).collect();
    let is_tested = |rule: &str| {
        let (alone, with_others) = (format!("fn {rule}_"), format!("_{rule}_"));
        let is_it = |line: &str| line.starts_with(&alone) || line.starts_with("fn ") && line.contains(&with_others);
        texts.iter().any(|text| code(text).any(is_it))
    };
    let rules = RULES.into_iter().flat_map(|(letter, numbers)| numbers.map(move |number| format!("{letter}{number}")));
    let untested: Vec<String> = rules.filter(|rule| !is_tested(rule)).collect();
    assert_eq!(untested, [""; 0], "rules without a test of their name");
}

/// Whether some test, or the module it stands in, has this in its name.
fn is_a_test(texts: &[(PathBuf, String)], name: &str) -> bool {
    let is_named = |(path, text): &(PathBuf, String)| {
        let is_module = path.file_stem().is_some_and(|stem| stem.to_string_lossy() == name);
        let is_it = |line: &str| {
            let named = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
            named.is_some_and(|named| named.split('(').next().is_some_and(|named| named.contains(name)))
        };
        text.contains("test]") && (is_module || code(text).any(is_it))
    };
    texts.iter().any(is_named)
}

/// What SECURITY.md says is shown by a test that is there, and what shows nothing says why it is not met.
#[test]
fn what_security_md_names_is_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).expect("there is a SECURITY.md");
    let steps = fs::read_to_string(root().join(".ci/run")).expect("there is a .ci/run");
    let of_http = sources("gateway/tests/http");
    let mut cited = 0;
    for line in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat")) {
        let columns: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [threat, answer, shown] = columns[..] else { panic!("three columns: {line}") };
        let names: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(
            !names.is_empty() || answer.starts_with("not met"),
            "shown by nothing, and not said to be unmet: {threat}"
        );
        for name in names {
            cited += 1;
            let words: Vec<&str> = name.split_whitespace().collect();
            let is_there = match words[..] {
                [".ci/run"] => {
                    let step = shown.split("step \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a step");
                    steps.contains(&format!("step \"{step}\""))
                }
                ["cargo", "test", "-p", package, ref rest @ ..] => {
                    let folder = package.strip_prefix("comanda-").unwrap_or("gateway");
                    let folder =
                        if rest.contains(&"--lib") { format!("{folder}/src") } else { format!("{folder}/tests") };
                    is_a_test(&sources(&folder), rest.last().expect("which tests"))
                }
                [name] => {
                    of_http.iter().any(|(_, text)| code(text).any(|line| line.starts_with(&format!("fn {name}("))))
                }
                _ => false,
            };
            assert!(is_there, "SECURITY.md names {name:?}, which is not there: {threat}");
        }
    }
    assert!(50 < cited, "{cited} tests are named");
}
