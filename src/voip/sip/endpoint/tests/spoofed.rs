//! What goes to an address that only a datagram has named.

use super::*;

/// An INVITE of a call of its own.
fn numbered(number: usize) -> String {
    request("INVITE", &format!("b{number}"), "").replace("one@", &format!("c{number}@"))
}

/// Answers what has come in; returns our tag.
fn answer(bank: &mut Wired) -> String {
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    tag_of(bank.sent().last().unwrap())
}

fn count(seen: &[String], headline: &str) -> usize {
    seen.iter().filter(|one| *one == headline).count()
}

#[test]
fn a_caller_whose_ack_is_lost_gets_every_repeat_and_then_one_bye() {
    let mut bank = Wired::new();
    bank.say(&numbered(0));
    answer(&mut bank);
    let seen = bank.forward(Duration::from_secs(70));
    assert_eq!(count(&seen, "200 INVITE"), 10, "T1 doubling up to T2, for 32 s");
    assert_eq!(count(&seen, "BYE"), 1);
    assert_eq!(seen.len(), 11, "{seen:?}");
    bank.told();
    assert_empty(&mut bank.bank);
}

#[test]
fn who_acknowledges_nothing_gets_few_repeats_however_many_calls_it_makes() {
    for refuses in [false, true] {
        let mut bank = Wired::new();
        for number in 0..500 {
            bank.say(&numbered(number));
            if refuses {
                bank.told();
                bank.bank.reject(bank.now, bank.leg.unwrap(), Status::NOT_FOUND, &Headers::new());
                assert_eq!(status(&bank.sent()), 404, "everybody is answered");
            } else {
                answer(&mut bank);
            }
            // An ACK with a tag that is not ours shows nothing.
            bank.say(&within("ACK", 1, "0123456789abcdef", "ack").replace("one@", &format!("c{number}@")));
        }
        let seen = bank.forward(Duration::from_secs(70));
        let repeats = count(&seen, if refuses { "404 INVITE" } else { "200 INVITE" });
        assert!((20..=20 + 33).contains(&repeats), "{repeats}");
        assert_eq!(count(&seen, "BYE"), if refuses { 0 } else { 500 });
        bank.told();
        assert_empty(&mut bank.bank);
    }
}

#[test]
fn one_ack_with_our_tag_proves_an_address_and_connections_and_trunks_need_none() {
    let tcp = || {
        let mut bank = Wired::new();
        bank.from = Peer::over(Transport::Tcp, addr(PHONE), ConnectionId(1));
        bank.bank.handle_connected(bank.now, bank.from, addr(BANK));
        bank
    };
    for (name, mut bank, acknowledges) in
        [("an ACK", Wired::new(), true), ("a trunk", Wired::of_trunk(), false), ("TCP", tcp(), false)]
    {
        let tag = (bank.say(&numbered(900)), answer(&mut bank)).1;
        if acknowledges {
            bank.say(&within("ACK", 1, &tag, "ack").replace("one@", "c900@"));
        }
        for number in 0..50 {
            bank.say(&numbered(number));
            answer(&mut bank);
        }
        let seen = bank.forward(Duration::from_secs(31));
        assert!(count(&seen, "200 INVITE") >= 50 * 9, "{name}: {}", seen.len());
    }
}

#[test]
fn large_answers_are_repeated_less() {
    let mut bank = Wired::new();
    let hops = format!("Record-Route: <sip:198.51.100.1;lr;x={}>\n         ", "y".repeat(400)).repeat(30);
    for number in 0..20 {
        bank.say(&numbered(number).replacen("Max-Forwards", &format!("{hops}Max-Forwards"), 1));
        answer(&mut bank);
    }
    let repeats = count(&bank.forward(Duration::from_secs(31)), "200 INVITE");
    assert!((1..=5).contains(&repeats), "{repeats} of 15,000 octets");
}

#[test]
fn datagrams_in_the_name_of_a_registered_phone_fill_no_tables() {
    let mut bank = Wired::new();
    let limits = CallLimits { calls_per_source: 2, ..CallLimits::default() };
    bank.bank.set_call_limits(limits, LoadLimits::default());
    bank.bank.add_phone(addr(PHONE));
    let taken = |bank: &mut Wired| (0..100).filter(|number| status(&bank.say(&numbered(*number))) == 100).count();
    assert_eq!(taken(&mut bank), 8 + 2, "what a phone may need at once, and what anybody may");
    // Whose phone it is calls as before, once they are over.
    bank.forward(Duration::from_secs(600));
    bank.told();
    assert_eq!(bank.bank.leg_count(), 0);
    assert_eq!(status(&bank.say(&numbered(1_000))), 100);
}

/// Where our BYE goes in a call with this Contact, and what more is sent on the way there.
fn bye_to(bank: &mut Wired, contact: &str, more: &str) -> (Peer, String) {
    let invite = request("INVITE", "one", more).replace("<sip:anna@192.0.2.10:5060>", contact);
    let tag = (bank.say(&invite), answer(bank)).1;
    bank.say(&within("ACK", 1, &tag, "ack"));
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    match bank.bank.next_command() {
        Some(Command::Send { to, bytes }) => (to, String::from_utf8_lossy(&bytes).into_owned()),
        other => panic!("{contact}: {other:?}"),
    }
}

#[test]
fn a_strangers_contact_aims_our_requests_at_nobody_else_and_opens_no_connection() {
    let home = Peer::udp(addr(PHONE)).with_local(addr(BANK));
    for (contact, more, expected) in [
        ("<sip:x@198.51.100.7>", "", PHONE),
        ("<sip:x@198.51.100.7:5060;transport=tcp>", "", PHONE),
        ("<sip:x@192.0.2.10:22;transport=tcp>", "", PHONE),
        ("<sip:x@192.0.2.10:22;transport=tls>", "", PHONE),
        ("<sip:x@192.0.2.10:80;transport=ws>", "", PHONE),
        ("<sip:x@victim.example>", "", PHONE),
        ("<sip:x@192.0.2.10:5060>", "Record-Route: <sip:198.51.100.7;lr>", PHONE),
        ("<sip:x@192.0.2.10:5060>", "Record-Route: <sip:198.51.100.7;lr;transport=tcp>", PHONE),
        // The same machine, and a proxy through which the call came.
        ("<sip:x@192.0.2.10:5070>", "", "192.0.2.10:5070"),
        ("<sip:x@10.0.0.7>", "Record-Route: <sip:192.0.2.10:5080;lr>", "192.0.2.10:5080"),
    ] {
        let mut bank = Wired::new();
        let (to, bye) = bye_to(&mut bank, contact, more);
        assert_eq!(to, Peer { addr: addr(expected), ..home }, "{contact} {more}");
        // Who it is for is as the dialog says, so that a proxy that recorded nothing can still pass it on.
        let target = contact.trim_matches(['<', '>']);
        assert!(bye.starts_with(&format!("BYE {target} SIP/2.0")), "{bye}");
    }
}

#[test]
fn a_new_contact_of_a_stranger_goes_no_further_and_a_trunks_does() {
    for (mut bank, expected) in [(Wired::new(), PHONE), (Wired::of_trunk(), "198.51.100.7:5060")] {
        let tag = bank.answered(&request("INVITE", "one", ""));
        let elsewhere = |text: String| text.replace("anna@192.0.2.10:5060>", "x@198.51.100.7>");
        bank.say(&elsewhere(within("INVITE", 2, &tag, "two")));
        bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"answer".to_vec());
        bank.say(&elsewhere(within("ACK", 2, &tag, "ack2")));
        bank.sent();
        bank.bank.hang_up(bank.now, bank.leg.unwrap());
        let Some(Command::Send { to, .. }) = bank.bank.next_command() else { panic!() };
        assert_eq!(to.addr, addr(expected));
    }
}

#[test]
fn a_stranger_who_moves_is_followed_to_where_its_requests_come_from() {
    let mut bank = Wired::new();
    let tag = bank.answered(&request("INVITE", "one", ""));
    bank.from = Peer::udp(addr("203.0.113.20:5062"));
    bank.say(&within("INVITE", 2, &tag, "two").replace("anna@192.0.2.10:5060>", "anna@203.0.113.20:5062>"));
    bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"answer".to_vec());
    bank.say(&within("ACK", 2, &tag, "ack2"));
    bank.sent();
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    let Some(Command::Send { to, .. }) = bank.bank.next_command() else { panic!() };
    assert_eq!(to.addr, addr("203.0.113.20:5062"));
}

#[test]
fn whoever_has_shown_a_password_is_believed_on_its_contact() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", "").replace("anna@192.0.2.10:5060>", "anna@198.51.100.7>"));
    bank.told();
    bank.bank.believe(bank.leg.unwrap(), bank.from.with_local(addr(BANK)));
    let tag = answer(&mut bank);
    bank.say(&within("ACK", 1, &tag, "ack"));
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    let Some(Command::Send { to, .. }) = bank.bank.next_command() else { panic!() };
    assert_eq!(to.addr, addr("198.51.100.7:5060"));
}

#[test]
fn a_second_invite_of_the_same_call_is_refused_once() {
    let mut bank = Wired::new();
    bank.say(&request("INVITE", "one", ""));
    bank.told();
    assert_eq!(status(&bank.say(&request("INVITE", "two", ""))), 482);
    let seen = bank.forward(Duration::from_secs(20));
    assert_eq!(count(&seen, "482 INVITE"), 0, "{seen:?}");
}
