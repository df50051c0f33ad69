//! What form of an answer a request accepts (RFC 9110, section 12.5.1).

use axum::http::HeaderValue;
use axum::http::header::GetAll;

/// How well a range fits a media type: `*/*`, `text/*`, `text/plain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Any,
    Kind,
    Exact,
}

/// A range of `Accept`, without parameters but its weight in thousandths.
#[derive(Clone, Copy, Debug)]
struct Range<'a> {
    media_type: &'a str,
    weight: u16,
}

impl Range<'_> {
    fn fit(&self, offered: &str) -> Option<Fit> {
        let (kind, subtype) = self.media_type.split_once('/')?;
        let (offered_kind, offered_subtype) = offered.split_once('/')?;
        match (kind, subtype) {
            ("*", "*") => Some(Fit::Any),
            (kind, "*") => kind.eq_ignore_ascii_case(offered_kind).then_some(Fit::Kind),
            (kind, subtype) => {
                let is_same = kind.eq_ignore_ascii_case(offered_kind) && subtype.eq_ignore_ascii_case(offered_subtype);
                is_same.then_some(Fit::Exact)
            }
        }
    }
}

/// Which of the media types that are offered is accepted most; the first of them where all are, `None` where none is.
///
/// Of two that weigh the same, the one that is named first is taken. What does not read as a range says nothing.
pub fn best<'a>(accept: GetAll<'_, HeaderValue>, offered: &[&'a str]) -> Option<&'a str> {
    let values = accept.iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<Range<'_>> = values.flat_map(|value| value.split(',')).filter_map(range).collect();
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let weighed = offered.iter().filter_map(|offered| {
        // The range that fits best says how much it is wanted.
        let fits =
            ranges.iter().enumerate().filter_map(|(place, range)| Some((range.fit(offered)?, place, range.weight)));
        let (_, place, weight) = fits.max_by_key(|(fit, place, _)| (*fit, std::cmp::Reverse(*place)))?;
        (0 < weight).then_some((weight, std::cmp::Reverse(place), *offered))
    });
    // The last of equals would be taken.
    weighed.rev().max_by_key(|(weight, place, _)| (*weight, *place)).map(|(_, _, offered)| offered)
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().filter(|media_type| media_type.contains('/'))?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Some(Range { media_type, weight: weight.map_or(Some(1000), thousandths)? })
}

/// `0`, `0.5`, `1.000`: at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = part.len() <= 3 && part.bytes().all(|digit| digit.is_ascii_digit());
    let part: u16 = format!("{part:0<3}").parse().ok().filter(|_| is_digits)?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderMap, header};

    #[track_caller]
    fn check(accept: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_str(value).expect("a header"));
        }
        let found = best(headers.get_all(header::ACCEPT), &["application/json", "text/plain"]);
        assert_eq!(found, expected, "{accept:?}");
    }

    #[test]
    fn the_form_that_is_wanted_most_is_taken() {
        let (json, text) = (Some("application/json"), Some("text/plain"));
        check(&[], json);
        check(&["*/*"], json);
        check(&["text/plain"], text);
        check(&["TEXT/Plain;charset=utf-8"], text);
        check(&["text/*", "application/json"], text);
        check(&["application/json, text/plain"], json);
        check(&["application/json;q=0.5, text/plain;q=0.501"], text);
        check(&["application/json;q=0.5, text/plain;q=0.5"], json);
        check(&["*/*, text/plain;q=0.1"], json);
        check(&["*/*;q=0.1, application/json;q=0"], text);
        check(&["text/html,application/xhtml+xml,*/*;q=0.8"], json);
        check(&["image/png"], None);
        check(&["application/json;q=0"], None);
        check(&["application/json; q=0.0, text/plain;q=0"], None);
        check(&["*/*;q=0"], None);
        // What does not read says nothing.
        check(&["json"], json);
        check(&["text/plain;q=2"], json);
        check(&["text/plain;q=0.5000"], json);
        check(&[""], json);
    }
}
