//! Which phones an operator has (RFC 3261 §10.3), and how each is reached.
//!
//! ```text
//!   REGISTER                          ──▶ 401 with challenges
//!   REGISTER + Authorization, Contact ──▶ 200 with every Contact      Registered   the phones changed
//!   REGISTER, Contact: *, Expires: 0  ──▶ 200                         Unregistered no phone is left
//!   the registration runs out                                         Unregistered
//! ```
//!
//! An account is a user name, which is also the user part of its address: `anna` registers `sip:anna@…`. A phone
//! behind NAT names an address that nobody reaches, so a binding keeps where its REGISTER came from.

mod binding;
mod index;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

pub use binding::{Flow, KeptPhone, Target};

use crate::model::{Instant, Now, OperatorId};
use crate::voip::sip::digest::{Credentials, DigestServer, Ha1, Verdict};
use crate::voip::sip::headers::{Contact, Expires, HeaderName, MinExpires, NameAddr, Path};
use crate::voip::sip::{ConnectionId, Peer, Request, Response, SipUri, Status};
use binding::{Binding, Change, Wish};
use index::Index;

/// The phones that one account may have. One more takes the place of the one that has been silent longest.
pub const MAX_PHONES: usize = 4;
/// The extensions that concern a registrar: Path (RFC 3327) and outbound (RFC 5626).
const EXTENSIONS: [&str; 2] = ["path", "outbound"];
/// How long a nonce may be used.
const NONCE_LIFETIME: Duration = Duration::from_secs(600);

/// How long a phone stays registered (§10.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A shorter wish is answered 423.
    pub min: Duration,
    /// A longer wish is cut to this, and who wishes nothing gets it.
    pub max: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { min: Duration::from_secs(60), max: Duration::from_secs(3600) }
    }
}

/// Who may register.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user name.
    pub operator: OperatorId,
    /// What is kept of the password.
    pub ha1: Ha1,
}

/// What the registrar has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The operator's phones changed and there is at least one. A refresh alone says nothing.
    Registered {
        /// Who.
        operator: OperatorId,
        /// The phones, the one to ring first at the front.
        contacts: Vec<Target>,
    },
    /// The operator has no phone any more.
    Unregistered {
        /// Who.
        operator: OperatorId,
    },
}

/// The accounts and their phones. One realm.
pub struct Registrar {
    login: DigestServer,
    lifetimes: Lifetimes,
    accounts: HashMap<OperatorId, Ha1>,
    phones: HashMap<OperatorId, Vec<Binding>>,
    index: Index,
    events: VecDeque<Event>,
}

impl Registrar {
    /// A registrar without accounts. The secret is 32 random octets.
    #[must_use]
    pub fn new(realm: &str, secret: [u8; 32]) -> Self {
        Self {
            login: DigestServer::new(realm.to_owned(), secret, NONCE_LIFETIME),
            lifetimes: Lifetimes::default(),
            accounts: HashMap::new(),
            phones: HashMap::new(),
            index: Index::default(),
            events: VecDeque::new(),
        }
    }

    /// The same with other lifetimes of registrations.
    #[must_use]
    pub fn with_lifetimes(self, lifetimes: Lifetimes) -> Self {
        Self { lifetimes, ..self }
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        self.login.realm()
    }

    /// Takes the accounts. Phones of accounts that are gone, or whose password changed, are forgotten.
    pub fn set_accounts(&mut self, now: Instant, accounts: Vec<Account>) {
        let accounts: HashMap<_, _> = accounts.into_iter().map(|account| (account.operator, account.ha1)).collect();
        let same = |operator: &OperatorId| match (self.accounts.get(operator), accounts.get(operator)) {
            (Some(old), Some(new)) => old.md5 == new.md5 && old.sha256 == new.sha256,
            _ => false,
        };
        let gone: Vec<OperatorId> = self.phones.keys().filter(|operator| !same(operator)).cloned().collect();
        self.accounts = accounts;
        for operator in gone {
            self.change(now, &operator, |_| Vec::new());
        }
    }

    /// Answers a REGISTER that came from `from` to our address `local`.
    pub fn handle(&mut self, now: Instant, request: &Request, from: Peer, local: SocketAddr) -> Response {
        self.handle_timeout(now);
        let operator = match self.authorise(now, request, from) {
            Ok(operator) => operator,
            Err(response) => return *response,
        };
        match self.register(now, &operator, request, Arrival { from, local, lifetimes: self.lifetimes }) {
            Ok(()) => self.accepted(now, &operator, request),
            Err(response) => *response,
        }
    }

    /// Forgets the phones that are reached over a connection that is gone: nobody can open it from here.
    pub fn handle_closed(&mut self, now: Instant, connection: ConnectionId) {
        let over = |binding: &Binding| binding.target.peer.connection == Some(connection);
        for operator in self.index.over(connection) {
            self.change(now, &operator, |phones| phones.into_iter().filter(|binding| !over(binding)).collect());
        }
    }

    /// Time has come to [`Registrar::poll_timeout`] or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(operator) = self.index.ended(now) {
            self.change(now, &operator, |phones| phones);
        }
    }

    /// When the next registration runs out.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.index.next_end()
    }

    /// The next thing that changed.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The phone to ring: by the phones' own wish (`q`), then the one heard of last.
    #[must_use]
    pub fn target(&self, operator: &OperatorId) -> Option<Target> {
        self.targets(operator).into_iter().next()
    }

    /// The operator's phones, the one to ring first at the front.
    #[must_use]
    pub fn targets(&self, operator: &OperatorId) -> Vec<Target> {
        let mut phones: Vec<&Binding> = self.phones.get(operator).into_iter().flatten().collect();
        phones.sort_by_key(|binding| std::cmp::Reverse((binding.priority, binding.refreshed)));
        phones.into_iter().map(|binding| binding.target.clone()).collect()
    }

    /// The operator's phones, those with the same wish (`q`) together, the greatest wish first. A phone with several
    /// flows is there once, with the newest: over two it would ring twice (RFC 5626 §7).
    #[must_use]
    pub fn groups(&self, operator: &OperatorId) -> Vec<Vec<Target>> {
        let mut phones: Vec<&Binding> = self.phones.get(operator).into_iter().flatten().collect();
        phones.sort_by_key(|binding| std::cmp::Reverse((binding.priority, binding.refreshed)));
        let mut instances: Vec<&str> = Vec::new();
        phones.retain(|binding| {
            let instance = binding.flow.as_ref().map(|flow| &*flow.instance);
            let is_new = instance.is_none_or(|instance| !instances.contains(&instance));
            instances.extend(instance);
            is_new
        });
        let groups = phones.chunk_by(|one, other| one.priority == other.priority);
        groups.map(|group| group.iter().map(|binding| binding.target.clone()).collect()).collect()
    }

    /// Whether there is such an account.
    #[must_use]
    pub fn knows(&self, operator: &OperatorId) -> bool {
        self.accounts.contains_key(operator)
    }

    /// Whether a registered phone is reached there: somebody with a password is behind that address.
    #[must_use]
    pub fn is_phone(&self, from: Peer) -> bool {
        self.index.is_at(from.addr)
    }

    /// What is to be kept of an operator's phones over a restart.
    #[must_use]
    pub fn kept(&self, now: Now, operator: &OperatorId) -> Vec<KeptPhone> {
        self.phones.get(operator).into_iter().flatten().filter_map(|binding| binding.keep(now)).collect()
    }

    /// Takes up a phone that was registered when the server stopped; one of no account is left out.
    pub fn restore(&mut self, now: Now, operator: &OperatorId, kept: &KeptPhone, local: SocketAddr) {
        let Some(binding) = Binding::restored(now, kept, local) else { return };
        if self.accounts.contains_key(operator) {
            self.change(now.instant, operator, |phones| {
                let contact = binding.target.uri.clone();
                let (flow, call_id, cseq) = (binding.flow.clone(), binding.call_id.clone(), binding.cseq);
                apply(phones, Change { contact, flow, call_id, cseq, wish: Wish::Keep(Box::new(binding)) })
            });
        }
    }

    /// Replaces an operator's phones, without those that ran out, and tells what changed.
    fn change(&mut self, now: Instant, operator: &OperatorId, with: impl FnOnce(Vec<Binding>) -> Vec<Binding>) {
        let before = self.targets(operator);
        let known = self.phones.remove(operator).unwrap_or_default();
        self.index.remove(operator, &known);
        let mut phones = with(known);
        phones.retain(|binding| binding.until > now);
        if !phones.is_empty() {
            self.index.add(operator, &phones);
            self.phones.insert(operator.clone(), phones);
        }
        let contacts = self.targets(operator);
        let operator = operator.clone();
        if contacts.is_empty() && !before.is_empty() {
            self.events.push_back(Event::Unregistered { operator });
        } else if contacts.len() != before.len() || contacts.iter().any(|contact| !before.contains(contact)) {
            self.events.push_back(Event::Registered { operator, contacts });
        }
    }

    /// Steps 2 to 5 of §10.3: who is it, and is the address its own?
    fn authorise(&mut self, now: Instant, request: &Request, from: Peer) -> Result<OperatorId, Box<Response>> {
        let is_known = |word: &&str| EXTENSIONS.iter().any(|known| word.eq_ignore_ascii_case(known));
        let unknown = request.headers.words(HeaderName::Require).filter(|word| !is_known(word));
        let unknown: Vec<&str> = unknown.collect();
        if !unknown.is_empty() {
            let mut response = request.response(Status::BAD_EXTENSION);
            response.headers.push_text(HeaderName::Unsupported, &unknown.join(", "));
            return Err(Box::new(response));
        }
        let answer = Credentials::find(&request.headers, HeaderName::Authorization, self.login.realm());
        let Some(answer) = answer else { return Err(self.challenge(now, request, from, false)) };
        let operator = OperatorId::new(&answer.username);
        let ha1 = self.accounts.get(&operator);
        match self.login.verify(now, from, &answer, (&request.method, &request.body), ha1) {
            Verdict::Accepted => {}
            Verdict::Stale => return Err(self.challenge(now, request, from, true)),
            Verdict::Denied => {
                tracing::debug!("a log-in was denied");
                return Err(self.challenge(now, request, from, false));
            }
        }
        if request.to.sip_uri().is_none() {
            return Err(refuse(request, Status::BAD_REQUEST));
        }
        if request.to.uri().user_text().as_deref() != Some(operator.as_str()) {
            return Err(refuse(request, Status::FORBIDDEN));
        }
        Ok(operator)
    }

    /// Asks for a password.
    pub(super) fn challenge(&mut self, now: Instant, request: &Request, from: Peer, stale: bool) -> Box<Response> {
        let mut response = request.response(Status::UNAUTHORIZED);
        for challenge in self.login.challenges_for(&request.headers, now, from, stale) {
            response.headers.push_text(HeaderName::WwwAuthenticate, &challenge.to_string());
        }
        Box::new(response)
    }

    /// Steps 6 and 7 of §10.3: all of the Contacts, or none.
    fn register(
        &mut self,
        now: Instant,
        who: &OperatorId,
        request: &Request,
        at: Arrival,
    ) -> Result<(), Box<Response>> {
        let contacts = request.headers.all::<Contact>().map_err(|_| refuse(request, Status::BAD_REQUEST))?;
        if contacts.is_empty() {
            return Ok(());
        }
        let known = self.phones.get(who).map_or(&[][..], Vec::as_slice);
        let changes = if contacts.contains(&Contact::Any) {
            remove_all(request, &contacts, known)?
        } else {
            let paths = request.headers.all::<Path>().map_err(|_| refuse(request, Status::BAD_REQUEST))?;
            let paths: Vec<_> = paths.into_iter().map(|path| path.0).collect();
            let read = |contact| read_contact(now, request, contact, at, &paths);
            let changes = contacts.iter().map(read).collect::<Result<Vec<Change>, _>>()?;
            check_flows(request, &changes)?;
            changes
        };
        // §10.3: a request that was overtaken by a later one changes nothing.
        if changes.iter().any(|change| known.iter().any(|binding| binding.is_newer_than(change))) {
            return Err(refuse(request, Status::SERVER_ERROR));
        }
        self.change(now, who, |phones| changes.into_iter().fold(phones, apply));
        Ok(())
    }

    /// Step 8 of §10.3: every phone with the seconds that it has left.
    fn accepted(&self, now: Instant, operator: &OperatorId, request: &Request) -> Response {
        let mut response = request.response(Status::OK);
        for binding in self.phones.get(operator).into_iter().flatten() {
            let mut contact = binding.contact.clone();
            // A part of a second is a whole one: a phone told 0 would believe itself gone.
            let left = binding.until.since(now).as_millis().div_ceil(1000);
            contact.set_param("expires", Some(&left.to_string()));
            response.headers.push(&Contact::Addr(contact));
        }
        if request.headers.has_word(HeaderName::Supported, "path") {
            response.headers.copy_all(HeaderName::Path, &request.headers);
        }
        let by_flow = |contact: Contact| contact.addr().is_some_and(|addr| flow_of(addr).is_some());
        if request.headers.has_word(HeaderName::Supported, "outbound")
            && request.headers.all::<Contact>().unwrap_or_default().into_iter().any(by_flow)
        {
            // RFC 5626 §6: so the phone knows that its flow is kept.
            response.headers.push_text(HeaderName::Require, "outbound");
        }
        response
    }
}

/// Where a REGISTER came from, and where to.
#[derive(Clone, Copy)]
struct Arrival {
    from: Peer,
    local: SocketAddr,
    lifetimes: Lifetimes,
}

fn refuse(request: &Request, status: Status) -> Box<Response> {
    Box::new(request.response(status))
}

/// Instance and flow of a Contact, when it names both.
fn flow_of(contact: &NameAddr) -> Option<Flow> {
    let instance = contact.params().get_unquoted("+sip.instance").filter(|instance| instance.len() <= 200)?;
    let number = contact.params().get("reg-id")?.parse().ok()?;
    Some(Flow { instance, number })
}

/// A flow is registered alone (RFC 5626 §4.2), and over hops that can keep it.
fn check_flows(request: &Request, changes: &[Change]) -> Result<(), Box<Response>> {
    let names_flow = changes.iter().any(|change| change.flow.is_some());
    if names_flow && changes.len() > 1 {
        return Err(refuse(request, Status::BAD_REQUEST));
    }
    if names_flow && !is_first_hop_outbound(request) {
        return Err(refuse(request, Status::FIRST_HOP_LACKS_OUTBOUND));
    }
    Ok(())
}

/// Whether a flow can be kept: the phone is our neighbour, or the proxy beside it keeps flows (RFC 5626 §6).
fn is_first_hop_outbound(request: &Request) -> bool {
    let paths = request.headers.all::<Path>().unwrap_or_default();
    let keeps = |path: &Path| path.0.sip_uri().is_some_and(|uri| uri.param("ob").is_some());
    request.vias.len() <= 1 || paths.last().is_some_and(keeps)
}

/// `Contact: *` stands alone, with `Expires: 0` (§10.3 step 6).
fn remove_all(request: &Request, contacts: &[Contact], known: &[Binding]) -> Result<Vec<Change>, Box<Response>> {
    let expires = request.headers.typed::<Expires>().ok().flatten();
    if contacts.len() > 1 || expires != Some(Expires(0)) {
        return Err(refuse(request, Status::BAD_REQUEST));
    }
    let change = |binding: &Binding| Change {
        contact: binding.target.uri.clone(),
        flow: binding.flow.clone(),
        call_id: request.call_id.clone(),
        cseq: request.cseq,
        wish: Wish::Remove,
    };
    Ok(known.iter().map(change).collect())
}

fn read_contact(
    now: Instant,
    request: &Request,
    contact: &Contact,
    at: Arrival,
    paths: &[NameAddr],
) -> Result<Change, Box<Response>> {
    let (Some(addr), priority) = (contact.addr(), contact.priority()) else {
        return Err(refuse(request, Status::BAD_REQUEST));
    };
    let Some(uri) = addr.sip_uri() else { return Err(refuse(request, Status::BAD_REQUEST)) };
    // The headers in a Contact's URI are not for the requests that we send (RFC 4475 §3.3.12).
    let uri = SipUri { headers: None, ..uri.clone() };
    let header = request.headers.typed::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
    let wish = contact.expires().or(header).map_or(at.lifetimes.max, |seconds| Duration::from_secs(seconds.into()));
    let flow = flow_of(addr);
    let change = |wish| Change {
        flow: flow.clone(),
        contact: uri.clone().into(),
        call_id: request.call_id.clone(),
        cseq: request.cseq,
        wish,
    };
    if wish.is_zero() {
        return Ok(change(Wish::Remove));
    }
    if wish < at.lifetimes.min {
        let mut response = request.response(Status::INTERVAL_TOO_BRIEF);
        response.headers.push(&MinExpires(u32::try_from(at.lifetimes.min.as_secs()).unwrap_or(u32::MAX)));
        return Err(Box::new(response));
    }
    let target = Target { uri: uri.clone().into(), peer: at.from, local: at.local, path: paths.to_vec() };
    let binding = Binding {
        contact: addr.clone(),
        target,
        flow: flow.clone(),
        priority,
        until: now + wish.min(at.lifetimes.max),
        refreshed: now,
        call_id: request.call_id.clone(),
        cseq: request.cseq,
    };
    Ok(change(Wish::Keep(Box::new(binding))))
}

/// The phones after one change. The longest silent one makes room for one more.
fn apply(mut phones: Vec<Binding>, change: Change) -> Vec<Binding> {
    phones.retain(|binding| !binding.is_of(&change));
    if let Wish::Keep(binding) = change.wish {
        if phones.len() >= MAX_PHONES
            && let Some((longest, _)) = phones.iter().enumerate().min_by_key(|(_, binding)| binding.refreshed)
        {
            phones.remove(longest);
        }
        phones.push(*binding);
    }
    phones
}

#[cfg(test)]
mod tests;
