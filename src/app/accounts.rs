//! `hotline operators`: the accounts at the command line.

use super::audit;
use super::cli::{Operators, OperatorsCommand};
use super::folders::with_store;
use super::operators::{self, NewOperator};
use crate::io::store::Deed;
use crate::ivr::acd::AccountRole;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Adds, lists, removes, gives a new password.
pub(super) fn run(arguments: Operators) -> Result<ExitCode> {
    let Operators { folders, by, command } = arguments;
    with_store(&folders, |config, store| async move {
        let realm = config.operators.realm;
        match command {
            OperatorsCommand::Add { name, skills, languages, role, password_stdin } => {
                let password = password(password_stdin)?;
                let role = AccountRole::from(role);
                let detail = match role {
                    AccountRole::Operator => format!("{name}: {}", skills.join(", ")),
                    AccountRole::Supervisor => format!("{name}, supervisor: {}", skills.join(", ")),
                };
                let languages = languages.into_iter().map(Into::into).collect();
                let operator = NewOperator { login: name.clone(), skills, languages, role };
                operators::add(&store, &realm, &operator, &password.text, jiff_now()).await?;
                audit::tell(&store, &by, Deed::OperatorAdded, &detail).await?;
                tell(&name, &realm, &password);
            }
            OperatorsCommand::List => print!("{}", operators::list(&store, &realm).await?),
            OperatorsCommand::Remove { name } => {
                operators::remove(&store, &name).await?;
                audit::tell(&store, &by, Deed::OperatorRemoved, &name).await?;
                println!("{name} is removed; a running server forgets the account within two seconds.");
            }
            OperatorsCommand::Role { name, role } => {
                let role = AccountRole::from(role);
                operators::set_role(&store, &name, role).await?;
                audit::tell(&store, &by, Deed::RoleSet, &format!("{name}: {}", role.name())).await?;
                println!("{name} is {} from now on; a running server follows within two seconds.", role.name());
            }
            OperatorsCommand::Passwd { name, password_stdin } => {
                let password = password(password_stdin)?;
                operators::set_password(&store, &realm, &name, &password.text).await?;
                audit::tell(&store, &by, Deed::PasswordSet, &name).await?;
                tell(&name, &realm, &password);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn jiff_now() -> jiff::Timestamp {
    crate::io::clock::Clock::start().now().wall
}

struct Password {
    text: Zeroizing<String>,
    made: bool,
}

/// Reads the password from standard input, or makes one.
fn password(from_stdin: bool) -> Result<Password> {
    if !from_stdin {
        return Ok(Password { text: operators::generate_password(&mut rand::rng()), made: true });
    }
    if std::io::stdin().is_terminal() {
        eprintln!("Password, then Enter (it is shown while you type):");
    }
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut text).context("the password cannot be read from standard input")?;
    let text = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    if text.is_empty() {
        bail!("there is no password on standard input; leave --password-stdin out to have one made");
    }
    Ok(Password { text, made: false })
}

fn tell(name: &str, realm: &str, password: &Password) {
    println!("{name} can register a phone: user {name}, realm {realm}.");
    if password.made {
        println!("password: {}", *password.text);
        println!("It is shown once and not kept.");
    }
}
