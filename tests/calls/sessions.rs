//! Sessions that change and that are kept alive while sound goes on: hold, another codec, another address, refusals,
//! session timers of callers and operators.

use super::ear::What;
use super::phone::{Manner, Phone, Voice};
use super::stage::{Id, Stage};
use super::text::Sdp;
use hotline::ivr::acd::OperatorState;
use hotline::model::{CallEvent, Cause};

/// Half of a session of 30 minutes, in milliseconds.
const HALF: u64 = 900_000;

/// A caller with these headers talks with anna, both at full voice.
fn talk(caller_says: &[(&'static str, &'static str)], anna_says: &[(&'static str, &'static str)]) -> (Stage, Id, Id) {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].says = anna_says.to_vec();
    let caller = stage.phone("+79161234567");
    stage.phones[caller].more = caller_says.to_vec();
    stage.dial(caller, "+74951234567");
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(5_000);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    for id in [caller, anna] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(1_000);
    assert_they_hear_each_other(&mut stage, caller, anna);
    (stage, caller, anna)
}

/// Milliseconds of a phone's voice that another has heard.
fn heard(stage: &Stage, ear: Id, voice: Id) -> u32 {
    let all = stage.phones[ear].ear.heard.iter();
    all.filter(|heard| heard.what == What::Voice(stage.phones[voice].number)).map(|heard| heard.length).sum()
}

#[track_caller]
fn assert_they_hear_each_other(stage: &mut Stage, caller: Id, anna: Id) {
    let before = (heard(stage, caller, anna), heard(stage, anna, caller));
    stage.run_for(1_000);
    let after = (heard(stage, caller, anna), heard(stage, anna, caller));
    assert!(after.0 >= before.0 + 900 && after.1 >= before.1 + 900, "{before:?}, a second later {after:?}");
}

/// A phone's offer within the call; the answer.
fn offers(stage: &mut Stage, id: Id, method: &str, change: impl FnOnce(&mut Phone) -> String) -> String {
    stage.with_phone(id, |phone, _| {
        let offer = change(phone);
        phone.ask(method, &[], &offer);
    });
    let answer = stage.phones[id].last(&format!("200 {method}")).unwrap().body.clone();
    if method == "UPDATE" {
        stage.with_phone(id, |phone, now| phone.connect_media(now, &answer));
    }
    answer
}

fn assert_over(mut stage: Stage, id: Id, what: &str) {
    stage.hang_up(id);
    stage.assert_all_let_go(what);
}

#[test]
fn either_side_may_move_its_sound_and_take_another_codec_by_re_invite_and_by_update() {
    for method in ["INVITE", "UPDATE"] {
        let (mut stage, caller, anna) = talk(&[], &[]);
        for id in [caller, anna] {
            let answer = offers(&mut stage, id, method, |phone| {
                phone.media.set_port(45_000);
                phone.sdp("sendrecv")
            });
            assert_eq!(Sdp::parse(&answer).direction, "sendrecv");
            assert_they_hear_each_other(&mut stage, caller, anna);
        }
        for id in [caller, anna] {
            let answer = offers(&mut stage, id, method, |phone| {
                phone.formats = "0 101";
                phone.sdp("sendrecv")
            });
            assert_eq!(Sdp::parse(&answer).formats[0], 0, "{answer}");
        }
        assert_they_hear_each_other(&mut stage, caller, anna);
        assert_over(stage, caller, method);
    }
}

#[test]
fn every_way_to_hold_silences_the_side_that_holds_and_resuming_brings_it_back() {
    let unspecified = |phone: &Phone| {
        let sdp = phone.sdp("sendrecv");
        sdp.replace(&format!("c=IN IP4 {}", phone.media.ip()), "c=IN IP4 0.0.0.0")
    };
    for (method, way, answered) in [
        ("INVITE", "sendonly", "recvonly"),
        ("INVITE", "inactive", "inactive"),
        ("INVITE", "0.0.0.0", ""),
        ("UPDATE", "sendonly", "recvonly"),
        ("UPDATE", "inactive", "inactive"),
    ] {
        for caller_holds in [true, false] {
            let (mut stage, caller, anna) = talk(&[], &[]);
            let (holder, held) = if caller_holds { (caller, anna) } else { (anna, caller) };
            let answer = offers(&mut stage, holder, method, |phone| match way {
                "0.0.0.0" => unspecified(phone),
                way => phone.sdp(way),
            });
            if !answered.is_empty() {
                assert_eq!(Sdp::parse(&answer).direction, answered, "{way}");
            }
            stage.with_phone(holder, |phone, now| phone.set_voice(now, Voice::Mute));
            stage.run_for(100);
            let before = stage.phones[holder].ear.packets;
            stage.run_for(5_000);
            assert_eq!(stage.phones[holder].ear.packets, before, "{method} {way}: nothing is sent to who holds");
            let heard = stage.all_phrases(held, "ru");
            assert!(caller_holds || heard.ends_with("hold_music…"), "{method} {way}: the caller waits with {heard}");
            offers(&mut stage, holder, method, |phone| phone.sdp("sendrecv"));
            stage.with_phone(holder, |phone, now| phone.set_voice(now, Voice::Full));
            stage.run_for(200);
            assert_they_hear_each_other(&mut stage, caller, anna);
            assert_over(stage, caller, way);
        }
    }
}

#[test]
fn a_refused_change_leaves_the_sound_as_it_was() {
    let (mut stage, caller, anna) = talk(&[], &[]);
    for (id, method) in [(caller, "INVITE"), (anna, "INVITE"), (caller, "UPDATE"), (anna, "UPDATE")] {
        stage.with_phone(id, |phone, _| {
            let offer = phone.sdp("sendrecv").replace("RTP/AVP 8 0 101", "RTP/AVP 18").replace("40000", "40800");
            phone.ask(method, &[], &offer);
        });
        assert_eq!(stage.phones[id].count(&format!("488 {method}")), 1);
        assert_they_hear_each_other(&mut stage, caller, anna);
        stage.phones[id].inbox.clear();
    }
    assert_over(stage, caller, "refused");
}

#[test]
fn a_late_offer_within_the_call_is_ours_and_its_answer_may_move_the_sound() {
    let (mut stage, caller, anna) = talk(&[], &[]);
    for id in [caller, anna] {
        stage.with_phone(id, |phone, _| {
            phone.by_itself = false;
            phone.ask("INVITE", &[], "");
        });
        let ok = stage.phones[id].last("200 INVITE").unwrap().clone();
        assert!(Sdp::parse(&ok.body).formats.len() > 2, "all that we can: {}", ok.body);
        stage.with_phone(id, |phone, now| {
            phone.media.set_port(46_000);
            let answer = phone.sdp("sendrecv");
            phone.connect_media(now, &ok.body);
            phone.ack(&answer);
            phone.by_itself = true;
        });
        assert_they_hear_each_other(&mut stage, caller, anna);
    }
    assert_over(stage, caller, "late offers");
}

#[test]
fn a_long_talk_is_refreshed_and_its_sound_goes_on() {
    for (allow, refresh) in [("INVITE, ACK, BYE, UPDATE", "UPDATE"), ("INVITE, ACK, BYE", "INVITE")] {
        let (mut stage, caller, anna) = talk(&[("Allow", allow)], &[("Allow", allow)]);
        let first = stage.phones[caller].last("200 INVITE").unwrap().clone();
        assert_eq!(first.get("session-expires"), "1800;refresher=uas");
        for id in [caller, anna] {
            stage.phones[id].inbox.clear();
            stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Sparse));
        }
        stage.run_for(2 * HALF + 20_000);
        for id in [caller, anna] {
            assert_eq!(stage.phones[id].count(refresh), 2, "{allow}");
            let asked = stage.phones[id].last(refresh).unwrap().clone();
            assert_eq!(asked.get("session-expires"), "1800;refresher=uac");
            if refresh == "INVITE" {
                assert_eq!(stage.phones[id].count("ACK"), 2);
            }
        }
        if refresh == "INVITE" {
            let again = stage.phones[caller].last("INVITE").unwrap();
            assert_eq!(again.body, first.body, "letter by letter what was agreed");
        }
        for id in [caller, anna] {
            stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
        }
        stage.run_for(200);
        assert_they_hear_each_other(&mut stage, caller, anna);
        assert_over(stage, caller, allow);
    }
}

#[test]
fn a_phone_that_died_while_it_held_is_found() {
    for caller_dies in [true, false] {
        let (mut stage, caller, anna) = talk(&[("Allow", "INVITE, ACK, BYE, UPDATE")], &[]);
        let dead = if caller_dies { caller } else { anna };
        offers(&mut stage, dead, "INVITE", |phone| phone.sdp("sendonly"));
        stage.with_phone(dead, |phone, now| {
            phone.set_voice(now, Voice::Mute);
            phone.manner = Manner::Vanished;
        });
        stage.run_for(HALF - 20_000);
        assert!(stage.causes().is_empty(), "silence is no death while it holds");
        stage.run_for(60_000);
        assert!(stage.phones[dead].count("BYE") > 0, "should only our ears have failed");
        if caller_dies {
            assert_eq!(stage.causes(), [Cause::Lost]);
            assert_eq!(stage.phones[anna].count("BYE"), 1);
        } else {
            let ended = stage.events(|event| matches!(event, CallEvent::TalkEnded { .. }).then_some(()));
            assert_eq!((ended.len(), stage.causes().len()), (1, 0), "the menu has the caller again");
            stage.hang_up(caller);
        }
        stage.assert_all_let_go("a dead phone");
    }
}

#[test]
fn a_caller_that_has_promised_to_refresh_and_does_not_is_given_up() {
    let timer = [("Supported", "timer"), ("Session-Expires", "120;refresher=uac")];
    for refreshes in [true, false] {
        let (mut stage, caller, _) = talk(&timer, &[]);
        let ok = stage.phones[caller].last("200 INVITE").unwrap().clone();
        assert_eq!((ok.get("session-expires"), ok.get("require")), ("120;refresher=uac", "timer"));
        stage.with_phone(caller, |phone, now| phone.set_voice(now, Voice::Sparse));
        stage.run_for(60_000);
        if refreshes {
            stage.with_phone(caller, |phone, _| phone.ask("UPDATE", &timer, ""));
            assert_eq!(stage.phones[caller].last("200 UPDATE").unwrap().get("session-expires"), "120;refresher=uac");
        }
        stage.run_for(60_000);
        assert_eq!(stage.causes(), if refreshes { vec![] } else { vec![Cause::Lost] });
        if refreshes {
            stage.hang_up(caller);
        }
        stage.assert_all_let_go("refreshes");
    }
}

#[test]
fn a_caller_who_requires_reliable_responses_or_timers_is_served() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.phones[caller].more = vec![("Require", "100rel, timer"), ("Session-Expires", "1800")];
    stage.dial(caller, "+74951234567");
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").starts_with("greeting"));
    assert_over(stage, caller, "required");
}

#[test]
fn a_caller_that_asks_for_too_short_a_session_is_told_the_shortest() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.phones[caller].more = vec![("Supported", "timer"), ("Session-Expires", "60")];
    stage.dial(caller, "+74951234567");
    assert_eq!(stage.phones[caller].last("422 INVITE").unwrap().get("min-se"), "90");
    stage.phones[caller].more = vec![("Supported", "timer"), ("Session-Expires", "90"), ("Min-SE", "90")];
    stage.dial(caller, "+74951234567");
    stage.run_for(1_000);
    assert_eq!(stage.exchange.calls(), 1);
    assert_over(stage, caller, "422");
}

#[test]
fn an_operators_phone_whose_ringing_is_reliable_is_confirmed_and_joined() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    stage.phones[anna].rings = vec![("Require", "100rel"), ("RSeq", "17"), ("Contact", "<sip:anna@192.0.2.100:5060>")];
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(5_000);
    let prack = stage.phones[anna].last("PRACK").unwrap().clone();
    assert_eq!(prack.get("rack"), "17 1 INVITE");
    assert_eq!(stage.phones[anna].count("PRACK"), 1);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    assert_over(stage, caller, "PRACK");
}

#[test]
fn a_hold_that_crosses_our_refresh_is_not_undone_by_it() {
    let allow = ("Allow", "INVITE, ACK, BYE");
    for caller_holds in [true, false] {
        let (mut stage, caller, anna) = talk(&[allow], &[allow]);
        let (holder, other) = if caller_holds { (caller, anna) } else { (anna, caller) };
        for id in [caller, anna] {
            stage.phones[id].inbox.clear();
            stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Sparse));
        }
        stage.phones[holder].reinvite = "491 Request Pending";
        assert!(stage.run_until(HALF, |stage| stage.phones[holder].count("INVITE") == 1), "the refresh");
        stage.phones[holder].reinvite = "200 OK";
        let held = offers(&mut stage, holder, "INVITE", |phone| phone.sdp("sendonly"));
        assert_eq!(Sdp::parse(&held).direction, "recvonly");
        stage.run_for(5_000);
        assert_eq!(stage.phones[holder].count("INVITE"), 2, "after the collision");
        assert_eq!(stage.phones[holder].last("INVITE").unwrap().body, held, "what is in force, in its last version");
        let before = stage.phones[holder].ear.packets;
        stage.with_phone(other, |phone, now| phone.set_voice(now, Voice::Full));
        stage.run_for(5_000);
        assert_eq!(stage.phones[holder].ear.packets, before, "nothing is sent to who holds");
        assert_over(stage, caller, "a hold that crosses a refresh");
    }
}
