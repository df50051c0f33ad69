//! Ids out of names and out of the file: the same file gives the same ids on every machine and in every run.
//!
//! That is what makes an import repeatable: the engine knows a command by its id, so an order that is there already is a duplicate,
//! and a row that changed since is a conflict, because the same id then carries another payload.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// The longest id the engine takes.
pub const ID_LENGTH_MAX: usize = 32;

/// How many hex digits of the name's hash tell names with the same slug apart; the longer ones only if that fails.
const SUFFIX_LENGTHS: [usize; 4] = [8, 12, 16, 24];

/// Separates these ids from everything else that is hashed.
const DOMAIN_TAG: &str = "comanda.import.v1";

/// `name` as an id: lower case, every run of other characters than `a-z0-9` one `_`, none at the ends, at most 32 long. Empty if the
/// name has no such character at all.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = full_slug(name);
    slug.truncate(ID_LENGTH_MAX);
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

/// Gives every name an id of its own. A name whose slug is free and short enough gets the slug; one that shares its slug with another
/// name, is too long or has no slug gets a suffix from the SHA-256 of the name. The result depends on the set of names alone, not on
/// the order in which they come.
#[must_use]
pub fn assign_ids<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Arc<str>> {
    let mut by_slug: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        by_slug.entry(full_slug(name)).or_default().insert(name);
    }
    let plain = |slug: &str, names: &BTreeSet<&str>| names.len() == 1 && (1..=ID_LENGTH_MAX).contains(&slug.len());
    let mut ids = BTreeMap::new();
    let mut taken: BTreeSet<Arc<str>> = BTreeSet::new();
    for (slug, names) in by_slug.iter().filter(|(slug, names)| plain(slug, names)) {
        let id: Arc<str> = Arc::from(slug.as_str());
        taken.insert(id.clone());
        ids.extend(names.iter().map(|name| ((*name).to_owned(), id.clone())));
    }
    for (slug, names) in by_slug.iter().filter(|(slug, names)| !plain(slug, names)) {
        for name in names {
            let id = suffixed(slug, name, &taken);
            taken.insert(id.clone());
            ids.insert((*name).to_owned(), id);
        }
    }
    ids
}

/// The id of the command that takes `step` (such as `open`, `line 3`, `pay`) for the order `file_order_key`: a UUID of version 8, the
/// one for ids made by an own rule.
#[must_use]
pub fn command_id(tenant: &str, store: &str, file_order_key: &str, step: &str) -> u128 {
    uuid(&["command", tenant, store, file_order_key, step])
}

/// The id of the order that the file calls `file_order_key`, as 32 hex digits.
#[must_use]
pub fn order_id(tenant: &str, store: &str, file_order_key: &str) -> String {
    format!("{:032x}", uuid(&["order", tenant, store, file_order_key]))
}

/// The id of that order's one payment, as 32 hex digits.
#[must_use]
pub fn payment_id(tenant: &str, store: &str, file_order_key: &str) -> String {
    format!("{:032x}", uuid(&["payment", tenant, store, file_order_key]))
}

/// The id of the `number`-th line of an order, counted from 1.
#[must_use]
pub fn line_id(number: usize) -> String {
    format!("l{number}")
}

/// SHA-256 of the parts, each behind its length, so that no two lists of parts read the same.
#[must_use]
pub fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&DOMAIN_TAG).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// `bytes` as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // Writing to a string cannot fail.
        text
    })
}

fn uuid(parts: &[&str]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest(parts)) {
        *to = from;
    }
    let version = (u128::from_be_bytes(bytes) & !(0xf << 76)) | (0x8 << 76);
    (version & !(0x3 << 62)) | (0x2 << 62)
}

fn full_slug(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for character in name.chars() {
        match character.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
    }
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

fn suffixed(slug: &str, name: &str, taken: &BTreeSet<Arc<str>>) -> Arc<str> {
    let hash = hex(&Sha256::digest(name.as_bytes()));
    for length in SUFFIX_LENGTHS {
        let base = slug.get(..slug.len().min(ID_LENGTH_MAX - length - 1)).unwrap_or_default().trim_end_matches('_');
        let base = if base.is_empty() { "x" } else { base };
        let id = format!("{base}_{}", hash.get(..length).unwrap_or_default());
        if !taken.contains(id.as_str()) {
            return Arc::from(id);
        }
    }
    Arc::from(hash.get(..ID_LENGTH_MAX).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, expected) in [
            ("Chicken Bowl", "chicken_bowl"),
            ("bbq_ckn_L", "bbq_ckn_l"),
            ("6 Pack Soft Drink", "6_pack_soft_drink"),
            ("Fresh Tomato Salsa (Mild)", "fresh_tomato_salsa_mild"),
            ("Korma - Chicken", "korma_chicken"),
            ("  -- x -- ", "x"),
            ("Crème Brûlée", "cr_me_br_l_e"),
            ("寿司", ""),
            ("", ""),
            ("Chips and Tomatillo-Green Chili Salsa", "chips_and_tomatillo_green_chili"),
            ("abcdefghijklmnopqrstuvwxyzabcdefghi", "abcdefghijklmnopqrstuvwxyzabcdef"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_unique_and_do_not_depend_on_order() {
        let mut names = vec![
            "Chicken Bowl",
            "Cola",
            "COLA",
            "Chips and Tomatillo-Green Chili Salsa",
            "Chips and Tomatillo Green Chili Salsa",
            "寿司",
            "ラーメン",
            "cola_adf1e8e5",
            "_",
        ];
        let ids = assign_ids(names.iter().copied());
        names.reverse();
        assert_eq!(assign_ids(names.iter().copied()), ids);
        assert_eq!(ids.len(), names.len());
        assert_eq!(ids.values().collect::<BTreeSet<_>>().len(), names.len());
        for id in ids.values() {
            assert!((1..=ID_LENGTH_MAX).contains(&id.len()), "{id}");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{id}");
        }
        assert_eq!(&*ids["Chicken Bowl"], "chicken_bowl");
        let hash = hex(&Sha256::digest("Cola"));
        assert_eq!(*ids["Cola"], format!("cola_{}", &hash[..8]));
        assert!(ids["寿司"].starts_with("x_"));
        assert!(ids["Chips and Tomatillo-Green Chili Salsa"].starts_with("chips_and_tomatillo_gre_"));
    }

    #[test]
    fn a_taken_suffix_grows() {
        let hash = hex(&Sha256::digest("Cola"));
        let taken_name = format!("cola_{}", &hash[..8]);
        let ids = assign_ids(["Cola", "COLA", taken_name.as_str()]);
        assert_eq!(*ids[&taken_name], taken_name);
        assert_eq!(*ids["Cola"], format!("cola_{}", &hash[..12]));
    }

    #[test]
    fn uuids() {
        let id = command_id("demo", "chipotle", "1", "open");
        let text = format!("{id:032x}");
        assert_eq!(&text[12..13], "8", "version of {text}");
        assert!("89ab".contains(&text[16..17]), "variant of {text}");
        // Golden, computed by a Python script from the rule: a change here turns every second import into a second set of orders.
        assert_eq!(text, "06bf0ceee2c6854bad55cf84c5785811");
        assert_eq!(order_id("demo", "chipotle", "1"), "2eb92af38e69881b8fc7bfa0a03b5242");
        assert_eq!(payment_id("demo", "chipotle", "1"), "293dfe49cc6d8bec9b05edfe61de1659");
        let mut all: BTreeSet<u128> = BTreeSet::new();
        for tenant in ["a", "ab"] {
            for store in ["b", "bb", "c"] {
                for key in ["", "1", "11"] {
                    for step in ["", "1", "open"] {
                        all.insert(command_id(tenant, store, key, step));
                    }
                }
            }
        }
        assert_eq!(all.len(), 2 * 3 * 3 * 3);
        assert_eq!([line_id(1), line_id(12)], ["l1", "l12"]);
    }
}
