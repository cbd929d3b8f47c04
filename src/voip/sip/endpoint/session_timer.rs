//! The session timer of a leg (RFC 4028): refreshing in time, and ending a call that nobody refreshes.
//!
//! ```text
//!   2xx ──▶ ────── half ──────▶ refresh: UPDATE without an offer, or what Event::Refresh asks for
//!    ▲   ─────────── end ─────▶ BYE, Event::Lost
//!    └── every 2xx to an INVITE or UPDATE of either side begins anew
//! ```

use super::leg::{LegTimer, State};
use super::session::SessionTimer;
use super::{CoreTimer, Due, Endpoint, Event, LegId};
use crate::model::Instant;
use crate::voip::sip::headers::HeaderName;
use crate::voip::sip::session::{self, Agreed, Refresher};
use crate::voip::sip::transaction::table::TransactionId;
use crate::voip::sip::transaction::wheel::TimerId;
use crate::voip::sip::{Request, Response};
use std::time::Duration;

/// A refresh that failed is not tried again when less than this is left.
const LEAST_LEFT: Duration = Duration::from_secs(5);
/// How often a call is made again because its interval was too short: by each proxy on the way and by the called.
const MOST_SLOWED: u8 = 4;

impl Endpoint {
    /// Our call was answered: what its 2xx says of the session.
    pub(super) fn begin_session(&mut self, now: Instant, leg: LegId, response: &Response) {
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        found.session.learn(&response.headers);
        let agreed = self.config.session.as_client(&response.headers, found.session.least);
        self.agree(now, leg, agreed);
    }

    /// 422 to our INVITE: once more with a longer interval (§7.3). `false` when that has been done, or too often.
    pub(super) fn invite_slower(&mut self, now: Instant, id: TransactionId, leg: LegId, response: &Response) -> bool {
        let least = session::shortest_of(&response.headers);
        let Some(found) = self.legs.get_mut(leg.0) else { return false };
        let State::Calling(state) = &found.state else { return false };
        let is_over = least <= found.session.least || found.session.slowed >= MOST_SLOWED;
        if is_over || !self.transactions.has_room(&state.to) {
            return false;
        }
        found.session.least = least;
        found.session.slowed += 1;
        let mut invite = Request::clone(&state.invite);
        invite.cseq += 1;
        invite.headers.remove(HeaderName::SessionExpires);
        invite.headers.remove(HeaderName::MinSe);
        self.config.session.ask(&mut invite.headers, least);
        self.invite_again(now, id, leg, invite);
        true
    }

    /// Begins the session anew with what the last 2xx said.
    pub(super) fn agree(&mut self, now: Instant, leg: LegId, agreed: Option<Agreed>) {
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let wheel = self.transactions.wheel();
        if let Some(before) = found.session.timer.take() {
            wheel.stop(before.end);
            if let Some(refresh) = before.refresh {
                wheel.stop(refresh);
            }
        }
        let Some(agreed) = agreed else { return };
        let due = |timer| Due::Core(CoreTimer::Leg(leg, timer));
        let until = now + agreed.ends_after();
        let refresh = (agreed.refresher == Refresher::Us)
            .then(|| wheel.set(now + agreed.refreshes_after(), due(LegTimer::Refresh)));
        let end = wheel.set(until, due(LegTimer::Expired));
        found.session.timer = Some(SessionTimer { agreed, until, refresh, end });
    }

    /// It is time to refresh.
    pub(super) fn refresh_due(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let Some(timer) = found.session.timer.as_mut().filter(|timer| timer.refresh == Some(timer_id)) else { return };
        timer.refresh = None;
        if found.session.ours.is_settled() {
            self.refresh(now, leg);
        }
        // Another change is under way: its 2xx is a refresh too, and its refusal comes back here.
    }

    /// Refreshes by UPDATE, or asks above for the description that a re-INVITE needs.
    pub(super) fn refresh(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get(leg.0) else { return };
        match &found.state {
            State::Standing(_) if found.session.takes_update => self.change(now, leg, None, 0),
            State::Standing(_) => self.events.push_back(Event::Refresh { leg }),
            State::Offered(_) | State::Calling(_) | State::Cancelling(_) | State::Leaving(_) => {}
        }
    }

    /// A request that would have refreshed was refused: once more after half of the time that is left.
    pub(super) fn refresh_later(&mut self, now: Instant, leg: LegId) {
        let Some(found) = self.legs.get_mut(leg.0) else { return };
        let Some(timer) = &mut found.session.timer else { return };
        let left = timer.until.since(now) / 2;
        if timer.agreed.refresher == Refresher::Us && timer.refresh.is_none() && left > LEAST_LEFT {
            let due = Due::Core(CoreTimer::Leg(leg, LegTimer::Refresh));
            timer.refresh = Some(self.transactions.wheel().set(now + left, due));
        }
    }

    /// Nobody has refreshed: the peer is gone (§10).
    pub(super) fn session_expired(&mut self, now: Instant, leg: LegId, timer_id: TimerId) {
        let Some(found) = self.legs.get(leg.0) else { return };
        if found.session.timer.as_ref().is_none_or(|timer| timer.end != timer_id) {
            return;
        }
        self.lost(now, leg);
    }
}
