//! Other sessions before the answer (RFC 3311, RFC 6337): phones and targets that ring, and a caller who hears that
//! there is no room.

use super::early_media::each_hears;
use super::no_room::{announcing, beside};
use super::phone::{Manner, Voice};
use super::stage::{Id, Stage};
use super::text::{Sdp, Sip, bracketed, finish};
use super::transfers::{BRIDGE, DESK, dialled_as, outside, told};

/// One of the dialogs that the INVITE to a phone has made before its answer.
struct Early {
    phone: Id,
    invite: Sip,
    tag: &'static str,
    updates: u32,
}

impl Early {
    fn of(stage: &Stage, phone: Id, tag: &'static str) -> Self {
        Self { phone, invite: stage.phones[phone].last("INVITE").unwrap().clone(), tag, updates: 0 }
    }

    /// A reliable 183 with the answer to the INVITE.
    fn describe(&self, stage: &mut Stage, sdp: &str) {
        let contact = format!("<sip:x@{}>", stage.phones[self.phone].addr);
        let more = [("Require", "100rel"), ("RSeq", "7"), ("Contact", contact.as_str())];
        let text = self.invite.reply("183 Session Progress", self.tag, &more, sdp);
        stage.send_sip(self.phone, &text);
        stage.settle();
    }

    /// An UPDATE with an offer; what is answered.
    fn offer(&mut self, stage: &mut Stage, sdp: &str) -> Sip {
        self.updates += 1;
        let (addr, invite, tag, cseq) = (stage.phones[self.phone].addr, &self.invite, self.tag, self.updates);
        let target = bracketed(invite.get("contact"));
        let (own, theirs, call_id) = (invite.get("to"), invite.get("from"), invite.get("call-id"));
        let text = format!(
            "UPDATE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK-{tag}-{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: {own};tag={tag}\r\nTo: {theirs}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} UPDATE\r\n\
             Contact: <sip:x@{addr}>\r\n"
        );
        stage.send_sip(self.phone, &finish(text, &[], sdp));
        stage.settle();
        let mut answers = stage.phones[self.phone].inbox.iter().rev();
        answers.find(|one| one.headline().ends_with(" UPDATE")).unwrap().clone()
    }
}

/// The description of a phone whose sound is at another port from now on.
fn moved(stage: &mut Stage, id: Id, port: u16) -> String {
    stage.phones[id].media.set_port(port);
    stage.phones[id].sdp("sendrecv")
}

/// The phone takes the call with a 200 that describes nothing: all has been said.
fn answer_bare(stage: &mut Stage, id: Id) {
    stage.with_phone(id, |phone, now| {
        phone.body = Some(String::new());
        phone.answer(now);
        phone.body = None;
    });
}

/// A caller who speaks, on the way to a target that rings and speaks.
fn rung() -> Stage {
    dialled_as(outside(None), BRIDGE, Manner::Rings, |stage, caller| {
        stage.phones[caller].voice = Voice::Full;
        stage.phones[DESK].voice = Voice::Full;
    })
}

/// The target's sound begins.
fn speak(stage: &mut Stage, early: &Early) {
    let offer = early.invite.body.clone();
    stage.with_phone(DESK, |phone, now| phone.connect_media(now, &offer));
    stage.run_for(500);
}

#[test]
fn a_target_that_moves_its_sound_before_it_answers_is_heard_and_joined_where_it_is_now() {
    let mut stage = rung();
    let mut early = Early::of(&stage, DESK, "o1");
    let first = stage.phones[DESK].sdp("sendrecv");
    early.describe(&mut stage, &first);
    assert_eq!(stage.phones[DESK].count("PRACK"), 1);
    speak(&mut stage, &early);
    assert_eq!(each_hears(&mut stage, [0, DESK], 1_000), ["voice:1", ""]);
    let second = moved(&mut stage, DESK, 41_000);
    let answer = early.offer(&mut stage, &second);
    assert_eq!((answer.headline().as_str(), Sdp::parse(&answer.body).direction.as_str()), ("200 UPDATE", "sendrecv"));
    stage.run_for(200);
    assert_eq!(each_hears(&mut stage, [0, DESK], 1_000), ["voice:1", ""], "still nothing of the caller goes there");
    answer_bare(&mut stage, DESK);
    stage.run_for(500);
    assert_eq!(told(&stage), "bridge desk, taken");
    assert_eq!(each_hears(&mut stage, [0, DESK], 1_000), ["voice:1", "voice:0"]);
    stage.hang_up(0);
    stage.assert_all_let_go("moved before the answer");
}

#[test]
fn an_operators_phone_that_wants_another_codec_before_it_answers_talks_in_it() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru"])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = stage.phone("+79161234567");
    stage.phones[caller].formats = "0 101";
    stage.dial(caller, "+74951234567");
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(1_000);
    let mut early = Early::of(&stage, anna, "o0");
    stage.phones[anna].formats = "8 101";
    let first = stage.phones[anna].sdp("sendrecv");
    early.describe(&mut stage, &first);
    stage.phones[anna].formats = "0 101";
    let second = moved(&mut stage, anna, 41_000);
    let answer = early.offer(&mut stage, &second);
    assert_eq!((answer.headline().as_str(), Sdp::parse(&answer.body).formats), ("200 UPDATE", vec![0, 101]));
    answer_bare(&mut stage, anna);
    for id in [caller, anna] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(3_000);
    assert!(stage.all_phrases(caller, "ru").ends_with(&format!("voice:{anna}")));
    assert!(stage.all_phrases(anna, "ru").ends_with(&format!("voice:{caller}")));
    stage.hang_up(caller);
    stage.assert_all_let_go("another codec");
}

#[test]
fn an_offer_before_the_first_answer_is_too_early_and_a_refused_one_changes_nothing() {
    let mut stage = rung();
    let mut early = Early::of(&stage, DESK, "o1");
    let first = stage.phones[DESK].sdp("sendrecv");
    assert_eq!(early.offer(&mut stage, &first).headline(), "491 UPDATE", "our offer has no answer");
    early.describe(&mut stage, &first);
    let foreign = first.replace("RTP/AVP 8 0 101", "RTP/AVP 18");
    assert_eq!(early.offer(&mut stage, &foreign).headline(), "488 UPDATE");
    assert_eq!(early.offer(&mut stage, "nonsense").headline(), "400 UPDATE");
    let bare = early.offer(&mut stage, "");
    assert_eq!((bare.headline().as_str(), bare.body.as_str()), ("200 UPDATE", ""), "without an offer, no answer");
    speak(&mut stage, &early);
    answer_bare(&mut stage, DESK);
    stage.run_for(500);
    assert_eq!(each_hears(&mut stage, [0, DESK], 1_000), ["voice:1", "voice:0"]);
    stage.hang_up(0);
    stage.assert_all_let_go("refused offers");
}

#[test]
fn what_one_branch_of_a_fork_agreed_is_void_when_another_answers() {
    let mut stage = rung();
    let (own, mut other) = (Early::of(&stage, DESK, "o1"), Early::of(&stage, DESK, "elsewhere"));
    let first = stage.phones[DESK].sdp("sendrecv");
    own.describe(&mut stage, &first);
    let elsewhere = first.replace("40000", "42000");
    other.describe(&mut stage, &elsewhere);
    assert_eq!(other.offer(&mut stage, &elsewhere.replace("42000", "43000")).headline(), "200 UPDATE");
    speak(&mut stage, &own);
    answer_bare(&mut stage, DESK);
    stage.run_for(500);
    assert_eq!(each_hears(&mut stage, [0, DESK], 1_000), ["voice:1", "voice:0"]);
    stage.hang_up(0);
    stage.assert_all_let_go("the other branch");
}

#[test]
fn an_operator_whom_another_calls_may_move_before_the_answer_too() {
    let mut stage = Stage::new();
    stage.accounts(&["anna:support:ru", "boris:support:ru"]);
    let [anna, boris] = ["anna", "boris"].map(|user| stage.register(user));
    stage.phones[boris].manner = Manner::Rings;
    stage.dial(anna, "boris");
    stage.run_for(200);
    let mut early = Early::of(&stage, boris, "o1");
    let first = stage.phones[boris].sdp("sendrecv");
    early.describe(&mut stage, &first);
    let second = moved(&mut stage, boris, 41_000);
    assert_eq!(early.offer(&mut stage, &second).headline(), "200 UPDATE");
    answer_bare(&mut stage, boris);
    for id in [anna, boris] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(500);
    assert_eq!(each_hears(&mut stage, [anna, boris], 1_000), ["voice:1", "voice:0"]);
    stage.hang_up(anna);
    stage.assert_all_let_go("two operators");
}

#[test]
fn a_caller_who_hears_that_there_is_no_room_may_move_before_the_refusal() {
    let mut stage = Stage::configured(announcing(1, 4));
    let first = stage.caller();
    stage.run_for(500);
    let second = beside(&mut stage, first, 5_070);
    stage.phones[second].more = vec![("Require", "100rel")];
    stage.dial(second, "+74951234567");
    let early = stage.phones[second].last("183 INVITE").unwrap().clone();
    let rack = format!("{} 1 INVITE", early.get("rseq"));
    let moved = moved(&mut stage, second, 41_000);
    stage.with_phone(second, |phone, _| {
        early.get("to").clone_into(&mut phone.remote);
        bracketed(early.get("contact")).clone_into(&mut phone.target);
        phone.ask("UPDATE", &[], &moved);
    });
    let pending = stage.phones[second].last("500 UPDATE").unwrap();
    assert!(!pending.get("retry-after").is_empty(), "nobody knows yet that our answer has arrived");
    stage.with_phone(second, |phone, _| {
        phone.ask("PRACK", &[("RAck", &rack)], "");
        phone.ask("UPDATE", &[], &moved);
    });
    assert_eq!(stage.phones[second].count("200 PRACK"), 1);
    assert!(!stage.phones[second].last("200 UPDATE").unwrap().body.is_empty());
    assert!(stage.run_until(20_000, |stage| stage.phones[second].count("486 INVITE") == 1));
    let heard = stage.take_words(second);
    assert!(heard.contains("Unfortunately, all our operators are busy."), "{heard}");
    stage.hang_up(first);
    stage.assert_all_let_go("no room");
}
