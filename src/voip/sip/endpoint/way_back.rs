//! Responses whose connection is gone before they could be sent (RFC 3261 §18.2.2).
//!
//! ```text
//!   INVITE over TCP ── its connection breaks ──▶ known:    its responses open one to the port that its Via names
//!                                            └─▶ stranger: nothing is sent, and the call counts as cancelled
//! ```
//!
//! Whom we connect to, and whom not:
//!
//! - Trunks, and phones that are registered over the connection that broke. A stranger could have us knock at every
//!   port of an address that it shares with others, behind a NAT or on one machine.
//! - Only the IP that the request came from, which no sender of a stream can make up. What it writes chooses the port
//!   and nothing more: `maddr` is not followed, and a name in the sent-by is not looked up, which §18.2.2 would have us
//!   do when the connection fails.
//! - Once for each transaction, within the bounds of all connections that we open (`streams`): 1,024 at a time, with 16
//!   messages each. When it fails, the caller is gone.
//! - Over TLS the other end must prove to be that address, or the name that it was known by.
//! - WebSockets never: nobody listens at their other end (RFC 7118 §5).

use super::Endpoint;
use crate::voip::sip::transaction::table::TransactionId;
use crate::voip::sip::{Peer, Request, Transport};
use std::num::NonZeroU16;

impl Endpoint {
    /// Notes the way back of a request that is not answered at once.
    pub(super) fn note_way_back(&mut self, id: TransactionId, request: &Request, from: Peer) {
        if let Some(port) = self.listens_at(request, from) {
            self.transactions.set_way_back(id, port);
        }
    }

    fn listens_at(&self, request: &Request, from: Peer) -> Option<NonZeroU16> {
        let via = request.vias.first().filter(|via| via.transport() == Some(from.transport))?;
        let is_stream = matches!(from.transport, Transport::Tcp | Transport::Tls);
        let is_known = || self.phones.contains_key(&from.addr) || self.admission.is_trunk(from.source());
        let port = NonZeroU16::new(via.port.unwrap_or(from.transport.default_port()))?;
        (is_stream && is_known()).then_some(port)
    }
}
