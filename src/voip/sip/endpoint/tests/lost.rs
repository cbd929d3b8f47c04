//! Messages that the network loses, repeats and delays.

use super::*;

#[test]
fn a_lost_invite_is_sent_again() {
    let mut pair = Pair::losing("INVITE", 3);
    pair.call();
    pair.forward(Duration::from_secs(4));
    pair.assert_seen(&["> INVITE ✗", "> INVITE ✗", "> INVITE ✗", "> INVITE", "< 100 INVITE"]);
    pair.assert_told(&["bank Incoming offer"]);
}

#[test]
fn a_lost_100_costs_one_more_invite_and_no_second_call() {
    let mut pair = Pair::losing("100 INVITE", 1);
    pair.call();
    pair.forward(Duration::from_secs(2));
    pair.assert_seen(&["> INVITE", "< 100 INVITE ✗", "> INVITE", "< 100 INVITE"]);
    pair.assert_told(&["bank Incoming offer"]);
}

#[test]
fn a_lost_200_is_sent_again_by_the_core() {
    let mut pair = Pair::losing("200 INVITE", 2);
    pair.call();
    pair.forward(millis(100));
    pair.answer();
    pair.forward(Duration::from_secs(10));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "< 200 INVITE ✗", "< 200 INVITE ✗", "< 200 INVITE", "> ACK"]);
    pair.assert_told(&["bank Incoming offer", "phone Answered answer", "bank Acknowledged -"]);
    assert_eq!(pair.bank.counters().retransmissions, 2);
}

#[test]
fn a_lost_ack_is_sent_again_for_the_repeated_200() {
    let mut pair = Pair::losing("ACK", 2);
    pair.call();
    pair.forward(millis(100));
    pair.answer();
    pair.forward(Duration::from_secs(10));
    pair.assert_seen(&[
        "> INVITE",
        "< 100 INVITE",
        "< 200 INVITE",
        "> ACK ✗",
        "< 200 INVITE",
        "> ACK ✗",
        "< 200 INVITE",
        "> ACK",
    ]);
    pair.assert_told(&["bank Incoming offer", "phone Answered answer", "bank Acknowledged -"]);
    pair.phone_hangs_up();
    pair.assert_all_is_over();
}

#[test]
fn an_answer_that_is_never_acknowledged_is_hung_up_after_32_seconds() {
    let mut pair = Pair::losing("ACK", usize::MAX);
    pair.call();
    pair.forward(millis(100));
    pair.answer();
    pair.seen.clear();
    pair.forward(Duration::from_secs(31));
    // T1 doubling up to T2: 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5.
    assert_eq!(pair.seen.iter().filter(|line| *line == "< 200 INVITE").count(), 9);
    pair.forward(Duration::from_secs(2));
    pair.assert_told(&["bank Incoming offer", "phone Answered answer", "bank NotAcknowledged", "phone HungUp"]);
    assert_eq!(pair.bank.counters().not_acknowledged, 1);
    pair.assert_all_is_over();
}

#[test]
fn a_hang_up_before_the_ack_waits_for_it() {
    let mut pair = Pair::losing("ACK", 1);
    pair.call();
    pair.forward(millis(100));
    pair.answer();
    pair.bank_hangs_up();
    pair.forward(millis(400));
    pair.assert_seen(&["> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK ✗"]);
    pair.forward(millis(400));
    pair.assert_seen(&["< 200 INVITE", "> ACK", "< BYE", "> 200 BYE"]);
    pair.assert_told(&[
        "bank Incoming offer",
        "phone Answered answer",
        "bank Acknowledged -",
        "phone HungUp",
        "bank Terminated",
    ]);
    pair.assert_all_is_over();
}

#[test]
fn a_hang_up_whose_ack_never_comes_ends_by_itself() {
    let mut pair = Pair::losing("ACK", usize::MAX);
    pair.call();
    pair.forward(millis(100));
    pair.answer();
    pair.bank_hangs_up();
    pair.forward(Duration::from_secs(40));
    pair.assert_told(&["bank Incoming offer", "phone Answered answer", "bank Terminated", "phone HungUp"]);
    pair.assert_all_is_over();
}

#[test]
fn a_lost_bye_and_its_lost_200_are_made_good() {
    for headline in ["BYE", "200 BYE"] {
        let mut pair = Pair::losing(headline, 2).answered();
        pair.bank_hangs_up();
        pair.forward(Duration::from_secs(5));
        pair.assert_told(&["phone HungUp", "bank Terminated"]);
        pair.assert_all_is_over();
    }
}

#[test]
fn a_phone_that_vanished_ends_after_the_bye_times_out() {
    let mut pair = Pair::losing("BYE", usize::MAX).answered();
    pair.bank_hangs_up();
    pair.forward(Duration::from_secs(33));
    pair.assert_told(&["bank Terminated"]);
}

#[test]
fn a_refusal_and_its_ack_may_be_lost() {
    for (headline, count) in [("486 INVITE", 3), ("ACK", 3)] {
        let mut pair = Pair::losing(headline, count);
        pair.call();
        pair.forward(millis(100));
        pair.bank.reject(pair.now, pair.bank_leg.unwrap(), Status::BUSY_HERE, &Headers::new());
        pair.forward(Duration::from_secs(10));
        pair.assert_told(&["bank Incoming offer", "bank Terminated", "phone Failed 486"]);
        pair.assert_all_is_over();
        assert_eq!(pair.bank.counters().not_acknowledged, 0, "{headline}");
    }
}

#[test]
fn nobody_there_is_408_after_32_seconds() {
    let mut pair = Pair::losing("INVITE", usize::MAX);
    pair.call();
    pair.forward(Duration::from_secs(31));
    pair.assert_told(&[]);
    pair.forward(Duration::from_secs(2));
    pair.assert_told(&["phone Failed 408"]);
    // T1 doubling without end: 0 0.5 1.5 3.5 7.5 15.5 31.5.
    assert_eq!(pair.seen.len(), 7);
    pair.assert_all_is_over();
}

#[test]
fn calls_survive_a_network_that_loses_a_third_and_shuffles_the_rest() {
    for seed in 0..40 {
        let mut rng = StdRng::from_seed([seed; 32]);
        let mut pair = Pair::with_fate(move |_, _| match rng.random_range(0..3) {
            0 => Fate::IsLost,
            _ => Fate::IsLate(millis(rng.random_range(1..600))),
        });
        pair.call();
        pair.forward(Duration::from_secs(20));
        if pair.bank_leg.is_some() {
            pair.answer();
            pair.forward(Duration::from_secs(31));
        }
        pair.phone_hangs_up();
        pair.forward(Duration::from_secs(60));
        pair.bank_leg.inspect(|leg| pair.bank.hang_up(pair.now, *leg));
        pair.assert_all_is_over();
    }
}
