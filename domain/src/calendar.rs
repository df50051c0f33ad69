//! Time: instants, dates, and the business date a sale belongs to (rule T1).
//!
//! Nothing here reads a clock or knows a time zone. The edge knows both: it takes an instant, asks the zone for the
//! offset at that instant, and hands in the local wall time. From there on everything is calendar arithmetic.

use std::fmt;

/// An instant: microseconds since 1970-01-01T00:00:00 UTC, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds in a second.
    pub const SECOND_US: i64 = 1_000_000;

    /// The instant so many microseconds later (or earlier, if negative); `None` if it does not fit in 64 bits.
    pub const fn checked_add_us(self, us: i64) -> Option<Timestamp> {
        match self.0.checked_add(us) {
            Some(us) => Some(Timestamp(us)),
            None => None,
        }
    }

    /// What a clock on the wall shows at this instant, so many seconds east of UTC; the part of a second is dropped.
    ///
    /// `None` if the date is not one of [`Date`]'s.
    pub fn at_offset(self, offset_s: i32) -> Option<LocalDateTime> {
        let local_s = self.0.div_euclid(Timestamp::SECOND_US) + i64::from(offset_s);
        let days = i32::try_from(local_s.div_euclid(DAY_S)).ok()?;
        // The rest of a division by a day's seconds fits.
        Some(LocalDateTime { date: Date::from_days(days)?, second: local_s.rem_euclid(DAY_S) as u32 })
    }
}

const DAY_S: i64 = 86_400;

/// A date of the proleptic Gregorian calendar, from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

/// Year, month, day: how a date is written.
struct Civil {
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    /// 0001-01-01.
    pub const MIN: Date = Date { days: -719_162 };

    /// 9999-12-31.
    pub const MAX: Date = Date { days: 2_932_896 };

    /// The date so many days after 1970-01-01 (or before, if negative); `None` before [`Date::MIN`] and after
    /// [`Date::MAX`].
    pub const fn from_days(days: i32) -> Option<Date> {
        match Date::MIN.days <= days && days <= Date::MAX.days {
            true => Some(Date { days }),
            false => None,
        }
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.days
    }

    /// The date written so; `None` if there is no such day, or its year is not 1 to 9999.
    pub const fn from_ymd(year: i32, month: u32, day: u32) -> Option<Date> {
        let in_range = 1 <= year && year <= 9_999 && 1 <= month && month <= 12;
        match in_range && 1 <= day && day <= days_in_month(year, month) {
            true => Some(Date { days: days_from_civil(year, month, day) }),
            false => None,
        }
    }

    /// Parses `YYYY-MM-DD`, and nothing else; `None` if it is written otherwise or there is no such day.
    pub fn parse(text: &str) -> Option<Date> {
        match *text.as_bytes() {
            [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] => {
                let year = digits(&[y0, y1, y2, y3])?;
                Date::from_ymd(i32::try_from(year).ok()?, digits(&[m0, m1])?, digits(&[d0, d1])?)
            }
            _ => None,
        }
    }

    /// The year, 1 to 9999.
    pub const fn year(self) -> i32 {
        civil_from_days(self.days).year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u32 {
        civil_from_days(self.days).month
    }

    /// The day of the month, 1 to 31.
    pub const fn day(self) -> u32 {
        civil_from_days(self.days).day
    }

    /// The next day; `None` after [`Date::MAX`].
    pub const fn next(self) -> Option<Date> {
        Date::from_days(self.days + 1)
    }

    /// The day before; `None` before [`Date::MIN`].
    pub const fn prev(self) -> Option<Date> {
        Date::from_days(self.days - 1)
    }

    /// The day of the week.
    pub const fn weekday(self) -> Weekday {
        // The first of January 1970 was a Thursday.
        Weekday::ALL[(self.days + 3).rem_euclid(7) as usize]
    }
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is the day it is called")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// The day before.
    pub fn before(self) -> Weekday {
        Weekday::ALL[(self as usize + 6) % 7]
    }
}

/// Writes `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day } = civil_from_days(self.days);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

/// What a clock and a calendar on the store's wall show: a date and a second of the day, no zone.
///
/// Ordered as written. On the night the clocks go back two instants an hour apart show the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime {
    date: Date,
    second: u32,
}

impl LocalDateTime {
    /// The wall time written so; `None` unless `hour < 24`, `minute < 60` and `second < 60`.
    pub const fn new(date: Date, hour: u32, minute: u32, second: u32) -> Option<LocalDateTime> {
        match hour < 24 && minute < 60 && second < 60 {
            true => Some(LocalDateTime { date, second: hour * 3_600 + minute * 60 + second }),
            false => None,
        }
    }

    /// The date on the wall, which after midnight is not yet the business date.
    pub const fn date(self) -> Date {
        self.date
    }

    /// The hour on the wall, 0 to 23: the hour of sales by hour.
    pub const fn hour(self) -> u32 {
        self.second / 3_600
    }

    /// The minute of the hour, 0 to 59.
    pub const fn minute(self) -> u32 {
        self.second / 60 % 60
    }

    /// The second of the minute, 0 to 59.
    pub const fn second(self) -> u32 {
        self.second % 60
    }

    /// Whole minutes since midnight on the wall, 0 to 1439.
    pub const fn minute_of_day(self) -> u32 {
        self.second / 60
    }
}

/// Writes `YYYY-MM-DDTHH:MM:SS`.
impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date, self.hour(), self.minute(), self.second())
    }
}

impl fmt::Debug for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalDateTime({self})")
    }
}

/// A time of day on the wall, to the minute.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    minute: u16,
}

impl TimeOfDay {
    /// The last one, 23:59.
    pub const MINUTE_MAX: u16 = 24 * 60 - 1;

    /// So many minutes after midnight; `None` above [`TimeOfDay::MINUTE_MAX`].
    pub const fn from_minute(minute: u16) -> Option<TimeOfDay> {
        match minute <= TimeOfDay::MINUTE_MAX {
            true => Some(TimeOfDay { minute }),
            false => None,
        }
    }

    /// Parses `HH:MM`, and nothing else; `None` if it is written otherwise or no time of a day.
    pub fn parse(text: &str) -> Option<TimeOfDay> {
        parse_minute(text).and_then(TimeOfDay::from_minute)
    }

    /// Minutes after midnight.
    pub const fn minute(self) -> u16 {
        self.minute
    }
}

/// Writes `HH:MM`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeOfDay({self})")
    }
}

/// The minute of a day that is written `HH:MM`.
fn parse_minute(text: &str) -> Option<u16> {
    match *text.as_bytes() {
        [h0, h1, b':', m0, m1] => {
            let (hour, minute) = (digits(&[h0, h1])?, digits(&[m0, m1])?);
            if minute < 60 { u16::try_from(hour * 60 + minute).ok() } else { None }
        }
        _ => None,
    }
}

/// When a store's business day begins: minutes after midnight on the wall, midnight itself to noon.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CutOff {
    minute: u16,
}

impl CutOff {
    /// The business day is the calendar day.
    pub const MIDNIGHT: CutOff = CutOff { minute: 0 };

    /// The latest cut-off, noon: from there on it would be unclear which day is meant.
    pub const MINUTE_MAX: u16 = 720;

    /// The cut-off so many minutes after midnight; `None` above [`CutOff::MINUTE_MAX`].
    pub const fn from_minute(minute: u16) -> Option<CutOff> {
        match minute <= CutOff::MINUTE_MAX {
            true => Some(CutOff { minute }),
            false => None,
        }
    }

    /// Parses `HH:MM`, and nothing else; `None` if it is written otherwise or later than noon.
    pub fn parse(text: &str) -> Option<CutOff> {
        parse_minute(text).and_then(CutOff::from_minute)
    }

    /// Minutes after midnight, 0 to 720.
    pub const fn minute(self) -> u16 {
        self.minute
    }
}

/// Writes `HH:MM`.
impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl fmt::Debug for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CutOff({self})")
    }
}

/// The day a sale counts for (rule T1): the local date of the wall time minus the cut-off.
///
/// It is the hands of the clock that are turned back, not the instant: on a day of 23 or 25 hours a store that closes
/// at 4 o'clock still closes when its clock says 4. The day before [`Date::MIN`] is [`Date::MIN`].
pub const fn business_date(local: LocalDateTime, cut_off: CutOff) -> Date {
    if cut_off.minute as u32 <= local.minute_of_day() {
        return local.date;
    }
    match local.date.prev() {
        Some(date) => date,
        None => Date::MIN,
    }
}

/// The number these ASCII digits write; `None` if one is not a digit. At most four are asked for, so nothing overflows.
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Some(number * 10 + u32::from(byte - b'0')),
        _ => None,
    })
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// The next two functions are Howard Hinnant's `days_from_civil` and `civil_from_days`
// (https://howardhinnant.github.io/date_algorithms.html). Their year begins in March, so that the leap day is its last
// day; 400 years (an era) have 146,097 days; 719,468 days lie between 0000-03-01 and 1970-01-01.

const ERA_DAYS: i32 = 146_097;
const EPOCH_DAYS: i32 = 719_468;

/// Days since 1970-01-01 of a day that exists.
const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - EPOCH_DAYS
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i32) -> Civil {
    let days = days + EPOCH_DAYS;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    Civil { year, month: month as u32, day: day as u32 }
}
