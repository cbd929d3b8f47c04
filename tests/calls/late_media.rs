//! Media threads that wake too late: new calls are refused, or hear why; those in progress notice nothing, and once the
//! threads are in time again calls are taken as before.

use super::phone::Voice;
use super::stage::{Id, Stage, config};
use hotline::exchange::{Announcement, ExchangeConfig};
use hotline::io::media::{Lateness, Wakes};
use hotline::ivr::acd::OperatorState;
use hotline::model::{CallEvent, Cause};
use hotline::voip::sip::endpoint::Load;
use std::time::Duration;

/// A media thread, as far as it counts how late it wakes.
#[derive(Default)]
struct Thread {
    lateness: Lateness,
    before: Wakes,
}

impl Thread {
    /// For so many seconds five wake-ups in a hundred are so late, and the server is told of it as it tells itself.
    fn wakes(&mut self, stage: &mut Stage, late: u64, seconds: u64) {
        for _ in 0..seconds {
            for at in 0..500_u64 {
                self.lateness.note(Duration::from_millis(if at.is_multiple_of(20) { late } else { 0 }));
            }
            let wakes = self.lateness.wakes();
            let media = wakes.late_since(&self.before);
            self.before = wakes;
            for _ in 0..4 {
                let load = Load { busy: 10, lag: Duration::ZERO, media };
                stage.with_exchange(|exchange, _| exchange.handle_load(load));
                stage.run_for(250);
            }
        }
    }
}

fn ten_a_second() -> ExchangeConfig {
    ExchangeConfig { calls_per_second: 10, ..config() }
}

/// Five new phones call; how each was answered in the end.
fn five_call(stage: &mut Stage) -> Vec<u16> {
    let phones: Vec<Id> = (0..5).map(|number| stage.phone(&format!("+7916000010{number}"))).collect();
    for id in &phones {
        stage.dial(*id, "+74951234567");
    }
    stage.run_for(500);
    let answers = phones.iter().map(|id| {
        let answer = stage.phones[*id].inbox.iter().rev().find(|one| one.get("cseq").ends_with("INVITE")).unwrap();
        let status = answer.status().unwrap();
        assert_eq!(answer.get("retry-after").is_empty(), status != 503);
        status
    });
    answers.collect()
}

#[test]
fn while_media_threads_wake_too_late_new_calls_are_refused_and_afterwards_they_are_taken_again() {
    let mut stage = Stage::configured(ten_a_second());
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let caller = stage.caller();
    stage.run_for(300);
    stage.press(caller, "0");
    assert!(stage.run_until(10_000, |stage| stage.phones[anna].towards.is_some()));
    for id in [caller, anna] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(4_000);
    let sounds =
        |stage: &Stage| (stage.phones[caller].ear.heard.len(), stage.phones[caller].ear.heard.last().unwrap().length);
    let before = sounds(&stage);
    let mut thread = Thread::default();

    thread.wakes(&mut stage, 65, 10);
    assert!(stage.exchange.share() < 0.05, "{}", stage.exchange.share());
    assert_eq!(five_call(&mut stage), [200, 503, 503, 503, 503], "somebody always comes through");
    let after = sounds(&stage);
    assert_eq!(after.0, before.0, "the two talk without a hole");
    assert!(after.1 >= before.1 + 10_000, "{before:?} {after:?}");
    assert!(matches!(stage.operator_state("anna"), OperatorState::Talking(_)));

    thread.wakes(&mut stage, 1, 6);
    assert!(stage.exchange.share() > 0.99, "{}", stage.exchange.share());
    assert_eq!(five_call(&mut stage), [200; 5]);
    stage.hang_up(caller);
    assert_eq!(stage.phones[caller].count("200 BYE"), 1);
    let refused: Vec<Cause> = stage.events(|event| match event {
        CallEvent::Ended { cause: cause @ Cause::Refused(_), .. } => Some(*cause),
        _ => None,
    });
    assert_eq!(refused, [], "a refused call has cost nothing and left no record");
}

#[test]
fn a_caller_in_the_menu_hears_every_word_and_presses_every_key_meanwhile() {
    let mut stage = Stage::configured(ten_a_second());
    let caller = stage.caller();
    let mut thread = Thread::default();
    thread.wakes(&mut stage, 300, 5);
    stage.press(caller, "4");
    stage.listen();
    let heard = stage.take_phrases(caller, "ru");
    assert!(heard.ends_with("opt_rates/1 opt_branches/2"), "{heard}");
    stage.hang_up(caller);
    assert_eq!(stage.phones[caller].count("200 BYE"), 1);
}

#[test]
fn operators_phones_are_never_refused_for_it() {
    let mut stage = Stage::configured(ten_a_second());
    let anna = stage.operators(&["anna:support:ru,en"])[0];
    let mut thread = Thread::default();
    thread.wakes(&mut stage, 65, 10);
    for (code, state) in [("*61", "break"), ("*60", "ready"), ("*61", "break")] {
        stage.dial(anna, code);
        stage.run_for(3_000);
        assert_eq!(stage.operator_state("anna").name(), state, "{code}");
    }
    assert_eq!((stage.phones[anna].count("200 INVITE"), stage.phones[anna].count("503 INVITE")), (3, 0));
    stage.with_phone(anna, |phone, _| phone.register(3_600, None));
    assert_eq!(stage.phones[anna].count("200 REGISTER"), 2, "a registration is refreshed");
}

#[test]
fn by_configuration_who_is_above_what_the_machine_bears_hears_it() {
    let no_room = Some(Announcement { phrase: "operators_busy".into(), calls: 8 });
    let mut stage = Stage::configured(ExchangeConfig { no_room, ..ten_a_second() });
    let first = stage.caller();
    stage.run_for(500);
    let mut thread = Thread::default();
    thread.wakes(&mut stage, 65, 10);
    let second = stage.phone("+79160000002");
    // At an address with a call, which nobody has made up.
    stage.phones[second].addr = (stage.phones[first].addr.ip(), 5_070).into();
    stage.dial(second, "+74951234567");
    let third = stage.phone("+79160000003");
    stage.phones[third].addr = (stage.phones[first].addr.ip(), 5_071).into();
    stage.dial(third, "+74951234567");
    stage.run_for(20_000);
    assert_eq!(stage.phones[second].count("200 INVITE"), 1, "somebody always comes through");
    assert_eq!((stage.phones[third].count("183 INVITE"), stage.phones[third].count("486 INVITE")), (1, 1));
    let heard = stage.take_words(third);
    assert!(heard.contains("К сожалению, все операторы заняты."), "{heard}");
}
