//! Decimal text to whole numbers: prices in minor units, quantities in thousandths. No floats, no rounding of input.

use iso_currency::Currency as Iso;

/// The highest price of one unit or line, in minor units. With [`QTY_MILLI_MAX`] it keeps every order far from overflow.
pub const PRICE_MINOR_MAX: i64 = 100_000_000_000;

/// The highest quantity of one line, in thousandths.
pub const QTY_MILLI_MAX: i64 = 100_000_000;

/// What stands between the whole part of a number and its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DecimalMark {
    /// 1234.50
    Point,
    /// 1234,50
    Comma,
}

impl DecimalMark {
    /// Its name, as the flag takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DecimalMark::Point => "point",
            DecimalMark::Comma => "comma",
        }
    }

    const fn character(self) -> char {
        match self {
            DecimalMark::Point => '.',
            DecimalMark::Comma => ',',
        }
    }

    /// Whether a character is what people put between groups of three digits where this is the decimal mark.
    fn groups(self, character: char) -> bool {
        let other = match self {
            DecimalMark::Point => ',',
            DecimalMark::Comma => '.',
        };
        character == other || matches!(character, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}')
    }
}

/// A currency and how many digits stand behind its decimal point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    iso: Iso,
    /// 0 for JPY, 2 for USD, 3 for KWD.
    pub exponent: u32,
}

impl Currency {
    /// The currency with this ISO 4217 code, `None` if there is none or it has no minor unit (gold, special drawing rights).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Currency> {
        let iso = Iso::from_code(code)?;
        Some(Currency { iso, exponent: u32::from(iso.exponent()?) })
    }

    /// The ISO 4217 code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.iso.code()
    }

    /// A price such as `2.39`, `$2.39 `, `1,242.00` or `GBP 3` in minor units. Where nobody says which the decimal mark is it is the
    /// point, and a comma that could be one is not guessed at.
    ///
    /// # Errors
    /// Says why the text is no price: not a number, negative, more digits than the currency has, another currency's sign, too high.
    pub fn parse(&self, text: &str, mark: Option<DecimalMark>) -> Result<i64, String> {
        let number = self.without_sign(text.trim())?;
        if number.starts_with('-') || number.starts_with('(') {
            return Err(format!("`{}` is negative", text.trim()));
        }
        let plain = without_groups(number, mark).ok_or_else(|| {
            let hint = match mark {
                None => "write it with a decimal point, like 1234.50, or give --decimal comma if the file has commas",
                Some(DecimalMark::Point) => "write it with a decimal point, like 1234.50",
                Some(DecimalMark::Comma) => "write it with a decimal comma, like 1234,50",
            };
            format!("`{}` is not a price; {hint}", text.trim())
        })?;
        let minor = match decimal(&plain, self.exponent) {
            Ok(minor) => minor,
            Err(BadDecimal::NotANumber) => return Err(format!("`{}` is not a price", text.trim())),
            Err(BadDecimal::TooFine) => {
                let digits = self.exponent;
                return Err(format!("`{}` has more digits than {} has ({digits})", text.trim(), self.code()));
            }
            Err(BadDecimal::TooLarge) => return Err(format!("`{}` is too high", text.trim())),
        };
        match minor <= PRICE_MINOR_MAX {
            true => Ok(minor),
            false => Err(format!("`{}` is too high", text.trim())),
        }
    }

    /// Takes off one currency sign or code before or behind the number.
    fn without_sign<'a>(&self, text: &'a str) -> Result<&'a str, String> {
        let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '(');
        let start = text.find(number).unwrap_or(text.len());
        let (before, rest) = text.split_at(start);
        let end = rest.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ')')).map_or(0, |at| at + 1);
        let (middle, behind) = rest.split_at(end);
        match (before.trim(), behind.trim()) {
            ("", "") => Ok(middle),
            _ if middle.is_empty() => Err(format!("`{text}` is not a price")),
            (sign, "") | ("", sign) if self.owns(sign) => Ok(middle),
            (sign, "") | ("", sign) => {
                Err(format!("`{text}` carries `{sign}`, which is not a sign of {}", self.code()))
            }
            _ => Err(format!("`{text}` is not a price")),
        }
    }

    fn owns(&self, sign: &str) -> bool {
        let symbol = self.iso.symbol().symbol;
        sign == self.code() || sign == symbol || (sign == "$" && symbol.ends_with('$'))
    }
}

/// Whether a number is below zero in one of the ways tills and spreadsheets write it: `-1`, `−1`, `1-`, `(1)`.
fn is_negative(text: &str) -> bool {
    text.starts_with(['-', '\u{2212}'])
        || text.ends_with(['-', '\u{2212}'])
        || (text.starts_with('(') && text.ends_with(')'))
}

/// A positive quantity such as `2`, `1.5` or `0.125` in thousandths. Nobody groups the digits of one, so the other mark is none.
///
/// # Errors
/// Says why the text is no quantity.
pub fn parse_qty(text: &str, mark: Option<DecimalMark>) -> Result<i64, String> {
    let text = text.trim();
    if is_negative(text) {
        return Err(format!("`{text}` is negative: a void or a refund; record it on the order it belongs to"));
    }
    let number = match mark {
        Some(DecimalMark::Comma) if text.contains('.') => Err(BadDecimal::NotANumber),
        Some(DecimalMark::Comma) => decimal(&text.replace(',', "."), 3),
        Some(DecimalMark::Point) | None => decimal(text, 3),
    };
    match number {
        Ok(0) => Err("the quantity is zero".to_owned()),
        Ok(milli) if milli <= QTY_MILLI_MAX => Ok(milli),
        Ok(_) | Err(BadDecimal::TooLarge) => Err(format!("`{text}` is too large a quantity")),
        Err(BadDecimal::NotANumber) => Err(match (mark, text.contains(['.', ','])) {
            (Some(mark), true) => format!("`{text}` is not a quantity; the decimal mark is the {}", mark.name()),
            (None, true) => format!("`{text}` is not a quantity; give --decimal comma if the file has decimal commas"),
            (_, false) => format!("`{text}` is not a quantity"),
        }),
        Err(BadDecimal::TooFine) => Err(format!("`{text}` has more than three digits behind the point")),
    }
}

/// The price of one unit where `line_minor` was paid for `qty_milli`; `None` if it does not divide exactly.
#[must_use]
pub fn unit_price(line_minor: i64, qty_milli: i64) -> Option<i64> {
    let scaled = i128::from(line_minor) * 1000;
    let qty = i128::from(qty_milli);
    match qty {
        0 => None,
        _ if scaled % qty == 0 => i64::try_from(scaled / qty).ok().filter(|unit| *unit <= PRICE_MINOR_MAX),
        _ => None,
    }
}

/// What a line comes to: unit price times quantity, rounded half to even as the engine does.
#[must_use]
pub fn line_gross(unit_price_minor: i64, qty_milli: i64) -> i64 {
    let product = i128::from(unit_price_minor) * i128::from(qty_milli);
    let (floor, rest) = (product.div_euclid(1000), product.rem_euclid(1000));
    let up = 500 < rest || (rest == 500 && floor % 2 != 0);
    i64::try_from(floor + i128::from(up)).unwrap_or(i64::MAX)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BadDecimal {
    NotANumber,
    TooFine,
    TooLarge,
}

/// Digits, perhaps a point and digits, as a whole number of `10^-exponent`.
fn decimal(text: &str, exponent: u32) -> Result<i64, BadDecimal> {
    let (whole, fraction) = match text.split_once('.') {
        Some(("", fraction)) => ("0", Some(fraction)),
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return Err(BadDecimal::NotANumber);
    }
    let fraction = fraction.unwrap_or_default();
    let missing = u32::try_from(fraction.len()).ok().and_then(|length| exponent.checked_sub(length));
    let missing = missing.ok_or(BadDecimal::TooFine)?;
    let mut value: i64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).map(|byte| i64::from(byte - b'0')) {
        value = value.checked_mul(10).and_then(|value| value.checked_add(digit)).ok_or(BadDecimal::TooLarge)?;
    }
    10_i64.checked_pow(missing).and_then(|scale| value.checked_mul(scale)).ok_or(BadDecimal::TooLarge)
}

/// Takes out what groups digits by three, and makes the decimal mark a point. Where nobody says what the mark is, a comma that could
/// be one (`2,39`, `1,234`) is not guessed at.
fn without_groups(number: &str, mark: Option<DecimalMark>) -> Option<String> {
    let known = mark.unwrap_or(DecimalMark::Point);
    let (whole, fraction) = match number.split_once(known.character()) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let separator = whole.chars().find(|character| known.groups(*character));
    if let Some(separator) = separator {
        let mut groups = whole.split(separator);
        let first = groups.next()?;
        let is_grouped = (1..=3).contains(&first.chars().count()) && groups.all(|group| group.chars().count() == 3);
        let may_be_the_mark = mark.is_none() && fraction.is_none() && separator == ',';
        if !is_grouped || may_be_the_mark {
            return None;
        }
    }
    let mut plain: String = whole.chars().filter(|character| Some(*character) != separator).collect();
    if let Some(fraction) = fraction {
        // One that holds a mark of its own is no number, and `decimal` says so.
        plain.push('.');
        plain.push_str(fraction);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, text: &str, expected: Result<i64, &str>) {
        let currency = Currency::from_code(code).expect("a currency");
        match (currency.parse(text, None), expected) {
            (Ok(minor), Ok(expected)) => assert_eq!(minor, expected, "{text}"),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{text}: {reason}"),
            (got, _) => panic!("{code} {text}: got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn prices() {
        check("USD", "$2.39 ", Ok(239));
        check("USD", "16", Ok(1600));
        check("USD", "0.8", Ok(80));
        check("USD", ".5", Ok(50));
        check("USD", "0", Ok(0));
        check("USD", "0.00", Ok(0));
        check("USD", "$ 16.98", Ok(1698));
        check("USD", "16.98 USD", Ok(1698));
        check("USD", "USD16.98", Ok(1698));
        check("CAD", "$16.98", Ok(1698));
        check("GBP", "£1,242.00", Ok(124_200));
        check("GBP", "1,234,567.89", Ok(123_456_789));
        check("EUR", "2.39 €", Ok(239));
        check("JPY", "1200", Ok(1200));
        check("JPY", "¥1200", Ok(1200));
        check("KWD", "1.234", Ok(1234));
        check("KWD", "1.2", Ok(1200));
        check("USD", "1000000000", Ok(PRICE_MINOR_MAX));
        check("CHF", "1'234.50", Ok(123_450));
        check("CHF", "CHF 1\u{2019}234.50", Ok(123_450));
        check("EUR", "1 234.50 €", Ok(123_450));
        check("EUR", "1\u{202f}234", Ok(123_400));
    }

    #[test]
    fn the_decimal_mark_is_what_was_said() {
        use DecimalMark::{Comma, Point};
        for (code, text, mark, expected) in [
            ("EUR", "2,39", Comma, Ok(239)),
            ("EUR", "2,5 €", Comma, Ok(250)),
            ("EUR", ",5", Comma, Ok(50)),
            ("EUR", "12", Comma, Ok(1200)),
            ("EUR", "1.242,00", Comma, Ok(124_200)),
            ("EUR", "1.234", Comma, Ok(123_400)),
            ("EUR", "1 234,50 €", Comma, Ok(123_450)),
            ("EUR", "1.234.567,89", Comma, Ok(123_456_789)),
            ("TND", "1,234", Comma, Ok(1234)),
            ("USD", "1,234", Point, Ok(123_400)),
            ("USD", "1,234,567.8", Point, Ok(123_456_780)),
            ("EUR", "2.39", Comma, Err("decimal comma")),
            ("EUR", "1,234.50", Comma, Err("not a price")),
            ("EUR", "1,2,3", Comma, Err("not a price")),
            ("EUR", "1.234 567,00", Comma, Err("decimal comma")),
            ("EUR", "2,399", Comma, Err("more digits")),
            ("EUR", "-2,39", Comma, Err("negative")),
            ("USD", "2,39", Point, Err("decimal point")),
            ("USD", "1.234,50", Point, Err("not a price")),
        ] {
            let currency = Currency::from_code(code).expect("a currency");
            match (currency.parse(text, Some(mark)), expected) {
                (Ok(minor), Ok(expected)) => assert_eq!(minor, expected, "{text}"),
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{text}: {reason}"),
                (got, _) => panic!("{code} {text}: got {got:?}, expected {expected:?}"),
            }
        }
        assert_eq!(parse_qty("1,5", Some(Comma)), Ok(1500));
        assert_eq!(parse_qty("2", Some(Comma)), Ok(2000));
        for (text, mark, part) in [
            ("1.000", Some(Comma), "the decimal mark is the comma"),
            ("1,5", Some(Point), "the decimal mark is the point"),
            ("1,5", None, "--decimal comma"),
            ("1,5,5", Some(Comma), "not a quantity"),
        ] {
            let reason = parse_qty(text, mark).expect_err(text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }

    #[test]
    fn no_prices() {
        for text in
            ["", " ", "abc", "free", "1.2.3", "1.", ".", "1e3", "+1", "1 2", "NULL", "$", "0x10", "٣", "--1", "$1$"]
        {
            let reason = Currency::from_code("USD").expect("a currency").parse(text, None).expect_err(text);
            assert!(
                reason.contains("not a price") || reason.contains("not a sign") || reason.contains("negative"),
                "{reason}"
            );
        }
        check("USD", "2.399", Err("more digits than USD has (2)"));
        check("USD", "1.0425", Err("more digits than USD has (2)"));
        check("JPY", "12.5", Err("more digits than JPY has (0)"));
        check("KWD", "1.2345", Err("more digits than KWD has (3)"));
        check("USD", "-2.39", Err("negative"));
        check("USD", "$-2.39", Err("negative"));
        check("USD", "($2.39)", Err("negative"));
        check("USD", "(2.39)", Err("negative"));
        check("USD", "2,39", Err("decimal point"));
        check("KWD", "1,234", Err("decimal point"));
        check("USD", "1,23.00", Err("decimal point"));
        check("USD", ",123.00", Err("decimal point"));
        check("USD", "£2.39", Err("`£`, which is not a sign of USD"));
        check("GBP", "$2.39", Err("`$`, which is not a sign of GBP"));
        check("USD", "1000000000.01", Err("too high"));
        check("USD", "99999999999999999999", Err("too high"));
    }

    #[test]
    fn currencies() {
        for (code, exponent) in
            [("USD", Some(2)), ("JPY", Some(0)), ("KWD", Some(3)), ("XAU", None), ("usd", None), ("", None)]
        {
            assert_eq!(Currency::from_code(code).map(|currency| currency.exponent), exponent, "{code}");
        }
        assert_eq!(Currency::from_code("GBP").map(|currency| currency.code()), Some("GBP"));
    }

    #[test]
    fn quantities() {
        for (text, expected) in [
            ("1", Ok(1000)),
            (" 15 ", Ok(15_000)),
            ("1.5", Ok(1500)),
            ("0.125", Ok(125)),
            ("2.0", Ok(2000)),
            ("100000", Ok(QTY_MILLI_MAX)),
        ] {
            assert_eq!(parse_qty(text, None), expected, "{text}");
        }
        for (text, part) in [
            ("", "not a quantity"),
            ("two", "not a quantity"),
            ("1,5", "not a quantity"),
            ("+1", "not a quantity"),
            ("NaN", "not a quantity"),
            ("0", "zero"),
            ("0.000", "zero"),
            ("-1", "a void or a refund"),
            ("-0.5", "a void or a refund"),
            ("\u{2212}1", "a void or a refund"),
            ("1-", "a void or a refund"),
            ("(2)", "a void or a refund"),
            ("NONE", "not a quantity"),
            ("null", "not a quantity"),
            ("0.0005", "three digits"),
            ("100001", "too large"),
            ("99999999999999999999", "too large"),
        ] {
            let reason = parse_qty(text, None).expect_err(text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }

    #[test]
    fn unit_prices_and_lines() {
        for (line, qty, unit) in [
            (1698, 2000, Some(849)),
            (1698, 1000, Some(1698)),
            (1000, 3000, None),
            (300, 1500, Some(200)),
            (100, 1500, None),
            (0, 7000, Some(0)),
            (5, 0, None),
            (PRICE_MINOR_MAX, 1, None),
        ] {
            assert_eq!(unit_price(line, qty), unit, "{line} for {qty}");
            if let Some(unit) = unit {
                assert_eq!(line_gross(unit, qty), line);
            }
        }
        for (unit, qty, gross) in [
            (5, 500, 2),
            (3, 500, 2),
            (1, 500, 0),
            (333, 333, 111),
            (PRICE_MINOR_MAX, QTY_MILLI_MAX, 10_000_000_000_000_000),
        ] {
            assert_eq!(line_gross(unit, qty), gross, "{unit} x {qty}");
        }
    }
}
