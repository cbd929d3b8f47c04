//! The requests that a user agent client makes out of others: CANCEL and the ACK of a refusal.

use super::headers::{HeaderName, NameAddr};
use super::{Method, Request};

/// The CANCEL of an INVITE (RFC 3261 §9.1): all that identifies it, its one Via, its routes.
#[must_use]
pub fn cancel(invite: &Request) -> Request {
    same_hop(invite, Method::Cancel, invite.to.clone())
}

/// The ACK of a final response that is not 2xx (§17.1.1.3): the INVITE's, with the To of the response.
#[must_use]
pub fn ack_of_refusal(invite: &Request, to: &NameAddr) -> Request {
    same_hop(invite, Method::Ack, to.clone())
}

fn same_hop(invite: &Request, method: Method, to: NameAddr) -> Request {
    let mut request =
        Request::new(method, invite.uri.clone(), invite.from.clone(), to, invite.call_id.clone(), invite.cseq);
    request.vias = invite.vias.first().cloned().into_iter().collect();
    request.headers.copy_all(HeaderName::Route, &invite.headers);
    request
}
