//! The time of an order: text of the file, read as local time of the store.
//!
//! A local time that a change to summer time skips, or that the change back repeats, is resolved as jiff's `compatible` does (RFC 5545):
//! in the gap it moves forward by the length of the gap, in the fold the first of the two is taken. A text that carries its own offset
//! (`Z`, `+01:00`) needs no such choice and is taken as it stands.
//!
//! A file without a time column gives each order a synthetic time, see [`Clock::synthetic`]; nothing here reads the clock of the machine.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Where synthetic times begin: noon, so that no cut-off comes near the first ones.
const SYNTHETIC_START: DateTime = jiff::civil::datetime(2012, 1, 1, 12, 0, 0, 0);

/// After so many orders synthetic times start over, so that none of them reaches the future.
const SYNTHETIC_ORDERS_MAX: u64 = 4_000_000;

/// A moment, as it happened and as the store's clock on the wall showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct When {
    pub at: Timestamp,
    /// The store's wall clock at that moment.
    pub local: DateTime,
}

impl When {
    /// Whether it shows a time of day: what is not noon was no date alone.
    pub(crate) fn shows_time_of_day(&self) -> bool {
        self.local.time() != NOON
    }

    /// Microseconds since 1970 in UTC, as events store it.
    #[must_use]
    pub fn unix_us(&self) -> i64 {
        self.at.as_microsecond()
    }

    /// The business date: the local date of the wall clock set back by the cut-off.
    #[must_use]
    pub fn business_date(&self, cut_off_minutes: u16) -> Date {
        let back = SignedDuration::from_mins(i64::from(cut_off_minutes));
        self.local.checked_sub(back).unwrap_or(DateTime::MIN).date()
    }
}

/// A moment as people read it, in UTC.
#[must_use]
pub fn shown_time(at: domain::calendar::Timestamp) -> String {
    Timestamp::from_microsecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

/// How a file writes its times: the value of `--date-format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// ISO 8601, the default.
    Iso,
    /// As `strptime` reads it.
    Strptime(String),
    /// The numbers that spreadsheets keep dates as, counted from this day, with a time of day as their fraction.
    Excel(ExcelEpoch),
}

/// The day that a spreadsheet counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcelEpoch {
    /// Excel, and everybody who does as it does. It believes in a 29 February 1900, so the days up to it are not taken.
    Y1900,
    /// Workbooks that were made on a Mac, once.
    Y1904,
}

impl ExcelEpoch {
    /// Day 0, and the first and the last number that is a day.
    const fn days(self) -> (Date, i64, i64) {
        match self {
            ExcelEpoch::Y1900 => (jiff::civil::date(1899, 12, 30), 61, 2_958_465),
            ExcelEpoch::Y1904 => (jiff::civil::date(1904, 1, 1), 0, 2_957_003),
        }
    }
}

impl FromStr for DateFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<DateFormat, String> {
        match text {
            "iso" => Ok(DateFormat::Iso),
            "excel" => Ok(DateFormat::Excel(ExcelEpoch::Y1900)),
            "excel-1904" => Ok(DateFormat::Excel(ExcelEpoch::Y1904)),
            format => check_format(format).map(|()| DateFormat::Strptime(format.to_owned())),
        }
    }
}

/// As the flag takes it.
impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DateFormat::Iso => "iso",
            DateFormat::Strptime(format) => format,
            DateFormat::Excel(ExcelEpoch::Y1900) => "excel",
            DateFormat::Excel(ExcelEpoch::Y1904) => "excel-1904",
        })
    }
}

/// Reads times of one store.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Clock {
    pub zone: TimeZone,
    pub format: DateFormat,
    /// What a spreadsheet's whole number is: a spreadsheet keeps a date and a midnight as the same number.
    pub whole_day: WholeDay,
}

/// What a day without a fraction of it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WholeDay {
    /// A date: no row of the file has a time of day.
    Date,
    /// A midnight, among other times of day.
    Midnight,
}

/// The time of day of a date that has none, so that no cut-off moves it to another day.
const NOON: Time = jiff::civil::time(12, 0, 0, 0);

impl Clock {
    /// Reads one time. A date without a time of day is taken as noon, so that no cut-off moves it to another day.
    ///
    /// # Errors
    /// Says what the text is and which format was expected.
    pub fn parse(&self, text: &str) -> Result<When, String> {
        let text = text.trim();
        let parsed = match &self.format {
            DateFormat::Strptime(format) => self.parse_format(format, text),
            DateFormat::Iso => self.parse_iso(text),
            DateFormat::Excel(epoch) => excel(*epoch, text, self.whole_day).and_then(|local| self.resolve(local)),
        };
        // In UTC, as events hold it, the time has to be of the years 1 to 9999, too.
        let parsed = parsed.filter(|when| (1..=9999).contains(&TimeZone::UTC.to_datetime(when.at).year()));
        parsed.ok_or_else(|| match &self.format {
            DateFormat::Strptime(format) => format!("`{text}` is not a time of the form `{format}`"),
            DateFormat::Iso if excel(ExcelEpoch::Y1900, text, self.whole_day).is_some() => {
                format!("`{text}` is not a time like 2015-01-31 18:05:00; if it is a spreadsheet's, give --date-format excel")
            }
            DateFormat::Iso => {
                format!("`{text}` is not a time like 2015-01-31 18:05:00; give its form with --date-format")
            }
            DateFormat::Excel(_) => format!("`{text}` is not a time as spreadsheets keep it, like 42035.753472"),
        })
    }

    /// The time of the `index`-th order of a file that has no time column: 2012-01-01 12:00 local time and one minute more for every
    /// order, starting over after 4,000,000.
    ///
    /// # Errors
    /// Never for a real zone; a message instead of a panic all the same.
    pub fn synthetic(&self, index: u64) -> Result<When, String> {
        let failed = |error: jiff::Error| format!("no synthetic time: {error}");
        let start = self.zone.to_timestamp(SYNTHETIC_START).map_err(failed)?;
        let minutes = i64::try_from(index % SYNTHETIC_ORDERS_MAX).unwrap_or(0);
        start.checked_add(SignedDuration::from_mins(minutes)).map(|at| self.when(at)).map_err(failed)
    }

    fn when(&self, at: Timestamp) -> When {
        When { at, local: self.zone.to_datetime(at) }
    }

    fn resolve(&self, local: DateTime) -> Option<When> {
        self.zone.to_ambiguous_zoned(local).compatible().ok().map(|zoned| self.when(zoned.timestamp()))
    }

    fn parse_iso(&self, text: &str) -> Option<When> {
        if let Ok(date) = text.parse::<Date>()
            && text.len() <= "2015-01-31".len()
        {
            return self.resolve(date.to_datetime(NOON));
        }
        match text.parse::<Timestamp>() {
            Ok(at) => Some(self.when(at)),
            Err(_) => self.resolve(text.parse::<DateTime>().ok()?),
        }
    }

    fn parse_format(&self, format: &str, text: &str) -> Option<When> {
        let parts = BrokenDownTime::parse(format, text).ok()?;
        if parts.offset().is_some() || parts.timestamp().is_some() {
            return parts.to_timestamp().ok().map(|at| self.when(at));
        }
        match parts.hour() {
            Some(_) => self.resolve(parts.to_datetime().ok()?),
            None => self.resolve(parts.to_date().ok()?.to_datetime(NOON)),
        }
    }
}

/// A spreadsheet's number of days, to the second; or the number of a day and the fraction of a clock, where two columns are joined.
fn excel(epoch: ExcelEpoch, text: &str, whole_day: WholeDay) -> Option<DateTime> {
    let mut parts = text.split_whitespace();
    let (first, second, None) = (days(parts.next()?)?, parts.next().map(days), parts.next()) else { return None };
    let (day, seconds) = match second {
        None => first,
        Some(second) => match (first, second?) {
            ((day, None), (0, seconds)) => (day, Some(seconds.unwrap_or(0))),
            _ => return None,
        },
    };
    let (zero, from, to) = epoch.days();
    if !(from..=to).contains(&day) {
        return None;
    }
    let date = zero.checked_add(jiff::Span::new().try_days(day).ok()?).ok()?;
    let seconds = match (seconds, whole_day) {
        (Some(seconds), _) => seconds,
        (None, WholeDay::Midnight) => 0,
        (None, WholeDay::Date) => return Some(date.to_datetime(NOON)),
    };
    date.at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// Days and, where there is a fraction, its seconds.
fn days(text: &str) -> Option<(i64, Option<i64>)> {
    const FRACTION_DIGITS_MAX: usize = 20;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((whole, fraction)) = text.split_once(['.', ',']) else {
        return is_digits(text).then(|| text.parse().ok())?.map(|day| (day, None));
    };
    if !is_digits(whole) || !is_digits(fraction) || FRACTION_DIGITS_MAX < fraction.len() {
        return None;
    }
    let (parts, of) = (fraction.parse::<u128>().ok()?, 10_u128.pow(u32::try_from(fraction.len()).ok()?));
    // Binary fractions are a little off: the next whole second is what was meant.
    let seconds = (parts * 86_400 * 2 + of) / (of * 2);
    Some((whole.parse().ok()?, Some(i64::try_from(seconds).ok()?)))
}

/// Whether `format` is a form that times can be read in.
///
/// # Errors
/// Says which directive is unknown.
fn check_format(format: &str) -> Result<(), String> {
    let sample = SYNTHETIC_START.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    let text = strtime::format(format, &sample).map_err(|error| error.to_string())?;
    let format_of = DateFormat::Strptime(format.to_owned());
    let clock = Clock { zone: TimeZone::UTC, format: format_of, whole_day: WholeDay::Date };
    clock.parse(&text).map(|_| ()).map_err(|_| format!("`{format}` does not give a whole date"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str, format: Option<&str>) -> Clock {
        let format = format.map_or(DateFormat::Iso, |format| format.parse().expect("a form"));
        Clock { zone: TimeZone::get(zone).expect("a zone"), format, whole_day: WholeDay::Date }
    }

    #[track_caller]
    fn check(zone: &str, format: Option<&str>, text: &str, utc: &str, local: &str) {
        let when = clock(zone, format).parse(text).expect(text);
        assert_eq!(when.at.to_string(), utc, "{text}");
        assert_eq!(when.local.to_string(), local, "{text}");
        assert_eq!(when.unix_us(), when.at.as_second() * 1_000_000);
    }

    #[test]
    fn times() {
        let uk = Some("%d/%m/%Y %H:%M");
        check("Europe/London", uk, "03/08/2019 20:25", "2019-08-03T19:25:00Z", "2019-08-03T20:25:00");
        check("Europe/London", uk, "01/12/2018 00:10", "2018-12-01T00:10:00Z", "2018-12-01T00:10:00");
        let ny = "America/New_York";
        check(ny, None, "2015-01-01 11:38:36", "2015-01-01T16:38:36Z", "2015-01-01T11:38:36");
        check(ny, None, " 2015-01-01T11:38:36 ", "2015-01-01T16:38:36Z", "2015-01-01T11:38:36");
        check(ny, None, "2015-01-01 11:38", "2015-01-01T16:38:00Z", "2015-01-01T11:38:00");
        check(ny, None, "2015-01-01T16:38:36Z", "2015-01-01T16:38:36Z", "2015-01-01T11:38:36");
        check(ny, None, "2015-01-01T17:38:36+01:00", "2015-01-01T16:38:36Z", "2015-01-01T11:38:36");
        check(ny, None, "2015-01-01", "2015-01-01T17:00:00Z", "2015-01-01T12:00:00");
        check(ny, Some("%m/%d/%Y"), "1/2/2015", "2015-01-02T17:00:00Z", "2015-01-02T12:00:00");
        check(ny, Some("%m/%d/%y %I:%M %p"), "1/2/15 8:05 PM", "2015-01-03T01:05:00Z", "2015-01-02T20:05:00");
        check(ny, Some("%m/%d/%y %I:%M %p"), "1/2/15 12:05 AM", "2015-01-02T05:05:00Z", "2015-01-02T00:05:00");
        check(ny, Some("%Y-%m-%d %H:%M %z"), "2015-01-01 17:38 +0100", "2015-01-01T16:38:00Z", "2015-01-01T11:38:00");
        check(ny, Some("%s"), "1420130316", "2015-01-01T16:38:36Z", "2015-01-01T11:38:36");
    }

    #[test]
    fn gap_and_fold_are_compatible() {
        check("Europe/London", None, "2019-03-31 01:30", "2019-03-31T01:30:00Z", "2019-03-31T02:30:00");
        check("Europe/London", None, "2019-10-27 01:30", "2019-10-27T00:30:00Z", "2019-10-27T01:30:00");
        check("America/New_York", None, "2015-11-01 01:30", "2015-11-01T05:30:00Z", "2015-11-01T01:30:00");
        check("America/New_York", None, "2015-03-08 02:30", "2015-03-08T07:30:00Z", "2015-03-08T03:30:00");
    }

    #[test]
    fn no_times() {
        for (format, text) in [
            (None, ""),
            (None, "yesterday"),
            (None, "03/08/2019 20:25"),
            (None, "2019-02-30 10:00"),
            (None, "2019-02-03 25:00"),
            (None, "20:25"),
            (Some("%d/%m/%Y %H:%M"), "2019-08-03 20:25"),
            (Some("%d/%m/%Y %H:%M"), "08/31/2019 20:25"),
            (Some("%d/%m/%Y %H:%M"), "03/08/2019 20:25:11"),
        ] {
            let reason = clock("UTC", format).parse(text).expect_err(text);
            assert!(reason.contains("not a time"), "{reason}");
        }
    }

    #[test]
    fn spreadsheets_count_days() {
        let (london, excel) = ("Europe/London", Some("excel"));
        check(london, excel, "43680.8506944444", "2019-08-03T19:25:00Z", "2019-08-03T20:25:00");
        check(london, excel, "43680,8506944444", "2019-08-03T19:25:00Z", "2019-08-03T20:25:00");
        check(london, excel, "43680.850694444445253", "2019-08-03T19:25:00Z", "2019-08-03T20:25:00");
        check(london, excel, "43680 0.8506944444", "2019-08-03T19:25:00Z", "2019-08-03T20:25:00");
        check(london, excel, "43680 0", "2019-08-02T23:00:00Z", "2019-08-03T00:00:00");
        check(london, excel, "43680", "2019-08-03T11:00:00Z", "2019-08-03T12:00:00");
        check(london, excel, "43680.0", "2019-08-02T23:00:00Z", "2019-08-03T00:00:00");
        check(london, excel, "43680.99999999", "2019-08-03T23:00:00Z", "2019-08-04T00:00:00");
        check("UTC", excel, "61", "1900-03-01T12:00:00Z", "1900-03-01T12:00:00");
        check("UTC", Some("excel-1904"), "42218.5", "2019-08-03T12:00:00Z", "2019-08-03T12:00:00");
        for text in
            ["", "60", "1.5", "2958466", "-1", "43680 1", "43680.5 0.5", "43680 0.5 1", "4.3E+04", "2019-08-03", "x"]
        {
            let reason = clock("UTC", excel).parse(text).expect_err(text);
            assert!(reason.contains("as spreadsheets keep it"), "{text}: {reason}");
        }
        let reason = clock("UTC", None).parse("43680.85").expect_err("it is no ISO");
        assert!(reason.contains("--date-format excel"), "{reason}");
        for text in ["iso", "excel", "excel-1904", "%d.%m.%Y"] {
            assert_eq!(text.parse::<DateFormat>().expect("a form").to_string(), text);
        }
    }

    #[test]
    fn formats() {
        for format in ["%d/%m/%Y %H:%M", "%Y-%m-%d", "%s", "%m/%d/%y %I:%M %p", "%Y-%m-%dT%H:%M:%S%:z"] {
            assert_eq!(check_format(format), Ok(()), "{format}");
        }
        for format in ["%H:%M", "%!", "", "hello", "%Y-%m"] {
            assert!(check_format(format).is_err(), "{format}");
        }
    }

    #[test]
    fn business_dates() {
        for (text, cut_off, date) in [
            ("2018-12-01 03:59:59", 240, "2018-11-30"),
            ("2018-12-01 04:00:00", 240, "2018-12-01"),
            ("2018-12-01 00:00:00", 0, "2018-12-01"),
            ("2018-12-01 05:29:00", 330, "2018-11-30"),
            ("2019-10-27 03:30:00", 240, "2019-10-26"),
            ("2019-03-31 04:00:00", 240, "2019-03-31"),
        ] {
            let when = clock("Europe/London", None).parse(text).expect(text);
            assert_eq!(when.business_date(cut_off).to_string(), date, "{text}");
        }
    }

    #[test]
    fn synthetic_times() {
        let clock = clock("America/New_York", None);
        for (index, utc) in [
            (0, "2012-01-01T17:00:00Z"),
            (1, "2012-01-01T17:01:00Z"),
            (1833, "2012-01-02T23:33:00Z"),
            (3_999_999, "2019-08-10T11:39:00Z"),
            (4_000_000, "2012-01-01T17:00:00Z"),
        ] {
            assert_eq!(clock.synthetic(index).expect("a time").at.to_string(), utc, "{index}");
        }
        assert!(clock.synthetic(u64::MAX).is_ok());
    }
}
