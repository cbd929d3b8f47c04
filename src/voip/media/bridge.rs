//! From one leg's packets to the other's: our own SSRC, sequence numbers and clock, their sound.
//!
//! Packets are relayed when they come, not paced again: the listener's jitter buffer smooths both ways of the journey
//! at once. Their timestamps are moved onto ours at an anchor; the anchor is set anew (with a marker) when the source
//! changes, strays from our clock, or would overlap what was sent already.

use crate::model::Instant;
use crate::voip::rtp::{RtpTimestamp, Sender, Ssrc};
use std::time::Duration;

/// How far the other leg's clock may stray from ours before the anchor is set anew: half a second.
const STRAY: u32 = 4_000;
/// After so long without a packet of the other leg, silence is sent again.
const PATIENCE: Duration = Duration::from_millis(100);
/// More lost packets than this are not left out of our sequence numbers: it is no loss to conceal.
pub(super) const CONCEALABLE: u16 = 10;

/// The way of sound towards one leg.
#[derive(Clone, Debug, Default)]
pub(super) struct Relay {
    anchor: Option<Anchor>,
    press: Option<(RtpTimestamp, RtpTimestamp)>,
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    source: Ssrc,
    theirs: RtpTimestamp,
    ours: RtpTimestamp,
}

impl Relay {
    /// Whether the other leg's packets are what this leg hears at the moment.
    pub(super) fn is_flowing(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.since(last) < PATIENCE)
    }

    /// The flow is broken: something else is sent in between.
    pub(super) fn interrupt(&mut self) {
        self.anchor = None;
        self.last = None;
    }

    /// Our timestamp of a packet of sound, and whether it begins anew.
    pub(super) fn place(
        &mut self,
        now: Instant,
        (source, theirs): (Ssrc, RtpTimestamp),
        samples: u32,
        sender: &mut Sender,
    ) -> (RtpTimestamp, bool) {
        self.last = Some(now);
        if let Some(ours) = self.mapped(now, source, theirs, sender)
            && sender.end().is_none_or(|end| ours.after(end) >= 0)
        {
            sender.used_until(ours.plus(samples));
            return (ours, false);
        }
        let (ours, _) = sender.claim(now, samples);
        self.anchor = Some(Anchor { source, theirs, ours });
        (ours, true)
    }

    /// Our timestamp of a key's packet: one for all packets of a press.
    pub(super) fn place_event(
        &mut self,
        now: Instant,
        (source, theirs): (Ssrc, RtpTimestamp),
        sender: &Sender,
    ) -> RtpTimestamp {
        self.last = Some(now);
        if let Some((before, ours)) = self.press
            && before == theirs
        {
            return ours;
        }
        let ours = self.mapped(now, source, theirs, sender).unwrap_or_else(|| sender.timestamp_at(now));
        self.press = Some((theirs, ours));
        ours
    }

    fn mapped(&self, now: Instant, source: Ssrc, theirs: RtpTimestamp, sender: &Sender) -> Option<RtpTimestamp> {
        let anchor = self.anchor.filter(|anchor| anchor.source == source)?;
        let ours = anchor.ours.plus(theirs.after(anchor.theirs).cast_unsigned());
        (ours.after(sender.timestamp_at(now)).unsigned_abs() <= STRAY).then_some(ours)
    }
}
