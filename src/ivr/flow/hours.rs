//! Opening hours at a moment.

use crate::ivr::menu::{HoursRule, OpenInterval};
use jiff::civil::{Date, Time};
use jiff::{Span, Timestamp, tz::TimeZone};

/// Whether it is open at a moment, by the calendar of a zone: `special` days win over `closed`, `closed` over the week.
#[must_use]
pub fn is_open(rule: &HoursRule, zone: &TimeZone, at: Timestamp) -> bool {
    let HoursRule::Calendar { weekly, closed, special } = rule else {
        return true;
    };
    let local = zone.to_datetime(at);
    let (date, time) = (local.date(), local.time());
    let mut own_hours = special.iter().filter(|(day, _)| *day == date).map(|(_, interval)| interval).peekable();
    if own_hours.peek().is_some() {
        return own_hours.any(|interval| contains(*interval, time));
    }
    if closed.iter().any(|(first, last)| (*first..=*last).contains(&date)) {
        return false;
    }
    let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    weekly.get(weekday).is_some_and(|open| open.iter().any(|interval| contains(*interval, time)))
}

/// When a rule opens, or closes, the next time after an instant; `None` when it does not within `days`.
#[must_use]
pub fn next_change(rule: &HoursRule, zone: &TimeZone, at: Timestamp, days: usize) -> Option<Timestamp> {
    let HoursRule::Calendar { weekly, special, .. } = rule else { return None };
    let open = is_open(rule, zone, at);
    let changes = |date: Date| {
        let own = special.iter().filter(|(day, _)| *day == date).map(|(_, interval)| *interval);
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let usual = weekly.get(weekday).into_iter().flatten().copied();
        let times = own.chain(usual).flat_map(|interval| [interval.from, interval.to]).chain([Time::midnight()]);
        let instants = times.filter_map(|time| date.to_datetime(time).to_zoned(zone.clone()).ok());
        let mut instants: Vec<Timestamp> = instants.map(|zoned| zoned.timestamp()).filter(|next| *next > at).collect();
        instants.sort_unstable();
        instants.into_iter().find(|next| is_open(rule, zone, *next) != open)
    };
    zone.to_datetime(at).date().series(Span::new().days(1)).take(days).find_map(changes)
}

fn contains(interval: OpenInterval, time: Time) -> bool {
    time >= interval.from && (interval.to == Time::midnight() || time < interval.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    fn rule() -> HoursRule {
        let day = |from, to| vec![OpenInterval { from: time(from, 0, 0, 0), to: time(to, 0, 0, 0) }];
        let mut weekly: [Vec<OpenInterval>; 7] = std::array::from_fn(|_| day(8, 22));
        weekly[5] = day(9, 0);
        weekly[6] = Vec::new();
        HoursRule::Calendar {
            weekly,
            closed: vec![(date(2027, 1, 1), date(2027, 1, 8)), (date(2026, 12, 31), date(2026, 12, 31))],
            special: vec![(date(2026, 12, 31), OpenInterval { from: time(8, 0, 0, 0), to: time(16, 0, 0, 0) })],
        }
    }

    #[test]
    fn special_days_win_over_closed_ones_and_closed_ones_over_the_week() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let check = |at: &str, open: bool| {
            let at: jiff::civil::DateTime = at.parse().unwrap();
            assert_eq!(is_open(&rule(), &zone, at.to_zoned(zone.clone()).unwrap().timestamp()), open, "{at}");
        };
        check("2026-03-02T07:59:59", false);
        check("2026-03-02T08:00", true);
        check("2026-03-02T21:59:59", true);
        check("2026-03-02T22:00", false);
        check("2026-03-07T23:59:59", true);
        check("2026-03-08T12:00", false);
        check("2026-12-31T15:59", true);
        check("2026-12-31T16:00", false);
        check("2027-01-01T12:00", false);
        check("2027-01-08T12:00", false);
        check("2027-01-09T12:00", true);
    }

    #[test]
    fn the_next_opening_or_closing_is_known_to_the_second() {
        let zone = TimeZone::get("Europe/Moscow").unwrap();
        let check = |at: &str, next: Option<&str>| {
            let instant = |at: &str| at.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap();
            let found = next_change(&rule(), &zone, instant(at).timestamp(), 5);
            assert_eq!(found, next.map(|next| instant(next).timestamp()), "{at}");
        };
        check("2026-03-02T07:59:59", Some("2026-03-02T08:00"));
        check("2026-03-02T08:00", Some("2026-03-02T22:00"));
        check("2026-03-02T22:00", Some("2026-03-03T08:00"));
        // Saturday is open until midnight, Sunday closed.
        check("2026-03-07T23:59:59", Some("2026-03-08T00:00"));
        check("2026-03-08T00:00", Some("2026-03-09T08:00"));
        check("2026-12-30T23:00", Some("2026-12-31T08:00"));
        check("2026-12-31T15:00", Some("2026-12-31T16:00"));
        check("2027-01-07T12:00", Some("2027-01-09T09:00"));
        check("2027-01-01T12:00", None);
        assert_eq!(next_change(&HoursRule::Always, &zone, Timestamp::UNIX_EPOCH, 5), None);
    }

    #[test]
    fn always_is_always() {
        assert!(is_open(&HoursRule::Always, &TimeZone::UTC, Timestamp::UNIX_EPOCH));
    }
}
