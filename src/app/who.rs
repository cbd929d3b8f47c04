//! Who typed a command, for the audit.

use super::cli::By;
use crate::io::clock::Clock;
use crate::io::store::Author;
use anyhow::{Result, bail};
use std::path::Path;

/// The longest name, in characters.
const LONGEST: usize = 64;

/// The one who typed this, now: as named, else who called `sudo`, else the user of the process.
pub(super) fn author(by: &By) -> Result<Author> {
    let who = match &by.who {
        Some(name) => named(name)?,
        None => match std::env::var("SUDO_USER") {
            Ok(name) if named(&name).is_ok() => name,
            Ok(_) | Err(_) => user(rustix::process::getuid().as_raw()),
        },
    };
    Ok(Author { who, at: Clock::start().now().wall })
}

/// The owner of a file, as far as the system knows.
pub(super) fn owner(file: &Path) -> Option<String> {
    let file = file.metadata().ok()?;
    Some(user(std::os::unix::fs::MetadataExt::uid(&file)))
}

fn named(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        bail!("{name:?} is no name for the audit; write 1-{LONGEST} characters, such as --as olga");
    }
    Ok(name.to_owned())
}

/// The name of a user; the number where `/etc/passwd` does not have it.
fn user(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    of_passwd(&users, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn of_passwd(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nolga:x:1000:1000:Olga,,,:/home/olga:/bin/sh\nbroken\n";
        assert_eq!(of_passwd(users, 1_000).as_deref(), Some("olga"));
        assert_eq!(of_passwd(users, 7), None);
    }

    #[test]
    fn a_name_for_the_audit_is_a_short_line() {
        assert_eq!(named(" Ольга ").expect("a name"), "Ольга");
        for wrong in ["", "  ", "a\nb", &"a".repeat(65)] {
            assert!(named(wrong).is_err(), "{wrong:?}");
        }
    }
}
