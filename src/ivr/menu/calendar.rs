//! Calendars of opening hours against the present day.

use super::{Code, HoursRule, Menu, Problem, Text};
use jiff::civil::Date;

/// The warnings W09 for calendars that know days off, but none of the year of `today`: they were made for another.
#[must_use]
pub fn check_calendar(menu: &Menu, today: Date) -> Vec<Problem> {
    let mut problems = Vec::new();
    for hours in &menu.hours {
        let HoursRule::Calendar { closed, special, .. } = &*hours.rule else { continue };
        let known = closed.iter().flat_map(|(from, to)| [*from, *to]).chain(special.iter().map(|(day, _)| *day));
        let years: Vec<i16> = known.map(Date::year).collect();
        // A calendar without any day off is told of with the menu itself.
        if years.is_empty() || years.contains(&today.year()) {
            continue;
        }
        let (name, year) = (&hours.name, today.year());
        let message = Text::new(
            format!("hours \"{name}\" have no holidays of {year}"),
            format!("в часах «{name}» нет праздников {year} года"),
        );
        let (place, code) = (hours.place, Code::W09);
        let (file, help) = (menu.files.get(usize::from(place.file)).cloned().unwrap_or_default(), code.advice());
        let length = u32::try_from(name.chars().count()).unwrap_or(1);
        let (severity, source) = (code.severity(), "".into());
        problems.push(Problem { code, severity, file, place, length, source, message, help });
    }
    problems
}
