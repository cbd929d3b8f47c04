//! The stage: the exchange, the media core, a bank and telephones, joined by a network without sockets and a clock
//! that is moved by hand.

use super::bank::FakeBank;
use super::ear::{Clips, Heard, phrases, words};
use super::phone::{Manner, Out, Phone, Voice};
use super::text::Sip;
use super::wire::Sent;
use hotline::exchange::{
    Account, Ban, Command, Exchange, ExchangeConfig, GuardRules, KeptPhone, Lifetimes, Outside, SecurePolicy,
};
use hotline::ivr::acd::{AccountRole, CallbackTicket, OperatorProfile, OperatorState};
use hotline::ivr::menu::{Menu, load};
use hotline::ivr::speech::Manifest;
use hotline::model::{CallEvent, CallId, CallRecord, Instant, Lang, Now, OperatorId, Playlist, PromptId};
use hotline::voip::audio::{Codec, PromptFrames};
use hotline::voip::media::{Channel, Datagram, MediaCommand, MediaCore, MediaEvent, RecordingId, StreamId, Track};
use hotline::voip::sip::addresses::{Listener, Visibility};
use hotline::voip::sip::digest::Ha1;
use hotline::voip::sip::endpoint::{Command as SipCommand, EndpointConfig, Limits, LoadLimits};
use hotline::voip::sip::locate::Names;
use hotline::voip::sip::session::SessionPolicy;
use hotline::voip::sip::{ConnectionId, Peer, Transport};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub const BANK: &str = "192.0.2.1:5060";
pub const BANK6: &str = "[2001:db8::1]:5060";
/// A Monday noon in Moscow.
pub const MONDAY_NOON: &str = "2026-03-02T12:00:00+03:00";
/// How often media is looked after.
const TICK: Duration = Duration::from_millis(20);

pub(super) static CLIPS: LazyLock<Clips> = LazyLock::new(|| {
    let text = include_str!("../../prompts/manifest.tsv");
    Clips::new(Arc::new(Manifest::parse(text).unwrap()))
});
pub(super) static FRAMES: LazyLock<Arc<PromptFrames>> = LazyLock::new(|| Arc::new(CLIPS.frames()));
pub static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| Arc::new(menu_of(include_str!("../../menus/hotline.yaml"))));

/// The default menu with another main file.
pub fn menu_of(hotline: &str) -> Menu {
    let files = [
        ("hotline.yaml", hotline),
        ("phrases.yaml", include_str!("../../menus/phrases.yaml")),
        ("services.yaml", include_str!("../../menus/services.yaml")),
    ];
    let files: Vec<(String, Vec<u8>)> =
        files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
    load(&files).unwrap_or_else(|problems| panic!("{problems:#?}")).0
}

/// A phone on the stage.
pub type Id = usize;

/// Decides whether a SIP message is lost: by whether it goes to the bank, and its headline.
type Loss = Box<dyn FnMut(bool, &str) -> bool>;

pub struct Stage {
    pub exchange: Exchange,
    pub media: MediaCore,
    pub bank: FakeBank,
    pub records: Vec<CallRecord>,
    pub phones: Vec<Phone>,
    pub loses: Option<Loss>,
    /// Every command as it can be shown, for the search for secrets.
    pub shown: String,
    /// Streams whose ports are bound.
    pub ports: BTreeSet<StreamId>,
    /// Open callbacks, as a store keeps them.
    pub tickets: BTreeMap<CallId, CallbackTicket>,
    /// Registered phones, as a store keeps them.
    pub kept_phones: BTreeMap<OperatorId, Vec<KeptPhone>>,
    /// Bans that the exchange made.
    pub bans: Vec<Ban>,
    /// What supervisors did, as the audit keeps it.
    pub audit: Vec<String>,
    /// How often passwords were not looked at any more.
    pub pauses: usize,
    /// Whether ports can be bound.
    pub has_ports: bool,
    now: Now,
    last_tick: Instant,
    /// What plays on each stream; `true` when it repeats.
    playing: BTreeMap<StreamId, bool>,
    voiced: BTreeSet<RecordingId>,
    /// What was recorded, by recording and channel.
    pub tapes: HashMap<(RecordingId, Track), Vec<i16>>,
    /// Every datagram of media, while `tapped`.
    pub wire: Vec<Sent>,
    pub tapped: bool,
    inputs: VecDeque<Input>,
    /// How much of each phone's ear was read by `take_heard`.
    read: Vec<usize>,
    /// What was sent to addresses of no phone.
    strays: Vec<(SocketAddr, Vec<u8>)>,
}

enum Input {
    Opened(StreamId, IpAddr),
    Event(MediaEvent),
    Stored { recording: RecordingId, length: Duration },
}

/// Where the bank listens, by the family of an address.
fn bank_towards(ip: IpAddr) -> SocketAddr {
    if ip.is_ipv6() { BANK6 } else { BANK }.parse().unwrap()
}

pub fn config() -> ExchangeConfig {
    ExchangeConfig {
        default_line: None,
        calls: 100,
        calls_per_source: 50,
        calls_per_second: 100,
        calls_per_second_per_source: 100,
        unacknowledged_per_source: 50,
        no_room: None,
        load: LoadLimits::default(),
        guard: GuardRules::default(),
        retry_after: Duration::from_secs(5),
        call_length: Duration::from_secs(4 * 3600),
        farewell: Some("goodbye".into()),
        silence_limit: Duration::from_secs(60),
        codecs: Codec::PREFERRED.to_vec(),
        secure: SecurePolicy::default(),
        registration: Lifetimes::default(),
        hold_music: Playlist::music(PromptId::new("common/hold_music")),
        record_after: Vec::new(),
        repeated_notice: None,
        blocked_numbers: Vec::new(),
        outside: Outside::default(),
    }
}

impl Stage {
    pub fn new() -> Self {
        Self::with(config(), MONDAY_NOON, MENU.clone())
    }

    pub fn at(wall: &str) -> Self {
        Self::with(config(), wall, MENU.clone())
    }

    pub fn configured(config: ExchangeConfig) -> Self {
        Self::with(config, MONDAY_NOON, MENU.clone())
    }

    pub fn with(config: ExchangeConfig, wall: &str, menu: Arc<Menu>) -> Self {
        let endpoint = EndpointConfig {
            user_agent: "hotline/test".into(),
            contact_user: "bank".into(),
            listeners: [BANK, BANK6].map(|at| Listener { transport: Transport::Udp, addr: at.parse().unwrap() }).into(),
            visibility: Visibility::default(),
            names: Names::default(),
            largest_datagram: 1_300,
            session: SessionPolicy::default(),
            limits: Limits::default(),
        };
        let start = Instant::from_millis(1_000);
        Self {
            exchange: Exchange::new(config, endpoint, "bank.example", menu, CLIPS.manifest.clone(), [7; 32]),
            media: MediaCore::new(100, FRAMES.clone(), start),
            bank: FakeBank::default(),
            records: Vec::new(),
            phones: Vec::new(),
            loses: None,
            shown: String::new(),
            ports: BTreeSet::new(),
            tickets: BTreeMap::new(),
            kept_phones: BTreeMap::new(),
            bans: Vec::new(),
            audit: Vec::new(),
            pauses: 0,
            has_ports: true,
            now: Now { instant: start, wall: wall.parse().unwrap() },
            last_tick: start,
            playing: BTreeMap::new(),
            voiced: BTreeSet::new(),
            tapes: HashMap::new(),
            wire: Vec::new(),
            tapped: false,
            inputs: VecDeque::new(),
            read: Vec::new(),
            strays: Vec::new(),
        }
    }

    /// A new phone.
    pub fn phone(&mut self, user: &str) -> Id {
        let id = self.phones.len();
        self.phones.push(Phone::new(u16::try_from(id).unwrap(), user));
        self.read.push(0);
        id
    }

    /// A phone over TCP.
    pub fn tcp_phone(&mut self, user: &str) -> Id {
        let id = self.phone(user);
        self.phones[id].transport = "TCP";
        let (peer, now) = (self.peer(id), self.now);
        self.exchange.handle_connected(now, peer, BANK.parse().unwrap());
        self.settle();
        id
    }

    fn peer(&self, id: Id) -> Peer {
        let addr = self.phones[id].addr;
        match self.phones[id].transport {
            "TCP" => Peer::over(Transport::Tcp, addr, ConnectionId(id as u64)),
            _ => Peer::udp(addr),
        }
    }

    /// Does something with a phone and lets the effect spread.
    pub fn with_phone<T>(&mut self, id: Id, act: impl FnOnce(&mut Phone, Instant) -> T) -> T {
        let now = self.now.instant;
        let result = act(&mut self.phones[id], now);
        self.settle();
        result
    }

    /// Does something with the exchange and lets the effect spread.
    pub fn with_exchange<T>(&mut self, act: impl FnOnce(&mut Exchange, Now) -> T) -> T {
        let now = self.now;
        let result = act(&mut self.exchange, now);
        self.settle();
        result
    }

    /// A new phone calls the main line and is answered.
    pub fn caller(&mut self) -> Id {
        let id = self.phone("+79161234567");
        self.dial(id, "+74951234567");
        id
    }

    pub fn dial(&mut self, id: Id, called: &str) {
        self.with_phone(id, |phone, _| {
            let offer = phone.sdp("sendrecv");
            phone.invite(called, Some(&offer));
        });
    }

    pub fn press(&mut self, id: Id, keys: &str) {
        self.with_phone(id, |phone, now| phone.press(now, keys));
        self.run_for(120 * keys.len() as u64);
    }

    pub fn hang_up(&mut self, id: Id) {
        self.with_phone(id, |phone, _| phone.bye());
    }

    /// Operators' accounts; `anna:support,fraud:ru,en`, or `olga:none:ru:supervisor`. Each gets a phone, which registers.
    pub fn operators(&mut self, accounts: &[&str]) -> Vec<Id> {
        self.accounts(accounts);
        accounts.iter().map(|text| self.register(text.split(':').next().unwrap())).collect()
    }

    /// Operators' accounts without phones.
    pub fn accounts(&mut self, accounts: &[&str]) {
        let split = |list: &str| list.split(',').map(Into::into).collect();
        let account = |text: &&str| {
            let parts: Vec<&str> = text.split(':').collect();
            let id = OperatorId::new(parts[0]);
            let languages = parts[2].split(',').filter_map(Lang::from_code).collect();
            let role = parts.get(3).and_then(|role| AccountRole::from_name(role)).unwrap_or_default();
            let profile = OperatorProfile { id: id.clone(), skills: split(parts[1]), languages, role };
            let ha1 = Ha1::compute(parts[0], "bank.example", &format!("{}-secret", parts[0]));
            (profile, Account { operator: id, ha1 })
        };
        self.with_exchange(|exchange, now| exchange.set_operators(now, accounts.iter().map(account).collect()));
    }

    /// A new phone of an operator, registered.
    pub fn register(&mut self, user: &str) -> Id {
        let id = self.phone(user);
        self.with_phone(id, |phone, _| phone.register(3_600, None));
        assert_eq!(self.phones[id].count("200 REGISTER"), 1);
        id
    }

    pub fn operator_state(&self, name: &str) -> OperatorState {
        let found = self.exchange.operators().find(|(profile, _)| profile.id.as_str() == name);
        found.map(|(_, state)| state.clone()).unwrap()
    }

    // --- time ---

    pub fn run_for(&mut self, millis: u64) {
        let until = self.now.instant + Duration::from_millis(millis);
        while self.now.instant < until {
            self.step(until);
        }
    }

    /// Runs until something holds; `false` when it does not within `millis`.
    pub fn run_until(&mut self, millis: u64, holds: impl Fn(&Self) -> bool) -> bool {
        let until = self.now.instant + Duration::from_millis(millis);
        while !holds(self) {
            if self.now.instant >= until {
                return false;
            }
            self.step(until);
        }
        true
    }

    /// Runs until nothing but music plays, no answer of the bank is near, and every key was sent.
    pub fn listen(&mut self) {
        let quiet = |stage: &Self| {
            let soon = stage.now.instant + Duration::from_millis(500);
            !stage.playing.values().any(|repeats| !repeats) && stage.bank.pending.iter().all(|one| one.due > soon)
        };
        assert!(self.run_until(180_000, quiet), "it never becomes quiet");
    }

    fn step(&mut self, until: Instant) {
        let mut next = until;
        next = self.exchange.poll_timeout().map_or(next, |at| next.min(at));
        next = self.bank.pending.iter().fold(next, |next, pending| next.min(pending.due));
        next = self.phones.iter().filter_map(Phone::poll_timeout).fold(next, Instant::min);
        if self.media.open_streams() > 0 {
            next = next.min(self.last_tick + TICK);
        }
        let next = next.max(self.now.instant);
        self.now = self.now.after(next.since(self.now.instant));
        self.media_does(|media, now, send| media.tick(now, send));
        self.last_tick = next;
        if self.exchange.poll_timeout().is_some_and(|at| at <= next) {
            self.exchange.handle_timeout(self.now);
        }
        while let Some(answer) = self.bank.due(next) {
            self.exchange.handle_bank_answer(self.now, answer.call, answer.request, answer.answer);
        }
        for phone in &mut self.phones {
            phone.handle_timeout(next);
        }
        self.settle();
    }

    // --- what spreads ---

    /// Carries everything out until nobody has anything to say.
    pub fn settle(&mut self) {
        loop {
            if let Some(command) = self.exchange.next_command() {
                self.carry_out(command);
            } else if let Some(input) = self.inputs.pop_front() {
                self.tell(input);
            } else if !self.phones_speak() {
                return;
            }
        }
    }

    fn tell(&mut self, input: Input) {
        match input {
            Input::Opened(stream, towards) => {
                let port = u16::try_from(20_000 + 2 * stream.0).unwrap();
                let address = self.has_ports.then(|| SocketAddr::new(bank_towards(towards).ip(), port));
                if self.has_ports {
                    self.ports.insert(stream);
                }
                self.exchange.handle_media_opened(self.now, stream, address);
            }
            Input::Event(event) => self.exchange.handle_media_event(self.now, event),
            Input::Stored { recording, length } => {
                let stored = self.voiced.contains(&recording).then(|| "message.wav".into());
                self.exchange.handle_message_stored(self.now, recording, stored, length);
            }
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Sip(SipCommand::Send { to, bytes }) => self.deliver(to, &bytes),
            Command::OpenMedia { stream, towards, .. } => self.inputs.push_back(Input::Opened(stream, towards)),
            Command::Media(command) => {
                self.show(format_args!("{command:?}"));
                self.note_playing(&command);
                self.media_does(|media, now, send| media.handle_command(now, command, send));
            }
            Command::AskBank(request) => self.bank.ask(self.now.instant, &request),
            Command::Record(record) => {
                self.show(format_args!("{record:?}"));
                self.records.push(record);
            }
            // There is no name server: names stay unknown.
            Command::KeepMessage { .. } | Command::PreparePrompts(_) | Command::Sip(SipCommand::Resolve(_)) => {}
            Command::Sip(other) => panic!("{other:?}: every phone is reached as it came"),
            Command::KeepPhones { operator, phones } => {
                self.kept_phones.insert(operator, phones);
            }
            Command::KeepTicket(ticket) => {
                self.tickets.insert(ticket.id(), *ticket);
            }
            Command::KeepBan(ban) => self.bans.push(*ban),
            Command::LoginPaused { .. } => self.pauses += 1,
            Command::Supervised { by, operator, does, .. } => {
                self.audit.push(format!("{by} {operator} {}", does.name()));
            }
            Command::ForgetTicket(id) => {
                self.tickets.remove(&id);
            }
        }
    }

    fn deliver(&mut self, to: Peer, bytes: &[u8]) {
        let headline = Sip::parse(bytes).headline();
        if self.loses.as_mut().is_some_and(|loses| loses(false, &headline)) {
            return;
        }
        let now = self.now.instant;
        if let Some(phone) = self.phones.iter_mut().find(|phone| phone.addr == to.addr) {
            phone.receive(now, bytes);
        } else {
            self.strays.push((to.addr, bytes.to_vec()));
        }
    }

    /// A datagram from an address of no phone, and the statuses of what goes back there, without 100.
    pub fn stranger_sends(&mut self, from: SocketAddr, bytes: &[u8]) -> Vec<u16> {
        self.strays.clear();
        self.with_exchange(|exchange, now| {
            exchange.handle_datagram(now, Peer::udp(from), BANK.parse().unwrap(), bytes);
        });
        let back = self.strays.iter().filter(|(to, _)| to.ip() == from.ip());
        back.filter_map(|(_, bytes)| Sip::parse(bytes).status()).filter(|status| *status != 100).collect()
    }

    fn phones_speak(&mut self) -> bool {
        let Some(id) = self.phones.iter().position(|phone| !phone.out.is_empty()) else { return false };
        match self.phones[id].out.pop_front() {
            Some(Out::Sip(text)) => self.send_sip(id, &text),
            Some(Out::Rtp(packet)) => self.send_rtp(id, &packet),
            None => {}
        }
        true
    }

    /// Octets from a phone.
    pub fn send_sip(&mut self, id: Id, text: &str) {
        let headline = Sip::parse(text.as_bytes()).headline();
        if self.loses.as_mut().is_some_and(|loses| loses(true, &headline)) {
            return;
        }
        let (peer, now) = (self.peer(id), self.now);
        match peer.connection {
            Some(connection) => {
                // A stream is cut anywhere.
                for piece in text.as_bytes().chunks(100) {
                    self.exchange.handle_stream_bytes(now, connection, piece);
                }
            }
            None => self.exchange.handle_datagram(now, peer, bank_towards(peer.addr.ip()), text.as_bytes()),
        }
    }

    fn send_rtp(&mut self, id: Id, packet: &[u8]) {
        let (Some(towards), from) = (self.phones[id].towards, self.phones[id].media) else { return };
        let stream = StreamId(u64::from((towards.port() - 20_000) / 2));
        self.media_does(|media, now, send| media.handle_packet(now, stream, from, packet, send));
    }

    pub fn now(&self) -> Now {
        self.now
    }

    pub fn instant(&self) -> Instant {
        self.now.instant
    }

    #[expect(clippy::mut_mut, reason = "the core wants a closure of known size")]
    pub(super) fn media_does(&mut self, act: impl FnOnce(&mut MediaCore, Instant, &mut &mut dyn FnMut(Datagram<'_>))) {
        let now = self.now.instant;
        let (phones, wire, tapped) = (&mut self.phones, &mut self.wire, self.tapped);
        let mut send = |datagram: Datagram<'_>| {
            if tapped {
                let (to, channel, bytes) = (datagram.to, datagram.channel, datagram.bytes.to_vec());
                wire.push(Sent { at: now, to, channel, bytes });
            }
            if datagram.channel == Channel::Rtp
                && let Some(phone) = phones.iter_mut().find(|phone| phone.media == datagram.to && !phone.deaf)
            {
                phone.ear.packet(now, &CLIPS, datagram.bytes);
            }
        };
        let mut send: &mut dyn FnMut(Datagram<'_>) = &mut send;
        act(&mut self.media, now, &mut send);
        while let Some(recorded) = self.media.next_recorded() {
            if recorded.samples.iter().any(|sample| sample.unsigned_abs() > 64) {
                self.voiced.insert(recorded.recording);
            }
            self.tapes.entry((recorded.recording, recorded.track)).or_default().extend(recorded.samples);
        }
        while let Some(event) = self.media.next_event() {
            self.show(format_args!("{event:?}"));
            match &event {
                MediaEvent::PlaybackEnded { stream, .. } => {
                    self.playing.remove(stream);
                }
                MediaEvent::Closed { stream, .. } => {
                    self.playing.remove(stream);
                    self.ports.remove(stream);
                }
                MediaEvent::RecordingEnded { recording, length, .. } => {
                    self.inputs.push_back(Input::Stored { recording: *recording, length: *length });
                }
                MediaEvent::MissingPrompt { prompt, .. } => panic!("no recording of {prompt}"),
                _ => {}
            }
            self.inputs.push_back(Input::Event(event));
        }
    }

    fn show(&mut self, what: std::fmt::Arguments<'_>) {
        self.shown.push_str(&what.to_string());
        self.shown.push('\n');
    }

    fn note_playing(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Play { stream, playlist, .. } => {
                self.playing.insert(*stream, playlist.repeats());
            }
            MediaCommand::Stop { stream } => {
                self.playing.remove(stream);
            }
            MediaCommand::Bridge { a, b } => {
                self.playing.remove(a);
                self.playing.remove(b);
            }
            MediaCommand::Close { stream } => {
                self.playing.remove(stream);
                self.ports.remove(stream);
            }
            _ => {}
        }
    }

    // --- what was heard and recorded ---

    /// What a phone heard since the last time it was asked.
    pub fn take_heard(&mut self, id: Id) -> Vec<Heard> {
        let heard = self.phones[id].ear.heard[self.read[id]..].to_vec();
        self.read[id] += heard.len();
        heard
    }

    /// The same as phrases.
    pub fn take_phrases(&mut self, id: Id, lang: &str) -> String {
        phrases(&self.take_heard(id), lang)
    }

    pub fn all_phrases(&self, id: Id, lang: &str) -> String {
        phrases(&self.phones[id].ear.heard, lang)
    }

    pub fn take_words(&mut self, id: Id) -> String {
        words(&self.take_heard(id), &CLIPS)
    }

    /// Events of a kind as one word each.
    pub fn events<T>(&self, of: impl Fn(&CallEvent) -> Option<T>) -> Vec<T> {
        self.records.iter().filter_map(|record| of(&record.event)).collect()
    }

    /// Nothing of any call is left, and nothing more would happen if nobody did anything.
    pub fn assert_all_let_go(&mut self, what: &str) {
        self.run_for(50_000);
        assert_eq!(self.exchange.calls(), 0, "{what}: calls stand");
        assert_eq!(self.media.open_streams(), 0, "{what}: streams are open");
        assert!(self.ports.is_empty(), "{what}: ports are bound: {:?}", self.ports);
        self.assert_nothing_kept(what);
        let arrived = self
            .events(|event| matches!(event, CallEvent::Arrived { .. } | CallEvent::CallingBack { .. }).then_some(()))
            .len();
        assert_eq!(self.causes().len(), arrived, "{what}: each call ends once");
        for (profile, state) in self.exchange.operators() {
            let busy = matches!(state, OperatorState::Reserved(_) | OperatorState::Talking(_));
            assert!(!busy, "{what}: {} is {state:?}", profile.id);
        }
        if self.exchange.operators().next().is_none() {
            assert_eq!(self.exchange.poll_timeout(), None, "{what}: a timer is left");
        }
        for phone in &self.phones {
            assert_eq!(phone.ear.noise, 0, "{what}: {} hears noise", phone.user);
            assert!(
                phone.towards.is_none() || phone.manner == Manner::Vanished || phone.voice == Voice::Mute,
                "{what}: {} was not told",
                phone.user
            );
        }
    }
}
