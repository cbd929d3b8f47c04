//! Where the requests of a dialog go: Record-Route, loose and strict proxies, new Contacts, NAT.

use super::calls::{outgoing, reply};
use super::*;

/// Our BYE in a call that stands, and where it is sent.
fn bye(bank: &mut Wired) -> (Peer, String) {
    bank.bank.hang_up(bank.now, bank.leg.unwrap());
    let Some(Command::Send { to, bytes }) = bank.bank.next_command() else { panic!() };
    (to, String::from_utf8_lossy(&bytes).into_owned())
}

fn routes(message: &str) -> Vec<&str> {
    message.lines().filter_map(|line| line.strip_prefix("Route: ")).collect()
}

#[test]
fn a_call_through_loose_proxies_goes_back_through_them() {
    let mut bank = Wired::of_trunk();
    let recorded = "Record-Route: <sip:198.51.100.1;lr>, <sip:198.51.100.2:5080;lr>";
    bank.say(&request("INVITE", "one", recorded));
    bank.told();
    bank.bank.answer(bank.now, bank.leg.unwrap(), b"answer".to_vec(), &Headers::new());
    let ok = bank.sent().remove(0);
    let kept: Vec<&str> = ok.lines().filter(|line| line.starts_with("Record-Route")).collect();
    assert_eq!(kept.len(), 2);
    bank.say(&within("ACK", 1, &tag_of(&ok), "ack"));
    let (to, bye) = bye(&mut bank);
    assert_eq!(to, Peer::udp(addr("198.51.100.1:5060")).with_local(addr(BANK)));
    assert!(bye.starts_with("BYE sip:anna@192.0.2.10:5060 SIP/2.0"));
    assert_eq!(routes(&bye), ["<sip:198.51.100.1;lr>", "<sip:198.51.100.2:5080;lr>"]);
}

#[test]
fn a_strict_proxy_is_asked_itself_and_the_target_comes_last() {
    let mut bank = Wired::of_trunk();
    bank.answered(&request("INVITE", "one", "Record-Route: <sip:198.51.100.1>, <sip:198.51.100.2;lr>"));
    let (to, bye) = bye(&mut bank);
    assert_eq!(to, Peer::udp(addr("198.51.100.1:5060")).with_local(addr(BANK)));
    assert!(bye.starts_with("BYE sip:198.51.100.1 SIP/2.0"));
    assert_eq!(routes(&bye), ["<sip:198.51.100.2;lr>", "<sip:anna@192.0.2.10:5060>"]);
}

#[test]
fn our_own_call_takes_the_recorded_routes_backwards() {
    let mut phone = Wired::new();
    phone.leg = Some(phone.bank.invite(phone.now, outgoing()).unwrap());
    let invite = phone.sent().remove(0);
    let ok = reply(&invite, "200 OK", "tag=a", "answer");
    let recorded = "Record-Route: <sip:198.51.100.1;lr>\nRecord-Route: <sip:198.51.100.2;lr>\nContact:";
    let ack = phone.say(&ok.replace("Contact:", recorded)).remove(0);
    assert!(ack.starts_with("ACK sip:anna@192.0.2.10:5060 SIP/2.0"));
    assert_eq!(routes(&ack), ["<sip:198.51.100.2;lr>", "<sip:198.51.100.1;lr>"]);
    let (to, bye) = bye(&mut phone);
    assert_eq!(to, Peer::udp(addr("198.51.100.2:5060")));
    assert!(bye.contains("CSeq: 2 BYE") && ack.contains("CSeq: 1 ACK"));
}

#[test]
fn a_new_contact_in_an_answered_offer_is_followed() {
    let mut bank = Wired::of_trunk();
    let tag = bank.answered(&request("INVITE", "one", ""));
    let moved =
        |cseq, branch| within("INVITE", cseq, &tag, branch).replace("anna@192.0.2.10:5060>", "anna@192.0.2.99>");
    bank.say(&moved(2, "refused"));
    bank.bank.refuse_reoffer(bank.now, bank.leg.unwrap(), Status::NOT_ACCEPTABLE_HERE);
    bank.say(&moved(3, "taken"));
    bank.bank.answer_reoffer(bank.now, bank.leg.unwrap(), b"answer".to_vec());
    bank.say(&within("ACK", 3, &tag, "ack3"));
    bank.sent();
    let (to, bye) = bye(&mut bank);
    assert_eq!(to, Peer::udp(addr("192.0.2.99:5060")).with_local(addr(BANK)));
    assert!(bye.starts_with("BYE sip:anna@192.0.2.99 SIP/2.0"));
}

#[test]
fn a_phone_behind_nat_is_reached_where_its_packets_come_from() {
    let mut bank = Wired::new();
    bank.from = Peer::udp(addr("203.0.113.77:31337"));
    bank.answered(&request("INVITE", "one", ""));
    let (to, bye) = bye(&mut bank);
    assert_eq!(to, bank.from.with_local(addr(BANK)));
    assert!(bye.starts_with("BYE sip:anna@192.0.2.10:5060 SIP/2.0"));
}

#[test]
fn the_contact_of_a_trunk_is_believed_wherever_it_is() {
    let mut bank = Wired::of_trunk();
    bank.answered(&request("INVITE", "one", "").replace("anna@192.0.2.10:5060>", "anna@192.0.2.44:5070>"));
    assert_eq!(bye(&mut bank).0, Peer::udp(addr("192.0.2.44:5070")).with_local(addr(BANK)));
}

#[test]
fn an_operators_phone_behind_nat_gets_its_ack_where_its_call_went() {
    for contact in ["anna@192.0.2.10:5060>", "anna@192.0.2.10>"] {
        let mut phone = Wired::new();
        let to = Peer::udp(addr("203.0.113.77:31337"));
        phone.bank.invite(phone.now, OutgoingCall { to, ..outgoing() }).unwrap();
        let invite = phone.sent().remove(0);
        let ok = reply(&invite, "200 OK", "tag=a", "answer").replace("anna@192.0.2.10:5060>", contact);
        let ok = wire_form(&ok);
        phone.bank.handle_datagram(phone.now, to, addr(BANK), &ok);
        let Some(Command::Send { to: sent_to, bytes }) = phone.bank.next_command() else { panic!() };
        assert_eq!((sent_to, headline(&bytes).as_str()), (to, "ACK"));
    }
}
