//! Voice messages: what is in them, to the sample.

use super::phone::Voice;
use super::stage::Stage;
use super::wire::{Handset, whistle};
use hotline::model::CallEvent;
use hotline::voip::audio::{Codec, g711};
use hotline::voip::media::Track;
use std::time::Duration;

#[test]
fn a_message_is_what_was_said_from_the_tone_to_the_key_and_nothing_else() {
    let mut stage = Stage::new();
    let id = stage.phone("+79161234567");
    stage.phones[id].voice = Voice::Mute;
    stage.dial(id, "+74951234567");
    let mut handset = Handset::of(&mut stage, id);
    // Nobody is at work: the menu asks for a message. What is said before the tone is over is in no message.
    let loud: Vec<u8> = whistle(160).into_iter().map(|sample| g711::encode(Codec::Pcma, sample)).collect();
    handset.hum(&mut stage, 400);
    handset.press(&mut stage, '0');
    let records = |stage: &Stage| stage.shown.lines().any(|line| line.starts_with("Record {"));
    for _ in 0..3_000 {
        if records(&stage) {
            break;
        }
        handset.say(&mut stage, 8, 160, &loud);
        stage.run_for(20);
    }
    assert!(records(&stage), "the message begins");
    let ramp: Vec<u8> = (0..8_000_u16).map(|at| u8::try_from(at / 160 % 100).unwrap() + 20).collect();
    for payload in ramp.chunks(160) {
        handset.say(&mut stage, 8, 160, payload);
        stage.run_for(20);
    }
    handset.press(&mut stage, '#');
    handset.hum(&mut stage, 2_000);
    let [((_, track), samples)] = stage.tapes.iter().collect::<Vec<_>>()[..] else { panic!("one recording") };
    assert_eq!(*track, Track::Only);
    let said: Vec<i16> = ramp.iter().map(|&octet| g711::decode(Codec::Pcma, octet)).collect();
    assert!(samples.len() <= said.len() + 320, "{} samples of a second", samples.len());
    assert!(samples.ends_with(&said), "sample by sample");
    let left = stage.events(|event| match event {
        CallEvent::MessageLeft { length, .. } => Some(*length),
        _ => None,
    });
    let [length] = left[..] else { panic!("{left:?}") };
    assert_eq!(length, Duration::from_micros(125 * u64::try_from(samples.len()).unwrap()));
    assert_eq!(stage.exchange.calls(), 1, "the caller hears that it was taken");
    stage.hang_up(id);
    stage.assert_all_let_go("a message");
}
