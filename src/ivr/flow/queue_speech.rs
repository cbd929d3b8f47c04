//! What is announced to those who wait, and when.

use super::QueueStatus;
use super::call::{Callbacks, Turn};
use crate::ivr::menu::{Menu, PhraseId, Queue, Waiting};
use crate::ivr::speech::{Format, Ladder};
use crate::model::Instant;
use std::time::Duration;

/// How often the wait is announced where the position is not.
const EVERY: Duration = Duration::from_mins(1);

/// By how many lines of the ladder an estimate must have grown before a longer wait is admitted.
const GROWN: usize = 2;

/// What was announced and what is due.
pub(super) struct Announcements {
    welcomed: bool,
    place_at: Instant,
    tip_at: Option<Instant>,
    tips: usize,
    said_position: Option<u32>,
    said_wait: Option<Duration>,
    offer: Offer,
}

/// The offer to call back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// The queue calls nobody back.
    None,
    /// Made when its time has come and its condition holds.
    From(Instant),
    /// Made, once.
    Made,
}

/// How soon an offer whose condition does not hold is thought of again.
const OFFER_AGAIN: Duration = Duration::from_secs(15);

impl Announcements {
    pub(super) fn new(queue: &Queue, now: Instant) -> Self {
        let tip_at = queue.waiting.tips.as_ref().map(|(every, _)| now + *every);
        let offer = queue.callback.as_ref().map_or(Offer::None, |callback| Offer::From(now + callback.offer_after));
        Self { welcomed: false, place_at: now, tip_at, tips: 0, said_position: None, said_wait: None, offer }
    }

    /// The same for a caller who has been welcomed.
    pub(super) fn welcomed(queue: &Queue, now: Instant) -> Self {
        Self { welcomed: true, ..Self::new(queue, now) }
    }

    /// When the next is due.
    pub(super) fn deadline(&self, status: Option<QueueStatus>) -> Option<Instant> {
        let place = status.map(|_| self.place_at);
        let offer = match self.offer {
            Offer::From(at) => Some(at),
            Offer::None | Offer::Made => None,
        };
        place.into_iter().chain(self.tip_at).chain(offer).min()
    }

    /// Whether the caller was told of the callback: from then on its key works.
    pub(super) fn callback_offered(&self) -> bool {
        self.offer == Offer::Made
    }

    /// No callback could be ordered: says so, and the place will be said again.
    pub(super) fn refused(&mut self, turn: &mut Turn, phrase: Option<PhraseId>) {
        say(turn, phrase);
        (self.place_at, self.said_position) = (turn.now.instant, None);
    }

    /// Adds what is due to what is said next. An announcement that cannot be said is left out: the caller keeps the
    /// place.
    pub(super) fn say_due(&mut self, turn: &mut Turn, queue: &Queue) {
        if !self.welcomed {
            self.welcomed = true;
            say(turn, queue.waiting.enter);
            if !turn.call.speech.is_empty() {
                return;
            }
        }
        let now = turn.now.instant;
        if self.place_at <= now {
            match turn.call.queue_status {
                Some(status) => self.say_place(turn, &queue.waiting, status),
                // Nobody has said the place yet: look again, but not at once for ever.
                None => self.place_at = now + Duration::from_secs(1),
            }
        }
        self.offer_callback(turn, queue);
        if let (Some(at), Some((every, tips))) = (self.tip_at, &queue.waiting.tips)
            && at <= now
        {
            say(turn, tips.get(self.tips % tips.len().max(1)).copied());
            self.tips += 1;
            self.tip_at = Some(now + (*every).max(Duration::from_secs(1)));
        }
    }

    fn offer_callback(&mut self, turn: &mut Turn, queue: &Queue) {
        let (Offer::From(at), Some(callback)) = (self.offer, &queue.callback) else { return };
        if turn.call.callbacks == Callbacks::Refused {
            self.offer = Offer::None;
            return;
        }
        let now = turn.now.instant;
        if now < at {
            return;
        }
        if callback.offer_if.as_ref().is_none_or(|condition| turn.holds(condition)) {
            say(turn, Some(callback.say));
            self.offer = Offer::Made;
        } else {
            self.offer = Offer::From(now + OFFER_AGAIN);
        }
    }

    fn say_place(&mut self, turn: &mut Turn, waiting: &Waiting, status: QueueStatus) {
        let notice = waiting.position.as_ref();
        let every = notice.map_or(EVERY, |notice| notice.every).max(Duration::from_secs(1));
        self.place_at = turn.now.instant + every;
        let only_if_improved = notice.is_some_and(|notice| notice.only_if_improved);
        if only_if_improved && self.said_position.is_some_and(|said| status.position >= said) {
            return;
        }
        self.said_position = Some(status.position);
        if let Some(notice) = notice {
            let first = notice.next.filter(|_| status.position == 1);
            say(turn, Some(first.unwrap_or(notice.say)));
        }
        if let (Some((phrase, samples)), Some(wait)) = (waiting.wait_time, status.wait)
            && status.samples >= samples
        {
            self.say_wait(turn, phrase, status, wait);
        }
    }

    /// A later announcement never says more than the earlier one, unless the estimate grew by two lines.
    fn say_wait(&mut self, turn: &mut Turn, phrase: PhraseId, status: QueueStatus, wait: Duration) {
        let menu = turn.menu();
        let wait = match self.said_wait {
            Some(said) if !grown(&menu, phrase, said, wait) => wait.min(said),
            _ => wait,
        };
        self.said_wait = Some(wait);
        turn.call.queue_status = Some(QueueStatus { wait: Some(wait), ..status });
        say(turn, Some(phrase));
        turn.call.queue_status = Some(status);
    }
}

fn say(turn: &mut Turn, phrase: Option<PhraseId>) {
    let Some(phrase) = phrase else { return };
    if turn.say_always(phrase).is_err() {
        turn.call.note(&"announcement_left_out".into());
    }
}

fn grown(menu: &Menu, phrase: PhraseId, said: Duration, wait: Duration) -> bool {
    let format = menu[phrase].texts.iter().flat_map(|(_, text)| text.values()).find_map(|(_, format, _)| format);
    let ladder = match format {
        Some(Format::Ladder(name)) => menu.ladders.iter().find(|ladder| ladder.name == *name),
        _ => None,
    };
    match ladder {
        Some(ladder) => line(ladder, wait) >= line(ladder, said) + GROWN,
        None => wait > said * 2,
    }
}

/// The index of the ladder's line for a length of time.
fn line(ladder: &Ladder, length: Duration) -> usize {
    let fits = ladder.steps.iter().position(|step| step.below.is_none_or(|below| length < below));
    fits.unwrap_or(ladder.steps.len())
}
