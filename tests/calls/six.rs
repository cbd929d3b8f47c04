//! Calls over IPv6, and between the families: each leg is answered in its own.

use super::phone::Voice;
use super::stage::{Id, Stage};
use super::text::Sdp;
use super::wire::{Handset, Rtp, description};
use hotline::voip::audio::{Codec, g711};
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Four,
    Six,
}

/// A phone with addresses of a family; its sound is made by hand.
fn phone(stage: &mut Stage, user: &str, family: Family) -> Id {
    let id = stage.phone(user);
    let phone = &mut stage.phones[id];
    phone.voice = Voice::Mute;
    if family == Family::Six {
        let host = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x100 + u16::try_from(id).unwrap()];
        phone.addr = SocketAddr::from((host, 5060));
        phone.media = SocketAddr::from((host, 40_000));
    }
    let lines = ["rtpmap:101 telephone-event/8000"];
    phone.body = Some(description(phone.media, "RTP/AVP", "8 101", &lines));
    id
}

/// What a phone was told of where the bank takes its sound.
fn told(stage: &Stage, id: Id, headline: &str) -> Family {
    let sdp = Sdp::parse(&stage.phones[id].last(headline).unwrap().body);
    if sdp.address == "2001:db8::1" { Family::Six } else { Family::Four }
}

fn check(of_caller: Family, of_operator: Family) {
    let what = format!("{of_caller:?} to {of_operator:?}");
    let mut stage = Stage::new();
    stage.accounts(&["anna:support:ru,en"]);
    let anna = phone(&mut stage, "anna", of_operator);
    stage.with_phone(anna, |phone, _| phone.register(3_600, None));
    assert_eq!(stage.phones[anna].count("200 REGISTER"), 1, "{what}");
    let id = phone(&mut stage, "+79161234567", of_caller);
    stage.dial(id, "+74951234567");
    assert_eq!(told(&stage, id, "200 INVITE"), of_caller, "{what}");
    let mut caller = Handset::of(&mut stage, id);
    caller.hum(&mut stage, 400);
    let heard = caller.take(&mut stage);
    assert!(heard.iter().any(|packet| packet.payload[0] == 0x5a), "{what}: the greeting is heard");
    caller.press(&mut stage, '0');
    assert!(stage.run_until(5_000, |stage| stage.phones[anna].towards.is_some()), "{what}: anna answers");
    assert_eq!(told(&stage, anna, "INVITE"), of_operator, "{what}");
    let mut operator = Handset::of(&mut stage, anna);
    let said = [1_000, -3_000].map(|level| vec![g711::encode(Codec::Pcma, level); 160]);
    // The whisper of the menu is over.
    for _ in 0..150 {
        caller.say(&mut stage, 8, 160, &said[0]);
        operator.say(&mut stage, 8, 160, &said[1]);
        stage.run_for(20);
    }
    let last = |packets: Vec<Rtp>| packets.last().unwrap().payload.clone();
    assert_eq!(last(operator.take(&mut stage)), said[0], "{what}: octet for octet");
    assert_eq!(last(caller.take(&mut stage)), said[1], "{what}: octet for octet");
    caller.press(&mut stage, '7');
    assert!(operator.take(&mut stage).iter().any(|packet| packet.kind == 101), "{what}: a key");
    stage.hang_up(id);
    assert_eq!(stage.phones[anna].count("BYE"), 1, "{what}");
    stage.assert_all_let_go(&what);
}

#[test]
fn callers_and_operators_hear_each_other_over_either_family_and_across() {
    for of_caller in [Family::Four, Family::Six] {
        for of_operator in [Family::Four, Family::Six] {
            check(of_caller, of_operator);
        }
    }
}
