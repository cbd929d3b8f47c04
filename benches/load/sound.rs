//! One telephone's RTP: a packet each 20 ms out, and what comes in with the kernel's time of arrival.

use crate::evidence::LONG;
use crate::figures::Gaps;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// Octets of a packet of 20 ms.
const PACKET: usize = 172;
/// What telephones say: A-law, a step above silence. No prompt is made of it, so whoever hears it hears a telephone.
const SAID: u8 = 0xd4;
/// The payload type of keys in our descriptions, alone and with the marker bit.
const EVENT: [u8; 2] = [101, 229];
/// The volume of a key, −10 dBm0, alone and with the bit that says its end (RFC 4733 §2.3).
const VOLUME: [u8; 2] = [0x0a, 0x8a];
/// Packets of a key: 100 ms, the last three its end.
const KEY: u8 = 7;

/// One telephone's ear and mouth.
pub struct Sound {
    socket: UdpSocket,
    pub port: u16,
    pub server: Option<SocketAddr>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    key: Option<Key>,
    last: Option<(u64, u16, bool)>,
    /// When the first packet came, in microseconds of the wall clock.
    pub first: Option<u64>,
    /// The same of the last packet that is what another telephone said, where the one before was not.
    pub relayed: Option<u64>,
}

/// A key being pressed.
struct Key {
    event: u8,
    packet: u8,
    begun: u32,
    at: u64,
}

impl Sound {
    pub fn new(ssrc: u32) -> io::Result<Self> {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_nonblocking(true)?;
        let on: libc::c_int = 1;
        let size = libc::socklen_t::try_from(size_of_val(&on)).unwrap_or(4);
        #[expect(unsafe_code, reason = "no safe wrapper of this option is at hand")]
        // SAFETY: `on` outlives the call, which reads `size` octets of it.
        let result = unsafe {
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, (&raw const on).cast(), size)
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        let port = socket.local_addr()?.port();
        let (sequence, timestamp) = (1, ssrc);
        Ok(Self {
            socket,
            port,
            server: None,
            ssrc,
            sequence,
            timestamp,
            key: None,
            last: None,
            first: None,
            relayed: None,
        })
    }

    /// Presses a key from the next packet on.
    pub fn press(&mut self, event: u8) {
        self.key = Some(Key { event, packet: 0, begun: self.timestamp, at: 0 });
    }

    /// Sends the packet of this frame: silence, or a key's.
    pub fn speak(&mut self, now: u64) {
        let Some(server) = self.server else { return };
        let mut packet = [SAID; PACKET];
        let mut length = PACKET;
        let (mut kind, mut stamp) = (8, self.timestamp);
        if let Some(key) = &mut self.key {
            let first = key.packet == 0;
            if first {
                (key.begun, key.at) = (self.timestamp, now);
            }
            (kind, stamp, length) = (EVENT[usize::from(first)], key.begun, 16);
            let volume = VOLUME[usize::from(key.packet + 3 >= KEY)];
            let [high, low] = (160 * (u16::from(key.packet) + 1)).to_be_bytes();
            packet[12..16].copy_from_slice(&[key.event, volume, high, low]);
            key.packet += 1;
        }
        packet[..2].copy_from_slice(&[0x80, kind]);
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&stamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        if self.key.as_ref().is_some_and(|key| key.packet >= KEY + 40) {
            self.key = None;
        } else if let Some(key) = &self.key
            && key.packet > KEY
        {
            // The key is over; its answer is still awaited. What was built is replaced by silence.
            packet[1] = 8;
            packet[4..8].copy_from_slice(&self.timestamp.wrapping_sub(160).to_be_bytes());
            packet[12..].fill(SAID);
            length = PACKET;
        }
        // What the system does not take is lost, and the server's count will tell.
        self.socket.send_to(&packet[..length], server).unwrap_or_default();
    }

    /// Takes what has come.
    pub fn hear(&mut self, second: usize, gaps: &mut Gaps) {
        while let Some((at, kind, sequence, relayed)) = receive(&self.socket) {
            // RTCP for the telephone one port below (RFC 5761 §4).
            if (192..224).contains(&kind) {
                continue;
            }
            let marker = kind & 0x80 != 0;
            gaps.packets += 1;
            self.first.get_or_insert(at);
            if relayed && self.last.is_none_or(|(.., before)| !before) {
                self.relayed = Some(at);
            }
            if let Some((before, last, was_relayed)) = self.last {
                let step = sequence.wrapping_sub(last);
                gaps.lost += u64::from(step.saturating_sub(1).min(1_000));
                gaps.note(second, at.saturating_sub(before));
                if at > before + LONG {
                    gaps.long.push((before, at, was_relayed || relayed));
                }
            }
            self.last = Some((at, sequence, relayed));
            if marker && let Some(key) = self.key.take_if(|key| key.at > 0) {
                gaps.answers.push(at.saturating_sub(key.at));
            }
        }
    }

    /// What comes next does not follow what came before: a hold lay between.
    pub fn pause(&mut self) {
        self.last = None;
    }
}

/// The time of arrival in microseconds, the second octet and the sequence number of a packet, and whether it is what
/// another telephone said.
fn receive(socket: &UdpSocket) -> Option<(u64, u8, u16, bool)> {
    let mut buffer = [0_u8; 256];
    let mut control = [0_u64; 8];
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    #[expect(unsafe_code, reason = "the kernel's time of arrival comes as a control message")]
    // SAFETY: all of `msghdr` may be zero; the pointers are to locals that outlive the call, with their true lengths;
    // the header of the control message is checked to be there before it is read.
    let time = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        (message.msg_iov, message.msg_iovlen) = (&raw mut part, 1);
        (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), size_of_val(&control));
        if libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) < 12 {
            return None;
        }
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null() || (*header).cmsg_type != libc::SCM_TIMESTAMPNS {
            return None;
        }
        libc::CMSG_DATA(header).cast::<libc::timespec>().read_unaligned()
    };
    let micros = time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1_000;
    let relayed = buffer[1] & 0x7f == EVENT[0] || buffer[12..PACKET].iter().all(|octet| *octet == SAID);
    Some((micros, buffer[1], u16::from_be_bytes([buffer[2], buffer[3]]), relayed))
}
