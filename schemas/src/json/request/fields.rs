//! What the fields of bodies have to be besides their type.

use crate::json::body::FieldError;
use crate::json::wire;
use domain::event::Rate;
use domain::money::{Money, QtyMilli};

/// Whether a flag may be left out when written.
pub(super) fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What `GET` shows of what the address names may be put back, but names nothing else.
pub(super) fn same<T: PartialEq + std::fmt::Display>(
    shown: Option<wire::Wire<T>>,
    named: T,
    pointer: &str,
) -> Result<(), FieldError> {
    match shown {
        Some(wire::Wire(shown)) if shown != named => {
            let problem = format!("is {shown}, but the address names {named}; leave it out, or change one of the two");
            Err(FieldError::new(pointer, problem))
        }
        Some(_) | None => Ok(()),
    }
}

/// An amount that may not be below zero.
pub(super) fn not_negative(amount: Money, pointer: &str) -> Result<Money, FieldError> {
    match 0 <= amount.0 {
        true => Ok(amount),
        false => Err(FieldError::new(pointer, format!("{amount} is below zero; it must be 0 or more"))),
    }
}

/// A quantity that has to be above zero.
pub(super) fn above_zero(qty: QtyMilli, pointer: &str) -> Result<QtyMilli, FieldError> {
    QtyMilli::parse(qty.0).ok_or_else(|| FieldError::new(pointer, "must be more than 0"))
}

/// A list that may not be longer than this.
pub(super) fn at_most<T>(list: &[T], max: usize, pointer: &str) -> Result<(), FieldError> {
    match list.len() <= max {
        true => Ok(()),
        false => Err(FieldError::new(pointer, format!("has {} entries; at most {max} are allowed", list.len()))),
    }
}

/// A list whose ids may not repeat. `key` is the field of an entry that holds the id, empty where the entry is the id.
pub(super) fn unique<T: Ord + std::fmt::Display>(
    ids: impl Iterator<Item = T>,
    pointer: &str,
    key: &str,
) -> Result<(), FieldError> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, id) in ids.enumerate() {
        if let Some(id) = seen.replace(id) {
            let at = if key.is_empty() { format!("{pointer}/{index}") } else { format!("{pointer}/{index}/{key}") };
            return Err(FieldError::new(at, format!("{id} is there twice; each may appear once")));
        }
    }
    Ok(())
}

/// Parses each entry of a list; a problem is told with the entry's place.
pub(super) fn each<T, U>(
    list: Vec<T>,
    pointer: &str,
    parse: impl Fn(T) -> Result<U, FieldError>,
) -> Result<Vec<U>, FieldError> {
    let parsed = list.into_iter().enumerate();
    parsed.map(|(index, entry)| parse(entry).map_err(|error| error.under(&format!("{pointer}/{index}")))).collect()
}

/// How much a discount or a charge is: exactly one of a share and an amount.
pub(super) fn rate(percent: Option<wire::Ppm>, amount: Option<wire::Money>) -> Result<Rate, FieldError> {
    match (percent, amount) {
        (Some(percent), None) => match domain::money::Ppm::parse_share(percent.0.0) {
            Some(share) => Ok(Rate::Percent(share)),
            None => Err(FieldError::new(
                "/percent_ppm",
                format!("{} is above 100 %, which is 1000000 millionths", percent.0.0),
            )),
        },
        (None, Some(amount)) => not_negative(amount.0, "/amount").map(Rate::Amount),
        (Some(_), Some(_)) => Err(FieldError::new("/amount", "cannot stand beside percent_ppm; give one of the two")),
        (None, None) => Err(FieldError::new("/percent_ppm", "is required, or amount instead")),
    }
}
