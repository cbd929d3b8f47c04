//! Calls that we begin: INVITE, CANCEL, and what comes back (RFC 3261 §13.2, §9.1).

use super::incoming::append_headers;
use super::leg::{Calling, End, Leaving, Leg, OfferState, Progress, Standing, State, full_pace};
use super::session::Session;
use super::{Endpoint, Event, LegId, Owner};
use crate::model::Instant;
use crate::voip::sip::dialog::Dialog;
use crate::voip::sip::digest::{DigestClient, Learnt, Login};
use crate::voip::sip::headers::{Contact, ContentType, HeaderName, Headers, NameAddr, Reason, RetryAfter, SipCallId};
use crate::voip::sip::session::SHORTEST;
use crate::voip::sip::transaction::table::{Machine, TransactionId};
use crate::voip::sip::transaction::{InviteClient, matching, timers};
use crate::voip::sip::{Message, Method, Peer, Request, Response, Status, Uri, body, uac, uas};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// A call to begin.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// Who is called: the Request-URI, such as a registered Contact, and the To.
    pub target: Uri,
    /// Where the INVITE is sent; a stream peer without a live connection is connected to first.
    pub to: Peer,
    /// Our address that the peer can reach, as seen when it registered; the configured one when `None`.
    pub local: Option<SocketAddr>,
    /// Who calls, without a tag.
    pub from: NameAddr,
    /// The SDP offer.
    pub offer: Vec<u8>,
    /// Further headers.
    pub headers: Headers,
    /// Our login at the peer, when it may ask for one (401, 407).
    pub login: Option<Login>,
}

/// The tables are full: no call can begin now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many calls")]
pub struct NoRoom;

impl Endpoint {
    pub(super) fn call(&mut self, now: Instant, call: OutgoingCall) -> Result<LegId, NoRoom> {
        if self.legs.len() >= self.config.limits.legs || !self.transactions.has_room(&call.to) {
            return Err(NoRoom);
        }
        let mut elsewhere: VecDeque<Peer> = self.whither(now, call.to).into();
        let to = elsewhere.pop_front().unwrap_or(call.to);
        let call = OutgoingCall { to, ..call };
        let peer = self.streams.resolve(to);
        let tag: Box<str> = self.draw_tag().into();
        let call_id = SipCallId::new(&format!("{}{}", self.draw_tag(), self.draw_tag())).map_err(|_| NoRoom)?;
        let local = call.local.map_or_else(|| self.local_for(call.to), |local| self.visible(local, call.to, None));
        let to = NameAddr::new(call.target.clone()).without_params();
        let from = call.from.without_params().with_tag(&tag);
        let mut invite = Request::new(Method::Invite, call.target, from, to, call_id, 1);
        let secure = invite.uri.as_sip().is_some_and(|uri| uri.secure);
        invite.headers.push(&self.contact(local, call.to, secure));
        invite.headers.push_text(HeaderName::Allow, uas::ALLOW);
        invite.headers.push_text(HeaderName::Supported, uas::SUPPORTED);
        invite.headers.push_text(HeaderName::UserAgent, &self.config.user_agent);
        self.config.session.ask(&mut invite.headers, SHORTEST);
        append_headers(&mut invite.headers, &call.headers);
        invite.set_body(&ContentType::new("application", "sdp"), call.offer);
        let login = call.login.map(|login| Box::new(DigestClient::new(login)));
        let calling = self.begin_invite(now, invite, local, peer);
        let transaction = calling.transaction;
        if calling.to.transport != peer.transport {
            // Too large for a datagram; where TCP is refused it goes as one all the same (§18.1.1).
            elsewhere.push_front(peer);
        }
        let leg = Leg {
            state: State::Calling(calling),
            local,
            tag,
            origin: None,
            source: None,
            deadline: None,
            login,
            strays: Vec::new(),
            elsewhere,
            pace: full_pace(now),
            session: Session::default(),
        };
        let leg = self.insert_leg(now, leg, self.config.limits.ringing);
        self.transactions.set_owner(transaction, Owner::Inviting(leg));
        if !peer.is_located() {
            // Its name leads nowhere, or nobody has said yet where.
            self.transactions.abandon(transaction);
            self.invite_failed(leg, Status::SERVICE_UNAVAILABLE);
        }
        Ok(leg)
    }

    /// Sends an INVITE; the transaction is given its owner by the caller.
    pub(super) fn begin_invite(
        &mut self,
        now: Instant,
        mut invite: Request,
        local: SocketAddr,
        wanted: Peer,
    ) -> Calling {
        invite.vias.clear();
        let (branch, wire, to) = self.fitted(now, &mut invite, local, wanted);
        let key = matching::client_key(&branch, &Method::Invite);
        let start = |reliability, steps: &mut _| Machine::InviteClient(InviteClient::new(wire, reliability, steps));
        let transaction = self.transactions.begin(now, key, to, Owner::Ours, start);
        Calling {
            invite: Box::new(invite),
            to,
            transaction,
            progress: Progress::Nothing,
            early: Vec::new(),
            elsewhere: false,
        }
    }

    /// Answers the challenge of an INVITE that is still wanted: the same call with the next number (§22.2). `false`
    /// when there is nothing to answer with.
    fn invite_signed(&mut self, now: Instant, id: TransactionId, leg: LegId, response: &Response) -> bool {
        let cnonce = self.draw_tag();
        let Some(found) = self.legs.get_mut(leg.0) else { return false };
        let (State::Calling(state), Some(login)) = (&found.state, &mut found.login) else { return false };
        if !self.transactions.has_room(&state.to) || login.learn(response) == Learnt::Wrong {
            return false;
        }
        let mut invite = Request::clone(&state.invite);
        invite.cseq += 1;
        login.sign(&mut invite, &cnonce);
        self.invite_again(now, id, leg, invite);
        true
    }

    /// The same call with another INVITE, in place of the one that was refused.
    pub(super) fn invite_again(&mut self, now: Instant, id: TransactionId, leg: LegId, invite: Request) {
        let Some(found) = self.legs.get(leg.0) else { return };
        let State::Calling(state) = &found.state else { return };
        let wanted = state.to;
        let calling = self.begin_invite(now, invite, found.local, wanted);
        self.transactions.set_owner(id, Owner::Ours);
        self.called_anew(leg, calling, wanted);
    }

    /// Another INVITE of a call is on its way to the peer that was wanted.
    pub(super) fn called_anew(&mut self, leg: LegId, calling: Calling, wanted: Peer) {
        self.transactions.set_owner(calling.transaction, Owner::Inviting(leg));
        if let Some(found) = self.legs.get_mut(leg.0)
            && calling.to.transport != wanted.transport
        {
            // Too large for a datagram by now; where TCP is refused it goes as one all the same (§18.1.1).
            found.elsewhere.push_front(wanted);
        }
        self.set_state(leg, State::Calling(calling));
    }

    /// The INVITE of a client transaction that has no final answer: the leg's own, or what was sent, for one within a
    /// call, whose end it may outlive.
    pub(super) fn invite_of(&self, id: TransactionId) -> Option<Cow<'_, Request>> {
        if let Some(Owner::Inviting(leg)) = self.transactions.owner(id)
            && let State::Calling(state) | State::Cancelling(state) = &self.legs.get(leg.0)?.state
        {
            return Some(Cow::Borrowed(&state.invite));
        }
        let Some(Machine::InviteClient(machine)) = self.transactions.machine(id) else { return None };
        match Message::parse(machine.invite()?) {
            Ok(Message::Request(invite)) => Some(Cow::Owned(invite)),
            Ok(Message::Response(_)) | Err(_) => None,
        }
    }

    /// A response to our INVITE.
    pub(super) fn invite_answered(&mut self, now: Instant, id: TransactionId, leg: LegId, response: &Response) {
        let is_calling = match self.legs.get(leg.0).map(|leg| &leg.state) {
            Some(State::Calling(_) | State::Cancelling(_)) => true,
            Some(State::Offered(_) | State::Standing(_) | State::Leaving(_)) | None => false,
        };
        match (is_calling, response.status.code()) {
            (true, ..=199) => self.progressed(now, leg, response),
            (true, 200..=299) => self.accepted(now, leg, response),
            (true, 300..) if self.invite_signed(now, id, leg, response) => {}
            // This server is down or full; its name has others (RFC 3263 §4.3).
            (true, 503) if self.invite_elsewhere(now, leg) => {}
            (true, 422) if self.invite_slower(now, id, leg, response) => {}
            (true, 300..) => {
                let retry_after = response.headers.typed::<RetryAfter>().ok().flatten();
                let retry_after = retry_after.map(|after| Duration::from_secs(after.seconds.into()));
                let contacts = redirections(response);
                self.end_leg(leg);
                self.events.push_back(Event::Failed { leg, status: response.status, retry_after, contacts });
            }
            (false, 200..=299) => self.accepted_again(now, id, leg, response),
            (false, _) => {}
        }
    }

    fn progressed(&mut self, now: Instant, leg: LegId, response: &Response) {
        let Some(State::Calling(state) | State::Cancelling(state)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state)
        else {
            return;
        };
        let before = std::mem::replace(&mut state.progress, Progress::Provisional);
        state.hear_of(response.to.tag());
        if let Some(State::Cancelling(_)) = self.legs.get(leg.0).map(|leg| &leg.state) {
            if before == Progress::Nothing {
                // §9.1: a CANCEL may not be sent before something came; it has waited for this.
                self.say_cancel(now, leg);
            }
            return;
        }
        if !self.met_early(now, leg, response) {
            return;
        }
        let sdp = body::session_of(&response.headers, &response.body);
        match response.status {
            Status::TRYING => {}
            Status::RINGING if sdp.is_none() => self.events.push_back(Event::Ringing { leg }),
            status => self.events.push_back(Event::Progress { leg, status, sdp }),
        }
    }

    /// The first 2xx.
    fn accepted(&mut self, now: Instant, leg: LegId, response: &Response) {
        let Some(found) = self.legs.get(leg.0) else { return };
        let (State::Calling(state) | State::Cancelling(state)) = &found.state else { return };
        let mut dialog = Dialog::of_client(response, &state.invite.uri, state.to);
        let is_wanted = matches!(found.state, State::Calling(_));
        let local = found.local;
        let confirmed = self.confirmed_by(leg, response, &mut dialog);
        self.acknowledge(now, leg, &dialog, local, response);
        self.set_state(leg, State::Standing(Box::new(Standing::new(dialog, OfferState::Settled))));
        self.set_deadline(now, leg, self.config.limits.longest);
        if is_wanted {
            self.begin_session(now, leg, response);
            let (early, before) = confirmed.map_or((None, None), |confirmed| (Some(confirmed.early), confirmed.answer));
            let answer = body::session_of(&response.headers, &response.body).or(before);
            self.events.push_back(Event::Answered { leg, early, answer });
        } else {
            // The answer crossed our CANCEL (§15: the call stands, so it is hung up).
            self.say_bye(now, leg);
        }
    }

    /// A 2xx after the first: our ACK was lost, or another branch of a fork has answered too and is hung up
    /// (§13.2.2.4).
    fn accepted_again(&mut self, now: Instant, id: TransactionId, leg: LegId, response: &Response) {
        let Some(to) = self.transactions.peer(id) else { return };
        let known = self.legs.get_mut(leg.0).map(|leg| leg.local);
        let local = known.unwrap_or_else(|| self.local_for(to));
        let ours = match self.legs.get_mut(leg.0).and_then(Leg::dialog) {
            Some(dialog) if dialog.made(response) => Some(dialog.clone()),
            Some(_) | None => None,
        };
        if let Some(dialog) = ours {
            self.acknowledge(now, leg, &dialog, local, response);
            return;
        }
        let mut dialog = Dialog::of_client(response, response.to.uri(), to);
        self.confirmed_by(leg, response, &mut dialog);
        self.acknowledge(now, leg, &dialog, local, response);
        let tag = response.to.tag().unwrap_or_default();
        if let Some(found) = self.legs.get_mut(leg.0) {
            // Its answer came again: it has its BYE already.
            if found.strays.iter().any(|known| **known == *tag) {
                return;
            }
            if found.strays.len() < MAX_STRAYS {
                found.strays.push(tag.into());
            }
        }
        let bye = dialog.request(Method::Bye);
        self.begin_request(now, bye, local, dialog.path(), Owner::Ours);
    }

    /// The ACK of a 2xx: no transaction (§13.2.2.4).
    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        leg: LegId,
        dialog: &Dialog,
        local: SocketAddr,
        response: &Response,
    ) {
        let mut ack = dialog.ack(&response.cseq);
        if let Some(login) = self.legs.get(leg.0).and_then(|leg| leg.login.as_ref()) {
            login.sign_ack(&mut ack);
        }
        let path = self.path_of(now, dialog);
        self.send_alone(now, ack, local, path);
    }

    /// No answer came, or the INVITE could not be sent.
    pub(super) fn invite_failed(&mut self, leg: LegId, status: Status) {
        if let Some(State::Calling(_) | State::Cancelling(_)) = self.legs.get(leg.0).map(|leg| &leg.state) {
            self.end_leg(leg);
            self.events.push_back(Event::Failed { leg, status, retry_after: None, contacts: Vec::new() });
        }
    }

    /// Gives an outgoing call up.
    pub(super) fn give_up(&mut self, now: Instant, leg: LegId) {
        let Some(State::Calling(state)) = self.legs.get(leg.0).map(|leg| &leg.state) else { return };
        let progress = state.progress;
        let state = state.clone();
        self.set_state(leg, State::Cancelling(state));
        if progress == Progress::Provisional {
            self.say_cancel(now, leg);
        }
    }

    /// CANCEL. Without a final response to the INVITE within 64 × T1 it counts as cancelled (§9.1).
    fn say_cancel(&mut self, now: Instant, leg: LegId) {
        let Some(State::Cancelling(state)) = self.legs.get(leg.0).map(|leg| &leg.state) else { return };
        let mut cancel = uac::cancel(&state.invite);
        if state.elsewhere {
            cancel.headers.push(&elsewhere());
        }
        let to = state.to;
        let branch = cancel.vias.first().and_then(|via| via.branch()).unwrap_or_default().to_owned();
        self.begin_client(now, &cancel.method, cancel.to_bytes().into(), &branch, to, Owner::Ours);
        self.set_deadline(now, leg, timers::GIVE_UP);
    }

    /// Whoever is cancelled next hears that somebody else has answered.
    pub(super) fn mark_elsewhere(&mut self, leg: LegId) {
        if let Some(State::Calling(state)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) {
            state.elsewhere = true;
        }
    }

    /// BYE; the leg leaves.
    pub(super) fn say_bye(&mut self, now: Instant, leg: LegId) {
        self.say_bye_as(now, leg, End::Terminated);
    }

    /// BYE, with the way in which the leg ends.
    pub(super) fn say_bye_as(&mut self, now: Instant, leg: LegId, why: End) {
        self.begin_leaving(now, leg, why);
        self.begin_within(now, leg, &Headers::new(), Method::Bye, Owner::Leaving(leg));
    }

    /// The leg has nothing left but its BYE.
    pub(super) fn begin_leaving(&mut self, now: Instant, leg: LegId, why: End) {
        self.close_session(now, leg);
        let Some(State::Standing(standing)) = self.legs.get_mut(leg.0).map(|leg| &mut leg.state) else { return };
        let dialog = standing.dialog.clone();
        if let Some(referral) = standing.referral.take() {
            self.transactions.wheel().stop(referral.timer);
        }
        // What is left of the call is a BYE that may wait for its answer.
        self.admission.leave(leg);
        self.set_state(leg, State::Leaving(Box::new(Leaving { dialog, why })));
    }

    /// Our BYE has its final answer: a challenge is met, anything else ends the leg.
    pub(super) fn bye_answered(&mut self, now: Instant, leg: LegId, response: &Response) {
        if self.may_sign(leg, response) {
            self.resend_within(now, leg, &Headers::new(), Method::Bye, Owner::Leaving(leg));
        } else {
            self.left(leg);
        }
    }

    /// Whether the refusal of a request within the call can be met with our login.
    pub(super) fn may_sign(&mut self, leg: LegId, response: &Response) -> bool {
        let login = self.legs.get_mut(leg.0).and_then(|leg| leg.login.as_mut());
        response.status.code() >= 300 && login.is_some_and(|login| login.learn(response) == Learnt::Retry)
    }

    /// A new request within the call, signed when the peer has asked for that before; its number.
    pub(super) fn begin_within(
        &mut self,
        now: Instant,
        leg: LegId,
        headers: &Headers,
        method: Method,
        owner: Owner,
    ) -> Option<u32> {
        if let Some(login) = self.legs.get_mut(leg.0).and_then(|leg| leg.login.as_mut()) {
            login.begin();
        }
        self.resend_within(now, leg, headers, method, owner)
    }

    /// The same with the next number, after a challenge.
    pub(super) fn resend_within(
        &mut self,
        now: Instant,
        leg: LegId,
        headers: &Headers,
        method: Method,
        owner: Owner,
    ) -> Option<u32> {
        let cnonce = self.draw_tag();
        let path = self.path_of_leg(now, leg)?;
        let found = self.legs.get_mut(leg.0)?;
        let local = found.local;
        let mut request = found.dialog()?.request(method);
        append_headers(&mut request.headers, headers);
        if let Some(login) = &mut found.login {
            login.sign(&mut request, &cnonce);
        }
        let number = request.cseq;
        self.begin_request(now, request, local, path, owner);
        Some(number)
    }
}

/// The most branches of a fork that are remembered for having answered too late.
const MAX_STRAYS: usize = 16;
/// The most Contacts of a 3xx that are looked at.
const MAX_CONTACTS: usize = 8;

/// Where a 3xx sends us, by its wish (`q`); nothing when it cannot be read.
fn redirections(response: &Response) -> Vec<NameAddr> {
    if !matches!(response.status.code(), 300..=399) {
        return Vec::new();
    }
    let mut contacts = response.headers.all::<Contact>().unwrap_or_default();
    contacts.sort_by_key(|contact| std::cmp::Reverse(contact.priority()));
    contacts.iter().filter_map(Contact::addr).take(MAX_CONTACTS).cloned().collect()
}

/// So that a phone does not show a missed call (RFC 3326 §2).
fn elsewhere() -> Reason {
    let mut reason = Reason::new("SIP");
    reason.params.set("cause", Some("200"));
    reason.params.set("text", Some("Call completed elsewhere"));
    reason
}
