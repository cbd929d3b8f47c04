//! What the pages say of trunks: `/trunks` for `hotline trunks`, lines of `/health` and `/metrics`.

use crate::exchange::{RegistrationView, TrunkView};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// A trunk on the page, as `hotline trunks` reads it. Times are seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(in crate::app) struct Row {
    pub name: String,
    pub address: String,
    /// `up`, `down`, `unknown`.
    pub reach: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// `no`, `asked`, `until`, `failed`.
    pub registered: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub calls_in: usize,
    pub calls_out: usize,
    pub total_in: u64,
    pub total_out: u64,
    pub refused: u64,
}

impl From<&TrunkView> for Row {
    fn from(view: &TrunkView) -> Self {
        let (registered, until, why) = match &view.registration {
            RegistrationView::NotWanted => ("no", None, None),
            RegistrationView::Asked => ("asked", None, None),
            RegistrationView::Until(until) => ("until", Some(until.as_second()), None),
            RegistrationView::Failed(why) => ("failed", None, Some(why.clone())),
        };
        Self {
            name: view.name.clone(),
            address: view.address.clone(),
            reach: view.reach.to_owned(),
            since: view.since.map(jiff::Timestamp::as_second),
            registered: registered.to_owned(),
            until,
            why,
            calls_in: view.calls_in,
            calls_out: view.calls_out,
            total_in: view.total_in,
            total_out: view.total_out,
            refused: view.refused,
        }
    }
}

/// The page as JSON.
pub(super) fn json(trunks: &[TrunkView]) -> String {
    let rows: Vec<Row> = trunks.iter().map(Row::from).collect();
    serde_json::to_string(&rows).unwrap_or_else(|_| "[]".to_owned())
}

/// A line of `/health` for each trunk that is in trouble.
pub(super) fn health(trunks: &[TrunkView]) -> String {
    let mut text = String::new();
    for trunk in trunks {
        let mut whole = true;
        if trunk.reach == "down" {
            whole &= writeln!(text, "trunk {} does not answer", trunk.name).is_ok();
        }
        if let RegistrationView::Failed(why) = &trunk.registration {
            whole &= writeln!(text, "trunk {} is not registered: {why}", trunk.name).is_ok();
        }
        debug_assert!(whole, "writing to a String does not fail");
    }
    text
}

/// The figures of trunks in the text format of Prometheus.
pub(super) fn metrics(trunks: &[TrunkView]) -> String {
    type Figure = fn(&TrunkView) -> Vec<(&'static str, u64)>;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let families: [(&str, &str, &str, Figure); 5] = [
        ("hotline_trunk_up", "Whether a trunk answers OPTIONS.", "gauge", |one| match one.reach {
            "unknown" => Vec::new(),
            reach => vec![("", u64::from(reach == "up"))],
        }),
        ("hotline_trunk_registered", "Whether we are registered there.", "gauge", |one| match one.registration {
            RegistrationView::NotWanted => Vec::new(),
            RegistrationView::Until(_) => vec![("", 1)],
            RegistrationView::Asked | RegistrationView::Failed(_) => vec![("", 0)],
        }),
        ("hotline_trunk_calls", "Calls of a trunk in progress.", "gauge", |one| {
            let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            vec![("in", count(one.calls_in)), ("out", count(one.calls_out))]
        }),
        ("hotline_trunk_calls_total", "Calls of a trunk.", "counter", |one| {
            vec![("in", one.total_in), ("out", one.total_out)]
        }),
        ("hotline_trunk_refused_total", "Calls refused for a trunk's limit.", "counter", |one| vec![("", one.refused)]),
    ];
    let mut text = String::new();
    let mut whole = true;
    for (name, help, kind, figure) in families {
        let figures: Vec<_> = trunks.iter().flat_map(|one| figure(one).into_iter().map(move |of| (one, of))).collect();
        if figures.is_empty() {
            continue;
        }
        whole &= write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").is_ok();
        for (trunk, (direction, value)) in figures {
            let label = if direction.is_empty() { String::new() } else { format!(",direction=\"{direction}\"") };
            // A name comes from the configuration and may hold anything.
            let trunk = trunk.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
            whole &= writeln!(text, "{name}{{trunk=\"{trunk}\"{label}}} {value}").is_ok();
        }
    }
    debug_assert!(whole && count(0) == 0, "writing to a String does not fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(reach: &'static str, registration: RegistrationView) -> TrunkView {
        TrunkView {
            name: "provider".into(),
            address: "UDP 203.0.113.20:5060".into(),
            registration,
            reach,
            since: None,
            calls_in: 3,
            calls_out: 1,
            total_in: 70,
            total_out: 20,
            refused: 2,
        }
    }

    #[test]
    fn trouble_is_a_line_of_health_and_everything_a_figure() {
        let well = [view("up", RegistrationView::Until(jiff::Timestamp::UNIX_EPOCH))];
        assert_eq!(health(&well), "");
        let text = metrics(&well);
        for line in [
            "hotline_trunk_up{trunk=\"provider\"} 1\n",
            "hotline_trunk_registered{trunk=\"provider\"} 1\n",
            "hotline_trunk_calls{trunk=\"provider\",direction=\"in\"} 3\n",
            "hotline_trunk_calls_total{trunk=\"provider\",direction=\"out\"} 20\n",
            "hotline_trunk_refused_total{trunk=\"provider\"} 2\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let ill = [view("down", RegistrationView::Failed("no answer".into()))];
        assert_eq!(health(&ill), "trunk provider does not answer\ntrunk provider is not registered: no answer\n");
        assert!(metrics(&ill).contains("hotline_trunk_up{trunk=\"provider\"} 0\n"));
        assert!(!metrics(&[view("unknown", RegistrationView::NotWanted)]).contains("hotline_trunk_up"));
        assert_eq!(metrics(&[]), "");
    }

    #[test]
    fn the_command_reads_what_the_page_says() {
        let views = [view("up", RegistrationView::Failed("403 Forbidden".into()))];
        let rows: Vec<Row> = serde_json::from_str(&json(&views)).expect("JSON");
        assert_eq!(rows, [Row::from(&views[0])]);
        assert_eq!(rows[0].why.as_deref(), Some("403 Forbidden"));
    }
}
