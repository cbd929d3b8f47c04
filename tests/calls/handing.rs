//! Operators hand callers on: to another operator, a queue, a target, blind or after a talk with whom they hand them to;
//! phones take calls over; phones send calls elsewhere.

use super::phone::{Manner, Voice};
use super::stage::{Id, MENU, MONDAY_NOON, Stage, config};
use hotline::exchange::{Destination, ExchangeConfig, Outside, Trunk};
use hotline::ivr::acd::OperatorState;
use hotline::model::{CallEvent, Cause, PhoneNumber};
use hotline::voip::sdp::SecureMedia;
use hotline::voip::sip::{Host, Peer, SipUri};
use std::net::SocketAddr;

/// The phone that stands for the outside.
const DESK: &str = "192.0.2.105";

/// Targets: `office` at its own address, `mobile` through a trunk.
pub fn targets() -> ExchangeConfig {
    let peer = Peer::udp(SocketAddr::new(DESK.parse().unwrap(), 5060));
    let trunk = Trunk {
        caller_id: PhoneNumber::parse("+74951234567"),
        from: vec!["192.0.2.0/24".parse().unwrap()],
        ..Trunk::new(peer, Host::parse("provider.example").unwrap())
    };
    let uri = SipUri::new(Some("desk"), Host::Ip(peer.addr.ip()), None);
    let office = Destination::Address { uri, peer, secure: SecureMedia::Refused, ring: None, early_media: true };
    let number = PhoneNumber::parse("+79990000001").unwrap();
    let outside = Outside {
        trunks: [("provider".into(), trunk)].into(),
        transfers: [
            ("office".into(), office),
            ("mobile".into(), Destination::Number { trunks: vec!["provider".into()], number, ring: None }),
        ]
        .into(),
        ..Outside::default()
    };
    ExchangeConfig { outside, ..config() }
}

/// Anna talks with a caller; boris and eva are ready, gleb has no phone. The phones' numbers: 0 anna, 1 boris, 2 eva,
/// 3 caller, 4 anna's second phone (not registered), 5 the outside.
struct Scene {
    stage: Stage,
    anna: Id,
    boris: Id,
    caller: Id,
}

impl Scene {
    fn new() -> Self {
        let mut stage = Stage::with(targets(), MONDAY_NOON, MENU.clone());
        let accounts = ["anna:support:ru", "boris:fraud:ru", "eva:premium:ru", "gleb:support:ru"];
        stage.accounts(&accounts);
        let [anna, boris, _] = ["anna", "boris", "eva"].map(|user| stage.register(user));
        let caller = stage.caller();
        stage.run_for(100);
        stage.press(caller, "0");
        stage.run_for(6_000);
        assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
        stage.take_heard(caller);
        Self { stage, anna, boris, caller }
    }

    /// A REFER of a phone; the status it is answered with.
    fn refer(&mut self, who: Id, more: &[(&str, &str)]) -> String {
        let before = self.stage.phones[who].inbox.len();
        self.stage.with_phone(who, |phone, _| phone.ask("REFER", more, ""));
        let answered = self.stage.phones[who].inbox[before..].iter().find(|one| one.headline().ends_with(" REFER"));
        answered.unwrap().headline()
    }

    fn hand_to(&mut self, to: &str) -> String {
        self.refer(self.anna, &[("Refer-To", to)])
    }

    /// What anna's phone was told of it.
    fn news(&self) -> String {
        let news = self.stage.phones[self.anna].inbox.iter().filter(|one| one.method() == Some("NOTIFY"));
        let word = |body: &str| body.split(' ').nth(1).unwrap_or("?").to_owned();
        let all: Vec<String> = news.map(|one| word(&one.body)).collect();
        all.join(" ")
    }

    /// Hand-overs, talks and their ends as they are recorded.
    fn told(&self) -> String {
        let told = |event: &CallEvent| match event {
            CallEvent::HandOver { by, to, attended, outcome } => {
                let how = if *attended { "attended" } else { "blind" };
                Some(format!("{by}→{to} {how} {outcome}"))
            }
            CallEvent::TalkEnded { operator, .. } => Some(format!("{operator} ended")),
            _ => None,
        };
        self.stage.events(told).join(", ")
    }

    fn speaks(&mut self, who: Id) {
        self.stage.with_phone(who, |phone, now| phone.set_voice(now, Voice::Full));
    }

    /// The caller and this phone hear each other.
    #[track_caller]
    fn assert_talk(&mut self, other: Id) {
        for who in [self.caller, other] {
            self.speaks(who);
        }
        self.stage.run_for(300);
        for who in [self.caller, other] {
            self.stage.take_heard(who);
        }
        self.stage.run_for(1_000);
        let voice = |id: Id| format!("voice:{id}");
        let heard = self.stage.all_phrases(self.caller, "ru");
        assert!(heard.ends_with(&voice(other)), "the caller hears {other}: {heard}");
        let heard = self.stage.all_phrases(other, "ru");
        assert!(heard.ends_with(&voice(self.caller)), "{other} hears the caller: {heard}");
    }

    #[track_caller]
    fn assert_ends(mut self, what: &str) {
        self.stage.hang_up(self.caller);
        self.stage.assert_all_let_go(what);
    }
}

#[test]
fn a_caller_is_handed_to_another_operator() {
    let mut scene = Scene::new();
    assert_eq!(scene.hand_to("<sip:boris@bank.example>"), "202 REFER");
    scene.stage.run_for(500);
    assert_eq!(scene.stage.take_phrases(scene.caller, "ru"), "ringback…", "no dead air");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Reserved(_)));
    assert_eq!(scene.news(), "100");
    let invite = scene.stage.phones[scene.boris].last("INVITE").unwrap().clone();
    assert!(invite.get("referred-by").contains("sip:anna@"), "{}", invite.get("referred-by"));
    assert_eq!(invite.get("x-verified"), "no");
    scene.stage.run_for(3_000);
    assert_eq!(scene.news(), "100 200");
    assert_eq!(scene.stage.phones[scene.anna].count("BYE"), 1, "anna is let go");
    assert_eq!(scene.told(), "anna ended, anna→boris blind taken");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Talking(_)));
    assert!(matches!(scene.stage.operator_state("anna"), OperatorState::WrapUp(_)));
    scene.assert_talk(scene.boris);
    scene.stage.hang_up(scene.boris);
    scene.stage.listen();
    assert_eq!(scene.told(), "anna ended, anna→boris blind taken, boris ended");
    assert!(
        scene.stage.take_phrases(scene.caller, "ru").contains("survey_score"),
        "the menu goes on as after any talk"
    );
    scene.assert_ends("handed to boris");
}

#[test]
fn who_asked_may_hang_up_at_once_and_is_told_all_the_same() {
    let mut scene = Scene::new();
    let by = "<sip:anna@192.0.2.1>;ref=x";
    let more = [("Refer-To", "sip:boris@bank.example"), ("Referred-By", by)];
    assert_eq!(scene.refer(scene.anna, &more), "202 REFER");
    scene.stage.hang_up(scene.anna);
    scene.stage.run_for(3_000);
    assert_eq!(scene.news(), "100 200");
    assert_eq!(scene.stage.phones[scene.boris].last("INVITE").unwrap().get("referred-by"), by, "passed on");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Talking(_)));
    scene.assert_talk(scene.boris);
    scene.assert_ends("anna hung up at once");
}

#[test]
fn who_does_not_take_the_caller_gives_them_back_to_who_asked() {
    for (manner, news, outcome, patience) in [
        (Manner::Refuses("486 Busy Here"), "100 486", "busy", 500),
        (Manner::Refuses("603 Decline"), "100 603", "rejected", 500),
        (Manner::Refuses("302 Moved Temporarily"), "100 302", "rejected", 500),
        (Manner::Rings, "100 408", "no_answer", 31_000),
    ] {
        let mut scene = Scene::new();
        scene.stage.phones[scene.boris].manner = manner;
        assert_eq!(scene.hand_to("<sip:boris@bank.example>"), "202 REFER");
        scene.stage.run_for(patience);
        assert_eq!(scene.news(), news, "{manner:?}");
        assert_eq!(scene.told(), format!("anna→boris blind {outcome}"), "{manner:?}");
        assert_eq!(scene.stage.phones[scene.boris].count("CANCEL"), usize::from(manner == Manner::Rings));
        assert!(matches!(scene.stage.operator_state("anna"), OperatorState::Talking(_)), "{manner:?}");
        assert!(!matches!(scene.stage.operator_state("boris"), OperatorState::Reserved(_)), "{manner:?}");
        scene.assert_talk(scene.anna);
        scene.assert_ends("given back");
    }
}

#[test]
fn without_who_asked_the_caller_goes_to_the_front_of_the_queue() {
    let mut scene = Scene::new();
    scene.stage.phones[scene.boris].manner = Manner::Refuses("486 Busy Here");
    scene.stage.phones[scene.boris].manner = Manner::Rings;
    scene.hand_to("<sip:boris@bank.example>");
    scene.stage.hang_up(scene.anna);
    assert!(matches!(scene.stage.operator_state("anna"), OperatorState::WrapUp(_)));
    scene.stage.run_for(31_000);
    assert_eq!(scene.told(), "anna ended, anna→boris blind no_answer");
    scene.stage.run_for(6_000);
    assert_eq!(scene.stage.phones[scene.anna].count("INVITE"), 2, "the queue has the caller again");
    assert!(matches!(scene.stage.operator_state("anna"), OperatorState::Talking(_)));
    scene.assert_talk(scene.anna);
    scene.assert_ends("back in the queue");
}

#[test]
fn a_caller_who_hangs_up_stops_the_ringing() {
    let mut scene = Scene::new();
    scene.stage.phones[scene.boris].manner = Manner::Rings;
    scene.hand_to("<sip:boris@bank.example>");
    scene.stage.run_for(2_000);
    scene.stage.hang_up(scene.caller);
    assert_eq!(scene.stage.phones[scene.boris].count("CANCEL"), 1);
    assert_eq!(scene.stage.phones[scene.anna].count("BYE"), 1);
    assert_eq!(scene.news(), "100 487");
    assert_eq!(scene.stage.causes(), [Cause::CallerHungUp]);
    scene.stage.assert_all_let_go("hung up while handed over");
}

#[test]
fn whom_nobody_can_reach_is_said_at_once_and_the_talk_goes_on() {
    for (to, news, told) in [
        ("sip:gleb@bank", "100 480", "anna→gleb blind no_answer"),
        ("sip:queue-fraud@bank", "100 480", "anna→queue-fraud blind nobody"),
    ] {
        let mut scene = Scene::new();
        scene.stage.dial(scene.boris, "*61");
        scene.stage.run_for(2_000);
        assert_eq!(scene.hand_to(to), "202 REFER", "{to}");
        assert_eq!((scene.news().as_str(), scene.told().as_str()), (news, told));
        scene.assert_talk(scene.anna);
        scene.assert_ends(to);
    }
    let mut scene = Scene::new();
    scene.stage.dial(scene.boris, "*61");
    scene.stage.run_for(2_000);
    scene.hand_to("sip:boris@bank");
    assert_eq!((scene.news().as_str(), scene.told().as_str()), ("100 486", "anna→boris blind busy"));
    scene.assert_ends("a break");
}

#[test]
fn nobody_is_called_who_is_not_named() {
    let mut scene = Scene::new();
    for to in [
        "sip:+79031112233@bank.example",
        "tel:+79031112233",
        "sip:stranger@203.0.113.9",
        "sip:203.0.113.9",
        "sip:anna@bank.example",
        "sip:queue-nothing@bank.example",
        "sip:*799@bank.example",
        "sip:*70@bank.example",
        "sip:*60@bank.example",
        "https://example.com/",
    ] {
        assert_eq!(scene.hand_to(&format!("<{to}>")), "403 REFER", "{to}");
    }
    assert_eq!(scene.refer(scene.caller, &[("Refer-To", "<sip:boris@bank.example>")]), "403 REFER", "by a caller");
    assert_eq!(scene.news(), "");
    assert_eq!(scene.told(), "");
    scene.assert_talk(scene.anna);
    scene.assert_ends("nobody was called");
}

#[test]
fn who_wants_no_news_gets_none() {
    let mut scene = Scene::new();
    assert_eq!(scene.refer(scene.anna, &[("Refer-To", "<sip:boris@bank>"), ("Refer-Sub", "false")]), "202 REFER");
    assert_eq!(scene.stage.phones[scene.anna].last("202 REFER").unwrap().get("refer-sub"), "false");
    scene.stage.run_for(3_000);
    assert_eq!(scene.news(), "");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Talking(_)));
    scene.assert_ends("no news");
}

#[test]
fn a_caller_is_handed_into_another_queue() {
    for to in ["sip:queue-fraud@bank.example", "sip:*7FRAUD@bank.example"] {
        let number = 1 + MENU.queues.iter().position(|queue| *queue.name == *"fraud").unwrap();
        let mut scene = Scene::new();
        assert_eq!(scene.hand_to(&format!("<{}>", to.replace("FRAUD", &number.to_string()))), "202 REFER");
        assert_eq!((scene.news().as_str(), scene.stage.phones[scene.anna].count("BYE")), ("100 200", 1));
        assert!(scene.told().contains("anna→queue-fraud blind taken"), "{}", scene.told());
        scene.stage.run_for(4_000);
        assert!(scene.stage.queues().ends_with("fraud"), "{}", scene.stage.queues());
        assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Talking(_)), "he serves it");
        scene.assert_talk(scene.boris);
        scene.assert_ends("another queue");
    }
}

#[test]
fn a_caller_is_handed_outside_to_targets_of_the_configuration() {
    for (to, uri) in [
        ("sip:office@bank.example", "sip:desk@192.0.2.105"),
        ("sip:mobile@bank.example", "sip:+79990000001@provider.example"),
        ("tel:+7-999-000-00-01", "sip:+79990000001@provider.example"),
    ] {
        let mut scene = Scene::new();
        let [_, desk] = ["second", "desk"].map(|user| scene.stage.phone(user));
        assert_eq!(scene.hand_to(&format!("<{to}>")), "202 REFER");
        let invite = scene.stage.phones[desk].last("INVITE").unwrap().clone();
        assert!(invite.first.starts_with(&format!("INVITE {uri} ")), "{}", invite.first);
        let diversion = invite.get("diversion");
        assert!(diversion.starts_with("<sip:+74951234567@"), "which line was called: {diversion}");
        assert!(diversion.ends_with(";reason=unconditional;counter=1"), "{diversion}");
        let history: Vec<&str> = invite.all("history-info").collect();
        assert!(history[0].ends_with(";index=1") && history[1] == format!("<{uri}>;index=1.1;mp=1"), "{history:?}");
        let asserted = if uri.contains("provider") { "<sip:+74951234567@provider.example>" } else { "" };
        assert_eq!(invite.get("p-asserted-identity"), asserted);
        scene.stage.run_for(3_000);
        assert_eq!(scene.news(), "100 200");
        assert!(scene.told().contains("blind taken"), "{}", scene.told());
        scene.assert_talk(desk);
        scene.stage.hang_up(desk);
        assert_eq!(scene.stage.causes(), [Cause::Transferred]);
        scene.stage.assert_all_let_go(to);
    }
}

/// Anna calls boris from another phone of hers; the phone and its dialog.
fn consult(scene: &mut Scene, manner: Manner) -> (Id, String) {
    scene.stage.phones[scene.boris].manner = manner;
    let second = scene.stage.register("anna");
    scene.stage.dial(second, "boris");
    scene.stage.run_for(3_000);
    let phone = &scene.stage.phones[second];
    let tag = |header: &str| header.split_once(";tag=").map_or("", |(_, tag)| tag).to_owned();
    let last = phone.inbox.iter().rev().find(|one| one.headline().ends_with(" INVITE")).unwrap();
    let replaces =
        format!("{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", phone.call_id, tag(last.get("to")), tag(last.get("from")));
    (second, replaces.replace('@', "%40"))
}

#[test]
fn an_operator_asks_a_colleague_and_then_hands_the_caller_over() {
    let mut scene = Scene::new();
    let (second, replaces) = consult(&mut scene, Manner::Answers(1_000));
    for who in [second, scene.boris] {
        scene.speaks(who);
    }
    scene.stage.run_for(1_000);
    let heard = scene.stage.all_phrases(scene.boris, "ru");
    assert!(heard.ends_with(&format!("voice:{second}")), "the two talk: {heard}");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Reserved(_)), "no caller is offered to him");
    assert_eq!(scene.hand_to(&format!("<sip:boris@bank?Replaces={replaces}>")), "202 REFER");
    scene.stage.run_for(500);
    assert_eq!(scene.news(), "100 200");
    assert_eq!(scene.stage.phones[second].count("BYE"), 1, "anna is out of both");
    assert_eq!(scene.stage.phones[scene.anna].count("BYE"), 1);
    assert_eq!(scene.stage.phones[scene.boris].count("BYE"), 0);
    assert_eq!(scene.stage.phones[scene.boris].count("INVITE"), 1, "he is not rung again");
    assert_eq!(scene.told(), "anna ended, anna→boris attended taken");
    assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Talking(_)));
    scene.assert_talk(scene.boris);
    scene.assert_ends("attended");
}

#[test]
fn a_caller_is_handed_over_while_the_colleague_still_rings() {
    let mut scene = Scene::new();
    let (second, replaces) = consult(&mut scene, Manner::Answers(8_000));
    assert_eq!(scene.hand_to(&format!("<sip:boris@bank?Replaces={replaces}>")), "202 REFER");
    assert_eq!(scene.stage.phones[second].count("487 INVITE"), 1);
    scene.stage.take_heard(scene.caller);
    scene.stage.run_for(1_000);
    assert!(scene.stage.take_phrases(scene.caller, "ru").ends_with("ringback…"));
    scene.stage.run_for(6_000);
    assert_eq!(scene.news(), "100 200");
    assert_eq!(scene.told(), "anna ended, anna→boris attended taken");
    scene.assert_talk(scene.boris);
    scene.assert_ends("semi-attended");
}

#[test]
fn the_refer_may_come_on_the_call_to_the_colleague() {
    let mut scene = Scene::new();
    let (second, _) = consult(&mut scene, Manner::Answers(1_000));
    let phone = &scene.stage.phones[scene.anna];
    let tag = |header: &str| header.split_once(";tag=").map_or("", |(_, tag)| tag).to_owned();
    let replaces = format!("{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", phone.call_id, tag(&phone.remote), tag(&phone.local));
    assert_eq!(scene.refer(second, &[("Refer-To", &format!("<sip:x@y?Replaces={replaces}>"))]), "202 REFER");
    scene.stage.run_for(500);
    assert_eq!(scene.told(), "anna ended, anna→boris attended taken");
    scene.assert_talk(scene.boris);
    scene.assert_ends("from the other call");
}

#[test]
fn a_consultation_ends_as_any_call() {
    for by_boris in [true, false] {
        let mut scene = Scene::new();
        let (second, _) = consult(&mut scene, Manner::Answers(1_000));
        scene.stage.hang_up(if by_boris { scene.boris } else { second });
        assert_eq!(scene.stage.phones[if by_boris { second } else { scene.boris }].count("BYE"), 1);
        assert!(matches!(scene.stage.operator_state("boris"), OperatorState::Ready));
        scene.assert_talk(scene.anna);
        scene.assert_ends("asked only");
    }
    let mut scene = Scene::new();
    let (second, _) = consult(&mut scene, Manner::Refuses("486 Busy Here"));
    assert_eq!(scene.stage.phones[second].count("486 INVITE"), 1);
    scene.assert_ends("busy");
}

#[test]
fn only_a_registered_phone_calls_a_colleague_and_one_at_a_time() {
    let mut scene = Scene::new();
    let stranger = scene.stage.phone("anna");
    scene.stage.dial(stranger, "boris");
    scene.stage.run_for(1_000);
    assert_eq!(scene.stage.phones[scene.boris].count("INVITE"), 0);
    assert_eq!(scene.stage.phones[stranger].count("404 INVITE"), 1, "for anybody else there is no such number");
    scene.stage.dial(scene.boris, "boris");
    assert_eq!(scene.stage.phones[scene.boris].count("486 INVITE"), 1, "himself");
    scene.stage.dial(scene.boris, "anna");
    assert_eq!(scene.stage.phones[scene.boris].count("486 INVITE"), 2, "she talks");
    scene.stage.dial(scene.boris, "gleb");
    assert_eq!(scene.stage.phones[scene.boris].count("480 INVITE"), 1, "he has no phone");
    scene.assert_ends("no calls");
}
