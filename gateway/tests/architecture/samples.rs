//! What the reader of imports makes of small crates.

use crate::imports::{Arrows, Files, arrows, circles};

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

/// Arrows as text: `a.rs -> b.rs: Name, other`.
pub fn lines(arrows: &Arrows) -> Vec<String> {
    let line = |((from, to), names): (&(String, String), &std::collections::BTreeSet<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{from} -> {to}: {}", names.join(", "))
    };
    arrows.iter().map(line).collect()
}

#[track_caller]
fn check(texts: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(lines(&arrows(&files(texts))), expected, "{texts:#?}");
}

#[test]
fn use_declarations_are_arrows_to_the_file_that_declares() {
    let (a, b) = (("a.rs", "pub struct A; pub fn make() {}"), ("b/mod.rs", "pub mod c; pub enum B { X }"));
    let c = ("b/c.rs", "pub const C: u8 = 0; pub trait T {}");
    let lib = "mod a; mod b; mod d;";
    for (text, expected) in [
        ("use crate::a::A;", &["d.rs -> a.rs: A"][..]),
        ("use super::a::A;", &["d.rs -> a.rs: A"]),
        ("use crate::{a::{self, A, make}, b::c::T as _};", &["d.rs -> a.rs: A, make", "d.rs -> b/c.rs: T"]),
        ("use crate::b::{B::{self, X}, c::{C}};", &["d.rs -> b/c.rs: C", "d.rs -> b/mod.rs: B"]),
        ("use crate::a; fn f() { a::make() }", &["d.rs -> a.rs: make"]),
        ("use crate::a as first; type F = first::A;", &["d.rs -> a.rs: A"]),
        ("use crate::b::c; fn f() -> u8 { c::C }", &["d.rs -> b/c.rs: C"]),
        ("fn f() { crate::a::make(); }", &["d.rs -> a.rs: make"]),
        ("fn f() { use crate::a::make; make(); }", &["d.rs -> a.rs: make"]),
        ("mod inline { use super::super::a::A; }", &["d.rs -> a.rs: A"]),
        ("mod inline { pub struct I; mod deep { use super::I; } } use self::inline::I;", &[]),
        ("use crate::a::*; fn f() { make() }", &["d.rs -> a.rs: *, make"]),
        ("use crate::a::made_by_a_macro;", &["d.rs -> a.rs: made_by_a_macro"]),
        // What is no import.
        ("use std::fmt; fn f(_: fmt::Error) {}", &[]),
        ("/// See [`crate::a::A`]. \n // use crate::a::A; \n /* crate::a::A /* */ */ fn f() {}", &[]),
        (r###"fn f() { ("crate::a::A", r#"" crate::a::A"#, b"\" crate::a::A", '"', 'x', "crate::a::A"); }"###, &[]),
        ("fn f<'a>(a: &'a u8) -> impl Iterator<Item = u8> + use<'a> { a.a::<u8>() }", &[]),
        ("struct A; fn f() { A::b(); }", &[]),
    ] {
        check(&[("lib.rs", lib), a, b, c, ("d.rs", text)], expected);
    }
}

#[test]
fn a_reexport_is_an_arrow_to_who_declares_and_to_who_reexports() {
    let (lib, user) = (("lib.rs", "mod parent; mod user;"), ("user.rs", "use crate::parent::Child;"));
    let (parent, child) =
        (("parent/mod.rs", "mod child; pub use child::Child;"), ("parent/child.rs", "pub struct Child;"));
    let direct = ["user.rs -> parent/child.rs: Child", "user.rs -> parent/mod.rs: Child"];
    check(&[lib, parent, child, user], &["parent/mod.rs -> parent/child.rs: Child", direct[0], direct[1]]);
    let parent = ("parent/mod.rs", "mod child; pub use child::*;");
    check(&[lib, parent, child, user], &["parent/mod.rs -> parent/child.rs: *", direct[0], direct[1]]);
    // Whoever takes the name from where it is declared does not care who shows it, too.
    let user = ("user.rs", "use crate::parent::child::Child;");
    check(&[lib, parent, child, user], &["parent/mod.rs -> parent/child.rs: *", direct[0]]);
    // A function that is called as its module.
    let (parent, child) =
        (("parent/mod.rs", "mod child; pub use child::child;"), ("parent/child.rs", "pub fn child() {}"));
    let user = ("user.rs", "use crate::parent; fn f() { parent::child() }");
    let [declared, shown] = ["user.rs -> parent/child.rs: child", "user.rs -> parent/mod.rs: child"];
    check(&[lib, parent, child, user], &["parent/mod.rs -> parent/child.rs: child", declared, shown]);
}

#[test]
fn globs_that_meet_again_and_again_are_looked_through_once() {
    let names: Vec<String> = (0..40).map(|number| format!("m{number}")).collect();
    let globs: String = names.iter().map(|name| format!("pub use crate::{name}::*; ")).collect();
    let mut texts: Files =
        names.iter().map(|name| (format!("{name}.rs"), format!("{globs} struct Own{name};"))).collect();
    texts.insert("lib.rs".to_owned(), names.iter().map(|name| format!("mod {name}; ")).collect());
    texts.insert("m0.rs".to_owned(), format!("{globs} fn f(_: Unknown, _: Ownm39) {{}}"));
    assert!(arrows(&texts)[&("m0.rs".to_owned(), "m39.rs".to_owned())].contains("Ownm39"));
}

#[test]
fn a_planted_circle_is_found_whole_and_what_hangs_on_it_is_not() {
    let texts = [
        ("lib.rs", "mod one; mod two; mod three; mod leaf; mod top;"),
        ("one.rs", "use crate::two::Two; pub struct One;"),
        ("two.rs", "use crate::{leaf::Leaf, three}; pub struct Two(three::Three);"),
        ("three.rs", "pub struct Three; fn f() -> super::one::One { todo() }"),
        ("leaf.rs", "pub struct Leaf;"),
        ("top.rs", "use crate::one::One;"),
        // A parent that shows what its child declares, while the child takes something that the parent declares.
        ("main.rs", "mod parent;"),
        (
            "parent.rs",
            "mod child; mod good; mod other; pub use child::Child; pub use other::Other; pub struct Options;",
        ),
        ("parent/child.rs", "use super::Options; pub struct Child(Options);"),
        // A sibling that takes what another one declares by way of the parent, and one that does not.
        ("parent/other.rs", "use super::Child; pub struct Other(Child);"),
        ("parent/good.rs", "use super::child::Child;"),
    ];
    let found: Vec<Vec<String>> = circles(&arrows(&files(&texts))).iter().map(lines).collect();
    let three = ["one.rs -> two.rs: Two", "three.rs -> one.rs: One", "two.rs -> three.rs: Three"];
    let family = [
        "parent.rs -> parent/child.rs: Child",
        "parent.rs -> parent/other.rs: Other",
        "parent/child.rs -> parent.rs: Options",
        "parent/other.rs -> parent.rs: Child",
        "parent/other.rs -> parent/child.rs: Child",
    ];
    assert_eq!(found, [&three[..], &family]);
}
