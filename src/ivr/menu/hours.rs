//! Whether it is open now.

use super::{Hours, HoursRule, OpenInterval};
use jiff::civil::Time;
use jiff::tz::TimeZone;

impl Hours {
    /// Whether it is open at a moment, by the clock on the wall in `zone` (so a night with a change of clocks is as
    /// long as it is).
    #[must_use]
    pub fn is_open(&self, zone: &TimeZone, at: jiff::Timestamp) -> bool {
        let HoursRule::Calendar { weekly, closed, special } = &*self.rule else { return true };
        let local = at.to_zoned(zone.clone());
        let (date, time) = (local.date(), local.time());
        let mut special = special.iter().filter(|(day, _)| *day == date).peekable();
        if special.peek().is_some() {
            return special.any(|(_, interval)| interval.holds(time));
        }
        if closed.iter().any(|(first, last)| (*first..=*last).contains(&date)) {
            return false;
        }
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        weekly[weekday].iter().any(|interval| interval.holds(time))
    }
}

impl OpenInterval {
    /// Whether a time of day is within; the closing minute is not.
    fn holds(self, time: Time) -> bool {
        self.from <= time && (time < self.to || self.to == Time::midnight())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::small;

    fn check(hours: &str, cases: &[(&str, bool)]) {
        let menu = small(&format!("hours:\n  h:\n{hours}"));
        for (at, open) in cases {
            let at: jiff::civil::DateTime = at.parse().unwrap();
            let moment = at.to_zoned(menu.bank.zone.clone()).unwrap().timestamp();
            assert_eq!(menu.hours[0].is_open(&menu.bank.zone, moment), *open, "{at}");
        }
    }

    #[test]
    fn a_short_day_wins_over_a_holiday_and_a_holiday_over_the_week() {
        let hours = "    open: [mon-fri 08:00-22:00]\n    closed: [2026-12-30..2027-01-08]\n    special: [2026-12-31 08:00-16:00]\n";
        check(
            hours,
            &[
                ("2026-12-29T21:59", true),
                ("2026-12-29T22:00", false),
                ("2026-12-29T07:59", false),
                ("2026-12-30T12:00", false),
                ("2026-12-31T15:59", true),
                ("2026-12-31T16:00", false),
                ("2027-01-08T12:00", false),
                ("2027-01-09T12:00", false),
                ("2027-01-11T12:00", true),
            ],
        );
    }

    #[test]
    fn hours_go_through_midnight() {
        check(
            "    open: [fri 22:00-06:00, sat 12:00-24:00]\n",
            &[
                ("2026-11-20T23:59", true),
                ("2026-11-21T05:59", true),
                ("2026-11-21T06:00", false),
                ("2026-11-21T23:59", true),
                ("2026-11-22T00:00", false),
            ],
        );
    }

    #[test]
    fn the_clock_on_the_wall_counts_when_clocks_change() {
        let menu = small("hours:\n  h: {open: [sun 02:30-03:30]}\n");
        let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        // 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC. 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC.
        let cases = [
            ("2026-03-29T00:59:00Z", false),
            ("2026-03-29T01:00:00Z", true),
            ("2026-03-29T01:30:00Z", false),
            ("2026-10-25T00:30:00Z", true),
            ("2026-10-25T01:15:00Z", false),
            ("2026-10-25T01:30:00Z", true),
        ];
        for (at, open) in cases {
            assert_eq!(menu.hours[0].is_open(&berlin, at.parse().unwrap()), open, "{at}");
        }
    }
}
