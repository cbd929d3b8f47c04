//! Talk-off: an hour of menus must not press a key. Every prompt there is, women and men in two languages, and music,
//! goes through the detector of tones; none of it is a key.

use hotline::io::prompts;
use hotline::model::{Digit, PromptId};
use hotline::voip::audio::{Codec, g711};
use hotline::voip::dtmf::ToneDetector;
use std::path::Path;

/// Loudness the speech is tried at, in parts of the recorded one: soft and clipping speech differ in harmonics.
const GAINS: [f32; 3] = [0.25, 1.0, 6.0];

#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
fn louder(sample: i16, gain: f32) -> i16 {
    (f32::from(sample) * gain).clamp(-32_768.0, 32_767.0) as i16
}

/// Where a key is heard in the speech: gain, sample, key.
fn keys(samples: &[i16]) -> Vec<(f32, usize, char)> {
    let mut heard = Vec::new();
    for gain in GAINS {
        let mut detector = ToneDetector::default();
        let told = samples.iter().enumerate().filter_map(|(at, sample)| {
            let octet = g711::encode(Codec::Pcma, louder(*sample, gain));
            detector.feed(g711::decode(Codec::Pcma, octet)).map(|key| (gain, at, Digit::as_char(key)))
        });
        heard.extend(told);
    }
    heard
}

#[test]
fn speech_and_music_press_no_key() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    let report = prompts::load(&folder);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("readable");
    let files = manifest.lines().skip(1).filter_map(|line| line.split('\t').nth(3));
    let mut seconds = 0.0;
    let mut wrong = Vec::new();
    for file in files {
        let prompt = PromptId::new(file.trim_end_matches(".flac"));
        let Some(encoded) = report.prompts.get(&prompt) else { continue };
        let samples: Vec<i16> =
            encoded.octets(Codec::Pcma).iter().map(|&octet| g711::decode(Codec::Pcma, octet)).collect();
        seconds += encoded.duration().as_secs_f64();
        wrong.extend(keys(&samples).into_iter().map(|found| (file.to_owned(), found)));
    }
    assert!(seconds > 300.0, "a set of {seconds} s says little");
    assert!(wrong.is_empty(), "{wrong:?} in {seconds} s");
}
