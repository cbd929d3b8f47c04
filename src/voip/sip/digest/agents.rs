//! Who does not answer several challenges as RFC 8760 §2.5 asks.

use super::super::headers::{HeaderName, Headers};

/// Whether the sender is one that gives up when any challenge names an algorithm it does not know, instead of taking the
/// other one: baresip before 3.12, which Debian ships, sipsak and `SIPp`.
pub(super) fn gives_up_at_sha256(headers: &Headers) -> bool {
    let agent = headers.get(HeaderName::UserAgent).and_then(|value| std::str::from_utf8(value).ok());
    let Some(agent) = agent.map(str::trim) else { return false };
    if agent.starts_with("sipsak ") || agent.split([' ', '/']).next() == Some("SIPp") {
        return true;
    }
    let Some(version) = agent.strip_prefix("baresip v") else { return false };
    let mut numbers = version.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 12),
        _ => false,
    }
}
