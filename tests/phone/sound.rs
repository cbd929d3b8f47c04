//! A telephone's sound: a thread that sends a packet every 20 ms and keeps every packet that comes.

use super::now;
use super::rtp::{ALAW, FRAME, KeyPacket, Received, SILENCE, Stamp, pattern, press, recognise};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a packet is sent.
const PACE: Duration = Duration::from_millis(20);
/// Frames of silence between two keys: 60 ms.
const BETWEEN_KEYS: usize = 3;

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// No packets at all.
    Mute,
    Silence,
    /// The known sound of a voice, from this packet on.
    Known {
        voice: u8,
        next: u16,
    },
}

/// What is sent in the next 20 ms.
#[derive(Clone, Copy, Debug)]
enum Step {
    Key(KeyPacket),
    Voice,
}

struct State {
    remote: Option<SocketAddr>,
    keys_as: u8,
    voice: Voice,
    steps: VecDeque<Step>,
    received: Vec<Received>,
    over: bool,
}

struct Shared {
    socket: UdpSocket,
    state: Mutex<State>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// One end of a stream of sound. Ends with its owner.
pub struct Sound {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Sound {
    /// Listens on a port of its own; sends nothing until it is told where.
    pub fn open() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let state = State {
            remote: None,
            keys_as: 0,
            voice: Voice::Silence,
            steps: VecDeque::new(),
            received: Vec::new(),
            over: false,
        };
        let shared = Arc::new(Shared { socket, state: Mutex::new(state), news: Condvar::new() });
        let its = Arc::clone(&shared);
        Self { shared, thread: Some(std::thread::spawn(move || run(&its))) }
    }

    pub fn local(&self) -> SocketAddr {
        self.shared.socket.local_addr().unwrap()
    }

    /// Sends from now on to `remote`, keys with their payload type.
    pub fn sends_to(&self, remote: SocketAddr, keys_as: u8) {
        let mut state = self.shared.lock();
        state.remote = Some(remote);
        state.keys_as = keys_as;
    }

    pub fn says(&self, voice: Voice) {
        self.shared.lock().voice = voice;
    }

    /// Presses keys one after the other, 100 ms each.
    pub fn presses(&self, keys: &str) {
        let mut state = self.shared.lock();
        for key in keys.chars() {
            state.steps.extend(press(key).into_iter().map(Step::Key));
            state.steps.extend([Step::Voice; BETWEEN_KEYS]);
        }
    }

    /// Every packet so far.
    pub fn packets(&self) -> Vec<Received> {
        self.shared.lock().received.clone()
    }

    /// How many packets came so far.
    pub fn count(&self) -> usize {
        self.shared.lock().received.len()
    }

    /// The octets of A-law from the packets so far, in the order they came.
    pub fn heard(&self) -> Vec<u8> {
        let state = self.shared.lock();
        state.received.iter().filter(|one| one.payload_type == ALAW).flat_map(|one| one.payload.clone()).collect()
    }

    /// Waits until about `packets` more have come, or until `until`.
    pub fn wait_for(&self, packets: usize, until: Instant) {
        let mut state = self.shared.lock();
        let enough = state.received.len() + packets;
        while state.received.len() < enough {
            let left = until.saturating_duration_since(now());
            if left.is_zero() {
                return;
            }
            state = self.shared.news.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until `packets` of the known sound of `voice` came one after the other, each octet as it was sent.
    /// Packets from before the first of them, and silence of the server's own between them, do not count.
    pub fn hears_known(&self, voice: u8, packets: u16, within: Duration) -> Result<(), String> {
        let (from, until) = (self.count(), now() + within);
        loop {
            let mut first_and_last: Option<(u16, u16)> = None;
            let mut others = 0;
            for packet in &self.packets()[from..] {
                match (recognise(voice, &packet.payload), &mut first_and_last) {
                    (None, _) => others += 1,
                    (Some(Err(changed)), _) => return Err(changed),
                    (Some(Ok(index)), None) => first_and_last = Some((index, index)),
                    (Some(Ok(index)), Some((_, last))) if index == last.wrapping_add(1) => *last = index,
                    (Some(Ok(index)), Some((_, last))) => {
                        return Err(format!("after packet {last} of voice {voice} came packet {index}"));
                    }
                }
            }
            let came = first_and_last.map_or(0, |(first, last)| last.wrapping_sub(first) + 1);
            if came >= packets {
                return Ok(());
            }
            if now() >= until {
                return Err(format!("of {packets} packets of voice {voice} came {came}, and {others} others"));
            }
            self.wait_for(5, until);
        }
    }

    /// How many packets come in `time`; the whole time is waited for.
    pub fn packets_in(&self, time: Duration) -> usize {
        let before = self.count();
        self.wait_for(usize::MAX >> 1, now() + time);
        self.count() - before
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.over = true;
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the thread of the telephone's sound broke down");
        }
    }
}

/// The thread: sends what is due, keeps what comes.
fn run(shared: &Shared) {
    let mut stamp = Stamp { ssrc: 0x5e1f_0000 | u32::from(port(shared)), sequence: 4_000, timestamp: 80_000 };
    let mut pressed_at = 0;
    let mut due = now();
    let mut buffer = [0; 2_048];
    loop {
        if shared.lock().over {
            return;
        }
        while now() >= due {
            send(shared, &mut stamp, &mut pressed_at);
            due += PACE;
        }
        let left = due.saturating_duration_since(now()).max(Duration::from_millis(1));
        shared.socket.set_read_timeout(Some(left)).unwrap();
        match shared.socket.recv(&mut buffer) {
            Ok(octets) => {
                if let Some(packet) = Received::parse(&buffer[..octets]) {
                    shared.lock().received.push(packet);
                    shared.news.notify_all();
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            // The server closed its port; it may have others.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::Interrupted) => {}
            Err(error) => panic!("cannot read sound: {error}"),
        }
    }
}

fn port(shared: &Shared) -> u16 {
    shared.socket.local_addr().unwrap().port()
}

/// Sends what belongs to these 20 ms.
fn send(shared: &Shared, stamp: &mut Stamp, pressed_at: &mut u32) {
    let mut state = shared.lock();
    stamp.timestamp = stamp.timestamp.wrapping_add(u32::try_from(FRAME).unwrap());
    let Some(remote) = state.remote else { return };
    let datagram = match state.steps.pop_front().unwrap_or(Step::Voice) {
        Step::Key(key) => {
            if key.first {
                *pressed_at = stamp.timestamp;
            }
            stamp.packet(state.keys_as, key.first, *pressed_at, &key.payload)
        }
        Step::Voice => match &mut state.voice {
            Voice::Mute => return,
            Voice::Silence => stamp.packet(ALAW, false, stamp.timestamp, &[SILENCE; FRAME]),
            Voice::Known { voice, next } => {
                let payload = pattern(*voice, *next);
                *next = next.wrapping_add(1);
                stamp.packet(ALAW, false, stamp.timestamp, &payload)
            }
        },
    };
    drop(state);
    shared.socket.send_to(&datagram, remote).unwrap();
}
