//! Answering a challenge.

use std::fmt;

use zeroize::Zeroize;

use super::super::method::Method;
use super::super::uri::Uri;
use super::algorithm::{Algorithm, Asked, response};
use super::wire::{Challenge, Credentials, Protection};

/// An account of ours elsewhere. Its `Debug` hides the password.
#[derive(Clone)]
pub struct Login {
    /// The account.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// What an answer signs.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The method of the request.
    pub method: &'a Method,
    /// Its Request-URI.
    pub uri: &'a Uri,
    /// Its body, which is signed where the server wants nothing but `auth-int`.
    pub body: &'a [u8],
}

/// Answers the first challenge whose hash we know (RFC 8760 §2.4: the server lists them by its preference).
///
/// `cnonce` is a random text, `count` how often the nonce has been used, with this time (from 1). `None` when no
/// challenge can be answered.
#[must_use]
pub fn answer(
    challenges: &[Challenge],
    login: &Login,
    signed: Signed<'_>,
    cnonce: &str,
    count: u32,
) -> Option<Credentials> {
    let (challenge, algorithm) =
        challenges.iter().find_map(|challenge| challenge.algorithm.map(|algorithm| (challenge, algorithm)))?;
    Some(answer_one(challenge, algorithm, login, signed, (count, cnonce)))
}

fn answer_one(
    challenge: &Challenge,
    algorithm: Algorithm,
    login: &Login,
    signed: Signed<'_>,
    (count, cnonce): (u32, &str),
) -> Credentials {
    let ha1 = algorithm.hash(&[&login.username, &challenge.realm, &login.password]);
    let uri = signed.uri.to_string();
    let count_text = format!("{count:08x}");
    let asked = Asked {
        method: signed.method.as_str(),
        uri: &uri,
        nonce: &challenge.nonce,
        body: signed.body,
        count: challenge.qop.map(|qop| (count_text.as_str(), cnonce, qop)),
    };
    let response = response(algorithm, &ha1, &asked);
    let protection = match challenge.qop {
        Some(qop) => Protection::Counted { qop, count, count_text, cnonce: cnonce.to_owned() },
        None => Protection::None,
    };
    Credentials {
        username: login.username.clone(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri,
        response,
        algorithm: Some(algorithm),
        protection,
        opaque: challenge.opaque.clone(),
    }
}
