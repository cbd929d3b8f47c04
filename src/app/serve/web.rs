//! `/health` for whoever watches the process, `/metrics` for Prometheus.

use super::menu_state::MenuFigures;
use super::transport_figures::TransportFigures;
use super::trunks_page;
use crate::app::config::Http;
use crate::exchange::{GuardCounters, TrunkView};
use crate::io::store::RecorderFigures;
use crate::voip::sip::endpoint::Counters;
use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::routing::get;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What the server is doing, as of its last turn.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub calls: usize,
    pub waiting: usize,
    /// Operators in each state, by its name.
    pub operators: Vec<(&'static str, usize)>,
    pub sip: Counters,
    pub guard: GuardCounters,
    pub bans: usize,
    /// Legs and transactions of SIP.
    pub tables: (usize, usize),
    /// The part of the new calls a second that are taken now.
    pub share: f64,
    /// How late media threads woke in the last second.
    pub media_late: Duration,
    pub streams: usize,
    pub records: RecorderFigures,
    pub draining: bool,
    pub menu: MenuFigures,
    pub transports: TransportFigures,
    pub trunks: Arc<[TrunkView]>,
}

/// Where the loop leaves its figures for the pages.
#[derive(Clone, Default)]
pub(super) struct Figures(Arc<Mutex<Snapshot>>);

impl Figures {
    pub fn set(&self, snapshot: Snapshot) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    fn get(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The pages being served.
pub(super) struct Pages {
    pub address: SocketAddr,
}

/// Serves the pages. The default address being in use is no reason not to answer calls; one that was asked for is.
pub(super) async fn serve(listen: Option<SocketAddr>, figures: Figures) -> Result<Option<Pages>> {
    let Some(address) = listen else { return Ok(None) };
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) if Http::default().listen == Some(address) => {
            tracing::warn!(%address, %error, "no web pages; choose another address with --http ADDR:PORT");
            return Ok(None);
        }
        Err(error) => {
            let advice = format!("the web pages cannot listen on {address}; choose another with --http ADDR:PORT");
            return Err(error).context(advice);
        }
    };
    let address = listener.local_addr().context("the web pages have no address")?;
    let router = Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/trunks", get(trunks))
        .with_state(figures);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the web pages ended");
        }
    });
    Ok(Some(Pages { address }))
}

/// 200 while calls are answered, 503 while they are refused; below, trunks that are in trouble.
async fn health(State(figures): State<Figures>) -> (StatusCode, String) {
    let now = figures.get();
    let trunks = trunks_page::health(&now.trunks);
    if now.draining {
        (StatusCode::SERVICE_UNAVAILABLE, format!("draining\n{trunks}"))
    } else {
        (StatusCode::OK, format!("ok\n{trunks}"))
    }
}

/// Trunks, for `hotline trunks`.
async fn trunks(State(figures): State<Figures>) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "application/json")], trunks_page::json(&figures.get().trunks))
}

/// The figures in the text format of Prometheus.
async fn metrics(State(figures): State<Figures>) -> String {
    text(&figures.get())
}

/// A part in percent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn percent(part: f64) -> u64 {
    (part.clamp(0.0, 1.0) * 100.0).round() as u64
}

fn text(now: &Snapshot) -> String {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let gauges = [
        ("hotline_calls", "Calls in progress.", count(now.calls)),
        ("hotline_waiting", "Callers in all queues.", count(now.waiting)),
        ("hotline_streams", "Media streams.", count(now.streams)),
        ("hotline_sip_legs", "Legs of SIP: callers', operators', and those that are ending.", count(now.tables.0)),
        ("hotline_sip_transactions", "Transactions of SIP, which stay for up to 37 s.", count(now.tables.1)),
        ("hotline_bans", "Networks that are not heard.", count(now.bans)),
        (
            "hotline_media_late_ms",
            "How late one in a hundred wake-ups of a media thread was in the last second, milliseconds.",
            u64::try_from(now.media_late.as_millis()).unwrap_or(u64::MAX),
        ),
        ("hotline_call_share", "New calls a second that the load allows, in percent of the limit.", percent(now.share)),
    ];
    let counters = [
        ("hotline_sip_requests_total", "SIP requests received, without repeated ones.", now.sip.requests),
        ("hotline_sip_responses_total", "SIP responses received, without repeated ones.", now.sip.responses),
        ("hotline_sip_repeated_total", "SIP requests received again.", now.sip.repeated),
        ("hotline_sip_retransmissions_total", "SIP messages sent again.", now.sip.retransmissions),
        ("hotline_sip_dropped_total", "Messages that could not be answered.", now.sip.dropped),
        ("hotline_sip_malformed_total", "Malformed requests that were answered.", now.sip.malformed),
        ("hotline_sip_refused_total", "New calls refused with 503 by the endpoint.", now.sip.refused),
        ("hotline_sip_silenced_total", "Messages not heard: bans and floods.", now.guard.silenced),
        ("hotline_sip_slowed_total", "Answers that waited or were left out, to sources that guess.", now.guard.slowed),
        ("hotline_bans_total", "Bans made by the server.", now.guard.bans),
        ("hotline_logins_denied_total", "Wrong passwords of phones.", now.guard.denied),
        ("hotline_logins_paused_total", "Passwords not looked at after too many wrong ones.", now.guard.login_pauses),
        ("hotline_records_written_total", "Call records in the store.", now.records.written),
        ("hotline_records_dropped_total", "Call records lost to a full queue.", now.records.dropped),
        ("hotline_records_failures_total", "Transactions of records that failed.", now.records.failures),
    ];
    let mut text = now.menu.text() + &now.transports.text();
    text.push_str(&trunks_page::metrics(&now.trunks));
    let mut put = |name: &str, help: &str, kind: &str, value: u64| {
        // Writing to a String cannot fail.
        write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n").is_ok()
    };
    let mut whole = gauges.iter().all(|(name, help, value)| put(name, help, "gauge", *value));
    whole &= counters.iter().all(|(name, help, value)| put(name, help, "counter", *value));
    whole &= text.write_str("# HELP hotline_operators Operators by state.\n# TYPE hotline_operators gauge\n").is_ok();
    for (state, number) in &now.operators {
        whole &= writeln!(text, "hotline_operators{{state=\"{state}\"}} {number}").is_ok();
    }
    debug_assert!(whole, "writing to a String does not fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_in_the_text_format() {
        let now = Snapshot { calls: 3, operators: vec![("ready", 2)], ..Snapshot::default() };
        let text = text(&now);
        assert!(text.contains("# TYPE hotline_calls gauge\nhotline_calls 3\n"), "{text}");
        assert!(text.ends_with("hotline_operators{state=\"ready\"} 2\n"), "{text}");
    }
}
