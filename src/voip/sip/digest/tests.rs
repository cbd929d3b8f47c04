use std::time::Duration;

use super::*;
use crate::model::Instant;
use crate::voip::sip::headers::{HeaderName, Headers};
use crate::voip::sip::{Method, Peer, Transport, Uri};

const START: Instant = Instant::from_millis(1_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn at(transport: Transport, text: &str) -> Peer {
    Peer::at(transport, text.parse().unwrap())
}

fn phone() -> Peer {
    at(Transport::Udp, "192.0.2.10:5060")
}

fn server() -> DigestServer {
    DigestServer::new("bank".to_owned(), [7; 32], MINUTE)
}

fn login(password: &str) -> Login {
    Login { username: "anna".to_owned(), password: password.to_owned() }
}

fn uri() -> Uri {
    Uri::parse("sip:bank.example").unwrap()
}

fn reply(challenges: &[Challenge], password: &str, count: u32) -> Credentials {
    let signed = Signed { method: &Method::Register, uri: &uri(), body: b"" };
    answer(challenges, &login(password), signed, "c0ffee", count).unwrap()
}

#[test]
fn the_example_of_rfc_7616_yields_its_responses() {
    for (algorithm, expected) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let ha1 = algorithm.hash(&["Mufasa", "http-auth@example.org", "Circle of Life"]);
        let asked = algorithm::Asked {
            method: "GET",
            uri: "/dir/index.html",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            body: b"",
            count: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", Qop::Auth)),
        };
        assert_eq!(algorithm::response(algorithm, &ha1, &asked), expected);
    }
}

#[test]
fn the_old_example_without_qop_yields_its_response() {
    let ha1 = Algorithm::Md5.hash(&["Mufasa", "testrealm@host.com", "CircleOfLife"]);
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let asked = algorithm::Asked { method: "GET", uri: "/dir/index.html", nonce, body: b"", count: None };
    assert_eq!(algorithm::response(Algorithm::Md5, &ha1, &asked), "1949323746fe6a43ef61f9606e7febea");
}

#[test]
fn the_stronger_hash_is_asked_for_first_and_either_is_taken() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let challenges = server.challenges(START, phone(), false);
    assert_eq!(
        challenges.each_ref().map(|challenge| challenge.algorithm),
        [Some(Algorithm::Sha256), Some(Algorithm::Sha512Of256), Some(Algorithm::Md5)]
    );
    for (count, offered) in [(1, &challenges[..1]), (2, &challenges[1..2]), (3, &challenges[2..])] {
        let reply = reply(offered, "secret", count);
        let reply = Credentials::parse(reply.to_value().as_bytes()).unwrap();
        assert_eq!(server.verify(START, phone(), &reply, (&Method::Register, b""), Some(&ha1)), Verdict::Accepted);
    }
}

#[test]
fn an_unknown_account_and_a_wrong_password_look_alike() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let challenges = server.challenges(START, phone(), false);
    let wrong = reply(&challenges, "guess", 1);
    assert_eq!(server.verify(START, phone(), &wrong, (&Method::Register, b""), Some(&ha1)), Verdict::Denied);
    assert_eq!(server.verify(START, phone(), &wrong, (&Method::Register, b""), None), Verdict::Denied);
    let right = reply(&challenges, "secret", 1);
    assert_eq!(
        server.verify(START, phone(), &right, (&Method::Invite, b""), Some(&ha1)),
        Verdict::Denied,
        "of another method"
    );
    assert_eq!(server.verify(START, phone(), &right, (&Method::Register, b""), None), Verdict::Denied);
}

#[test]
fn an_answer_that_is_sent_again_is_stale_and_one_that_was_overtaken_is_not() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let challenges = server.challenges(START, phone(), false);
    let mut verdict = |count| {
        let reply = reply(&challenges, "secret", count);
        server.verify(START, phone(), &reply, (&Method::Register, b""), Some(&ha1))
    };
    for (count, expected) in [
        (0, Verdict::Stale),
        (1, Verdict::Accepted),
        (1, Verdict::Stale),
        (4, Verdict::Accepted),
        (3, Verdict::Accepted),
        (3, Verdict::Stale),
        (4, Verdict::Stale),
        (2, Verdict::Accepted),
        (0x1ff, Verdict::Accepted),
        (0x1c0, Verdict::Accepted),
        (0x1bf, Verdict::Stale),
        (5, Verdict::Stale),
        (u32::MAX, Verdict::Accepted),
        (0x1ff, Verdict::Stale),
    ] {
        assert_eq!(verdict(count), expected, "{count}");
    }
}

#[test]
fn an_answer_without_qop_is_denied() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let mut challenges = server.challenges(START, phone(), false);
    for challenge in &mut challenges {
        challenge.qop = None;
    }
    let reply = reply(&challenges, "secret", 1);
    assert_eq!(server.verify(START, phone(), &reply, (&Method::Register, b""), Some(&ha1)), Verdict::Denied);
}

#[test]
fn a_body_that_is_signed_must_be_the_one_that_came() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    for algorithm in Algorithm::ALL {
        let mut challenges = server.challenges(START, phone(), false);
        for challenge in &mut challenges {
            challenge.qop = Some(Qop::AuthInt);
        }
        let of: Vec<Challenge> = challenges.into_iter().filter(|one| one.algorithm == Some(algorithm)).collect();
        let signed = Signed { method: &Method::Invite, uri: &uri(), body: b"v=0" };
        let reply = answer(&of, &login("secret"), signed, "c0ffee", 1).unwrap();
        let reply = Credentials::parse(reply.to_value().as_bytes()).unwrap();
        let mut verdict = |body: &[u8]| server.verify(START, phone(), &reply, (&Method::Invite, body), Some(&ha1));
        assert_eq!(verdict(b"v=1"), Verdict::Denied, "{algorithm:?}");
        assert_eq!(verdict(b"v=0"), Verdict::Accepted, "{algorithm:?}");
    }
}

#[test]
fn an_account_that_exists_costs_no_more_hashes_than_one_that_does_not() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let mut old = ha1.clone();
    old.sha512_256 = None;
    let challenges = server.challenges(START, phone(), false);
    let mut cost = |offered: &[Challenge], ha1: Option<&Ha1>| {
        let reply = reply(offered, "guess", 1);
        algorithm::HASHES.with(|count| count.set(0));
        assert_eq!(server.verify(START, phone(), &reply, (&Method::Register, b""), ha1), Verdict::Denied);
        algorithm::HASHES.with(std::cell::Cell::get)
    };
    for at in 0..challenges.len() {
        let offered = &challenges[at..=at];
        let costs = [Some(&ha1), Some(&old), None].map(|ha1| cost(offered, ha1));
        assert_eq!(costs, [2, 2, 2], "{:?}", offered[0].algorithm);
    }
}

#[test]
fn an_old_or_foreign_nonce_is_stale_only_with_the_right_password() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let later = START + MINUTE + Duration::from_millis(1);
    let challenges = server.challenges(START, phone(), false);
    let mut foreign = challenges.clone();
    for challenge in &mut foreign {
        challenge.nonce = "after a restart".to_owned();
    }
    let mut forged = challenges.clone();
    for challenge in &mut forged {
        challenge.nonce.replace_range(0..2, "ff");
    }
    for (name, challenges) in [("old", &challenges), ("foreign", &foreign), ("forged", &forged)] {
        let mut verdict = |password| {
            server.verify(later, phone(), &reply(challenges, password, 1), (&Method::Register, b""), Some(&ha1))
        };
        assert_eq!(verdict("secret"), Verdict::Stale, "{name}");
        assert_eq!(verdict("guess"), Verdict::Denied, "{name}");
    }
}

#[test]
fn an_answer_that_was_overheard_is_worth_nothing_elsewhere() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let v6 = at(Transport::Tls, "[2001:db8:1:2::10]:5061");
    for (count, asked, from, expected) in [
        (1, phone(), phone(), Verdict::Accepted),
        // A NAT gives a phone another port now and then, and a provider another address of its network.
        (1, phone(), at(Transport::Udp, "192.0.2.10:40123"), Verdict::Accepted),
        (1, v6, at(Transport::Tls, "[2001:db8:1:2:ffff::1]:50000"), Verdict::Accepted),
        (1, at(Transport::Udp, "[::ffff:192.0.2.10]:9"), phone(), Verdict::Accepted),
        (1, phone(), at(Transport::Udp, "192.0.2.11:5060"), Verdict::Stale),
        (1, phone(), at(Transport::Tcp, "192.0.2.10:5060"), Verdict::Stale),
        (1, v6, at(Transport::Tls, "[2001:db8:1:3::10]:5061"), Verdict::Stale),
        (1, v6, at(Transport::Wss, "[2001:db8:1:2::10]:5061"), Verdict::Stale),
    ] {
        let challenges = server.challenges(START, asked, false);
        let mut verdict = |from: Peer, password| {
            let reply = reply(&challenges, password, count);
            server.verify(START, from, &reply, (&Method::Register, b""), Some(&ha1))
        };
        assert_eq!(verdict(from, "guess"), Verdict::Denied, "nobody without the password learns of it");
        assert_eq!(verdict(from, "secret"), expected, "{asked} {from}");
        // Whoever tried elsewhere has used nothing up.
        assert_eq!(verdict(asked, "secret") == Verdict::Accepted, expected == Verdict::Stale, "{asked} {from}");
    }
}

#[test]
fn a_flood_of_logins_makes_the_oldest_nonces_stale_and_keeps_the_table_small() {
    let mut server = server();
    let ha1 = Ha1::compute("anna", "bank", "secret");
    let first = server.challenges(START, phone(), false);
    assert_eq!(
        server.verify(START, phone(), &reply(&first, "secret", 1), (&Method::Register, b""), Some(&ha1)),
        Verdict::Accepted
    );
    for _ in 0..16_384 {
        let challenges = server.challenges(START, phone(), false);
        let verdict =
            server.verify(START, phone(), &reply(&challenges[1..], "secret", 1), (&Method::Register, b""), Some(&ha1));
        assert_eq!(verdict, Verdict::Accepted);
    }
    assert_eq!(
        server.verify(START, phone(), &reply(&first, "secret", 2), (&Method::Register, b""), Some(&ha1)),
        Verdict::Stale
    );
}

#[test]
fn challenges_and_credentials_are_read_as_they_are_written() {
    let challenge = server().challenges(START, phone(), true)[0].clone();
    assert_eq!(Challenge::parse(challenge.to_string().as_bytes()), Ok(challenge));
    let text = br#"digest  Realm="a \"b\", c",nonce=abc , qop="auth-int, auth",algorithm=sha-256,opaque="o""#;
    let read = Challenge::parse(text).unwrap();
    assert_eq!((read.realm.as_str(), read.nonce.as_str(), read.qop), (r#"a "b", c"#, "abc", Some(Qop::Auth)));
    assert_eq!((read.algorithm, read.stale, read.opaque.as_deref()), (Some(Algorithm::Sha256), false, Some("o")));
}

#[test]
fn credentials_that_lack_something_are_malformed() {
    let good =
        r#"Digest username="a", realm="b", nonce="c", uri="sip:d", response="e", qop=auth, nc=00000001, cnonce="f""#;
    assert!(Credentials::parse(good.as_bytes()).is_ok());
    for (what, with) in [
        (r#"username="a", "#, ""),
        (r#"nonce="c", "#, ""),
        (", nc=00000001", ""),
        ("nc=00000001", "nc=+1"),
        ("nc=00000001", "nc=000000001"),
        ("qop=auth,", "qop=auth-conf,"),
        ("qop=auth,", "userhash=true, qop=auth,"),
        ("Digest", "Basic"),
        (r#"response="e""#, r#"response="e"#),
    ] {
        let text = good.replace(what, with);
        assert!(Credentials::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn nothing_of_a_password_is_shown() {
    let challenges = server().challenges(START, phone(), false);
    let reply = reply(&challenges, "secret", 1);
    let mut headers = Headers::new();
    headers.push_text(HeaderName::Authorization, &reply.to_value());
    let shown = format!("{reply:?} {headers:?} {:?} {:?}", login("secret"), Ha1::compute("anna", "bank", "secret"));
    assert!(!shown.contains("secret") && !shown.contains(&reply.response), "{shown}");
    assert_eq!(Credentials::find(&headers, HeaderName::Authorization, "bank"), Some(reply));
}
