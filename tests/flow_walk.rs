//! Walks over the default menu: every event in every state that can be reached, and long random calls.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use hotline::ivr::flow::{CallFlow, Caller, Command, Event, PlaybackId, QueueEnd, QueueStatus, StateName, World};
use hotline::ivr::menu::{LineId, Menu, load};
use hotline::ivr::simulate::Coverage;
use hotline::ivr::speech::Manifest;
use hotline::model::{
    BankAnswer, CallEvent, CallId, Cause, Digit, Instant, Level, Money, Now, OperatorId, Param, Record, RequestId,
    Value,
};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| {
    let files = [
        ("menus/hotline.yaml", include_str!("../menus/hotline.yaml")),
        ("menus/phrases.yaml", include_str!("../menus/phrases.yaml")),
        ("menus/services.yaml", include_str!("../menus/services.yaml")),
    ];
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    match load(&files) {
        Ok((menu, _)) => Arc::new(menu),
        Err(problems) => panic!("{problems:#?}"),
    }
});

static RECORDINGS: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap());

/// What the outside does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Key(char),
    /// What plays ends, or the deadline comes.
    TimePasses,
    /// The bank answers with the outcome of that number.
    Bank(usize),
    QueueStatus(u32),
    Connected,
    TalkEnded,
    Requeued,
    QueueEnds(QueueEnd),
    Message(bool, u64),
    HangUp,
}

/// A call and what its owner would know of it.
struct Walk {
    flow: CallFlow,
    now: Now,
    playing: Option<PlaybackId>,
    asked: Option<(RequestId, Arc<str>)>,
    secret: bool,
    over: Option<Cause>,
    queued: u32,
    said: Vec<String>,
    records: Vec<CallEvent>,
}

impl Walk {
    fn begin(line: u16, night: bool) -> Self {
        let caller = Caller {
            call: CallId::from_u128(1),
            from: hotline::model::PhoneNumber::parse("+79161234567"),
            blocked_number: false,
            slow_speech: false,
            profile: None,
            lang: None,
        };
        let at = if night { "2026-03-02T00:00:00Z" } else { "2026-03-02T09:00:00Z" };
        let now = Now { instant: Instant::ZERO, wall: at.parse().unwrap() };
        let flow = CallFlow::new(Arc::clone(&MENU), LineId(line), caller);
        let mut walk = Self {
            flow,
            now,
            playing: None,
            asked: None,
            secret: false,
            over: None,
            queued: 0,
            said: Vec::new(),
            records: Vec::new(),
        };
        walk.event(Event::Answered);
        walk
    }

    fn event(&mut self, event: Event) {
        let world = World { switches: &[], waits: &[], inventory: &*RECORDINGS };
        self.flow.handle(self.now, event, &world);
        self.obey();
    }

    fn obey(&mut self) {
        while let Some(command) = self.flow.next_command() {
            assert!(self.over.is_none() || matches!(command, Command::Record(_)), "a command after the end");
            match command {
                Command::Play(play) => {
                    assert!(!play.playlist.items.is_empty(), "an empty playlist never ends");
                    self.playing = Some(play.playback);
                    self.said.extend(play.spoken.iter().map(|spoken| format!("{}|{}", spoken.phrase, spoken.text)));
                }
                Command::StopPlayback => self.playing = None,
                Command::SecretBegan => {
                    assert!(!self.secret, "a secret began twice");
                    self.secret = true;
                }
                Command::SecretEnded => {
                    assert!(self.secret, "a secret ended that had not begun");
                    self.secret = false;
                }
                Command::AskBank(request) => {
                    for (name, param) in &request.params {
                        assert_eq!(
                            matches!(param, Param::Secret(_)),
                            &**name == "code",
                            "a secret goes only where it may"
                        );
                    }
                    self.asked = Some((request.id, request.operation.clone()));
                }
                Command::Enqueue(enqueue) => {
                    self.queued += 1;
                    self.said.push(format!("{:?}", enqueue.screen));
                }
                Command::HangUp(cause) => self.over = Some(cause),
                Command::Record(event) => {
                    self.said.push(format!("{event:?}"));
                    self.records.push(event);
                }
                Command::LeaveQueue
                | Command::OrderCallback { .. }
                | Command::TakeCallback
                | Command::Transfer { .. }
                | Command::RecordMessage { .. } => {}
            }
        }
        let ended = self.flow.state() == StateName::Ended;
        assert!(!(ended && self.secret), "a secret outlives its call");
        assert!(
            ended
                || self.flow.poll_timeout().is_some()
                || matches!(self.flow.state(), StateName::Talking | StateName::Transferring),
            "nothing ends this wait"
        );
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Key(key) => self.event(Event::Digit(Digit::from_char(key).unwrap())),
            Act::TimePasses => self.pass_time(),
            Act::Bank(number) => {
                if let Some((id, operation)) = self.asked.take() {
                    self.event(Event::Bank(id, answer(&operation, number)));
                }
            }
            Act::QueueStatus(position) => {
                let wait = Some(Duration::from_secs(u64::from(position) * 60));
                self.event(Event::QueueStatus(QueueStatus { position, wait, samples: position + 3 }));
            }
            Act::Connected => self.event(Event::Connected(OperatorId::new("anna"))),
            Act::TalkEnded => self.event(Event::TalkEnded),
            Act::Requeued => self.event(Event::Requeued),
            Act::QueueEnds(end) => self.event(Event::QueueEnded(end)),
            Act::Message(stored, seconds) => {
                self.event(Event::MessageEnded { length: Duration::from_secs(seconds), stored });
            }
            Act::HangUp => {
                self.event(Event::HungUp(Cause::CallerHungUp));
                assert_eq!(self.flow.state(), StateName::Ended);
            }
        }
    }

    fn pass_time(&mut self) {
        if let Some(playing) = self.playing.take() {
            self.now = self.now.after(Duration::from_secs(1));
            self.event(Event::PlaybackEnded(playing));
        } else if let Some(at) = self.flow.poll_timeout() {
            self.now = self.now.after(at.since(self.now.instant));
            let world = World { switches: &[], waits: &[], inventory: &*RECORDINGS };
            self.flow.handle_timeout(self.now, &world);
            self.obey();
        }
    }

    /// The state, where it is, for which task's sake, and what was chosen.
    fn place(&self) -> String {
        let aim = self.flow.path().iter().rev().find(|node| !["find_card", "identify"].contains(&&***node));
        let chosen = self.records.iter().rev().find_map(|record| match record {
            CallEvent::Chosen { value, .. } => Some(value.clone()),
            _ => None,
        });
        let (state, node, level) = (self.flow.state(), self.flow.node(), self.flow.level());
        format!("{state:?}, {node:?} {level:?} {aim:?} {:?}", chosen.filter(|_| level == Level::Recognised))
    }
}

/// The outcomes of an operation in turn, `down` and `unknown` included.
fn answer(operation: &str, number: usize) -> BankAnswer {
    let contract = MENU.operations.iter().find(|known| *known.name == *operation).unwrap();
    let mut outcomes: Vec<&str> = contract.outcomes.iter().map(|name| &**name).collect();
    outcomes.extend([BankAnswer::DOWN, BankAnswer::UNKNOWN, "never_heard_of"]);
    let outcome = outcomes[number % outcomes.len()];
    let money = || Value::Money(Money::parse("15230.50 RUB").unwrap());
    let date = || Value::Date(jiff::civil::date(2026, 3, 22));
    let item = Record::from([
        ("date".into(), date()),
        ("kind".into(), Value::Word("purchase".into())),
        ("amount".into(), money()),
    ]);
    let fields = match operation {
        "bank.find_card" => vec![("last4", Value::Digits("4321".into())), ("handle", Value::Opaque("c1".into()))],
        "bank.balance" => vec![("available", money()), ("own", money()), ("hold", money())],
        "bank.operations" => vec![("items", Value::List(vec![item.clone(), item]))],
        "bank.block_card" => vec![("ticket", Value::Digits("70512".into()))],
        "bank.loan_payment" => vec![("amount", money()), ("date", date())],
        "bank.rates" => ["usd_buy", "usd_sell", "eur_buy", "eur_sell"].map(|name| (name, money())).to_vec(),
        _ => Vec::new(),
    };
    let fields = fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
    BankAnswer { outcome: outcome.into(), fields }
}

const KEYS: [char; 12] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];

fn acts() -> Vec<Act> {
    let mut acts: Vec<Act> = KEYS.map(Act::Key).to_vec();
    acts.extend((0..8).map(Act::Bank));
    acts.extend([
        Act::TimePasses,
        Act::QueueStatus(1),
        Act::QueueStatus(3),
        Act::Connected,
        Act::TalkEnded,
        Act::Requeued,
    ]);
    acts.extend([QueueEnd::Timeout, QueueEnd::Full, QueueEnd::Nobody].map(Act::QueueEnds));
    acts.extend([Act::Message(true, 9), Act::Message(false, 0), Act::Message(false, 9), Act::HangUp]);
    acts
}

fn replay(line: u16, night: bool, path: &[Act]) -> Walk {
    let mut walk = Walk::begin(line, night);
    for act in path {
        walk.act(*act);
    }
    walk
}

/// From any point: let the caller do nothing but press zero and wait; a queue or an end must come.
fn an_operator_or_an_end_comes(mut walk: Walk, path: &[Act]) {
    let queues = walk.queued;
    for step in 0..200 {
        if walk.over.is_some()
            || walk.queued > queues
            || matches!(walk.flow.state(), StateName::Ended | StateName::Talking | StateName::Queued)
        {
            return;
        }
        match walk.flow.state() {
            StateName::AskingBank if walk.asked.is_some() => walk.act(Act::Bank(0)),
            StateName::Recording => walk.act(Act::Message(true, 5)),
            _ if step % 3 == 0 => walk.act(Act::Key('0')),
            _ => walk.act(Act::TimePasses),
        }
    }
    panic!("neither operator nor end after {path:?}: {}", walk.place());
}

#[test]
fn every_event_in_every_reachable_state_leaves_a_way_to_an_operator() {
    let mut coverage = Coverage::default();
    coverage.add(&replay(1, false, &[]).records);
    for night in [false, true] {
        let mut seen = BTreeSet::new();
        let mut open = VecDeque::from([Vec::new()]);
        while let Some(path) = open.pop_front() {
            // Night differs where operators are asked for, which is never far.
            if night && path.len() > 6 {
                continue;
            }
            for act in acts() {
                let further: Vec<Act> = path.iter().copied().chain([act]).collect();
                let walk = replay(0, night, &further);
                coverage.add(&walk.records);
                if walk.flow.state() == StateName::Ended || !seen.insert(walk.place()) {
                    continue;
                }
                // Four digits or more and a hash complete whatever entry there is.
                if walk.flow.state() == StateName::Collecting {
                    let entry = "9876#".chars().map(Act::Key);
                    open.push_back(further.iter().copied().chain(entry).collect());
                }
                open.push_back(further.clone());
                an_operator_or_an_end_comes(walk, &further);
            }
        }
        let states: BTreeSet<&str> = seen.iter().filter_map(|place| place.split(',').next()).collect();
        assert!(night || states.len() >= 9, "states reached: {states:?}");
    }
    let uncovered: Vec<String> = coverage.uncovered(&MENU).into_iter().map(|missing| missing.what.en).collect();
    assert!(uncovered.is_empty(), "never reached: {uncovered:?}");
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => proptest::sample::select(KEYS.to_vec()).prop_map(Act::Key),
        4 => Just(Act::TimePasses),
        4 => (0_usize..8).prop_map(Act::Bank),
        2 => proptest::sample::select(acts()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_random_call_never_ends_in_silence(path in proptest::collection::vec(any_act(), 0..120), night: bool) {
        let mut walk = Walk::begin(0, night);
        for act in &path {
            if walk.flow.state() == StateName::Ended { break; }
            walk.act(*act);
        }
        an_operator_or_an_end_comes(walk, &path);
    }

    #[test]
    fn a_secret_is_in_nothing_that_is_said_or_recorded(code in "[1-9]{5}", outcome in 0_usize..8) {
        prop_assume!(!["70512", "15230"].contains(&code.as_str()));
        let mut walk = Walk::begin(0, false);
        for key in "21".chars().chain("4321".chars()) { walk.act(Act::Key(key)); }
        walk.act(Act::Bank(0));
        for key in code.chars().chain(['#']) { walk.act(Act::Key(key)); }
        walk.act(Act::Bank(outcome));
        for _ in 0..10 { walk.act(Act::TimePasses); walk.act(Act::Bank(0)); }
        let said = walk.said.join("\n");
        prop_assert!(!said.contains(&code));
    }
}
