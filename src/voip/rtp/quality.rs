//! How good a call sounds, estimated from what RTP and RTCP measure.
//!
//! The E-model of ITU-T G.107, with its default values for everything a server cannot know:
//!
//! ```text
//! R   = 93.2 − Id − Ie                        93.2: G.107 §7 with all defaults
//! Id  = 0.024 d + 0.11 (d − 177.3) [d > 177.3]   d: one way, ms (Cole and Rosenbluth, Comp. Comm. Rev. 31 (2001))
//! Ie  = 95 p / (p + 25.1)                     p: packets lost, %; G.711 with concealment, random loss (G.113 App. I)
//! MOS = 1 + 0.035 R + R (R − 60) (100 − R) 7·10⁻⁶,  1 below R = 0, 4.5 above R = 100   (G.107 Annex B)
//! ```
//!
//! `d` is half the round trip, a packet's 20 ms, and a jitter buffer of twice the jitter but 20 ms at least. Wide-band
//! codecs have a scale of their own (G.107.1); they are given the same figures, which flatters no call.

use crate::model::{Mos, Quality};
use std::time::Duration;

/// The rating of a call without any fault.
const FAULTLESS: f64 = 93.2;
/// The loss at which half of the rating's 95 points are gone, percent.
const ROBUSTNESS: f64 = 25.1;
/// One packet's sound.
const PACKET: Duration = Duration::from_millis(20);

/// One way of a leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// The part of the packets that was lost, 0 to 1.
    pub lost: f64,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// There and back.
    pub round_trip: Duration,
}

impl Way {
    /// The score of a listener at its end.
    #[must_use]
    pub fn mos(&self) -> Mos {
        let buffer = (2 * self.jitter).max(PACKET);
        let delay = (self.round_trip / 2 + PACKET + buffer).as_secs_f64() * 1_000.0;
        let percent = 100.0 * self.lost.clamp(0.0, 1.0);
        let equipment = 95.0 * percent / (percent + ROBUSTNESS);
        score(FAULTLESS - impairment(delay) - equipment)
    }
}

/// What a delay of so many milliseconds takes away.
fn impairment(delay: f64) -> f64 {
    0.024 * delay + 0.11 * (delay - 177.3).max(0.0)
}

/// The score of a rating.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 4.5, in hundredths")]
fn score(rating: f64) -> Mos {
    let rating = rating.clamp(0.0, 100.0);
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    Mos::of_hundredths((score * 100.0).round().max(0.0) as u16)
}

/// The score of a leg whose other figures are known: the worse of what is heard here and, when the peer reports, there.
#[must_use]
pub fn estimate(quality: Quality) -> Quality {
    if quality.received == 0 {
        return Quality { mos: None, ..quality };
    }
    let way = |lost, of| Way {
        lost: part(lost, of),
        jitter: quality.jitter,
        round_trip: quality.round_trip.unwrap_or_default(),
    };
    let here = way(quality.lost, quality.received + quality.lost).mos();
    let there = quality.lost_there.map(|lost| way(lost, quality.sent).mos());
    Quality { mos: there.map_or(Some(here), |there| Some(there.min(here))), ..quality }
}

#[expect(clippy::cast_precision_loss, reason = "counts of packets")]
fn part(some: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { some as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn ratings_have_the_scores_of_the_recommendation() {
        // G.107 Annex B, table B.1, and its ends.
        let cases = [
            (-5.0, 100),
            (0.0, 100),
            (50.0, 258),
            (60.0, 310),
            (70.0, 360),
            (80.0, 402),
            (90.0, 434),
            (93.2, 441),
            (120.0, 450),
        ];
        for (rating, hundredths) in cases {
            assert_eq!(score(rating).hundredths(), hundredths, "R = {rating}");
        }
    }

    #[test]
    fn loss_delay_and_jitter_take_their_points() {
        let cases: &[(&str, f64, Duration, Duration, &str)] = &[
            ("a good line", 0.0, Duration::ZERO, Duration::ZERO, "4.39"),
            ("one percent lost", 0.01, Duration::ZERO, Duration::ZERO, "4.30"),
            ("five percent lost", 0.05, Duration::ZERO, Duration::ZERO, "3.88"),
            ("a fifth lost", 0.2, Duration::ZERO, Duration::ZERO, "2.58"),
            ("everything lost", 1.0, Duration::ZERO, Duration::ZERO, "1.15"),
            ("a satellite", 0.0, Duration::ZERO, 540 * MS, "3.65"),
            ("an uneven line", 0.0, 60 * MS, 40 * MS, "4.32"),
        ];
        for (name, lost, jitter, round_trip, score) in cases {
            let way = Way { lost: *lost, jitter: *jitter, round_trip: *round_trip };
            assert_eq!(way.mos().to_string(), *score, "{name}");
        }
    }

    #[test]
    fn the_worse_way_counts_and_silence_has_no_score() {
        let quality = Quality { sent: 1_000, received: 1_000, ..Quality::default() };
        let good = estimate(quality).mos;
        assert!(estimate(Quality { lost_there: Some(0), ..quality }).mos == good);
        let there = estimate(Quality { lost_there: Some(100), ..quality }).mos;
        let here = estimate(Quality { received: 900, lost: 100, ..quality }).mos;
        assert_eq!(there, here);
        assert!(there < good);
        assert_eq!(estimate(Quality { received: 0, ..quality }).mos, None);
    }

    proptest! {
        #[test]
        fn worse_is_never_better(lost in 0.0..1.0_f64, jitter in 0_u64..2_000, trip in 0_u64..5_000, more in 0.0..0.5_f64, later in 0_u64..500) {
            let way = Way { lost, jitter: Duration::from_millis(jitter), round_trip: Duration::from_millis(trip) };
            let worse = [
                Way { lost: lost + more, ..way },
                Way { jitter: way.jitter + Duration::from_millis(later), ..way },
                Way { round_trip: way.round_trip + Duration::from_millis(later), ..way },
            ];
            prop_assert!(worse.iter().all(|worse| worse.mos() <= way.mos()));
        }
    }
}
