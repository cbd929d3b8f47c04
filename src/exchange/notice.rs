//! Whether a caller was told that conversations are recorded.
//!
//! Told is who heard the phrase to its end: what plays ended, or was cut off by a key later than the phrase's last
//! sample can have been sent. Nobody else's conversation is recorded.

use crate::ivr::flow::Play;
use crate::ivr::menu::Name;
use crate::model::Instant;
use crate::voip::media::{LEAD_IN, PlaybackId};
use std::time::Duration;

/// The time from an order to play to the first sample on its way, and some more to be sure.
const START: Duration = LEAD_IN.saturating_add(Duration::from_millis(200));

/// How far the notice came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Notice {
    /// It was not heard, or not to its end.
    #[default]
    NotHeard,
    /// It plays; at this time of the flow's clock it has been heard.
    Plays { playback: PlaybackId, heard: Instant },
    /// It was heard to its end.
    Heard,
}

impl Notice {
    /// Something begins to play; `after` is when in it the notice ends, if it is in it.
    pub(super) fn begins(&mut self, now: Instant, playback: PlaybackId, after: Option<Duration>) {
        if let (Self::NotHeard, Some(after)) = (*self, after) {
            *self = Self::Plays { playback, heard: now + START + after };
        }
    }

    /// A playback was heard to its end.
    pub(super) fn played(&mut self, ended: PlaybackId) {
        if matches!(self, Self::Plays { playback, .. } if *playback == ended) {
            *self = Self::Heard;
        }
    }

    /// What played is cut off.
    pub(super) fn cut_off(&mut self, now: Instant) {
        if let Self::Plays { heard, .. } = *self {
            *self = if now >= heard { Self::Heard } else { Self::NotHeard };
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
    }
}
