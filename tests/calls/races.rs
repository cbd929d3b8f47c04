//! SIP as the network and phones make it: losses, crossings, holds, late offers, streams, and keys that come twice.

use super::phone::Voice;
use super::script::expand;
use super::stage::{Id, Stage};
use super::text::Sdp;
use hotline::model::Cause;

fn silent_phone(stage: &mut Stage) -> Id {
    let id = stage.phone("+79161234567");
    stage.phones[id].by_itself = false;
    id
}

/// Loses the first `count` messages with this headline.
fn lose(stage: &mut Stage, headline: &'static str, mut count: u32) {
    stage.loses = Some(Box::new(move |_, seen| {
        let lost = seen == headline && count > 0;
        count -= u32::from(lost);
        lost
    }));
}

#[test]
fn what_is_lost_is_sent_again() {
    for (lost, count) in [("200 INVITE", 2), ("ACK", 2)] {
        let mut stage = Stage::new();
        lose(&mut stage, lost, count);
        let caller = stage.caller();
        stage.run_for(5_000);
        stage.listen();
        let heard = stage.take_phrases(caller, "ru");
        assert_eq!(heard, expand("greeting other_language record_notice {main} nav_hint"), "{lost}");
        stage.hang_up(caller);
        stage.assert_all_let_go(lost);
    }
}

#[test]
fn a_lost_bye_is_answered_when_it_is_sent_again_and_a_repeated_one_is_no_second_end() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(1_000);
    stage.with_phone(caller, |phone, _| {
        phone.cseq += 1;
        let cseq = phone.cseq;
        for _ in 0..2 {
            let text = phone.request("BYE", cseq, "z9hG4bK-same", &[], "");
            phone.out.push_back(super::phone::Out::Sip(text));
        }
        phone.hush();
    });
    assert_eq!(stage.phones[caller].count("200 BYE"), 2);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    stage.assert_all_let_go("BYE twice");
}

#[test]
fn a_call_that_is_never_acknowledged_ends() {
    let mut stage = Stage::new();
    let caller = silent_phone(&mut stage);
    stage.dial(caller, "main");
    stage.run_for(40_000);
    assert!(stage.phones[caller].count("200 INVITE") > 5, "the 200 is repeated");
    assert_eq!(stage.phones[caller].count("BYE"), 1);
    assert_eq!(stage.causes(), [Cause::NotAcknowledged]);
    stage.assert_all_let_go("no ACK");
}

#[test]
fn a_repeated_invite_is_one_call() {
    let mut stage = Stage::new();
    let caller = silent_phone(&mut stage);
    stage.with_phone(caller, |phone, _| {
        let offer = phone.sdp("sendrecv");
        phone.invite("main", Some(&offer));
        let Some(super::phone::Out::Sip(text)) = phone.out.pop_back() else { panic!() };
        for _ in 0..3 {
            phone.out.push_back(super::phone::Out::Sip(text.clone()));
        }
    });
    assert_eq!(stage.exchange.calls(), 1);
    stage.with_phone(caller, |phone, _| phone.ack(""));
    stage.run_for(1_000);
    stage.hang_up(caller);
    stage.assert_all_let_go("INVITE three times");
}

#[test]
fn a_cancel_that_comes_after_the_200_changes_nothing() {
    let mut stage = Stage::new();
    let caller = silent_phone(&mut stage);
    stage.dial(caller, "main");
    stage.with_phone(caller, |phone, _| phone.cancel());
    assert_eq!(stage.phones[caller].count("200 CANCEL"), 1);
    assert_eq!(stage.phones[caller].count("487 INVITE"), 0);
    assert_eq!(stage.exchange.calls(), 1);
    stage.with_phone(caller, |phone, _| phone.ack(""));
    stage.hang_up(caller);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    stage.assert_all_let_go("CANCEL after 200");
}

#[test]
fn a_cancel_before_the_answer_ends_the_call() {
    let mut stage = Stage::new();
    let caller = silent_phone(&mut stage);
    let texts = {
        let phone = &mut stage.phones[caller];
        let offer = phone.sdp("sendrecv");
        phone.invite("main", Some(&offer));
        phone.cancel();
        phone.out.drain(..).collect::<Vec<_>>()
    };
    // Both arrive before the ports are bound.
    for out in texts {
        let super::phone::Out::Sip(text) = out else { panic!() };
        stage.send_sip(caller, &text);
    }
    stage.settle();
    assert_eq!(stage.phones[caller].count("487 INVITE"), 1);
    assert_eq!(stage.causes(), [Cause::Cancelled]);
    stage.phones[caller].by_itself = true;
    stage.assert_all_let_go("CANCEL before 200");
}

#[test]
fn byes_that_cross_end_one_call() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(500);
    stage.loses = Some(Box::new(|to_bank, headline| !to_bank && headline == "BYE"));
    stage.with_exchange(|exchange, now| exchange.drain(now, std::time::Duration::ZERO));
    stage.run_for(50);
    stage.hang_up(caller);
    stage.loses = None;
    assert_eq!(stage.phones[caller].count("200 BYE"), 1, "ours is on its way, theirs is answered");
    assert_eq!(stage.causes(), [Cause::Draining]);
    stage.assert_all_let_go("BYE crosses BYE");
}

#[test]
fn an_offer_without_a_common_codec_is_not_acceptable() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.phones[caller].formats = "18 101";
    stage.dial(caller, "main");
    assert_eq!(stage.phones[caller].count("488 INVITE"), 1);
    assert_eq!(stage.causes(), [Cause::Refused(488)]);
    stage.assert_all_let_go("G.729 only");
}

#[test]
fn a_phone_that_is_wide_band_only_calls_again_while_its_prompts_are_made_ready() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.phones[caller].formats = "9 101";
    stage.dial(caller, "main");
    assert_eq!(stage.phones[caller].count("503 INVITE"), 1);
    assert_eq!(stage.causes(), [Cause::Refused(503)]);
    stage.assert_all_let_go("G.722 only, and its prompts are not ready");
}

#[test]
fn either_law_is_spoken_as_the_phone_offers_it() {
    for (formats, codec) in [("8 0 101", 8), ("0 101", 0), ("8", 8), ("0", 0)] {
        let mut stage = Stage::new();
        let caller = stage.phone("+79161234567");
        stage.phones[caller].formats = formats;
        stage.dial(caller, "main");
        stage.run_for(6_000);
        assert_eq!(stage.phones[caller].ear.codecs, [codec], "{formats}");
        assert!(stage.take_phrases(caller, "ru").starts_with("greeting other_language"));
        stage.hang_up(caller);
        stage.assert_all_let_go(formats);
    }
}

#[test]
fn a_late_offer_is_made_by_us_and_answered_in_the_ack() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    stage.with_phone(caller, |phone, _| phone.invite("main", None));
    let offer = Sdp::parse(&stage.phones[caller].last("200 INVITE").unwrap().body);
    assert_eq!((offer.formats[0], offer.direction.as_str()), (8, "sendrecv"));
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").starts_with("greeting other_language record_notice"));
    stage.press(caller, "4");
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), expand("{info}"));
    stage.hang_up(caller);
    stage.assert_all_let_go("late offer");
}

#[test]
fn while_the_caller_holds_nothing_is_said_and_it_goes_on_where_it_was() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(4_000);
    stage.with_phone(caller, |phone, _| {
        let hold = phone.sdp("sendonly");
        phone.ask("INVITE", &[], &hold);
    });
    assert_eq!(Sdp::parse(&stage.phones[caller].last("200 INVITE").unwrap().body).direction, "recvonly");
    let before = stage.phones[caller].ear.packets;
    stage.run_for(60_000);
    assert_eq!(stage.phones[caller].ear.packets, before);
    stage.with_phone(caller, |phone, _| {
        let resume = phone.sdp("sendrecv");
        phone.ask("INVITE", &[], &resume);
    });
    stage.listen();
    let heard = stage.take_phrases(caller, "ru");
    assert_eq!(heard, expand("greeting other_language record_notice {main} nav_hint"), "no word is lost");
    stage.hang_up(caller);
    stage.assert_all_let_go("held by the caller");
}

#[test]
fn media_follows_the_caller_to_another_address() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(2_000);
    stage.with_phone(caller, |phone, _| {
        phone.media = "198.51.100.7:7000".parse().unwrap();
        let moved = phone.sdp("sendrecv");
        phone.ask("INVITE", &[], &moved);
    });
    let before = stage.phones[caller].ear.packets;
    stage.run_for(1_000);
    assert!(stage.phones[caller].ear.packets >= before + 49);
    stage.press(caller, "4");
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").ends_with(&expand("{info}")), "keys come from there too");
    stage.hang_up(caller);
    stage.assert_all_let_go("moved");
}

#[test]
fn a_re_invite_that_cannot_be_met_leaves_the_call_as_it_was() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(2_000);
    stage.with_phone(caller, |phone, _| {
        let offer = phone.sdp("sendrecv").replace("8 0 101", "18 101");
        phone.ask("INVITE", &[], &offer);
    });
    assert_eq!(stage.phones[caller].count("488 INVITE"), 1);
    stage.press(caller, "4");
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").ends_with(&expand("{info}")));
    stage.hang_up(caller);
    stage.assert_all_let_go("488 within the call");
}

#[test]
fn a_call_over_tcp_goes_like_any_other() {
    let mut stage = Stage::new();
    let caller = stage.tcp_phone("+79161234567");
    stage.dial(caller, "main");
    stage.press(caller, "42");
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").ends_with(&expand("branches {after_info}")));
    assert_eq!(stage.phones[caller].count("200 INVITE"), 1);
    stage.hang_up(caller);
    assert_eq!(stage.phones[caller].count("200 BYE"), 1);
    stage.assert_all_let_go("TCP");
}

#[test]
fn keys_by_info_count_and_a_key_that_comes_both_ways_counts_once() {
    let info = |stage: &mut Stage, caller: Id, key: &str| {
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        stage.with_phone(caller, |phone, _| {
            phone.ask("INFO", &[("Content-Type", "application/dtmf-relay")], &body);
        });
    };
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(1_000);
    info(&mut stage, caller, "4");
    assert_eq!(stage.phones[caller].count("200 INFO"), 1);
    stage.listen();
    assert!(stage.take_phrases(caller, "ru").ends_with(&expand("{info}")));
    // The key 1 goes to the rates; counted twice it would go on to the main menu.
    stage.with_phone(caller, |phone, now| phone.press(now, "1"));
    info(&mut stage, caller, "1");
    stage.run_for(500);
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), expand("rates {after_info}"));
    stage.hang_up(caller);
    stage.assert_all_let_go("INFO");
}

#[test]
fn a_phone_that_vanishes_is_let_go() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    stage.run_for(1_000);
    stage.with_phone(caller, |phone, now| {
        phone.set_voice(now, Voice::Mute);
        phone.manner = super::phone::Manner::Vanished;
    });
    stage.run_for(62_000);
    assert_eq!(stage.causes(), [Cause::MediaSilent]);
    stage.assert_all_let_go("vanished");
}

#[test]
fn garbage_is_answered_or_dropped_and_harms_no_call() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    let peer = hotline::voip::sip::Peer::udp("203.0.113.9:5060".parse().unwrap());
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"INVITE\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nVia: \r\n\r\n",
        &[0xff; 3_000],
    ] {
        stage.with_exchange(|exchange, now| {
            exchange.handle_datagram(now, peer, "192.0.2.1:5060".parse().unwrap(), bytes);
        });
    }
    assert_eq!(stage.exchange.calls(), 1);
    stage.listen();
    stage.hang_up(caller);
    stage.assert_all_let_go("garbage");
}
