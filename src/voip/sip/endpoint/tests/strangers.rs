//! What somebody can make of us who sends in the name of others, or much of little use.

use super::*;
use crate::voip::sip::transaction::table::TransactionLimits;

/// INVITEs that cannot be calls, each with its refusal.
fn hopeless() -> Vec<(u16, String)> {
    let invite = |more: &str| request("INVITE", "one", more);
    vec![
        (420, invite("Require: teleport")),
        (483, invite("").replace("Max-Forwards: 70", "Max-Forwards: 0")),
        (416, invite("").replace("INVITE sip:100@192.0.2.1 SIP", "INVITE http://192.0.2.1 SIP")),
        (415, invite("").replace("application/sdp", "text/html")),
        (406, invite("Accept: text/html")),
        (422, invite("Supported: timer\n         Session-Expires: 30")),
        (400, invite("").replace("Contact:", "X-Contact:")),
        (481, within("INVITE", 2, "nobody", "one")),
        (420, within("INVITE", 2, "nobody", "one").replace("Max-Forwards", "Require: teleport\n         Max-Forwards")),
        (400, invite("").replace("CSeq: 1 INVITE", "CSeq: x INVITE")),
    ]
}

#[test]
fn an_invite_that_is_no_call_is_answered_once_each_time_it_comes_and_leaves_nothing() {
    for (expected, invite) in hopeless() {
        let mut bank = Wired::new();
        let first = bank.say(&invite);
        assert_eq!((first.len(), status(&first)), (1, expected), "{invite}");
        assert_empty(&mut bank.bank);
        assert_eq!(bank.forward(Duration::from_secs(40)), [] as [&str; 0], "{expected} goes once to whoever it is");
        assert_eq!(bank.say(&invite), first, "{expected}");
        let ack = within("ACK", 1, &tag_of(&first[0]), "one");
        assert_eq!(bank.say(&ack), [] as [&str; 0]);
        assert!(bank.told().is_empty());
    }
}

#[test]
fn what_transactions_keep_is_bounded_in_octets_of_one_source_and_of_all() {
    const OCTETS: usize = 2 << 20;
    let mut bank = Wired::new();
    let limits = TransactionLimits { total: 100_000, per_source: 100_000, octets: OCTETS };
    bank.bank.transactions = Transactions::new(limits);
    let tag = bank.answered(&request("INVITE", "one", ""));
    // Each of its hops is in the answer, which is kept for half a minute.
    let hops = "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKhop\n         ".repeat(200);
    let large = |number: usize| {
        let invite = request("INVITE", &format!("b{number}"), "").replace("one@", &format!("c{number}@"));
        invite.replacen("Max-Forwards", &format!("{hops}Max-Forwards"), 1)
    };
    let caller = bank.from;
    let mut fullest = 0;
    for source in 1..=4_u8 {
        bank.from = Peer::udp(SocketAddr::from(([203, 0, 113, source], 5060)));
        for number in 0..200 {
            if status(&bank.say(&large(usize::from(source) * 1_000 + number))) == 100 {
                bank.told();
                bank.bank.reject(bank.now, bank.leg.unwrap(), Status::NOT_FOUND, &Headers::new());
                assert_eq!(status(&bank.sent()), 404);
            }
            fullest = fullest.max(bank.bank.transactions.octets());
        }
    }
    assert!((OCTETS / 2..OCTETS + 20_000).contains(&fullest), "{fullest}");
    assert_eq!(status(&bank.say(&request("INVITE", "two", "").replace("one@", "two@"))), 503);
    // Whoever is in a call notices nothing.
    bank.from = caller;
    assert_eq!(status(&bank.say(&within("INFO", 2, &tag, "info"))), 200);
    assert_eq!(status(&bank.say(&within("BYE", 3, &tag, "bye"))), 200);
    bank.forward(Duration::from_secs(70));
    assert_empty(&mut bank.bank);
}

#[test]
fn a_storm_of_requests_in_one_call_is_not_answered_and_other_calls_of_its_source_are() {
    let mut bank = Wired::new();
    let other = |text: String| text.replace("one@", "other@");
    bank.say(&other(request("INVITE", "other", "")));
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let calm = tag_of(&bank.sent()[0]);
    bank.say(&other(within("ACK", 1, &calm, "calm")));
    bank.told();
    let storm = bank.answered(&request("INVITE", "one", ""));
    let mut answered = 0;
    for number in 2..5_002 {
        answered += bank.say(&within("INFO", number, &storm, &format!("i{number}"))).len();
        bank.forward(millis(1));
        bank.told();
    }
    assert!((200..=200 + 5 * 20).contains(&answered), "{answered}");
    assert!(bank.bank.transaction_count() <= 310);
    assert_eq!(status(&bank.say(&other(within("INFO", 2, &calm, "info")))), 200);
    assert_eq!(status(&bank.say(&within("BYE", 5_002, &storm, "bye"))), 200);
    assert_eq!(bank.told(), ["Info  ", "HungUp"]);
}

#[test]
fn a_message_that_is_begun_must_be_whole_in_half_a_minute_on_every_connection() {
    let whole = String::from_utf8(wire_form(&request("OPTIONS", "one", "").replace("UDP", "TCP"))).unwrap();
    for (name, before, closes) in [
        ("nothing more", "", false),
        ("a line end", "\r\n", false),
        ("the beginning of a message", "OPTIONS sip:", true),
        ("half a body", "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 60000\r\n\r\nhalf", true),
    ] {
        let mut bank = Wired::new();
        let tcp = Peer::over(Transport::Tcp, addr("192.0.2.10:40000"), ConnectionId(7));
        bank.bank.handle_connected(bank.now, tcp, addr(BANK));
        // It has proved itself, and has been quiet for long.
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), whole.as_bytes());
        assert_eq!(status(&bank.sent()), 200);
        assert!(bank.forward(Duration::from_secs(3_600)).is_empty());
        bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), before.as_bytes());
        bank.sent();
        // An octet every ten seconds changes nothing.
        let mut closed = Vec::new();
        for _ in 0..6 {
            bank.now = bank.now + Duration::from_secs(10);
            bank.bank.handle_timeout(bank.now);
            closed.append(&mut bank.sent());
            if !before.is_empty() && closes && closed.is_empty() {
                bank.bank.handle_stream_bytes(bank.now, ConnectionId(7), b"x");
            }
        }
        let expected: &[&str] = if closes { &["Close ConnectionId(7)"] } else { &[] };
        assert_eq!(closed, expected, "{name}");
    }
}
