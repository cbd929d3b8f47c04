//! A dialog: what two user agents have in common for the length of a call (RFC 3261 §12).

use super::headers::{CSeq, Contact, HeaderName, NameAddr, RecordRoute, Route, SipCallId, Via};
use super::locate::Destination;
use super::{Method, Peer, Request, Response, SipUri, Transport, Uri};
use std::net::SocketAddr;

/// What both sides know of a call: who they are, which request comes next, and the way between them.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// The Call-ID.
    pub call_id: SipCallId,
    /// We, with our tag.
    local: NameAddr,
    /// They, with their tag unless they are of RFC 2543.
    remote: NameAddr,
    /// The number of our last request.
    local_cseq: u32,
    /// The number of their last request.
    remote_cseq: Option<u32>,
    /// Their Contact: who a request is for.
    target: Uri,
    /// The proxies that a request passes, ours first.
    routes: Vec<Route>,
    /// Where the first hop really is.
    path: Peer,
    /// How far `path` may lead.
    reach: Reach,
    /// Whether it was begun under `sips:`: then our Contact is one (§12.1.1).
    secure: bool,
}

/// How far the other side's word is taken on where requests for it go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Wherever its Contact, or the first Record-Route, says (§12.2.1.1).
    Anywhere,
    /// The IP that its own requests come from, the way they come: a stranger does not aim us at others.
    Home,
}

/// Where a request stands in the order of its dialog (§12.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It is the newest.
    Next,
    /// A newer one has been seen: answer 500.
    Late,
}

impl Dialog {
    /// The dialog that our answer to an INVITE makes (§12.1.1). `None` when the INVITE has no Contact to reach.
    #[must_use]
    pub fn of_server(request: &Request, local_tag: &str, from: Peer, reach: Reach) -> Option<Self> {
        let target = contact_of(request.headers.typed())?;
        let routes = routes_of(request.headers.all().ok()?);
        let path = first_hop(&routes, &target, from, reach, |hop| is_sender(request.vias.first(), hop, from));
        let secure = is_secure(&request.uri) || is_secure(routes.first().map_or(&target, |route| route.0.uri()));
        Some(Self {
            secure,
            call_id: request.call_id.clone(),
            local: request.to.clone().with_tag(local_tag),
            remote: request.from.clone(),
            local_cseq: 0,
            remote_cseq: Some(request.cseq),
            target,
            routes,
            path,
            reach,
        })
    }

    /// The dialog that a 2xx to our INVITE makes (§12.1.2). `invited` is the Request-URI and `to` is where the INVITE
    /// was sent. Without a Contact, a fault that is met, the target stays the one that was invited.
    #[must_use]
    pub fn of_client(response: &Response, invited: &Uri, to: Peer) -> Self {
        let target = contact_of(response.headers.typed()).unwrap_or_else(|| invited.clone());
        let mut routes = routes_of(response.headers.all().unwrap_or_default());
        routes.reverse();
        let port = |uri: &SipUri| uri.port.unwrap_or(to.transport.default_port());
        let is_invited =
            |hop: &SipUri| invited.as_sip().is_some_and(|uri| uri.host.is_same(&hop.host) && port(uri) == port(hop));
        let path = first_hop(&routes, &target, to, Reach::Anywhere, is_invited);
        Self {
            secure: is_secure(invited),
            call_id: response.call_id.clone(),
            local: response.from.clone(),
            remote: response.to.clone(),
            local_cseq: response.cseq.number,
            remote_cseq: None,
            target,
            routes,
            path,
            reach: Reach::Anywhere,
        }
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    /// Where requests of this dialog go.
    #[must_use]
    pub const fn path(&self) -> Peer {
        self.path
    }

    /// Whether our Contact must be a `sips:` one (§12.1.1).
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Where the other end of the dialog's connection listens, as its Contact or route says: the same machine at another
    /// port. `None` when it says so of another machine, as behind a NAT, and for WebSockets (RFC 7118 §5).
    #[must_use]
    pub fn listening_hop(&self) -> Option<Peer> {
        let hop = self.routes.first().map_or(&self.target, |route| route.0.uri()).as_sip()?;
        let transport = self.path.transport;
        if transport.is_web_socket() || hop.host.ip()? != self.path.addr.ip() {
            return None;
        }
        let addr = SocketAddr::new(self.path.addr.ip(), hop.port.unwrap_or(transport.default_port()));
        Some(Peer { name: self.path.name, ..Peer::at(transport, addr) })
    }

    /// The name that requests go to first, where a name and no address is written and no connection leads there.
    #[must_use]
    pub fn named_hop(&self) -> Option<Destination> {
        if self.path.transport.is_reliable() || self.reach == Reach::Home {
            return None;
        }
        let hop = self.routes.first().map_or(&self.target, |route| route.0.uri()).as_sip()?;
        // Browsers call themselves so (RFC 7118 §5): nobody is there.
        Destination::of(hop).filter(|destination| !destination.host.ends_with(".invalid"))
    }

    /// Whether a request from the other side belongs to this dialog (§12.2.2); our tag has been looked at.
    #[must_use]
    pub fn owns(&self, request: &Request) -> bool {
        self.call_id == request.call_id && self.remote.tag() == request.from.tag()
    }

    /// Whether this is the dialog of a Call-ID with these tags; a peer of RFC 2543 without a tag is named `0`
    /// (RFC 3891 §6.1).
    #[must_use]
    pub fn is_named(&self, call_id: &str, ours: &str, theirs: &str) -> bool {
        let remote = self.remote.tag().unwrap_or("0");
        *self.call_id.as_str() == *call_id && self.local_tag() == ours && remote == theirs
    }

    /// Whether a response to our INVITE is of this dialog and not of another branch of a fork (§13.2.2.4).
    #[must_use]
    pub fn made(&self, response: &Response) -> bool {
        self.remote.tag() == response.to.tag()
    }

    /// Takes note of a request's number (§12.2.2). ACK and CANCEL have their INVITE's number and are not asked.
    pub fn receive(&mut self, request: &Request) -> Order {
        if self.remote_cseq.is_some_and(|seen| request.cseq < seen) {
            return Order::Late;
        }
        self.remote_cseq = Some(request.cseq);
        Order::Next
    }

    /// Follows the other side to its new Contact (target refresh, §12.2.2). The routes stay (§12.2).
    pub fn refresh_target(&mut self, request: &Request, from: Peer) {
        if let Some(target) = contact_of(request.headers.typed()) {
            let is_sender = |hop: &SipUri| is_sender(request.vias.first(), hop, from);
            self.path = first_hop(&self.routes, &target, from, self.reach, is_sender);
            self.target = target;
        }
    }

    /// The next request of ours (§12.2.1.1), without a Via.
    #[must_use]
    pub fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        self.request_numbered(method, self.local_cseq)
    }

    /// The ACK of a 2xx to our INVITE (§13.2.2.4), without a Via: a request of the dialog with the INVITE's number.
    #[must_use]
    pub fn ack(&self, invite: &CSeq) -> Request {
        self.request_numbered(Method::Ack, invite.number)
    }

    /// Follows the other side to the Contact of its 2xx to a re-INVITE or UPDATE of ours (§12.2.1.2).
    pub fn follow(&mut self, response: &Response) {
        if let Some(target) = contact_of(response.headers.typed()).filter(|target| *target != self.target) {
            self.path = first_hop(&self.routes, &target, self.path, self.reach, |_| false);
            self.target = target;
        }
    }

    /// Goes on with the numbers of the early dialog that it confirms.
    pub fn continues(&mut self, early: &Self) {
        self.local_cseq = self.local_cseq.max(early.local_cseq);
        self.remote_cseq = early.remote_cseq;
    }

    fn request_numbered(&self, method: Method, cseq: u32) -> Request {
        let (uri, routes) = self.way();
        let mut request =
            Request::new(method, uri, self.local.clone(), self.remote.clone(), self.call_id.clone(), cseq);
        for route in &routes {
            request.headers.push(route);
        }
        request
    }

    /// Request-URI and Route: the first proxy is loose (`lr`) and the target is asked through all of them, or it is
    /// strict, is asked itself, and finds the target at the end of the route (§12.2.1.1).
    fn way(&self) -> (Uri, Vec<Route>) {
        let Some((first, rest)) = self.routes.split_first() else { return (self.target.clone(), Vec::new()) };
        match first.0.sip_uri() {
            Some(strict) if !strict.is_loose_router() => {
                let mut uri = strict.clone();
                // What a Request-URI may not hold (§19.1.1, table 1).
                uri.headers = None;
                uri.params.remove("method");
                let mut routes = rest.to_vec();
                routes.push(Route(NameAddr::new(self.target.clone())));
                (uri.into(), routes)
            }
            Some(_) | None => (self.target.clone(), self.routes.clone()),
        }
    }
}

fn is_secure(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(|uri| uri.secure)
}

fn contact_of(contact: Result<Option<Contact>, super::Malformed>) -> Option<Uri> {
    let contact = contact.ok().flatten()?;
    // It will be a Request-URI, which has no headers (§19.1.1, table 1).
    match contact.addr()?.uri().clone() {
        Uri::Sip(uri) => Some(Uri::Sip(SipUri { headers: None, ..uri })),
        Uri::Tel(_) | Uri::Other(_) => None,
    }
}

fn routes_of(recorded: Vec<RecordRoute>) -> Vec<Route> {
    recorded.into_iter().map(|hop| Route(hop.0)).collect()
}

/// Whether the Contact is what the sender calls itself in its Via, and it asks to be answered where its packets come
/// from (RFC 3581): behind a NAT that is the only address that works.
fn is_sender(via: Option<&Via>, contact: &SipUri, from: Peer) -> bool {
    let Some(via) = via else { return true };
    let port = |port: Option<u16>| port.unwrap_or(from.transport.default_port());
    via.host.is_same(&contact.host) && port(via.port) == port(contact.port) && via.params.has("rport")
}

/// Where a request of the dialog goes first: the top route or else the target, when that is an address; where the
/// dialog came from when it is a name, when `is_sender` says so, where it is out of `reach`, and always over the
/// connection there is.
fn first_hop(routes: &[Route], target: &Uri, from: Peer, reach: Reach, is_sender: impl Fn(&SipUri) -> bool) -> Peer {
    if from.transport.is_reliable() {
        return from;
    }
    let hop = routes.first().map_or(target, |route| route.0.uri()).as_sip();
    let Some((hop, ip)) = hop.and_then(|hop| Some((hop, hop.host.ip()?))) else { return from };
    if routes.is_empty() && is_sender(hop) {
        return from;
    }
    let transport = hop.transport().unwrap_or(Transport::Udp);
    let is_home = transport == from.transport && ip.to_canonical() == from.addr.ip().to_canonical();
    if reach == Reach::Home && !is_home {
        return from;
    }
    let addr = SocketAddr::new(ip, hop.port.unwrap_or(transport.default_port()));
    // The socket that the peer knows us by, where the new address can be reached from it.
    let local = from.local.filter(|local| transport == from.transport && local.is_ipv4() == addr.is_ipv4());
    Peer { local, ..Peer::at(transport, addr) }
}

/// Whether a message has a Record-Route or Contact that cannot be read: such a request makes no dialog.
#[must_use]
pub fn is_unreadable(request: &Request) -> bool {
    request.headers.all::<RecordRoute>().is_err()
        || request.headers.typed::<Contact>().is_err()
        || !request.headers.has(HeaderName::Contact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::Message;

    #[test]
    fn headers_of_a_contact_are_no_part_of_what_requests_are_for() {
        let invite = "INVITE sip:bank@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n\
             From: <sip:a@192.0.2.10>;tag=f1\r\nTo: <sip:bank@192.0.2.1>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:a@19?2.0.2.10>\r\nContent-Length: 0\r\n\r\n";
        let Ok(Message::Request(invite)) = Message::parse(invite.as_bytes()) else { panic!("an INVITE") };
        let from = Peer::udp(SocketAddr::from(([192, 0, 2, 10], 5060)));
        let dialog = Dialog::of_server(&invite, "ours", from, Reach::Home).expect("a dialog");
        assert_eq!(dialog.target.to_string(), "sip:a@19");
    }
}
