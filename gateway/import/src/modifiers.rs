//! The modifier column: a list of names, perhaps nested, perhaps none.

/// The names in `text` in their order, each as often as it is there. Nested lists (`[A, [B, C]]`) are flattened; an empty field and
/// `NULL` are no modifiers.
///
/// # Errors
/// Says why the text is no list: brackets that do not match.
pub fn parse_modifiers(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    if is_none(text) {
        return Ok(Vec::new());
    }
    let mut depth: usize = 0;
    for character in text.chars() {
        depth = match character {
            '[' => depth + 1,
            ']' => depth.checked_sub(1).ok_or_else(|| "a `]` closes nothing".to_owned())?,
            _ => depth,
        };
    }
    if depth != 0 {
        return Err("a `[` is never closed".to_owned());
    }
    Ok(text.split(['[', ']', ',']).map(clean).filter(|name| !is_none(name)).collect())
}

/// Whether a field stands for nothing: empty, or what databases and scripts write for it.
#[must_use]
pub fn is_none(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || ["null", "none", "nan"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A name without blanks around it and with single blanks inside, so that a stray blank makes no second item.
#[must_use]
pub fn clean(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let long = "[Tomatillo-Red Chili Salsa (Hot), [Black Beans, Rice]]";
        for (text, expected) in [
            ("NULL", &[][..]),
            ("null", &[]),
            ("None", &[]),
            ("", &[]),
            ("  ", &[]),
            ("[]", &[]),
            ("[[], []]", &[]),
            ("[Clementine]", &["Clementine"]),
            (long, &["Tomatillo-Red Chili Salsa (Hot)", "Black Beans", "Rice"]),
            ("[A, [B, [C, D]], E]", &["A", "B", "C", "D", "E"]),
            ("[A, A]", &["A", "A"]),
            ("[A, , B]", &["A", "B"]),
            ("A, B", &["A", "B"]),
            ("  Extra   cheese ", &["Extra cheese"]),
        ] {
            assert_eq!(parse_modifiers(text).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn no_lists() {
        for (text, part) in
            [("[A, [B]", "never closed"), ("[", "never closed"), ("A]", "closes nothing"), ("]A[", "closes nothing")]
        {
            assert!(parse_modifiers(text).expect_err(text).contains(part), "{text}");
        }
    }
}
