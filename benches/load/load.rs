//! Many telephones on one thread: a wheel of 20 slots of a millisecond, as a telephone sends each 20 ms.

use crate::Options;
use crate::evidence::{Evidence, hurry, wall};
use crate::figures::{Gaps, of_process, spread};
use crate::leg::{Leg, Outcome, Role, State, Wires};
use crate::sip::{Message, answer};
use crate::sound::Sound;
use std::collections::HashMap;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Milliseconds between the last call's beginning and the window that is measured: sockets are steady by then.
const SETTLE: u64 = 8_000;
/// Milliseconds for everybody to hang up at the end.
const GOODBYE: u64 = 5_000;
/// A telephone listens in each turn of so many.
const LISTEN: u64 = 4;

/// What happened to calls.
#[derive(Debug, Default)]
struct Counts {
    answered: u64,
    refused: u64,
    ended: u64,
    ended_by_server: u64,
    talks: u64,
    keys: u64,
    holds: u64,
    unanswered: u64,
    strange: u64,
    operator_holds: u64,
}

/// The load.
pub struct Load {
    socket: UdpSocket,
    server: SocketAddr,
    local: SocketAddr,
    legs: Vec<Leg>,
    by_call: HashMap<String, usize>,
    soak: bool,
    talk: bool,
    keys: bool,
    pid: Option<u32>,
    timeline: Option<String>,
    evidence: Option<Evidence>,
    /// Where the list of long gaps goes.
    long_gaps: Option<String>,
    /// Calls answered from the very beginning.
    made: u64,
    /// Milliseconds from the start: the window that is measured.
    window: (u64, u64),
    gaps: Gaps,
    setups: Vec<u64>,
    firsts: Vec<u64>,
    counts: Counts,
    chance: u64,
    late: u64,
    wall: u64,
}

impl Load {
    pub fn new(options: &Options, soak: bool) -> Result<Self, String> {
        let calls = options.number("calls", 100)?;
        let rate = options.number("rate", 100)?.max(1);
        let secs = options.number("secs", 20)?;
        let server: SocketAddr =
            options.text("target").unwrap_or("127.0.0.1:5060").parse().map_err(|_| "--target IP:PORT is wanted")?;
        let failed = |error: std::io::Error| format!("sockets: {error}");
        let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let mut legs = Vec::new();
        let operators = match options.text("operators") {
            Some(file) => fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
            None => String::new(),
        };
        let telephone = |index: usize, role, from| {
            let number = u32::try_from(index).unwrap_or(0) * 7_919 + 1;
            Sound::new(number).map(|sound| Leg::new(index, role, from, sound)).map_err(failed)
        };
        for line in operators.lines() {
            let (login, password) = line.split_once(' ').ok_or("a line of operators is LOGIN PASSWORD")?;
            let role = Role::Operator { login: login.to_owned(), password: password.trim().to_owned() };
            legs.push(telephone(legs.len(), role, 0)?);
        }
        // Operators have two seconds to register.
        let begin = if legs.is_empty() { 0 } else { 2_000 };
        for call in 0..calls {
            legs.push(telephone(legs.len(), Role::Caller, begin + call * 1_000 / rate)?);
        }
        let first = begin + calls * 1_000 / rate + SETTLE;
        let pid = options.text("pid").map(|word| word.parse().map_err(|_| "--pid is a number")).transpose()?;
        Ok(Self {
            socket,
            server,
            local,
            soak,
            talk: !operators.is_empty() && !soak,
            keys: options.text("keys").is_some(),
            evidence: pid.filter(|_| soak).map(Evidence::of),
            long_gaps: options.text("gaps").map(str::to_owned),
            made: 0,
            pid,
            timeline: options.text("timeline").map(str::to_owned),
            window: (first, first + secs * 1_000),
            legs,
            by_call: HashMap::new(),
            gaps: Gaps::new(),
            setups: Vec::new(),
            firsts: Vec::new(),
            counts: Counts::default(),
            chance: 0x9e37_79b9_7f4a_7c15,
            late: 0,
            wall: 0,
        })
    }

    /// Runs to the end and tells; `false` when calls failed.
    pub fn run(mut self) -> Result<bool, String> {
        hurry();
        let begun = Instant::now();
        let idle = self.pid.map(of_process);
        let (mut before, mut after, mut measured) = (None, None, None);
        let (first, last) = self.window;
        for tick in 0..last + GOODBYE {
            let due = begun + Duration::from_millis(tick);
            let now = Instant::now();
            std::thread::sleep(due.saturating_duration_since(now));
            if (first..last).contains(&tick) {
                self.late = self.late.max(u64::try_from(now.saturating_duration_since(due).as_millis()).unwrap_or(0));
            }
            self.watch(tick, due, now);
            if tick == first {
                before = self.pid.map(of_process);
                let talks = self.counts.talks;
                self.gaps = Gaps::new();
                self.counts = Counts { talks, ..Counts::default() };
            }
            if tick == last {
                after = self.pid.map(of_process);
                measured = Some(std::mem::replace(&mut self.gaps, Gaps::new()));
            }
            self.tick(tick);
        }
        self.gaps = measured.unwrap_or(self.gaps);
        self.report(idle, before, after)
    }

    /// Notes how the server and this program are scheduled; says once a minute how it goes.
    fn watch(&mut self, tick: u64, due: Instant, came: Instant) {
        let Some(evidence) = &mut self.evidence else { return };
        let late = u64::try_from(came.saturating_duration_since(due).as_micros()).unwrap_or(0);
        if late > 5_000 {
            let now = wall();
            evidence.was_late(now.saturating_sub(late), now);
        }
        if tick.is_multiple_of(20) {
            evidence.sample(wall());
        }
        if tick % 60_000 == 59_999 {
            let (_, resident, descriptors) = self.pid.map(of_process).unwrap_or_default();
            println!(
                "minute {}: {} calls made, {} talking, gaps p99 {} ms, long ones {} of the machine and {} of the \
                 server, lost {}; server {resident} kB, {descriptors} descriptors",
                tick / 60_000 + 1,
                self.made,
                self.legs.iter().filter(|leg| matches!(leg.state, State::Talking { .. })).count(),
                self.gaps.at(990),
                evidence.machine,
                evidence.server,
                self.gaps.lost,
            );
        }
    }

    fn tick(&mut self, now: u64) {
        self.wall = wall();
        self.take(now);
        let second = usize::try_from(now / 1_000).unwrap_or(0);
        let mut index = usize::try_from(now % 20).unwrap_or(0);
        while index < self.legs.len() {
            let leg = &mut self.legs[index];
            if matches!(leg.state, State::Talking { .. }) && !leg.mute {
                leg.sound.speak(self.wall);
            }
            if (now / 20).is_multiple_of(LISTEN) {
                if leg.held {
                    leg.sound.pause();
                }
                // What comes before and after the window is read and not counted.
                leg.sound.hear(second, &mut self.gaps);
                for gap in self.gaps.long.drain(..) {
                    if let Some(evidence) = &mut self.evidence {
                        evidence.gap(gap, leg.sound.port);
                    }
                }
                if let (Some(first), Some(answered)) =
                    (leg.sound.first, leg.answered_at.take_if(|_| leg.sound.first.is_some()))
                {
                    // Both clocks run alike; the answer was noted in milliseconds since the start.
                    let answered = self.wall.saturating_sub((now - answered) * 1_000);
                    self.firsts.push(first.saturating_sub(answered));
                }
            }
            self.step(now, index);
            index += 20;
        }
    }

    /// What a telephone does by itself.
    fn step(&mut self, now: u64, index: usize) {
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let over = now >= self.window.1;
        let leg = &mut self.legs[index];
        match (&leg.state, &leg.role) {
            (State::Idle { .. }, Role::Caller) if over => leg.state = State::Gone,
            (State::Idle { from }, Role::Caller) if now >= *from => {
                leg.call(now, &wires);
                self.by_call.insert(leg.dialog.call_id.clone(), index);
            }
            (State::Idle { from }, Role::Operator { .. }) if now >= *from && !leg.is_registered() => {
                leg.register(now, &wires, "");
                self.by_call.insert(leg.dialog.call_id.clone(), index);
            }
            (State::Asking(_), _) => {
                if !leg.remind(now, &wires) {
                    self.counts.unanswered += 1;
                    leg.state = State::Gone;
                }
            }
            (State::Talking { until, .. }, _) if over || now >= *until => {
                leg.hang_up(now, &wires);
            }
            (State::Talking { next, until }, _) if now >= *next => {
                let until = *until;
                let next = self.act(now, index);
                self.legs[index].state = State::Talking { next, until };
            }
            (State::Idle { .. } | State::Talking { .. } | State::Gone, _) => {}
        }
    }

    /// A telephone does something; when it does the next.
    fn act(&mut self, now: u64, index: usize) -> u64 {
        let (choice, key, wait) = (self.draw(100), self.draw(12), self.draw(8_000));
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let leg = &mut self.legs[index];
        if self.talk {
            leg.sound.press(0);
            return u64::MAX;
        }
        if !self.soak {
            // The language of the menu: always another clip from its beginning.
            leg.sound.press(9);
            self.counts.keys += 1;
            return now + 2_000;
        }
        if matches!(leg.role, Role::Operator { .. }) {
            leg.hold(!leg.held, key % 2 == 0, &wires);
            self.counts.operator_holds += 1;
        } else if leg.held || choice < 10 {
            leg.hold(!leg.held, key % 2 == 0, &wires);
            self.counts.holds += 1;
        } else {
            let event = u8::try_from(key).unwrap_or(0);
            leg.sound.press(if choice < 18 { 0 } else { event });
            self.counts.keys += 1;
        }
        now + 500 + wait
    }

    /// Reads what the server says.
    fn take(&mut self, now: u64) {
        let mut buffer = [0; 8_192];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let message = Message::new(&text);
            if let Some((method, uri)) = message.request() {
                self.request(now, method, uri, &message);
            } else {
                self.response(now, &message);
            }
        }
    }

    fn response(&mut self, now: u64, message: &Message<'_>) {
        let Some(&index) = self.by_call.get(message.header("Call-ID")) else {
            self.counts.strange += 1;
            return;
        };
        // One in eight hangs up within ten seconds.
        let length = if self.draw(8) == 0 { 200 + self.draw(10_000) } else { 10_000 + self.draw(110_000) };
        let first = 1_000 + self.draw(4_000);
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let (soak, acts) = (self.soak, self.keys || self.soak || self.talk);
        let leg = &mut self.legs[index];
        match leg.response(now, &wires, message) {
            Outcome::Nothing => {}
            Outcome::Answered => {
                self.counts.answered += 1;
                self.made += 1;
                self.setups.push((now - leg.asked_at) * 1_000);
                let until = if soak { now + length } else { u64::MAX };
                leg.state = State::Talking { next: if acts { now + first } else { u64::MAX }, until };
            }
            Outcome::Refused(_) => {
                self.counts.refused += 1;
                self.rest(now, index);
            }
            Outcome::Ended => {
                self.counts.ended += 1;
                self.rest(now, index);
            }
        }
    }

    /// A call is over: what the telephone does next.
    fn rest(&mut self, now: u64, index: usize) {
        let pause = 200 + self.draw(2_000);
        let leg = &mut self.legs[index];
        self.by_call.remove(&leg.dialog.call_id);
        leg.sound.server = None;
        (leg.held, leg.mute) = (false, false);
        leg.state = match leg.role {
            Role::Operator { .. } => State::Idle { from: u64::MAX },
            Role::Caller if self.soak => State::Idle { from: now + pause },
            Role::Caller => State::Gone,
        };
    }

    fn request(&mut self, now: u64, method: &str, uri: &str, message: &Message<'_>) {
        let length = if self.soak { 3_000 + self.draw(20_000) } else { u64::MAX };
        let first = if self.soak { now + 1_000 + self.draw(8_000) } else { u64::MAX };
        let known = self.by_call.get(message.header("Call-ID")).copied();
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let contact = format!("sip:load@{}", self.local);
        match (method, known) {
            ("ACK", _) => {}
            ("INVITE", Some(index)) if message.header("To").contains(";tag=") => {
                self.legs[index].again(&wires, message);
            }
            ("INVITE", _) => {
                let login = uri.strip_prefix("sip:").and_then(|rest| rest.split('@').next()).unwrap_or_default();
                let named = |leg: &Leg| matches!(&leg.role, Role::Operator { login: own, .. } if own == login);
                let Some(index) = self.legs.iter().position(named) else {
                    return wires.send(&answer(message, "404 Not Found", "n", &contact, ""));
                };
                self.legs[index].ring((first, now.saturating_add(length)), &wires, message);
                if self.legs[index].dialog.call_id == message.header("Call-ID") && known.is_none() {
                    self.by_call.insert(message.header("Call-ID").to_owned(), index);
                    self.counts.talks += 1;
                }
            }
            ("BYE" | "CANCEL", known) => {
                wires.send(&answer(message, "200 OK", "e", &contact, ""));
                if let Some(index) = known {
                    self.counts.ended_by_server += 1;
                    self.rest(now, index);
                }
            }
            _ => wires.send(&answer(message, "200 OK", "x", &contact, "")),
        }
    }

    /// A number below `most` (xorshift; the same calls each time).
    fn draw(&mut self, most: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        self.chance % most
    }

    fn report(
        mut self,
        idle: Option<(f64, u64, usize)>,
        before: Option<(f64, u64, usize)>,
        after: Option<(f64, u64, usize)>,
    ) -> Result<bool, String> {
        let callers = self.legs.iter().filter(|leg| matches!(leg.role, Role::Caller)).count();
        let (counts, gaps) = (&self.counts, &mut self.gaps);
        println!("{counts:?}");
        println!("set-up {}", spread(&mut self.setups));
        println!("first RTP after the answer {}", spread(&mut self.firsts));
        println!(
            "gaps p50 {} p99 {} p99.9 {} max {}.{} ms",
            gaps.at(500),
            gaps.at(990),
            gaps.at(999),
            gaps.longest / 1_000,
            gaps.longest / 100 % 10
        );
        println!("calls made {}", self.made);
        println!("packets {} lost {}; this program was late by {} ms at most", gaps.packets, gaps.lost, self.late);
        if self.keys && !gaps.answers.is_empty() {
            println!("key to its answer {}", spread(&mut gaps.answers));
        }
        if let (Some(idle), Some(before), Some(after)) = (idle, before, after) {
            let callers = u32::try_from(callers).unwrap_or(u32::MAX);
            let millis = u32::try_from(self.window.1 - self.window.0).unwrap_or(u32::MAX);
            let cost = (after.0 - before.0) / (f64::from(callers) * f64::from(millis) / 1_000.0);
            let growth = after.1.saturating_sub(idle.1) / u64::from(callers.max(1));
            println!("server: {cost:.3} ms CPU per call-second");
            println!(
                "server: {} kB idle, {} kB under load, {growth} kB a call, {} descriptors",
                idle.1, after.1, after.2
            );
        }
        if let Some(evidence) = &self.evidence {
            println!("gaps over 60 ms: {} of the machine, {} of the server", evidence.machine, evidence.server);
            let telling = |line: &&str| line.contains("SERVER");
            evidence.told.lines().filter(telling).take(20).for_each(|line| println!("{line}"));
            if let Some(file) = &self.long_gaps {
                fs::write(file, &evidence.told).map_err(|error| format!("{file}: {error}"))?;
            }
        }
        if let Some(file) = &self.timeline {
            fs::write(file, gaps.timeline()).map_err(|error| format!("{file}: {error}"))?;
        }
        Ok(counts.refused == 0 && counts.unanswered == 0)
    }
}
