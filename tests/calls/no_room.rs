//! Above the limits: who hears why before being refused, and who does not.

use super::stage::{Id, Stage, config};
use super::text::Sip;
use super::trunks::{PROVIDER, trunk_at, with_trunks};
use hotline::exchange::{Announcement, ExchangeConfig, Trunk};
use hotline::model::{CallEvent, Cause};
use std::num::NonZeroUsize;

const BUSY: &str = "К сожалению, все операторы заняты.";

pub fn announcing(calls: usize, places: usize) -> ExchangeConfig {
    let no_room = Some(Announcement { phrase: "operators_busy".into(), calls: places });
    ExchangeConfig { calls, no_room, ..config() }
}

/// Somebody else at a phone's address.
pub fn beside(stage: &mut Stage, phone: Id, port: u16) -> Id {
    let ip = stage.phones[phone].addr.ip();
    let id = stage.phone("+79160000002");
    stage.phones[id].addr = (ip, port).into();
    id
}

fn last(stage: &Stage, id: Id) -> &Sip {
    stage.phones[id].inbox.iter().rev().find(|one| one.get("cseq").ends_with("INVITE")).unwrap()
}

fn ends(stage: &Stage) -> Vec<Cause> {
    stage.events(|event| match event {
        CallEvent::Ended { cause, .. } => Some(*cause),
        _ => None,
    })
}

#[test]
fn a_caller_above_the_limit_hears_so_before_the_answer_in_both_languages_and_is_refused() {
    let mut stage = Stage::configured(announcing(1, 4));
    let first = stage.caller();
    stage.run_for(500);
    let second = beside(&mut stage, first, 5_070);
    stage.dial(second, "+74951234567");
    stage.run_for(1_000);
    assert_eq!((stage.phones[second].count("183 INVITE"), stage.phones[second].count("200 INVITE")), (1, 0));
    assert!(!last(&stage, second).body.is_empty(), "the sound that comes is described");
    assert!(stage.run_until(20_000, |stage| last(stage, second).status() == Some(486)));
    assert_eq!(last(&stage, second).get("retry-after"), "5");
    let heard = stage.take_words(second);
    assert!(heard.contains(BUSY) && heard.contains("Unfortunately, all our operators are busy."), "{heard}");
    assert_eq!(ends(&stage), [Cause::Refused(486)]);
    stage.press(first, "0");
    stage.hang_up(first);
    assert_eq!(stage.phones[first].count("200 BYE"), 1, "the call in progress noticed nothing");
    stage.run_for(40_000);
    stage.assert_all_let_go("after an announcement");
}

#[test]
fn places_for_the_announcement_are_few_and_others_are_refused_at_once() {
    let mut stage = Stage::configured(announcing(1, 4));
    let first = stage.caller();
    stage.run_for(500);
    let crowd: Vec<Id> = (0..3).map(|number| beside(&mut stage, first, 5_070 + number)).collect();
    for id in &crowd {
        stage.dial(*id, "+74951234567");
    }
    stage.run_for(100);
    let count = |stage: &Stage, what: &str| crowd.iter().filter(|id| stage.phones[**id].count(what) == 1).count();
    assert_eq!((count(&stage, "183 INVITE"), count(&stage, "503 INVITE")), (1, 2), "a quarter for one address");
    let refused = crowd.iter().find(|id| stage.phones[**id].count("503 INVITE") == 1).unwrap();
    assert!(!last(&stage, *refused).get("retry-after").is_empty());
    stage.run_for(20_000);
    stage.dial(*refused, "+74951234567");
    stage.run_for(100);
    assert_eq!(stage.phones[*refused].count("183 INVITE"), 1, "the place is free again");
    stage.with_phone(*refused, |phone, _| phone.cancel());
    assert_eq!(last(&stage, *refused).status(), Some(487));
    assert_eq!(ends(&stage), [Cause::Refused(486), Cause::Cancelled]);
}

#[test]
fn no_sound_is_sent_to_an_address_that_may_be_made_up() {
    let mut stage = Stage::configured(announcing(1, 4));
    stage.caller();
    stage.run_for(500);
    let stranger = stage.phone("+79160000002");
    stage.dial(stranger, "+74951234567");
    stage.run_for(2_000);
    assert_eq!((stage.phones[stranger].count("183 INVITE"), last(&stage, stranger).status()), (0, Some(503)));
    assert_eq!(stage.take_words(stranger), "");
}

#[test]
fn a_call_without_a_description_is_refused_at_once() {
    let mut stage = Stage::configured(announcing(1, 4));
    let first = stage.caller();
    stage.run_for(500);
    let second = beside(&mut stage, first, 5_070);
    stage.with_phone(second, |phone, _| phone.invite("+74951234567", None));
    stage.run_for(100);
    assert_eq!(last(&stage, second).status(), Some(503));
}

#[test]
fn a_full_trunk_says_so_too_and_an_unknown_phrase_nothing() {
    let full = |phrase: &str| {
        let trunk = Trunk { calls: NonZeroUsize::new(1), ..trunk_at(0) };
        let no_room = Some(Announcement { phrase: phrase.into(), calls: 4 });
        let mut stage = Stage::configured(ExchangeConfig { no_room, ..with_trunks(&[("provider", trunk)]) });
        stage.phone("provider");
        let other = beside(&mut stage, PROVIDER, 5_070);
        stage.dial(PROVIDER, "+74951234567");
        stage.run_for(500);
        stage.dial(other, "+74951234567");
        stage.run_for(20_000);
        let trunks = stage.with_exchange(|exchange, now| exchange.trunks(now));
        assert_eq!(trunks[0].calls_in, 1, "who is turned away is no call of the trunk");
        last(&stage, other).status()
    };
    assert_eq!(full("operators_busy"), Some(486));
    assert_eq!(full("no_such_phrase"), Some(503));
}
