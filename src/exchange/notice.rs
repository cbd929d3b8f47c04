//! Whether a caller was told that conversations are recorded.
//!
//! Told is who heard the phrase to its end: what plays ended, or was cut off by a key later than the phrase's last
//! sample can have been sent. Nobody else's conversation is recorded.
//!
//! ```text
//!  NotHeard ──the menu says it──▶ Plays ──its end──▶ Heard: what follows with an operator is recorded
//!                                   │ a key, an operator answers       ▲
//!                                   ▼                                  │ its end, and from there on
//!                                 CutOff ──an operator answers──▶ Repeated
//! ```
//!
//! Whom an operator answers before the menu has said it, or who pressed it away, is not kept waiting for it: the caller
//! hears it, alone, at the beginning of the conversation, while the operator hears whom the call is from, and a tone
//! when both hear each other. So it is with whom the menu hands to somebody outside, who hears the tone alone. A caller for whom the menu has no notice is told nothing, and not recorded.

use super::Exchange;
use super::call::{Call, Phase};
use super::limit::{Talk, talk};
use super::{Command, turning_away};
use crate::ivr::flow::Play;
use crate::ivr::menu::Name;
use crate::model::{CallId, Instant};
use crate::voip::media::{LEAD_IN, MediaCommand, PlaybackId};
use std::time::Duration;

/// The time from an order to play to the first sample on its way, and some more to be sure.
pub(super) const START: Duration = LEAD_IN.saturating_add(Duration::from_millis(200));

/// The notice at the beginning of a conversation; the flow's own playbacks are numbered within 32 bits.
pub(super) const NOTICE: PlaybackId = PlaybackId(8 << 32);

/// How far the notice came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Notice {
    /// The menu has not said it.
    #[default]
    NotHeard,
    /// It plays; at this time of the flow's clock it has been heard.
    Plays { playback: PlaybackId, heard: Instant },
    /// It began, or was to be said next, and was not heard to its end.
    CutOff,
    /// It is said again, in a conversation; only its end counts.
    Repeated,
    /// It was heard to its end.
    Heard,
}

impl Notice {
    /// Something begins to play; `after` is when in it the notice ends, if it is in it.
    pub(super) fn begins(&mut self, now: Instant, playback: PlaybackId, after: Option<Duration>) {
        if let (Self::NotHeard | Self::CutOff | Self::Repeated, Some(after)) = (*self, after) {
            *self = Self::Plays { playback, heard: now + START + after };
        }
    }

    /// A playback was heard to its end.
    pub(super) fn played(&mut self, ended: PlaybackId) {
        let is_it = match self {
            Self::Plays { playback, .. } => *playback == ended,
            Self::Repeated => ended == NOTICE,
            Self::NotHeard | Self::CutOff | Self::Heard => false,
        };
        if is_it {
            *self = Self::Heard;
        }
    }

    /// What played is cut off.
    pub(super) fn cut_off(&mut self, now: Instant) {
        match *self {
            Self::Plays { heard, .. } if now >= heard => *self = Self::Heard,
            Self::Plays { .. } | Self::Repeated => *self = Self::CutOff,
            Self::NotHeard | Self::CutOff | Self::Heard => {}
        }
    }

    pub(super) const fn is_heard(self) -> bool {
        matches!(self, Self::Heard)
    }
}

/// When in what plays one of these phrases has been said; `None` when none is in it.
pub(super) fn heard_after(play: &Play, phrases: &[Name]) -> Option<Duration> {
    let place = play.spoken.iter().position(|spoken| phrases.contains(&spoken.phrase))?;
    Some(play.spoken.get(place + 1).map_or(play.length, |next| next.after))
}

impl Exchange {
    /// Says the notice to a caller who was to hear it and is talking to an operator before that; how long it takes.
    pub(super) fn repeat_notice(&mut self, id: CallId) -> Option<Duration> {
        let wanted = self.config.repeated_notice.as_ref()?;
        let Call { menu, stream, phase: Phase::Standing(standing), .. } = self.calls.get(&id)? else { return None };
        if standing.notice != Notice::CutOff {
            return None;
        }
        let (stream, lang) = (*stream, standing.flow.lang());
        let phrase = menu.phrases.iter().find(|phrase| phrase.name == *wanted)?;
        let said = turning_away::utterance(phrase, lang, &*self.inventory).filter(|said| said.missing.is_empty())?;
        let length = said.length(&*self.inventory);
        let (_, standing) = self.standing(id)?;
        standing.notice = Notice::Repeated;
        let playlist = said.playlist();
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: NOTICE, playlist }));
        Some(length)
    }

    /// The caller has heard it in a conversation, which is recorded from here on.
    pub(super) fn notice_repeated(&mut self, id: CallId) {
        let Some((caller, standing)) = self.standing(id) else { return };
        standing.notice.played(NOTICE);
        if let Some(Talk { other, .. }) = talk(standing) {
            self.record_talk(id, (caller, other));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_notice_heard_to_its_end_counts() {
        let at = Instant::from_millis;
        let (first, second) = (PlaybackId(1), PlaybackId(2));
        let begun = || {
            let mut notice = Notice::default();
            notice.begins(at(1_000), first, Some(Duration::from_secs(4)));
            notice
        };
        let outcome = |act: &dyn Fn(&mut Notice)| {
            let mut notice = begun();
            act(&mut notice);
            notice.is_heard()
        };
        assert!(!begun().is_heard(), "while it plays");
        assert!(outcome(&|notice| notice.played(first)));
        assert!(!outcome(&|notice| notice.played(second)));
        assert!(!outcome(&|notice| notice.cut_off(at(5_400))), "a key in its last word");
        assert!(outcome(&|notice| notice.cut_off(at(5_500))), "a key in what follows it");
        let mut notice = begun();
        notice.cut_off(at(2_000));
        notice.begins(at(9_000), second, Some(Duration::from_secs(4)));
        notice.played(second);
        assert!(notice.is_heard(), "the second time");
        let mut notice = Notice::default();
        notice.begins(at(0), first, None);
        notice.played(first);
        assert!(!notice.is_heard(), "something else was said");
        notice.cut_off(at(9_000));
        assert_eq!(notice, Notice::NotHeard, "nobody meant to say it");
    }

    #[test]
    fn said_in_a_conversation_only_its_end_counts() {
        let mut notice = Notice::Repeated;
        notice.played(PlaybackId(1));
        assert!(!notice.is_heard());
        notice.played(NOTICE);
        assert!(notice.is_heard());
        let mut notice = Notice::Repeated;
        notice.cut_off(Instant::from_millis(1_000_000));
        assert_eq!(notice, Notice::CutOff, "music may have covered it long before");
    }
}
