//! Which call a Replaces names.

use super::*;
use crate::voip::sip::headers::{Replaces, TypedHeader};

fn replaces(call_id: &str, ours: &str, theirs: &str) -> Replaces {
    Replaces::parse(format!("{call_id};to-tag={ours};from-tag={theirs}").as_bytes()).unwrap()
}

#[test]
fn a_call_is_found_by_its_name_and_both_tags() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    let leg = bank.leg.unwrap();
    let ours = bank.bank.legs.get(leg.0).unwrap().tag.to_string();
    let named = |bank: &Wired, theirs: &str| bank.bank.replaced(&replaces("one@192.0.2.10", &ours, theirs));
    assert_eq!(named(&bank, "anna"), Replaced::Unanswered(leg));
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    bank.sent();
    bank.say(&within("ACK", 1, &ours, "ack"));
    assert_eq!(named(&bank, "anna"), Replaced::Standing(leg));
    assert_eq!(named(&bank, "else"), Replaced::Nobody);
    assert_eq!(bank.bank.replaced(&replaces("two@192.0.2.10", &ours, "anna")), Replaced::Nobody);
    assert_eq!(bank.bank.replaced(&replaces("one@192.0.2.10", "anna", &ours)), Replaced::Nobody, "tags crossed");
    let partial = Replaces::parse(b"one@192.0.2.10;to-tag=x").unwrap();
    assert_eq!(bank.bank.replaced(&partial), Replaced::Nobody);
    bank.bank.hang_up(bank.now, leg);
    assert_eq!(named(&bank, "anna"), Replaced::Over);
}

#[test]
fn a_call_that_rings_is_found_by_the_tag_of_whom_it_rings_at() {
    let mut bank = Wired::new();
    let leg = bank.bank.invite(bank.now, super::calls::outgoing()).unwrap();
    let invite = bank.sent().remove(0);
    let call_id = invite.lines().find_map(|line| line.strip_prefix("Call-ID: ")).unwrap().trim().to_owned();
    let ours = bank.bank.legs.get(leg.0).unwrap().tag.to_string();
    let named = |bank: &Wired, theirs: &str| bank.bank.replaced(&replaces(&call_id, &ours, theirs));
    assert_eq!(named(&bank, "first"), Replaced::Nobody, "it rings nowhere yet");
    for tag in ["first", "second"] {
        bank.say(&super::calls::reply(&invite, "180 Ringing", &format!("tag={tag}"), ""));
        assert_eq!(named(&bank, tag), Replaced::Ringing(leg), "a fork rings, too: {tag}");
    }
    bank.bank.cancel(bank.now, leg);
    assert_eq!(named(&bank, "first"), Replaced::Over);
}
