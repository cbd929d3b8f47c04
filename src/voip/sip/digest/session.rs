//! A login of ours over the length of a call: what was asked, what has been answered, and when to give up.
//!
//! ```text
//!   request                       ──▶ 401 / 407 with challenges
//!   DigestClient::learn           ──▶ Retry: send it again, signed      Wrong: the peer does not take the login
//!   DigestClient::sign            ──▶ Authorization, Proxy-Authorization, a count for each use of a nonce
//! ```
//!
//! Later requests of the call are signed at once with the nonce that is known (RFC 7616 §3.4.5); a peer that has had
//! enough of the nonce challenges again, with `stale` or without, and is answered anew.

use super::super::headers::{HeaderName, Headers};
use super::super::{Method, Request, Response, Status};
use super::client::{Login, Signed, answer};
use super::wire::{Challenge, Credentials};

/// How many realms one call may ask a login of: a registrar or trunk and proxies before it.
const MAX_REALMS: usize = 4;
/// How often one request is sent again with other credentials. A peer that asks more often will never be content.
const MAX_TRIES: u8 = 4;

/// Who asks: decides the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// 401: the one who is called.
    Server,
    /// 407: a proxy on the way.
    Proxy,
}

impl Asker {
    const fn of(status: Status) -> Option<Self> {
        match status {
            Status::UNAUTHORIZED => Some(Self::Server),
            Status::PROXY_AUTHENTICATION_REQUIRED => Some(Self::Proxy),
            _ => None,
        }
    }

    const fn challenge(self) -> HeaderName {
        match self {
            Self::Server => HeaderName::WwwAuthenticate,
            Self::Proxy => HeaderName::ProxyAuthenticate,
        }
    }

    const fn credentials(self) -> HeaderName {
        match self {
            Self::Server => HeaderName::Authorization,
            Self::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}

/// What one realm asked, its challenges in its order of preference.
#[derive(Debug)]
struct Asked {
    asker: Asker,
    challenges: Vec<Challenge>,
    /// How often the nonce has been used.
    count: u32,
}

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learnt {
    /// Sign the request and send it again.
    Retry,
    /// It is no challenge, cannot be answered, or the answer was wrong: the refusal stands.
    Wrong,
}

/// A login and what was asked of it so far.
#[derive(Debug)]
pub struct DigestClient {
    login: Login,
    asked: Vec<Asked>,
    /// How often the request that is under way was refused, and the credentials it bore.
    tries: u8,
    sent: Headers,
    /// What the last INVITE was signed with: the ACK of its 2xx bears the same (RFC 3261 §22.1).
    invite: Headers,
}

impl DigestClient {
    /// Nothing has been asked.
    #[must_use]
    pub fn new(login: Login) -> Self {
        Self { login, asked: Vec::new(), tries: 0, sent: Headers::new(), invite: Headers::new() }
    }

    /// A new request begins: its refusals are counted anew.
    pub fn begin(&mut self) {
        self.tries = 0;
        self.sent = Headers::new();
    }

    /// Learns from the refusal of the request that was signed last. `Retry` when it may be taken once signed again.
    pub fn learn(&mut self, refusal: &Response) -> Learnt {
        let Some(asker) = Asker::of(refusal.status) else { return Learnt::Wrong };
        self.tries = self.tries.saturating_add(1);
        if self.tries > MAX_TRIES {
            return Learnt::Wrong;
        }
        let mut learnt = Learnt::Wrong;
        let mut challenges: Vec<Challenge> =
            Challenge::all_in(&refusal.headers, asker.challenge()).filter(|one| one.algorithm.is_some()).collect();
        while let Some(first) = challenges.first() {
            let realm = first.realm.clone();
            let (of_realm, others) = challenges.into_iter().partition(|one| one.realm == realm);
            challenges = others;
            if self.was_wrong(asker, &realm, &of_realm) {
                return Learnt::Wrong;
            }
            self.asked.retain(|known| known.asker != asker || !known.is_of(&realm));
            if self.asked.len() >= MAX_REALMS {
                return Learnt::Wrong;
            }
            self.asked.push(Asked { asker, challenges: of_realm, count: 0 });
            learnt = Learnt::Retry;
        }
        learnt
    }

    /// Whether the request bore an answer to a nonce that was fresh: then it is the password that is not taken, unless
    /// the peer says that the nonce was stale.
    fn was_wrong(&self, asker: Asker, realm: &str, challenges: &[Challenge]) -> bool {
        let Some(sent) = Credentials::find(&self.sent, asker.credentials(), realm) else { return false };
        let known = self.asked.iter().find(|known| known.asker == asker && known.is_of(realm));
        let fresh = known.is_some_and(|known| known.count <= 1 && known.nonce() == Some(sent.nonce.as_str()));
        fresh && !challenges.iter().any(|challenge| challenge.stale)
    }

    /// Puts the credentials for all that was asked on a request, in the place of earlier ones. `cnonce` is random.
    pub fn sign(&mut self, request: &mut Request, cnonce: &str) {
        request.headers.remove(HeaderName::Authorization);
        request.headers.remove(HeaderName::ProxyAuthorization);
        for asked in &mut self.asked {
            asked.count = asked.count.saturating_add(1);
            let signed = Signed { method: &request.method, uri: &request.uri, body: &request.body };
            if let Some(credentials) = answer(&asked.challenges, &self.login, signed, cnonce, asked.count) {
                request.headers.push_text(asked.asker.credentials(), &credentials.to_value());
            }
        }
        self.sent = Headers::new();
        copy_credentials(&mut self.sent, &request.headers);
        if request.method == Method::Invite {
            self.invite = self.sent.clone();
        }
    }

    /// Puts the credentials of the last INVITE on the ACK of its 2xx.
    pub fn sign_ack(&self, ack: &mut Request) {
        copy_credentials(&mut ack.headers, &self.invite);
    }
}

impl Asked {
    fn is_of(&self, realm: &str) -> bool {
        self.challenges.first().is_some_and(|challenge| challenge.realm == realm)
    }

    fn nonce(&self) -> Option<&str> {
        self.challenges.first().map(|challenge| challenge.nonce.as_str())
    }
}

fn copy_credentials(to: &mut Headers, from: &Headers) {
    for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
        to.copy_all(name, from);
    }
}
