//! RTCP: sender and receiver reports, source description, goodbye (RFC 3550 §6).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |V=2|P|   RC    |  PT 200..204  |   length in words, less one   |
//! +---+-+---------+---------------+-------------------------------+
//! |                        SSRC of the sender                     |
//! +---------------------------------------------------------------+
//! | SR 200: NTP time (64), RTP time (32), packets (32), octets (32)|
//! +---------------------------------------------------------------+
//! | SR, RR 201, RC times: SSRC, lost/256 (8) and lost (24),       |
//! |   highest sequence, jitter, last SR (LSR), delay since (DLSR) |
//! +---------------------------------------------------------------+
//! ```
//!
//! The NTP time of our reports is our monotonic clock: RFC 3550 §6.4.1 asks for no more when the wall clock is not at
//! hand, and the round trip needs no more.

use super::{Reception, RtpTimestamp, Ssrc};
use crate::model::Instant;
use std::time::Duration;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The item of a source description that is its unchanging name.
const CNAME: u8 = 1;
/// The largest loss a report can say.
const MAX_LOST: u64 = 0x7f_ffff;

/// A time as NTP writes it: seconds and their 2⁻³² parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// Our monotonic clock as NTP time.
    #[must_use]
    pub const fn of(now: Instant) -> Self {
        let (seconds, nanos) = (now.as_nanos() / 1_000_000_000, now.as_nanos() % 1_000_000_000);
        Self((seconds << 32) | ((nanos << 32) / 1_000_000_000))
    }

    /// The middle 32 bits: 1/65536 s.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the middle of 64 bits")]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What a sender says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// The moment of the report.
    pub ntp: NtpTime,
    /// The same moment by the stream's timestamps.
    pub rtp: RtpTimestamp,
    /// Packets sent.
    pub packets: u32,
    /// Payload octets sent.
    pub octets: u32,
}

/// What a receiver says of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: Ssrc,
    /// Lost since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Lost in all, 24 bits signed on the wire; repeats count as less than zero.
    pub lost: i32,
    /// Highest sequence number with wraps.
    pub highest: u32,
    /// Jitter in timestamp units.
    pub jitter: u32,
    /// Middle of the last sender report's time, 0 when none came.
    pub last_report: u32,
    /// How long ago that was, 1/65536 s.
    pub delay: u32,
}

impl ReportBlock {
    /// The block of our own figures; `heard` is the peer's last sender report and when it came.
    #[must_use]
    pub fn of(reception: Reception, heard: Option<(NtpTime, Instant)>, now: Instant) -> Self {
        let (last_report, delay) = heard.map_or((0, 0), |(ntp, at)| {
            let nanos = now.since(at).as_nanos();
            (ntp.middle(), u32::try_from(nanos * 65_536 / 1_000_000_000).unwrap_or(u32::MAX))
        });
        Self {
            ssrc: reception.ssrc,
            fraction_lost: reception.fraction_lost,
            lost: i32::try_from(reception.lost.min(MAX_LOST)).unwrap_or(i32::MAX),
            highest: reception.highest,
            jitter: reception.jitter,
            last_report,
            delay,
        }
    }

    /// The round trip of our report that this block answers, come at `now`; `None` when it answers none.
    #[must_use]
    pub fn round_trip(&self, now: Instant) -> Option<Duration> {
        if self.last_report == 0 {
            return None;
        }
        let units = NtpTime::of(now).middle().wrapping_sub(self.last_report).wrapping_sub(self.delay);
        // More than half a minute is a clock that cannot be right.
        (units < 30 << 16).then(|| Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16))
    }
}

/// A compound packet: what its reports, descriptions and goodbyes came to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Compound {
    /// Who reports.
    pub source: Option<Ssrc>,
    /// Its own figures, when it sends.
    pub sender: Option<SenderInfo>,
    /// What it received.
    pub blocks: Vec<ReportBlock>,
    /// Who left.
    pub goodbyes: Vec<Ssrc>,
}

/// Why a datagram is no RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RTCP compound packet")]
pub struct RtcpError;

/// Reads a compound packet (RFC 3550 §A.2). Packet types we do not know are passed over.
///
/// # Errors
/// When it does not begin with a report, or lengths contradict each other.
pub fn parse(datagram: &[u8]) -> Result<Compound, RtcpError> {
    if !matches!(datagram, [_, SENDER_REPORT | RECEIVER_REPORT, ..]) {
        return Err(RtcpError);
    }
    let mut compound = Compound::default();
    let mut rest = datagram;
    while let Some((&[flags, kind, high, low], body)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16::from_be_bytes([high, low])) * 4;
        if flags >> 6 != 2 || body.len() < length {
            return Err(RtcpError);
        }
        let (mut body, after) = body.split_at(length);
        if flags & 0x20 != 0 {
            let padding = usize::from(*body.last().ok_or(RtcpError)?);
            body = body.len().checked_sub(padding).map(|length| &body[..length]).ok_or(RtcpError)?;
        }
        compound.packet(kind, flags & 0x1f, body)?;
        rest = after;
    }
    if rest.is_empty() { Ok(compound) } else { Err(RtcpError) }
}

impl Compound {
    fn packet(&mut self, kind: u8, count: u8, body: &[u8]) -> Result<(), RtcpError> {
        let mut words = body.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
        let mut word = || words.next().ok_or(RtcpError);
        match kind {
            SENDER_REPORT | RECEIVER_REPORT => {
                self.source = Some(Ssrc(word()?));
                if kind == SENDER_REPORT {
                    let ntp = NtpTime((u64::from(word()?) << 32) | u64::from(word()?));
                    let rtp = RtpTimestamp(word()?);
                    self.sender = Some(SenderInfo { ntp, rtp, packets: word()?, octets: word()? });
                }
                for _ in 0..count {
                    let (ssrc, losses) = (Ssrc(word()?), word()?);
                    let [fraction_lost, ..] = losses.to_be_bytes();
                    let lost = (losses << 8).cast_signed() >> 8;
                    let (highest, jitter) = (word()?, word()?);
                    let (last_report, delay) = (word()?, word()?);
                    self.blocks.push(ReportBlock { ssrc, fraction_lost, lost, highest, jitter, last_report, delay });
                }
            }
            GOODBYE => {
                for _ in 0..count {
                    self.goodbyes.push(Ssrc(word()?));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What we send: a report, our name, and perhaps goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Our source number; its hexadecimal digits are our name, which tells nobody anything.
    pub ssrc: Ssrc,
    /// Our own figures, when we sent since the last report.
    pub sender: Option<SenderInfo>,
    /// What we received, when anything came.
    pub block: Option<ReportBlock>,
    /// Whether we leave.
    pub goodbye: bool,
}

impl Outgoing {
    /// Writes the compound packet in place of what `out` holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        let count = u8::from(self.block.is_some());
        let kind = if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        let words = 1 + if self.sender.is_some() { 5 } else { 0 } + if self.block.is_some() { 6 } else { 0 };
        header(out, count, kind, words);
        word(out, self.ssrc.0);
        if let Some(sender) = &self.sender {
            out.extend(sender.ntp.0.to_be_bytes());
            word(out, sender.rtp.0);
            word(out, sender.packets);
            word(out, sender.octets);
        }
        if let Some(block) = &self.block {
            word(out, block.ssrc.0);
            word(out, (u32::from(block.fraction_lost) << 24) | (block.lost.cast_unsigned() & 0xff_ffff));
            for value in [block.highest, block.jitter, block.last_report, block.delay] {
                word(out, value);
            }
        }
        // SSRC, item and length, eight hexadecimal digits, and two zeros that end the items: four words.
        header(out, 1, SOURCE_DESCRIPTION, 4);
        word(out, self.ssrc.0);
        out.extend([CNAME, 8]);
        out.extend(format!("{:08x}", self.ssrc.0).into_bytes());
        out.extend([0, 0]);
        if self.goodbye {
            header(out, 1, GOODBYE, 1);
            word(out, self.ssrc.0);
        }
    }
}

fn header(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    out.extend([0x80 | count, kind]);
    out.extend(words.to_be_bytes());
}

fn word(out: &mut Vec<u8>, value: u32) {
    out.extend(value.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outgoing() -> Outgoing {
        let now = Instant::from_millis(12_500);
        let sender = SenderInfo { ntp: NtpTime::of(now), rtp: RtpTimestamp(9), packets: 10, octets: 1_600 };
        let block = ReportBlock {
            ssrc: Ssrc(7),
            fraction_lost: 128,
            lost: 5,
            highest: 70_000,
            jitter: 3,
            last_report: 0,
            delay: 0,
        };
        Outgoing { ssrc: Ssrc(0xaaaa), sender: Some(sender), block: Some(block), goodbye: true }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let full = outgoing();
        let cases = [full, Outgoing { sender: None, goodbye: false, ..full }, Outgoing { block: None, ..full }];
        let mut bytes = Vec::new();
        for out in cases {
            out.write(&mut bytes);
            assert_eq!(bytes.len() % 4, 0);
            let read = parse(&bytes).expect("a compound packet");
            assert_eq!((read.source, read.sender), (Some(out.ssrc), out.sender));
            assert_eq!(read.blocks.first().copied(), out.block);
            assert_eq!(read.goodbyes.len(), usize::from(out.goodbye));
        }
    }

    #[test]
    fn lies_about_lengths_are_errors() {
        let mut bytes = Vec::new();
        outgoing().write(&mut bytes);
        for length in 0..bytes.len() {
            let boundary = [52, 72].contains(&length);
            assert_eq!(parse(&bytes[..length]).is_ok(), boundary, "{length}");
        }
        let mut more_blocks = bytes.clone();
        more_blocks[0] |= 0x1f;
        assert_eq!(parse(&more_blocks), Err(RtcpError));
        let mut padded = bytes.clone();
        padded[0] |= 0x20;
        padded[51] = 255;
        assert_eq!(parse(&padded), Err(RtcpError));
    }

    #[test]
    fn a_negative_loss_keeps_its_sign() {
        let mut bytes = Vec::new();
        let block = ReportBlock { lost: -3, ..outgoing().block.expect("a block") };
        Outgoing { block: Some(block), ..outgoing() }.write(&mut bytes);
        assert_eq!(parse(&bytes).expect("a compound packet").blocks[0].lost, -3);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), kind in 200..=204_u8) {
            let first = parse(&bytes);
            if let [flags, second, ..] = bytes.as_mut_slice() {
                (*flags, *second) = (*flags & 0x3f | 0x80, kind);
            }
            prop_assert!(first.is_err() || !bytes.is_empty());
            if let Ok(compound) = parse(&bytes) {
                prop_assert!(compound.blocks.len() * 24 <= bytes.len());
            }
        }
    }
}
