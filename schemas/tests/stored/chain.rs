//! The chain of hashes: whatever is done to a history is found, and named where it was done.

use proptest::collection::vec;
use proptest::prelude::*;
use schemas::json::{ChainLine, hex};
use schemas::stored::chain::{Broken, ChainCheck, ChainOf, Chained, Kept, Link};
use std::collections::BTreeMap;

/// An event of a history of three stores and their tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    store: u8,
    revision: u64,
    recorded_at: i64,
    command: u128,
    meta: Vec<u8>,
    body: Vec<u8>,
}

impl Entry {
    fn stream(&self) -> String {
        match self.store {
            0 => "menu-demo".to_owned(),
            store => format!("order-demo.s{store}.o1"),
        }
    }

    fn of(&self) -> ChainOf {
        ("demo".to_owned(), (self.store != 0).then(|| format!("s{}", self.store)))
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let bytes = || vec(any::<u8>(), 0..40);
    (0..4_u8, 0..5_u64, any::<i64>(), any::<u128>(), bytes(), bytes()).prop_map(
        |(store, revision, recorded_at, command, meta, body)| Entry {
            store,
            revision,
            recorded_at,
            command,
            meta,
            body,
        },
    )
}

/// Hands every event of a history to `see`, with its place.
fn walk(history: &[Entry], mut see: impl FnMut(&Chained<'_>)) {
    for (position, entry) in (1..).zip(history) {
        see(&Chained {
            tenant: "demo",
            position,
            stream: &entry.stream(),
            revision: entry.revision,
            recorded_at: entry.recorded_at,
            command_id: entry.command,
            payload_hash: !entry.command,
            meta: &entry.meta,
            body: &entry.body,
        });
    }
}

/// Every link of a history, in its order, as it would be kept.
fn kept(history: &[Entry]) -> Vec<(ChainOf, Kept)> {
    let mut heads: BTreeMap<ChainOf, Link> = BTreeMap::new();
    let mut kept = vec![];
    walk(history, |event| {
        let of = (event.tenant.to_owned(), event.store().map(str::to_owned));
        let link = event.link(heads.get(&of));
        heads.insert(of, link);
        let line = serde_json::to_string(&ChainLine::new(event.tenant, event.store(), &link)).unwrap();
        kept.push(serde_json::from_str::<ChainLine>(&line).unwrap().parse("the file".to_owned()).unwrap());
    });
    kept
}

/// What a check of a history against kept links finds, by chain.
fn check(history: &[Entry], kept: &[(ChainOf, Kept)]) -> BTreeMap<ChainOf, Broken> {
    let mut check = ChainCheck::new(kept.iter().cloned());
    let mut found = vec![];
    walk(history, |event| found.extend(check.see(event)));
    found.extend(check.end());
    let count = found.len();
    let found: BTreeMap<ChainOf, Broken> = found.into_iter().map(|broken| (broken.of.clone(), broken)).collect();
    assert_eq!(found.len(), count, "a chain is named once");
    found
}

/// Where each chain stops to be what it was, told without any hash: the first place at which one of the two histories has
/// something the other has not.
fn first_bad(before: &[Entry], after: &[Entry]) -> BTreeMap<ChainOf, u64> {
    let of_chain = |history: &[Entry], of: &ChainOf| -> Vec<(u64, Entry)> {
        (1..).zip(history.iter().cloned()).filter(|(_, entry)| entry.of() == *of).collect()
    };
    let chains: std::collections::BTreeSet<ChainOf> = before.iter().map(Entry::of).collect();
    let mut bad = BTreeMap::new();
    for of in chains {
        let (was, is) = (of_chain(before, &of), of_chain(after, &of));
        let same = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
        // What came behind the last that was kept is no change.
        if let Some((was, _)) = was.get(same) {
            bad.insert(of, is.get(same).map_or(*was, |(is, _)| *was.min(is)));
        }
    }
    bad
}

#[derive(Clone, Debug)]
enum Change {
    Edit(usize, u8),
    Remove(usize),
    Insert(usize, Entry),
    Swap(usize, usize),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        3 => (at(), 0..5_u8).prop_map(|(at, what)| Change::Edit(at, what)),
        2 => at().prop_map(Change::Remove),
        2 => (at(), entry()).prop_map(|(at, entry)| Change::Insert(at, entry)),
        2 => (at(), at()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => at().prop_map(Change::Cut),
    ]
}

fn changed(history: &[Entry], change: &Change) -> Vec<Entry> {
    let mut history = history.to_vec();
    let len = history.len();
    match change {
        Change::Edit(at, what) => {
            let entry = &mut history[at % len];
            match what {
                0 => entry.body.push(7),
                1 => entry.meta.push(7),
                2 => entry.revision += 1,
                3 => entry.recorded_at = entry.recorded_at.wrapping_add(1),
                _ => entry.command ^= 1,
            }
        }
        Change::Remove(at) => _ = history.remove(at % len),
        Change::Insert(at, entry) => history.insert(at % len, entry.clone()),
        Change::Swap(one, other) => history.swap(one % len, other % len),
        Change::Cut(at) => history.truncate(at % len),
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Rule A1.
    #[test]
    fn a1_any_change_is_found_at_its_place(history in vec(entry(), 1..40), change in change(), more in vec(entry(), 0..5)) {
        let kept = kept(&history);
        // A history that only went on is what it was.
        let longer = [history.clone(), more.clone()].concat();
        prop_assert_eq!(check(&longer, &kept), BTreeMap::new());
        let after = changed(&history, &change);
        let expected = first_bad(&history, &after);
        let found = check(&after, &kept);
        prop_assert!(found.values().all(|broken| broken.is_exact));
        let found: BTreeMap<ChainOf, u64> = found.into_iter().map(|(of, broken)| (of, broken.position)).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert!(!found.is_empty() || after == history);
    }

    /// Of a few heads that were kept, the two that the change lies between are named.
    #[test]
    fn a1_heads_say_between_which_two(
        history in vec(entry(), 1..40), change in change(), keeps in vec(any::<bool>(), 40),
    ) {
        let heads = kept(&history).into_iter().zip(keeps).filter(|(_, keeps)| *keeps);
        let heads = heads.map(|(head, _)| head);
        let heads: Vec<_> = heads.map(|(of, kept)| (of, Kept { count: None, ..kept })).collect();
        let after = changed(&history, &change);
        let bad = first_bad(&history, &after);
        let found = check(&after, &heads);
        for (of, position) in &bad {
            // Found if a head was kept at or behind it.
            let of_chain: Vec<u64> = heads.iter().filter(|(held, _)| held == of).map(|(_, kept)| kept.position).collect();
            let is_seen = of_chain.iter().any(|kept| position <= kept);
            prop_assert_eq!(found.contains_key(of), is_seen);
            if let Some(broken) = found.get(of) {
                prop_assert!(broken.after < Some(*position) && *position <= broken.position);
                prop_assert_eq!(Some(&broken.position), of_chain.iter().find(|kept| position <= *kept));
                prop_assert!(!broken.is_exact);
            }
        }
        prop_assert!(found.keys().all(|of| bad.contains_key(of)));
    }
}

/// The form is for ever: this is what another program has to come to.
#[test]
fn a1_the_form_is_this_one() {
    let first = Chained {
        tenant: "demo",
        position: 3,
        stream: "order-demo.s1.o1",
        revision: 0,
        recorded_at: 1_764_000_000_000_000,
        command_id: 0x0190_d5a4_c1b8_7c3e_9d2a_6f4e_8b1c_7d90,
        payload_hash: 7,
        meta: b"meta",
        body: b"event",
    };
    assert_eq!(first.store(), Some("s1"));
    assert_eq!(Chained { stream: "menu-demo", ..first }.store(), None);
    let one = first.link(None);
    let two = Chained { position: 9, revision: 1, ..first }.link(Some(&one));
    let told = [&one, &two].map(|link| format!("{} {} {}", link.count, link.position, hex(&link.hash)));
    // Computed by another program from the table in `chain.rs`.
    let expected = [
        "1 3 72b45092658e6f1862be78f2ae7c48804695f5a6aad0b83364ba44c0fdf32d42",
        "2 9 7128cb7a2f4746f0ba6de4b9d59cb0151765b52625b9066a062024caefe2e370",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_line_says_what_is_wrong_with_it() {
    let hash = "ab".repeat(32);
    let line = |text: String| serde_json::from_str::<ChainLine>(&text).map(|line| line.parse("x".to_owned()));
    let good = line(format!(r#"{{"tenant":"demo","store":"s1","position":"0:7","hash":"{hash}"}}"#)).unwrap().unwrap();
    assert_eq!(good.0, ("demo".to_owned(), Some("s1".to_owned())));
    assert_eq!((good.1.position, good.1.hash, good.1.count), (7, [0xab; 32], None));
    for bad in [
        format!(r#"{{"tenant":"Demo","position":"0:7","hash":"{hash}"}}"#),
        format!(r#"{{"tenant":"demo","store":"","position":"0:7","hash":"{hash}"}}"#),
        format!(r#"{{"tenant":"demo","position":"1:7","hash":"{hash}"}}"#),
        r#"{"tenant":"demo","position":"0:7","hash":"abc"}"#.to_owned(),
        format!(r#"{{"tenant":"demo","position":"0:7","hash":"{}"}}"#, "xy".repeat(32)),
    ] {
        assert!(line(bad.clone()).unwrap().is_err(), "{bad}");
    }
    assert!(line(r#"{"tenant":"demo","position":"0:7"}"#.to_owned()).is_err());
}
