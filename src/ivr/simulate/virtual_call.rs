//! One call on a virtual clock: what is played is heard as long as it takes, the bank and the queue answer as told.

use super::bank::{Answer, FakeBank, short_name};
use super::trouble::{Seen, Watcher};
use crate::ivr::flow::{
    CallFlow, Caller, Command, Event, Play, PlaybackId, QueueEnd, QueueStatus, Screen, Spoken, StateName, World,
};
use crate::ivr::menu::{LineId, Menu, Name, Node, QueueId, SwitchId};
use crate::ivr::speech::Inventory;
use crate::model::{BankAnswer, CallEvent, Cause, Digit, Instant, Now, OperatorId, RequestId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long the recorded message of a caller is.
const MESSAGE: Duration = Duration::from_secs(10);

/// A phrase the caller heard, at least its beginning.
#[derive(Clone, Debug)]
pub struct Heard {
    /// When its first word came.
    pub at: Instant,
    /// The phrase.
    pub spoken: Spoken,
}

/// What the queue finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operators {
    /// All are busy; the caller waits in that place.
    Busy(QueueStatus),
    /// Nobody is there.
    Nobody,
    /// One answers after a time.
    Answer(Duration),
}

impl Default for Operators {
    fn default() -> Self {
        Self::Busy(QueueStatus { position: 1, wait: None, samples: 0 })
    }
}

/// A playing under way.
struct Playing {
    id: PlaybackId,
    began: Instant,
    /// `None` when it repeats for ever.
    ends: Option<Instant>,
    spoken: Vec<Spoken>,
}

/// Something of the world outside that will happen.
enum Coming {
    Bank(RequestId, BankAnswer),
    Queue(Event),
    Message,
}

/// A call on a virtual clock.
pub struct VirtualCall<'a> {
    flow: CallFlow,
    now: Now,
    inventory: &'a dyn Inventory,
    /// Whether each switch is on.
    pub switches: Vec<bool>,
    /// The estimated wait of each queue.
    pub waits: Vec<Option<Duration>>,
    /// The bank.
    pub bank: FakeBank,
    /// What queues find.
    pub operators: Operators,
    /// Whether queues take orders of callbacks.
    pub callbacks: bool,
    playing: Option<Playing>,
    coming: Vec<(Instant, Coming)>,
    past: Vec<Heard>,
    records: Vec<CallEvent>,
    /// When each of `records` came.
    recorded: Vec<Instant>,
    asked: BTreeMap<String, u32>,
    answered: Vec<(Name, Answer)>,
    unscripted: Vec<String>,
    screen: Option<Screen>,
    queue: Option<QueueId>,
    status: Option<QueueStatus>,
    /// When the queue gives the caller up who waits in it.
    longest_wait: Instant,
    recording_until: Option<Duration>,
    ended: Option<(Cause, bool)>,
    key_since_play: bool,
    secret: bool,
    transfer: Option<Name>,
    watcher: Watcher,
}

impl<'a> VirtualCall<'a> {
    /// A call that has come in at a moment, not answered yet.
    #[must_use]
    pub fn new(
        menu: Arc<Menu>,
        line: LineId,
        caller: Caller,
        wall: jiff::Timestamp,
        inventory: &'a dyn Inventory,
    ) -> Self {
        let switches = menu.switches.iter().map(|switch| switch.enabled).collect();
        let waits = vec![None; menu.queues.len()];
        Self {
            flow: CallFlow::new(menu, line, caller),
            now: Now { instant: Instant::ZERO, wall },
            inventory,
            switches,
            waits,
            bank: FakeBank::default(),
            operators: Operators::default(),
            callbacks: true,
            playing: None,
            coming: Vec::new(),
            past: Vec::new(),
            records: Vec::new(),
            recorded: Vec::new(),
            asked: BTreeMap::new(),
            answered: Vec::new(),
            unscripted: Vec::new(),
            screen: None,
            queue: None,
            status: None,
            longest_wait: Instant::ZERO,
            recording_until: None,
            ended: None,
            key_since_play: false,
            secret: false,
            transfer: None,
            watcher: Watcher::default(),
        }
    }

    /// The flow.
    #[must_use]
    pub const fn flow(&self) -> &CallFlow {
        &self.flow
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// Everything recorded so far.
    #[must_use]
    pub fn records(&self) -> &[CallEvent] {
        &self.records
    }

    /// When each of [`records`](Self::records) came.
    #[must_use]
    pub fn recorded(&self) -> &[Instant] {
        &self.recorded
    }

    /// What the bank answered so far, in order; one that never came included.
    #[must_use]
    pub fn answered(&self) -> &[(Name, Answer)] {
        &self.answered
    }

    /// What its records do not tell.
    pub(super) const fn seen(&self) -> &Seen {
        &self.watcher.seen
    }

    /// Where the caller is being handed to.
    #[must_use]
    pub fn transfer(&self) -> Option<&Name> {
        self.transfer.as_ref().filter(|_| self.flow.state() == StateName::Transferring)
    }

    /// Whether what is pressed now is a secret.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.secret
    }

    /// How often each operation was asked, by its short name.
    #[must_use]
    pub const fn asked(&self) -> &BTreeMap<String, u32> {
        &self.asked
    }

    /// Operations that were asked without a script.
    #[must_use]
    pub fn unscripted(&self) -> &[String] {
        &self.unscripted
    }

    /// What the operator of the last queue was to see.
    #[must_use]
    pub const fn screen(&self) -> Option<&Screen> {
        self.screen.as_ref()
    }

    /// Why the call ended, and whether the system ended it.
    #[must_use]
    pub const fn ended(&self) -> Option<(Cause, bool)> {
        self.ended
    }

    /// The queue the caller waits in.
    #[must_use]
    pub fn queue(&self) -> Option<Name> {
        let waiting = self.flow.state() == StateName::Queued;
        self.queue.filter(|_| waiting).map(|queue| self.flow.menu()[queue].name.clone())
    }

    /// The queue the caller waits in, by its id.
    #[must_use]
    pub fn queue_id(&self) -> Option<QueueId> {
        self.queue.filter(|_| self.flow.state() == StateName::Queued)
    }

    /// Where the caller stands in the queue, as last told.
    #[must_use]
    pub fn queue_status(&self) -> Option<QueueStatus> {
        self.status.filter(|_| self.flow.state() == StateName::Queued)
    }

    /// When the queue gives the caller up who waits in it.
    #[must_use]
    pub fn longest_wait(&self) -> Option<Instant> {
        self.queue_id().map(|_| self.longest_wait)
    }

    /// When the bank's next answer comes.
    #[must_use]
    pub fn bank_due(&self) -> Option<Instant> {
        self.coming.iter().filter(|(_, coming)| matches!(coming, Coming::Bank(..))).map(|(at, _)| *at).min()
    }

    /// Whether a key was pressed since the last prompt began.
    #[must_use]
    pub const fn key_since_play(&self) -> bool {
        self.key_since_play
    }

    /// The name of the menu or task the caller is at.
    #[must_use]
    pub fn node(&self) -> Option<Name> {
        self.flow.node().map(|node| match node {
            Node::Task(task) => self.flow.menu()[task].name.clone(),
            Node::Menu(menu) => self.flow.menu()[menu].name.clone(),
        })
    }

    /// Keys that do something now.
    #[must_use]
    pub fn working_keys(&self) -> Vec<Digit> {
        let world = World { switches: &self.switches, waits: &self.waits, inventory: self.inventory };
        self.flow.working_keys(self.now, &world)
    }

    /// What was heard until now, the phrase that has just begun included.
    pub fn heard(&self) -> impl Iterator<Item = Heard> {
        let now = self.now.instant;
        let present = self.playing.iter().flat_map(move |playing| begun(playing, now, true));
        self.past.iter().cloned().chain(present)
    }

    /// When the next phrase of what is playing begins.
    #[must_use]
    pub fn next_phrase(&self) -> Option<Instant> {
        let playing = self.playing.as_ref()?;
        let starts = playing.spoken.iter().map(|spoken| playing.began + spoken.after);
        starts.filter(|at| *at > self.now.instant).min()
    }

    /// Whether something other than the caller moves the call on: speech, the bank, a pause in an entry.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let speaking = self.playing.as_ref().is_some_and(|playing| playing.ends.is_some());
        let waiting = matches!(self.flow.state(), StateName::AskingBank | StateName::Recording | StateName::Saying);
        let entry = self.flow.state() == StateName::Collecting && self.key_since_play;
        let opening = self.flow.state() == StateName::Queued && self.playing.is_none();
        speaking || waiting || entry || opening || self.answer_is_coming()
    }

    fn answer_is_coming(&self) -> bool {
        self.coming.iter().any(|(_, coming)| !matches!(coming, Coming::Message))
    }

    /// Whether the bank is being asked.
    #[must_use]
    pub fn is_asking_bank(&self) -> bool {
        self.flow.state() == StateName::AskingBank
    }

    /// Whether something is playing that comes to an end.
    #[must_use]
    pub fn is_speaking(&self) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.ends.is_some())
    }

    /// The call is answered.
    pub fn answer(&mut self) {
        self.event(Event::Answered);
    }

    /// The caller presses a key.
    pub fn press(&mut self, digit: Digit) {
        self.key_since_play = true;
        if self.flow.state() == StateName::Recording && digit == Digit::HASH && !self.is_speaking() {
            self.coming.retain(|(_, coming)| !matches!(coming, Coming::Message));
            self.event(Event::MessageEnded { length: MESSAGE, stored: true });
            return;
        }
        let working = self.working_keys();
        self.watcher.key(&self.flow, &working, digit);
        self.event(Event::Digit(digit));
    }

    /// The caller hangs up.
    pub fn hang_up(&mut self) {
        if self.ended.is_none() {
            self.event(Event::HungUp(Cause::CallerHungUp));
            self.cut();
            self.coming.clear();
            self.ended = Some((Cause::CallerHungUp, false));
        }
    }

    /// A switch changes.
    pub fn set_switch(&mut self, switch: SwitchId, enabled: bool) {
        if let Some(state) = self.switches.get_mut(usize::from(switch.0)) {
            *state = enabled;
        }
    }

    /// What queues find from now on; who waits already is told, and conditions see the same wait.
    pub fn set_operators(&mut self, operators: Operators) {
        self.operators = operators;
        if let Operators::Busy(QueueStatus { wait, .. }) = operators {
            self.waits.fill(wait);
        }
        if self.queue_id().is_some() {
            self.coming.retain(|(_, coming)| !matches!(coming, Coming::Queue(_)));
            self.find_operators();
        }
    }

    /// Something happens in the queue or between caller and operator.
    pub fn queue_event(&mut self, event: Event) {
        if let Event::QueueStatus(status) = &event {
            self.status = Some(*status);
        }
        self.event(event);
    }

    /// Time passes.
    pub fn advance(&mut self, length: Duration) {
        let until = self.now.instant + length;
        while let Some(at) = self.next_at().filter(|at| *at <= until) {
            self.step_to(at);
        }
        self.move_clock(until);
    }

    /// Time passes to the next thing that happens; `false` when nothing ever will.
    pub fn advance_to_next(&mut self) -> bool {
        match self.next_at() {
            Some(at) => {
                self.step_to(at);
                true
            }
            None => false,
        }
    }

    /// When the next thing happens.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        if self.ended.is_some() {
            return None;
        }
        let played = self.playing.as_ref().and_then(|playing| playing.ends);
        let coming = self.coming.iter().map(|(at, _)| *at).min();
        let longest = self.longest_wait();
        played
            .into_iter()
            .chain(coming)
            .chain(longest)
            .chain(self.flow.poll_timeout())
            .min()
            .map(|at| at.max(self.now.instant))
    }

    fn step_to(&mut self, at: Instant) {
        self.move_clock(at);
        if let Some(playing) = self.playing.take_if(|playing| playing.ends.is_some_and(|ends| ends <= at)) {
            self.past.extend(begun(&playing, at, true));
            self.event(Event::PlaybackEnded(playing.id));
            return;
        }
        if let Some(index) = self.coming.iter().position(|(due, _)| *due <= at) {
            match self.coming.remove(index).1 {
                Coming::Bank(id, answer) => self.event(Event::Bank(id, answer)),
                Coming::Queue(event) => self.queue_event(event),
                Coming::Message => self.event(Event::MessageEnded { length: MESSAGE, stored: true }),
            }
            return;
        }
        if self.longest_wait().is_some_and(|longest| longest <= at) {
            self.queue_event(Event::QueueEnded(QueueEnd::Timeout));
            return;
        }
        let world = World { switches: &self.switches, waits: &self.waits, inventory: self.inventory };
        self.watcher.timeout(&self.flow, self.now.instant);
        self.flow.handle_timeout(self.now, &world);
        self.obey();
    }

    fn move_clock(&mut self, to: Instant) {
        self.now = self.now.after(to.since(self.now.instant));
    }

    fn event(&mut self, event: Event) {
        let world = World { switches: &self.switches, waits: &self.waits, inventory: self.inventory };
        self.watcher.told(&self.flow, &event);
        self.flow.handle(self.now, event, &world);
        self.obey();
    }

    fn obey(&mut self) {
        while let Some(command) = self.flow.next_command() {
            match command {
                Command::Play(play) => self.play(play),
                Command::StopPlayback => self.cut(),
                Command::SecretBegan => self.secret = true,
                Command::SecretEnded => self.secret = false,
                Command::AskBank(request) => self.ask(request.id, &request.operation),
                Command::Enqueue(enqueue) => {
                    self.queue = Some(enqueue.queue);
                    self.status = None;
                    self.longest_wait = self.now.instant + self.flow.menu()[enqueue.queue].max_wait;
                    self.screen = Some(enqueue.screen);
                    self.find_operators();
                }
                Command::LeaveQueue => self.coming.retain(|(_, coming)| !matches!(coming, Coming::Queue(_))),
                // Whoever leads the call says what becomes of it.
                Command::Transfer { target, .. } => self.transfer = Some(target),
                Command::TakeCallback => {}
                Command::OrderCallback { .. } => self.callback_ordered(),
                Command::RecordMessage { .. } => self.recording_until = Some(MESSAGE),
                Command::HangUp(cause) => {
                    self.cut();
                    self.coming.clear();
                    self.ended = Some((cause, true));
                }
                Command::Record(event) => {
                    self.records.push(event);
                    self.recorded.push(self.now.instant);
                }
            }
        }
        if let Some(length) = self.recording_until.take() {
            let began = self.playing.as_ref().and_then(|playing| playing.ends).unwrap_or(self.now.instant);
            self.coming.push((began + length, Coming::Message));
        }
    }

    fn play(&mut self, play: Play) {
        self.cut();
        self.key_since_play = false;
        let began = self.now.instant;
        let ends = (!play.playlist.repeats()).then(|| began + play.length);
        self.playing = Some(Playing { id: play.playback, began, ends, spoken: play.spoken });
    }

    fn cut(&mut self) {
        if let Some(playing) = self.playing.take() {
            self.past.extend(begun(&playing, self.now.instant, false));
        }
    }

    fn ask(&mut self, id: RequestId, operation: &str) {
        *self.asked.entry(short_name(operation).to_owned()).or_default() += 1;
        let (answer, scripted) = self.bank.answer(self.flow.menu(), operation);
        if !scripted {
            self.unscripted.push(operation.to_owned());
        }
        self.answered.push((operation.into(), answer.clone()));
        if let Some(delay) = answer.delay {
            self.coming.push((self.now.instant + delay, Coming::Bank(id, answer.answer)));
        }
    }

    /// The queue takes the order, and the place is the ticket's.
    fn callback_ordered(&mut self) {
        self.coming.retain(|(_, coming)| !matches!(coming, Coming::Queue(_)));
        let soon = self.now.instant + Duration::from_millis(1);
        self.coming.push((soon, Coming::Queue(Event::CallbackOrdered { accepted: self.callbacks })));
    }

    fn find_operators(&mut self) {
        let soon = self.now.instant + Duration::from_millis(1);
        let first = QueueStatus { position: 1, wait: None, samples: 0 };
        let mut queue = |at, event| self.coming.push((at, Coming::Queue(event)));
        match self.operators {
            Operators::Busy(status) => queue(soon, Event::QueueStatus(status)),
            Operators::Nobody => queue(soon, Event::QueueEnded(QueueEnd::Nobody)),
            Operators::Answer(after) => {
                queue(soon, Event::QueueStatus(first));
                queue(soon + after, Event::Connected(OperatorId::new("anna")));
            }
        }
    }
}

/// The phrases of a playing that have begun; one that begins at the very end counts when nothing cuts it.
fn begun(playing: &Playing, until: Instant, inclusive: bool) -> Vec<Heard> {
    let spoken = playing.spoken.iter();
    let heard = spoken.map(|spoken| Heard { at: playing.began + spoken.after, spoken: spoken.clone() });
    heard.filter(|heard| heard.at < until || (inclusive && heard.at == until)).collect()
}
