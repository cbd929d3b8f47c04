//! CANCEL against everything it can meet, and requests that cross.

use super::calls::{outgoing, reply};
use super::*;

#[test]
fn a_cancel_after_the_100_ends_the_call_with_487() {
    let mut pair = Pair::new();
    pair.call();
    pair.forward(millis(100));
    pair.phone_hangs_up();
    pair.forward(millis(100));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"]);
    pair.assert_told(&["bank Incoming offer", "bank Cancelled", "phone Failed 487"]);
    pair.assert_all_is_over();
}

#[test]
fn a_cancel_before_anything_came_waits_for_the_first_response() {
    let mut pair = Pair::losing("INVITE", 1);
    pair.call();
    pair.phone_hangs_up();
    pair.forward(millis(400));
    pair.assert_seen(&["> INVITE ✗"]);
    pair.forward(millis(400));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"]);
    pair.assert_told(&["bank Incoming offer", "bank Cancelled", "phone Failed 487"]);
    pair.assert_all_is_over();
}

#[test]
fn a_cancel_that_crosses_the_200_becomes_ack_and_bye() {
    let mut pair = Pair::new();
    pair.call();
    pair.forward(millis(100));
    pair.phone_hangs_up();
    pair.answer();
    pair.forward(millis(200));
    pair.assert_seen(&[
        "> INVITE",
        "< 100 INVITE",
        "> CANCEL",
        "< 200 INVITE",
        "< 200 CANCEL",
        "> ACK",
        "> BYE",
        "< 200 BYE",
    ]);
    pair.assert_told(&["bank Incoming offer", "bank Acknowledged -", "bank HungUp", "phone Terminated"]);
    pair.assert_all_is_over();
}

#[test]
fn a_cancel_whose_answers_are_lost_is_made_good() {
    for (headline, count) in [("CANCEL", 2), ("200 CANCEL", 2), ("487 INVITE", 2)] {
        let mut pair = Pair::losing(headline, count);
        pair.call();
        pair.forward(millis(100));
        pair.phone_hangs_up();
        pair.forward(Duration::from_secs(10));
        pair.assert_told(&["bank Incoming offer", "bank Cancelled", "phone Failed 487"]);
        pair.assert_all_is_over();
    }
}

#[test]
fn a_peer_that_ignores_the_cancel_is_given_up() {
    let mut phone = Wired::new();
    let leg = phone.bank.invite(phone.now, outgoing()).unwrap();
    let invite = phone.sent().remove(0);
    phone.say(&reply(&invite, "180 Ringing", "tag=a", ""));
    phone.bank.cancel(phone.now, leg);
    let cancel = phone.sent().remove(0);
    phone.say(&reply(&cancel, "200 OK", "tag=a", ""));
    phone.forward(Duration::from_secs(33));
    assert_eq!(phone.told(), ["Ringing", "Failed 408"]);
    phone.forward(Duration::from_secs(40));
    assert_empty(&mut phone.bank);
}

#[test]
fn a_phone_that_only_rings_is_cancelled_after_timer_c() {
    let mut phone = Wired::new();
    phone.bank.invite(phone.now, outgoing()).unwrap();
    let invite = phone.sent().remove(0);
    phone.say(&reply(&invite, "180 Ringing", "tag=a", ""));
    assert_eq!(phone.forward(Duration::from_secs(182))[0], "CANCEL");
    phone.say(&reply(&invite, "487 Request Terminated", "tag=a", ""));
    assert_eq!(phone.told(), ["Ringing", "Failed 487"]);
}

#[test]
fn a_cancel_of_nothing_is_481_and_one_of_an_answered_call_does_nothing() {
    let mut bank = Wired::new();
    assert_eq!(status(&bank.say(&request("CANCEL", "one", ""))), 481);
    bank.answered(&request("INVITE", "two", ""));
    assert_eq!(status(&bank.say(&request("CANCEL", "two", ""))), 200);
    assert_eq!(bank.told().len(), 0);
    assert_eq!(bank.bank.leg_count(), 1);
}

#[test]
fn the_tags_of_the_cancels_200_and_of_the_487_are_one() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    let sent = bank.say(&request("CANCEL", "one", ""));
    let all: Vec<String> = sent.iter().map(|message| headline(message.as_bytes())).collect();
    assert_eq!(all, ["200 CANCEL", "487 INVITE"]);
    assert_eq!(tag_of(&sent[0]), tag_of(&sent[1]));
}

#[test]
fn a_second_branch_of_a_fork_that_answers_is_hung_up() {
    let mut phone = Wired::new();
    phone.bank.invite(phone.now, outgoing()).unwrap();
    let invite = phone.sent().remove(0);
    let heads = |sent: Vec<String>| sent.iter().map(|one| headline(one.as_bytes())).collect::<Vec<_>>();
    let first = reply(&invite, "200 OK", "tag=a", "answer");
    assert_eq!(heads(phone.say(&first)), ["ACK"]);
    assert_eq!(heads(phone.say(&first)), ["ACK"]);
    assert_eq!(heads(phone.say(&reply(&invite, "200 OK", "tag=b", "answer"))), ["ACK", "BYE"]);
    assert_eq!(heads(phone.say(&reply(&invite, "200 OK", "tag=b", "answer"))), ["ACK"], "its ACK was lost");
    assert_eq!(heads(phone.say(&reply(&invite, "200 OK", "tag=c", "answer"))), ["ACK", "BYE"]);
    assert_eq!(phone.told(), ["Answered answer"]);
}

#[test]
fn an_offer_that_crosses_another_is_told_to_wait() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    assert_eq!(status(&bank.say(&within("INVITE", 2, &tag, "early"))), 491);
    bank.say(&within("ACK", 1, &tag, "ack"));
    bank.say(&within("INVITE", 3, &tag, "two"));
    let second = bank.say(&within("INVITE", 4, &tag, "three"));
    assert_eq!(status(&second), 500);
    assert!(second[0].contains("Retry-After: "));
    assert_eq!(bank.told(), ["Acknowledged -", "Reoffer offer"]);
}

#[test]
fn a_cancelled_offer_and_a_bye_during_one_are_answered_487() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    bank.say(&within("INVITE", 2, &tag, "two"));
    let sent = bank.say(&within("CANCEL", 2, &tag, "two"));
    assert_eq!((status(&sent), status(&sent[1..])), (200, 487));
    bank.say(&within("INVITE", 3, &tag, "three"));
    let sent = bank.say(&within("BYE", 4, &tag, "bye"));
    assert_eq!((status(&sent), status(&sent[1..])), (200, 487));
    assert_eq!(bank.told(), ["Reoffer offer", "Reoffer offer", "HungUp"]);
}

#[test]
fn commands_for_a_leg_that_is_over_do_nothing() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    let leg = bank.leg.unwrap();
    bank.say(&request("CANCEL", "one", ""));
    bank.bank.ring(bank.now, leg);
    bank.bank.answer(bank.now, leg, Vec::new(), &Headers::new());
    bank.bank.reject(bank.now, leg, Status::BUSY_HERE, &Headers::new());
    bank.bank.answer_reoffer(bank.now, leg, Vec::new());
    bank.bank.refuse_reoffer(bank.now, leg, Status::BUSY_HERE);
    bank.bank.hang_up(bank.now, leg);
    assert_eq!((bank.sent().len(), bank.bank.counters().stale), (0, 6));
}
