//! A [`Sieve`] in the kernel: a filter of the socket (classic BPF, which needs no privilege) that throws away what need
//! not be read before it is queued, and the count of what was thrown away.
//!
//! The system counts each such packet as an input error of UDP (`InErrors` in /proc/net/snmp, not `RcvbufErrors`).

use crate::voip::media::{Look, Sieve};
use crate::voip::rtp::HEADER_LENGTH;
use std::io;
use std::os::fd::AsRawFd;

/// The UDP header, where the filter of a UDP socket begins.
const UDP: u32 = 8;
/// Load 32 bits, 16 bits, an octet, the length; AND; jump if equal, if at least;
/// return.
const LOAD_32: u16 = 0x20;
const LOAD_16: u16 = 0x28;
const LOAD_8: u16 = 0x30;
const LOAD_LENGTH: u16 = 0x80;
const AND: u16 = 0x54;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
/// A packet is kept whole, or not at all.
const WHOLE: u32 = 0xffff;
/// Where in the answer to `SO_MEMINFO` the dropped packets are (`SK_MEMINFO_DROPS`), and how long it is.
const DROPS: usize = 8;
const FIGURES: usize = 16;

/// The filter of a sieve: each condition that does not hold jumps over the next instruction, which goes on, to the one
/// that returns the packet.
fn program(sieve: Sieve) -> Vec<libc::sock_filter> {
    let step = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let at = |place: usize| UDP + u32::try_from(place).unwrap_or(u32::MAX);
    // What is shorter than a header is kept.
    let mut steps =
        vec![step(LOAD_LENGTH, 0, 0, 0), step(JUMP_AT_LEAST, 1, 0, at(HEADER_LENGTH)), step(RETURN, 0, 0, WHOLE)];
    for condition in sieve.conditions() {
        let (load, k, value) = match condition.look {
            // A load beyond the end of a packet would throw it away; none is.
            Look::Word(place) => (LOAD_32, at(place), condition.value),
            Look::Pair(place) => (LOAD_16, at(place), condition.value),
            Look::Octet(place) => (LOAD_8, at(place), condition.value),
            Look::Length => (LOAD_LENGTH, 0, condition.value + UDP),
        };
        let (jt, jf) = if condition.same { (1, 0) } else { (0, 1) };
        steps.push(step(load, 0, 0, k));
        steps.push(step(AND, 0, 0, condition.bits));
        steps.push(step(JUMP_EQUAL, jt, jf, value));
        steps.push(step(RETURN, 0, 0, WHOLE));
    }
    steps.push(step(RETURN, 0, 0, 0));
    steps
}

/// Lets only what `sieve` keeps into the socket.
pub fn attach(socket: &impl AsRawFd, sieve: Sieve) -> io::Result<()> {
    let mut steps = program(sieve);
    let filter = libc::sock_fprog { len: u16::try_from(steps.len()).unwrap_or(0), filter: steps.as_mut_ptr() };
    set(socket, libc::SO_ATTACH_FILTER, &filter)
}

/// Lets everything in again.
pub fn detach(socket: &impl AsRawFd) -> io::Result<()> {
    set(socket, libc::SO_DETACH_FILTER, &0_i32)
}

/// How many packets the socket has thrown away since it was made; wraps.
pub fn thrown_away(socket: &impl AsRawFd) -> io::Result<u32> {
    let mut figures = [0_u32; FIGURES];
    let mut length = libc::socklen_t::try_from(size_of_val(&figures)).unwrap_or(0);
    let (level, name) = (libc::SOL_SOCKET, libc::SO_MEMINFO);
    #[expect(unsafe_code, reason = "no safe wrapper of this option is at hand")]
    // SAFETY: `figures` and `length` outlive the call, which writes at most `length` octets of plain integers.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, figures.as_mut_ptr().cast(), &raw mut length) };
    if result == 0 { Ok(figures[DROPS]) } else { Err(io::Error::last_os_error()) }
}

fn set<T>(socket: &impl AsRawFd, name: libc::c_int, value: &T) -> io::Result<()> {
    let size = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    #[expect(unsafe_code, reason = "no safe wrapper of this option is at hand")]
    // SAFETY: `value` outlives the call, which copies `size` octets of it and, of a program, the steps that it points
    // to: they are the caller's and outlive the call as well.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, (&raw const *value).cast(), size) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::g711::Law;
    use crate::voip::rtp::{PayloadType, Ssrc};
    use std::net::UdpSocket;

    const SIEVE: Sieve = Sieve { ssrc: Ssrc(0x0102_0307), payload_type: PayloadType::from_low_bits(9), quiet: None };

    /// A packet of sound with its first octets and its sequence number.
    fn packet(flags: u8, kind: u8, sequence: u16, last: u8) -> Vec<u8> {
        let [high, low] = sequence.to_be_bytes();
        let mut packet = vec![flags, kind, high, low, 0, 0, 0, 0, 1, 2, 3, last];
        packet.resize(172, 0xd5);
        packet
    }

    fn check(host: &str, sieve: Sieve) {
        // A machine without IPv6 cannot say anything about it.
        let Ok(socket) = UdpSocket::bind((host, 0)) else { return };
        let peer = UdpSocket::bind((host, 0)).expect("bound");
        let addr = socket.local_addr().expect("bound");
        socket.set_nonblocking(true).expect("set");
        attach(&socket, sieve).expect("attached");
        let mut sent = Vec::new();
        for sequence in 0xfe_f0..=0xff_ff_u16 {
            sent.push(packet(0x80, 9, sequence, 7));
        }
        for (flags, kind, last) in
            [(0x80, 101, 7), (0x80, 0x89, 7), (0x81, 9, 7), (0xa0, 9, 7), (0, 9, 7), (0x80, 9, 8)]
        {
            sent.push(packet(flags, kind, 1, last));
        }
        for place in 12..172 {
            let mut loud = packet(0x80, 9, 1, 7);
            loud[place] = 0x2a;
            sent.push(loud);
        }
        sent.extend([packet(0x90, 9, 3, 7), vec![0x80], Vec::new(), vec![0x80, 9, 0, 1], packet(0x80, 200, 1, 7)]);
        let mut buffer = [0; 256];
        let mut thrown = 0;
        for datagram in &sent {
            peer.send_to(datagram, addr).expect("sent");
            let heard = socket.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec());
            let kept = sieve.keeps(datagram).then(|| datagram.clone());
            thrown += u32::from(kept.is_none());
            assert_eq!(heard, kept, "{:?}", &datagram[..datagram.len().min(12)]);
            assert_eq!(thrown_away(&socket).expect("counted"), thrown);
        }
        assert!(thrown > 200);
        detach(&socket).expect("detached");
        peer.send_to(&sent[1], addr).expect("sent");
        assert!(socket.recv(&mut buffer).is_ok());
    }

    #[test]
    fn the_kernel_keeps_what_the_rule_keeps_and_counts_the_rest() {
        for quiet in [None, Some(Law::A)] {
            check("127.0.0.1", Sieve { quiet, ..SIEVE });
            check("::1", Sieve { quiet, ..SIEVE });
        }
    }
}
