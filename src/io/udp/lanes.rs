//! The two queues between the sockets and the exchange, each bounded in datagrams and in octets.

use super::Received;
use crate::voip::sip::lane::{Lane, lane_of};
use crate::voip::sip::peer::Peer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// The octets that may wait in a lane. A datagram has up to 64 kB, and large ones are nothing that calls need.
pub const OCTETS: usize = 32 << 20;

/// Where datagrams go.
#[derive(Clone, Debug)]
pub struct Lanes {
    calls: Queue,
    others: Queue,
}

/// What comes out of the lanes.
#[derive(Debug)]
pub struct LaneEnds {
    /// Datagrams of calls there are.
    pub calls: Receiver<Received>,
    /// All others.
    pub others: Receiver<Received>,
}

/// The octets that wait in each lane.
#[derive(Clone, Debug)]
pub(super) struct Waiting([Arc<AtomicUsize>; 2]);

#[derive(Clone, Debug)]
struct Queue {
    sender: Sender<Received>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// The place of a datagram in its lane, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    octets: usize,
    waiting: Arc<AtomicUsize>,
}

/// Nobody takes datagrams any more.
#[derive(Debug)]
pub(super) struct Closed;

impl Lanes {
    /// Lanes in each of which so many datagrams, and so many octets, may wait.
    #[must_use]
    pub fn new(datagrams: usize, octets: usize) -> (Self, LaneEnds) {
        let ((calls_in, calls), (others_in, others)) = (mpsc::channel(datagrams), mpsc::channel(datagrams));
        let queue = |sender| Queue { sender, waiting: Arc::default(), most: octets };
        (Self { calls: queue(calls_in), others: queue(others_in) }, LaneEnds { calls, others })
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting([Arc::clone(&self.calls.waiting), Arc::clone(&self.others.waiting)])
    }

    /// Puts a datagram where it belongs; whether there was room.
    pub(super) fn put(&self, from: SocketAddr, local: SocketAddr, bytes: &[u8]) -> Result<bool, Closed> {
        let queue = match lane_of(bytes) {
            Lane::Calls => &self.calls,
            Lane::Others => &self.others,
        };
        let Some(room) = queue.room(bytes.len()) else { return Ok(false) };
        let received = Received { peer: Peer::udp(from), local, bytes: bytes.to_vec(), _room: room };
        match queue.sender.try_send(received) {
            Ok(()) => Ok(true),
            Err(mpsc::error::TrySendError::Full(_)) => Ok(false),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Closed),
        }
    }
}

impl Waiting {
    pub(super) fn octets(&self) -> usize {
        self.0.iter().map(|lane| lane.load(Ordering::Relaxed)).sum()
    }
}

impl Queue {
    fn room(&self, octets: usize) -> Option<Room> {
        let room = Room { octets, waiting: Arc::clone(&self.waiting) };
        let before = self.waiting.fetch_add(octets, Ordering::Relaxed);
        (before + octets <= self.most).then_some(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.octets, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5060);

    #[test]
    fn large_datagrams_fill_a_lane_by_their_octets_and_leave_the_other_alone() {
        let (lanes, mut ends) = Lanes::new(100, 10_000);
        let large = [b'x'; 4_000];
        let put = |bytes: &[u8]| lanes.put(ANYWHERE, ANYWHERE, bytes).expect("open");
        assert!(put(&large) && put(&large), "8,000 of 10,000");
        assert!(!put(&large));
        assert!(put(b"x"), "a small one has room");
        let bye = b"BYE sip:a@b SIP/2.0\r\nTo: <sip:a@b>;tag=1\r\n\r\n";
        assert!(put(bye), "a lane of its own");
        assert_eq!(lanes.waiting().octets(), 8_001 + bye.len());

        drop(ends.others.try_recv().expect("the first"));
        assert!(put(&large), "its room is free again");
        while ends.others.try_recv().is_ok() {}
        drop(ends.calls.try_recv().expect("of a call"));
        assert_eq!(lanes.waiting().octets(), 0);
    }

    #[test]
    fn what_waits_when_its_lane_is_full_or_closed_takes_no_room() {
        let (lanes, ends) = Lanes::new(1, 10_000);
        let put = || lanes.put(ANYWHERE, ANYWHERE, b"x");
        assert!(put().expect("open") && !put().expect("open"));
        assert_eq!(lanes.waiting().octets(), 1);
        drop(ends);
        assert!(put().is_err());
        assert_eq!(lanes.waiting().octets(), 0);
    }
}
