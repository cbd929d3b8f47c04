//! From the called number to a line of the menu.

use crate::ivr::menu::{LineId, Menu};
use crate::model::PhoneNumber;
use crate::voip::sip::Uri;

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
