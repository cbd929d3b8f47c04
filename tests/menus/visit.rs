//! A visit to a small menu: keys are pressed, time passes, what is said is kept.

use hotline::ivr::flow::{CallFlow, Caller, Command, Event, PlaybackId, QueueStatus, StateName, World};
use hotline::ivr::menu::{LineId, Menu, load};
use hotline::ivr::speech::Manifest;
use hotline::model::{
    BankAnswer, BankRequest, CallEvent, CallId, Cause, Digit, Instant, Lang, Level, Now, PhoneNumber,
};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static RECORDINGS: LazyLock<Manifest> =
    LazyLock::new(|| Manifest::parse(include_str!("../../prompts/manifest.tsv")).unwrap());

/// A menu whose key 1 runs `steps`; `more` are further sections, which stand for those of the same name here.
pub fn menu(more: &str, steps: &str) -> Arc<Menu> {
    let steps = if steps.is_empty() { "\n      - say: sorry\n      - go: main" } else { steps };
    let mut text = String::from(
        "bank: {name: {ru: Банк, en: Bank}, timezone: Europe/Moscow}
languages: [en, ru]
lines: {main: {numbers: [\"+74951234567\"], start: main}}
menus:
  main:
    options:
      1: {offer: offer, go: test}
      2: {offer: offer, go: sorry}
defaults: {when_bank_is_down: {say: sorry, go: operator}}
",
    );
    text.push_str(PHRASES);
    let mut tasks = format!("tasks:\n  test:\n    steps:{steps}\n  sorry: {{steps: [{{say: sorry}}, {{go: main}}]}}\n");
    let mut rest = String::new();
    let mut in_tasks = false;
    for line in more.lines() {
        in_tasks = if line.starts_with(' ') { in_tasks } else { line == "tasks:" };
        if line == "tasks:" {
            continue;
        }
        let section = if in_tasks { &mut tasks } else { &mut rest };
        section.push_str(line);
        section.push('\n');
    }
    if !tasks.contains("  operator:") {
        tasks.push_str(OPERATOR);
    }
    if !rest.contains("queues:") {
        rest.push_str("queues:\n  support: {members: {skills: [support]}}\n");
    }
    let text = format!("{text}{tasks}{rest}");
    match load(&[("menu.yaml".to_owned(), text.into_bytes())]) {
        Ok((menu, _)) => Arc::new(menu),
        Err(problems) => {
            let shown: Vec<String> = problems.iter().map(|problem| problem.render(Lang::En)).collect();
            panic!("{}", shown.join("\n"));
        }
    }
}

const OPERATOR: &str = "  operator:
    steps:
      - queue: support
        results:
          finished: {say: thanks, go: bye}
          callback: {say: done, go: bye}
          timeout: {say: busy, go: bye}
          nobody: {say: busy, go: bye}
  bye: {steps: [hangup]}
";

const PHRASES: &str = "phrases:
  press: {ru: \"{offer}, нажмите {key|digit}.\", en: \"{offer}, press {key|digit}.\"}
  confirm: {ru: Один — да. Два — нет., en: One is yes. Two is no.}
  offer: {ru: Чтобы проверить, en: For a test}
  question: {ru: Введите цифры., en: Enter the digits.}
  how_card: {ru: Номер карты., en: The number of the card.}
  how_sum: {ru: Сумма., en: The sum.}
  how_day: {ru: День., en: The day.}
  thanks: {ru: Спасибо., en: Thank you.}
  busy: {ru: Все заняты., en: All are busy.}
  done: {ru: Мы перезвоним., en: We will call you.}
  hold: {ru: Минуту., en: One moment.}
  sorry: {ru: Не получается., en: Not now.}
  goodbye: {ru: До свидания., en: Goodbye.}
  enter: {ru: Оставайтесь на линии., en: Stay on the line.}
  place: {ru: \"Вы {queue.position|number}.\", en: \"You are {queue.position|number}.\"}
  hello: {ru: Здравствуйте. Нажмите один., en: Hello. Press one.}
  offer_callback: {ru: Перезвонить? Один., en: Call you back? One.}
  is_this_it: {ru: \"Номер на {call.from_last4|digits}.\", en: \"The number ending in {call.from_last4|digits}.\"}
  which_number: {ru: Введите номер., en: Enter the number.}
";

/// A visit and what its owner would know of it.
pub struct Visit {
    flow: CallFlow,
    now: Now,
    pub playing: Option<(PlaybackId, Option<Instant>)>,
    /// Phrase and words.
    pub said: Vec<String>,
    pub records: Vec<CallEvent>,
    pub asked: Option<BankRequest>,
    pub ordered: Option<PhoneNumber>,
    pub transfer: Option<(Arc<str>, bool)>,
    pub priority: Option<u32>,
    pub left_queue: bool,
    pub secret: bool,
    pub taken: bool,
    /// Of the last playing.
    pub length: Duration,
    pub over: Option<Cause>,
}

fn caller(from: &str, profile: Option<&str>) -> Caller {
    Caller {
        call: CallId::from_u128(1),
        from: PhoneNumber::parse(from),
        blocked_number: false,
        slow_speech: false,
        profile: profile.map(Into::into),
        lang: None,
    }
}

impl Visit {
    pub fn of(menu: &Arc<Menu>) -> Self {
        Self::from(menu, "+79161234567")
    }

    pub fn from(menu: &Arc<Menu>, number: &str) -> Self {
        Self::answered(CallFlow::new(Arc::clone(menu), LineId(0), caller(number, None)))
    }

    pub fn of_profile(menu: &Arc<Menu>, profile: &str) -> Self {
        Self::answered(CallFlow::new(Arc::clone(menu), LineId(0), caller("+79161234567", Some(profile))))
    }

    pub fn called_back(menu: &Arc<Menu>, queue: &str) -> Option<Self> {
        CallFlow::callback(Arc::clone(menu), LineId(0), caller("+79161234567", None), queue).map(Self::answered)
    }

    fn answered(flow: CallFlow) -> Self {
        let wall = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut visit = Self {
            flow,
            now: Now { instant: Instant::ZERO, wall },
            playing: None,
            said: Vec::new(),
            records: Vec::new(),
            asked: None,
            ordered: None,
            transfer: None,
            priority: None,
            left_queue: false,
            secret: false,
            taken: false,
            length: Duration::ZERO,
            over: None,
        };
        visit.event(Event::Answered);
        visit
    }

    pub fn event(&mut self, event: Event) {
        self.flow.handle(self.now, event, &world());
        self.obey();
    }

    fn obey(&mut self) {
        while let Some(command) = self.flow.next_command() {
            match command {
                Command::Play(play) => {
                    let ends = (!play.playlist.repeats()).then(|| self.now.instant + play.length);
                    self.playing = Some((play.playback, ends));
                    self.length = play.length;
                    self.said.extend(play.spoken.iter().map(|spoken| format!("{} {}", spoken.phrase, spoken.text)));
                }
                Command::StopPlayback => self.playing = None,
                Command::SecretBegan => self.secret = true,
                Command::SecretEnded => self.secret = false,
                Command::AskBank(request) => self.asked = Some(request),
                Command::Enqueue(enqueue) => self.priority = Some(enqueue.priority),
                Command::LeaveQueue => self.left_queue = true,
                Command::OrderCallback { number } => self.ordered = Some(number),
                Command::TakeCallback => self.taken = true,
                Command::Transfer { target, refer } => self.transfer = Some((target, refer)),
                Command::RecordMessage { .. } => {}
                Command::HangUp(cause) => self.over = Some(cause),
                Command::Record(event) => self.records.push(event),
            }
        }
    }

    pub fn keys(&mut self, keys: &str) {
        keys.chars().for_each(|key| self.event(Event::Digit(Digit::from_char(key).unwrap())));
    }

    pub fn place(&mut self, position: u32, wait: Option<u64>) {
        let wait = wait.map(Duration::from_secs);
        self.event(Event::QueueStatus(QueueStatus { position, wait, samples: 9 }));
    }

    pub fn bank(&mut self, outcome: &str) {
        if let Some(request) = self.asked.take() {
            self.event(Event::Bank(request.id, BankAnswer::bare(outcome)));
        }
    }

    pub fn wait(&mut self, seconds: u64) {
        let until = self.now.instant + Duration::from_secs(seconds);
        loop {
            let played = self.playing.and_then(|(_, ends)| ends);
            let next = played.into_iter().chain(self.flow.poll_timeout()).min().filter(|at| *at <= until);
            let Some(at) = next else { break };
            self.now = self.now.after(at.since(self.now.instant));
            match self.playing {
                Some((id, Some(ends))) if ends <= at => {
                    self.playing = None;
                    self.event(Event::PlaybackEnded(id));
                }
                _ => {
                    self.flow.handle_timeout(self.now, &world());
                    self.obey();
                }
            }
        }
        self.now = self.now.after(until.since(self.now.instant));
    }

    pub fn hears(&self, words: &str) {
        assert!(self.said.iter().any(|said| said.starts_with(words)), "{words} is not among {:?}", self.said);
    }

    pub fn working_keys(&self) -> String {
        let mut keys: Vec<char> = self.flow.working_keys(self.now, &world()).into_iter().map(Digit::as_char).collect();
        keys.sort_unstable();
        keys.into_iter().collect()
    }

    pub fn state(&self) -> StateName {
        self.flow.state()
    }

    pub fn level(&self) -> Level {
        self.flow.level()
    }

    pub fn records(&self) -> String {
        format!("{:?}", self.records)
    }
}

fn world() -> World<'static> {
    World { switches: &[], waits: &[], inventory: &*RECORDINGS }
}
