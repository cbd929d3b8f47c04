//! What an endpoint is told of its limits, and what it tells of those who strain them.

use super::Endpoint;
use super::admission::{CallLimits, Trunks};
use super::headroom::{Load, LoadLimits};
use crate::voip::sip::Peer;
use crate::voip::sip::headers::{HeaderName, Headers};
use crate::voip::sip::source::Source;
use std::net::SocketAddr;

/// Notes that may wait to be read; more are not kept.
const NOTES: usize = 1_024;

/// What a scanner does, and now and then others too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// A message that cannot be read.
    Malformed,
    /// A question what we are, outside of every call.
    Options,
    /// A request within a call that there is not.
    Stray,
    /// A request outside of every call that nobody here serves.
    Unserved,
    /// A program that is made for finding and guessing says its name.
    Tool,
}

/// Something to note of a peer. Nothing says that a datagram came from where it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Who.
    pub from: Peer,
    /// What.
    pub note: Note,
}

/// How programs for finding and guessing call themselves, in small letters: `SIPVicious`, its commercial sister, and
/// those that were made of them or beside them.
const TOOLS: [&str; 16] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sip-scan",
    "sipscan",
    "smap",
    "sundayddr",
    "iwar",
    "sivus",
    "pplsip",
    "vaxsipuseragent",
    "vaxipuseragent",
    "gulp",
    "siparmyknife",
    "custom sip phone scanner",
];

/// Whether a request says that it was made by a program for finding and guessing.
fn names_a_tool(headers: &Headers) -> bool {
    let Some(agent) = headers.get(HeaderName::UserAgent) else { return false };
    let agent = agent.to_ascii_lowercase();
    TOOLS.iter().any(|tool| agent.windows(tool.len()).any(|part| part == tool.as_bytes()))
}

impl Endpoint {
    /// Sets how many calls may come in.
    pub fn set_call_limits(&mut self, limits: CallLimits, load: LoadLimits) {
        self.admission = super::admission::Admission::new(limits);
        self.admission.headroom().set_limits(load);
    }

    /// Sets which sources are trunks: only what bounds all bounds them.
    pub fn set_trunks(&mut self, trunks: Trunks) {
        self.admission.set_trunks(trunks);
    }

    /// An operator's phone calls from here: the load of others never refuses it.
    pub fn add_phone(&mut self, phone: SocketAddr) {
        *self.phones.entry(phone).or_default() += 1;
    }

    /// Takes back an [`Endpoint::add_phone`].
    pub fn remove_phone(&mut self, phone: SocketAddr) {
        if let Some(count) = self.phones.get_mut(&phone) {
            *count -= 1;
            if *count == 0 {
                self.phones.remove(&phone);
            }
        }
    }

    /// Takes what the shell measured; call it a few times a second.
    pub fn report_load(&mut self, load: Load) {
        let before = self.admission.share();
        self.admission.headroom().report(load);
        let share = self.admission.share();
        if before >= 1.0 && share < 1.0 {
            tracing::warn!(busy = load.busy, lag = ?load.lag, media = ?load.media, "too much load: fewer new calls are taken");
        } else if before < 1.0 && share >= 1.0 {
            tracing::info!("the load has gone: new calls are taken as before");
        }
    }

    /// The part of the new calls a second that are taken now, 1 without load.
    #[must_use]
    pub const fn share(&self) -> f64 {
        self.admission.share()
    }

    /// Whether a source has a call whose ACK came: it is where it says that it is.
    #[must_use]
    pub fn has_calls(&self, source: Source) -> bool {
        self.admission.has_calls(source)
    }

    /// The next note; read them after every input.
    pub fn next_note(&mut self) -> Option<Noted> {
        self.notes.pop_front()
    }

    pub(super) fn note(&mut self, from: Peer, note: Note) {
        if self.notes.len() < NOTES {
            self.notes.push_back(Noted { from, note });
        }
    }

    /// Notes what a request outside of every call says of its sender.
    pub(super) fn note_request(&mut self, from: Peer, request: &crate::voip::sip::Request) {
        if names_a_tool(&request.headers) {
            self.note(from, Note::Tool);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_known_by_their_name_wherever_it_stands() {
        let cases = [
            ("friendly-scanner", true),
            ("SIPVicious v0.3.4", true),
            ("VaxSIPUserAgent/3.5", true),
            ("Mozilla sipcli/v1.8", true),
            ("Linphone/5.2", false),
            ("baresip v1.0.0", false),
            ("", false),
        ];
        for (agent, is_tool) in cases {
            let mut headers = Headers::new();
            headers.push_text(HeaderName::UserAgent, agent);
            assert_eq!(names_a_tool(&headers), is_tool, "{agent}");
        }
        assert!(!names_a_tool(&Headers::new()));
    }
}
