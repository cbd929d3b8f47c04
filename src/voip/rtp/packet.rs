//! The RTP packet (RFC 3550 §5.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |V=2|P|X|  CC   |M|     PT      |        sequence number        |
//! +---+-+-+-------+-+-------------+-------------------------------+
//! |                           timestamp                           |
//! +---------------------------------------------------------------+
//! |                 synchronization source (SSRC)                 |
//! +---------------------------------------------------------------+
//! |       contributing sources (CSRC), CC of them, skipped        |
//! +---------------------------------------------------------------+
//! |  X: profile (16)              |  length in words (16) + words |
//! +---------------------------------------------------------------+
//! |  payload …            P: padding, its last octet its length   |
//! +---------------------------------------------------------------+
//! ```

/// Octets of a header without CSRC or extension, the only kind we send.
pub const HEADER_LENGTH: usize = 12;

/// A payload type, 0–127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayloadType(u8);

impl PayloadType {
    /// The type of a number, or `None` above 127.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 128 { Some(Self(number)) } else { None }
    }

    /// The type in the low seven bits of an octet, as in the second octet of a packet.
    #[must_use]
    pub const fn from_low_bits(octet: u8) -> Self {
        Self(octet & 0x7f)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A sequence number: counts packets, wraps at 65 536.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SequenceNumber(pub u16);

impl SequenceNumber {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// How far after `earlier` this is; negative when it is before it.
    #[must_use]
    pub const fn after(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

/// A timestamp in units of the payload's clock (1/8000 s in G.711); wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct RtpTimestamp(pub u32);

impl RtpTimestamp {
    /// The timestamp `units` later.
    #[must_use]
    pub const fn plus(self, units: u32) -> Self {
        Self(self.0.wrapping_add(units))
    }

    /// How far after `earlier` this is, in units; negative when it is before it.
    #[must_use]
    pub const fn after(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

/// A synchronization source: the number of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ssrc(pub u32);

/// A received packet: header fields and the payload without padding, borrowed from the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The marker: in audio, the first packet after a silence.
    pub marker: bool,
    /// What the payload is.
    pub payload_type: PayloadType,
    /// Its place in the stream.
    pub sequence: SequenceNumber,
    /// When its first sample was taken.
    pub timestamp: RtpTimestamp,
    /// Who sent it.
    pub ssrc: Ssrc,
    /// The payload; may be empty.
    pub payload: &'a [u8],
}

/// Why a datagram is no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than its header says.
    #[error("the packet is shorter than its header says")]
    Truncated,
    /// Not version 2.
    #[error("RTP version {0} instead of 2")]
    Version(u8),
    /// The padding is zero long or longer than the payload.
    #[error("the padding is longer than the payload")]
    Padding,
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// When it is no RTP packet of version 2 or its lengths contradict each other.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let (header, rest) = datagram.split_first_chunk::<HEADER_LENGTH>().ok_or(PacketError::Truncated)?;
        let [flags, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if flags >> 6 != 2 {
            return Err(PacketError::Version(flags >> 6));
        }
        let mut rest = rest.get(usize::from(flags & 0x0f) * 4..).ok_or(PacketError::Truncated)?;
        if flags & 0x10 != 0 {
            let (&[_, _, high, low], words) = rest.split_first_chunk::<4>().ok_or(PacketError::Truncated)?;
            let length = usize::from(u16::from_be_bytes([high, low])) * 4;
            rest = words.get(length..).ok_or(PacketError::Truncated)?;
        }
        if flags & 0x20 != 0 {
            let padding = usize::from(*rest.last().ok_or(PacketError::Padding)?);
            let length = rest.len().checked_sub(padding).ok_or(PacketError::Padding)?;
            if padding == 0 {
                return Err(PacketError::Padding);
            }
            rest = &rest[..length];
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: PayloadType::from_low_bits(second),
            sequence: SequenceNumber(u16::from_be_bytes([s0, s1])),
            timestamp: RtpTimestamp(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: Ssrc(u32::from_be_bytes([c0, c1, c2, c3])),
            payload: rest,
        })
    }

    /// The header of this packet as we send it: no CSRC, no extension, no padding.
    #[must_use]
    pub fn header(&self) -> [u8; HEADER_LENGTH] {
        let [s0, s1] = self.sequence.0.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.0.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.0.to_be_bytes();
        let second = self.payload_type.number() | if self.marker { 0x80 } else { 0 };
        [0x80, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }

    /// Whether a datagram on an RTP port is in truth RTCP (RFC 5761 §4: packet types 192–223).
    #[must_use]
    pub fn is_rtcp(datagram: &[u8]) -> bool {
        matches!(datagram, [flags, 192..=223, ..] if flags >> 6 == 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Name, packet, and its payload or error.
    type Case<'a> = (&'a str, Vec<u8>, Result<&'a [u8], PacketError>);

    const PLAIN: [u8; 16] = [0x80, 0x88, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, b'a', b'b', b'c', 1];

    fn with_flags(flags: u8) -> Vec<u8> {
        let mut bytes = PLAIN.to_vec();
        bytes[0] = flags;
        bytes
    }

    #[test]
    fn a_plain_packet_reads_and_writes() {
        let packet = Packet::parse(&PLAIN).expect("a packet");
        assert!(packet.marker);
        assert_eq!(packet.payload_type.number(), 8);
        assert_eq!((packet.sequence.0, packet.timestamp.0, packet.ssrc.0), (1, 2, 3));
        assert_eq!(packet.header(), PLAIN[..12]);
    }

    #[test]
    fn lies_about_lengths_are_errors() {
        let extension = |words: u16| {
            let mut bytes = PLAIN[..12].to_vec();
            bytes[0] = 0x90;
            bytes.extend([0xbe, 0xde]);
            bytes.extend(words.to_be_bytes());
            bytes.extend([9, 9, 9, 9, b'x']);
            bytes
        };
        let mut zero_padding = with_flags(0xa0);
        zero_padding[15] = 0;
        let mut long_padding = with_flags(0xa0);
        long_padding[15] = 5;
        let cases: &[Case<'_>] = &[
            ("empty", vec![], Err(PacketError::Truncated)),
            ("eleven octets", PLAIN[..11].to_vec(), Err(PacketError::Truncated)),
            ("header only", PLAIN[..12].to_vec(), Ok(b"")),
            ("version 1", with_flags(0x40), Err(PacketError::Version(1))),
            ("one CSRC", with_flags(0x81), Ok(b"")),
            ("fifteen CSRC", with_flags(0x8f), Err(PacketError::Truncated)),
            ("padding of one", with_flags(0xa0), Ok(b"abc")),
            ("padding of none", zero_padding, Err(PacketError::Padding)),
            ("padding too long", long_padding, Err(PacketError::Padding)),
            ("extension of one word", extension(1), Ok(b"x")),
            ("extension of many words", extension(0xffff), Err(PacketError::Truncated)),
            ("extension cut off", with_flags(0x9f), Err(PacketError::Truncated)),
        ];
        for (name, bytes, expected) in cases {
            assert_eq!(Packet::parse(bytes).map(|packet| packet.payload), *expected, "{name}");
        }
    }

    #[test]
    fn numbers_wrap() {
        assert_eq!(SequenceNumber(0).after(SequenceNumber(u16::MAX)), 1);
        assert_eq!(SequenceNumber(u16::MAX).next(), SequenceNumber(0));
        assert_eq!(RtpTimestamp(10).after(RtpTimestamp(u32::MAX - 9)), 20);
        assert_eq!(RtpTimestamp(0).after(RtpTimestamp(160)), -160);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(packet) = Packet::parse(&bytes) {
                prop_assert!(packet.payload.len() + HEADER_LENGTH <= bytes.len());
            }
        }
    }
}
