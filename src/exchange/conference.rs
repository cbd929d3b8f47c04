//! A consultation becomes a conversation of three: who consults presses `3`, and the caller, who heard music, the
//! operator and the colleague hear one another; `1` leaves the two alone again.
//!
//! ```text
//!  caller ── holds ── operator ══ colleague   ──3──▶   caller ══ operator ══ colleague
//!                                             ◀──1──
//! ```
//!
//! The operator's first leg stays held meanwhile and says nothing. Whatever ends the caller's conversation, or the
//! consultation, ends this first: nobody but an operator's supervisor follows a caller, and nobody into a menu.

use super::call::Link;
use super::consult::Company;
use super::supervision::beeps;
use super::talk::HOLD;
use super::{Command, Exchange};
use crate::model::{CallId, Digit};
use crate::voip::media::{MediaCommand, Role, StreamId};

impl Exchange {
    /// A key of the operator who consults.
    pub(super) fn on_consults_key(&mut self, id: CallId, stream: StreamId, digit: Digit) {
        let Some(consult) = self.consults.get(id).filter(|consult| consult.near_stream == stream) else { return };
        let company = consult.company();
        match (digit.as_char(), company) {
            ('3', Some(Company::Two)) => self.join_three(id),
            ('1', Some(Company::Three(_))) => self.part_three(id),
            _ => {}
        }
    }

    fn join_three(&mut self, id: CallId) {
        let Some(consult) = self.consults.get(id) else { return };
        let (near, far, from) = (consult.near_stream, consult.far_stream, consult.from.clone());
        let Some((call, caller, _)) = self.talk_of(&from) else { return };
        self.consults.set_company(id, Company::Three(call));
        tracing::info!(%call, operator = %from, "a consultation and its caller become one conversation");
        self.tell_media([
            MediaCommand::Stop { stream: caller },
            MediaCommand::Join { stream: near, with: caller, role: Role::Speaks },
            MediaCommand::Join { stream: far, with: caller, role: Role::Speaks },
            beeps(near, 3),
        ]);
    }

    /// The two who consult are alone again; the caller hears music if held.
    pub(super) fn part_three(&mut self, id: CallId) {
        let Some(consult) = self.consults.get(id) else { return };
        let Some(Company::Three(call)) = consult.company() else { return };
        let (near, far) = (consult.near_stream, consult.far_stream);
        self.consults.set_company(id, Company::Two);
        self.tell_media([
            MediaCommand::Leave { stream: near },
            MediaCommand::Leave { stream: far },
            MediaCommand::Bridge { a: near, b: far },
            beeps(near, 1),
        ]);
        let playlist = self.config.hold_music.clone();
        let Some((stream, standing)) = self.standing(call) else { return };
        if matches!(&standing.link, Link::Talking(talking) if talking.held) {
            self.tell_media([MediaCommand::Play { stream, playback: HOLD, playlist }]);
        }
    }

    /// A conversation is about to be taken apart: those who joined it leave it first.
    pub(super) fn part_three_of(&mut self, call: CallId) {
        if let Some(id) = self.consults.joined_with(call) {
            self.part_three(id);
        }
    }

    fn tell_media(&mut self, commands: impl IntoIterator<Item = MediaCommand>) {
        self.commands.extend(commands.into_iter().map(Command::Media));
    }
}
