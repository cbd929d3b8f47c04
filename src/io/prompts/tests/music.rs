//! Hold music from a folder.

use super::super::{load, load_cached, load_wide, quality};
use super::{folder, milliseconds};
use crate::ivr::speech::Manifest;
use crate::ivr::speech::quality::Fault;
use crate::model::PromptId;
use crate::voip::audio::{Codec, PromptFrames, Wide, g711};
use std::f32::consts::TAU;
use std::fs;
use std::path::Path;

const MUSIC: &str = "common/hold_music";

/// A tone of a level in dBFS, in a WAV file.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "some seconds of samples")]
fn tone(file: &Path, rate: u32, hertz: f32, level: f32, seconds: u32) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(file, spec).expect("created");
    let amplitude = 32_767.0 * 10_f32.powf(level / 20.0);
    for at in 0..rate * seconds {
        let sample = amplitude * (TAU * hertz * at as f32 / rate as f32).sin();
        writer.write_sample(sample.clamp(-32_768.0, 32_767.0) as i16).expect("written");
    }
    writer.finalize().expect("finished");
}

fn octets(prompts: &PromptFrames) -> &[u8] {
    prompts.get(&PromptId::new(MUSIC)).map_or(&[], |music| music.octets(Codec::Pcma))
}

/// How often the sign changes: twice a period.
fn crossings(octets: &[u8]) -> usize {
    let samples: Vec<i16> = octets.iter().map(|&octet| g711::decode(Codec::Pcma, octet)).collect();
    samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count()
}

#[test]
fn the_files_of_the_folder_are_one_loop_in_the_order_of_their_names() {
    let top = folder();
    tone(&top.path().join("common/hold_music.wav"), 16_000, 300.0, -20.0, 5);
    tone(&top.path().join("music/02 second.wav"), 44_100, 1_000.0, -20.0, 1);
    tone(&top.path().join("music/01 first.wav"), 16_000, 500.0, -20.0, 2);
    let report = load(top.path());
    assert_eq!(report.problems, []);
    assert_eq!(report.prompts.len(), 1, "no file of the folder is a prompt of its own");
    assert!(milliseconds(&report.prompts, MUSIC).is_some_and(|length| length.abs_diff(3_000) <= 1));
    let loud = octets(&report.prompts);
    assert!(crossings(&loud[..8_000]).abs_diff(1_000) <= 4, "500 Hz first");
    assert!(crossings(&loud[16_000..24_000]).abs_diff(2_000) <= 8, "then 1000 Hz");
    let seam = &loud[15_900..16_100];
    assert!(seam.chunks(20).all(|part| crossings(part) > 0), "no gap between the two");
    let kept = folder();
    for codec in [Wide::G722, Wide::Opus] {
        let wide = load_wide(top.path(), &kept.path().join("wide"), codec, &report.prompts);
        assert_eq!(wide.iter().filter(|(id, _)| id.as_str() == MUSIC).count(), 1);
        let both = report.prompts.with_wide(wide);
        let units = both.get(&PromptId::new(MUSIC)).map(|music| match codec {
            Wide::G722 => music.octets(Codec::G722).len(),
            Wide::Opus => music.units(Codec::Opus),
        });
        assert!(units.is_some_and(|units| units.abs_diff(24_000) <= 160), "{codec:?}: {units:?}");
    }
}

#[test]
fn a_folder_without_a_file_that_can_be_read_leaves_the_music_there_was() {
    let top = folder();
    tone(&top.path().join("common/hold_music.wav"), 16_000, 300.0, -20.0, 1);
    assert_eq!(milliseconds(&load(top.path()).prompts, MUSIC), Some(1_000));
    fs::create_dir(top.path().join("music")).expect("made");
    assert_eq!(milliseconds(&load(top.path()).prompts, MUSIC), Some(1_000), "an empty folder");
    fs::write(top.path().join("music/bad.mp3"), "no music").expect("written");
    let report = load(top.path());
    assert_eq!(milliseconds(&report.prompts, MUSIC), Some(1_000), "a folder of rubbish");
    assert!(report.problems.len() == 1 && report.problems[0].file.ends_with("music/bad.mp3"), "{:?}", report.problems);
}

#[test]
fn a_changed_folder_is_another_loop_though_an_earlier_one_was_kept() {
    let (top, kept) = (folder(), folder());
    let cache = kept.path().join("prompts.cache");
    tone(&top.path().join("music/a.wav"), 16_000, 300.0, -20.0, 1);
    for _ in 0..2 {
        assert_eq!(milliseconds(&load_cached(top.path(), &cache).prompts, MUSIC), Some(1_000));
    }
    tone(&top.path().join("music/b.wav"), 16_000, 300.0, -20.0, 2);
    assert_eq!(milliseconds(&load_cached(top.path(), &cache).prompts, MUSIC), Some(3_000));
}

#[test]
fn what_is_wrong_with_a_file_of_music_is_named() {
    let top = folder();
    tone(&top.path().join("music/clipped.wav"), 44_100, 300.0, 9.0, 1);
    tone(&top.path().join("music/good.wav"), 44_100, 300.0, -21.0, 1);
    tone(&top.path().join("music/quiet.wav"), 44_100, 300.0, -40.0, 1);
    tone(&top.path().join("music/silent.wav"), 44_100, 300.0, -120.0, 1);
    fs::write(top.path().join("music/broken.flac"), "no music").expect("written");
    let faults = quality::inspect(top.path(), &Manifest::default());
    let named: Vec<&str> = faults.keys().map(PromptId::as_str).collect();
    assert_eq!(named, ["music/broken.flac", "music/clipped.wav", "music/quiet.wav", "music/silent.wav"]);
    let of = |name: &str| &faults[&PromptId::new(name)];
    assert!(matches!(of("music/broken.flac")[..], [Fault::Broken(_)]));
    assert!(of("music/clipped.wav").iter().any(|fault| matches!(fault, Fault::Clipped(_))));
    assert!(matches!(of("music/quiet.wav")[..], [Fault::Quiet(_)]));
    assert_eq!(of("music/silent.wav")[..], [Fault::Silent]);
    assert_eq!(quality::inspect(top.path(), &Manifest::default()), faults, "as it was kept");
}
