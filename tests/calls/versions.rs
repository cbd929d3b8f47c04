//! Another version of the menu comes while callers are in theirs.

use super::ear::Clips;
use super::phone::Manner;
use super::stage::{BANK, MONDAY_NOON, Stage, config, menu_of};
use hotline::exchange::{Command, Exchange, ExchangeConfig};
use hotline::ivr::acd::OperatorState;
use hotline::ivr::menu::Menu;
use hotline::ivr::speech::Manifest;
use hotline::model::{CallEvent, CallId, CallRecord, Instant, Now};
use hotline::voip::audio::PromptFrames;
use hotline::voip::media::{Channel, Datagram, MediaCommand, MediaCore, StreamId};
use hotline::voip::sip::addresses::{Listener, Visibility};
use hotline::voip::sip::endpoint::{Command as SipCommand, EndpointConfig, Limits};
use hotline::voip::sip::locate::Names;
use hotline::voip::sip::session::SessionPolicy;
use hotline::voip::sip::{Peer, Transport};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const HOTLINE: &str = include_str!("../../menus/hotline.yaml");

/// The default menu, but key 2 of the main menu leads where 3 led, and 3 where 2 led.
fn keys_swapped() -> Arc<Menu> {
    let swapped = HOTLINE
        .replace("2: {offer: opt_money,    go: money}", "2: {offer: opt_cards,    go: cards}")
        .replace("3: {offer: opt_cards,    go: cards}", "3: {offer: opt_money,    go: money}");
    assert_ne!(swapped, HOTLINE, "the main menu is written otherwise now");
    Arc::new(menu_of(&swapped))
}

#[test]
fn a_call_keeps_the_version_it_started_with_and_the_next_call_hears_the_new_one() {
    let mut stage = Stage::new();
    let before = stage.caller();
    stage.run_for(3_000);
    stage.with_exchange(|exchange, now| exchange.set_menu(now, keys_swapped()));
    let after = stage.caller();
    stage.run_for(3_000);
    for (caller, offered, other) in [(before, "opt_balance", "opt_activate"), (after, "opt_activate", "opt_balance")] {
        stage.press(caller, "2");
        stage.run_for(8_000);
        let heard = stage.take_phrases(caller, "ru");
        assert!(heard.contains(offered) && !heard.contains(other), "{heard}");
    }
    for caller in [before, after] {
        stage.hang_up(caller);
    }
    stage.assert_all_let_go("two versions");
}

#[test]
fn a_caller_waiting_in_a_queue_that_is_no_more_is_served_and_operators_stay_as_they_are() {
    let renamed = Arc::new(menu_of(&HOTLINE.replace("support", "helpdesk")));
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].manner = Manner::Answers(8_000);
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    let rings = |stage: &Stage| matches!(stage.operator_state("anna"), OperatorState::Reserved(_));
    assert!(stage.run_until(30_000, rings), "{:?}", stage.operator_state("anna"));
    assert_eq!((stage.queues().as_str(), stage.exchange.waiting()), ("support", 1));
    let state = stage.operator_state("anna");
    stage.with_exchange(|exchange, now| exchange.set_menu(now, renamed));
    assert_eq!(stage.operator_state("anna"), state, "a new version does not touch an operator");
    assert_eq!(stage.exchange.waiting(), 1, "who waits goes on waiting");
    let talks = |stage: &Stage| matches!(stage.operator_state("anna"), OperatorState::Talking(_));
    assert!(stage.run_until(20_000, talks), "{:?}", stage.operator_state("anna"));
    stage.hang_up(caller);
    stage.assert_all_let_go("a queue that is no more");
}

// --- two thousand calls ---

const CALLS: u32 = 2_000;

/// A caller of whom only the packets are looked at.
struct Caller {
    number: u32,
    address: SocketAddr,
    /// Where its sound goes.
    towards: Option<SocketAddr>,
    sequence: Option<u16>,
    timestamp: Option<u32>,
    packets: u32,
    /// Sequence numbers or timestamps that did not follow the one before.
    breaks: u32,
    longest_gap: Duration,
    last: Option<Instant>,
}

/// The exchange and the media core with many simple callers.
struct Crowd {
    exchange: Exchange,
    media: MediaCore,
    now: Now,
    callers: Vec<Caller>,
    by_address: HashMap<SocketAddr, usize>,
    records: Vec<CallRecord>,
}

impl Crowd {
    fn new(menu: Arc<Menu>) -> Self {
        let clips = Clips::new(Arc::new(Manifest::parse(include_str!("../../prompts/manifest.tsv")).unwrap()));
        let frames: Arc<PromptFrames> = Arc::new(clips.frames());
        let bank: SocketAddr = BANK.parse().unwrap();
        let limits = ExchangeConfig {
            calls: 5_000,
            calls_per_source: 5_000,
            calls_per_second: 5_000,
            calls_per_second_per_source: 5_000,
            unacknowledged_per_source: 5_000,
            ..config()
        };
        let endpoint = EndpointConfig {
            user_agent: "hotline/test".into(),
            contact_user: "bank".into(),
            listeners: vec![Listener { transport: Transport::Udp, addr: bank }],
            visibility: Visibility::default(),
            names: Names::default(),
            largest_datagram: 1_300,
            session: SessionPolicy::default(),
            limits: Limits::default(),
        };
        let start = Instant::from_millis(1_000);
        Self {
            exchange: Exchange::new(limits, endpoint, "bank.example", menu, clips.manifest.clone(), [7; 32]),
            media: MediaCore::new(CALLS as usize + 10, frames, start),
            now: Now { instant: start, wall: MONDAY_NOON.parse().unwrap() },
            callers: Vec::new(),
            by_address: HashMap::new(),
            records: Vec::new(),
        }
    }

    fn call(&mut self) {
        let number = u32::try_from(self.callers.len()).unwrap();
        let address = SocketAddr::from((
            [10, 1, u8::try_from(number / 250).unwrap(), u8::try_from(number % 250 + 1).unwrap()],
            40_000,
        ));
        self.by_address.insert(address, self.callers.len());
        self.callers.push(Caller {
            number,
            address,
            towards: None,
            sequence: None,
            timestamp: None,
            packets: 0,
            breaks: 0,
            longest_gap: Duration::ZERO,
            last: None,
        });
        let host = address.ip();
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        );
        let invite = request("INVITE", number, host, "<sip:+74951234567@192.0.2.1>", "z9hG4bK-i", &body);
        self.hear(address, &invite);
        self.settle();
    }

    fn hear(&mut self, from: SocketAddr, text: &str) {
        let peer = Peer::udp(SocketAddr::new(from.ip(), 5_060));
        self.exchange.handle_datagram(self.now, peer, BANK.parse().unwrap(), text.as_bytes());
    }

    fn settle(&mut self) {
        loop {
            if let Some(command) = self.exchange.next_command() {
                self.carry_out(command);
            } else if let Some(event) = self.media.next_event() {
                self.exchange.handle_media_event(self.now, event);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Sip(SipCommand::Send { to, bytes }) => self.deliver(to.addr, &String::from_utf8_lossy(&bytes)),
            Command::OpenMedia { stream, .. } => {
                let port = u16::try_from(20_000 + 2 * stream.0).unwrap();
                let address = SocketAddr::from(([192, 0, 2, 1], port));
                self.exchange.handle_media_opened(self.now, stream, Some(address));
            }
            Command::Media(command) => self.sound(|media, now, send| media.handle_command(now, command, send)),
            Command::Record(record) => self.records.push(record),
            _ => {}
        }
    }

    /// A caller acknowledges a 200 and learns where the bank listens.
    fn deliver(&mut self, to: SocketAddr, text: &str) {
        if !text.starts_with("SIP/2.0 200") || !text.contains("INVITE") {
            return;
        }
        let address = SocketAddr::new(to.ip(), 40_000);
        let caller = &mut self.callers[self.by_address[&address]];
        if caller.towards.is_some() {
            return;
        }
        let port = text.split("m=audio ").nth(1).unwrap().split(' ').next().unwrap();
        caller.towards = Some(SocketAddr::from(([192, 0, 2, 1], port.parse().unwrap())));
        let remote = text.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
        let ack = request("ACK", caller.number, address.ip(), remote, "z9hG4bK-a", "");
        self.hear(address, &ack);
    }

    #[expect(clippy::mut_mut, reason = "the core wants a closure of known size")]
    fn sound(&mut self, act: impl FnOnce(&mut MediaCore, Instant, &mut &mut dyn FnMut(Datagram<'_>))) {
        let now = self.now.instant;
        let (callers, by_address) = (&mut self.callers, &self.by_address);
        let mut send = |datagram: Datagram<'_>| {
            if datagram.channel == Channel::Rtp {
                callers[by_address[&datagram.to]].packet(now, datagram.bytes);
            }
        };
        let mut send: &mut dyn FnMut(Datagram<'_>) = &mut send;
        act(&mut self.media, now, &mut send);
    }

    /// Lets time pass, 20 ms at a time; each caller sends a packet of sound a second.
    fn run(&mut self, millis: u64) {
        for _ in 0..millis / 20 {
            self.now = self.now.after(Duration::from_millis(20));
            self.sound(|media, now, send| media.tick(now, send));
            if self.exchange.poll_timeout().is_some_and(|at| at <= self.now.instant) {
                self.exchange.handle_timeout(self.now);
            }
            self.settle();
        }
    }

    /// Everybody presses a key: one packet of a telephone-event, its end, and both again.
    fn press(&mut self, key: u8) {
        for at in 0..self.callers.len() {
            let (from, towards, number) =
                (self.callers[at].address, self.callers[at].towards.unwrap(), self.callers[at].number);
            let stream = StreamId(u64::from((towards.port() - 20_000) / 2));
            for (sequence, end) in [(1_u16, false), (2, true), (3, true), (4, true)] {
                let mut packet = vec![0x80, if sequence == 1 { 0xe5 } else { 0x65 }];
                packet.extend(sequence.to_be_bytes());
                packet.extend(8_000_u32.to_be_bytes());
                packet.extend((0xabc0_0000 + number).to_be_bytes());
                packet.extend([key, if end { 0x8a } else { 0x0a }, 0x03, 0x20]);
                self.sound(|media, now, send| media.handle_packet(now, stream, from, &packet, send));
            }
        }
        self.settle();
    }

    /// The nodes each call visited, by the version it began with.
    fn visited(&self) -> BTreeMap<CallId, (String, Vec<String>)> {
        let mut calls: BTreeMap<CallId, (String, Vec<String>)> = BTreeMap::new();
        for record in &self.records {
            let call = calls.entry(record.call).or_default();
            match &record.event {
                CallEvent::Arrived { menu, .. } => call.0.push_str(menu),
                CallEvent::Visited { node } => call.1.push(node.to_string()),
                _ => {}
            }
        }
        calls
    }
}

impl Caller {
    fn packet(&mut self, now: Instant, bytes: &[u8]) {
        let sequence = u16::from_be_bytes([bytes[2], bytes[3]]);
        let timestamp = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let follows = self.sequence.is_none_or(|last| last.wrapping_add(1) == sequence)
            && self.timestamp.is_none_or(|last| last.wrapping_add(160) == timestamp);
        self.breaks += u32::from(!follows);
        (self.sequence, self.timestamp) = (Some(sequence), Some(timestamp));
        self.longest_gap = self.longest_gap.max(self.last.map_or(Duration::ZERO, |last| now.since(last)));
        self.last = Some(now);
        self.packets += 1;
    }
}

fn request(method: &str, number: u32, host: std::net::IpAddr, to: &str, branch: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:+74951234567@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;branch={branch}{number}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+79161234567@{host}>;tag=t{number}\r\nTo: {to}\r\nCall-ID: call-{number}@{host}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:caller@{host}:5060>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn two_thousand_calls_keep_their_version_over_an_apply_and_lose_no_packet() {
    let (old, new) = (Arc::new(menu_of(HOTLINE)), keys_swapped());
    let mut crowd = Crowd::new(old.clone());
    for _ in 0..CALLS / 40 {
        (0..40).for_each(|_| crowd.call());
        crowd.run(20);
    }
    crowd.run(1_000);
    let (now, menu) = (crowd.now, new.clone());
    crowd.exchange.set_menu(now, menu);
    // New prompts come with a version: what plays goes on.
    let frames = Clips::new(Arc::new(Manifest::parse(include_str!("../../prompts/manifest.tsv")).unwrap())).frames();
    crowd.sound(|media, now, send| media.handle_command(now, MediaCommand::Prompts(Arc::new(frames)), send));
    crowd.settle();
    crowd.call();
    crowd.run(1_000);
    crowd.press(2);
    crowd.run(1_000);

    assert_eq!(crowd.exchange.calls(), CALLS as usize + 1);
    for caller in &crowd.callers {
        assert_eq!(caller.breaks, 0, "caller {}: packets are missing", caller.number);
        assert!(caller.longest_gap <= Duration::from_millis(40), "caller {}: {:?}", caller.number, caller.longest_gap);
        let fewest = if caller.number < CALLS { 140 } else { 90 };
        assert!(caller.packets >= fewest, "caller {}: {} packets", caller.number, caller.packets);
    }
    let visited = crowd.visited();
    let of = |version: &Menu, node: &str| {
        let fits =
            |(menu, nodes): &&(String, Vec<String>)| *menu == *version.version && nodes.iter().any(|one| one == node);
        visited.values().filter(fits).count()
    };
    assert_eq!((of(&old, "money"), of(&old, "cards")), (CALLS as usize, 0), "calls in progress keep their version");
    assert_eq!((of(&new, "money"), of(&new, "cards")), (0, 1), "the new call has the new one");
}
