//! Calls that come to their limit, of length or of the server's stopping: nobody is cut off without a word.

use super::ear::What;
use super::phone::{Manner, Voice};
use super::stage::{Id, Stage, config};
use super::transfers::{BRIDGE, DESK, dialled_as, outside};
use hotline::exchange::ExchangeConfig;
use hotline::model::{CallEvent, Cause, Instant};
use std::time::Duration;

const ANNA: &str = "anna:support:ru,en";

/// What makes a limit of so many seconds from the beginning of the first call.
#[derive(Clone, Copy, Debug)]
enum Limit {
    Length(u64),
    Draining(u64),
}

impl Limit {
    const fn seconds(self) -> u64 {
        match self {
            Self::Length(seconds) | Self::Draining(seconds) => seconds,
        }
    }

    const fn cause(self) -> Cause {
        match self {
            Self::Length(_) => Cause::TooLong,
            Self::Draining(_) => Cause::Draining,
        }
    }

    fn of(self, config: ExchangeConfig) -> ExchangeConfig {
        match self {
            Self::Length(seconds) => ExchangeConfig { call_length: Duration::from_secs(seconds), ..config },
            Self::Draining(_) => config,
        }
    }

    fn begin(self, stage: &mut Stage) {
        if let Self::Draining(seconds) = self {
            stage.with_exchange(|exchange, now| exchange.drain(now, Duration::from_secs(seconds)));
        }
    }

    /// Lets time pass until all calls have ended: not after the limit, and at most three seconds before it.
    fn pass(self, stage: &mut Stage, begun: Instant) {
        let limit = Duration::from_secs(self.seconds());
        let left = limit.saturating_sub(stage.instant().since(begun));
        let over = |stage: &Stage| stage.exchange.calls() == 0;
        assert!(stage.run_until(u64::try_from(left.as_millis()).unwrap() + 1, over), "{self:?}: it lasts longer");
        let lasted = stage.instant().since(begun);
        assert!(lasted + Duration::from_secs(3) >= limit, "{self:?}: over after {lasted:?}");
        assert!(stage.causes().iter().all(|cause| *cause == self.cause()), "{self:?}: {:?}", stage.causes());
    }
}

/// The last thing that a phone heard of the bank was the whole farewell, and then it was told of the end.
fn is_seen_off(stage: &Stage, id: Id, lang: &str, what: &str) {
    let last = stage.phones[id].ear.heard.last().unwrap();
    assert_eq!((&last.what, last.whole), (&What::Clip(format!("{lang}/goodbye")), true), "{what}");
    assert_eq!(stage.phones[id].count("BYE"), 1, "{what}");
}

fn clips(stage: &Stage, id: Id, clip: &str) -> usize {
    let is_it = |one: &&super::ear::Heard| one.what == What::Clip(clip.into()) && one.whole;
    stage.phones[id].ear.heard.iter().filter(is_it).count()
}

#[test]
fn who_is_in_the_menu_hears_a_farewell_in_their_language_before_the_end() {
    for (limit, keys, lang) in [
        (Limit::Length(20), "", "ru"),
        (Limit::Length(20), "9", "en"),
        // While a card's digits and a secret are entered; the silence of an entry is longer than what is left.
        (Limit::Length(24), "2w1w4321w12", "ru"),
        (Limit::Draining(20), "9", "en"),
    ] {
        let mut stage = Stage::configured(limit.of(config()));
        let what = format!("{limit:?} {keys}");
        let caller = stage.caller();
        limit.begin(&mut stage);
        let begun = stage.instant();
        for keys in keys.split('w').filter(|keys| !keys.is_empty()) {
            stage.run_for(1_000);
            stage.press(caller, keys);
        }
        limit.pass(&mut stage, begun);
        is_seen_off(&stage, caller, lang, &what);
        stage.assert_all_let_go(&what);
    }
}

#[test]
fn who_waits_or_talks_hears_it_too_and_who_talk_are_warned_a_minute_before() {
    for limit in [Limit::Length(110), Limit::Draining(110)] {
        let mut stage = Stage::configured(limit.of(config()));
        let anna = stage.operators(&[ANNA])[0];
        stage.phones[anna].voice = Voice::Full;
        let [first, second] = [stage.caller(), stage.caller()];
        stage.phones[first].voice = Voice::Full;
        limit.begin(&mut stage);
        let begun = stage.instant();
        stage.press(first, "0");
        stage.run_for(3_000);
        stage.press(second, "9");
        stage.run_for(3_000);
        stage.press(second, "0");
        stage.run_for(40_000);
        for id in [first, anna] {
            assert_eq!(clips(&stage, id, "common/beep"), 0, "{limit:?}: there is time");
        }
        stage.run_for(8_000);
        for (id, beeps) in [(first, 1), (anna, 1), (second, 0)] {
            assert_eq!(clips(&stage, id, "common/beep"), beeps, "{limit:?}: a minute before");
        }
        // They go on talking after it.
        let voices = |stage: &Stage, id: Id| {
            let is_voice = |one: &&super::ear::Heard| matches!(one.what, What::Voice(_));
            let last = stage.phones[id].ear.heard.iter().rfind(is_voice).unwrap();
            u64::from(last.length)
        };
        limit.pass(&mut stage, begun);
        is_seen_off(&stage, first, "ru", "talks");
        is_seen_off(&stage, second, "en", "waits");
        assert!(voices(&stage, anna) > 50_000, "{limit:?}: until the farewell");
        assert_eq!(stage.phones[anna].count("BYE"), 1);
        let talked = stage.events(|event| match event {
            CallEvent::TalkEnded { talked, by_operator, .. } => Some((talked.as_secs() > 95, *by_operator)),
            _ => None,
        });
        assert_eq!(talked, [(true, false)], "{limit:?}");
        assert_eq!(stage.left(), "abandoned", "{limit:?}");
        stage.assert_all_let_go("at the limit");
    }
}

#[test]
fn a_phone_that_rings_for_the_caller_stops_when_the_farewell_begins() {
    let mut stage = Stage::configured(Limit::Length(15).of(config()));
    let anna = stage.operators(&[ANNA])[0];
    stage.phones[anna].manner = Manner::Rings;
    let caller = stage.caller();
    stage.press(caller, "0");
    stage.run_for(3_000);
    assert_eq!(stage.phones[anna].count("INVITE"), 1);
    assert!(stage.run_until(12_000, |stage| stage.phones[anna].count("CANCEL") == 1), "it rings on");
    assert_eq!(stage.exchange.calls(), 1, "the farewell is heard after that");
    stage.run_for(3_000);
    is_seen_off(&stage, caller, "ru", "rings");
    assert_eq!(stage.causes(), [Cause::TooLong]);
    stage.assert_all_let_go("rings");
}

#[test]
fn who_talks_to_somebody_outside_is_warned_and_seen_off_as_well() {
    let config = Limit::Length(100).of(outside(None));
    let mut stage = dialled_as(config, BRIDGE, Manner::Answers(100), |stage, caller| {
        for id in [caller, DESK] {
            stage.phones[id].voice = Voice::Full;
        }
    });
    stage.run_for(45_000);
    assert_eq!((clips(&stage, 0, "common/beep"), clips(&stage, DESK, "common/beep")), (1, 1));
    assert!(stage.run_until(55_000, |stage| stage.exchange.calls() == 0));
    is_seen_off(&stage, 0, "ru", "outside");
    assert_eq!(stage.phones[DESK].count("BYE"), 1);
    assert_eq!(super::transfers::told(&stage), "bridge desk, taken, talked 97 caller");
    assert_eq!(stage.causes(), [Cause::TooLong]);
    stage.assert_all_let_go("outside");
}

#[test]
fn keys_and_the_banks_answer_during_the_farewell_lead_nowhere_and_the_answer_is_recorded() {
    let mut stage = Stage::configured(Limit::Length(8).of(config()));
    stage.bank.script("find_card: found after 4000");
    let caller = stage.caller();
    stage.run_for(500);
    stage.press(caller, "2");
    stage.run_for(500);
    stage.press(caller, "1");
    stage.run_for(500);
    stage.press(caller, "4321");
    assert!(stage.run_until(8_000, |stage| says_goodbye(stage, caller)));
    stage.press(caller, "0*1");
    stage.run_for(3_000);
    is_seen_off(&stage, caller, "ru", "keys");
    assert_eq!((stage.queues(), stage.causes()), (String::new(), vec![Cause::TooLong]));
    stage.run_for(10_000);
    let answered = stage.events(|event| match event {
        CallEvent::BankAnswered { operation, .. } => Some(operation.to_string()),
        _ => None,
    });
    assert_eq!(answered, ["bank.find_card"]);
    stage.assert_all_let_go("keys");
}

fn says_goodbye(stage: &Stage, id: Id) -> bool {
    stage.phones[id].ear.heard.last().is_some_and(|last| last.what == What::Clip("ru/goodbye".into()))
}

#[test]
fn a_message_that_is_being_left_at_the_limit_is_kept() {
    let mut stage = Stage::configured(Limit::Length(25).of(config()));
    let caller = stage.caller();
    stage.phones[caller].voice = Voice::Full;
    stage.run_for(500);
    stage.press(caller, "0");
    assert!(stage.run_until(25_000, |stage| stage.exchange.calls() == 0));
    is_seen_off(&stage, caller, "ru", "message");
    stage.run_for(500);
    let kept = stage.events(|event| match event {
        CallEvent::MessageLeft { length, .. } => Some(length.as_secs()),
        _ => None,
    });
    assert!(matches!(kept[..], [3..=15]), "{kept:?}");
    assert_eq!(stage.causes(), [Cause::TooLong]);
    stage.assert_all_let_go("message");
}

#[test]
fn who_hangs_up_during_the_farewell_or_holds_ends_for_the_same_cause() {
    for holds in [false, true] {
        let mut stage = Stage::configured(Limit::Length(20).of(config()));
        let caller = stage.caller();
        if holds {
            stage.with_phone(caller, |phone, _| {
                let sdp = phone.sdp("inactive");
                phone.ask("INVITE", &[], &sdp);
            });
        }
        stage.run_for(18_500);
        if !holds {
            assert!(says_goodbye(&stage, caller));
            stage.hang_up(caller);
        }
        stage.run_for(1_600);
        assert_eq!(stage.causes(), [Cause::TooLong], "holds: {holds}");
        stage.assert_all_let_go("an end within the end");
    }
}

#[test]
fn without_a_farewell_the_call_ends_at_the_limit() {
    for farewell in [None, Some("no_such_phrase".into())] {
        let mut stage = Stage::configured(ExchangeConfig { farewell, ..Limit::Length(20).of(config()) });
        let caller = stage.caller();
        stage.run_for(19_900);
        assert_eq!(stage.exchange.calls(), 1);
        stage.run_for(200);
        assert_eq!(stage.causes(), [Cause::TooLong]);
        assert_eq!(clips(&stage, caller, "ru/goodbye"), 0);
        stage.assert_all_let_go("no farewell");
    }
}
