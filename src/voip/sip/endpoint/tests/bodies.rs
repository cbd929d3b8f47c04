//! Session descriptions among other parts of a body, in every message that may bear one.

use super::*;

/// Parts, of which the last is the session.
fn parted(session: &str) -> String {
    format!(
        "Content-Type: multipart/mixed;boundary=b1\n\n--b1\r\nContent-Type: application/isup\r\n\
         Content-Disposition: signal;handling=optional\r\n\r\nx\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n{session}\r\n--b1--"
    )
}

fn with_body(message: &str, body: &str) -> String {
    let head = message.split("Content-Type:").next().unwrap();
    format!("{}\n{body}", head.trim_end())
}

#[test]
fn an_offer_and_an_answer_are_found_among_other_parts() {
    let mut bank = Wired::new();
    bank.say(&with_body(&request("INVITE", "one", ""), &parted("offer")));
    assert_eq!(bank.told(), ["Incoming offer"]);
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    bank.say(&within("ACK", 1, &tag, "ack"));
    assert_eq!(bank.told(), ["Acknowledged -"]);
    bank.say(&with_body(&within("INVITE", 2, &tag, "two"), &parted("again")));
    assert_eq!(bank.told(), ["Reoffer again"]);

    let mut bank = Wired::new();
    let nothing = "Content-Type: text/plain\nContent-Disposition: render;handling=optional\n\nhello";
    bank.say(&with_body(&request("INVITE", "one", ""), nothing));
    assert_eq!(bank.told(), ["Incoming -"], "what may be left alone is");
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"ours".to_vec(), &Headers::new());
    let tag = tag_of(&bank.sent()[0]);
    bank.say(&with_body(&within("ACK", 1, &tag, "ack"), &parted("theirs")));
    assert_eq!(bank.told(), ["Acknowledged theirs"]);

    let mut phone = Wired::new();
    phone.bank.invite(phone.now, super::calls::outgoing()).unwrap();
    let invite = phone.sent().remove(0);
    phone.say(&with_body(&super::calls::reply(&invite, "183 Session Progress", "tag=a", ""), &parted("early")));
    phone.say(&with_body(&super::calls::reply(&invite, "200 OK", "tag=a", ""), &parted("answer")));
    assert_eq!(phone.told(), ["Progress 183 early", "Answered answer"]);
}

#[test]
fn a_body_that_must_be_understood_and_is_not_is_refused_with_what_we_take() {
    for body in [
        "Content-Type: multipart/mixed;boundary=b1\n\n--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1--".to_owned(),
        "Content-Type: multipart/mixed\n\nx".to_owned(),
        parted("offer").replace("optional", "required"),
    ] {
        let mut bank = Wired::new();
        let sent = bank.say(&with_body(&request("INVITE", "one", ""), &body));
        assert_eq!(status(&sent), 415, "{body}");
        assert!(sent[0].contains("Accept: application/sdp, multipart/mixed\r\n"), "{}", sent[0]);
        assert!(bank.told().is_empty());
    }
}
