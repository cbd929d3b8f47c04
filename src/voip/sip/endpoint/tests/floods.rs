//! Floods in virtual time: the tables stay within their caps, calls in progress notice nothing, and all is empty after.

use super::*;
use crate::voip::sip::transaction::table::TransactionLimits;

const CAP: usize = 2_000;

fn bank() -> Wired {
    let mut bank = Wired::new();
    bank.bank.config.limits.legs = CAP;
    bank.bank.config.limits.legs_per_source = CAP;
    let limits = TransactionLimits { total: 4 * CAP, per_source: 4 * CAP, octets: usize::MAX };
    bank.bank.transactions = Transactions::new(limits);
    bank
}

fn numbered(method: &str, number: usize) -> String {
    request(method, &format!("b{number}"), "").replace("one@", &format!("c{number}@"))
}

/// What a flood was answered with, and the fullest that the tables were.
#[derive(Debug, Default)]
struct Toll {
    refused: usize,
    taken: usize,
    legs: usize,
    transactions: usize,
}

/// Sends `count` INVITEs, a thousand a second, each with what follows it.
fn flood(bank: &mut Wired, count: usize, mut then: impl FnMut(&mut Wired, usize)) -> Toll {
    let mut toll = Toll::default();
    for number in 0..count {
        let sent = bank.say(&numbered("INVITE", number));
        match status(&sent) {
            503 => toll.refused += 1,
            100 => toll.taken += 1,
            other => panic!("{other}"),
        }
        assert_eq!(sent.len(), 1);
        then(bank, number);
        bank.forward(millis(1));
        bank.told();
        toll.legs = toll.legs.max(bank.bank.leg_count());
        toll.transactions = toll.transactions.max(bank.bank.transaction_count());
    }
    toll
}

#[track_caller]
fn check_calm(bank: &mut Wired, toll: &Toll) {
    assert!(toll.legs <= CAP && toll.transactions <= 4 * CAP, "{toll:?}");
    assert!(toll.refused > 0 && toll.taken > 0, "{toll:?}");
    bank.forward(Duration::from_secs(300));
    bank.told();
    assert_empty(&mut bank.bank);
}

#[test]
fn a_hundred_thousand_invites_each_cancelled() {
    let mut bank = bank();
    let toll = flood(&mut bank, 100_000, |bank, number| {
        let sent = bank.say(&numbered("CANCEL", number));
        assert!(matches!(status(&sent), 200 | 481));
    });
    check_calm(&mut bank, &toll);
}

#[test]
fn a_hundred_thousand_invites_answered_and_never_acknowledged() {
    let mut bank = bank();
    let toll = flood(&mut bank, 100_000, |bank, _| {
        if bank.told().is_empty() {
            return;
        }
        bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
        bank.sent();
    });
    check_calm(&mut bank, &toll);
}

#[test]
fn a_flood_from_one_source_leaves_room_for_others_and_for_calls_in_progress() {
    let mut bank = bank();
    let tag = bank.answered(&request("INVITE", "one", ""));
    bank.bank.config.limits.legs_per_source = 100;
    let flooder = Peer::udp(addr("203.0.113.66:5060"));
    let caller = std::mem::replace(&mut bank.from, flooder);
    let mut refused = 0;
    for number in 0..5_000 {
        let flood = numbered("INVITE", number).replace("UDP 192.0.2.10", "UDP 203.0.113.66");
        refused += usize::from(status(&bank.say(&flood)) == 503);
    }
    assert_eq!(refused, 4_900);
    bank.from = caller;
    assert_eq!(status(&bank.say(&numbered("INVITE", 6_000))), 100);
    assert_eq!(status(&bank.say(&within("INFO", 2, &tag, "info"))), 200);
    assert_eq!(status(&bank.say(&within("BYE", 3, &tag, "bye"))), 200);
}

#[test]
fn at_the_cap_of_transactions_what_is_known_is_still_answered_and_strangers_who_register_leave_half_to_calls() {
    let mut bank = bank();
    let limits = TransactionLimits { total: 40, per_source: 40, octets: 1 << 20 };
    bank.bank.transactions = Transactions::new(limits);
    let tag = bank.answered(&request("INVITE", "one", ""));
    for number in 1..20 {
        bank.say(&numbered("REGISTER", number));
    }
    assert_eq!(bank.bank.transaction_count(), 20);
    assert_eq!(status(&bank.say(&numbered("REGISTER", 20))), 503);
    for (method, expected) in [("OPTIONS", 200), ("BYE", 481), ("MESSAGE", 405), ("CANCEL", 481)] {
        assert_eq!(status(&bank.say(&numbered(method, 30))), expected);
    }
    assert_eq!(bank.bank.transaction_count(), 20, "what begins nothing takes no place");
    for number in 40..60 {
        assert_eq!(status(&bank.say(&numbered("INVITE", number))), 100);
    }
    let refused = bank.say(&numbered("INVITE", 60));
    assert!(refused[0].contains("Retry-After: "));
    bank.told();
    assert_eq!(status(&bank.say(&within("BYE", 2, &tag, "bye"))), 200);
    assert_eq!(bank.told(), ["HungUp"]);
    for number in 40..60 {
        bank.say(&numbered("CANCEL", number));
    }
    bank.forward(Duration::from_secs(70));
    bank.told();
    assert_empty(&mut bank.bank);
}

#[test]
fn floods_of_every_other_kind_leave_nothing() {
    let mut bank = bank();
    for number in 0..5_000 {
        for method in ["OPTIONS", "BYE", "CANCEL", "TELEPORT", "REGISTER", "ACK"] {
            bank.say(&numbered(method, number));
        }
        bank.forward(millis(1));
        bank.told();
        assert!(bank.bank.transaction_count() <= 4 * CAP);
    }
    bank.forward(Duration::from_secs(70));
    assert_empty(&mut bank.bank);
}

#[test]
fn damaged_messages_in_any_order_break_nothing() {
    let mut rng = StdRng::from_seed([9; 32]);
    let mut bank = bank();
    let methods = ["INVITE", "CANCEL", "ACK", "BYE", "OPTIONS", "INFO", "REGISTER", "UPDATE"];
    let mut tag = "none".to_owned();
    for _ in 0..20_000 {
        let method = methods[rng.random_range(0..methods.len())];
        let branch = format!("b{}", rng.random_range(0..20));
        let message = match rng.random_range(0..3) {
            0 => request(method, &branch, ""),
            _ => within(method, rng.random_range(1..50), &tag, &branch),
        };
        let mut bytes = wire_form(&message);
        for _ in 0..rng.random_range(0..3) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        bank.bank.handle_datagram(bank.now, bank.from, addr(BANK), &bytes);
        if let (Some(leg), _) = (bank.leg, bank.told()) {
            let sdp = b"answer".to_vec();
            match rng.random_range(0..12) {
                0 => bank.bank.answer(bank.now, leg, sdp, &Headers::new()),
                1 => bank.bank.answer_reoffer(bank.now, leg, sdp),
                2 => bank.bank.refuse_reoffer(bank.now, leg, Status::NOT_ACCEPTABLE_HERE),
                3 => bank.bank.ring(bank.now, leg),
                4 => bank.bank.hang_up(bank.now, leg),
                _ => {}
            }
        }
        for sent in bank.sent().iter().filter(|sent| sent.contains(" INVITE\r\n") && sent.contains("\nTo: ")) {
            tag = tag_of(sent);
        }
        bank.forward(millis(rng.random_range(0..400)));
    }
    bank.leg.inspect(|leg| bank.bank.hang_up(bank.now, *leg));
    bank.forward(Duration::from_secs(7 * 3600));
    bank.told();
    assert_empty(&mut bank.bank);
}
