//! Conversations over small menus: what the language can do beside what the shipped menu uses.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

#[path = "menus/visit.rs"]
mod visit;

use hotline::ivr::flow::{Event, QueueEnd, StateName};
use hotline::model::{Cause, Level, OperatorId, Param, PhoneNumber, Value};
use std::time::Duration;
use visit::{Visit, menu};

const QUEUE: &str = "
queues:
  support:
    members: {skills: [support]}
    max_wait: 20m
    while_waiting:
      enter: enter
      position: {every: 60s, say: place}
      keys: {1: callback, star: main}
    callback:
      offer_after: 60s
      offer_if: queue.wait > 3m
      say: offer_callback
      confirm_number: is_this_it
      other_number: which_number
      hello: hello
";

/// Two ways into one queue, each with its own way out by the same key.
const TWO_WAYS: &str = "
tasks:
  operator:
    steps:
      - queue: support
        results:
          finished: {say: thanks, go: bye}
          timeout: {say: busy, go: bye}
          nobody: {say: busy, go: bye}
          left: {say: sorry, go: main}
  bye: {steps: [hangup]}
queues:
  support:
    members: {skills: [support]}
    while_waiting:
      enter: enter
      keys: {star: leave}
";
const OTHER_WAY: &str = "
      - queue: support
        results: {finished: hangup, timeout: {go: main}, nobody: {go: main}, left: {say: goodbye, go: bye}}";

#[test]
fn a_key_leaves_the_queue_and_each_step_says_what_follows() {
    for (keys, hears, over) in [("0", "sorry", None), ("1", "goodbye", Some(Cause::MenuEnded))] {
        let mut visit = Visit::of(&menu(TWO_WAYS, OTHER_WAY));
        visit.keys(keys);
        visit.place(4, None);
        visit.hears("enter");
        assert_eq!(visit.working_keys(), "*");
        visit.keys("*");
        visit.hears(hears);
        assert!(visit.left_queue, "{keys}");
        assert!(visit.records().contains("outcome: \"left\""), "{}", visit.records());
        visit.wait(5);
        assert_eq!(visit.over, over, "{keys}");
    }
}

fn anna() -> Event {
    Event::Connected(OperatorId::new("anna"))
}

/// A caller who has waited for 61 seconds and was offered a callback.
fn offered() -> Visit {
    let mut visit = Visit::of(&menu(QUEUE, ""));
    visit.keys("0");
    visit.place(4, Some(600));
    visit.hears("enter");
    visit.wait(61);
    visit.hears("offer_callback");
    visit
}

#[test]
fn a_callback_is_offered_once_when_its_time_has_come_and_its_condition_holds() {
    let mut visit = Visit::of(&menu(QUEUE, ""));
    visit.keys("0");
    visit.place(4, Some(120));
    assert_eq!(visit.working_keys(), "*", "the key does not work before the offer");
    visit.wait(70);
    visit.keys("1");
    assert!(visit.said.iter().all(|said| !said.starts_with("offer_callback")), "two minutes are not three");
    assert!(visit.said.iter().all(|said| !said.starts_with("is_this_it")));
    visit.place(4, Some(600));
    visit.wait(20);
    visit.hears("offer_callback");
    assert_eq!(visit.working_keys(), "*1");
    visit.said.clear();
    visit.wait(600);
    assert!(visit.said.iter().all(|said| !said.starts_with("offer_callback")), "once: {:?}", visit.said);
}

#[test]
fn the_calling_number_is_confirmed_and_the_order_ends_the_wait() {
    let mut visit = offered();
    visit.keys("1");
    visit.hears("is_this_it The number ending in four five six seven");
    visit.keys("1");
    assert_eq!(visit.ordered.as_ref().map(PhoneNumber::as_str), Some("+79161234567"));
    visit.event(Event::CallbackOrdered { accepted: true });
    visit.hears("done");
    assert!(visit.records().contains("outcome: \"callback\""), "{}", visit.records());
    visit.wait(60);
    assert_eq!(visit.over, Some(Cause::MenuEnded));
}

#[test]
fn another_number_is_asked_for_and_confirmed_by_its_own_end() {
    let mut visit = offered();
    visit.keys("12");
    visit.hears("which_number");
    visit.keys("89160009988#");
    visit.hears("is_this_it The number ending in nine nine eight eight");
    visit.keys("1");
    assert_eq!(visit.ordered.as_ref().map(PhoneNumber::as_str), Some("+79160009988"));
}

#[test]
fn the_bank_dials_no_number_abroad_and_no_paid_one_that_a_caller_typed() {
    let mut visit = offered();
    for number in ["88091234567890#", "0044207123456#", "112#", "0044207123456#"] {
        visit.keys(if number == "88091234567890#" { "12" } else { "" });
        visit.keys(number);
        assert!(!visit.said.last().unwrap().starts_with("is_this_it"), "{number}");
    }
    assert!(visit.ordered.is_none());
    assert_eq!(visit.state(), StateName::Queued, "the caller waits on");
}

#[test]
fn a_refused_order_is_told_and_the_caller_waits_on_at_the_same_place() {
    let mut visit = offered();
    visit.keys("11");
    visit.said.clear();
    visit.event(Event::CallbackOrdered { accepted: false });
    visit.hears("enter");
    visit.hears("place");
    assert_eq!(visit.state(), StateName::Queued);
    assert!(!visit.left_queue, "the place is kept");
    visit.event(anna());
    assert_eq!(visit.state(), StateName::Talking);
}

#[test]
fn an_order_that_nobody_answers_counts_as_refused() {
    let mut visit = offered();
    visit.keys("11");
    visit.said.clear();
    visit.wait(3);
    visit.hears("enter");
}

#[test]
fn an_operator_who_becomes_free_meanwhile_connects_as_usual() {
    for keys in ["1", "12", "12891"] {
        let mut visit = offered();
        visit.keys(keys);
        visit.event(anna());
        assert_eq!((visit.state(), visit.playing), (StateName::Talking, None), "{keys}: silence at once");
    }
}

#[test]
fn silence_and_wrong_keys_in_the_questions_lead_back_to_the_music() {
    let mut visit = offered();
    visit.keys("1");
    visit.wait(120);
    assert_eq!((visit.state(), visit.working_keys().as_str()), (StateName::Queued, "*1"));
    visit.keys("17777");
    assert_eq!(visit.working_keys(), "*1");
    visit.keys("1*");
    assert_eq!(visit.working_keys(), "*1", "star leaves the questions, not the queue");
    assert!(!visit.left_queue);
    visit.keys("1");
    visit.event(Event::QueueEnded(QueueEnd::Timeout));
    assert_ne!(visit.state(), StateName::Queued);
}

#[test]
fn whoever_answers_a_callback_is_joined_on_1_only_and_is_a_new_person() {
    let menu = menu(QUEUE, "");
    let mut visit = Visit::called_back(&menu, "support").unwrap();
    visit.hears("hello");
    visit.keys("25#");
    assert!(!visit.taken);
    visit.keys("1");
    assert!(visit.taken);
    visit.event(anna());
    assert_eq!((visit.state(), visit.level()), (StateName::Talking, Level::None));
    assert!(visit.records().contains("Noted { note: \"callback\" }"), "figures know it was a callback");
    visit.event(Event::TalkEnded);
    visit.hears("thanks");
    let mut machine = Visit::called_back(&menu, "support").unwrap();
    machine.wait(60);
    assert!(!machine.taken);
    assert_eq!(machine.over, Some(Cause::MenuEnded));
    let mut alone = Visit::called_back(&menu, "support").unwrap();
    alone.keys("1");
    alone.event(Event::QueueEnded(QueueEnd::Nobody));
    alone.hears("busy");
    assert!(Visit::called_back(&menu, "nowhere").is_none());
}

#[test]
fn a_transfer_that_fails_gives_the_caller_back_and_one_that_works_ends_the_call() {
    let steps = "
      - say: hold
      - transfer: {to: second_line, how: refer, failed: {say: busy, go: main}}";
    let mut visit = Visit::of(&menu("", steps));
    visit.keys("1");
    visit.hears("hold");
    assert!(visit.transfer.is_none(), "what is said is heard first");
    visit.wait(10);
    assert_eq!(visit.transfer, Some(("second_line".into(), true)));
    visit.keys("123*#0");
    assert_eq!((visit.state(), visit.working_keys().as_str()), (StateName::Transferring, ""));
    visit.event(Event::TransferFailed);
    visit.hears("busy");
    visit.hears("offer");
    assert_eq!(visit.state(), StateName::Choosing, "nothing that was pressed meanwhile counts");
    visit.keys("1");
    visit.wait(10);
    visit.event(Event::HungUp(Cause::CallerHungUp));
    assert_eq!(visit.state(), StateName::Ended);
}

const PROFILES: &str = "
profiles:
  vip: {priority: 120, lang: ru, start: premium}
  slow: {slow: true}
tasks:
  premium:
    steps:
      - if: caller.profile is vip
        then: [{say: thanks}]
      - queue: support
        with: {priority: 30}
        results: {finished: hangup, timeout: hangup, nobody: hangup}
queues:
  support: {members: {skills: [support]}}
";

#[test]
fn a_profile_gives_a_beginning_a_language_and_a_head_start() {
    let menu = menu(PROFILES, "");
    let vip = Visit::of_profile(&menu, "vip");
    vip.hears("thanks Спасибо");
    assert_eq!(vip.priority, Some(150), "the profile's on top of the step's own");
    let mut unknown = Visit::of_profile(&menu, "no_such");
    unknown.hears("offer");
    unknown.keys("0");
    assert_eq!(unknown.priority, Some(0));
}

#[test]
fn slow_speech_pauses_longer_between_phrases() {
    let menu = menu(PROFILES, "");
    let length = |profile: &str| {
        let visit = Visit::of_profile(&menu, profile);
        visit.length
    };
    assert!(length("slow") > length("none") + Duration::from_millis(500), "{:?}", length("slow"));
}

#[test]
fn hash_twice_in_a_row_repeats_with_longer_pauses_and_once_does_not() {
    let mut visit = Visit::of(&menu("", ""));
    let usual = visit.length;
    visit.keys("#");
    assert_eq!(visit.length, usual);
    visit.keys("#");
    assert!(visit.length > usual + Duration::from_millis(500), "{:?}", visit.length);
    visit.wait(16);
    assert_eq!(visit.length, usual, "after a silence as usual");
}

const SERVICES: &str = "
services:
  bank.pay: {level: none, in: {pan: secret, sum: money, day: date}, results: [paid]}
";

const PAY: &str = "
      - ask: {name: pan, kind: card, say: question, help: how_card}
      - ask: {name: sum, kind: amount, from: 100, to: 5000, say: question, help: how_sum}
      - ask: {name: day, kind: date, from: today, to: 2026-12-31, say: question, help: how_day}
      - do: bank.pay
        with: {pan: answer.pan, sum: answer.sum, day: answer.day}
        results: {paid: {say: thanks, go: main}}";

#[test]
fn a_card_number_reaches_the_bank_as_a_secret_and_nothing_else() {
    let mut visit = Visit::of(&menu(SERVICES, PAY));
    visit.keys("1");
    assert!(visit.secret, "the entry of a card is one of a secret");
    visit.keys("4111111111111112#");
    visit.hears("how_card");
    assert!(visit.secret);
    visit.keys("4111111111111111#");
    assert!(!visit.secret);
    visit.keys("99#");
    visit.hears("how_sum");
    visit.keys("5001#");
    visit.keys("5000#");
    visit.keys("31022026");
    visit.hears("how_day");
    visit.keys("01032026");
    visit.keys("02032026");
    let params = &visit.asked.as_ref().unwrap().params;
    let secret = |param: &Param| matches!(param, Param::Secret(digits) if digits.expose() == b"4111111111111111");
    assert!(params.iter().any(|(name, param)| &**name == "pan" && secret(param)));
    assert!(params.iter().any(|(_, param)| matches!(param, Param::Value(Value::Money(sum)) if sum.minor == 500_000)));
    assert!(params.iter().any(|(_, param)| matches!(param, Param::Value(Value::Date(day)) if day.day() == 2)));
    visit.bank("paid");
    visit.hears("thanks");
    let everything = format!("{:?} {}", visit.said, visit.records());
    assert!(!everything.contains("411111") && !everything.contains("four one one one"), "{everything}");
}

#[test]
fn impossible_entries_lead_on_after_their_attempts() {
    let steps = "
      - ask: {name: sum, kind: amount, say: question, help: how_sum, attempts: 2, failed: {say: busy, go: main}}
      - go: main";
    let mut visit = Visit::of(&menu("", steps));
    visit.keys("1");
    for keys in ["00#", "000#"] {
        visit.keys(keys);
    }
    visit.hears("busy");
}

#[test]
fn a_split_is_the_same_for_the_same_caller_and_shares_out_as_written() {
    let split = "
tasks:
  a: {steps: [{say: thanks}, {go: main}]}
  b: {steps: [{say: busy}, {go: main}]}
";
    let steps = "
      - split: {a: 25, b: 75, by: caller}";
    let menu = menu(split, steps);
    let heard = |number: u32| {
        let mut visit = Visit::from(&menu, &format!("+7916{number:07}"));
        visit.keys("1");
        visit.said.iter().any(|said| said.starts_with("thanks"))
    };
    let first: Vec<bool> = (0..400).map(heard).collect();
    assert_eq!(first, (0..400).map(heard).collect::<Vec<bool>>(), "sticky");
    let share = first.iter().filter(|a| **a).count();
    assert!((70..=130).contains(&share), "{share} of 400 for a share of a quarter");
}

#[test]
fn a_language_step_switches_and_a_legal_text_is_heard_whole() {
    let steps = "
      - language: ru
      - say_all: thanks
      - go: main";
    let mut visit = Visit::of(&menu("", steps));
    visit.keys("1");
    visit.hears("thanks Спасибо");
    visit.keys("2");
    assert!(visit.playing.is_some(), "no key cuts it");
    visit.wait(10);
    visit.hears("sorry");
}

#[test]
fn the_second_overtime_without_a_queue_ends_the_call_politely() {
    let night = "
tasks:
  operator:
    steps:
      - if: hours.never is closed
        then: [{go: main}]
      - queue: support
        results: {finished: hangup, timeout: hangup, nobody: hangup}
hours:
  never: {open: [mon 00:00-00:01], closed: [2026-01-01..2026-12-31]}
queues:
  support: {members: {skills: [support]}}
";
    let mut visit = Visit::of(&menu(night, ""));
    for _ in 0..80 {
        visit.keys("#");
        visit.wait(14);
    }
    assert!(visit.over.is_none(), "the first limit of fifteen minutes led to the operator, who is not there");
    for _ in 0..80 {
        visit.keys("#");
        visit.wait(14);
    }
    visit.hears("goodbye");
    assert_eq!(visit.over, Some(Cause::TooLong));
}
