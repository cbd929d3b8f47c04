//! The way out: which trunk takes a call, and which one after it.

use super::{Heading, Trunks};
use crate::exchange::Exchange;
use crate::exchange::outside::Way;
use crate::model::{Instant, Now};
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::{LegId, NoRoom};
use crate::voip::sip::headers::Headers;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a trunk may say nothing at all to an INVITE before the next one is tried.
pub(in crate::exchange) const SILENCE: Duration = Duration::from_secs(6);

/// The ways to somebody, in order, and how many of them were passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::exchange) struct Passed(usize);

impl Passed {
    /// The way at this place was taken, or was no use.
    const fn beyond(place: usize) -> Self {
        Self(place + 1)
    }
}

impl Trunks {
    /// The first way after those that were passed whose trunk can take a call, and what is passed with it.
    fn first(&self, now: Instant, ways: Vec<Way>, passed: Passed) -> Option<(Way, Passed)> {
        let after = ways.into_iter().enumerate().skip(passed.0);
        let mut can =
            after.filter(|(_, way)| way.trunk.as_ref().is_none_or(|name| self.can_take(now, name, way.calls)));
        can.next().map(|(place, way)| (way, Passed::beyond(place)))
    }
}

impl Exchange {
    /// The next way to the target of a transfer.
    pub(in crate::exchange) fn way_to_target(&self, now: Now, target: &str, passed: Passed) -> Option<(Way, Passed)> {
        self.trunks.first(now.instant, self.config.outside.transfer(target), passed)
    }

    /// The next way to a customer who is to be called back.
    pub(in crate::exchange) fn way_to_customer(
        &self,
        now: Now,
        number: &crate::model::PhoneNumber,
        passed: Passed,
    ) -> Option<(Way, Passed)> {
        self.trunks.first(now.instant, self.config.outside.callback(number), passed)
    }

    /// Sends an INVITE on its way. `address` is that of our media, as the called see it.
    pub(in crate::exchange) fn call_out(
        &mut self,
        now: Now,
        way: Way,
        address: SocketAddr,
        offer: String,
        headers: &Headers,
    ) -> Result<LegId, NoRoom> {
        let mut all = Headers::new();
        if let Some(name) = &way.trunk {
            self.trunks.route(now.instant, name).iter().for_each(|hop| all.push(hop));
        }
        all.append(headers);
        let trunk = way.trunk.clone();
        let leg = self.sip.invite(now.instant, way.invite(address.ip(), offer, all))?;
        if let Some(trunk) = trunk {
            self.trunks.enter(&trunk, leg, Heading::Out);
        }
        Ok(leg)
    }
}

/// Whether a refusal speaks of the trunk and not of who is called: another may do better.
pub(in crate::exchange) fn is_of_trunk(status: Status) -> bool {
    matches!(status.code(), 401 | 403 | 407 | 500..=599)
}
