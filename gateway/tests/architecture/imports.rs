//! Which file of a crate takes names from which other one, as far as `use` declarations and qualified paths tell.
//!
//! This is no compiler: it reads tokens, knows modules, the names each declares and the names each imports, and follows a
//! path through them to the file that declares its last name. Whoever takes a name through a re-export depends on the file
//! that declares it and on the one that re-exports it. `mod` declarations alone, calls of methods and doc comments are no
//! arrows. A name that nobody is seen to declare (a macro made it) is the module's in which it is looked for.

use std::collections::{BTreeMap, BTreeSet};

/// Files of a crate by their path in its `src`, with their text.
pub type Files = BTreeMap<String, String>;
/// What the first file takes from the second.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// Keywords that a declaration of a name follows.
const DECLARE: [&str; 9] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union", "macro_rules"];

/// A module, be it a file or inline.
#[derive(Default)]
struct Module {
    file: String,
    parent: usize,
    children: BTreeMap<String, usize>,
    declared: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths of at least two names outside of `use` declarations.
    paths: BTreeSet<Vec<String>>,
    /// Every word: what of a glob is used is among them.
    words: BTreeSet<String>,
}

/// A leaf of a `use` declaration.
struct Import {
    path: Vec<String>,
    /// What it is called here; `None` for `*`.
    name: Option<String>,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Module(usize),
    /// A name, and the file that declares it.
    Name(String, String),
}

struct Modules {
    /// The crate's root is the first.
    all: Vec<Module>,
}

/// What a name stands for, and the modules it was found through.
type LookedUp = (Option<Found>, Vec<usize>);

/// What is known while a path is followed.
#[derive(Default)]
struct Trail {
    /// What was looked up, and through which modules it was found; nothing yet where that is under way: imports may be cyclic,
    /// and the ways through many globs are too many to take twice.
    known: BTreeMap<(usize, String, bool), LookedUp>,
    /// Modules whose imports led on.
    through: Vec<usize>,
}

/// The arrows between the files of a crate.
///
/// # Panics
/// If a module that is declared has no file, which the compiler would not take either.
pub fn arrows(files: &Files) -> Arrows {
    let mut arrows = Arrows::new();
    for root in ["lib.rs", "main.rs"].into_iter().filter(|root| files.contains_key(*root)) {
        let mut modules = Modules { all: vec![] };
        modules.read(files, root, String::new(), 0);
        for at in 0..modules.all.len() {
            modules.arrows_of(at, &mut arrows);
        }
    }
    arrows
}

impl Modules {
    /// Reads a file as a module. `folder` is where the files of its children are.
    fn read(&mut self, files: &Files, file: &str, folder: String, parent: usize) -> usize {
        let text = files.get(file).unwrap_or_else(|| panic!("the module of {file} has a file"));
        let at = self.add(file, parent);
        let tokens = tokens(text);
        self.items(files, &tokens, at, &folder);
        at
    }

    fn add(&mut self, file: &str, parent: usize) -> usize {
        self.all.push(Module { file: file.to_owned(), parent, ..Module::default() });
        self.all.len() - 1
    }

    /// Reads the tokens of a file, or of an inline module without its braces.
    fn items(&mut self, files: &Files, tokens: &[&str], at: usize, folder: &str) {
        let (mut depth, mut index) = (0, 0);
        while index < tokens.len() {
            let (token, next) = (tokens[index], tokens.get(index + 1).copied().unwrap_or_default());
            match token {
                "{" => depth += 1,
                "}" => depth -= 1,
                // `use<'a>` of a return type is another thing.
                "use" if next != "<" => {
                    let mut end = index + 1;
                    use_tree(tokens, &mut end, vec![], &mut self.all[at].imports);
                    index = end;
                    continue;
                }
                "mod" if depth == 0 && is_word(next) => {
                    let path = format!("{folder}{next}");
                    let child = match tokens.get(index + 2) {
                        Some(&"{") => {
                            let end = closing(tokens, index + 2);
                            let (file, body) = (self.all[at].file.clone(), &tokens[index + 3..end]);
                            let child = self.add(&file, at);
                            self.items(files, body, child, &format!("{path}/"));
                            index = end;
                            child
                        }
                        _ => {
                            let nested = format!("{path}/mod.rs");
                            let file = if files.contains_key(&nested) { nested } else { format!("{path}.rs") };
                            self.read(files, &file, format!("{path}/"), at)
                        }
                    };
                    self.all[at].children.insert(next.to_owned(), child);
                }
                _ if depth == 0 && DECLARE.contains(&token) => {
                    // `macro_rules ! name`; the others are followed by what they declare.
                    let name = if next == "!" { tokens.get(index + 2).copied().unwrap_or_default() } else { next };
                    self.all[at].declared.insert(name.to_owned());
                }
                _ if is_word(token) => {
                    let end = path_end(tokens, index);
                    let is_start = index == 0 || !matches!(tokens[index - 1], "::" | ".");
                    if is_start && index + 1 < end {
                        let path = tokens[index..end].iter().step_by(2).map(|name| (*name).to_owned());
                        self.all[at].paths.insert(path.collect());
                    }
                    self.all[at].words.extend(tokens[index..end].iter().step_by(2).map(|word| (*word).to_owned()));
                    index = end;
                    continue;
                }
                _ => {}
            }
            index += 1;
        }
    }

    fn arrows_of(&self, at: usize, arrows: &mut Arrows) {
        let module = &self.all[at];
        let mut arrow = |name: &str, file: &str| {
            if file != module.file {
                arrows.entry((module.file.clone(), file.to_owned())).or_default().insert(name.to_owned());
            }
        };
        let mut follow = |found: Option<Found>, trail: Trail| {
            if let Some(Found::Name(name, file)) = found {
                arrow(&name, &file);
                trail.through.into_iter().for_each(|module| arrow(&name, &self.all[module].file));
            }
        };
        for path in module.imports.iter().map(|import| &import.path).chain(&module.paths) {
            let mut trail = Trail::default();
            follow(self.resolve(at, path, &mut trail), trail);
        }
        for import in module.imports.iter().filter(|import| import.name.is_none()) {
            let Some(Found::Module(all)) = self.resolve(at, &import.path, &mut Trail::default()) else { continue };
            follow(Some(Found::Name("*".to_owned(), self.all[all].file.clone())), Trail::default());
            for word in &module.words {
                let mut trail = Trail::default();
                follow(self.look_up(all, word, true, &mut trail), trail);
            }
        }
    }

    /// Follows a path from a module; `None` where it leaves the crate.
    fn resolve(&self, from: usize, path: &[String], trail: &mut Trail) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(from),
            "super" => Found::Module(self.all[from].parent),
            name => self.look_up(from, name, rest.is_empty(), trail)?,
        };
        for (index, name) in rest.iter().enumerate() {
            let Found::Module(at) = found else { break };
            found = match name.as_str() {
                "super" => Found::Module(self.all[at].parent),
                name => {
                    let is_last = index + 1 == rest.len();
                    let made_by_a_macro = || Found::Name(name.to_owned(), self.all[at].file.clone());
                    self.look_up(at, name, is_last, trail).unwrap_or_else(made_by_a_macro)
                }
            };
        }
        Some(found)
    }

    /// What a name is in a module. The last name of a path is rather a function or a type than the module that is called so, too.
    fn look_up(&self, at: usize, name: &str, is_last: bool, trail: &mut Trail) -> Option<Found> {
        let module = &self.all[at];
        let declared = module.declared.contains(name).then(|| Found::Name(name.to_owned(), module.file.clone()));
        let child = module.children.get(name).map(|child| Found::Module(*child));
        match is_last {
            true => declared.or_else(|| self.imported(at, name, is_last, trail)).or(child),
            false => child.or(declared).or_else(|| self.imported(at, name, is_last, trail)),
        }
    }

    /// What a name is that a module imports.
    fn imported(&self, at: usize, name: &str, is_last: bool, trail: &mut Trail) -> Option<Found> {
        let key = (at, name.to_owned(), is_last);
        if let Some((found, through)) = trail.known.get(&key) {
            trail.through.extend(through);
            return found.clone();
        }
        trail.known.insert(key.clone(), (None, vec![]));
        let start = trail.through.len();
        trail.through.push(at);
        let length = trail.through.len();
        let is_it = |import: &&Import| import.name.as_deref().is_none_or(|own| own == name);
        let found = self.all[at].imports.iter().filter(is_it).find_map(|import| {
            trail.through.truncate(length);
            match (self.resolve(at, &import.path, trail)?, &import.name) {
                (found, Some(_)) => Some(found),
                (Found::Module(all), None) if all != at => self.look_up(all, name, is_last, trail),
                (_, None) => None,
            }
        });
        if found.is_none() {
            trail.through.truncate(start);
        }
        trail.known.insert(key, (found.clone(), trail.through[start..].to_vec()));
        found
    }
}

/// Reads one branch of a `use` declaration up to what follows it.
fn use_tree(tokens: &[&str], at: &mut usize, mut path: Vec<String>, imports: &mut Vec<Import>) {
    while let Some(&token) = tokens.get(*at) {
        *at += 1;
        match token {
            "::" => {}
            "*" => {
                imports.push(Import { path, name: None });
                return;
            }
            "{" => {
                while tokens.get(*at).is_some_and(|token| *token != "}") {
                    match tokens[*at] {
                        "," => *at += 1,
                        _ => use_tree(tokens, at, path.clone(), imports),
                    }
                }
                *at += 1;
                return;
            }
            name => {
                if name != "self" || path.is_empty() {
                    path.push(name.to_owned());
                }
                if tokens.get(*at) == Some(&"::") {
                    continue;
                }
                let mut name = path.last().cloned();
                if tokens.get(*at) == Some(&"as") {
                    name = tokens.get(*at + 1).map(|name| (*name).to_owned());
                    *at += 2;
                }
                imports.push(Import { path, name });
                return;
            }
        }
    }
}

/// Where the path ends that begins with this word: `a::b::C`.
fn path_end(tokens: &[&str], mut at: usize) -> usize {
    while tokens.get(at + 1) == Some(&"::") && tokens.get(at + 2).is_some_and(|next| is_word(next)) {
        at += 2;
    }
    at + 1
}

/// The brace that closes the one at `open`.
fn closing(tokens: &[&str], open: usize) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match *token {
            "{" => depth += 1,
            "}" if depth == 1 => return index,
            "}" => depth -= 1,
            _ => {}
        }
    }
    panic!("a brace is not closed");
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Words, `::` and signs, without comments, texts, characters and lifetimes.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = vec![];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_end(rest)
        } else if let Some(length) = literal_end(rest) {
            length
        } else if first.is_alphanumeric() || first == '_' {
            let raw = if rest.starts_with("r#") { 2 } else { 0 };
            let is_end = |sign: char| !sign.is_alphanumeric() && sign != '_';
            let length = raw + rest[raw..].find(is_end).unwrap_or(rest.len() - raw);
            tokens.push(&rest[raw..length]);
            length
        } else if rest.starts_with("::") {
            tokens.push("::");
            2
        } else {
            let length = first.len_utf8();
            if !first.is_whitespace() {
                tokens.push(&rest[..length]);
            }
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long a block comment is; they nest.
fn comment_end(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += rest.chars().next().expect("a comment is closed").len_utf8();
        }
        if depth == 0 {
            return at;
        }
    }
}

/// How long the text, character or lifetime is that begins here, if one does.
fn literal_end(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.starts_with('"')
                || prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"')
                || matches!(*prefix, "b" | "") && rest.starts_with('\'')
        })
    })?;
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let inner = &body[hashes + 1..];
        return Some(prefix.len() + hashes + 1 + inner.find(&end).expect("a text is closed") + end.len());
    }
    let quote = if body.starts_with('"') { '"' } else { '\'' };
    let mut signs = body[1..].char_indices();
    let (_, first) = signs.next()?;
    if quote == '\'' && first != '\\' && signs.clone().next().is_none_or(|(_, second)| second != '\'') {
        // A lifetime: its name follows as a word that no path begins with.
        return Some(prefix.len() + 1 + body[1..].find(|sign: char| !sign.is_alphanumeric() && sign != '_')?);
    }
    let mut signs = body[1..].char_indices();
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' {
            signs.next();
        } else if sign == quote {
            return Some(prefix.len() + at + 2);
        }
    }
    None
}

/// The files that depend on each other, each circle with its arrows.
pub fn circles(arrows: &Arrows) -> Vec<Arrows> {
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        arrows.keys().map(|(from, _)| (from, reached(arrows, from))).collect();
    let is_tied =
        |from: &String, to: &String| reach[from].contains(to) && reach.get(to).is_some_and(|back| back.contains(from));
    let mut circles: Vec<(BTreeSet<&String>, Arrows)> = vec![];
    for ((from, to), names) in arrows.iter().filter(|((from, to), _)| is_tied(from, to)) {
        let at = circles.iter().position(|(files, _)| files.iter().any(|file| is_tied(file, from)));
        let at = at.unwrap_or_else(|| {
            circles.push(Default::default());
            circles.len() - 1
        });
        circles[at].0.extend([from, to]);
        circles[at].1.insert((from.clone(), to.clone()), names.clone());
    }
    circles.into_iter().map(|(_, arrows)| arrows).collect()
}

/// The files that arrows lead to from a file.
fn reached<'a>(arrows: &'a Arrows, from: &'a String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for (_, to) in arrows.keys().filter(|(start, _)| start == at) {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}
