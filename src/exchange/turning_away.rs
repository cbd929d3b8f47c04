//! A caller above the limits hears that there is no room, and is refused.
//!
//! ```text
//!  INVITE ──▶ Opening ──ports──▶ 183 with SDP ── the announcement ──▶ 486 with Retry-After
//!                  └─ no place left, no offer, no phrase ──▶ 503 with Retry-After
//! ```
//!
//! It is said before an answer, so that nobody pays for it, and no call of the provider's is counted as answered. 486
//! ends it and not 503: after a 503 a trunk may send us nothing until Retry-After is over (RFC 3261 §21.5.4), and then
//! nobody else would hear anything. Above the few places for it, 503 says just that, so that a trunk tries elsewhere.

use super::call::{Description, Phase, TurnedAway};
use super::{Command, Exchange};
use crate::ivr::menu::Phrase;
use crate::ivr::speech::{Inventory, Ladders, Utterance, gap, utter};
use crate::model::{CallEvent, CallId, Lang, Now, PlayItem, Playlist};
use crate::voip::media::{MediaCommand, PlaybackId};
use crate::voip::sdp::{Negotiated, Negotiation};
use crate::voip::sip::Status;
use std::time::Duration;

/// The announcement's playback; the stream plays nothing else.
pub(super) const NO_ROOM: PlaybackId = PlaybackId(6 << 32);
/// The longest announcement.
const LONGEST: Duration = Duration::from_secs(30);

impl Exchange {
    /// Lets a caller hear that there is no room.
    pub(super) fn turn_away(
        &mut self,
        now: Now,
        id: CallId,
        negotiation: Negotiation,
        (answer, negotiated): (String, Negotiated),
    ) {
        let Some(playlist) = self.no_room() else { return self.answer_outside(now, id, Status::SERVICE_UNAVAILABLE) };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (leg, stream) = (call.leg, call.stream);
        let description = Description { negotiation, pending: None, direction: Some(negotiated.direction) };
        call.phase = Phase::TurnedAway(Box::new(TurnedAway { description, until: now.instant + LONGEST }));
        self.record(now, id, CallEvent::Noted { note: "above the limits: told that there is no room".into() });
        self.open_media(stream, negotiated);
        self.sip.progress(now.instant, leg, Status::SESSION_PROGRESS, Some(answer.into_bytes()));
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: NO_ROOM, playlist }));
        self.set_wake(id);
    }

    /// The announcement was heard.
    pub(super) fn turned_away(&mut self, now: Now, id: CallId) {
        if self.calls.get(&id).is_some_and(|call| matches!(call.phase, Phase::TurnedAway(_))) {
            self.answer_outside(now, id, Status::BUSY_HERE);
        }
    }

    /// The announcement in every language of the menu; `None` when nothing of it can be said.
    fn no_room(&self) -> Option<Playlist> {
        let wanted = &self.config.no_room.as_ref()?.phrase;
        let phrase = self.menu.phrases.iter().find(|phrase| phrase.name == *wanted)?;
        let said = self.menu.languages.iter().filter_map(|lang| utterance(phrase, *lang, &*self.inventory));
        let said = said.map(|said| said.items).filter(|items| !items.is_empty());
        let said =
            said.reduce(|before, next| before.into_iter().chain([PlayItem::Gap(gap::SENTENCE)]).chain(next).collect());
        said.map(Playlist::of)
    }
}

/// A phrase without values; `None` for one that has some, or that is not in the language.
pub(super) fn utterance(phrase: &Phrase, lang: Lang, inventory: &dyn Inventory) -> Option<Utterance> {
    let (_, text) = phrase.texts.iter().find(|(of, _)| *of == lang)?;
    utter(lang, &phrase.name, text, &|_| None, &Ladders::default(), inventory).ok()
}
