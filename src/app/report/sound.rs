//! How the legs of a call sounded.

use crate::io::store::millis;
use crate::model::{Mos, Quality, Side};
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// `caller MOS 4.39, 0.2 % lost, jitter 1 ms, round trip 42 ms`.
pub(super) fn text((side, quality): &(Side, Quality)) -> String {
    let mos = quality.mos.map_or_else(|| "no sound came".to_owned(), |mos| format!("MOS {mos}"));
    let mut text = format!("{} {mos}, {} % lost", side.name(), percent(quality.lost, quality.received + quality.lost));
    if let Some(lost) = quality.lost_there {
        write!(text, ", {} % lost there", percent(lost, quality.sent)).unwrap_or_default();
    }
    write!(text, ", jitter {} ms", quality.jitter.as_millis()).unwrap_or_default();
    if let Some(trip) = quality.round_trip {
        write!(text, ", round trip {} ms", trip.as_millis()).unwrap_or_default();
    }
    text
}

pub(super) fn json((side, quality): &(Side, Quality)) -> Json {
    json!({
        "side": side.name(),
        "sent": quality.sent,
        "received": quality.received,
        "lost": quality.lost,
        "lost_there": quality.lost_there,
        "jitter_ms": millis(quality.jitter),
        "round_trip_ms": quality.round_trip.map(millis),
        "mos": quality.mos.map(Mos::hundredths).map(|hundredths| f64::from(hundredths) / 100.0),
    })
}

/// Percent with one decimal.
fn percent(some: u64, all: u64) -> String {
    let tenths = (some * 1_000).checked_div(all).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_leg_is_told_in_a_line() {
        let quality = Quality {
            sent: 1_000,
            received: 998,
            lost: 2,
            lost_there: Some(15),
            jitter: Duration::from_micros(1_250),
            round_trip: Some(Duration::from_millis(42)),
            mos: Some(Mos::of_hundredths(439)),
        };
        let line = text(&(Side::Caller, quality));
        assert_eq!(line, "caller MOS 4.39, 0.2 % lost, 1.5 % lost there, jitter 1 ms, round trip 42 ms");
        assert_eq!(json(&(Side::Operator, quality))["mos"], 4.39);
        let silent = text(&(Side::Operator, Quality { sent: 10, ..Quality::default() }));
        assert_eq!(silent, "operator no sound came, 0.0 % lost, jitter 0 ms");
    }
}
