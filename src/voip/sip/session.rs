//! Session timers (RFC 4028): how long a call lives without a refresh, and who refreshes it. A peer that has died
//! without a word is found that way, whether it called or was called.
//!
//! ```text
//!  the INVITE, the UPDATE            the answer                                     who refreshes
//!  Supported: timer                  Session-Expires: 1800;refresher=uac, Require   they
//!  … Session-Expires: 1800           Session-Expires: 1800;refresher=uac, Require   they
//!  … Session-Expires: …;refresher=x  Session-Expires: …;refresher=x, Require        as they wish
//!  … Session-Expires: 30             422, Min-SE: 90                                –
//!  neither                           Session-Expires: 1800;refresher=uas            we
//! ```

use super::headers::{HeaderName, Headers, MinSe, SessionExpires};
use super::{Params, Request, Response, Status};
use std::time::Duration;

/// The option tag.
pub const TIMER: &str = "timer";

/// The shortest interval that anybody may ask for (RFC 4028 §5).
pub const SHORTEST: Duration = Duration::from_secs(90);

/// Nobody refreshes faster, whatever a broken answer says.
const FASTEST: Duration = Duration::from_secs(32);

/// What we want of session timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// How long a call may live without a refresh. Zero: we do not ask for it, and follow a peer that does.
    pub interval: Duration,
    /// The shortest interval that we accept; 422 below.
    pub minimum: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1_800), minimum: SHORTEST }
    }
}

/// Who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// We do.
    Us,
    /// The peer does.
    Them,
}

/// What both sides have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// How long the call lives without a refresh.
    pub interval: Duration,
    /// Who refreshes.
    pub refresher: Refresher,
    /// Whether the peer knows session timers.
    pub known: bool,
}

impl SessionPolicy {
    /// The 422 to a request whose interval is too short; only for a peer that knows what it means (§9).
    #[must_use]
    pub fn refuse(&self, request: &Request) -> Option<Response> {
        let asked = wanted(&request.headers)?.0;
        (knows(&request.headers) && asked < self.minimum).then(|| {
            let mut response = request.response(Status::SESSION_INTERVAL_TOO_SMALL);
            response.headers.push(&min_se(self.minimum));
            response
        })
    }

    /// What our 2xx to an INVITE or UPDATE says (§9, table 2); `None` when nobody wants a timer.
    #[must_use]
    pub fn as_server(&self, request: &Headers) -> Option<Agreed> {
        let known = knows(request);
        let least = shortest_of(request).max(self.minimum);
        let (interval, wish) = match wanted(request) {
            // It may be made shorter, and never longer.
            Some((asked, wish)) if self.interval.is_zero() => (asked, wish),
            Some((asked, wish)) => (asked.min(self.interval.max(least)), wish),
            None if self.interval.is_zero() => return None,
            None => (self.interval.max(least), None),
        };
        let refresher = match (known, wish) {
            (false, _) | (true, Some(Role::Server)) => Refresher::Us,
            (true, Some(Role::Client) | None) => Refresher::Them,
        };
        Some(Agreed { interval: interval.max(FASTEST), refresher, known })
    }

    /// Puts our wish on an INVITE; `least` is the longest Min-SE that was heard (§7.1, §7.4).
    pub fn ask(&self, headers: &mut Headers, least: Duration) {
        if !self.interval.is_zero() {
            headers.push(&expires(self.interval.max(least), None));
        }
        if least > SHORTEST {
            headers.push(&min_se(least));
        }
    }

    /// What a 2xx to our INVITE or UPDATE says (§7.2). A peer that says nothing knows no timers: then we refresh.
    #[must_use]
    pub fn as_client(&self, response: &Headers, least: Duration) -> Option<Agreed> {
        match wanted(response) {
            Some((interval, wish)) => {
                let refresher = if wish == Some(Role::Server) { Refresher::Them } else { Refresher::Us };
                Some(Agreed { interval: interval.max(FASTEST), refresher, known: true })
            }
            None if self.interval.is_zero() => None,
            None => {
                Some(Agreed { interval: self.interval.max(least), refresher: Refresher::Us, known: knows(response) })
            }
        }
    }
}

impl Agreed {
    /// Puts the agreement on our 2xx (§9).
    pub fn answer(&self, headers: &mut Headers) {
        let refresher = match self.refresher {
            Refresher::Us => Role::Server,
            Refresher::Them => Role::Client,
        };
        headers.push(&expires(self.interval, Some(refresher)));
        if self.known {
            headers.push_text(HeaderName::Require, TIMER);
        }
    }

    /// Puts the agreement on a request of ours within the call: roles stay (§7.4).
    pub fn repeat(&self, headers: &mut Headers, least: Duration) {
        let refresher = match self.refresher {
            Refresher::Us => Role::Client,
            Refresher::Them => Role::Server,
        };
        headers.push(&expires(self.interval.max(least), Some(refresher)));
        if least > SHORTEST {
            headers.push(&min_se(least));
        }
    }

    /// When to refresh, from the last refresh on (§7.2): at half of the interval.
    #[must_use]
    pub fn refreshes_after(&self) -> Duration {
        self.interval / 2
    }

    /// When to give the call up, from the last refresh on (§10): 32 s or a third of the interval before its end.
    #[must_use]
    pub fn ends_after(&self) -> Duration {
        self.interval.saturating_sub(Duration::from_secs(32).min(self.interval / 3))
    }
}

/// The Min-SE of a message, the shortest interval there is without one.
#[must_use]
pub fn shortest_of(headers: &Headers) -> Duration {
    let found = headers.typed::<MinSe>().ok().flatten();
    found.map_or(SHORTEST, |min| Duration::from_secs(min.seconds.into()).max(SHORTEST))
}

/// Who is meant by `refresher`: the client or the server of the request's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

fn wanted(headers: &Headers) -> Option<(Duration, Option<Role>)> {
    let found = headers.typed::<SessionExpires>().ok().flatten()?;
    let role = found.params.get("refresher").and_then(|role| match role {
        role if role.eq_ignore_ascii_case("uac") => Some(Role::Client),
        role if role.eq_ignore_ascii_case("uas") => Some(Role::Server),
        _ => None,
    });
    Some((Duration::from_secs(found.seconds.into()), role))
}

fn knows(headers: &Headers) -> bool {
    headers.has_word(HeaderName::Supported, TIMER) || headers.has_word(HeaderName::Require, TIMER)
}

fn expires(interval: Duration, refresher: Option<Role>) -> SessionExpires {
    let mut params = Params::default();
    match refresher {
        Some(Role::Client) => params.set("refresher", Some("uac")),
        Some(Role::Server) => params.set("refresher", Some("uas")),
        None => {}
    }
    SessionExpires { seconds: seconds(interval), params }
}

fn min_se(least: Duration) -> MinSe {
    MinSe { seconds: seconds(least), params: Params::default() }
}

fn seconds(length: Duration) -> u32 {
    u32::try_from(length.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &str) -> Headers {
        let mut headers = Headers::new();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            headers.push_other(name, value.as_bytes()).unwrap();
        }
        headers
    }

    fn text(headers: &Headers) -> String {
        let mut bytes = Vec::new();
        headers.write(&mut bytes);
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n").trim_end().to_owned()
    }

    fn policy(interval: u64) -> SessionPolicy {
        SessionPolicy { interval: Duration::from_secs(interval), minimum: SHORTEST }
    }

    #[test]
    fn the_called_side_says_who_refreshes_and_how_often() {
        use Refresher::{Them, Us};
        let known = "Supported: timer\n";
        for (ours, asks, expected, refresher) in [
            (1800, "", "Session-Expires: 1800;refresher=uas", Us),
            (1800, "Session-Expires: 600", "Session-Expires: 600;refresher=uas", Us),
            (1800, "Supported: 100rel, TIMER", "Session-Expires: 1800;refresher=uac\nRequire: timer", Them),
            (1800, &format!("{known}x: 600"), "Session-Expires: 600;refresher=uac\nRequire: timer", Them),
            (1800, &format!("{known}x: 600;refresher=uas"), "Session-Expires: 600;refresher=uas\nRequire: timer", Us),
            (
                1800,
                &format!("{known}x: 7200;refresher=UAC"),
                "Session-Expires: 1800;refresher=uac\nRequire: timer",
                Them,
            ),
            (
                1800,
                &format!("{known}x: 7200\nMin-SE: 3600"),
                "Session-Expires: 3600;refresher=uac\nRequire: timer",
                Them,
            ),
            (1800, &format!("{known}Min-SE: 3600"), "Session-Expires: 3600;refresher=uac\nRequire: timer", Them),
            (1800, &format!("{known}x: soon"), "Session-Expires: 1800;refresher=uac\nRequire: timer", Them),
            (0, &format!("{known}x: 7200"), "Session-Expires: 7200;refresher=uac\nRequire: timer", Them),
        ] {
            let agreed = policy(ours).as_server(&headers(asks)).unwrap();
            let mut answer = Headers::new();
            agreed.answer(&mut answer);
            assert_eq!(text(&answer), expected, "{asks}");
            assert_eq!(agreed.refresher, refresher, "{asks}");
        }
        assert_eq!(policy(0).as_server(&headers(known)), None);
    }

    #[test]
    fn the_calling_side_takes_what_the_answer_says() {
        use Refresher::{Them, Us};
        for (says, seconds, refresher) in [
            ("Session-Expires: 600;refresher=uas", 600, Them),
            ("Session-Expires: 600;refresher=uac", 600, Us),
            ("Session-Expires: 600", 600, Us),
            ("Session-Expires: 1;refresher=uas", 32, Them),
            ("", 1800, Us),
        ] {
            let agreed = policy(1800).as_client(&headers(says), SHORTEST).unwrap();
            assert_eq!((agreed.interval.as_secs(), agreed.refresher), (seconds, refresher), "{says}");
        }
        assert_eq!(policy(0).as_client(&Headers::new(), SHORTEST), None);
    }

    #[test]
    fn a_refresh_comes_at_half_time_and_the_end_shortly_before_the_end() {
        for (interval, refresh, end) in [(1800, 900, 1768), (90, 45, 60), (33, 16, 22)] {
            let interval = Duration::from_secs(interval);
            let agreed = Agreed { interval, refresher: Refresher::Us, known: true };
            assert_eq!((agreed.refreshes_after().as_secs(), agreed.ends_after().as_secs()), (refresh, end));
        }
    }
}
