//! Offers of ours in an UPDATE, where no INVITE may be sent (RFC 3311).

use super::calls::reply;
use super::sessions::{only, seconds, until_sent, with};
use super::*;

/// A call whose first offer has its answer in a 183 that was confirmed, and that is not answered.
fn early() -> (Pair, LegId, LegId) {
    let mut pair = Pair::new();
    pair.requiring("100rel");
    pair.forward(millis(100));
    let (phone, bank) = (pair.phone_leg.unwrap(), pair.bank_leg.unwrap());
    pair.bank.progress(pair.now, bank, Status::SESSION_PROGRESS, Some(b"early".to_vec()));
    pair.forward(millis(100));
    pair.assert_told(&["bank Incoming offer", "phone Progress 183 early"]);
    pair.seen.clear();
    (pair, phone, bank)
}

#[test]
fn before_the_answer_each_side_may_offer_again_by_update() {
    let (mut pair, phone, bank) = early();
    pair.bank.reoffer(pair.now, bank, b"banks".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["phone Reoffer banks"]);
    pair.phone.answer_reoffer(pair.now, phone, b"fine".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["bank ReofferAnswered fine"]);
    pair.phone.reoffer(pair.now, phone, b"phones".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["bank Reoffer phones"]);
    pair.bank.answer_reoffer(pair.now, bank, b"good".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["phone ReofferAnswered good"]);
    pair.assert_seen(&["< UPDATE", "> 200 UPDATE", "> UPDATE", "< 200 UPDATE"]);
    pair.answer();
    pair.forward(millis(50));
    pair.assert_told(&["phone Answered early", "bank Acknowledged -"]);
    pair.bank.reoffer(pair.now, bank, b"later".to_vec());
    pair.forward(millis(50));
    pair.assert_seen(&["< 200 INVITE", "> ACK", "< INVITE", "> 100 INVITE"]);
    pair.bank_hangs_up();
    pair.assert_all_is_over();
}

#[test]
fn two_updates_at_once_are_both_answered_in_the_end() {
    let (mut pair, phone, bank) = early();
    pair.phone.reoffer(pair.now, phone, b"phones".to_vec());
    pair.bank.reoffer(pair.now, bank, b"banks".to_vec());
    pair.forward(millis(50));
    pair.assert_seen(&["> UPDATE", "< UPDATE", "< 491 UPDATE", "> 491 UPDATE"]);
    // The phone has drawn the Call-ID and waits longer.
    pair.forward(millis(2_040));
    pair.assert_told(&["phone Reoffer banks"]);
    pair.phone.answer_reoffer(pair.now, phone, b"one".to_vec());
    pair.forward(millis(2_000));
    pair.assert_told(&["bank ReofferAnswered one", "phone Refresh"]);
    pair.phone.reoffer(pair.now, phone, b"phones".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["bank Reoffer phones"]);
    pair.bank.answer_reoffer(pair.now, bank, b"two".to_vec());
    pair.forward(millis(50));
    pair.assert_told(&["phone ReofferAnswered two"]);
    pair.phone_hangs_up();
    pair.assert_all_is_over();
}

#[test]
fn a_refused_update_leaves_the_early_session_as_it_was() {
    let (mut pair, phone, bank) = early();
    pair.bank.reoffer(pair.now, bank, b"banks".to_vec());
    pair.forward(millis(50));
    pair.phone.refuse_reoffer(pair.now, phone, Status::NOT_ACCEPTABLE_HERE);
    pair.forward(millis(50));
    pair.assert_told(&["phone Reoffer banks", "bank ReofferRefused 488"]);
    pair.answer();
    pair.forward(millis(50));
    pair.assert_told(&["phone Answered early", "bank Acknowledged -"]);
    pair.bank_hangs_up();
    pair.assert_all_is_over();
}

#[test]
fn while_our_answer_has_no_ack_an_offer_goes_out_in_an_update_to_who_takes_it() {
    for allows in [true, false] {
        let mut bank = Wired::new();
        let allow = if allows { "Allow: INVITE, ACK, BYE, UPDATE" } else { "Allow: INVITE, ACK, BYE" };
        bank.say(&with(&request("INVITE", "one", ""), allow));
        bank.told();
        let leg = bank.leg.unwrap();
        bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
        let tag = tag_of(&bank.sent()[0]);
        bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
        if allows {
            let update = only(bank.sent(), "UPDATE");
            assert!(update.ends_with("ours") && update.contains("CSeq: 1 UPDATE"), "{update}");
            assert_eq!(
                status(
                    &bank
                        .say(&format!("{}Content-Type: application/sdp\n\ntheirs", within("UPDATE", 2, &tag, "glare")))
                ),
                491
            );
            bank.say(&reply(&update, "200 OK", "", "theirs"));
            assert_eq!(bank.told(), ["ReofferAnswered theirs"]);
            bank.say(&within("ACK", 1, &tag, "ack"));
            assert_eq!(bank.told(), ["Acknowledged -"]);
        } else {
            assert_eq!(bank.sent().len(), 0, "it waits");
            bank.say(&within("ACK", 1, &tag, "ack"));
            only(until_sent(&mut bank, seconds(5)).1, "INVITE");
        }
    }
}

#[test]
fn an_update_that_is_not_taken_after_all_becomes_a_reinvite() {
    let mut bank = Wired::new();
    bank.say(&with(&request("INVITE", "one", ""), "Allow: INVITE, ACK, BYE, UPDATE"));
    bank.told();
    let leg = bank.leg.unwrap();
    bank.bank.answer(bank.now, leg, b"answer".to_vec(), &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    bank.bank.reoffer(bank.now, leg, b"ours".to_vec());
    let update = only(bank.sent(), "UPDATE");
    bank.say(&within("ACK", 1, &tag, "ack"));
    let invite = only(bank.say(&reply(&update, "405 Method Not Allowed", "", "")), "INVITE");
    only(bank.say(&reply(&invite, "200 OK", "", "theirs")), "ACK");
    assert_eq!(bank.told(), ["Acknowledged -", "ReofferAnswered theirs"]);
}

#[test]
fn nothing_is_offered_before_the_first_offer_has_its_answer() {
    let mut pair = Pair::new();
    pair.call();
    pair.forward(millis(100));
    let (phone, bank) = (pair.phone_leg.unwrap(), pair.bank_leg.unwrap());
    pair.bank.ring(pair.now, bank);
    pair.forward(millis(100));
    pair.seen.clear();
    pair.phone.reoffer(pair.now, phone, b"phones".to_vec());
    pair.bank.reoffer(pair.now, bank, b"banks".to_vec());
    pair.forward(millis(100));
    pair.assert_seen(&[]);
    pair.answer();
    pair.forward(millis(6_000));
    // Both wait until the call stands, and one of them comes first.
    assert!(pair.seen.iter().any(|seen| seen.ends_with("< INVITE") || seen.ends_with("> INVITE")), "{:?}", pair.seen);
    pair.bank_hangs_up();
    pair.assert_all_is_over();
}
