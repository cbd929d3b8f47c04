//! Callers handed to somebody outside: by a bridge, by REFER, through a trunk that asks who we are.

use super::phone::{Manner, Voice};
use super::stage::{Id, MONDAY_NOON, Stage, config, menu_of};
use super::text::Sdp;
use hotline::exchange::{Destination, ExchangeConfig, Outside, Trunk};
use hotline::ivr::menu::Menu;
use hotline::model::{CallEvent, Cause, PhoneNumber};
use hotline::voip::sdp::SecureMedia;
use hotline::voip::sip::digest::Login;
use hotline::voip::sip::{Host, Peer, SipUri};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub const BRIDGE: &str = "+74950000001";
const REFER: &str = "+74950000002";
const UNKNOWN: &str = "+74950000003";
/// What the menu says when a transfer failed.
const FAILED: &str = "operators_busy goodbye";
const CHALLENGE: &str = "Digest realm=\"trunk\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";

/// The default menu with lines that hand the caller over at once.
pub static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| {
    let hotline = include_str!("../../menus/hotline.yaml");
    let lines = format!(
        "lines:\n  bridge: {{numbers: [\"{BRIDGE}\"], start: by_bridge}}\n  \
         refer: {{numbers: [\"{REFER}\"], start: by_refer}}\n  \
         unknown: {{numbers: [\"{UNKNOWN}\"], start: to_nobody}}\n"
    );
    let task = |name: &str, to: &str, how: &str| {
        format!(
            "  {name}:\n    title: Перевод\n    steps:\n      - transfer: {{to: {to}, how: {how}, \
             failed: {{say: operators_busy, go: goodbye}}}}\n"
        )
    };
    let tasks = [
        "tasks:\n".to_owned(),
        task("by_bridge", "desk", "bridge"),
        task("by_refer", "desk", "refer"),
        task("to_nobody", "nobody", "bridge"),
    ];
    let hotline = replaced(hotline, "\nlines: ", &format!("\n{lines}# "));
    let hotline = replaced(&hotline, "\ntasks:\n", &format!("\n{}", tasks.concat()));
    Arc::new(menu_of(&hotline))
});

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?}");
    text.replacen(from, to, 1)
}

/// The phone that stands for the outside; the second on every stage.
pub const DESK: Id = 1;

/// A target at its own address, or behind a trunk with our login there.
pub fn outside(password: Option<&str>) -> ExchangeConfig {
    let peer = Peer::udp(SocketAddr::from(([192, 0, 2, 101], 5060)));
    let destination = if password.is_some() {
        let number = PhoneNumber::parse("+74959990000").unwrap();
        Destination::Number { trunks: vec!["provider".into()], number, ring: None }
    } else {
        let uri = SipUri::new(Some("desk"), Host::Ip(peer.addr.ip()), None);
        Destination::Address { uri, peer, secure: SecureMedia::Refused, ring: None, early_media: true }
    };
    let login = password.map(|password| Login { username: "bank".into(), password: password.into() });
    let caller_id = PhoneNumber::parse("+74951234567");
    let trunk = Trunk { login, caller_id, ..Trunk::new(peer, Host::parse("sip.provider.example").unwrap()) };
    let outside = Outside {
        trunks: [("provider".into(), trunk)].into(),
        transfers: [("desk".into(), destination)].into(),
        ..Outside::default()
    };
    ExchangeConfig { outside, ..config() }
}

/// A caller who dialled a line that transfers, and the target.
pub fn dialled_as(config: ExchangeConfig, called: &str, manner: Manner, prepare: impl FnOnce(&mut Stage, Id)) -> Stage {
    let mut stage = Stage::with(config, MONDAY_NOON, MENU.clone());
    let caller = stage.phone("+79161234567");
    let desk = stage.phone("desk");
    assert_eq!((caller, desk), (0, DESK));
    stage.phones[desk].manner = manner;
    prepare(&mut stage, caller);
    stage.dial(caller, called);
    stage.run_for(200);
    stage
}

fn dialled(called: &str, manner: Manner) -> Stage {
    dialled_as(outside(None), called, manner, |_, _| {})
}

/// What the records say of transfers, a word or two each.
pub fn told(stage: &Stage) -> String {
    let told = |event: &CallEvent| match event {
        CallEvent::TransferBegan { target, refer } => {
            Some(format!("{} {target}", if *refer { "refer" } else { "bridge" }))
        }
        CallEvent::Transferred { .. } => Some("taken".to_owned()),
        CallEvent::TransferFailed { reason, .. } => Some(format!("failed {reason}")),
        CallEvent::TransferEnded { talked, by_target, .. } => {
            Some(format!("talked {} {}", talked.as_secs(), if *by_target { "target" } else { "caller" }))
        }
        _ => None,
    };
    stage.events(told).join(", ")
}

/// The transfer failed for a reason: the caller heard so, and everything is let go.
fn assert_failed(stage: &mut Stage, how: &str, reason: &str) {
    stage.listen();
    let heard = stage.all_phrases(0, "ru");
    assert!(heard.ends_with(FAILED), "{reason}: {heard}");
    assert_eq!(told(stage), format!("{how} desk, failed {reason}"));
    assert_eq!(stage.causes(), [Cause::MenuEnded], "{reason}");
    stage.assert_all_let_go(reason);
}

#[test]
fn a_bridge_joins_the_caller_with_the_target_until_it_hangs_up() {
    let mut stage = dialled(BRIDGE, Manner::Answers(3_000));
    for id in [0, DESK] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(2_000);
    assert_eq!(stage.take_phrases(0, "ru"), "ringback…", "no dead air while it rings");
    let invite = stage.phones[DESK].last("INVITE").unwrap().clone();
    assert!(invite.first.starts_with("INVITE sip:desk@192.0.2.101 "), "{}", invite.first);
    assert!(!invite.get("x-call-ref").is_empty());
    stage.run_for(5_000);
    assert_eq!((stage.take_phrases(0, "ru"), stage.take_phrases(DESK, "ru")), ("voice:1".into(), "voice:0".into()));
    assert_eq!(stage.exchange.waiting(), 0);
    stage.run_for(20_000);
    stage.hang_up(DESK);
    assert_eq!(stage.phones[0].count("BYE"), 1);
    assert_eq!(told(&stage), "bridge desk, taken, talked 24 target");
    assert_eq!(stage.causes(), [Cause::Transferred]);
    stage.assert_all_let_go("the target hangs up");
}

#[test]
fn a_bridged_caller_may_hang_up() {
    let mut stage = dialled(BRIDGE, Manner::Answers(1_000));
    stage.run_for(11_000);
    stage.hang_up(0);
    assert_eq!(stage.phones[DESK].count("BYE"), 1);
    assert_eq!(told(&stage), "bridge desk, taken, talked 10 caller");
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    stage.assert_all_let_go("the caller hangs up");
}

#[test]
fn a_target_that_does_not_take_the_call_gives_the_caller_back() {
    for (status, reason) in [
        ("486 Busy Here", "busy"),
        ("600 Busy Everywhere", "busy"),
        ("480 Temporarily Unavailable", "no_answer"),
        ("404 Not Found", "unreachable"),
        ("503 Service Unavailable", "unreachable"),
        ("603 Decline", "rejected"),
        ("302 Moved Temporarily", "rejected"),
        ("401 Unauthorized", "rejected"),
    ] {
        let mut stage = dialled(BRIDGE, Manner::Refuses(status));
        assert_failed(&mut stage, "bridge", reason);
        assert_eq!(stage.phones[DESK].count("INVITE"), 1, "nobody else is called: {status}");
    }
}

#[test]
fn a_target_that_only_rings_is_given_up_after_half_a_minute() {
    let mut stage = dialled(BRIDGE, Manner::Rings);
    stage.run_for(29_500);
    assert_eq!(stage.phones[DESK].count("CANCEL"), 0);
    stage.run_for(1_000);
    assert_eq!(stage.phones[DESK].count("CANCEL"), 1);
    assert_failed(&mut stage, "bridge", "no_answer");
}

#[test]
fn a_target_that_says_nothing_is_given_up_too() {
    let mut stage = dialled(BRIDGE, Manner::Vanished);
    stage.run_for(30_500);
    assert_failed(&mut stage, "bridge", "no_answer");
}

#[test]
fn the_callers_hanging_up_stops_the_ringing_outside() {
    let mut stage = dialled(BRIDGE, Manner::Rings);
    stage.run_for(5_000);
    stage.hang_up(0);
    assert_eq!(stage.phones[DESK].count("CANCEL"), 1);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    assert_eq!(told(&stage), "bridge desk");
    stage.assert_all_let_go("hung up while it rings");
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up() {
    let mut stage = dialled(BRIDGE, Manner::Rings);
    stage.run_for(5_000);
    stage.loses = Some(Box::new(|to_bank, headline| !to_bank && headline == "CANCEL"));
    stage.hang_up(0);
    stage.loses = None;
    stage.with_phone(DESK, super::phone::Phone::answer);
    stage.run_for(1_000);
    assert_eq!((stage.phones[DESK].count("ACK"), stage.phones[DESK].count("BYE")), (1, 1));
    stage.assert_all_let_go("200 crosses CANCEL");
}

#[test]
fn without_ports_and_without_a_known_target_the_caller_is_given_back() {
    let mut stage = dialled_as(outside(None), BRIDGE, Manner::Rings, |_, _| {});
    stage.hang_up(0);
    stage.assert_all_let_go("first");
    let mut stage = Stage::with(outside(None), MONDAY_NOON, MENU.clone());
    let caller = stage.phone("+79161234567");
    stage.phone("desk");
    stage.with_phone(caller, |phone, _| {
        phone.by_itself = false;
        let offer = phone.sdp("sendrecv");
        phone.invite(BRIDGE, Some(&offer));
    });
    stage.has_ports = false;
    stage.with_phone(caller, |phone, now| {
        let body = phone.last("200 INVITE").unwrap().body.clone();
        phone.connect_media(now, &body);
        phone.ack("");
        phone.by_itself = true;
    });
    assert_failed(&mut stage, "bridge", "unreachable");

    let mut stage = dialled(UNKNOWN, Manner::Rings);
    stage.listen();
    assert_eq!(told(&stage), "bridge nobody, failed unknown_target");
    assert!(stage.phones[DESK].inbox.is_empty(), "nobody is called whom the configuration does not name");
    stage.assert_all_let_go("an unknown target");
}

#[test]
fn a_target_that_falls_silent_ends_the_call() {
    let mut stage = dialled(BRIDGE, Manner::Answers(1_000));
    stage.run_for(3_000);
    stage.with_phone(DESK, |phone, now| {
        phone.manner = Manner::Vanished;
        phone.set_voice(now, Voice::Mute);
    });
    stage.run_for(65_000);
    assert_eq!(stage.causes(), [Cause::Transferred]);
    assert_eq!(stage.phones[0].count("BYE"), 1);
    stage.assert_all_let_go("a silent target");
}

#[test]
fn the_caller_hears_music_while_the_target_holds() {
    let mut stage = dialled(BRIDGE, Manner::Answers(1_000));
    stage.run_for(3_000);
    stage.take_heard(0);
    stage.with_phone(DESK, |phone, now| {
        let hold = phone.sdp("sendonly");
        phone.set_voice(now, Voice::Mute);
        phone.ask("INVITE", &[], &hold);
    });
    let reply = stage.phones[DESK].last("200 INVITE").unwrap();
    assert_eq!(Sdp::parse(&reply.body).direction, "recvonly");
    stage.with_phone(DESK, |phone, _| phone.ack(""));
    stage.run_for(2_000);
    assert!(stage.take_phrases(0, "ru").ends_with("hold_music…"));
    stage.hang_up(0);
    stage.assert_all_let_go("held by the target");
}

#[test]
fn a_refer_hands_the_call_to_the_callers_network() {
    let mut stage = dialled(REFER, Manner::Rings);
    let refer = stage.phones[0].last("REFER").unwrap().clone();
    assert_eq!(refer.get("refer-to"), "<sip:desk@192.0.2.101>");
    stage.with_phone(0, |phone, _| phone.notify("active;expires=60", "SIP/2.0 100 Trying"));
    stage.with_phone(0, |phone, _| phone.notify("active;expires=55", "SIP/2.0 180 Ringing"));
    stage.run_for(3_000);
    assert_eq!(stage.phones[0].count("BYE"), 0);
    assert_eq!(stage.take_phrases(0, "ru"), "ringback…");
    stage.with_phone(0, |phone, _| phone.notify("terminated;reason=noresource", "SIP/2.0 200 OK"));
    assert_eq!(stage.phones[0].count("200 NOTIFY"), 3);
    assert_eq!(stage.phones[0].count("BYE"), 1);
    assert_eq!(stage.phones[DESK].count("INVITE"), 0, "we are out of the way");
    assert_eq!(told(&stage), "refer desk, taken");
    assert_eq!(stage.causes(), [Cause::Transferred]);
    stage.assert_all_let_go("handed over");
}

#[test]
fn a_refer_that_fails_gives_the_caller_back() {
    for (fragment, reason) in [
        ("SIP/2.0 486 Busy Here", "busy"),
        ("SIP/2.0 603 Decline", "rejected"),
        ("SIP/2.0 503 Service Unavailable", "unreachable"),
        ("SIP/2.0 100 Trying", "no_result"),
    ] {
        let mut stage = dialled(REFER, Manner::Rings);
        stage.with_phone(0, |phone, _| phone.notify("terminated;reason=noresource", fragment));
        assert_failed(&mut stage, "refer", reason);
    }
    let mut stage = dialled(REFER, Manner::Rings);
    stage.run_for(39_500);
    assert_eq!(told(&stage), "refer desk", "a peer that tells nothing is waited for");
    stage.run_for(1_000);
    assert_failed(&mut stage, "refer", "no_result");
}

#[test]
fn a_network_that_takes_no_refer_is_bridged_instead() {
    for refusal in
        ["405 Method Not Allowed", "501 Not Implemented", "603 Decline", "403 Forbidden", "420 Bad Extension"]
    {
        let mut stage = dialled_as(outside(None), REFER, Manner::Answers(1_000), |stage, caller| {
            stage.phones[caller].refer = refusal;
        });
        stage.run_for(11_000);
        assert_eq!(told(&stage), "refer desk, taken", "{refusal}");
        assert_eq!(stage.phones[DESK].count("ACK"), 1, "{refusal}");
        stage.hang_up(0);
        assert_eq!(told(&stage), "refer desk, taken, talked 10 caller");
        stage.assert_all_let_go(refusal);
    }
}

#[test]
fn a_phone_whose_allow_lacks_refer_is_not_asked() {
    let mut stage = dialled_as(outside(None), REFER, Manner::Answers(1_000), |stage, caller| {
        stage.phones[caller].more = vec![("Allow", "INVITE, ACK, CANCEL, BYE")];
    });
    stage.run_for(2_000);
    assert_eq!(stage.phones[0].count("REFER"), 0);
    assert_eq!(told(&stage), "bridge desk, taken");
    stage.hang_up(0);
    stage.assert_all_let_go("no REFER");
}

#[test]
fn a_phone_that_does_not_answer_a_refer_ends_as_it_must() {
    let mut stage = dialled_as(outside(None), REFER, Manner::Rings, |stage, _| {
        stage.loses = Some(Box::new(|to_bank, headline| to_bank && headline == "202 REFER"));
    });
    stage.run_for(31_000);
    assert_eq!(told(&stage), "refer desk");
    stage.run_for(2_000);
    assert_failed(&mut stage, "refer", "unreachable");
}

#[test]
fn who_hangs_up_during_a_refer_is_gone() {
    let mut stage = dialled(REFER, Manner::Rings);
    stage.with_phone(0, |phone, _| phone.notify("active", "SIP/2.0 180 Ringing"));
    stage.hang_up(0);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    stage.assert_all_let_go("hung up during REFER");
}

fn authorization(stage: &Stage) -> String {
    stage.phones[DESK].last("INVITE").unwrap().get("authorization").to_owned()
}

#[test]
fn a_trunk_that_asks_who_we_are_is_told() {
    let stale = CHALLENGE.replace("n1", "n2") + ", stale=true";
    for asks in [vec![CHALLENGE.to_owned()], vec![CHALLENGE.to_owned(), stale]] {
        let times = asks.len();
        let mut stage = dialled_as(outside(Some("right")), BRIDGE, Manner::Answers(1_000), |stage, _| {
            stage.phones[DESK].asks = asks.clone().into();
        });
        stage.run_for(6_000);
        assert_eq!(told(&stage), "bridge desk, taken");
        assert_eq!(stage.phones[DESK].count("INVITE"), times + 1);
        let invite = stage.phones[DESK].last("INVITE").unwrap().clone();
        assert!(invite.first.starts_with("INVITE sip:+74959990000@sip.provider.example "), "{}", invite.first);
        assert!(invite.get("from").starts_with("<sip:+74951234567@sip.provider.example>"), "{}", invite.get("from"));
        let given = authorization(&stage);
        let uri = "sip:+74959990000@sip.provider.example";
        let expected = super::text::response_of(&given, "INVITE", "bank", "right", uri);
        assert_eq!(super::text::quoted(&given, "response"), expected, "computed by hand");
        stage.hang_up(0);
        stage.assert_all_let_go("a trunk with a password");
    }
}

#[test]
fn a_trunk_that_does_not_take_our_password_gives_the_caller_back() {
    let mut stage = dialled_as(outside(Some("wrong")), BRIDGE, Manner::Answers(1_000), |stage, _| {
        stage.phones[DESK].asks = [CHALLENGE.to_owned(), CHALLENGE.replace("n1", "n2")].into();
    });
    assert_eq!(stage.phones[DESK].count("INVITE"), 2, "tried once");
    assert_failed(&mut stage, "bridge", "rejected");
    assert!(!stage.shown.contains("wrong"), "a password is in no command");
}

#[test]
fn a_trunk_may_ask_within_a_call_that_it_began() {
    let mut config = outside(Some("right"));
    for trunk in config.outside.trunks.values_mut() {
        // The caller comes from the trunk.
        trunk.peer.addr = SocketAddr::from(([192, 0, 2, 100], 5060));
    }
    let mut stage = dialled_as(config, REFER, Manner::Rings, |stage, caller| {
        stage.phones[caller].asks = [CHALLENGE.to_owned()].into();
    });
    assert_eq!(stage.phones[0].count("REFER"), 2);
    let refer = stage.phones[0].last("REFER").unwrap().clone();
    assert!(refer.get("proxy-authorization").contains("username=\"bank\""));
    assert_eq!(refer.get("refer-to"), "<sip:+74959990000@sip.provider.example>");
    stage.with_phone(0, |phone, _| phone.notify("terminated", "SIP/2.0 200 OK"));
    assert_eq!(told(&stage), "refer desk, taken");
    stage.assert_all_let_go("REFER with a password");
}

#[test]
fn stopping_the_server_ends_a_bridge() {
    let mut stage = dialled(BRIDGE, Manner::Answers(1_000));
    stage.run_for(5_000);
    stage.with_exchange(|exchange, now| exchange.drain(now, Duration::from_secs(10)));
    stage.run_for(11_000);
    assert_eq!((stage.phones[0].count("BYE"), stage.phones[DESK].count("BYE")), (1, 1));
    assert_eq!(stage.causes(), [Cause::Draining]);
    stage.assert_all_let_go("drained");
}
