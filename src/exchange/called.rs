//! From the called number to a line of the menu.
//!
//! Which number was called is said by the Request-URI. A network that we trust may have changed it on the way, and says
//! in other headers what was called at first; the first of these that is a number or a name of a line counts:
//!
//! 1. the first entry of History-Info by its index (RFC 7044 §10: the one that the caller wanted),
//! 2. the last Diversion (RFC 5806 §4: the first who diverted),
//! 3. the Request-URI,
//! 4. To.
//!
//! From anybody else only the Request-URI counts.

use crate::ivr::menu::{LineId, Menu};
use crate::model::PhoneNumber;
use crate::voip::sip::headers::{Diversion, HistoryInfo};
use crate::voip::sip::{Request, Uri};

/// What was called at first, as a network that we trust says: what the caller wanted, then who diverted first.
pub(super) fn at_first(request: &Request) -> Vec<Uri> {
    let history = request.headers.all::<HistoryInfo>().unwrap_or_default();
    let first = history.iter().min_by_key(|entry| index_of(entry)).map(|entry| entry.0.uri().clone());
    let diversions = request.headers.all::<Diversion>().unwrap_or_default();
    let last = diversions.last().map(|entry| entry.0.uri().clone());
    first.into_iter().chain(last).collect()
}

/// The place of an entry of History-Info (RFC 7044 §5.1): `1.10` comes after `1.9`; what has none comes last.
fn index_of(entry: &HistoryInfo) -> Vec<u32> {
    let index = entry.0.params().get("index").unwrap_or_default();
    let numbers: Option<Vec<u32>> = index.split('.').map(|number| number.parse().ok()).collect();
    numbers.unwrap_or_else(|| vec![u32::MAX])
}

/// The line of a called URI: by number, then by the line's own name, then `default`. `None` is answered 404.
pub(super) fn line_of(menu: &Menu, called: &Uri, default: Option<&str>) -> Option<LineId> {
    let user = called.user_text().unwrap_or_default();
    let number = called.phone().or_else(|| PhoneNumber::parse(&user));
    let by_number = number.and_then(|number| position(menu, |line| line.numbers.contains(&number)));
    by_number.or_else(|| line_named(menu, &user)).or_else(|| line_named(menu, default?))
}

/// The line of a name.
pub(super) fn line_named(menu: &Menu, name: &str) -> Option<LineId> {
    position(menu, |line| *line.name == *name)
}

fn position(menu: &Menu, fits: impl Fn(&crate::ivr::menu::Line) -> bool) -> Option<LineId> {
    let at = menu.lines.iter().position(fits)?;
    u16::try_from(at).ok().map(LineId)
}
