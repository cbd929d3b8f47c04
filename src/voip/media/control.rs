//! RTCP of one stream: when a report is due, what it says, what the peer's say.

use crate::model::Instant;
use crate::voip::rtp::rtcp::{self, NtpTime, Outgoing, ReportBlock, SenderInfo};
use crate::voip::rtp::{Receiver, Sender, Ssrc};
use std::net::SocketAddr;
use std::time::Duration;

/// The mean time between reports, spread from half to one and a half of it (RFC 3550 §6.2, §6.3.1).
const INTERVAL_MS: u32 = 5_000;

/// The state of one stream's RTCP.
#[derive(Clone, Debug)]
pub(super) struct Control {
    due: Instant,
    spread: u32,
    sent_at_report: u64,
    heard: Option<(NtpTime, Instant)>,
    learned: Option<SocketAddr>,
    lost_at_peer: Option<u32>,
    round_trip: Option<Duration>,
}

impl Control {
    pub(super) fn new(now: Instant, ssrc: Ssrc) -> Self {
        let mut control = Self {
            due: now,
            spread: ssrc.0,
            sent_at_report: 0,
            heard: None,
            learned: None,
            lost_at_peer: None,
            round_trip: None,
        };
        control.rearm(now);
        control
    }

    /// The spread is drawn from the stream's own random SSRC: reports of many streams must not meet.
    fn rearm(&mut self, now: Instant) {
        self.spread = self.spread.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let millis = INTERVAL_MS / 2 + (self.spread >> 8) % INTERVAL_MS;
        self.due = now + Duration::from_millis(u64::from(millis));
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    /// Where RTCP of the peer's source came from.
    pub(super) const fn learned(&self) -> Option<SocketAddr> {
        self.learned
    }

    pub(super) const fn lost_at_peer(&self) -> Option<u32> {
        self.lost_at_peer
    }

    pub(super) const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Writes a report in place of what `out` holds, and sets the time of the next.
    pub(super) fn write(
        &mut self,
        now: Instant,
        sender: &Sender,
        receiver: &mut Receiver,
        goodbye: bool,
        out: &mut Vec<u8>,
    ) {
        let sent = sender.packets() > self.sent_at_report;
        self.sent_at_report = sender.packets();
        self.rearm(now);
        let low = |count: u64| u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0);
        let report = Outgoing {
            ssrc: sender.ssrc(),
            sender: sent.then(|| SenderInfo {
                ntp: NtpTime::of(now),
                rtp: sender.on_wire(sender.timestamp_at(now)),
                packets: low(sender.packets()),
                octets: low(sender.octets()),
            }),
            block: receiver.report().map(|reception| ReportBlock::of(reception, self.heard, now)),
            goodbye,
        };
        report.write(out);
    }

    /// Takes a report of the peer's source; `false` when it is none.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: &[u8],
        ours: Ssrc,
        theirs: Option<Ssrc>,
    ) -> bool {
        let Ok(compound) = rtcp::parse(bytes) else { return false };
        if theirs.is_some() && compound.source != theirs {
            return false;
        }
        if theirs.is_some() {
            self.learned = Some(from);
        }
        if let Some(sender) = compound.sender {
            self.heard = Some((sender.ntp, now));
        }
        for block in compound.blocks.iter().filter(|block| block.ssrc == ours) {
            self.lost_at_peer = Some(block.lost.max(0).unsigned_abs());
            self.round_trip = block.round_trip(now).or(self.round_trip);
        }
        true
    }
}
