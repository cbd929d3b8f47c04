//! RTP packets (RFC 3550 §5.1) and keys in them (RFC 4733), written by hand.

/// The octets of a header without extensions.
const HEADER: usize = 12;
/// G.711 A-law.
pub const ALAW: u8 = 8;
/// A-law for the linear sample 0.
pub const SILENCE: u8 = 0xd5;
/// Samples, and octets, of 20 ms.
pub const FRAME: usize = 160;

/// A packet that came.
#[derive(Clone, Debug)]
pub struct Received {
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

impl Received {
    /// Reads a datagram; `None` for what is not RTP version 2 without extras.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let (header, payload) = datagram.split_first_chunk::<HEADER>()?;
        // Version 2, no padding, no extension, no contributing sources.
        (header[0] == 0x80).then(|| Self {
            payload_type: header[1] & 0x7f,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            timestamp: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ssrc: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            payload: payload.to_vec(),
        })
    }
}

/// One end's packets: sequence numbers and clock.
pub struct Stamp {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
}

impl Stamp {
    /// A packet at this end's clock; the sequence number goes on.
    pub fn packet(&mut self, payload_type: u8, marker: bool, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0x80, payload_type | u8::from(marker) << 7];
        datagram.extend(self.sequence.to_be_bytes());
        datagram.extend(timestamp.to_be_bytes());
        datagram.extend(self.ssrc.to_be_bytes());
        datagram.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        datagram
    }
}

/// What is wrong with a stream of packets: every packet must count one up, from one source, its clock never going back.
pub fn faults(packets: &[Received]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in packets.windows(2) {
        let [before, after] = pair else { continue };
        let ahead = after.timestamp.wrapping_sub(before.timestamp).cast_signed();
        let step = after.sequence.wrapping_sub(before.sequence);
        if step != 1 || before.ssrc != after.ssrc || ahead < 0 {
            let (from, to) = (before.sequence, after.sequence);
            let (source, other) = (before.ssrc, after.ssrc);
            faults.push(format!("{from} of {source:08x}, then {to} of {other:08x}, {ahead} samples later"));
        }
    }
    faults
}

/// One packet of a key.
#[derive(Clone, Copy, Debug)]
pub struct KeyPacket {
    pub first: bool,
    pub payload: [u8; 4],
}

/// The packets of one press of 100 ms: five while it lasts, the end three times.
pub fn press(key: char) -> Vec<KeyPacket> {
    let event = match key {
        '0'..='9' => key as u8 - b'0',
        '*' => 10,
        '#' => 11,
        other => panic!("no such key: {other}"),
    };
    let packet = |frames: u16, end: bool| {
        let [high, low] = (frames * 160).to_be_bytes();
        KeyPacket { first: frames == 1 && !end, payload: [event, u8::from(end) << 7 | VOLUME, high, low] }
    };
    (1..=5).map(|frames| packet(frames, false)).chain([packet(5, true); 3]).collect()
}

/// The loudness of a key, in dB below the loudest, as phones send it.
const VOLUME: u8 = 0x0a;

/// Marks the packets of a known sound.
const MARK: &[u8; 7] = b"HOTLINE";

/// Packet number `index` of the known sound `voice`: octets that no prompt has, and that differ in every packet.
pub fn pattern(voice: u8, index: u16) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    frame[..7].copy_from_slice(MARK);
    frame[7] = voice;
    frame[8..10].copy_from_slice(&index.to_be_bytes());
    let mut state = u32::from(voice) << 16 | u32::from(index) | 0x8000_0000;
    for octet in &mut frame[10..] {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *octet = (state >> 24) as u8;
    }
    frame
}

/// Which packet of the known sound `voice` this is; an error when it is one, but changed on its way.
pub fn recognise(voice: u8, payload: &[u8]) -> Option<Result<u16, String>> {
    let head = payload.strip_prefix(MARK)?;
    let (&[from, high, low], _) = head.split_first_chunk::<3>()?;
    if from != voice {
        return None;
    }
    let index = u16::from_be_bytes([high, low]);
    let whole = payload == pattern(voice, index);
    Some(if whole { Ok(index) } else { Err(format!("packet {index} of the known sound was changed on its way")) })
}
