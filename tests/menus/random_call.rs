//! A call over any menu whose caller, bank and queue do whatever comes.

use hotline::ivr::flow::{CallFlow, Caller, Command, Event, PlaybackId, QueueEnd, QueueStatus, StateName, World};
use hotline::ivr::menu::{LineId, Menu, ValueType};
use hotline::ivr::speech::Manifest;
use hotline::model::{
    BankAnswer, CallEvent, CallId, Currency, Digit, Instant, Money, Now, OperatorId, PhoneNumber, Record, RequestId,
    Value,
};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static RECORDINGS: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(include_str!("../../prompts/manifest.tsv")).unwrap());
const KEYS: [char; 12] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];

/// What the outside does next.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Key(char),
    /// Four digits and a hash: most entries are complete after them.
    Entry,
    /// What plays ends, or the deadline comes.
    TimePasses,
    /// The bank answers with the outcome of that number.
    Bank(usize),
    QueueStatus(u32),
    Connected,
    TalkEnded,
    QueueEnds(QueueEnd),
    Message(bool),
    TransferFails,
    CallbackOrdered(bool),
}

pub fn act() -> impl Strategy<Value = Act> {
    let ends = vec![QueueEnd::Timeout, QueueEnd::Full, QueueEnd::Nobody];
    prop_oneof![
        6 => proptest::sample::select(KEYS.to_vec()).prop_map(Act::Key),
        2 => Just(Act::Entry),
        6 => Just(Act::TimePasses),
        6 => (0_usize..9).prop_map(Act::Bank),
        1 => (1_u32..5).prop_map(Act::QueueStatus),
        1 => Just(Act::Connected),
        1 => Just(Act::TalkEnded),
        1 => proptest::sample::select(ends).prop_map(Act::QueueEnds),
        1 => any::<bool>().prop_map(Act::Message),
        1 => Just(Act::TransferFails),
        1 => any::<bool>().prop_map(Act::CallbackOrdered),
    ]
}

/// A call and what its owner would know of it.
pub struct Call {
    menu: Arc<Menu>,
    flow: CallFlow,
    now: Now,
    playing: Option<PlaybackId>,
    asked: Option<(RequestId, Arc<str>)>,
    secret: bool,
    over: bool,
    queued: u32,
    notes: Vec<Arc<str>>,
}

impl Call {
    pub fn of_profile(menu: &Arc<Menu>, night: bool, profile: Option<&str>) -> Self {
        let flow = CallFlow::new(Arc::clone(menu), LineId(0), Self::caller(profile));
        Self::answered(menu, night, flow)
    }

    /// Somebody answers a callback.
    pub fn called_back(menu: &Arc<Menu>, queue: &str) -> Option<Self> {
        let flow = CallFlow::callback(Arc::clone(menu), LineId(0), Self::caller(None), queue)?;
        Some(Self::answered(menu, false, flow))
    }

    fn caller(profile: Option<&str>) -> Caller {
        Caller {
            call: CallId::from_u128(1),
            from: PhoneNumber::parse("+79161234567"),
            blocked_number: false,
            slow_speech: false,
            profile: profile.map(Into::into),
            lang: None,
        }
    }

    fn answered(menu: &Arc<Menu>, night: bool, flow: CallFlow) -> Self {
        let at = if night { "2026-03-02T00:00:00Z" } else { "2026-03-02T09:00:00Z" };
        let now = Now { instant: Instant::ZERO, wall: at.parse().unwrap() };
        let menu = Arc::clone(menu);
        let mut call = Self {
            menu,
            flow,
            now,
            playing: None,
            asked: None,
            secret: false,
            over: false,
            queued: 0,
            notes: Vec::new(),
        };
        call.event(Event::Answered);
        call
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn path(&self) -> Vec<Arc<str>> {
        self.flow.path().to_vec()
    }

    /// Notes that no menu asked for: the names of defects which the checker ought to have ruled out.
    pub fn defects(&self) -> Vec<Arc<str>> {
        let asked_for = ["call_limit", "message_not_stored", "callback"];
        let menu = format!("{:?}", self.menu.tasks);
        let defect = |note: &&Arc<str>| !asked_for.contains(&&***note) && !menu.contains(&format!("{note:?}"));
        self.notes.iter().filter(defect).cloned().collect()
    }

    fn event(&mut self, event: Event) {
        self.flow.handle(self.now, event, &world());
        self.obey();
    }

    fn obey(&mut self) {
        while let Some(command) = self.flow.next_command() {
            match command {
                Command::Play(play) => {
                    assert!(!play.playlist.items.is_empty(), "an empty playlist never ends");
                    self.playing = Some(play.playback);
                }
                Command::StopPlayback => self.playing = None,
                Command::SecretBegan => assert!(!std::mem::replace(&mut self.secret, true), "a secret began twice"),
                Command::SecretEnded => assert!(std::mem::take(&mut self.secret), "a secret ended that had not begun"),
                Command::AskBank(request) => self.asked = Some((request.id, request.operation.clone())),
                Command::Enqueue(_) => self.queued += 1,
                Command::HangUp(_) => self.over = true,
                Command::Record(CallEvent::Noted { note }) => self.notes.push(note),
                Command::Record(_)
                | Command::LeaveQueue
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

    pub fn act(&mut self, act: Act) {
        match act {
            Act::Key(key) => self.event(Event::Digit(Digit::from_char(key).unwrap())),
            Act::Entry => "4321#".chars().for_each(|key| self.event(Event::Digit(Digit::from_char(key).unwrap()))),
            Act::TimePasses => self.pass_time(),
            Act::Bank(number) => {
                if let Some((id, operation)) = self.asked.take() {
                    let answer = self.answer(&operation, number);
                    self.event(Event::Bank(id, answer));
                }
            }
            Act::QueueStatus(position) => {
                let wait = Some(Duration::from_secs(u64::from(position) * 60));
                self.event(Event::QueueStatus(QueueStatus { position, wait, samples: position + 3 }));
            }
            Act::Connected => self.event(Event::Connected(OperatorId::new("anna"))),
            Act::TalkEnded => self.event(Event::TalkEnded),
            Act::QueueEnds(end) => self.event(Event::QueueEnded(end)),
            Act::TransferFails => self.event(Event::TransferFailed),
            Act::CallbackOrdered(accepted) => self.event(Event::CallbackOrdered { accepted }),
            Act::Message(stored) => {
                self.event(Event::MessageEnded { length: Duration::from_secs(if stored { 9 } else { 0 }), stored });
            }
        }
    }

    fn pass_time(&mut self) {
        if let Some(playing) = self.playing.take() {
            self.now = self.now.after(Duration::from_secs(1));
            self.event(Event::PlaybackEnded(playing));
        } else if let Some(at) = self.flow.poll_timeout() {
            self.now = self.now.after(at.since(self.now.instant));
            self.flow.handle_timeout(self.now, &world());
            self.obey();
        }
    }

    /// An outcome of the contract, `down` and `unknown` included, with what it carries.
    fn answer(&self, operation: &str, number: usize) -> BankAnswer {
        let contract = self.menu.operations.iter().find(|known| *known.name == *operation).unwrap();
        let implicit =
            if contract.changes { vec![BankAnswer::DOWN, BankAnswer::UNKNOWN] } else { vec![BankAnswer::DOWN] };
        let outcomes: Vec<&str> = contract.outcomes.iter().map(|name| &**name).chain(implicit).collect();
        let outcome = outcomes[number % outcomes.len()];
        let carries = contract.outcomes.iter().any(|name| **name == *outcome)
            && contract.bare.iter().all(|name| **name != *outcome);
        match sample("", &contract.fields) {
            Some(Value::Record(fields)) if carries => BankAnswer { outcome: outcome.into(), fields },
            _ => BankAnswer::bare(outcome),
        }
    }

    /// A caller who presses zero, and at last only waits: a queue or an end must come.
    pub fn reaches_people_or_ends(&mut self) -> bool {
        let queues = self.queued;
        for step in 0..600 {
            let state = self.flow.state();
            let with_people = matches!(state, StateName::Talking | StateName::Transferring | StateName::Queued);
            if self.over || self.queued > queues || with_people {
                return true;
            }
            match state {
                StateName::AskingBank if self.asked.is_some() => self.act(Act::Bank(0)),
                StateName::Recording => self.act(Act::Message(true)),
                _ if step < 100 && step % 3 == 0 => self.act(Act::Key('0')),
                _ => self.act(Act::TimePasses),
            }
        }
        false
    }
}

fn world() -> World<'static> {
    World { switches: &[], waits: &[], inventory: &*RECORDINGS }
}

fn sample(name: &str, shape: &ValueType) -> Option<Value> {
    Some(match shape {
        ValueType::Digits => Value::Digits(if name == "last4" { "4321" } else { "70512" }.into()),
        ValueType::Phone => Value::Phone(PhoneNumber::parse("+79161234567")?),
        ValueType::Number => Value::Number(5),
        ValueType::Money => Value::Money(Money::new(1_523_050, Currency::Rub)),
        ValueType::Date => Value::Date(jiff::civil::date(2026, 3, 22)),
        ValueType::Time => Value::Time(jiff::civil::time(14, 30, 0, 0)),
        ValueType::Duration => Value::Duration(Duration::from_mins(5)),
        ValueType::Word => Value::Word("purchase".into()),
        ValueType::Text => Value::Word("text".into()),
        ValueType::Card => Value::Record(Record::from([
            ("handle".into(), Value::Opaque("card".into())),
            ("last4".into(), Value::Digits("4321".into())),
        ])),
        ValueType::Secret | ValueType::Nothing => return None,
        ValueType::Record(fields) => {
            let field = |(name, shape): &(Arc<str>, ValueType)| Some((name.clone(), sample(name, shape)?));
            Value::Record(fields.iter().filter_map(field).collect())
        }
        ValueType::List(item) => match sample(name, item)? {
            Value::Record(record) => Value::List(vec![record.clone(), record]),
            _ => return None,
        },
    })
}
