//! A telephone at the level of octets: SIP text and RTP written by hand.

use super::ear::{Ear, unit};
use super::text::{Sdp, Sip, authorization, bracketed, finish};
use hotline::model::Instant;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How a phone takes a call that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Rings and answers after so many milliseconds.
    Answers(u64),
    /// Rings for ever.
    Rings,
    /// Refuses with this status line.
    Refuses(&'static str),
    /// Is switched off: nothing comes from it, whatever it is told.
    Vanished,
}

/// How often a phone sends sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A packet every 20 ms.
    Full,
    /// A packet a second, as one that suppresses silence.
    Sparse,
    /// None.
    Mute,
}

/// What a phone puts on the wire.
pub enum Out {
    Sip(String),
    Rtp(Vec<u8>),
}

enum Due {
    Answer,
    Event { key: u8, left: u8, end: bool, timestamp: u32, duration: u16, first: bool },
}

/// The phone and the one call it may be in.
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Phone {
    pub number: u16,
    pub user: String,
    pub addr: SocketAddr,
    pub media: SocketAddr,
    pub transport: &'static str,
    pub manner: Manner,
    pub voice: Voice,
    /// The payload types it offers or answers with.
    pub formats: &'static str,
    /// Whether it acknowledges and answers requests by itself.
    pub by_itself: bool,
    /// Challenges it refuses INVITEs with (401), one each, before it takes one.
    pub asks: VecDeque<String>,
    /// How it answers REFER.
    pub refer: &'static str,
    /// How it answers a re-INVITE, and what more its answers to any INVITE say.
    pub reinvite: &'static str,
    pub says: Vec<(&'static str, &'static str)>,
    /// Whether it says 183 with its description and speaks before it answers.
    pub speaks_early: bool,
    /// What its Contact says when it registers.
    pub wish: &'static str,
    /// What more its 180 says.
    pub rings: Vec<(&'static str, &'static str)>,
    /// Further headers of its INVITE.
    pub more: Vec<(&'static str, &'static str)>,
    pub inbox: Vec<Sip>,
    /// What it offers or answers instead of its own description.
    pub body: Option<String>,
    /// Whether its ear is elsewhere.
    pub deaf: bool,
    pub ear: Ear,
    pub out: VecDeque<Out>,
    /// Where its media goes; `None` outside a call.
    pub towards: Option<SocketAddr>,
    pub call_id: String,
    pub local: String,
    pub remote: String,
    pub target: String,
    pub cseq: u32,
    pub branch: String,
    late: bool,
    calls: u32,
    branches: u32,
    incoming: Option<Sip>,
    sequence: u16,
    spoken: u32,
    next_voice: Option<Instant>,
    scheduled: Vec<(Instant, Due)>,
}

impl Phone {
    pub fn new(number: u16, user: &str) -> Self {
        let host = [192, 0, 2, u8::try_from(100 + number).unwrap()];
        Self {
            number,
            user: user.to_owned(),
            addr: SocketAddr::from((host, 5060)),
            media: SocketAddr::from((host, 40_000)),
            transport: "UDP",
            manner: Manner::Answers(2_000),
            voice: Voice::Sparse,
            formats: "8 0 101",
            by_itself: true,
            asks: VecDeque::new(),
            refer: "202 Accepted",
            reinvite: "200 OK",
            says: Vec::new(),
            speaks_early: false,
            wish: "",
            rings: Vec::new(),
            more: Vec::new(),
            inbox: Vec::new(),
            body: None,
            deaf: false,
            ear: Ear::default(),
            out: VecDeque::new(),
            towards: None,
            call_id: String::new(),
            local: String::new(),
            remote: String::new(),
            target: String::new(),
            cseq: 0,
            branch: String::new(),
            late: false,
            calls: 0,
            branches: 0,
            incoming: None,
            sequence: number * 1000,
            spoken: 0,
            next_voice: None,
            scheduled: Vec::new(),
        }
    }

    pub fn sdp(&self, direction: &str) -> String {
        if let Some(body) = &self.body {
            return body.clone();
        }
        let (ip, port, formats) = (self.media.ip(), self.media.port(), self.formats);
        let events =
            if formats.contains("101") { "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n" } else { "" };
        format!(
            "v=0\r\no=- {port} {} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n{events}a={direction}\r\n",
            self.cseq + 1
        )
    }

    fn say(&mut self, text: String) {
        self.out.push_back(Out::Sip(text));
    }

    fn draw_branch(&mut self) -> String {
        self.branches += 1;
        format!("z9hG4bK-{}-{}", self.number, self.branches)
    }

    /// A request with these dialog headers.
    pub fn request(&mut self, method: &str, cseq: u32, branch: &str, more: &[(&str, &str)], body: &str) -> String {
        let (host, transport) = (self.addr, self.transport);
        let (target, local, remote, call_id) = (&self.target, &self.local, &self.remote, &self.call_id);
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {host};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {local}\r\nTo: {remote}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{}@{host};transport={}>{}\r\n",
            self.user,
            transport.to_lowercase(),
            if method == "REGISTER" { self.wish } else { "" },
        );
        finish(text, more, body)
    }

    /// A new request within the call.
    pub fn ask(&mut self, method: &str, more: &[(&str, &str)], body: &str) {
        self.cseq += 1;
        let branch = self.draw_branch();
        if method == "INVITE" {
            self.branch.clone_from(&branch);
        }
        let text = self.request(method, self.cseq, &branch, more, body);
        self.say(text);
    }

    /// Dials; without `offer` the bank is to make one.
    pub fn invite(&mut self, called: &str, offer: Option<&str>) {
        self.calls += 1;
        let host = match self.addr.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        self.call_id = format!("call-{}-{}@{host}", self.number, self.calls);
        self.local = format!("<sip:{}@{host}>;tag=t{}{}", self.user, self.number, self.calls);
        self.remote = format!("<sip:{called}@192.0.2.1>");
        self.target = format!("sip:{called}@192.0.2.1");
        self.late = offer.is_none();
        self.incoming = None;
        let more = self.more.clone();
        self.ask("INVITE", &more, offer.unwrap_or(""));
    }

    pub fn cancel(&mut self) {
        let (cseq, branch) = (self.cseq, self.branch.clone());
        let text = self.request("CANCEL", cseq, &branch, &[], "");
        self.say(text);
    }

    /// Acknowledges a 200.
    pub fn ack(&mut self, answer: &str) {
        let (cseq, branch) = (self.cseq, self.draw_branch());
        let text = self.request("ACK", cseq, &branch, &[], answer);
        self.say(text);
    }

    pub fn bye(&mut self) {
        self.ask("BYE", &[], "");
        self.hush();
    }

    pub fn register(&mut self, expires: u32, authorization: Option<&str>) {
        let (user, addr) = (self.user.clone(), self.addr);
        self.local = format!("<sip:{user}@192.0.2.1>;tag=r{}", self.number);
        self.remote = format!("<sip:{user}@192.0.2.1>");
        "sip:192.0.2.1".clone_into(&mut self.target);
        self.call_id = format!("register@{}", addr.ip());
        let expires = expires.to_string();
        let mut more = vec![("Expires", expires.as_str())];
        more.extend(authorization.map(|value| ("Authorization", value)));
        self.ask("REGISTER", &more, "");
    }

    /// News of a REFER.
    pub fn notify(&mut self, state: &str, fragment: &str) {
        let headers =
            [("Event", "refer"), ("Subscription-State", state), ("Content-Type", "message/sipfrag;version=2.0")];
        self.ask("NOTIFY", &headers, fragment);
    }

    /// The media of the call ends.
    pub fn hush(&mut self) {
        self.towards = None;
        self.next_voice = None;
        self.scheduled.clear();
    }

    /// Presses keys, each for 60 ms and 60 ms apart.
    pub fn press(&mut self, now: Instant, keys: &str) {
        for (index, key) in (0_u32..).zip(keys.chars()) {
            let key = match key {
                '*' => 10,
                '#' => 11,
                digit => u8::try_from(digit.to_digit(10).unwrap()).unwrap(),
            };
            let timestamp = u32::try_from(now.as_millis()).unwrap().wrapping_mul(8).wrapping_add(index * 960);
            let at = now + Duration::from_millis(120) * index;
            let due = Due::Event { key, left: 6, end: false, timestamp, duration: 160, first: true };
            self.scheduled.push((at, due));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.scheduled.iter().map(|(at, _)| *at).chain(self.next_voice).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_voice.is_some_and(|at| at <= now) {
            self.speak(now);
        }
        while let Some(at) = self.scheduled.iter().position(|(at, _)| *at <= now) {
            match self.scheduled.remove(at) {
                (_, Due::Answer) => self.answer(now),
                (_, Due::Event { key, left, end, timestamp, duration, first }) => {
                    let flags = if end { 0x8a } else { 0x0a };
                    let [high, low] = duration.to_be_bytes();
                    self.rtp(101, first, timestamp, &[key, flags, high, low]);
                    if left > 1 {
                        let (left, end) = (left - 1, left <= 4);
                        let duration = if end { 480 } else { duration + 160 };
                        let next = Due::Event { key, left, end, timestamp, duration, first: false };
                        let wait = if end && left < 3 { 0 } else { 20 };
                        self.scheduled.push((now + Duration::from_millis(wait), next));
                    }
                }
            }
        }
    }

    fn rtp(&mut self, kind: u8, marker: bool, timestamp: u32, payload: &[u8]) {
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = vec![0x80, kind | if marker { 0x80 } else { 0 }];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend((0xabc0_0000 + u32::from(self.number)).to_be_bytes());
        packet.extend(payload);
        self.out.push_back(Out::Rtp(packet));
    }

    /// Sends 20 ms of its own voice.
    fn speak(&mut self, now: Instant) {
        let codec: u8 = self.formats.split(' ').next().unwrap().parse().unwrap();
        let (number, from) = (self.number, self.spoken);
        let payload: Vec<u8> = (from..from + 20).flat_map(|at| unit(0x33, number, at, codec)).collect();
        self.spoken += 20;
        self.rtp(codec, false, u32::try_from(now.as_millis()).unwrap().wrapping_mul(8), &payload);
        let pause = match self.voice {
            Voice::Full => 20,
            Voice::Sparse | Voice::Mute => 1_000,
        };
        self.next_voice = (self.voice != Voice::Mute).then(|| now + Duration::from_millis(pause));
    }

    /// Says nothing from now on, and tells how loud its background is (RFC 3389): so many dB below the largest.
    pub fn background(&mut self, now: Instant, level: u8) {
        self.rtp(13, false, u32::try_from(now.as_millis()).unwrap().wrapping_mul(8), &[level]);
    }

    /// Media begins, or goes elsewhere.
    pub fn connect_media(&mut self, now: Instant, body: &str) {
        let sdp = Sdp::parse(body);
        assert_eq!(sdp.lines, 1, "one media line:\n{body}");
        self.towards = Some(SocketAddr::new(sdp.address.parse().unwrap(), sdp.port));
        if self.voice != Voice::Mute && self.next_voice.is_none() {
            self.next_voice = Some(now);
        }
    }

    pub fn set_voice(&mut self, now: Instant, voice: Voice) {
        self.voice = voice;
        self.next_voice = (voice != Voice::Mute && self.towards.is_some()).then_some(now);
    }

    /// The last message with this headline (`200 INVITE`, `BYE`).
    pub fn last(&self, headline: &str) -> Option<&Sip> {
        self.inbox.iter().rev().find(|message| message.headline() == headline)
    }

    pub fn count(&self, headline: &str) -> usize {
        self.inbox.iter().filter(|message| message.headline() == headline).count()
    }

    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let message = Sip::parse(bytes);
        self.inbox.push(message.clone());
        if self.manner == Manner::Vanished {
            return;
        }
        match (message.status(), message.get("cseq").split(' ').nth(1).unwrap_or("")) {
            (Some(200..300), "INVITE") if message.get("call-id") == self.call_id => self.on_answer(now, &message),
            (Some(300..700), "INVITE") if message.get("call-id") == self.call_id => {
                let (cseq, branch) = (self.cseq, self.branch.clone());
                let remote = std::mem::replace(&mut self.remote, message.get("to").to_owned());
                let text = self.request("ACK", cseq, &branch, &[], "");
                self.remote = remote;
                self.say(text);
            }
            (Some(401), "REGISTER") if self.by_itself => {
                let challenge = message.all("www-authenticate").find(|one| one.contains("MD5")).unwrap().to_owned();
                let password = format!("{}-secret", self.user);
                let authorization = authorization(&challenge, &self.user, &password, "sip:192.0.2.1");
                self.register(3_600, Some(&authorization));
            }
            (None, _) => self.on_request(now, &message),
            _ => {}
        }
    }

    fn on_answer(&mut self, now: Instant, message: &Sip) {
        message.get("to").clone_into(&mut self.remote);
        bracketed(message.get("contact")).clone_into(&mut self.target);
        if !self.by_itself {
            return;
        }
        self.connect_media(now, &message.body);
        let answer = if self.late { self.sdp("sendrecv") } else { String::new() };
        self.ack(&answer);
    }

    fn on_request(&mut self, now: Instant, message: &Sip) {
        let tag = format!("o{}", self.number);
        match message.method().unwrap_or("") {
            "INVITE" if message.get("to").contains(";tag=") => self.on_reinvite(now, message),
            "INVITE" if self.incoming.as_ref().is_some_and(|one| one.get("call-id") == message.get("call-id")) => {}
            "INVITE" => self.on_ring(now, message),
            "CANCEL" => {
                self.say(message.reply("200 OK", &tag, &[], ""));
                if let Some(invite) = self.incoming.take() {
                    self.say(invite.reply("487 Request Terminated", &tag, &[], ""));
                }
                self.hush();
            }
            "BYE" => {
                if let Some(challenge) = self.asks.pop_front() {
                    let more = [("WWW-Authenticate", challenge.as_str())];
                    return self.say(message.reply("401 Unauthorized", &tag, &more, ""));
                }
                self.say(message.reply("200 OK", &tag, &[], ""));
                self.incoming = None;
                self.hush();
            }
            "ACK" => {}
            "REFER" => match self.asks.pop_front() {
                Some(challenge) => {
                    self.say(message.reply(
                        "407 Proxy Authentication",
                        &tag,
                        &[("Proxy-Authenticate", &challenge)],
                        "",
                    ));
                }
                None => self.say(message.reply(self.refer, &tag, &[], "")),
            },
            _ => self.say(message.reply("200 OK", &tag, &[], "")),
        }
    }

    /// An offer within the call.
    fn on_reinvite(&mut self, now: Instant, invite: &Sip) {
        let contact = format!("<sip:{}@{}>", self.user, self.addr);
        let mut more = self.says.clone();
        more.push(("Contact", &contact));
        if !self.reinvite.starts_with("200") {
            return self.say(invite.reply(self.reinvite, "", &more, ""));
        }
        let sdp = self.sdp("sendrecv");
        self.say(invite.reply("200 OK", "", &more, &sdp));
        self.connect_media(now, &invite.body);
    }

    fn on_ring(&mut self, now: Instant, invite: &Sip) {
        let tag = format!("o{}", self.number);
        if let Some(challenge) = self.asks.pop_front() {
            return self.say(invite.reply("401 Unauthorized", &tag, &[("WWW-Authenticate", &challenge)], ""));
        }
        match self.manner {
            Manner::Refuses(status) => return self.say(invite.reply(status, &tag, &[], "")),
            Manner::Answers(after) => {
                self.scheduled.push((now + Duration::from_millis(after), Due::Answer));
            }
            Manner::Rings | Manner::Vanished => {}
        }
        self.incoming = Some(invite.clone());
        if self.speaks_early {
            let sdp = self.sdp("sendrecv");
            self.say(invite.reply("183 Session Progress", &tag, &[], &sdp));
            return self.connect_media(now, &invite.body);
        }
        let rings = self.rings.clone();
        self.say(invite.reply("180 Ringing", &tag, &rings, ""));
    }

    /// Refuses the call that rings.
    pub fn decline(&mut self, status: &str) {
        let tag = format!("o{}", self.number);
        if let Some(invite) = self.incoming.take() {
            self.say(invite.reply(status, &tag, &[], ""));
        }
    }

    /// Takes the call that rings.
    pub fn answer(&mut self, now: Instant) {
        let Some(invite) = self.incoming.clone() else { return };
        let tag = format!("o{}", self.number);
        let contact = format!("<sip:{}@{}>", self.user, self.addr);
        invite.get("call-id").clone_into(&mut self.call_id);
        self.local = format!("{};tag={tag}", invite.get("to"));
        invite.get("from").clone_into(&mut self.remote);
        bracketed(invite.get("contact")).clone_into(&mut self.target);
        let sdp = self.sdp("sendrecv");
        let mut more = self.says.clone();
        more.push(("Contact", &contact));
        self.say(invite.reply("200 OK", &tag, &more, &sdp));
        self.connect_media(now, &invite.body);
    }
}
