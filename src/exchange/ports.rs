//! Ports for a leg's media: asked for once, towards the IP that its signalling goes to.

use super::{Command, Exchange};
use crate::voip::media::StreamId;
use std::net::IpAddr;

impl Exchange {
    /// Has the ports of a new stream bound, on the thread of `beside`; the peer's signalling is at `towards`.
    pub(super) fn ask_ports(&mut self, stream: StreamId, beside: Option<StreamId>, towards: IpAddr) {
        self.towards.insert(stream, towards);
        self.commands.push_back(Command::OpenMedia { stream, beside, towards });
    }
}
