//! Two endpoints over an emulated network with a virtual clock, and an endpoint against messages written by hand.

mod bodies;
mod calls;
mod changes;
mod floods;
mod logins;
mod lost;
mod onward;
mod provisionals;
mod races;
mod referrals;
mod referred;
mod replaces;
mod replies;
mod routes;
mod secure;
mod sessions;
mod spoofed;
mod strangers;
mod streams;
mod transports;
mod updates;
mod way_back;

use super::*;
use crate::voip::sip::addresses::{Listener, Visibility};
use crate::voip::sip::headers::NameAddr;
use crate::voip::sip::locate::Names;
use crate::voip::sip::session::SessionPolicy;
use crate::voip::sip::transaction::Wire;
use crate::voip::sip::{Message, Transport, Uri};
use std::time::Duration;

/// How long a message travels.
const LATENCY: Duration = Duration::from_millis(10);

pub(super) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub(super) fn endpoint(at: &str, seed: u8) -> Endpoint {
    let config = EndpointConfig {
        user_agent: "hotline/test".into(),
        contact_user: "bank".into(),
        listeners: [Transport::Udp, Transport::Tcp].map(|transport| Listener { transport, addr: addr(at) }).to_vec(),
        visibility: Visibility::default(),
        names: Names::default(),
        largest_datagram: 1_300,
        session: SessionPolicy::default(),
        limits: Limits::default(),
    };
    Endpoint::new(config, [seed; 32])
}

/// The first word or two of a message: `INVITE`, `200 INVITE`.
pub(super) fn headline(bytes: &[u8]) -> String {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request.method.to_string(),
        Ok(Message::Response(response)) => format!("{} {}", response.status, response.cseq.method),
        Err(error) => error.to_string(),
    }
}

/// What an event says, without its leg.
pub(super) fn words(event: &Event) -> String {
    let sdp = |sdp: &Option<Vec<u8>>| sdp.as_ref().map_or("-".into(), |sdp| String::from_utf8_lossy(sdp).into_owned());
    match event {
        Event::Incoming(incoming) => format!("Incoming {}", sdp(&incoming.offer)),
        Event::Cancelled { .. } => "Cancelled".into(),
        Event::Acknowledged { answer, .. } => format!("Acknowledged {}", sdp(answer)),
        Event::NotAcknowledged { .. } => "NotAcknowledged".into(),
        Event::Reoffer { offer, .. } => format!("Reoffer {}", sdp(offer)),
        Event::ReofferAnswered { answer, .. } => format!("ReofferAnswered {}", String::from_utf8_lossy(answer)),
        Event::ReofferRefused { status, .. } => format!("ReofferRefused {status}"),
        Event::Refresh { .. } => "Refresh".into(),
        Event::Lost { .. } => "Lost".into(),
        Event::HungUp { .. } => "HungUp".into(),
        Event::Info { content_type, body, .. } => format!("Info {content_type} {}", String::from_utf8_lossy(body)),
        Event::Register { .. } => "Register".into(),
        Event::Ringing { .. } => "Ringing".into(),
        Event::Progress { status, sdp: early, .. } => format!("Progress {status} {}", sdp(early)),
        Event::Answered { answer, .. } => format!("Answered {}", sdp(answer)),
        Event::Failed { status, .. } => format!("Failed {status}"),
        Event::Referred(referred) => {
            let replaces = referred.replaces.as_ref().map_or("-", |replaces| &*replaces.word);
            format!("Referred {} {replaces}", referred.to.uri())
        }
        Event::Refer { progress, .. } => format!("Refer {progress:?}"),
        Event::Located { peers, .. } => format!("Located {peers:?}"),
        Event::Replied { reply, .. } => format!("Replied {reply:?}"),
        Event::Terminated { .. } => "Terminated".into(),
    }
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Phone,
    Bank,
}

/// What the network does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    IsLost,
    IsLate(Duration),
}

/// Decides by the sender and the headline.
type Rule = Box<dyn FnMut(Side, &str) -> Fate>;

/// A phone, the bank, and the network between them.
pub(super) struct Pair {
    pub now: Instant,
    pub phone: Endpoint,
    pub bank: Endpoint,
    /// The leg at the phone, which calls.
    pub phone_leg: Option<LegId>,
    /// The leg at the bank.
    pub bank_leg: Option<LegId>,
    wire: Vec<(Instant, Side, Wire)>,
    fate: Rule,
    /// What was sent, as `> INVITE` from the phone and `< 200 INVITE` from the bank, lost ones with a cross.
    pub seen: Vec<String>,
    told: Vec<String>,
}

pub(super) const PHONE: &str = "192.0.2.10:5060";
pub(super) const BANK: &str = "192.0.2.1:5060";

impl Pair {
    pub fn new() -> Self {
        Self::with_fate(|_, _| Fate::Arrives)
    }

    pub fn with_fate(fate: impl FnMut(Side, &str) -> Fate + 'static) -> Self {
        Self {
            now: Instant::ZERO,
            phone: endpoint(PHONE, 1),
            bank: endpoint(BANK, 2),
            phone_leg: None,
            bank_leg: None,
            wire: Vec::new(),
            fate: Box::new(fate),
            seen: Vec::new(),
            told: Vec::new(),
        }
    }

    /// A network that loses the first `count` messages of a headline.
    pub fn losing(headline: &'static str, count: usize) -> Self {
        let mut left = count;
        Self::with_fate(move |_, seen| {
            if seen == headline && left > 0 {
                left -= 1;
                return Fate::IsLost;
            }
            Fate::Arrives
        })
    }

    /// The phone calls the bank with an offer.
    pub fn call(&mut self) {
        self.call_with(Headers::new());
    }

    /// The same with an extension that the bank must know.
    pub fn requiring(&mut self, extension: &str) {
        let mut headers = Headers::new();
        headers.push_text(crate::voip::sip::headers::HeaderName::Require, extension);
        self.call_with(headers);
    }

    fn call_with(&mut self, headers: Headers) {
        let call = OutgoingCall {
            target: Uri::parse("sip:100@192.0.2.1").unwrap(),
            to: Peer::udp(addr(BANK)),
            local: None,
            from: NameAddr::parse(b"<sip:anna@192.0.2.10>").unwrap(),
            offer: b"offer".to_vec(),
            headers,
            login: None,
        };
        self.phone_leg = Some(self.phone.invite(self.now, call).unwrap());
        self.forward(Duration::ZERO);
    }

    /// A call that stands.
    pub fn answered(mut self) -> Self {
        self.call();
        self.forward(millis(100));
        self.answer();
        self.forward(millis(100));
        self.assert_told(&["bank Incoming offer", "phone Answered answer", "bank Acknowledged -"]);
        self.seen.clear();
        self
    }

    pub fn answer(&mut self) {
        let leg = self.bank_leg.unwrap();
        self.bank.answer(self.now, leg, b"answer".to_vec(), &Headers::new());
        self.forward(Duration::ZERO);
    }

    pub fn phone_hangs_up(&mut self) {
        self.phone.hang_up(self.now, self.phone_leg.unwrap());
        self.forward(Duration::ZERO);
    }

    pub fn bank_hangs_up(&mut self) {
        self.bank.hang_up(self.now, self.bank_leg.unwrap());
        self.forward(Duration::ZERO);
    }

    fn flush(&mut self) {
        for side in [Side::Phone, Side::Bank] {
            let (endpoint, mark) = match side {
                Side::Phone => (&mut self.phone, '>'),
                Side::Bank => (&mut self.bank, '<'),
            };
            while let Some(command) = endpoint.next_command() {
                let Command::Send { bytes, .. } = command else { panic!("{command:?}") };
                let headline = headline(&bytes);
                let fate = (self.fate)(side, &headline);
                match fate {
                    Fate::Arrives => self.wire.push((self.now + LATENCY, side, bytes)),
                    Fate::IsLate(by) => self.wire.push((self.now + by, side, bytes)),
                    Fate::IsLost => {}
                }
                self.seen.push(format!("{mark} {headline}{}", if fate == Fate::IsLost { " ✗" } else { "" }));
            }
            while let Some(event) = endpoint.next_event() {
                let name = if side == Side::Phone { "phone" } else { "bank" };
                self.told.push(format!("{name} {}", words(&event)));
                if let (Event::Incoming(incoming), Side::Bank) = (&event, side) {
                    self.bank_leg = Some(incoming.leg);
                }
            }
        }
    }

    /// Lets time pass.
    pub fn forward(&mut self, length: Duration) {
        self.forward_time_to(self.now + length);
    }

    pub fn forward_time_to(&mut self, end: Instant) {
        loop {
            self.flush();
            let arrival = self.wire.iter().map(|(at, _, _)| *at).min();
            let next = [arrival, self.phone.poll_timeout(), self.bank.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            while let Some(at) = self.wire.iter().position(|(at, _, _)| *at <= self.now) {
                let (_, from, bytes) = self.wire.remove(at);
                match from {
                    Side::Phone => self.bank.handle_datagram(self.now, Peer::udp(addr(PHONE)), addr(BANK), &bytes),
                    Side::Bank => self.phone.handle_datagram(self.now, Peer::udp(addr(BANK)), addr(PHONE), &bytes),
                }
                self.flush();
            }
            self.phone.handle_timeout(self.now);
            self.bank.handle_timeout(self.now);
        }
        self.now = end;
    }

    /// Everything told since the last look.
    #[track_caller]
    pub fn assert_told(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.told), expected);
    }

    /// Everything sent since the last look.
    #[track_caller]
    pub fn assert_seen(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.seen), expected);
    }

    /// Nothing is left on either side once every timer has run out.
    #[track_caller]
    pub fn assert_all_is_over(&mut self) {
        self.forward(Duration::from_secs(70));
        self.told.clear();
        for endpoint in [&mut self.phone, &mut self.bank] {
            assert_empty(endpoint);
        }
    }
}

#[track_caller]
pub(super) fn assert_empty(endpoint: &mut Endpoint) {
    let left = (endpoint.leg_count(), endpoint.transaction_count(), endpoint.transactions.wheel().len());
    assert_eq!(left, (0, 0, 0), "legs, transactions, timers");
    let maps = (endpoint.by_tag.len(), endpoint.by_origin.len(), endpoint.by_source.len(), endpoint.asked.len());
    assert_eq!(maps, (0, 0, 0, 0), "tags, origins, sources, asked");
    assert_eq!(endpoint.transactions.octets(), 0, "octets of transactions");
    assert!(endpoint.notifiers.is_empty(), "subscriptions");
}

/// An endpoint and messages written by hand.
pub(super) struct Wired {
    pub now: Instant,
    pub bank: Endpoint,
    pub from: Peer,
    pub leg: Option<LegId>,
}

impl Wired {
    pub fn new() -> Self {
        Self { now: Instant::ZERO, bank: endpoint(BANK, 2), from: Peer::udp(addr(PHONE)), leg: None }
    }

    /// The same with a peer that is a trunk, wherever it is.
    pub fn of_trunk() -> Self {
        let mut wired = Self::new();
        wired.bank.set_trunks(Trunks::by(|_| true));
        wired
    }

    /// Hands a message over; line ends are added. Returns what is sent, whole.
    pub fn say(&mut self, message: &str) -> Vec<String> {
        let bytes = wire_form(message);
        self.bank.handle_datagram(self.now, self.from, addr(BANK), &bytes);
        self.sent()
    }

    /// What the endpoint wants to send.
    pub fn sent(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(command) = self.bank.next_command() {
            match command {
                Command::Send { bytes, .. } => all.push(String::from_utf8_lossy(&bytes).into_owned()),
                Command::Resolve(query) => all.push(format!("Resolve {:?} {}", query.kind, query.name)),
                Command::Connect { to, .. } => all.push(format!("Connect {}", to.addr)),
                Command::Close(connection) => all.push(format!("Close {connection:?}")),
            }
        }
        all
    }

    /// What the endpoint tells.
    pub fn told(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(event) = self.bank.next_event() {
            if let Event::Incoming(incoming) = &event {
                self.leg = Some(incoming.leg);
            }
            all.push(words(&event));
        }
        all
    }

    /// Lets time pass and returns the headlines of what is sent meanwhile.
    pub fn forward(&mut self, length: Duration) -> Vec<String> {
        let end = self.now + length;
        while let Some(next) = self.bank.poll_timeout().filter(|next| *next <= end) {
            self.now = next;
            self.bank.handle_timeout(next);
        }
        self.now = end;
        self.sent().iter().map(|message| headline(message.as_bytes())).collect()
    }

    /// Calls and is answered; returns our tag.
    pub fn answered(&mut self, invite: &str) -> String {
        self.say(invite);
        self.told();
        self.bank.answer(self.now, self.leg.unwrap(), b"answer".to_vec(), &Headers::new());
        let ok = self.sent().remove(0);
        let tag = tag_of(&ok);
        self.say(&within("ACK", 1, &tag, "ack"));
        assert_eq!(self.told(), ["Acknowledged -"]);
        tag
    }
}

/// A message with the line ends and the Content-Length of the wire.
pub(super) fn wire_form(message: &str) -> Vec<u8> {
    let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let head = head.lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
    format!("{}\r\nContent-Length: {}\r\n\r\n{body}", head.trim_end(), body.len()).into_bytes()
}

/// The tag in the To of a message.
pub(super) fn tag_of(message: &str) -> String {
    let to = message.lines().find(|line| line.starts_with("To:")).unwrap();
    to.split_once(";tag=").map(|(_, tag)| tag.trim().to_owned()).unwrap_or_default()
}

/// The status of the first of some messages.
#[track_caller]
pub(super) fn status(sent: &[String]) -> u16 {
    sent.first().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// A request outside of a dialog.
pub(super) fn request(method: &str, branch: &str, more: &str) -> String {
    let body = if method == "INVITE" { "Content-Type: application/sdp\n\noffer" } else { "" };
    format!(
        "{method} sip:100@192.0.2.1 SIP/2.0
         Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{branch};rport
         Max-Forwards: 70
         From: <sip:anna@192.0.2.10>;tag=anna
         To: <sip:100@192.0.2.1>
         Call-ID: one@192.0.2.10
         CSeq: 1 {method}
         Contact: <sip:anna@192.0.2.10:5060>
         {more}{}{body}",
        if more.is_empty() { "" } else { "\n" }
    )
}

/// A request within the dialog of [`request`].
pub(super) fn within(method: &str, cseq: u32, tag: &str, branch: &str) -> String {
    request(method, branch, "")
        .replace("To: <sip:100@192.0.2.1>", &format!("To: <sip:100@192.0.2.1>;tag={tag}"))
        .replace("CSeq: 1 ", &format!("CSeq: {cseq} "))
}
