//! Opening hours and switches.

use super::{Decoder, Entry};
use crate::ivr::menu::tree::Node;
use crate::ivr::menu::{Code, Hours, HoursRule, OpenInterval, Switch, Text, lexis};
use jiff::civil::{Date, Time};

impl<'t> Decoder<'t> {
    pub(super) fn hours(&mut self) -> Vec<Hours> {
        let entries = self.section("hours");
        let hours = entries.into_iter().map(|entry| Hours {
            name: entry.key.text.as_str().into(),
            rule: std::sync::Arc::new(self.rule(entry)),
            place: entry.key.place,
        });
        hours.collect()
    }

    fn rule(&mut self, entry: Entry<'t>) -> HoursRule {
        if entry.node.text() == Some("always") {
            return HoursRule::Always;
        }
        let mut weekly: [Vec<OpenInterval>; 7] = Default::default();
        let (mut closed, mut special) = (Vec::new(), Vec::new());
        let known = ["open", "closed", "special"];
        if let Some(fields) = self.fields(entry.node, ("opening hours", "в часах работы"), &known) {
            let open = self.need(&fields, "open").map(|node| self.list(node)).unwrap_or_default();
            for node in open {
                self.weekly(node, &mut weekly);
            }
            let dates = fields.get("closed").map(|node| self.list(node)).unwrap_or_default();
            let what = ("a date: 2027-05-09 or 2027-01-01..2027-01-08", "дата: 2027-05-09 или 2027-01-01..2027-01-08");
            closed.extend(dates.into_iter().filter_map(|node| self.form(node, what, lexis::dates)));
            let days = fields.get("special").map(|node| self.list(node)).unwrap_or_default();
            let what = ("a day with hours: 2026-12-31 08:00-16:00", "день с часами: 2026-12-31 08:00-16:00");
            special.extend(days.into_iter().filter_map(|node| self.form(node, what, special_day)));
        }
        HoursRule::Calendar { weekly, closed, special }
    }

    fn weekly(&mut self, node: &'t Node, weekly: &mut [Vec<OpenInterval>; 7]) {
        let what = ("days with hours: mon-fri 08:00-22:00", "дни с часами: mon-fri 08:00-22:00");
        let Some((days, interval)) = self.form(node, what, weekly_line) else { return };
        let midnight = Time::midnight();
        for day in days {
            let overlaps = weekly[day].iter().any(|other| overlap(*other, interval));
            if overlaps {
                let message = Text::new("these hours overlap earlier ones", "часы пересекаются с указанными выше");
                self.problem(node, Code::E16, message);
            }
            if interval.to > interval.from || interval.to == midnight {
                weekly[day].push(interval);
            } else {
                // Through midnight: till the end of this day and from the beginning of the next.
                weekly[day].push(OpenInterval { from: interval.from, to: midnight });
                weekly[(day + 1) % 7].push(OpenInterval { from: midnight, to: interval.to });
            }
        }
    }

    pub(super) fn switches(&mut self) -> Vec<Switch> {
        self.section("switches").into_iter().map(|entry| self.switch(entry)).collect()
    }

    fn switch(&mut self, entry: Entry<'t>) -> Switch {
        let name = entry.key.text.as_str().into();
        let fields = self.fields(entry.node, ("a switch", "у рубильника"), &["say", "default"]);
        let say = fields.as_ref().and_then(|fields| self.phrase_of(fields, "say"));
        let state = fields.as_ref().and_then(|fields| fields.get("default"));
        let enabled = state.and_then(|node| self.one_of(node, &[("disabled", false), ("enabled", true)]));
        Switch { name, say, enabled: enabled.unwrap_or(false), place: entry.key.place }
    }
}

/// `mon-fri 08:00-22:00`.
fn weekly_line(text: &str) -> Option<(Vec<usize>, OpenInterval)> {
    let (days, hours) = text.trim().rsplit_once(' ')?;
    let interval = lexis::interval(hours)?;
    (interval.from != interval.to || interval.from == Time::midnight()).then_some(())?;
    Some((lexis::days(&days.replace(' ', ""))?, interval))
}

/// `2026-12-31 08:00-16:00`, within one day.
fn special_day(text: &str) -> Option<(Date, OpenInterval)> {
    let (date, hours) = text.trim().split_once(' ')?;
    let interval = lexis::interval(hours)?;
    let within = interval.from < interval.to || interval.to == Time::midnight();
    within.then_some((lexis::date(date)?, interval))
}

fn overlap(left: OpenInterval, right: OpenInterval) -> bool {
    let ends_after = |interval: OpenInterval, time: Time| interval.to > time || interval.to == Time::midnight();
    ends_after(left, right.from) && ends_after(right, left.from)
}
