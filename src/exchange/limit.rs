//! When a call is looked at again, and how it ends when it comes to its limit: of length, or of the server's stopping.
//!
//! ```text
//!  a minute before        who talk hear a tone: there is time to say what must be said
//!  a sentence before      queue, ringing phones, operator and target are let go; the caller hears the farewell
//!  its end, or the limit  BYE
//! ```
//!
//! The flow has ended when the farewell begins, so nothing that comes meanwhile, a key or an answer of the bank, leads
//! anywhere. A caller for whom the menu has no farewell, or has no recording of it, is hung up at the limit.

use super::call::{Call, Link, Phase, Standing};
use super::notice::START;
use super::transfer::Stage;
use super::{Command, Exchange, LegEnd, turning_away};
use crate::ivr::flow::CallFlow;
use crate::ivr::menu::Menu;
use crate::ivr::speech::Utterance;
use crate::model::{CallEvent, CallId, Cause, Instant, Lang, Now};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use std::time::Duration;

/// The farewell; the flow's own playbacks are numbered within 32 bits.
pub(super) const FAREWELL: PlaybackId = PlaybackId(9 << 32);
/// How long before the limit who talk are warned.
const WARNING: Duration = Duration::from_secs(60);
/// A conversation that begins later than that is not warned in its first words.
const FIRST_WORDS: Duration = Duration::from_secs(10);

impl Exchange {
    /// A call's time has come.
    pub(super) fn wake(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.wake = None;
        match call.phase {
            Phase::Calling(_) => self.customer_overdue(now, id),
            Phase::TurnedAway(_) => self.turned_away(now, id),
            Phase::Standing(_) => self.standing_due(now, id),
            Phase::Opening(_) | Phase::Answered(_) => {}
        }
    }

    fn standing_due(&mut self, now: Now, id: CallId) {
        let Some(Phase::Standing(standing)) = self.calls.get(&id).map(|call| &call.phase) else { return };
        let (limit, cause) = self.limit(standing);
        if limit <= now.instant {
            self.end_call(now, id, cause, LegEnd::Ours);
            return;
        }
        if !matches!(standing.link, Link::Leaving(_)) && limit - standing.farewell <= now.instant {
            self.take_leave(now, id, cause);
            return;
        }
        if self.warning(standing).is_some_and(|at| at <= now.instant) {
            self.warn(id);
        }
        self.target_overdue(now, id);
        self.tell_place(now, id);
        self.with_flow(now, id, CallFlow::handle_timeout);
    }

    pub(super) fn set_wake(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else { return };
        let wake = match &call.phase {
            Phase::Standing(standing) => {
                let (limit, _) = self.limit(standing);
                let flow = standing.flow.poll_timeout().and_then(|at| standing.clock.comes(at));
                let (ringing, end) = match &standing.link {
                    Link::Transferring(transfer) => (transfer.deadline(), limit - standing.farewell),
                    Link::Menu | Link::Queued(_) | Link::Talking(_) => (None, limit - standing.farewell),
                    Link::Leaving(_) => (None, limit),
                };
                Some([flow, ringing, self.warning(standing)].into_iter().flatten().fold(end, Instant::min))
            }
            Phase::Calling(calling) => Some(calling.deadline()),
            Phase::TurnedAway(turned_away) => Some(turned_away.until),
            Phase::Opening(_) | Phase::Answered(_) => None,
        };
        if call.wake == wake {
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(before) = std::mem::replace(&mut call.wake, wake) {
            self.wakes.remove(&(before, id));
        }
        if let Some(wake) = wake {
            self.wakes.insert((wake, id));
        }
    }

    /// When the call ends at the latest, and for which cause.
    fn limit(&self, standing: &Standing) -> (Instant, Cause) {
        let longest = standing.answered + self.config.call_length;
        match self.drain_until {
            Some(until) if until < longest => (until, Cause::Draining),
            Some(_) | None => (longest, Cause::TooLong),
        }
    }

    /// When the two of a conversation are to be warned; `None` when they are, or nobody talks.
    fn warning(&self, standing: &Standing) -> Option<Instant> {
        let since = talk(standing).filter(|_| !standing.warned)?.since;
        let at = (self.limit(standing).0 - WARNING).max(since + FIRST_WORDS);
        (at < self.limit(standing).0 - standing.farewell).then_some(at)
    }

    /// The two of a conversation hear a tone.
    fn warn(&mut self, id: CallId) {
        let Some((caller, standing)) = self.standing(id) else { return };
        standing.warned = true;
        let Some(Talk { other, held, .. }) = talk(standing) else { return };
        self.sound_once(other, Signal::Record);
        // The music of a hold is not interrupted.
        if !held {
            self.sound_once(caller, Signal::Record);
        }
    }

    /// How long before the limit the farewell begins in a call of this menu, whatever its language then.
    pub(super) fn farewell_length(&self, menu: &Menu) -> Duration {
        let said = menu.languages.iter().filter_map(|lang| self.farewell(menu, *lang));
        said.map(|said| said.length(&*self.inventory) + START).max().unwrap_or_default()
    }

    fn farewell(&self, menu: &Menu, lang: Lang) -> Option<Utterance> {
        let wanted = self.config.farewell.as_ref()?;
        let phrase = menu.phrases.iter().find(|phrase| phrase.name == *wanted)?;
        turning_away::utterance(phrase, lang, &*self.inventory).filter(|said| said.missing.is_empty())
    }

    /// Everybody but the caller is let go, and the caller hears the farewell.
    fn take_leave(&mut self, now: Now, id: CallId, cause: Cause) {
        self.tell_flow_the_end(now, id, cause);
        self.part_from_all(now, id, cause);
        let Some(call) = self.calls.get(&id) else { return };
        let Phase::Standing(standing) = &call.phase else { return };
        let said = self.farewell(&call.menu, standing.flow.lang());
        let stream = call.stream;
        let Some(said) = said else { return self.end_call(now, id, cause, LegEnd::Ours) };
        let playlist = said.playlist();
        self.commands.push_back(Command::Media(MediaCommand::StopRecording { stream }));
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: FAREWELL, playlist }));
        self.set_wake(id);
    }

    fn part_from_all(&mut self, now: Now, id: CallId, cause: Cause) {
        let Some((caller, standing)) = self.standing(id) else { return };
        (standing.playing, standing.message) = (None, None);
        if matches!(standing.link, Link::Talking(_)) {
            let Some(talking) = self.part(now, id, LegEnd::Ours, Link::Leaving(cause)) else { return };
            self.acd.talk_ended(now, id);
            let talked = now.instant.since(talking.since);
            let event = CallEvent::TalkEnded { operator: talking.operator, talked, by_operator: false };
            self.record(now, id, event);
            return;
        }
        match std::mem::replace(&mut standing.link, Link::Leaving(cause)) {
            Link::Queued(_) => self.acd.leave(now, id),
            Link::Transferring(transfer) => {
                if let Stage::Bridged(bridged) = &transfer.stage {
                    let unbridge = MediaCommand::Unbridge { a: caller, b: bridged.stream };
                    self.commands.push_back(Command::Media(unbridge));
                }
                self.leave_target(now, id, *transfer, LegEnd::Ours, false);
            }
            Link::Menu | Link::Talking(_) | Link::Leaving(_) => {}
        }
    }

    /// The farewell was heard.
    pub(super) fn farewell_said(&mut self, now: Now, id: CallId) {
        if let Some(cause) = self.calls.get(&id).and_then(Call::leaves_for) {
            self.end_call(now, id, cause, LegEnd::Ours);
        }
    }

    /// Every call that stands has a new limit.
    pub(super) fn limits_changed(&mut self) {
        let all: Vec<CallId> = self.calls.keys().copied().collect();
        for id in all {
            self.set_wake(id);
        }
    }
}

/// A conversation of a caller, with whomever.
pub(super) struct Talk {
    pub other: StreamId,
    pub since: Instant,
    /// The caller hears music.
    pub held: bool,
}

pub(super) fn talk(standing: &Standing) -> Option<Talk> {
    match &standing.link {
        Link::Talking(talking) => Some(Talk { other: talking.stream, since: talking.since, held: talking.held }),
        Link::Transferring(transfer) => match &transfer.stage {
            Stage::Bridged(bridged) => Some(Talk { other: bridged.stream, since: bridged.since, held: bridged.held }),
            Stage::Referring | Stage::Binding(_) | Stage::Inviting(_) => None,
        },
        Link::Menu | Link::Queued(_) | Link::Leaving(_) => None,
    }
}
