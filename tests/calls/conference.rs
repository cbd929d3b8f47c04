//! A consultation and its caller become a conversation of three, and two again, sample by sample.

use super::phone::Voice;
use super::stage::Id;
use super::supervision::{Talk, assert_even, coded, level, sound};
use super::tapes::{Tape, recorded};
use super::wire::Handset;
use hotline::ivr::acd::OperatorState;
use hotline::voip::audio::{Codec, g711};

/// The caller is held, and anna talks with boris from her second phone.
struct Consultation {
    talk: Talk,
    anna: Handset,
    boris: Handset,
    second: Id,
}

impl Consultation {
    fn new() -> Self {
        Self::of(Talk::new())
    }

    fn of(mut talk: Talk) -> Self {
        let stage = &mut talk.stage;
        stage.with_phone(talk.anna.id, |phone, _| {
            let sdp = phone.sdp("sendonly");
            phone.ask("INVITE", &[], &sdp);
        });
        let second = stage.register("anna");
        stage.phones[second].voice = Voice::Mute;
        stage.dial(second, "boris");
        let boris = talk.boris;
        assert!(stage.run_until(5_000, |stage| stage.phones[second].towards.is_some()), "boris answers");
        let [anna, boris] = [second, boris].map(|id| Handset::of(stage, id));
        Self { talk, anna, boris, second }
    }

    /// The three speak at these levels for a time.
    fn speak(&mut self, levels: [i16; 3], millis: u64) {
        for _ in 0..millis / 20 {
            let ends = [&mut self.talk.caller, &mut self.anna, &mut self.boris];
            for (end, level) in ends.into_iter().zip(levels) {
                end.say(&mut self.talk.stage, 8, 160, &[g711::encode(Codec::Pcma, level); 160]);
            }
            self.talk.stage.run_for(20);
        }
    }

    /// What the caller, anna and boris hear; `None` where it is no steady level, as music is.
    fn hear(&mut self, levels: [i16; 3]) -> [Option<i16>; 3] {
        self.speak(levels, 1_500);
        let ears = [self.talk.caller.clone(), self.anna.clone(), self.boris.clone()];
        for ear in &ears {
            ear.take(&mut self.talk.stage);
        }
        self.speak(levels, 400);
        ears.map(|ear| {
            let packets = sound(&ear.take(&mut self.talk.stage));
            assert_even(&packets);
            let last = packets.last().unwrap();
            last.payload.iter().all(|octet| *octet == last.payload[0]).then(|| level(last))
        })
    }

    fn press(&mut self, key: char) {
        self.anna.press(&mut self.talk.stage, key);
        for other in [&mut self.talk.caller, &mut self.boris] {
            other.rest(200);
        }
    }
}

const LEVELS: [i16; 3] = [1_000, -3_000, 7_000];

/// Each hears the sum of the others.
fn three() -> [Option<i16>; 3] {
    let [caller, anna, boris] = LEVELS.map(|level| i32::from(coded(level.into())));
    [anna + boris, caller + boris, caller + anna].map(|sum| Some(coded(sum)))
}

/// The caller hears music, the two each other.
fn two() -> [Option<i16>; 3] {
    [None, Some(coded(LEVELS[2].into())), Some(coded(LEVELS[1].into()))]
}

#[test]
fn who_consults_brings_the_caller_in_by_a_key_and_leaves_the_caller_to_the_music_by_another() {
    let mut scene = Consultation::new();
    assert_eq!(scene.hear(LEVELS), two());
    for _ in 0..2 {
        scene.press('3');
        assert_eq!(scene.hear(LEVELS), three());
        scene.press('1');
        assert_eq!(scene.hear(LEVELS), two());
    }
    let second = scene.second;
    scene.talk.stage.hang_up(second);
    scene.talk.stage.run_for(200);
    assert!(matches!(scene.talk.stage.operator_state("anna"), OperatorState::Talking(_)), "with the caller");
    scene.talk.assert_ends("a consultation of three");
}

#[test]
fn when_the_consultation_ends_the_caller_is_with_the_operator_as_before() {
    let mut scene = Consultation::new();
    scene.press('3');
    assert_eq!(scene.hear(LEVELS), three());
    let boris = scene.boris.id;
    scene.talk.stage.hang_up(boris);
    scene.talk.stage.run_for(200);
    assert!(matches!(scene.talk.stage.operator_state("anna"), OperatorState::Talking(_)));
    scene.talk.stage.with_phone(scene.talk.anna.id, |phone, _| {
        let sdp = phone.sdp("sendrecv");
        phone.ask("INVITE", &[], &sdp);
    });
    let talk = &mut scene.talk;
    let payload = |level| vec![g711::encode(Codec::Pcma, level); 160];
    for _ in 0..30 {
        talk.caller.say(&mut talk.stage, 8, 160, &payload(1_000));
        talk.anna.say(&mut talk.stage, 8, 160, &payload(-3_000));
        talk.stage.run_for(20);
    }
    for (ear, expected) in [(talk.caller.clone(), -3_000), (talk.anna.clone(), 1_000)] {
        let packets = sound(&ear.take(&mut talk.stage));
        assert_eq!(packets.last().unwrap().payload, payload(expected));
    }
    scene.talk.assert_ends("a conversation of three that ended");
}

#[test]
fn nobody_follows_the_caller_into_the_menu() {
    let mut scene = Consultation::new();
    scene.press('3');
    assert_eq!(scene.hear(LEVELS), three());
    let first = scene.talk.anna.id;
    scene.talk.stage.hang_up(first);
    let [_, anna, boris] = scene.hear(LEVELS);
    assert_eq!([anna, boris], [two()[1], two()[2]], "the two hear each other, and nothing of the caller");
    scene.talk.caller.press(&mut scene.talk.stage, '5');
    for ear in [scene.anna.clone(), scene.boris.clone()] {
        assert!(ear.take(&mut scene.talk.stage).iter().all(|packet| packet.kind != 101), "nor of the caller's keys");
    }
    let second = scene.second;
    scene.talk.stage.hang_up(second);
    scene.talk.assert_ends("a caller who went on");
}

#[test]
fn a_recording_has_who_was_brought_in_and_nothing_of_what_the_two_said_without_the_caller() {
    let mut scene = Consultation::of(Talk::recorded());
    let [caller, anna, boris] = LEVELS.map(|level| coded(level.into()));
    let mut moments = Vec::new();
    for (key, hears, on_tape) in [(None, two(), 0), (Some('3'), three(), anna + boris), (Some('1'), two(), 0)] {
        if let Some(key) = key {
            scene.press(key);
        }
        assert_eq!(scene.hear(LEVELS), hears, "at {key:?}");
        moments.push((scene.talk.stage.instant(), [caller, on_tape], key));
    }
    let second = scene.second;
    scene.talk.stage.hang_up(second);
    scene.talk.stage.with_phone(scene.talk.anna.id, |phone, _| {
        let sdp = phone.sdp("sendrecv");
        phone.ask("INVITE", &[], &sdp);
    });
    let mut talk = scene.talk;
    talk.speak([LEVELS[0], LEVELS[1]], None, 1_000);
    moments.push((talk.stage.instant(), [caller, anna], Some('-')));
    let id = talk.caller.id;
    talk.stage.hang_up(id);
    let tape = Tape::of(&talk.stage);
    for (moment, expected, key) in moments {
        assert_eq!(tape.at(moment), expected, "at {key:?}");
    }
    talk.stage.run_for(5_000);
    assert_eq!(recorded(&talk.stage).len(), 1, "one conversation, one file");
    talk.stage.assert_all_let_go("a recorded conversation of three");
}
