//! What outlives any one state of a call's flow.

use super::ahead::TypeAhead;
use super::next::{Next, Stepped, Trap};
use super::sources::Sources;
use super::speaking::Sentence;
use super::values::{BankLog, Values};
use super::world::World;
use super::{Caller, Command, MAX_CALL_DEPTH, PlaybackId, QueueStatus};
use crate::ivr::menu::{Action, Condition, Go, LineId, Menu, MenuId, Name, Node, Profile, StepId, TaskId, Then};
use crate::model::{CallEvent, Instant, Lang, Level, Now};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The most nodes shown to an operator; a caller who walks on is not described further.
const MAX_PATH: usize = 64;

/// How often a defect may send a call to an operator before it is ended.
const MAX_TRAPS: u8 = 3;

/// A caller's whole visit, whatever the state.
pub(super) struct Call {
    pub(super) menu: Arc<Menu>,
    pub(super) line: LineId,
    pub(super) caller: Caller,
    /// Index into the menu's profiles.
    profile: Option<usize>,
    pub(super) lang: Lang,
    pub(super) level: Level,
    pub(super) at: Whereabouts,
    pub(super) values: Values,
    pub(super) bank: BankLog,
    pub(super) ahead: TypeAhead,
    /// Said by nobody yet: played when something waits.
    pub(super) speech: Vec<Sentence>,
    pub(super) commands: VecDeque<Command>,
    pub(super) notes: Vec<Name>,
    /// Nodes visited, in order.
    pub(super) visited: Vec<Name>,
    pub(super) queue_status: Option<QueueStatus>,
    /// Menus whose introduction was said.
    pub(super) introduced: Vec<MenuId>,
    /// The hint of the first menu was said.
    pub(super) hinted: bool,
    /// A second `hash` in a row asked for longer pauses.
    pub(super) slow_once: bool,
    pub(super) limits: Limits,
    pub(super) callbacks: Callbacks,
    playbacks: u32,
}

/// What a call has to do with callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callbacks {
    /// Queues may offer one.
    Offered,
    /// Nobody would call back: none is offered.
    Refused,
    /// It is one: the bank has called.
    ThisIsOne,
}

/// Where in the menu a call is.
#[derive(Default)]
pub(super) struct Whereabouts {
    /// The task and its step; `None` in a menu.
    pub(super) step: Option<(TaskId, StepId)>,
    /// Who waits for a `return`.
    frames: Vec<Frame>,
    /// Menus from the first to the present one, for `back`.
    menus: Vec<MenuId>,
    /// How often each entry was put, in this visit of its task.
    puts: BTreeMap<(TaskId, StepId), u8>,
    /// How often each secret entry was submitted, in this call.
    submitted: BTreeMap<(TaskId, StepId), u8>,
}

/// A task that waits for another to return.
struct Frame {
    task: TaskId,
    resume: Resume,
}

enum Resume {
    /// After a `call`.
    Step(Option<StepId>),
    /// After the proof of the level that the task needs.
    Needs,
}

/// What bounds a call without a caller's help.
pub(super) struct Limits {
    /// Steps since the last key.
    pub(super) steps: u32,
    /// When an operator is called; moves on while the caller is not in menus.
    pub(super) menus_until: Instant,
    traps: u8,
    /// The limit of time in menus has sent the caller to an operator, and no queue was entered since.
    pub(super) overtime: bool,
    /// Voice messages that were not stored.
    pub(super) lost_messages: u8,
}

impl Call {
    pub(super) fn new(menu: Arc<Menu>, line: LineId, caller: Caller) -> Self {
        let profile = menu.profiles.iter().position(|profile| Some(&profile.name) == caller.profile.as_ref());
        let own_lang = caller.lang.or_else(|| menu.profiles.get(profile?)?.lang);
        let known = own_lang.filter(|lang| menu.languages.contains(lang));
        let lang = known.or_else(|| menu.languages.first().copied()).unwrap_or_default();
        Self {
            menu,
            line,
            caller,
            profile,
            lang,
            level: Level::None,
            at: Whereabouts::default(),
            values: Values::default(),
            bank: BankLog::default(),
            ahead: TypeAhead::default(),
            speech: Vec::new(),
            commands: VecDeque::new(),
            notes: Vec::new(),
            visited: Vec::new(),
            queue_status: None,
            introduced: Vec::new(),
            hinted: false,
            slow_once: false,
            limits: Limits { steps: 0, menus_until: Instant::ZERO, traps: 0, overtime: false, lost_messages: 0 },
            callbacks: Callbacks::Offered,
            playbacks: 0,
        }
    }

    /// How the caller is served, when the number has a profile.
    pub(super) fn profile(&self) -> Option<&Profile> {
        self.menu.profiles.get(self.profile?)
    }

    /// Whether speech has longer pauses and keys more time, for the whole call.
    pub(super) fn is_slow(&self) -> bool {
        self.caller.slow_speech || self.profile().is_some_and(|profile| profile.slow)
    }

    /// Where the caller begins: as the profile says, else as the line does.
    pub(super) fn start(&self) -> Node {
        self.profile().and_then(|profile| profile.start).unwrap_or(self.menu[self.line].start)
    }

    pub(super) fn next_playback(&mut self) -> PlaybackId {
        self.playbacks = self.playbacks.wrapping_add(1);
        PlaybackId(self.playbacks)
    }

    pub(super) fn command(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    pub(super) fn record(&mut self, event: CallEvent) {
        self.command(Command::Record(event));
    }

    pub(super) fn note(&mut self, note: &Name) {
        self.record(CallEvent::Noted { note: note.clone() });
        if !self.notes.contains(note) {
            self.notes.push(note.clone());
        }
    }

    fn visit(&mut self, node: &Name) {
        self.record(CallEvent::Visited { node: node.clone() });
        if self.visited.len() < MAX_PATH && self.visited.last() != Some(node) {
            self.visited.push(node.clone());
        }
    }

    /// What "operator" means here: the nearest enclosing task's own, else the menu's.
    fn operator(&self) -> Node {
        let tasks = self.at.step.map(|(task, _)| task).into_iter();
        let enclosing = tasks.chain(self.at.frames.iter().rev().map(|frame| frame.task));
        let mut own = enclosing.filter_map(|task| self.menu[task].operator);
        own.next().unwrap_or(Node::Task(self.menu.operator))
    }
}

/// One handling of an event: the call, the time, the world.
pub(super) struct Turn<'a> {
    pub(super) call: &'a mut Call,
    pub(super) now: Now,
    pub(super) world: &'a World<'a>,
}

impl Turn<'_> {
    pub(super) fn menu(&self) -> Arc<Menu> {
        Arc::clone(&self.call.menu)
    }

    pub(super) fn sources(&self) -> Sources<'_> {
        Sources { call: self.call, now: self.now, world: self.world }
    }

    pub(super) fn holds(&self, condition: &Condition) -> bool {
        self.sources().holds(condition)
    }

    /// The day in the bank's zone.
    pub(super) fn today(&self) -> jiff::civil::Date {
        self.call.menu.bank.zone.to_datetime(self.now.wall).date()
    }

    /// Silence at once, when something plays.
    pub(super) fn stop(&mut self, playing: bool) {
        if playing {
            self.call.command(Command::StopPlayback);
        }
    }

    /// Leaves whatever runs for a node.
    pub(super) fn enter(&mut self, node: Node) -> Stepped {
        self.call.at.frames.clear();
        match node {
            Node::Task(task) => self.enter_task(task),
            Node::Menu(menu) => {
                self.call.at.step = None;
                self.push_menu(menu);
                let name = self.call.menu[menu].name.clone();
                self.call.visit(&name);
                Ok(Next::Menu(menu))
            }
        }
    }

    fn push_menu(&mut self, menu: MenuId) {
        let menus = &mut self.call.at.menus;
        match menus.iter().position(|opened| *opened == menu) {
            Some(index) => menus.truncate(index + 1),
            None => menus.push(menu),
        }
    }

    fn enter_task(&mut self, id: TaskId) -> Stepped {
        let menu = self.menu();
        let task = &menu[id];
        self.call.visit(&task.name);
        self.call.at.step = Some((id, task.first));
        self.call.at.puts.retain(|(of, _), _| *of != id);
        match task.needs {
            Some(needed) if self.call.level < needed => {
                let proof = menu.proofs.iter().find(|(level, _)| *level == needed);
                let (_, proof) = proof.ok_or(Trap("no_proof_of_level"))?;
                self.push_frame(Frame { task: id, resume: Resume::Needs })?;
                self.enter_task(*proof)
            }
            _ => Ok(Next::Run(task.first)),
        }
    }

    fn push_frame(&mut self, frame: Frame) -> Result<(), Trap> {
        if self.call.at.frames.len() >= MAX_CALL_DEPTH {
            return Err(Trap("calls_too_deep"));
        }
        self.call.at.frames.push(frame);
        Ok(())
    }

    /// Runs a task and comes back to a step.
    pub(super) fn call_task(&mut self, callee: TaskId, resume: Option<StepId>) -> Stepped {
        let (task, _) = self.call.at.step.ok_or(Trap("no_task"))?;
        self.push_frame(Frame { task, resume: Resume::Step(resume) })?;
        self.enter_task(callee)
    }

    fn return_to_caller(&mut self) -> Stepped {
        let Some(frame) = self.call.at.frames.pop() else {
            // A callback begins at a queue: whoever called the task of that queue is not there.
            let over = Next::End(crate::model::Cause::MenuEnded);
            return match self.call.callbacks {
                Callbacks::ThisIsOne => Ok(over),
                Callbacks::Offered | Callbacks::Refused => Err(Trap("nothing_to_return_to")),
            };
        };
        let menu = self.menu();
        let task = &menu[frame.task];
        self.call.at.step = Some((frame.task, task.first));
        match frame.resume {
            Resume::Step(Some(step)) => Ok(Next::Run(step)),
            Resume::Step(None) => self.return_to_caller(),
            Resume::Needs if task.needs.is_none_or(|needed| self.call.level >= needed) => Ok(Next::Run(task.first)),
            Resume::Needs => Err(Trap("level_not_proven")),
        }
    }

    /// What follows a step.
    pub(super) fn after(&mut self, next: Option<StepId>) -> Stepped {
        match next {
            Some(step) => Ok(Next::Run(step)),
            None => self.return_to_caller(),
        }
    }

    pub(super) fn go(&mut self, go: Go) -> Stepped {
        match go {
            Go::Node(node) => self.enter(node),
            Go::Operator => {
                let node = self.call.operator();
                self.enter(node)
            }
            Go::Back => self.back(),
            Go::Repeat => self.here(),
            Go::SwitchLanguage => {
                self.switch_language();
                self.here()
            }
            Go::Return => self.return_to_caller(),
            Go::HangUp => Ok(Next::End(crate::model::Cause::MenuEnded)),
        }
    }

    /// The same place once more.
    fn here(&mut self) -> Stepped {
        match (self.call.at.step, self.call.at.menus.last()) {
            (Some((_, step)), _) => Ok(Next::Run(step)),
            (None, Some(menu)) => Ok(Next::Menu(*menu)),
            (None, None) => Err(Trap("nowhere")),
        }
    }

    /// To the menu from which this was opened.
    fn back(&mut self) -> Stepped {
        let menu = self.menu();
        if self.call.at.step.is_none() {
            let Some(left) = self.call.at.menus.pop() else { return Err(Trap("nowhere")) };
            if self.call.at.menus.is_empty() {
                self.call.at.menus.push(left);
                return match menu[left].back {
                    None | Some(Go::Back | Go::Repeat) => Ok(Next::Menu(left)),
                    Some(go) => self.go(go),
                };
            }
        }
        match self.call.at.menus.last() {
            Some(opened_from) => self.enter(Node::Menu(*opened_from)),
            None => self.here(),
        }
    }

    fn switch_language(&mut self) {
        let languages = &self.call.menu.languages;
        let index = languages.iter().position(|lang| *lang == self.call.lang).unwrap_or(0);
        if let Some(lang) = languages.get((index + 1) % languages.len().max(1)).copied() {
            self.set_language(lang);
        }
    }

    pub(super) fn set_language(&mut self, lang: Lang) {
        if self.call.lang != lang {
            self.call.lang = lang;
            self.call.record(CallEvent::LanguageChosen { lang });
        }
    }

    /// Notes, grants, says, and goes where an action leads; `next` is where it leads when it says nothing of it.
    pub(super) fn act(&mut self, action: &Action, next: Option<StepId>) -> Stepped {
        if let Some(note) = &action.note {
            self.call.note(note);
        }
        if let Some(level) = action.grants
            && level > self.call.level
        {
            self.call.level = level;
            self.call.record(CallEvent::LevelReached { level });
        }
        if let Some(phrase) = action.say {
            if action.then != Then::Continue {
                // It is off the usual path: keys pressed ahead were meant for another.
                self.call.ahead.clear();
            }
            self.say(phrase)?;
        }
        match action.then {
            Then::Continue => self.after(next),
            Then::Go(go) => self.go(go),
            Then::Again(step) => {
                self.call.ahead.clear();
                Ok(Next::Run(step))
            }
        }
    }

    /// Something that the checker rules out, or ran for ever: to an operator, and at last an end.
    pub(super) fn fall_back(&mut self, trap: &Trap) -> Next {
        let note: Name = trap.0.into();
        self.call.note(&note);
        self.call.limits.steps = 0;
        self.call.limits.traps += 1;
        if self.call.limits.traps > MAX_TRAPS {
            return Next::End(crate::model::Cause::Failed);
        }
        let operator = self.call.operator();
        Next::Go(Go::Node(operator))
    }

    /// Counts a putting of an entry; `false` when its attempts are used up.
    pub(super) fn put(&mut self, entry: (TaskId, StepId), attempts: u8) -> bool {
        let submitted = self.call.at.submitted.get(&entry).copied().unwrap_or(0);
        let puts = self.call.at.puts.entry(entry).or_default();
        if *puts >= attempts || submitted >= attempts {
            return false;
        }
        *puts += 1;
        true
    }

    /// Counts a submitted secret for the whole call: opening its task anew gives no further guesses.
    pub(super) fn submitted(&mut self, entry: (TaskId, StepId)) {
        let submitted = self.call.at.submitted.entry(entry).or_default();
        *submitted = submitted.saturating_add(1);
    }

    /// The time in menus counts from now on again, after an operator, a queue or a message.
    pub(super) fn back_in_menus(&mut self) {
        self.call.limits.menus_until = self.now.instant + self.call.menu.call_limit.max(Duration::from_secs(1));
    }
}
