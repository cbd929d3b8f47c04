//! What is heard beside recordings, octet by octet: music in step, words over music, the tones of a country, the
//! background of those who say nothing.

use super::ear::phrases;
use super::phone::Voice;
use super::script::expand;
use super::stage::{Id, Stage};
use hotline::ivr::speech::Manifest;
use hotline::model::Playlist;
use hotline::voip::audio::signals::{Country, Signal, prompts};
use hotline::voip::audio::{Codec, EncodedPrompt, PromptFrames, g711};
use hotline::voip::media::{MediaCommand, MediaCore, PlaybackId, StreamId, VoiceOver};
use std::f64::consts::TAU;
use std::sync::Arc;

/// The music and the words as one level each, so that every octet tells what it is made of.
const MUSIC: i16 = 8_000;
const WORDS: i16 = 2_000;
/// Decibels by which the music is lowered: a tenth.
const LOWERED: u8 = 20;

fn level(octet: u8) -> i16 {
    g711::decode(Codec::Pcma, octet)
}

/// What the law makes of a level.
fn told(sample: i16) -> i16 {
    level(g711::encode(Codec::Pcma, sample))
}

/// A stage whose recordings are as long as the real ones, with other sound.
fn with_sound(of: impl Fn(&str, usize) -> Vec<i16>, voice_over: Option<VoiceOver>) -> Stage {
    let mut stage = Stage::new();
    let mut frames = PromptFrames::default();
    let manifest = Manifest::parse(include_str!("../../prompts/manifest.tsv")).unwrap();
    frames.extend(manifest.iter().map(|(id, one)| {
        let samples = usize::try_from(one.length.as_millis()).unwrap() * 8;
        (id.clone(), EncodedPrompt::encode(&of(id.as_str(), samples)))
    }));
    frames.extend(prompts(Country::Russia));
    stage.media = MediaCore::new(100, Arc::new(frames), stage.instant()).with_voice_over(voice_over);
    stage
}

fn levels(id: &str, samples: usize) -> Vec<i16> {
    vec![if id == "common/hold_music" { MUSIC } else { WORDS }; samples]
}

/// What a phone heard, as samples.
fn samples(stage: &Stage, id: Id) -> Vec<i16> {
    stage.phones[id].ear.octets.iter().map(|&octet| level(octet)).collect()
}

/// Anna talks with somebody, and another caller waits.
fn one_who_waits(stage: &mut Stage) -> Id {
    stage.operators(&["anna:support,fraud:ru"]);
    let first = stage.caller();
    stage.run_for(100);
    stage.press(first, "0");
    stage.run_for(4_000);
    wait_too(stage)
}

fn wait_too(stage: &mut Stage) -> Id {
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    caller
}

#[test]
fn all_who_wait_hear_the_same_bar_and_join_in_the_middle() {
    // Every eighth of a millisecond has its own level.
    let ramp = |id: &str, samples: usize| -> Vec<i16> {
        let of = |at: usize| i16::try_from(at / 64 % 1_000).unwrap() * 30;
        (0..samples).map(|at| if id == "common/hold_music" { of(at) } else { WORDS }).collect()
    };
    let mut stage = with_sound(ramp, None);
    let second = one_who_waits(&mut stage);
    stage.run_for(7_300);
    let third = wait_too(&mut stage);
    stage.run_for(20_000);
    for id in [second, third] {
        stage.phones[id].ear.octets.clear();
    }
    stage.run_for(2_000);
    let [one, other] = [second, third].map(|id| stage.phones[id].ear.octets.clone());
    assert!(one.len() >= 15_840 && one.iter().any(|octet| *octet != one[0]), "music plays");
    let common = one.len().min(other.len()) - 160;
    // Each has its own millisecond within 20, so that one may be a packet ahead when both are looked at.
    let same = one[..common] == other[..common];
    let ahead = one[160..common] == other[..common - 160] || other[160..common] == one[..common - 160];
    assert!(same || ahead, "each octet at the same time");
    let begin = stage.instant().as_millis() - 2_000;
    let expected: Vec<u8> = (0..common)
        .map(|at| usize::try_from(begin / 20 * 160).unwrap() + at)
        .map(|at| g711::encode(Codec::Pcma, i16::try_from(at % (72_727 * 8) / 64 % 1_000).unwrap() * 30))
        .collect();
    let found = (0..=320).any(|late| one[320 - late..common - late] == expected[320..common]);
    let early = (0..=320).any(|soon| one[..common - soon] == expected[soon..]);
    assert!(found || early, "its place follows from the clock alone");
}

#[test]
fn what_is_announced_to_those_who_wait_is_heard_over_the_music_without_a_click() {
    let mut stage = with_sound(levels, Some(VoiceOver::by_decibels(LOWERED)));
    let second = one_who_waits(&mut stage);
    stage.run_for(1_000);
    stage.phones[second].ear.octets.clear();
    stage.run_for(100_000);
    let heard = samples(&stage, second);
    let count = |sample: i16| heard.iter().filter(|one| **one == told(sample)).count();
    assert!(count(MUSIC) > 40 * 8_000, "music alone: {}", count(MUSIC));
    // A tenth of the music, to the sample: both are first what the law makes of them.
    let over = told(WORDS) + told(MUSIC) / 10;
    assert!(count(over) > 3 * 8_000, "words over music: {}", count(over));
    // On its way up the music passes that level, some fifty octets each time.
    assert!(count(WORDS) < 1_000, "words alone: {}", count(WORDS));
    // A step is the words' own edge, or the law's own step at that level.
    for (at, pair) in heard.windows(2).enumerate() {
        let step = pair[0].abs_diff(pair[1]);
        assert!(step <= 512 || step.abs_diff(WORDS.unsigned_abs()) <= 600, "a click at octet {at}: {pair:?}");
    }
}

#[test]
fn where_no_music_is_lowered_announcements_are_heard_instead_of_it() {
    let mut stage = with_sound(levels, None);
    let second = one_who_waits(&mut stage);
    stage.run_for(60_000);
    let heard = samples(&stage, second);
    let allowed = [told(0), told(MUSIC), told(WORDS)];
    assert!(allowed.iter().all(|level| heard.contains(level)));
    assert!(heard.iter().all(|sample| allowed.contains(sample)), "every frame is copied, none is made anew");
}

#[test]
fn nothing_of_the_music_is_left_when_an_operator_answers() {
    let mut stage = with_sound(levels, Some(VoiceOver::by_decibels(LOWERED)));
    let second = one_who_waits(&mut stage);
    stage.run_for(20_000);
    stage.hang_up(1);
    stage.run_for(60_000);
    stage.phones[second].ear.octets.clear();
    stage.run_for(1_000);
    let heard = samples(&stage, second);
    assert!(heard.iter().filter(|sample| **sample == told(MUSIC)).count() < 80, "music in a conversation");
}

/// The level of a frequency against the whole, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
fn share(samples: &[i16], hertz: f64) -> f64 {
    let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), TAU * hertz * at as f64 / 8_000.0);
        (re, im, power) = (re + sample * angle.cos(), im + sample * angle.sin(), power + sample * sample);
    }
    2.0 * (re * re + im * im) / (samples.len() as f64 * power).max(1.0)
}

#[test]
fn a_message_begins_after_the_tone_of_the_country() {
    let mut stage = with_sound(levels, None);
    let caller = stage.caller();
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(40_000);
    let heard = samples(&stage, caller);
    let beep: Vec<usize> = heard
        .chunks_exact(160)
        .enumerate()
        .filter(|(_, frame)| share(frame, 1_400.0) > 0.9)
        .map(|(at, _)| at)
        .collect();
    assert!((19..=21).contains(&beep.len()), "400 ms of 1400 Hz: {beep:?}");
    assert!(beep.windows(2).all(|pair| pair[1] == pair[0] + 1), "in one piece: {beep:?}");
}

#[test]
fn ringing_is_heard_from_its_beginning_in_the_cadence_of_the_country() {
    let mut stage = with_sound(levels, None);
    let ringing = prompts(Country::Russia).into_iter().find(|(id, _)| *id == Signal::Ringing.prompt()).unwrap().1;
    assert_eq!(ringing.samples(), 4 * 8_000);
    let caller = stage.caller();
    stage.run_for(200);
    let stream = StreamId(u64::from((stage.phones[caller].towards.unwrap().port() - 20_000) / 2));
    let playlist = Playlist::looped(Signal::Ringing.prompt());
    let command = MediaCommand::Play { stream, playback: PlaybackId(u64::MAX), playlist };
    stage.media_does(|media, now, send| media.handle_command(now, command, send));
    stage.phones[caller].ear.octets.clear();
    stage.run_for(9_000);
    let heard = samples(&stage, caller);
    let loud: Vec<bool> = heard.chunks_exact(160).map(|frame| share(frame, 425.0) > 0.8).collect();
    let runs = loud.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect::<Vec<_>>();
    let begin = usize::from(!runs[0].0);
    assert!(begin == 0 || runs[0].1 <= 2, "it begins with its sound: {runs:?}");
    for (run, (kind, frames)) in runs[begin..].iter().zip([(true, 40), (false, 160), (true, 40), (false, 160)]) {
        assert!(run.0 == kind && run.1.abs_diff(frames) <= 2, "{runs:?}");
    }
}

/// Anna and a caller talk.
fn talk() -> (Stage, Id, Id) {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support,fraud:ru"])[0];
    let caller = stage.phone("+79161234567");
    stage.phones[caller].formats = "8 13 101";
    stage.dial(caller, "+74951234567");
    stage.run_for(100);
    stage.press(caller, "0");
    stage.run_for(6_000);
    for id in [anna, caller] {
        stage.with_phone(id, |phone, now| phone.set_voice(now, Voice::Full));
    }
    stage.run_for(500);
    (stage, caller, anna)
}

#[test]
fn the_background_of_a_phone_that_suppresses_silence_is_heard_in_a_bridge() {
    let (mut stage, caller, anna) = talk();
    let answer = stage.phones[caller].last("200 INVITE").unwrap().body.clone();
    assert!(answer.lines().any(|line| line.starts_with("m=audio") && line.contains(" 13")), "{answer}");
    let invite = stage.phones[anna].last("INVITE").unwrap().body.clone();
    let offered = invite.lines().find(|line| line.starts_with("m=audio")).unwrap();
    assert!(!offered.contains(" 13"), "what we never send is not offered: {invite}");
    stage.with_phone(caller, |phone, now| {
        phone.set_voice(now, Voice::Mute);
        phone.background(now, 40);
    });
    stage.run_for(100);
    stage.phones[anna].ear.octets.clear();
    // Over a minute without a word: the level comes every ten seconds, and nobody takes the call for dead.
    for _ in 0..7 {
        stage.run_for(10_000);
        stage.with_phone(caller, |phone, now| phone.background(now, 40));
    }
    assert_eq!(stage.exchange.calls(), 1, "a phone that says how quiet it is, is there");
    let heard = samples(&stage, anna);
    assert!(heard.len() >= 69 * 8_000, "the stream never pauses: {}", heard.len());
    let loudness = dbov(&heard);
    assert!((loudness + 40.0).abs() < 1.5, "{loudness:.1} dBov");
    stage.phones[anna].ear.octets.clear();
    stage.with_phone(caller, |phone, now| phone.set_voice(now, Voice::Full));
    stage.run_for(500);
    let number = u8::try_from(stage.phones[caller].number).unwrap();
    let octets = &stage.phones[anna].ear.octets[480..];
    assert!(octets.chunks_exact(8).all(|unit| unit[0] == 0x33 && unit[2] == number), "the voice again, whole");
    stage.phones[anna].ear.noise = 0;
    stage.hang_up(caller);
    stage.assert_all_let_go("a phone that suppresses silence");
}

/// The mean power in dB below a square wave of full scale.
#[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
pub fn dbov(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
    10.0 * (power / samples.len() as f64).max(1e-12).log10()
}

#[test]
fn a_key_is_heard_within_forty_milliseconds() {
    const ANSWER: i16 = 4_000;
    let of = |id: &str, samples: usize| vec![if id.contains("lost_intro") { ANSWER } else { WORDS }; samples];
    let mut stage = with_sound(of, None);
    let caller = stage.caller();
    stage.run_for(5_000);
    assert!(stage.run_until(5_000, |stage| samples(stage, caller).last() == Some(&told(WORDS))), "the greeting");
    stage.with_phone(caller, |phone, now| {
        phone.ear.octets.clear();
        phone.press(now, "1");
    });
    stage.run_for(400);
    let heard = samples(&stage, caller);
    let answer = heard.iter().position(|sample| *sample == told(ANSWER)).unwrap();
    let rest = heard[..answer].iter().filter(|sample| **sample == told(WORDS)).count();
    assert!(rest <= 320, "{rest} octets of the old prompt after the key");
}

#[test]
fn a_switch_of_language_cuts_the_sentence_and_says_the_menu_again_in_the_other() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    assert!(stage.run_until(60_000, |stage| stage.all_phrases(caller, "ru").contains("opt_cards…")));
    let before = stage.take_heard(caller).len() - 1;
    let sentence = |stage: &Stage| stage.phones[caller].ear.heard[before].clone();
    let (pressed, said) = (stage.instant(), sentence(&stage).length);
    stage.with_phone(caller, |phone, now| phone.press(now, "9"));
    stage.listen();
    let rest = sentence(&stage).length - said;
    assert!(rest <= 40 && !sentence(&stage).whole, "{rest} ms of the old language after the key");
    let heard = stage.take_heard(caller);
    assert!(heard[0].at.since(pressed).as_millis() <= 300, "no pause for thought");
    assert_eq!(phrases(&heard, "en"), expand("{main}"));
}
