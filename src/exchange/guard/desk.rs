//! What the exchange asks its guard, and tells it.

use super::{Ban, Deed, GuardCounters, NameKey};
use crate::exchange::registrar::Target;
use crate::exchange::{Command, Exchange};
use crate::model::{Instant, Now, OperatorId};
use crate::voip::sip::digest::Credentials;
use crate::voip::sip::endpoint::{Command as SipCommand, Load};
use crate::voip::sip::headers::HeaderName;
use crate::voip::sip::{ConnectionId, Peer, Request, Response, Status};
use std::net::SocketAddr;

impl Exchange {
    /// Whether a message is heard at all.
    pub(in crate::exchange) fn hears(&mut self, now: Now, from: Peer) -> bool {
        let in_call = self.sip.has_calls(from.source());
        self.guard.hears(now.instant, from, in_call)
    }

    /// Whether what comes over a connection is not heard: its peer was banned for what came over another.
    pub(in crate::exchange) fn is_silenced(&mut self, now: Now, connection: ConnectionId) -> bool {
        let Some(peer) = self.sip.peer_of(connection) else { return false };
        let is_silenced = self.guard.is_silenced(now.instant, peer, self.sip.has_calls(peer.source()));
        self.guard.counters.silenced += u64::from(is_silenced);
        is_silenced
    }

    /// Notes what somebody did.
    pub(in crate::exchange) fn saw(&mut self, now: Now, from: Peer, deed: Deed) {
        let in_call = self.sip.has_calls(from.source());
        let before = self.guard.counters.bans;
        self.guard.saw(now, from, deed, in_call);
        if self.guard.counters.bans > before
            && let Some(connection) = from.connection
        {
            self.commands.push_back(Command::Sip(SipCommand::Close(connection)));
        }
    }

    /// Takes what the endpoint noted, and leaves the bans that follow for the store.
    pub(in crate::exchange) fn take_notes(&mut self, now: Now) {
        while let Some(noted) = self.sip.next_note() {
            self.saw(now, noted.from, Deed::Noted(noted.note));
        }
        while let Some(ban) = self.guard.fresh.pop_front() {
            self.commands.push_back(Command::KeepBan(Box::new(ban)));
        }
    }

    /// Leaves what the endpoint wants done for the shell, at once or, for an answer to somebody who guesses, later.
    pub(in crate::exchange) fn pass_on(&mut self, now: Now, command: SipCommand) {
        if let SipCommand::Send { to, .. } = &command {
            let to = *to;
            if self.guard.is_slow(now.instant, to, self.sip.has_calls(to.source())) {
                self.guard.counters.slowed += 1;
                self.guard.slow.hold(now.instant, to.source(), command);
                return;
            }
        }
        self.commands.push_back(Command::Sip(command));
    }

    /// Lets the answers go that have waited long enough, and the bans that are over.
    pub(in crate::exchange) fn guard_time(&mut self, now: Now) {
        while let Some(command) = self.guard.slow.next(now.instant) {
            self.commands.push_back(Command::Sip(command));
        }
        self.guard.bans.forget(now.instant);
    }

    /// When to call [`Exchange::guard_time`].
    pub(in crate::exchange) fn guard_due(&self) -> Option<Instant> {
        self.guard.slow.due()
    }

    /// Answers a REGISTER: a password is looked at unless too many before it were wrong, and nobody outside learns
    /// that it was not.
    pub(in crate::exchange) fn answer_register(
        &mut self,
        now: Now,
        request: &Request,
        from: Peer,
        local: SocketAddr,
    ) -> Response {
        let realm = self.registrar.realm();
        let given = Credentials::find(&request.headers, HeaderName::Authorization, realm);
        let Some(given) = given.map(|given| given.username) else {
            let response = self.registrar.handle(now.instant, request, from, local);
            if response.status == Status::UNAUTHORIZED {
                self.saw(now, from, Deed::Challenged);
            }
            return response;
        };
        let name = NameKey::of(&given);
        if !self.guard.may_log_in(now.instant, name, &OperatorId::new(&given), from) {
            self.password_failed(now, from, name, false);
            return *self.registrar.challenge(now.instant, request, from, false);
        }
        let response = self.registrar.handle(now.instant, request, from, local);
        match response.status {
            Status::UNAUTHORIZED if !is_stale(&response) => self.password_failed(now, from, name, true),
            Status::UNAUTHORIZED => {}
            _ => self.guard.knows_a_password(now.instant, from, name),
        }
        response
    }

    /// A password was wrong, or not looked at because too many before it were.
    pub(in crate::exchange) fn password_failed(&mut self, now: Now, from: Peer, name: NameKey, seen: bool) {
        if !seen {
            self.guard.counters.login_pauses += 1;
            return;
        }
        self.saw(now, from, Deed::Denied(name));
        if let Some(pause) = self.guard.denied(now.instant, name, from) {
            tracing::warn!(source = %from.source(), seconds = pause.as_secs(), "too many wrong passwords");
            if self.guard.may_audit(now.instant) {
                self.commands.push_back(Command::LoginPaused { from: from.addr.ip(), pause });
            }
        }
    }

    /// An operator's phones changed.
    pub(in crate::exchange) fn phones_changed(&mut self, operator: &OperatorId, phones: &[Target]) {
        let phones: Vec<SocketAddr> = phones.iter().map(|target| target.peer.addr).collect();
        for before in self.guard.phones_of(operator) {
            self.sip.remove_phone(*before);
        }
        for phone in &phones {
            self.sip.add_phone(*phone);
        }
        self.guard.set_phones(operator, phones);
    }

    /// Takes the bans of the store: those it does not have any more are lifted.
    pub fn set_bans(&mut self, now: Now, bans: &[Ban]) {
        self.guard.bans.replace(now, bans);
    }

    /// Takes what the shell measured of its load; call it a few times a second.
    pub fn handle_load(&mut self, load: Load) {
        self.sip.report_load(load);
    }

    /// The part of the new calls a second that are taken now, 1 without load.
    #[must_use]
    pub const fn share(&self) -> f64 {
        self.sip.share()
    }

    /// What the guard counted.
    #[must_use]
    pub const fn guard_counters(&self) -> GuardCounters {
        self.guard.counters
    }

    /// How many legs and how many transactions of SIP there are.
    #[must_use]
    pub const fn sip_tables(&self) -> (usize, usize) {
        (self.sip.leg_count(), self.sip.transaction_count())
    }

    /// The octets of messages that SIP keeps.
    #[must_use]
    pub const fn sip_octets(&self) -> usize {
        self.sip.transaction_octets()
    }

    /// How many bans hold.
    #[must_use]
    pub fn bans(&self) -> usize {
        self.guard.bans.len()
    }
}

/// Whether a challenge says that the password was right and the nonce old.
fn is_stale(challenge: &Response) -> bool {
    let lines = challenge.headers.get_all(HeaderName::WwwAuthenticate);
    lines.into_iter().any(|line| line.windows(10).any(|part| part == b"stale=true"))
}
