//! Dialogs that our INVITE makes before its answer, one for each phone that rings, and their reliable responses
//! (RFC 3261 §12.1.2, RFC 3262 §4).

use super::incoming::append_headers;
use super::leg::{Leg, State};
use super::{EarlyId, Endpoint, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::headers::{HeaderName, Headers, RAck, RSeq};
use crate::voip::sip::{Method, Request, Response, Status};

/// The most phones that one INVITE may ring; what others say before the answer is not kept.
const MOST: usize = 16;

/// A dialog without a final answer.
#[derive(Debug)]
pub(super) struct Early {
    pub dialog: Dialog,
    /// A reliable response held the answer to our offer.
    pub is_answered: bool,
    /// The description that came last.
    answer: Option<Vec<u8>>,
    /// The last reliable response, which our PRACK has confirmed.
    confirmed: Option<RAck>,
}

/// An early dialog that a 2xx has confirmed.
#[derive(Debug)]
pub(super) struct Confirmed {
    pub early: EarlyId,
    /// The description that came last before the 2xx.
    pub answer: Option<Vec<u8>>,
}

impl Leg {
    /// The early dialog of a request of the peer, while our call has no answer.
    pub fn early_of(&self, request: &Request) -> Option<EarlyId> {
        let State::Calling(_) = &self.state else { return None };
        let at = self.session.early.iter().position(|early| early.dialog.owns(request))?;
        u8::try_from(at).ok().map(EarlyId)
    }

    /// The dialog of a request of the peer.
    pub fn dialog_of(&mut self, request: &Request) -> Option<&mut Dialog> {
        let dialog = match &mut self.state {
            State::Offered(state) => Some(&mut *state.dialog),
            State::Standing(state) => Some(&mut state.dialog),
            State::Leaving(state) => Some(&mut state.dialog),
            State::Calling(_) | State::Cancelling(_) => None,
        };
        match dialog {
            Some(dialog) => Some(dialog).filter(|dialog| dialog.owns(request)),
            None => self.session.early.iter_mut().map(|early| &mut early.dialog).find(|dialog| dialog.owns(request)),
        }
    }
}

impl Endpoint {
    /// A provisional response above 100: makes its dialog and confirms it when it is reliable. `false` for one that
    /// has been seen or comes out of its order, which is as if it had not come (RFC 3262 §4).
    pub(super) fn met_early(&mut self, now: Instant, leg: LegId, response: &Response) -> bool {
        if response.status == Status::TRYING || response.to.tag().is_none() {
            return true;
        }
        let Some(found) = self.legs.get_mut(leg.0) else { return true };
        let (State::Calling(state) | State::Cancelling(state)) = &found.state else { return true };
        found.session.learn(&response.headers);
        let all = &mut found.session.early;
        let known = all.iter().position(|early| early.dialog.made(response));
        if known.is_none() {
            if all.len() >= MOST {
                return true;
            }
            let dialog = Dialog::of_client(response, &state.invite.uri, state.to);
            all.push(Early { dialog, is_answered: false, answer: None, confirmed: None });
        }
        let Some(early) = known.map_or(all.len().checked_sub(1), Some).and_then(|at| all.get_mut(at)) else {
            return true;
        };
        let body = crate::voip::sip::body::session_of(&response.headers, &response.body);
        let reliable = response.headers.has_word(HeaderName::Require, "100rel");
        let number = response.headers.typed::<RSeq>().ok().flatten().filter(|_| reliable);
        let Some(RSeq(number)) = number else {
            if !early.is_answered {
                early.answer = body.or(early.answer.take());
            }
            return true;
        };
        if early.confirmed.as_ref().is_some_and(|seen| seen.response.checked_add(1) != Some(number)) {
            return false;
        }
        if body.is_some() {
            early.is_answered = true;
            early.answer = body;
        }
        let rack = RAck { response: number, cseq: response.cseq.clone() };
        early.confirmed = Some(rack.clone());
        self.confirm_early(now, leg, response, &rack, true);
        true
    }

    /// PRACK.
    fn confirm_early(&mut self, now: Instant, leg: LegId, response: &Response, rack: &RAck, is_first: bool) {
        let cnonce = self.draw_tag();
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let local = found.local;
        let Some(early) = found.session.early.iter_mut().find(|early| early.dialog.made(response)) else { return };
        let mut headers = Headers::new();
        headers.push(rack);
        let mut request = early.dialog.request(Method::Prack);
        let path = early.dialog.path();
        append_headers(&mut request.headers, &headers);
        if let Some(login) = &mut found.login {
            if is_first {
                login.begin();
            }
            login.sign(&mut request, &cnonce);
        }
        self.begin_request(now, request, local, path, Owner::Confirming(leg));
    }

    /// Our PRACK has its answer: a challenge is met. A refusal changes nothing; the INVITE's own answer counts.
    pub(super) fn prack_answered(&mut self, now: Instant, leg: LegId, response: &Response) {
        let found = self.legs.get(leg.0);
        let early = found.and_then(|leg| leg.session.early.iter().find(|early| early.dialog.made(response)));
        let rack = early.and_then(|early| early.confirmed.clone());
        if let Some(rack) = rack
            && self.may_sign(leg, response)
        {
            self.confirm_early(now, leg, response, &rack, false);
        }
    }

    /// The early dialog that a 2xx confirms: the dialog goes on with its numbers.
    pub(super) fn confirmed_by(&mut self, leg: LegId, response: &Response, dialog: &mut Dialog) -> Option<Confirmed> {
        let all = &mut self.legs.get_mut(leg.0)?.session.early;
        let at = all.iter().position(|early| early.dialog.made(response))?;
        let early = EarlyId(u8::try_from(at).ok()?);
        let confirmed = all.swap_remove(at);
        dialog.continues(&confirmed.dialog);
        Some(Confirmed { early, answer: confirmed.answer })
    }
}
