//! One telephone: a caller, or an operator who answers.

use crate::sip::{Dialog, Message, answer, authorization, description};
use crate::sound::Sound;
use std::net::SocketAddr;

/// A request that may be lost is sent again after so many milliseconds, doubled each time.
const AGAIN: u64 = 500;
/// Times it is sent before it counts as failed.
const TRIES: u32 = 6;

/// What a telephone is for.
#[derive(Clone, Debug)]
pub enum Role {
    Caller,
    Operator { login: String, password: String },
}

/// Where it is in its life. Times are milliseconds since the start.
#[derive(Debug)]
pub enum State {
    /// Nothing until then.
    Idle { from: u64 },
    /// Sent, and no final answer yet.
    Asking(Pending),
    /// In a call.
    Talking { next: u64, until: u64 },
    /// Over for good.
    Gone,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pending {
    text: String,
    sent: u64,
    tries: u32,
}

/// What all telephones have in common.
pub struct Wires<'a> {
    pub socket: &'a std::net::UdpSocket,
    pub server: SocketAddr,
    pub local: SocketAddr,
}

impl Wires<'_> {
    pub fn send(&self, text: &str) {
        // Lost is lost: it is sent again.
        self.socket.send_to(text.as_bytes(), self.server).unwrap_or_default();
    }
}

/// One telephone.
pub struct Leg {
    pub index: usize,
    pub role: Role,
    pub state: State,
    pub sound: Sound,
    pub dialog: Dialog,
    pub held: bool,
    /// Held by `inactive`: the telephone itself is silent.
    pub mute: bool,
    /// A hold or its end that was asked for: the number of the INVITE, and what `held` and `mute` will be.
    asked: Option<(u32, bool, bool)>,
    pub answered_at: Option<u64>,
    pub asked_at: u64,
    runs: u32,
    version: u32,
    registered: Option<u64>,
    reply: String,
}

/// What became of a response.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Nothing,
    Answered,
    Refused(u16),
    Ended,
}

impl Leg {
    pub fn new(index: usize, role: Role, from: u64, sound: Sound) -> Self {
        Self {
            index,
            role,
            state: State::Idle { from },
            sound,
            dialog: Dialog::default(),
            held: false,
            mute: false,
            asked: None,
            answered_at: None,
            asked_at: 0,
            runs: 0,
            version: 1,
            registered: None,
            reply: String::new(),
        }
    }

    fn via(&self, wires: &Wires<'_>) -> String {
        format!("{};branch=z9hG4bK{}-{}-{}", wires.local, self.index, self.runs, self.dialog.cseq)
    }

    fn ask(&mut self, now: u64, wires: &Wires<'_>, text: String) {
        wires.send(&text);
        self.state = State::Asking(Pending { text, sent: now, tries: 1 });
    }

    /// Calls the server.
    pub fn call(&mut self, now: u64, wires: &Wires<'_>) {
        self.runs += 1;
        let (index, run) = (self.index, self.runs);
        let target = format!("sip:bank@{}", wires.server);
        self.dialog = Dialog {
            call_id: format!("load-{index}-{run}-{}", wires.local.port()),
            local: format!("<sip:+7916{index:07}@{}>;tag=c{run}", wires.local.ip()),
            remote: format!("<{target}>"),
            target,
            contact: format!("sip:c{index}@{}", wires.local),
            cseq: 1,
        };
        self.asked_at = now;
        (self.held, self.mute, self.asked, self.sound.first) = (false, false, None, None);
        let body = description(self.sound.port, self.version, "sendrecv");
        let text = self.dialog.request("INVITE", &self.via(wires), "", &body);
        self.ask(now, wires, text);
    }

    /// Registers the operator's telephone; `proof` is the line that answers the challenge.
    pub fn register(&mut self, now: u64, wires: &Wires<'_>, proof: &str) {
        let Role::Operator { login, .. } = &self.role else { return };
        let own = format!("<sip:{login}@{}>", wires.server.ip());
        self.runs += 1;
        self.dialog = Dialog {
            call_id: format!("register-{}-{}", self.index, wires.local.port()),
            local: format!("{own};tag=r"),
            remote: own,
            target: format!("sip:{}", wires.server),
            contact: format!("sip:{login}@{}", wires.local),
            cseq: self.runs,
        };
        let text = self.dialog.request("REGISTER", &self.via(wires), &format!("Expires: 3600\r\n{proof}"), "");
        self.ask(now, wires, text);
    }

    pub const fn is_registered(&self) -> bool {
        self.registered.is_some()
    }

    /// Hangs up.
    pub fn hang_up(&mut self, now: u64, wires: &Wires<'_>) {
        self.dialog.cseq += 1;
        self.sound.server = None;
        let text = self.dialog.request("BYE", &self.via(wires), "", "");
        self.ask(now, wires, text);
    }

    /// Holds the call, with music of its own or in silence, or goes on with it: once the server has agreed.
    pub fn hold(&mut self, on: bool, mute: bool, wires: &Wires<'_>) {
        self.version += 1;
        self.dialog.cseq += 1;
        self.asked = Some((self.dialog.cseq, on, on && mute));
        let direction = match (on, mute) {
            (false, _) => "sendrecv",
            (true, false) => "sendonly",
            (true, true) => "inactive",
        };
        let body = description(self.sound.port, self.version, direction);
        wires.send(&self.dialog.request("INVITE", &self.via(wires), "", &body));
    }

    /// Sends again what was not answered; `false` when that was often enough.
    pub fn remind(&mut self, now: u64, wires: &Wires<'_>) -> bool {
        let State::Asking(pending) = &mut self.state else { return true };
        if now < pending.sent + (AGAIN << pending.tries.min(4)) / 2 {
            return true;
        }
        if pending.tries >= TRIES {
            return false;
        }
        (pending.tries, pending.sent) = (pending.tries + 1, now);
        wires.send(&pending.text);
        true
    }

    /// Sends what was not answered once more, now.
    pub fn repeat(&self, wires: &Wires<'_>) {
        if let State::Asking(pending) = &self.state {
            wires.send(&pending.text);
        }
    }

    /// Takes a response of this telephone's dialog.
    pub fn response(&mut self, now: u64, wires: &Wires<'_>, message: &Message<'_>) -> Outcome {
        let (Some(status), (number, method)) = (message.status(), message.cseq()) else { return Outcome::Nothing };
        if status < 200 {
            return Outcome::Nothing;
        }
        match method {
            "INVITE" => self.invite_answered(now, wires, message, (status, number)),
            "BYE" if matches!(self.state, State::Asking(_)) => Outcome::Ended,
            "REGISTER" if number == self.dialog.cseq && matches!(self.state, State::Asking(_)) => {
                self.register_answered(now, wires, message, status)
            }
            _ => Outcome::Nothing,
        }
    }

    fn invite_answered(
        &mut self,
        now: u64,
        wires: &Wires<'_>,
        message: &Message<'_>,
        (status, number): (u16, u32),
    ) -> Outcome {
        let mut dialog = self.dialog.clone();
        dialog.cseq = number;
        if status >= 300 {
            // To a refusal the ACK is part of the transaction, and names its branch (RFC 3261 §17.1.1.3).
            message.header("To").clone_into(&mut dialog.remote);
            let branch = format!("{};branch=z9hG4bK{}-{}-{number}", wires.local, self.index, self.runs);
            wires.send(&dialog.request("ACK", &branch, "", ""));
            let first = number == 1 && matches!(self.state, State::Asking(_));
            return if first { Outcome::Refused(status) } else { Outcome::Nothing };
        }
        (dialog.remote, dialog.target) = (message.header("To").to_owned(), message.contact().to_owned());
        let branch = format!("{};branch=z9hG4bKa{}-{}-{number}", wires.local, self.index, self.runs);
        wires.send(&dialog.request("ACK", &branch, "", ""));
        if let Some((_, held, mute)) = self.asked.take_if(|(asked, ..)| *asked == number) {
            (self.held, self.mute) = (held, mute);
        }
        if number != 1 || !matches!(self.state, State::Asking(_)) || self.dialog.cseq != 1 {
            return Outcome::Nothing;
        }
        (self.dialog.remote, self.dialog.target) = (dialog.remote, dialog.target);
        self.sound.server = message.rtp();
        self.sound.pause();
        self.answered_at = Some(now);
        Outcome::Answered
    }

    fn register_answered(&mut self, now: u64, wires: &Wires<'_>, message: &Message<'_>, status: u16) -> Outcome {
        let Role::Operator { login, password } = &self.role else { return Outcome::Nothing };
        if status == 401 && self.runs < 8 {
            let Some(proof) = authorization(message, login, password, &self.dialog.target) else {
                return Outcome::Refused(status);
            };
            self.register(now, wires, &proof);
            return Outcome::Nothing;
        }
        self.state = State::Idle { from: u64::MAX };
        if status != 200 {
            return Outcome::Refused(status);
        }
        self.registered = Some(now);
        Outcome::Nothing
    }

    /// Answers an operator's new call, or an old one said again.
    pub fn ring(&mut self, (next, until): (u64, u64), wires: &Wires<'_>, message: &Message<'_>) {
        let busy = matches!(self.state, State::Talking { .. } | State::Asking(_));
        if message.header("Call-ID") == self.dialog.call_id && busy {
            return self.again(wires, message);
        }
        let contact = format!("sip:o{}@{}", self.index, wires.local);
        if busy {
            return wires.send(&answer(message, "486 Busy Here", "b", &contact, ""));
        }
        self.runs += 1;
        let tag = format!("o{}", self.runs);
        let body = description(self.sound.port, self.version, "sendrecv");
        self.reply = answer(message, "200 OK", &tag, &contact, &body);
        wires.send(&self.reply);
        self.dialog = Dialog {
            call_id: message.header("Call-ID").to_owned(),
            local: format!("{};tag={tag}", message.header("To")),
            remote: message.header("From").to_owned(),
            target: message.contact().to_owned(),
            contact,
            cseq: 1,
        };
        self.sound.server = message.rtp();
        self.sound.pause();
        (self.held, self.mute, self.asked) = (false, false, None);
        self.state = State::Talking { next, until };
    }

    /// Answers an INVITE within the call.
    pub fn again(&mut self, wires: &Wires<'_>, message: &Message<'_>) {
        if let Some(server) = message.rtp() {
            self.sound.server = Some(server);
        }
        self.version += 1;
        let body = description(self.sound.port, self.version, "sendrecv");
        wires.send(&answer(message, "200 OK", "x", &self.dialog.contact.clone(), &body));
    }
}
