//! Codes that operators dial on their phones: `*60` ready, `*61` break, `*62` end of the wrap-up.
//!
//! So a plain desk phone is enough to come back from a break, also from the one after an unanswered call. A beep says
//! that the code was taken, a busy tone that it was not: who talks or is rung finishes that first. Only a phone that is registered may dial them, from where it is registered.
//!
//! ```text
//!  INVITE *60 ──▶ Opening ──ports──▶ Answered ──ACK──▶ beep, busy ──end──▶ BYE
//! ```

use super::arrival::{answer_offer, refusal};
use super::terms::Side;
use super::{Command, Exchange, Owner};
use crate::ivr::acd::OperatorState;
use crate::model::{Now, OperatorId, PlayItem, Playlist};
use crate::voip::audio::signals::Signal;
use crate::voip::media::{MediaCommand, PlaybackId, StreamId};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{Incoming, LegId};
use crate::voip::sip::headers::Headers;
use std::net::SocketAddr;

/// The beep's playback; a code's stream plays nothing else.
const BEEP: PlaybackId = PlaybackId(3 << 32);

/// What a code asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// `*60`
    Ready,
    /// `*61`
    Break,
    /// `*62`
    EndWrapUp,
}

impl Code {
    /// The code of a dialled user part.
    pub fn dialled(user: &str) -> Option<Self> {
        match user {
            "*60" => Some(Self::Ready),
            "*61" => Some(Self::Break),
            "*62" => Some(Self::EndWrapUp),
            _ => None,
        }
    }
}

/// A call to a code.
pub(super) struct CodeCall {
    operator: OperatorId,
    code: Code,
    leg: LegId,
    offer: Option<Vec<u8>>,
}

impl Exchange {
    /// A call to a code. Without an offer of its own it is refused: every desk phone makes one.
    pub(super) fn on_code(&mut self, now: Now, incoming: Incoming, code: Code) {
        let leg = incoming.leg;
        let caller = incoming.request.from.uri().user_text().unwrap_or_default();
        let operator = OperatorId::new(&caller);
        let here = |target: &super::registrar::Target| target.peer.addr == incoming.from.addr;
        let is_registered = self.registrar.targets(&operator).iter().any(here);
        if !is_registered || incoming.offer.is_none() {
            tracing::info!(from = %incoming.from.addr, "a code was dialled by a phone that is not registered: 403");
            self.sip.reject(now.instant, leg, Status::FORBIDDEN, &Headers::new());
            return;
        }
        let stream = self.next_stream();
        self.legs.insert(leg, Owner::Code(stream));
        self.streams.insert(stream, Owner::Code(stream));
        self.codes.insert(stream, CodeCall { operator, code, leg, offer: incoming.offer });
        self.ask_ports(stream, None, incoming.from.addr.ip());
    }

    pub(super) fn answer_code(&mut self, now: Now, stream: StreamId, address: Option<SocketAddr>) {
        let Some(call) = self.codes.get_mut(&stream) else { return };
        let (leg, offer) = (call.leg, call.offer.take());
        let (Some(address), Some(offer)) = (address, offer) else {
            self.refuse_code(now, stream, Status::SERVICE_UNAVAILABLE);
            return;
        };
        let mut negotiation = self.negotiation(&Side::Operator(None), address);
        match answer_offer(&mut negotiation, &offer) {
            Ok((body, negotiated)) => {
                self.open_media(stream, negotiated);
                self.sip.answer(now.instant, leg, body.into_bytes(), &Headers::new());
            }
            Err(error) => self.refuse_code(now, stream, refusal(&error)),
        }
    }

    fn refuse_code(&mut self, now: Now, stream: StreamId, status: Status) {
        if let Some(call) = self.codes.get(&stream) {
            self.sip.reject(now.instant, call.leg, status, &Headers::new());
        }
        self.forget_code(stream);
    }

    /// The phone acknowledged: do what the code asks for and beep.
    pub(super) fn on_code_acknowledged(&mut self, now: Now, stream: StreamId) {
        let Some(call) = self.codes.get(&stream) else { return };
        let (operator, code) = (call.operator.clone(), call.code);
        tracing::info!(%operator, ?code, "dialled");
        match code {
            Code::Ready | Code::EndWrapUp => self.acd.ask_ready(now, &operator),
            Code::Break => self.acd.ask_break(now, &operator),
        }
        let is_on_break = matches!(self.acd.state(&operator), Some(OperatorState::Break(_)));
        let playlist = if is_on_break == (code == Code::Break) {
            Playlist::clip(Signal::Record.prompt())
        } else {
            Playlist::of(vec![PlayItem::Clip(Signal::Busy.prompt()); 3])
        };
        self.commands.push_back(Command::Media(MediaCommand::Play { stream, playback: BEEP, playlist }));
    }

    /// The beep was heard, or nothing comes from the phone any more.
    pub(super) fn end_code(&mut self, now: Now, stream: StreamId) {
        if let Some(call) = self.codes.get(&stream) {
            self.sip.hang_up(now.instant, call.leg);
        }
        self.forget_code(stream);
    }

    /// The leg is over.
    pub(super) fn forget_code(&mut self, stream: StreamId) {
        if let Some(call) = self.codes.remove(&stream) {
            self.legs.remove(&call.leg);
            self.close_stream(stream);
        }
    }
}
