//! Operators' phones: they register, ring, are joined with callers, and let go in every way there is.

use super::phone::{Manner, Voice};
use super::stage::{Id, Stage};
use super::text::Sdp;
use hotline::ivr::acd::OperatorState;
use hotline::model::{CallEvent, Cause};

const ANNA: &str = "anna:support:ru,en";

/// A caller who asked for an operator; everything before is forgotten.
fn ask_for_operator(stage: &mut Stage) -> Id {
    let caller = stage.caller();
    stage.run_for(100);
    stage.take_heard(caller);
    stage.press(caller, "0");
    caller
}

/// A caller talks with anna.
fn talk() -> (Stage, Id, Id) {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    let caller = ask_for_operator(&mut stage);
    stage.run_for(5_000);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    (stage, caller, anna)
}

fn ends(stage: &Stage) -> Vec<bool> {
    stage.events(|event| match event {
        CallEvent::TalkEnded { by_operator, .. } => Some(*by_operator),
        _ => None,
    })
}

#[test]
fn a_registered_operator_is_rung_told_and_joined_with_the_caller() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    assert_eq!(stage.phones[anna].count("401 REGISTER"), 1, "challenged once");
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
    let caller = ask_for_operator(&mut stage);
    for id in [caller, anna] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(1_500);
    assert_eq!(stage.phones[anna].count("INVITE"), 1);
    let waiting = stage.take_phrases(caller, "ru");
    assert!(waiting.starts_with("queue_enter"), "no dead air before the answer: {waiting}");
    stage.run_for(4_500);
    let (of_caller, of_anna) = (stage.take_phrases(caller, "ru"), stage.take_phrases(anna, "ru"));
    assert!(of_caller.ends_with("voice:0"), "the caller hears the operator: {of_caller}");
    assert!(!of_caller.contains("whisper"), "the whisper is for the operator alone: {of_caller}");
    assert!(of_anna.starts_with("whisper.not_verified voice:1"), "the operator hears who it is, then: {of_anna}");
    assert_eq!((stage.phones[anna].ear.noise, stage.phones[caller].ear.noise), (0, 0), "octet for octet");
    let invite = stage.phones[anna].last("INVITE").unwrap();
    assert_eq!(invite.get("x-verified"), "no");
    assert!(!invite.first.contains("79161234567") && !invite.get("from").contains("79161234567"), "{invite:?}");
    stage.hang_up(caller);
    stage.assert_all_let_go("a talk");
    assert_eq!(stage.phones[anna].count("BYE"), 1);
}

#[test]
fn the_caller_may_hang_up_first_and_the_operator_finishes_up() {
    let (mut stage, caller, anna) = talk();
    stage.hang_up(caller);
    assert_eq!(ends(&stage), [false]);
    assert_eq!(stage.causes(), [Cause::CallerHungUp]);
    assert_eq!(stage.phones[anna].count("BYE"), 1);
    assert!(matches!(stage.operator_state("anna"), OperatorState::WrapUp(_)));
    stage.run_for(30_100);
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
    stage.assert_all_let_go("hung up by the caller");
}

#[test]
fn the_operator_may_hang_up_first_and_the_caller_is_asked_how_it_was() {
    let (mut stage, caller, anna) = talk();
    stage.take_heard(caller);
    stage.hang_up(anna);
    assert_eq!(ends(&stage), [true]);
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), "survey_score");
    stage.press(caller, "5");
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), "survey_solved");
    stage.press(caller, "1");
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), "survey_thanks");
    assert_eq!(stage.causes(), [Cause::MenuEnded]);
    let chosen = stage.events(|event| match event {
        CallEvent::Chosen { name, value } => Some(format!("{name}={value}")),
        _ => None,
    });
    assert_eq!(chosen, ["csat=5", "solved=1"]);
    stage.assert_all_let_go("a survey");
}

#[test]
fn silence_in_the_survey_ends_with_a_goodbye() {
    let (mut stage, caller, anna) = talk();
    stage.take_heard(caller);
    stage.hang_up(anna);
    stage.listen();
    stage.run_for(6_200);
    stage.listen();
    assert_eq!(stage.take_phrases(caller, "ru"), "survey_score goodbye");
    assert_eq!(stage.causes(), [Cause::MenuEnded]);
    stage.assert_all_let_go("no survey");
}

#[test]
fn who_does_not_answer_is_passed_over() {
    for (manner, reason, patience) in [
        (Manner::Rings, "anna no_answer", 21_000),
        (Manner::Refuses("486 Busy Here"), "anna busy", 1_000),
        (Manner::Refuses("603 Decline"), "anna rejected", 1_000),
        (Manner::Refuses("480 Temporarily Unavailable"), "anna rejected", 1_000),
        (Manner::Refuses("503 Service Unavailable"), "anna unreachable", 1_000),
    ] {
        let mut stage = Stage::new();
        let [anna, boris] = stage.operators(&[ANNA, "boris:support:ru"])[..] else { panic!() };
        stage.phones[anna].manner = manner;
        let caller = ask_for_operator(&mut stage);
        stage.run_for(patience + 3_000);
        assert_eq!(stage.failed_offers(), reason, "{manner:?}");
        assert!(matches!(stage.operator_state("boris"), OperatorState::Talking(_)), "{manner:?}");
        assert_eq!(stage.phones[anna].count("CANCEL"), usize::from(manner == Manner::Rings));
        assert!(stage.phones[boris].towards.is_some());
        stage.hang_up(caller);
        stage.assert_all_let_go(&format!("{manner:?}"));
    }
}

#[test]
fn a_phone_that_was_switched_off_without_a_word_is_passed_over() {
    let mut stage = Stage::new();
    let [anna, _] = stage.operators(&[ANNA, "boris:support:ru"])[..] else { panic!() };
    stage.phones[anna].manner = Manner::Vanished;
    let caller = ask_for_operator(&mut stage);
    stage.run_for(25_000);
    assert!(matches!(stage.operator_state("boris"), OperatorState::Talking(_)));
    stage.hang_up(caller);
    stage.assert_all_let_go("a phone without power");
}

#[test]
fn when_the_only_operator_does_not_answer_the_menu_says_what_follows() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = ask_for_operator(&mut stage);
    stage.run_for(30_000);
    stage.listen();
    let heard = stage.take_phrases(caller, "ru");
    assert!(heard.ends_with("operators_busy voicemail_ask beep"), "{heard}");
    assert_eq!(stage.left(), "nobody");
    stage.hang_up(caller);
    stage.assert_all_let_go("nobody answers");
}

#[test]
fn the_callers_hanging_up_stops_the_ringing() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = ask_for_operator(&mut stage);
    stage.run_for(3_000);
    stage.hang_up(caller);
    assert_eq!(stage.phones[anna].count("CANCEL"), 1);
    assert_eq!(stage.phones[anna].count("ACK"), 1, "the 487 is acknowledged");
    assert_eq!(stage.operator_state("anna"), OperatorState::Ready);
    assert_eq!((stage.left().as_str(), stage.causes().as_slice()), ("abandoned", &[Cause::CallerHungUp][..]));
    stage.assert_all_let_go("hung up while ringing");
}

#[test]
fn a_phone_that_answers_while_it_is_cancelled_is_hung_up() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = ask_for_operator(&mut stage);
    stage.run_for(3_000);
    // The 200 and the CANCEL cross.
    stage.loses = Some(Box::new(|to_bank, headline| !to_bank && headline == "CANCEL"));
    stage.hang_up(caller);
    stage.loses = None;
    stage.with_phone(anna, super::phone::Phone::answer);
    stage.run_for(1_000);
    assert_eq!((stage.phones[anna].count("ACK"), stage.phones[anna].count("BYE")), (1, 1));
    stage.assert_all_let_go("200 crosses CANCEL");
}

#[test]
fn an_operators_phone_that_falls_silent_gives_the_caller_back_to_the_queue() {
    let (mut stage, caller, anna) = talk();
    stage.with_phone(anna, |phone, now| {
        phone.manner = Manner::Vanished;
        phone.set_voice(now, Voice::Mute);
    });
    stage.run_for(65_000);
    let heard = stage.take_phrases(caller, "ru");
    assert!(heard.ends_with("queue_next hold_music…"), "the caller waits again: {heard}");
    assert_eq!(stage.exchange.calls(), 1);
    stage.hang_up(caller);
    stage.assert_all_let_go("a phone without power");
}

#[test]
fn the_caller_hears_music_while_the_operator_holds_and_the_operator_again_after() {
    let (mut stage, caller, anna) = talk();
    stage.with_phone(anna, |phone, now| phone.set_voice(now, Voice::Full));
    stage.take_heard(caller);
    for (direction, answer, heard) in [("sendonly", "recvonly", "hold_music…"), ("sendrecv", "sendrecv", "voice:0")] {
        stage.with_phone(anna, |phone, _| {
            let sdp = phone.sdp(direction);
            phone.voice = if direction == "sendonly" { Voice::Mute } else { Voice::Full };
            phone.ask("INVITE", &[], &sdp);
        });
        stage.with_phone(anna, |phone, now| phone.set_voice(now, phone.voice));
        let reply = stage.phones[anna].last("200 INVITE").unwrap();
        assert_eq!(Sdp::parse(&reply.body).direction, answer);
        stage.run_for(300);
        stage.take_heard(caller);
        stage.run_for(1_000);
        let all = stage.take_phrases(caller, "ru");
        assert!(all.is_empty() || all.starts_with(heard), "{direction}: {all}");
        let last = stage.all_phrases(caller, "ru");
        assert!(last.ends_with(heard), "{direction}: {last}");
    }
    stage.hang_up(caller);
    stage.assert_all_let_go("held by the operator");
}

#[test]
fn keys_of_the_talk_go_to_the_operator_and_not_to_the_menu() {
    let (mut stage, caller, anna) = talk();
    stage.press(caller, "10*");
    stage.run_for(500);
    assert_eq!(stage.phones[anna].ear.keys, [1, 0, 10]);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    stage.hang_up(caller);
    stage.assert_all_let_go("keys in a talk");
}

#[test]
fn an_operator_without_the_right_password_stays_out() {
    let mut stage = Stage::new();
    stage.operators(&[ANNA]);
    let stranger = stage.phone("anna");
    stage.with_phone(stranger, |phone, _| {
        phone.by_itself = false;
        phone.register(3_600, None);
    });
    let challenge = stage.phones[stranger].last("401 REGISTER").unwrap().get("www-authenticate").to_owned();
    stage.with_phone(stranger, |phone, _| {
        let wrong = super::text::authorization(&challenge, "anna", "guess", "sip:192.0.2.1");
        phone.register(3_600, Some(&wrong));
    });
    assert_eq!(stage.phones[stranger].count("200 REGISTER"), 0);
}

#[test]
fn an_operator_who_logs_out_is_not_rung() {
    let mut stage = Stage::new();
    let anna = stage.operators(&[ANNA])[0];
    stage.with_phone(anna, |phone, _| phone.by_itself = false);
    let challenge = stage.phones[anna].last("401 REGISTER").unwrap().get("www-authenticate").to_owned();
    stage.with_phone(anna, |phone, _| {
        let again = super::text::authorization(&challenge, "anna", "anna-secret", "sip:192.0.2.1");
        phone.register(0, Some(&again));
    });
    let gone = stage.operator_state("anna") == OperatorState::Offline;
    let stale = stage.phones[anna].count("401 REGISTER") == 2;
    assert!(gone || stale, "either it is taken, or the repeated count is refused");
}

#[test]
fn the_caller_may_hold_and_resume_the_talk() {
    let (mut stage, caller, anna) = talk();
    for id in [caller, anna] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(1_000);
    stage.with_phone(caller, |phone, now| {
        let hold = phone.sdp("sendonly");
        phone.set_voice(now, Voice::Mute);
        phone.ask("INVITE", &[], &hold);
    });
    let before = stage.phones[caller].ear.packets;
    stage.run_for(20_000);
    assert_eq!(stage.phones[caller].ear.packets, before, "nothing is sent to who holds");
    stage.with_phone(caller, |phone, now| {
        let resume = phone.sdp("sendrecv");
        phone.ask("INVITE", &[], &resume);
        phone.set_voice(now, Voice::Full);
    });
    stage.take_heard(caller);
    stage.take_heard(anna);
    stage.run_for(1_000);
    assert_eq!(stage.take_phrases(anna, "ru"), "voice:1", "the operator hears the caller again");
    assert!(stage.phones[caller].ear.packets >= before + 49);
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));
    stage.hang_up(caller);
    stage.assert_all_let_go("held by the caller in a talk");
}

#[test]
fn the_premium_line_wants_an_operator_of_its_own_and_takes_another_where_none_is_at_work() {
    for (skills, queues) in [("support", "support support"), ("support,premium", "support")] {
        let mut stage = Stage::new();
        let anna = stage.operators(&[&format!("anna:{skills}:ru")])[0];
        let caller = stage.phone("+79161234567");
        stage.dial(caller, "+74957654321");
        stage.run_for(10_000);
        assert_eq!(stage.phones[anna].count("INVITE"), 1, "{skills}");
        assert_eq!(stage.queues(), queues, "{skills}");
        stage.hang_up(caller);
        stage.assert_all_let_go(skills);
    }
}

#[test]
fn a_registered_phone_outlives_a_restart() {
    let mut stage = Stage::new();
    stage.operators(&[ANNA, "boris:support:ru"]);
    let kept: Vec<_> = stage.kept_phones.clone().into_iter().collect();
    assert_eq!(kept.iter().map(|(_, phones)| phones.len()).collect::<Vec<_>>(), [1, 1]);
    drop(stage);
    for (wall, registered) in [("2026-03-02T12:30:00+03:00", true), ("2026-03-02T13:00:01+03:00", false)] {
        let mut stage = Stage::at(wall);
        // Boris has no account any more.
        stage.accounts(&[ANNA]);
        let anna = stage.phone("anna");
        for (operator, phones) in &kept {
            for phone in phones {
                let local = super::stage::BANK.parse().unwrap();
                stage.with_exchange(|exchange, now| exchange.restore_phone(now, operator, phone, local));
            }
        }
        let state = stage.operator_state("anna");
        assert_eq!(state == OperatorState::Ready, registered, "{wall}: {state:?}");
        let caller = ask_for_operator(&mut stage);
        stage.run_for(5_000);
        assert_eq!(stage.phones[anna].count("ACK"), usize::from(registered), "{wall}");
        stage.hang_up(caller);
        stage.assert_all_let_go(wall);
    }
}
