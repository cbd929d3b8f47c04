//! Who listened to the conversations of one call.

use super::clock;
use crate::io::store::millis;
use crate::model::{CallEvent, OperatorId};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

/// A supervisor's visit in a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SupervisedVisit {
    by: OperatorId,
    operator: OperatorId,
    /// One after the other.
    does: Vec<Arc<str>>,
    lasted: Option<Duration>,
}

/// Adds what an event tells of supervision to the visits.
pub(super) fn add(visits: &mut Vec<SupervisedVisit>, event: CallEvent) {
    match event {
        CallEvent::Supervised { by, operator, does } => {
            let goes_on = |visit: &&mut SupervisedVisit| visit.by == by && visit.lasted.is_none();
            match visits.last_mut().filter(goes_on) {
                Some(visit) => visit.does.push(does),
                None => visits.push(SupervisedVisit { by, operator, does: vec![does], lasted: None }),
            }
        }
        CallEvent::SupervisionEnded { by, lasted, .. } => {
            if let Some(visit) = visits.iter_mut().rev().find(|visit| visit.by == by) {
                visit.lasted = Some(lasted);
            }
        }
        _ => {}
    }
}

impl SupervisedVisit {
    pub(super) fn text(&self) -> String {
        let lasted = self.lasted.map_or_else(String::new, |lasted| format!(", {}", clock(lasted)));
        format!("{} with {}: {}{lasted}", self.by, self.operator, self.does.join(", "))
    }

    pub(super) fn json(&self) -> Json {
        json!({
            "by": self.by.as_str(),
            "operator": self.operator.as_str(),
            "does": self.does.iter().map(|does| &**does).collect::<Vec<_>>(),
            "lasted_ms": self.lasted.map(millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_tells_who_did_what_for_how_long() {
        let (olga, anna) = (OperatorId::new("olga"), OperatorId::new("anna"));
        let does = |does: &str| CallEvent::Supervised { by: olga.clone(), operator: anna.clone(), does: does.into() };
        let lasted = Duration::from_secs(34);
        let ended = CallEvent::SupervisionEnded { by: olga.clone(), operator: anna.clone(), lasted };
        let mut visits = Vec::new();
        for event in [does("listens"), does("whispers"), ended, does("listens")] {
            add(&mut visits, event);
        }
        let texts: Vec<String> = visits.iter().map(SupervisedVisit::text).collect();
        assert_eq!(texts, ["olga with anna: listens, whispers, 0:34", "olga with anna: listens"]);
        assert_eq!(visits[0].json()["lasted_ms"], 34_000);
    }
}
