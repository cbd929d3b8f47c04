//! `hotline operators`: accounts of operators and their passwords.
//!
//! A password is shown once, when it is made; the store keeps only the hashes that digest authentication needs, and
//! those are good for one realm only.

use crate::io::store::{Account, Ha1, Store, StoreError, hex};
use crate::ivr::acd::AccountRole;
use crate::model::{Lang, OperatorId};
use jiff::Timestamp;
use md5::Md5;
use rand::{Rng, RngExt};
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt::Write;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Letters and digits that are not taken for one another, read out or written down: 32 of them, five bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A generated password has this many groups of four characters: 80 bits.
const GROUPS: usize = 4;

/// The shortest password a person may choose, in characters.
pub const SHORTEST_PASSWORD: usize = 10;

/// An operator to be added.
#[derive(Clone, Debug)]
pub struct NewOperator {
    /// Login: the user part of the phone's address.
    pub login: String,
    /// What the operator can do; at least one, but for a supervisor who takes no calls.
    pub skills: Vec<String>,
    /// The languages the operator speaks, best first; at least one.
    pub languages: Vec<Lang>,
    /// What the account may do besides taking calls.
    pub role: AccountRole,
}

/// Why a command on accounts was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorsError {
    /// The login cannot be part of a SIP address.
    #[error("{0:?} cannot be a login; write 1-32 small letters, digits, points, hyphens or underscores, such as anna")]
    BadLogin(String),
    /// A skill that no menu could name.
    #[error("{0:?} cannot be a skill; write letters, digits and underscores, such as support")]
    BadSkill(String),
    /// No skill: no queue would ever choose this operator.
    #[error("an operator needs a skill, such as --skills support")]
    NoSkill,
    /// No language.
    #[error("an operator needs a language, such as --languages ru,en")]
    NoLanguage,
    /// The password is too easy to guess.
    #[error("the password is too short; use {SHORTEST_PASSWORD} characters or more, or let one be made")]
    ShortPassword,
    /// There is no such account.
    #[error("there is no operator {login}{}", did_you_mean(nearest.as_deref()))]
    NoSuchOperator {
        /// The login asked for.
        login: String,
        /// The only login that begins alike, if there is one.
        nearest: Option<String>,
    },
    /// The store failed, or has such an account already.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an account with this password.
///
/// # Errors
/// When the login, a skill or the password cannot be used, or there is such an account already.
pub async fn add(
    store: &Store,
    realm: &str,
    operator: &NewOperator,
    password: &str,
    now: Timestamp,
) -> Result<(), OperatorsError> {
    check(operator)?;
    check_password(password)?;
    let [ha1_md5, ha1_sha256, ha1_sha512_256] = hashes(&operator.login, realm, password);
    let account = Account {
        login: OperatorId::new(&operator.login),
        realm: realm.to_owned(),
        languages: operator.languages.clone(),
        skills: operator.skills.iter().map(|skill| Arc::from(skill.as_str())).collect(),
        role: operator.role,
        ha1_md5,
        ha1_sha256,
        ha1_sha512_256: Some(ha1_sha512_256),
        created_at: now,
    };
    Ok(store.add_account(&account).await?)
}

/// Gives an account another password, for this realm.
///
/// # Errors
/// When there is no such account or the password cannot be used.
pub async fn set_password(store: &Store, realm: &str, login: &str, password: &str) -> Result<(), OperatorsError> {
    check_password(password)?;
    let hashes = hashes(login, realm, password);
    if store.set_password(&OperatorId::new(login), realm, hashes.each_ref()).await? {
        return Ok(());
    }
    Err(no_such(store, login).await?)
}

/// Gives an account another role.
///
/// # Errors
/// When there is no such account.
pub async fn set_role(store: &Store, login: &str, role: AccountRole) -> Result<(), OperatorsError> {
    if store.set_role(&OperatorId::new(login), role).await? {
        return Ok(());
    }
    Err(no_such(store, login).await?)
}

/// Removes an account; its phones are forgotten.
///
/// # Errors
/// When there is no such account.
pub async fn remove(store: &Store, login: &str) -> Result<(), OperatorsError> {
    if store.remove_account(&OperatorId::new(login)).await? {
        return Ok(());
    }
    Err(no_such(store, login).await?)
}

/// Every account, a line each, with a warning at those whose hashes are of another realm.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(store: &Store, realm: &str) -> Result<String, OperatorsError> {
    Ok(format_accounts(&store.accounts().await?, realm))
}

/// The logins that cannot register with a server of this realm until they get a new password.
#[must_use]
pub fn of_another_realm<'a>(accounts: &'a [Account], realm: &str) -> Vec<&'a str> {
    accounts.iter().filter(|account| account.realm != realm).map(|account| account.login.as_str()).collect()
}

/// A password that is strong and can be read out over the phone, such as `k7mp-x2qd-9fzt-hw4c`.
pub fn generate_password(random: &mut (impl Rng + ?Sized)) -> Zeroizing<String> {
    let mut password = Zeroizing::new(String::with_capacity(GROUPS * 5));
    for position in 0..GROUPS * 4 {
        if position > 0 && position % 4 == 0 {
            password.push('-');
        }
        password.push(char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
    }
    password
}

fn check(operator: &NewOperator) -> Result<(), OperatorsError> {
    let word = |text: &str, more: &str| {
        (1..=32).contains(&text.len())
            && text.chars().all(|character| {
                character.is_ascii_lowercase() || character.is_ascii_digit() || more.contains(character)
            })
    };
    if !word(&operator.login, ".-_") {
        return Err(OperatorsError::BadLogin(operator.login.clone()));
    }
    if let Some(skill) = operator.skills.iter().find(|skill| !word(skill, "_")) {
        return Err(OperatorsError::BadSkill(skill.clone()));
    }
    if operator.skills.is_empty() && operator.role == AccountRole::Operator {
        return Err(OperatorsError::NoSkill);
    }
    if operator.languages.is_empty() {
        return Err(OperatorsError::NoLanguage);
    }
    Ok(())
}

fn check_password(password: &str) -> Result<(), OperatorsError> {
    if password.chars().count() < SHORTEST_PASSWORD { Err(OperatorsError::ShortPassword) } else { Ok(()) }
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

async fn no_such(store: &Store, login: &str) -> Result<OperatorsError, StoreError> {
    let accounts = store.accounts().await?;
    let first = login.chars().next();
    let mut alike = accounts.iter().map(|account| account.login.as_str()).filter(|name| name.chars().next() == first);
    let nearest = alike.next().filter(|_| alike.next().is_none()).map(str::to_owned);
    Ok(OperatorsError::NoSuchOperator { login: login.to_owned(), nearest })
}

/// H(login:realm:password) by MD5 and by SHA-256 (RFC 7616 §3.4.2, RFC 8760 §2.1).
fn hashes(login: &str, realm: &str, password: &str) -> [Ha1; 3] {
    let secret = Zeroizing::new(format!("{login}:{realm}:{password}"));
    let secret = secret.as_bytes();
    [hex(&Md5::digest(secret)), hex(&Sha256::digest(secret)), hex(&Sha512_256::digest(secret))]
        .map(|hash| Ha1::from_hex(&hash))
}

fn format_accounts(accounts: &[Account], realm: &str) -> String {
    if accounts.is_empty() {
        return "no operators yet; add one: hotline operators add anna --skills support --languages ru,en\n".into();
    }
    let width = accounts.iter().map(|account| account.login.as_str().len()).max().unwrap_or(0);
    accounts.iter().fold(String::new(), |mut text, account| {
        let login = account.login.as_str();
        let languages = account.languages.iter().map(|lang| lang.code()).collect::<Vec<_>>().join(",");
        let skills = account.skills.iter().map(|skill| &**skill).collect::<Vec<_>>().join(",");
        let warning = if account.realm == realm {
            String::new()
        } else {
            format!("  password is for realm {}, not {realm}: hotline operators passwd {login}", account.realm)
        };
        let role = match account.role {
            AccountRole::Operator => "",
            AccountRole::Supervisor => "  supervisor",
        };
        writeln!(text, "{login:width$}  {languages:5}  {skills}{role}{warning}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    async fn opened() -> (Store, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        (Store::open(folder.path()).await.expect("a store"), folder)
    }

    fn anna() -> NewOperator {
        let skills = vec!["support".to_owned(), "fraud".to_owned()];
        let (languages, role) = (vec![Lang::Ru, Lang::En], AccountRole::Operator);
        NewOperator { login: "anna".into(), skills, languages, role }
    }

    #[test]
    fn the_hashes_are_those_of_the_digest_formula() {
        // RFC 7616 §3.9.1 gives user, realm and password; the hashes are those of md5sum and sha256sum.
        let [md5, sha256, _] = hashes("Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(md5.as_hex(), "3d78807defe7de2157e2b0b6573a855f");
        assert_eq!(sha256.as_hex(), "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
    }

    #[test]
    fn a_made_password_is_strong_and_can_be_read_out() {
        let mut random = StdRng::seed_from_u64(7);
        let (first, second) = (generate_password(&mut random), generate_password(&mut random));
        assert_ne!(*first, *second);
        assert_eq!(first.len(), 19);
        assert!(first.split('-').all(|group| group.len() == 4 && group.bytes().all(|byte| ALPHABET.contains(&byte))));
    }

    #[tokio::test]
    async fn an_operator_is_added_listed_given_a_password_and_removed() {
        let (store, _folder) = opened().await;
        add(&store, "hotline", &anna(), "correct horse", Timestamp::UNIX_EPOCH).await.expect("added");
        assert_eq!(list(&store, "hotline").await.expect("listed"), "anna  ru,en  support,fraud\n");
        let before = store.accounts().await.expect("read")[0].ha1_md5.clone();
        set_password(&store, "hotline", "anna", "battery staple").await.expect("set");
        assert_ne!(store.accounts().await.expect("read")[0].ha1_md5, before);
        set_role(&store, "anna", AccountRole::Supervisor).await.expect("set");
        assert_eq!(list(&store, "hotline").await.expect("listed"), "anna  ru,en  support,fraud  supervisor\n");
        remove(&store, "anna").await.expect("removed");
        assert!(list(&store, "hotline").await.expect("listed").starts_with("no operators yet"));
    }

    #[tokio::test]
    async fn the_store_never_holds_the_password() {
        let (store, folder) = opened().await;
        add(&store, "hotline", &anna(), "correct horse", Timestamp::UNIX_EPOCH).await.expect("added");
        store.close().await;
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let bytes = std::fs::read(file.expect("a file").path()).expect("read");
            assert!(!bytes.windows(13).any(|window| window == b"correct horse"));
        }
    }

    #[tokio::test]
    async fn another_realm_is_warned_of() {
        let (store, _folder) = opened().await;
        add(&store, "hotline", &anna(), "correct horse", Timestamp::UNIX_EPOCH).await.expect("added");
        let accounts = store.accounts().await.expect("read");
        assert_eq!(of_another_realm(&accounts, "bank.example"), vec!["anna"]);
        assert!(list(&store, "bank.example").await.expect("listed").contains("hotline operators passwd anna"));
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_said_with_advice() {
        let (store, _folder) = opened().await;
        let cases = [
            (NewOperator { login: "Анна".into(), ..anna() }, "correct horse", "such as anna"),
            (NewOperator { login: "anna smith".into(), ..anna() }, "correct horse", "such as anna"),
            (NewOperator { skills: vec!["first line".into()], ..anna() }, "correct horse", "such as support"),
            (NewOperator { skills: vec![], ..anna() }, "correct horse", "--skills"),
            (NewOperator { languages: vec![], ..anna() }, "correct horse", "--languages"),
            (anna(), "1234", "10 characters"),
        ];
        for (operator, password, advice) in cases {
            let error = add(&store, "hotline", &operator, password, Timestamp::UNIX_EPOCH).await.expect_err(advice);
            assert!(error.to_string().contains(advice), "{error}");
        }
        add(&store, "hotline", &anna(), "correct horse", Timestamp::UNIX_EPOCH).await.expect("added");
        let error = remove(&store, "ana").await.expect_err("no such");
        assert_eq!(error.to_string(), "there is no operator ana; did you mean anna?");
    }
}
