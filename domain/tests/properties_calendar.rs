//! Dates, cut-offs and the business date (rule T1).

use domain::calendar::{CutOff, Date, LocalDateTime, Timestamp, business_date};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const GATE_CASES: u32 = 10_000;

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default(); // Has read `PROPTEST_CASES` already.
    if std::env::var_os("COMANDA_GATE").is_some() && std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = GATE_CASES;
    }
    let seeds = "tests/failures/properties_calendar.txt";
    config.failure_persistence = Some(Box::new(FileFailurePersistence::Direct(seeds)));
    config
}

fn date(text: &str) -> Date {
    Date::parse(text).expect("a date")
}

fn cut_off(text: &str) -> CutOff {
    CutOff::parse(text).expect("a cut-off")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn t1_business_date_is_wall_clock(
        days in Date::MIN.days() + 1..=Date::MAX.days(),
        (hour, minute, second) in (0..24_u32, 0..60_u32, 0..60_u32),
        cut_off_minute in 0..=CutOff::MINUTE_MAX,
    ) {
        let local = LocalDateTime::new(Date::from_days(days).unwrap(), hour, minute, second).unwrap();
        let wall_minute = i64::from(days) * 1_440 + i64::from(hour * 60 + minute);
        let expected = (wall_minute - i64::from(cut_off_minute)).div_euclid(1_440);
        let got = business_date(local, CutOff::from_minute(cut_off_minute).unwrap());
        prop_assert_eq!(i64::from(got.days()), expected);
    }

    #[test]
    fn t1_the_wall_shows_the_instant_plus_the_offset(us in -10_000_000_000_000_000..=200_000_000_000_000_000_i64, offset_s in -86_400..=86_400_i32) {
        let local = Timestamp(us).at_offset(offset_s).expect("within the calendar");
        let back = i64::from(local.date().days()) * 86_400
            + i64::from(local.minute_of_day() * 60 + local.second())
            - i64::from(offset_s);
        prop_assert!((0..Timestamp::SECOND_US).contains(&(us - back * Timestamp::SECOND_US)));
        prop_assert_eq!(LocalDateTime::new(local.date(), local.hour(), local.minute(), local.second()), Some(local));
    }

    #[test]
    fn a_date_reads_back_as_written(days in Date::MIN.days()..=Date::MAX.days()) {
        let date = Date::from_days(days).unwrap();
        prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
    }

    #[test]
    fn a_cut_off_reads_back_as_written(minute in 0..=CutOff::MINUTE_MAX) {
        let cut_off = CutOff::from_minute(minute).unwrap();
        prop_assert_eq!(CutOff::parse(&cut_off.to_string()), Some(cut_off));
    }

    #[test]
    fn no_text_and_no_number_panics(text in "[0-9:-]{0,12}|\\PC{0,12}", days in any::<i32>(), us in any::<i64>(), month in any::<u32>()) {
        let _ = (Date::parse(&text), CutOff::parse(&text), Date::from_days(days), Date::from_ymd(days, month, month));
        let _ = (Timestamp(us).at_offset(days), Timestamp(us).checked_add_us(us));
    }
}

/// Every day of the calendar, counted up by the rules a child learns.
#[test]
fn every_day_has_its_name() {
    let (mut year, mut month, mut day) = (1, 1, 1);
    let mut next = Some(Date::MIN);
    let mut last = Date::MIN;
    while let Some(date) = next {
        assert_eq!((date.year(), date.month(), date.day()), (year, month, day));
        assert_eq!(Date::from_ymd(year, month, day), Some(date));
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        assert_eq!(Date::from_ymd(year, month, length + 1), None);
        (year, month, day) = match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            (_, day) if day == length => (year, month + 1, 1),
            (_, day) => (year, month, day + 1),
        };
        last = date;
        next = date.next();
        assert!(next.is_none_or(|next| next.prev() == Some(date)));
    }
    assert_eq!((last, year), (Date::MAX, 10_000));
    assert_eq!(Date::MIN.prev(), None);
}

#[test]
fn known_days() {
    assert_eq!(date("1970-01-01").days(), 0);
    assert_eq!(date("2000-02-29").days(), 11_016);
    assert_eq!(date("2038-01-19").days(), 24_855);
    assert_eq!(date("1969-12-31").days(), -1);
    assert_eq!((Date::MIN.to_string(), Date::MAX.to_string()), ("0001-01-01".to_owned(), "9999-12-31".to_owned()));
}

#[test]
fn what_is_not_a_date() {
    for text in [
        "",
        "2024",
        "2024-2-01",
        "24-02-01",
        "2024-02-30",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "0000-01-01",
        "2024/01/01",
        "2024-01-01 ",
        "+024-01-01",
        "20240101",
        "２０２４-01-01",
        "2024-01-0a",
    ] {
        assert_eq!(Date::parse(text), None, "{text}");
    }
}

#[test]
fn what_is_not_a_cut_off() {
    for text in ["", "4", "4:00", "04:0", "04:60", "12:01", "24:00", "-4:00", "04-00", "04:00:00", "0a:00"] {
        assert_eq!(CutOff::parse(text), None, "{text}");
    }
    assert_eq!(cut_off("12:00").minute(), CutOff::MINUTE_MAX);
    assert_eq!(CutOff::from_minute(721), None);
}

#[test]
fn what_is_not_a_time() {
    let day = date("2025-03-09");
    for (hour, minute, second) in [(24, 0, 0), (0, 60, 0), (0, 0, 60), (u32::MAX, u32::MAX, u32::MAX)] {
        assert_eq!(LocalDateTime::new(day, hour, minute, second), None);
    }
}

/// Instants in New York on both nights when the clocks change. The wall decides, so the day of 23 hours ends at the
/// same 4 o'clock as the day of 25.
#[test]
fn t1_nights_when_the_clocks_change() {
    const EST: i32 = -5 * 3_600;
    const EDT: i32 = -4 * 3_600;
    #[track_caller]
    fn check(utc: (&str, i64, i64), offset_s: i32, wall: &str, business: &str) {
        let (day, hour, minute) = utc;
        let us = ((i64::from(date(day).days()) * 24 + hour) * 60 + minute) * 60 * Timestamp::SECOND_US;
        let local = Timestamp(us).at_offset(offset_s).expect("within the calendar");
        assert_eq!(local.to_string(), wall);
        assert_eq!(business_date(local, cut_off("04:00")), date(business));
    }
    // Forward at 2:00 on 9 March: the business day of the 8th has 23 hours.
    check(("2025-03-08", 9, 0), EST, "2025-03-08T04:00:00", "2025-03-08");
    check(("2025-03-09", 6, 59), EST, "2025-03-09T01:59:00", "2025-03-08");
    check(("2025-03-09", 7, 0), EDT, "2025-03-09T03:00:00", "2025-03-08");
    check(("2025-03-09", 7, 59), EDT, "2025-03-09T03:59:00", "2025-03-08");
    check(("2025-03-09", 8, 0), EDT, "2025-03-09T04:00:00", "2025-03-09");
    // Back at 2:00 on 2 November: half past one comes twice, and the business day of the 1st has 25 hours.
    check(("2025-11-02", 5, 30), EDT, "2025-11-02T01:30:00", "2025-11-01");
    check(("2025-11-02", 6, 30), EST, "2025-11-02T01:30:00", "2025-11-01");
    check(("2025-11-02", 8, 59), EST, "2025-11-02T03:59:00", "2025-11-01");
    check(("2025-11-02", 9, 0), EST, "2025-11-02T04:00:00", "2025-11-02");
}

#[test]
fn t1_midnight_and_the_year() {
    let at = |day: &str, hour, minute| LocalDateTime::new(date(day), hour, minute, 59).expect("a time");
    assert_eq!(business_date(at("2026-01-01", 0, 0), CutOff::MIDNIGHT), date("2026-01-01"));
    assert_eq!(business_date(at("2026-01-01", 3, 59), cut_off("04:00")), date("2025-12-31"));
    assert_eq!(business_date(at("2024-03-01", 1, 0), cut_off("04:00")), date("2024-02-29"));
    assert_eq!(business_date(at("0001-01-01", 1, 0), cut_off("04:00")), Date::MIN);
    assert_eq!(at("2026-01-01", 13, 5).hour(), 13);
}
