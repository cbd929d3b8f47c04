//! On which terms media is agreed with whom: codecs, and whether packets are encrypted.
//!
//! A wide-band codec is used once its prompts are ready. They are made ready when the first call comes that would use
//! it, so that a server whose callers speak G.711 holds nothing else in memory.

use super::call::Phase;
use super::{Command, Exchange};
use crate::ivr::menu::Name;
use crate::model::CallId;
use crate::voip::audio::{Codec, Wide};
use crate::voip::sdp::{Negotiation, RemoteOffer, SecureMedia};
use rand::RngExt;
use std::net::SocketAddr;

/// Whether packets are encrypted, by whom we talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SecurePolicy {
    /// Callers.
    pub callers: SecureMedia,
    /// Operators' phones.
    pub operators: SecureMedia,
}

/// Whom we talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// A caller, through a trunk or not.
    Caller(Option<Name>),
    /// An operator's phone; for this call, if it is for one.
    Operator(Option<CallId>),
    /// Somebody outside whom we call.
    Outside(Outward),
}

/// A call to somebody outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outward {
    /// The trunk, if it goes through one.
    pub trunk: Option<Name>,
    /// Whether packets are encrypted.
    pub secure: SecureMedia,
    /// The caller who is to talk with them, if there is one.
    pub caller: Option<CallId>,
}

/// How far the prompts of the wide-band codecs are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WidePrompts {
    g722: Readiness,
    opus: Readiness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Readiness {
    #[default]
    Unasked,
    Asked,
    Ready,
}

impl WidePrompts {
    const fn of(&mut self, wide: Wide) -> &mut Readiness {
        match wide {
            Wide::G722 => &mut self.g722,
            Wide::Opus => &mut self.opus,
        }
    }

    fn has(mut self, codec: Codec) -> bool {
        Wide::of(codec).is_none_or(|wide| *self.of(wide) == Readiness::Ready)
    }
}

impl Exchange {
    /// The prompts of a wide-band codec can be played from now on, or, with `ready` unset, no more.
    pub fn set_wide_prompts(&mut self, wide: Wide, ready: bool) {
        *self.wide_prompts.of(wide) = if ready { Readiness::Ready } else { Readiness::Unasked };
    }

    /// Our side of a new dialog's descriptions.
    pub(super) fn negotiation(&mut self, side: &Side, local: SocketAddr) -> Negotiation {
        let (trunk, beside, policy) = match side {
            Side::Caller(trunk) => (trunk.as_deref(), None, self.policy_of(trunk.as_deref())),
            Side::Operator(call) => (None, *call, self.config.secure.operators),
            Side::Outside(outward) => (outward.trunk.as_deref(), outward.caller, outward.secure),
        };
        let ready = self.wide_prompts;
        let is_ready = |codec: &Codec| ready.has(*codec);
        let mut codecs: Vec<Codec> = self.codecs_of(trunk).iter().copied().filter(is_ready).collect();
        if codecs.is_empty() {
            codecs = self.config.codecs.iter().copied().filter(is_ready).collect();
        }
        // The caller's codec first: the two hear each other without another one in between.
        if let Some(codec) = beside.and_then(|call| self.codec_of(call))
            && let Some(at) = codecs.iter().position(|one| *one == codec)
        {
            codecs[..=at].rotate_right(1);
        }
        let session = u64::from(self.rng.random::<u32>());
        Negotiation::new(session, local).with_codecs(&codecs).with_srtp(policy, self.rng.random())
    }

    /// The codecs of a trunk's calls, or of all others, best first.
    fn codecs_of(&self, trunk: Option<&str>) -> &[Codec] {
        let trunk = trunk.and_then(|name| self.config.outside.trunks.get(name));
        trunk.and_then(|trunk| trunk.codecs.as_deref()).unwrap_or(&self.config.codecs)
    }

    /// Whether the calls that come from a trunk, or from anywhere else, are encrypted.
    fn policy_of(&self, trunk: Option<&str>) -> SecureMedia {
        let trunk = trunk.and_then(|name| self.config.outside.trunks.get(name));
        trunk.and_then(|trunk| trunk.secure).unwrap_or(self.config.secure.callers)
    }

    /// The trunk of a call.
    pub(super) fn trunk_of(&self, call: CallId) -> Option<Name> {
        self.calls.get(&call)?.trunk.clone()
    }

    fn codec_of(&self, call: CallId) -> Option<Codec> {
        match &self.calls.get(&call)?.phase {
            Phase::Standing(standing) => standing.description.negotiation.codec(),
            _ => None,
        }
    }

    /// Looks at the codecs of a caller's offer: asks for the prompts of the one that it would get were they ready.
    /// `false` when the call has no other: it must come again.
    pub(super) fn can_be_spoken_to(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get(&id) else { return true };
        let Phase::Opening(opening) = &call.phase else { return true };
        let Some(offer) = opening.offer.as_deref().and_then(|offer| RemoteOffer::parse(offer).ok()) else {
            return true;
        };
        let common = || self.codecs_of(call.trunk.as_deref()).iter().copied().filter(|codec| offer.names(*codec));
        let Some(best) = common().next() else { return true };
        let ready = self.wide_prompts;
        let spoken = common().any(|codec| ready.has(codec));
        if let Some(wide) = Wide::of(best) {
            self.prepare(wide);
        }
        spoken
    }

    fn prepare(&mut self, wide: Wide) {
        let readiness = self.wide_prompts.of(wide);
        if *readiness == Readiness::Unasked {
            *readiness = Readiness::Asked;
            self.commands.push_back(Command::PreparePrompts(wide));
        }
    }
}
