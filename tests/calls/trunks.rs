//! Trunks that bring calls: who is let in by address, by password, by the Contact that we registered; which numbers
//! they deliver and how many calls they may have.

use super::phone::{Manner, Out};
use super::stage::{Id, Stage, config};
use super::text::{Sip, bracketed, quoted, response_of};
use hotline::exchange::{Callers, ExchangeConfig, Inbound, Numbers, Outside, RegistrationView, Trunk};
use hotline::model::CallEvent;
use hotline::voip::sip::digest::{Ha1, Login};
use hotline::voip::sip::{Host, Peer};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

/// The first phone on every stage stands for the provider.
pub const PROVIDER: Id = 0;
const MAIN: &str = "+74951234567";

/// The provider, as the phone of this number.
pub fn trunk_at(number: u8) -> Trunk {
    let peer = Peer::udp(SocketAddr::from(([192, 0, 2, 100 + number], 5060)));
    Trunk::new(peer, Host::parse("sip.provider.example").unwrap())
}

pub fn with_trunks(trunks: &[(&str, Trunk)]) -> ExchangeConfig {
    let trunks = trunks.iter().map(|(name, trunk)| ((*name).into(), trunk.clone())).collect();
    ExchangeConfig { outside: Outside { trunks, callers: Callers::Trunks, ..Outside::default() }, ..config() }
}

pub fn stage_of(trunk: Trunk) -> Stage {
    let mut stage = Stage::configured(with_trunks(&[("provider", trunk)]));
    assert_eq!(stage.phone("provider"), PROVIDER);
    stage
}

/// The lines of the calls that arrived.
pub fn lines(stage: &Stage) -> Vec<String> {
    stage.events(|event| match event {
        CallEvent::Arrived { line, .. } => Some(line.to_string()),
        _ => None,
    })
}

/// Dials a Request-URI with this To.
pub fn dial_uri(stage: &mut Stage, id: Id, uri: &str, to: &str, more: &[(&'static str, String)]) {
    stage.with_phone(id, |phone, _| {
        let offer = phone.sdp("sendrecv");
        phone.invite(to, Some(&offer));
        let Some(Out::Sip(text)) = phone.out.pop_back() else { panic!("no INVITE") };
        let (first, rest) = text.split_once("\r\n").unwrap();
        assert!(first.starts_with("INVITE "), "{first}");
        let more = more.iter().fold(String::new(), |lines, (name, value)| lines + name + ": " + value + "\r\n");
        phone.out.push_back(Out::Sip(format!("INVITE {uri} SIP/2.0\r\n{more}{rest}")));
    });
}

pub fn last_status(stage: &Stage, id: Id) -> u16 {
    let mut answers = stage.phones[id].inbox.iter().rev().filter(|one| one.get("cseq").ends_with("INVITE"));
    answers.find_map(Sip::status).unwrap_or(0)
}

/// Answers the last request of this method with a status.
pub fn answer(stage: &mut Stage, id: Id, method: &str, status: &str, more: &[(&str, &str)]) {
    let text = stage.phones[id].last(method).unwrap().reply(status, "p", more, "");
    stage.send_sip(id, &text);
    stage.settle();
}

fn registration(stage: &mut Stage) -> RegistrationView {
    stage.with_exchange(|exchange, now| exchange.trunks(now)[0].registration.clone())
}

#[test]
fn we_stay_registered_and_calls_to_our_contact_are_the_providers_wherever_they_come_from() {
    let login = Login { username: "bank".into(), password: "right".into() };
    let trunk = Trunk { login: Some(login), register: Some(Duration::from_secs(600)), ..trunk_at(0) };
    let mut stage = stage_of(Trunk { from: vec!["198.51.100.0/24".parse().unwrap()], ..trunk });
    stage.phones[PROVIDER].manner = Manner::Vanished;
    stage.run_for(10);
    assert_eq!(registration(&mut stage), RegistrationView::Asked);
    let challenge = "Digest realm=\"provider\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
    answer(&mut stage, PROVIDER, "REGISTER", "401 Unauthorized", &[("WWW-Authenticate", challenge)]);
    let register = stage.phones[PROVIDER].last("REGISTER").unwrap().clone();
    assert_eq!(register.first, "REGISTER sip:sip.provider.example SIP/2.0");
    let signed = register.get("authorization");
    let expected = response_of(signed, "REGISTER", "bank", "right", "sip:sip.provider.example");
    assert_eq!(quoted(signed, "response"), expected);
    let contact = register.get("contact").to_owned();
    answer(&mut stage, PROVIDER, "REGISTER", "200 OK", &[("Contact", &contact.replace("=600", "=120"))]);
    assert!(matches!(registration(&mut stage), RegistrationView::Until(_)));
    stage.run_for(110_000);
    let refresh = stage.phones[PROVIDER].last("REGISTER").unwrap().get("cseq").to_owned();
    assert_eq!(refresh, "3 REGISTER", "refreshed before the two minutes are over");
    answer(&mut stage, PROVIDER, "REGISTER", "200 OK", &[("Contact", &contact.replace("=600", "=120"))]);

    let uri = bracketed(&contact).to_owned();
    assert!(uri.starts_with("sip:bank@192.0.2.1:5060;line="), "{uri}");
    let stranger = stage.phone("+79161234567");
    dial_uri(&mut stage, stranger, &uri, MAIN, &[]);
    assert_eq!((last_status(&stage, stranger), lines(&stage)), (200, vec!["main".to_owned()]), "by its To");
    stage.hang_up(stranger);
    dial_uri(&mut stage, stranger, "sip:bank@192.0.2.1:5060;line=0011223344556677", MAIN, &[]);
    assert_eq!(last_status(&stage, stranger), 403, "a line that was guessed");
    stage.dial(stranger, MAIN);
    assert_eq!(last_status(&stage, stranger), 403, "no line at all");

    stage.with_exchange(|exchange, now| exchange.drain(now, Duration::from_secs(1)));
    let last = stage.phones[PROVIDER].last("REGISTER").unwrap();
    assert_eq!(last.get("expires"), "0", "the provider is told that we stop");
    assert!(!stage.exchange.is_quiet());
    answer(&mut stage, PROVIDER, "REGISTER", "200 OK", &[]);
    assert!(stage.exchange.is_quiet());
}

#[test]
fn only_trunks_and_registered_phones_may_call_where_it_is_said_so() {
    let mut stage = stage_of(trunk_at(0));
    let stranger = stage.phone("+79161234567");
    stage.dial(stranger, MAIN);
    assert_eq!(last_status(&stage, stranger), 403);
    stage.dial(PROVIDER, MAIN);
    assert_eq!(last_status(&stage, PROVIDER), 200);
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.dial(anna, MAIN);
    assert_eq!(last_status(&stage, anna), 200);

    let mut open = with_trunks(&[("provider", trunk_at(0))]);
    open.outside.callers = Callers::Anyone;
    let mut stage = Stage::configured(open);
    stage.phone("provider");
    let caller = stage.phone("+79161234567");
    stage.dial(caller, MAIN);
    assert_eq!(last_status(&stage, caller), 200);
}

#[test]
fn a_trunk_delivers_the_numbers_that_are_named_and_no_others() {
    let numbers = Numbers::new([("+74950000000", "main".into()), ("+7812*", "main".into())]);
    let mut stage = stage_of(Trunk { numbers: Some(numbers), ..trunk_at(0) });
    for (called, status) in [("+74950000000", 200), ("88120000001", 200), (MAIN, 404), ("main", 404)] {
        stage.dial(PROVIDER, called);
        assert_eq!(last_status(&stage, PROVIDER), status, "{called}");
        if status == 200 {
            stage.run_for(100);
            stage.hang_up(PROVIDER);
        }
    }
    assert_eq!(lines(&stage), ["main", "main"]);
    let trunks = stage.events(|event| match event {
        CallEvent::Arrived { trunk, .. } => Some(trunk.clone()),
        _ => None,
    });
    assert_eq!(trunks, [Some("provider".into()), Some("provider".into())]);
}

fn authorization(challenge: &str, user: &str, password: &str, uri: &str) -> String {
    let (realm, nonce) = (quoted(challenge, "realm"), quoted(challenge, "nonce"));
    let header = format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5, qop=auth, \
         nc=00000001, cnonce=\"abcdef\""
    );
    let response = response_of(&header, "INVITE", user, password, uri);
    format!("{header}, response=\"{response}\"")
}

#[test]
fn a_trunk_with_a_password_is_asked_for_it_and_may_then_call_from_anywhere() {
    let ha1 = Ha1::compute("provider", "bank.example", "right");
    let inbound = Some(Inbound { user: "provider".into(), ha1 });
    let uri = format!("sip:{MAIN}@192.0.2.1");
    for (user, password, networks, status) in [
        ("provider", "right", vec![], 200),
        ("provider", "wrong", vec![], 401),
        ("nobody", "right", vec![], 401),
        ("provider", "right", vec!["192.0.2.100".parse().unwrap()], 200),
        ("provider", "right", vec!["198.51.100.0/24".parse().unwrap()], 403),
    ] {
        let mut stage = stage_of(Trunk { inbound: inbound.clone(), from: networks.clone(), ..trunk_at(0) });
        stage.dial(PROVIDER, MAIN);
        let asked = if status == 403 { 403 } else { 401 };
        assert_eq!(last_status(&stage, PROVIDER), asked, "its address alone does not do");
        if status == 403 {
            continue;
        }
        let challenges = stage.phones[PROVIDER].last("401 INVITE").unwrap().clone();
        let challenge = challenges.all("www-authenticate").find(|one| one.contains("MD5")).unwrap();
        let signed = authorization(challenge, user, password, &uri);
        dial_uri(&mut stage, PROVIDER, &uri, MAIN, &[("Authorization", signed.clone())]);
        assert_eq!(last_status(&stage, PROVIDER), status, "{user} {password}");
        if status == 200 {
            let other = stage.phone("+79161234567");
            dial_uri(&mut stage, other, &uri, MAIN, &[("Authorization", signed)]);
            assert_eq!(last_status(&stage, other), 401, "an answer that was overheard");
        }
    }
}

#[test]
fn a_trunk_has_no_more_calls_than_it_may_and_its_calls_are_counted() {
    let mut stage = stage_of(Trunk { calls: NonZeroUsize::new(1), ..trunk_at(0) });
    stage.dial(PROVIDER, MAIN);
    assert_eq!(last_status(&stage, PROVIDER), 200);
    let first = (stage.phones[PROVIDER].call_id.clone(), stage.phones[PROVIDER].remote.clone());
    let (local, target) = (stage.phones[PROVIDER].local.clone(), stage.phones[PROVIDER].target.clone());
    stage.dial(PROVIDER, MAIN);
    assert_eq!(last_status(&stage, PROVIDER), 503);
    assert!(!stage.phones[PROVIDER].last("503 INVITE").unwrap().get("retry-after").is_empty());
    let view = stage.with_exchange(|exchange, now| exchange.trunks(now)[0].clone());
    assert_eq!((view.calls_in, view.calls_out, view.total_in, view.refused), (1, 0, 1, 1));
    let phone = &mut stage.phones[PROVIDER];
    (phone.call_id, phone.remote) = first;
    (phone.local, phone.target) = (local, target);
    stage.hang_up(PROVIDER);
    assert_eq!(stage.with_exchange(|exchange, now| exchange.trunks(now)[0].calls_in), 0);
    stage.dial(PROVIDER, MAIN);
    assert_eq!(last_status(&stage, PROVIDER), 200);
}
