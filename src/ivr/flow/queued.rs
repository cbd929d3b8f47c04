//! Queued: the caller waits for an operator.
//!
//! ```text
//! Opening ──place known──▶ Words (enter) ──▶ Words (position, wait) ──▶ Music ──due──▶ Words …
//!    any of them ──Connected──▶ Talking      any of them ──key, end──▶ the menu
//! ```
//!
//! The key `callback` that is not offered yet counts as no key.

use super::call::Turn;
use super::ear::Playing;
use super::next::{Next, Stepped, Trap};
use super::ordering::{self, Ordered, Ordering};
use super::queue_speech::Announcements;
use super::saying;
use super::sources::Sources;
use super::states::State;
use super::talking::Talking;
use super::whisper;
use super::{Command, Enqueue, PlaybackId, QueueEnd, QueueStatus};
use crate::ivr::menu::{Menu, QueueId, QueueResult, QueueStep, Step, StepId, TaskId, WaitingKey};
use crate::model::{CallEvent, Cause, Digit, Instant};
use std::time::Duration;

/// How long the queue may take to say whether there is a place, before the caller hears anything.
const OPENING: Duration = Duration::from_millis(300);

/// A place in a queue, and the step that wants it.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    task: TaskId,
    step: StepId,
    queue: QueueId,
    entered: Instant,
}

impl Ticket {
    /// The queue.
    pub(super) const fn queue(&self) -> QueueId {
        self.queue
    }

    /// The same step's place in another queue.
    pub(super) const fn handed_on(self, queue: QueueId, now: Instant) -> Self {
        Self { queue, entered: now, ..self }
    }

    /// The place of a callback: what follows the talk is what follows it for callers of the same queue. `None` when
    /// no step of the menu leads to it.
    pub(super) fn of_callback(menu: &Menu, queue: QueueId, now: Instant) -> Option<Self> {
        let (task, step) = menu.callback_step(queue)?;
        Some(Self { task, step, queue, entered: now })
    }
}

/// A caller who waits.
pub(super) struct Queued {
    ticket: Ticket,
    sound: Sound,
    announcements: Announcements,
}

/// What is heard.
enum Sound {
    /// Nothing: only a queue that has a place promises an operator.
    Opening {
        /// When it is promised all the same.
        until: Instant,
    },
    /// Something said.
    Words(Playing),
    /// Music.
    Music,
    /// The questions about a callback.
    Ordering(Ordering),
}

fn queue_at(menu: &Menu, task: TaskId, step: StepId) -> Result<&QueueStep, Trap> {
    match &menu[task][step].step {
        Step::Queue(queue) => Ok(queue),
        _ => Err(Trap("not_a_queue")),
    }
}

/// Enters a queue; what is still to be said is said while waiting.
pub(super) fn enter(turn: &mut Turn, task: TaskId, step: StepId) -> Stepped {
    let menu = turn.menu();
    let wanted = queue_at(&menu, task, step)?;
    let queue = &menu[wanted.queue];
    turn.call.ahead.clear();
    turn.call.queue_status = None;
    turn.call.limits.overtime = false;
    turn.call.record(CallEvent::Queued { queue: queue.name.clone() });
    let enqueue = Enqueue {
        queue: wanted.queue,
        priority: wanted.priority.saturating_add(turn.call.profile().map_or(0, |profile| profile.priority)),
        skills: wanted.skills.clone(),
        lang: turn.call.lang,
        whisper: whisper::prompts(turn, queue),
        screen: whisper::screen(turn, queue),
    };
    turn.call.command(Command::Enqueue(enqueue));
    let entered = turn.now.instant;
    let sound = turn.play().map_or(Sound::Opening { until: entered + OPENING }, Sound::Words);
    let ticket = Ticket { task, step, queue: wanted.queue, entered };
    Ok(Next::Wait(State::Queued(Queued { ticket, sound, announcements: Announcements::new(queue, entered) })))
}

/// Follows the end of a queue.
pub(super) fn result(turn: &mut Turn, ticket: &Ticket, result: QueueResult) -> Stepped {
    let menu = turn.menu();
    turn.call.queue_status = None;
    turn.call.at.step = Some((ticket.task, ticket.step));
    let results = &queue_at(&menu, ticket.task, ticket.step)?.results;
    match results.iter().find(|(named, _)| *named == result) {
        Some((_, action)) => turn.act(action, menu[ticket.task][ticket.step].next),
        None if result == QueueResult::Finished => Ok(Next::End(Cause::OperatorHungUp)),
        None => Err(Trap("queue_result_not_handled")),
    }
}

impl Queued {
    /// Back at the front after an operator's side broke down.
    pub(super) fn again(turn: &mut Turn, ticket: Ticket) -> Self {
        let menu = turn.menu();
        let queue = &menu[ticket.queue];
        turn.play_looped(&queue.music);
        let announcements = Announcements::welcomed(queue, turn.now.instant);
        Self { ticket, sound: Sound::Music, announcements }
    }

    pub(super) fn deadline(&self) -> Instant {
        match &self.sound {
            Sound::Opening { until } => *until,
            Sound::Words(playing) => playing.given_up,
            Sound::Ordering(ordering) => ordering.deadline(),
            // Without any announcement there is nothing to wait for but the queue's own end.
            Sound::Music => self.due().unwrap_or(Instant::from_nanos(u64::MAX)),
        }
    }

    fn due(&self) -> Option<Instant> {
        self.announcements.deadline(Some(QueueStatus { position: 0, wait: None, samples: 0 }))
    }

    fn wait(self) -> Next {
        Next::Wait(State::Queued(self))
    }

    /// Says what is due, else plays music.
    fn go_on(mut self, turn: &mut Turn) -> Next {
        let menu = turn.menu();
        let queue = &menu[self.ticket.queue];
        self.announcements.say_due(turn, queue);
        self.sound = match (turn.play_over(&queue.music), self.sound) {
            (Some(playing), _) => Sound::Words(playing),
            (None, Sound::Music) => Sound::Music,
            (None, Sound::Opening { .. } | Sound::Words(_) | Sound::Ordering(_)) => {
                turn.play_looped(&queue.music);
                Sound::Music
            }
        };
        self.wait()
    }

    pub(super) fn status(self, turn: &mut Turn, status: QueueStatus) -> Next {
        turn.call.queue_status = Some(status);
        match self.sound {
            Sound::Opening { .. } => self.go_on(turn),
            Sound::Music if self.due().is_some_and(|due| due <= turn.now.instant) => self.go_on(turn),
            Sound::Words(_) | Sound::Music | Sound::Ordering(_) => self.wait(),
        }
    }

    pub(super) fn playback_ended(self, turn: &mut Turn, id: PlaybackId) -> Next {
        match self.sound {
            Sound::Ordering(ordering) => {
                let sound = Sound::Ordering(ordering.playback_ended(turn, id));
                Self { sound, ..self }.wait()
            }
            Sound::Words(playing) if playing.id == id => self.go_on(turn),
            _ => self.wait(),
        }
    }

    pub(super) fn timeout(self, turn: &mut Turn) -> Next {
        if turn.now.instant < self.deadline() {
            return self.wait();
        }
        let menu = turn.menu();
        match (self.sound, &menu[self.ticket.queue].callback) {
            (Sound::Ordering(ordering), Some(callback)) => {
                let unanswered = ordering.is_sent();
                let ordered = ordering.timeout(turn, callback);
                let state = Self { sound: Sound::Opening { until: turn.now.instant }, ..self };
                if unanswered { state.refused(turn) } else { state.ordered(turn, ordered) }
            }
            (sound, _) => Self { sound, ..self }.go_on(turn),
        }
    }

    /// Follows the questions about a callback; without them, or when one cannot be said, the caller waits on.
    fn ordered(mut self, turn: &mut Turn, ordered: Result<Ordered, Trap>) -> Next {
        match ordered {
            Ok(Ordered::More(ordering)) => {
                self.sound = Sound::Ordering(ordering);
                self.wait()
            }
            Ok(Ordered::Never) => self.go_on(turn),
            Err(Trap(defect)) => {
                turn.call.note(&defect.into());
                self.go_on(turn)
            }
        }
    }

    /// The queue has answered the order of a callback.
    pub(super) fn callback_ordered(self, turn: &mut Turn, accepted: bool) -> Stepped {
        match &self.sound {
            Sound::Ordering(ordering) if ordering.is_sent() && accepted => {
                self.gone(turn, "callback");
                result(turn, &self.ticket, QueueResult::Callback)
            }
            Sound::Ordering(ordering) if ordering.is_sent() => Ok(self.refused(turn)),
            _ => Ok(self.wait()),
        }
    }

    /// No callback: the caller is told so, or asked to stay on the line, and hears the place anew.
    fn refused(mut self, turn: &mut Turn) -> Next {
        let menu = turn.menu();
        let queue = &menu[self.ticket.queue];
        let refused = queue.callback.as_ref().and_then(|callback| callback.refused);
        self.announcements.refused(turn, refused.or(queue.waiting.enter));
        self.sound = Sound::Opening { until: turn.now.instant };
        self.go_on(turn)
    }

    pub(super) fn key(self, turn: &mut Turn, digit: Digit) -> Stepped {
        let menu = turn.menu();
        let queue = &menu[self.ticket.queue];
        let state = match (self.sound, &queue.callback) {
            (Sound::Ordering(ordering), Some(callback)) => {
                let ordered = ordering.key(turn, callback, digit);
                let state = Self { sound: Sound::Opening { until: turn.now.instant }, ..self };
                return Ok(state.ordered(turn, ordered));
            }
            (sound, _) => Self { sound, ..self },
        };
        match queue.waiting.keys.iter().find(|(key, _)| *key == digit) {
            Some((_, WaitingKey::Go(go))) => {
                turn.call.command(Command::LeaveQueue);
                state.left(turn, "left");
                turn.go(*go)
            }
            Some((_, WaitingKey::Leave)) if state.can_leave(&menu) => {
                turn.call.command(Command::LeaveQueue);
                state.left(turn, "left");
                result(turn, &state.ticket, QueueResult::Left)
            }
            Some((_, WaitingKey::Callback)) if state.announcements.callback_offered() => Ok(state.begin_order(turn)),
            Some((_, WaitingKey::Callback | WaitingKey::Leave)) | None => Ok(state.wait()),
        }
    }

    /// Whom an operator has handed to another queue may stand in one whose key the step says nothing of.
    fn can_leave(&self, menu: &Menu) -> bool {
        let step = queue_at(menu, self.ticket.task, self.ticket.step);
        step.is_ok_and(|step| step.results.iter().any(|(result, _)| *result == QueueResult::Left))
    }

    fn begin_order(self, turn: &mut Turn) -> Next {
        let menu = turn.menu();
        let Some(callback) = &menu[self.ticket.queue].callback else { return self.wait() };
        turn.stop(true);
        turn.call.speech.clear();
        let ordered = ordering::begin(turn, callback);
        Self { sound: Sound::Opening { until: turn.now.instant }, ..self }.ordered(turn, ordered)
    }

    /// The keys that work: that of the callback once it was offered.
    pub(super) fn keys(&self, sources: &Sources) -> Vec<Digit> {
        if let Sound::Ordering(ordering) = &self.sound {
            return ordering.keys();
        }
        let keys = sources.call.menu[self.ticket.queue].waiting.keys.iter();
        let works = |does: &WaitingKey| match does {
            WaitingKey::Go(_) => true,
            WaitingKey::Callback => self.announcements.callback_offered(),
            WaitingKey::Leave => self.can_leave(&sources.call.menu),
        };
        keys.filter(|(_, does)| works(does)).map(|(key, _)| *key).collect()
    }

    /// An operator has taken the call: silence at once, whatever was being said.
    pub(super) fn connected(self, turn: &mut Turn) -> Next {
        turn.stop(!matches!(self.sound, Sound::Opening { .. }));
        Next::Wait(State::Talking(Talking { ticket: self.ticket }))
    }

    pub(super) fn ended(self, turn: &mut Turn, end: QueueEnd) -> Stepped {
        let (outcome, what) = match end {
            QueueEnd::Timeout => ("timeout", QueueResult::Timeout),
            QueueEnd::Full => ("full", QueueResult::Timeout),
            QueueEnd::Nobody => ("nobody", QueueResult::Nobody),
        };
        turn.stop(matches!(self.sound, Sound::Music | Sound::Ordering(_)));
        self.gone(turn, outcome);
        match self.sound {
            // Often it ends at once: what was said on the way here, such as that a card still works, is not cut.
            Sound::Words(playing) => Ok(saying::finish(playing, Next::QueueOver(self.ticket, what))),
            Sound::Opening { .. } | Sound::Music | Sound::Ordering(_) => result(turn, &self.ticket, what),
        }
    }

    /// The caller hung up.
    pub(super) fn abandoned(&self, turn: &mut Turn) {
        turn.call.command(Command::LeaveQueue);
        self.record_left(turn, "abandoned");
    }

    fn left(&self, turn: &mut Turn, outcome: &str) {
        turn.stop(!matches!(self.sound, Sound::Opening { .. }));
        self.gone(turn, outcome);
    }

    fn gone(&self, turn: &mut Turn, outcome: &str) {
        turn.call.queue_status = None;
        turn.back_in_menus();
        self.record_left(turn, outcome);
    }

    fn record_left(&self, turn: &mut Turn, outcome: &str) {
        let queue = turn.call.menu[self.ticket.queue].name.clone();
        let waited = turn.now.instant - self.ticket.entered;
        turn.call.record(CallEvent::QueueLeft { queue, waited, outcome: outcome.into() });
    }
}
