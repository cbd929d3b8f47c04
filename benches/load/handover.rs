//! How long callers wait for an operator who has become free: one operator, callers who queue, one after another.
//!
//! ```text
//! operator   BYE ──▶ INVITE ──▶ 200, and speaks at once
//!            └ free ─▶ rung     └ answers ─▶ heard ┐
//! caller     music … music … music …               first packet of the operator
//! ```
//!
//! The queue must have no wrap-up, so that the BYE is the moment from which the operator is free. The caller who is
//! heard must be the one who has waited longest.

use crate::Options;
use crate::evidence::{hurry, wall};
use crate::figures::{Gaps, spread};
use crate::leg::{Leg, Outcome, Role, State, Wires};
use crate::sip::{Message, answer};
use crate::sound::Sound;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Milliseconds of a conversation.
const TALK: u64 = 1_000;
/// Milliseconds from a caller's answer to the key `0`, from the end of a conversation to the caller's hanging up, and
/// from there to the next call.
const PAUSES: [u64; 3] = [600, 200, 500];
/// Milliseconds between the first calls, so that the order of those who wait is plain.
const APART: u64 = 300;
/// Milliseconds in which something must happen.
const PATIENCE: u64 = 5_000;
/// Milliseconds of a packet.
const FRAME: u64 = 20;

/// What a caller does next; times are milliseconds since the start.
#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    presses: Option<u64>,
    leaves: Option<u64>,
    /// Since when the caller waits, in microseconds of the wall clock.
    waits: Option<u64>,
}

/// Microseconds of what was seen.
#[derive(Debug, Default)]
struct Seen {
    rung: Vec<u64>,
    heard: Vec<u64>,
    bridged: Vec<u64>,
    oldest: usize,
    failed: Vec<String>,
}

/// The operator is the first of the telephones.
pub struct Handover {
    socket: UdpSocket,
    server: SocketAddr,
    local: SocketAddr,
    begun: Instant,
    legs: Vec<Leg>,
    plans: Vec<Plan>,
    times: usize,
    limit: u64,
    /// When the operator hung up, was rung and answered, in microseconds of the wall clock.
    freed: Option<u64>,
    answered: Option<u64>,
    ends: Option<u64>,
    last: u64,
    spoken: u64,
    gaps: Gaps,
    seen: Seen,
}

impl Handover {
    pub fn new(options: &Options) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("sockets: {error}");
        let server = options.text("target").unwrap_or("127.0.0.1:5060");
        let server: SocketAddr = server.parse().map_err(|_| "--target IP:PORT is wanted")?;
        let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
        socket.set_read_timeout(Some(Duration::from_millis(1))).map_err(failed)?;
        let file = options.text("operators").ok_or("--operators FILE is wanted")?;
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let line = text.lines().next().and_then(|line| line.split_once(' '));
        let (login, password) = line.ok_or("a line of operators is LOGIN PASSWORD")?;
        let role = Role::Operator { login: login.to_owned(), password: password.trim().to_owned() };
        let mut legs = vec![Leg::new(0, role, 0, Sound::new(1).map_err(failed)?)];
        let callers = usize::try_from(options.number("calls", 8)?).unwrap_or(8).max(2);
        for index in 1..=callers {
            let number = u32::try_from(index).unwrap_or(0);
            let sound = Sound::new(number * 7_919 + 1).map_err(failed)?;
            legs.push(Leg::new(index, Role::Caller, 2_000 + u64::from(number) * APART, sound));
        }
        Ok(Self {
            local: socket.local_addr().map_err(failed)?,
            socket,
            server,
            begun: Instant::now(),
            plans: vec![Plan::default(); legs.len()],
            legs,
            times: usize::try_from(options.number("times", 40)?).unwrap_or(40),
            limit: options.number("limit", 100)?,
            freed: None,
            answered: None,
            ends: None,
            last: 0,
            spoken: 0,
            gaps: Gaps::new(),
            seen: Seen::default(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Runs to the end and tells; `false` when somebody was not heard, or not the oldest, or too late.
    pub fn run(mut self) -> bool {
        hurry();
        // Until everybody waits for the first time.
        self.last = 2_000 + u64::try_from(self.legs.len()).unwrap_or(0) * APART + PATIENCE;
        while self.seen.bridged.len() < self.times {
            let now = self.now();
            if now > self.last + PATIENCE {
                self.seen.failed.push(format!("nothing happened for {} s", PATIENCE / 1_000));
                break;
            }
            self.take(now);
            self.pace(now);
            for index in 0..self.legs.len() {
                self.step(now, index);
            }
        }
        self.part();
        self.report()
    }

    /// Reads what the server says: at once, or nothing for a millisecond.
    fn take(&mut self, now: u64) {
        let mut buffer = [0; 8_192];
        let Ok(length) = self.socket.recv(&mut buffer) else { return };
        let at = wall();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let message = Message::new(&text);
        match message.request() {
            Some((method, _)) => self.request(at, method, &message),
            None => self.response(now, &message),
        }
    }

    fn request(&mut self, at: u64, method: &str, message: &Message<'_>) {
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let contact = format!("sip:load@{}", self.local);
        let known = self.legs.iter().position(|leg| leg.dialog.call_id == message.header("Call-ID"));
        match (method, known) {
            ("ACK", _) => {}
            ("INVITE", Some(index)) => self.legs[index].again(&wires, message),
            ("INVITE", None) => {
                let operator = &mut self.legs[0];
                // The answer to its BYE is on the way.
                operator.state = State::Idle { from: u64::MAX };
                operator.ring((u64::MAX, u64::MAX), &wires, message);
                let answered = wall();
                operator.sound.speak(answered);
                if let Some(freed) = self.freed {
                    self.seen.rung.push(at.saturating_sub(freed));
                }
                self.answered = Some(answered);
            }
            _ => wires.send(&answer(message, "200 OK", "x", &contact, "")),
        }
    }

    fn response(&mut self, now: u64, message: &Message<'_>) {
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let of = |leg: &Leg| leg.dialog.call_id == message.header("Call-ID");
        let Some(index) = self.legs.iter().position(of) else { return };
        let leg = &mut self.legs[index];
        match leg.response(now, &wires, message) {
            Outcome::Nothing => {}
            Outcome::Answered => {
                leg.state = State::Talking { next: u64::MAX, until: u64::MAX };
                self.plans[index].presses = Some(now + PAUSES[0]);
            }
            Outcome::Refused(status) => {
                self.seen.failed.push(format!("{status} for telephone {index}"));
                leg.state = State::Gone;
            }
            Outcome::Ended => {
                let from = if index == 0 { u64::MAX } else { now + PAUSES[2] };
                leg.state = State::Idle { from };
            }
        }
    }

    /// Each 20 ms everybody speaks, and what was heard is looked at; arrivals have the kernel's time.
    fn pace(&mut self, now: u64) {
        if now / FRAME == self.spoken {
            return;
        }
        self.spoken = now / FRAME;
        let at = wall();
        for leg in &mut self.legs {
            if matches!(leg.state, State::Talking { .. }) {
                leg.sound.speak(at);
            }
            leg.sound.hear(0, &mut self.gaps);
            self.gaps.long.clear();
        }
        self.look(now);
    }

    /// Who heard the operator first.
    fn look(&mut self, now: u64) {
        let Some(answered) = self.answered else { return };
        let heard = self.legs.iter().enumerate().skip(1).filter_map(|(index, leg)| {
            let at = leg.sound.relayed.filter(|at| *at >= answered)?;
            Some((at, index))
        });
        let Some((at, index)) = heard.min() else { return };
        self.answered = None;
        self.last = now;
        let oldest = self.plans.iter().filter_map(|plan| plan.waits).min();
        let is_oldest = self.plans[index].waits.is_some() && self.plans[index].waits == oldest;
        if let Some(freed) = self.freed.take() {
            self.seen.heard.push(at - answered);
            self.seen.bridged.push(at.saturating_sub(freed));
            self.seen.oldest += usize::from(is_oldest);
        }
        self.plans[index] = Plan { leaves: Some(now + TALK + PAUSES[1]), ..Plan::default() };
        self.ends = Some(now + TALK);
    }

    /// What a telephone does by itself.
    fn step(&mut self, now: u64, index: usize) {
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let leg = &mut self.legs[index];
        let plan = &mut self.plans[index];
        match (&leg.state, &leg.role) {
            (State::Idle { from }, Role::Caller) if now >= *from => {
                leg.sound.relayed = None;
                *plan = Plan::default();
                leg.call(now, &wires);
            }
            (State::Idle { from }, Role::Operator { .. }) if now >= *from && !leg.is_registered() => {
                leg.register(now, &wires, "");
            }
            (State::Asking(_), _) => {
                if !leg.remind(now, &wires) {
                    self.seen.failed.push(format!("no answer for telephone {index}"));
                    leg.state = State::Gone;
                }
            }
            (State::Talking { .. }, Role::Operator { .. }) if self.ends.is_some_and(|end| now >= end) => {
                self.ends = None;
                self.freed = Some(wall());
                leg.hang_up(now, &wires);
            }
            (State::Talking { .. }, Role::Caller) if plan.presses.is_some_and(|due| now >= due) => {
                (plan.presses, plan.waits) = (None, Some(wall()));
                leg.sound.press(0);
            }
            (State::Talking { .. }, Role::Caller) if plan.leaves.is_some_and(|due| now >= due) => {
                plan.leaves = None;
                leg.hang_up(now, &wires);
            }
            (State::Idle { .. } | State::Talking { .. } | State::Gone, _) => {}
        }
    }

    /// Everybody hangs up.
    fn part(&mut self) {
        let wires = Wires { socket: &self.socket, server: self.server, local: self.local };
        let now = self.now();
        for leg in &mut self.legs {
            if matches!(leg.state, State::Talking { .. }) {
                leg.hang_up(now, &wires);
            }
        }
    }

    fn report(mut self) -> bool {
        let seen = &mut self.seen;
        let (times, limit) = (self.times, self.limit * 1_000);
        let longest = seen.bridged.iter().copied().max().unwrap_or(u64::MAX);
        println!("operator free to INVITE {}", spread(&mut seen.rung));
        println!("200 to the operator's first packet at the caller {}", spread(&mut seen.heard));
        println!("operator free to bridged {}, at most {} ms wanted", spread(&mut seen.bridged), self.limit);
        println!("the oldest was the first {} times of {}", seen.oldest, seen.bridged.len());
        for failed in &seen.failed {
            println!("FAILED: {failed}");
        }
        seen.failed.is_empty() && seen.bridged.len() == times && seen.oldest == times && longest <= limit
    }
}
