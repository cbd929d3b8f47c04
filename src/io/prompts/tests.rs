//! Folders of prompts, good and broken.

mod music;

use super::*;
use crate::model::Lang;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Writes a WAV file of one channel or more, all samples alike.
fn wav(file: &Path, rate: u32, channels: u16, frames: u32) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    let spec =
        hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(file, spec).expect("created");
    for _ in 0..frames * u32::from(channels) {
        writer.write_sample(1_000_i16).expect("written");
    }
    writer.finalize().expect("finished");
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn milliseconds(frames: &PromptFrames, id: &str) -> Option<u128> {
    frames.length(&PromptId::new(id)).map(|length| length.as_millis())
}

#[test]
fn a_path_without_its_ending_is_the_prompt() {
    let top = folder();
    wav(&top.path().join("ru/say/n.m.4.fin.wav"), 16_000, 1, 16_000);
    wav(&top.path().join("common/stereo.WAV"), 48_000, 2, 24_000);
    wav(&top.path().join(".hidden/x.wav"), 8_000, 1, 100);
    fs::write(top.path().join("README.md"), "text").expect("written");
    let report = load(top.path());
    assert_eq!(report.problems, []);
    assert_eq!(report.prompts.len(), 2);
    assert_eq!(milliseconds(&report.prompts, "ru/say/n.m.4.fin"), Some(1_000));
    assert_eq!(milliseconds(&report.prompts, "common/stereo"), Some(500));
    assert_eq!(milliseconds(&report.prompts, "en/none"), None);
}

#[test]
fn broken_files_are_named_and_do_not_stop_the_others() {
    let top = folder();
    wav(&top.path().join("ru/good.wav"), 8_000, 1, 800);
    fs::write(top.path().join("ru/bad.flac"), "fLaC and then nothing of the kind").expect("written");
    fs::write(top.path().join("ru/empty.ogg"), "").expect("written");
    wav(&top.path().join("ru/cut.wav"), 8_000, 1, 0);
    let report = load(top.path());
    assert_eq!(report.prompts.len(), 1);
    let named: Vec<_> = report.problems.iter().filter_map(|problem| problem.file.file_name()?.to_str()).collect();
    assert_eq!(named, ["bad.flac", "cut.wav", "empty.ogg"]);
    for problem in &report.problems {
        assert!(problem.to_string().contains("hint: "), "{problem}");
    }
}

#[test]
fn of_two_files_for_one_prompt_flac_or_wav_wins_and_the_other_is_named() {
    let top = folder();
    wav(&top.path().join("en/twice.wav"), 8_000, 1, 800);
    fs::write(top.path().join("en/twice.mp3"), "never read").expect("written");
    let report = load(top.path());
    assert_eq!(milliseconds(&report.prompts, "en/twice"), Some(100));
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].file.ends_with("en/twice.mp3"), "{}", report.problems[0]);
}

#[test]
fn what_was_prepared_is_kept_for_the_next_start_until_a_recording_changes() {
    let top = folder();
    let cache = folder();
    let kept = cache.path().join("prompts.cache");
    wav(&top.path().join("ru/a.wav"), 8_000, 1, 800);
    assert_eq!(load_cached(top.path(), &kept).prompts.len(), 1);
    let first = fs::read(&kept).expect("kept");
    assert_eq!(milliseconds(&load_cached(top.path(), &kept).prompts, "ru/a"), Some(100));
    wav(&top.path().join("ru/a.wav"), 8_000, 1, 1_600);
    assert_eq!(milliseconds(&load_cached(top.path(), &kept).prompts, "ru/a"), Some(200));
    assert_ne!(fs::read(&kept).expect("kept"), first);
    fs::write(top.path().join("ru/b.flac"), "broken").expect("written");
    for _ in 0..2 {
        assert_eq!(load_cached(top.path(), &kept).problems.len(), 1);
    }
}

#[test]
fn a_folder_that_is_not_there_is_a_problem_and_no_panic() {
    let report = load(Path::new("/nonexistent/prompts"));
    assert!(report.prompts.is_empty());
    assert_eq!(report.problems.len(), 1);
}

#[test]
fn a_draft_is_read_out_once_and_text_is_one_argument() {
    let top = folder();
    let voice = top.path().join("voice.wav");
    wav(&voice, 16_000, 1, 1_600);
    let drafts = top.path().join("drafts");
    // `install -D` takes exactly two names here: a text that fell apart into words would make it fail.
    let template = format!("install -m 600 --suffix={{text}} '{}' {{out}}", voice.display());
    let tts = DraftVoice::new(&template, &drafts).expect("a good template");
    let draft = Draft { prompt: PromptId::new("en/new"), lang: Lang::En, text: "$(false); a \"b\" {out}".to_owned() };
    assert_eq!(tts.render(&draft).expect("rendered").samples(), 800);
    fs::remove_file(&voice).expect("removed");
    assert_eq!(tts.render(&draft).expect("kept").samples(), 800);
    let other = Draft { text: "another text".to_owned(), ..draft };
    let (rendered, problems) = tts.render_all(&[other]);
    assert!(rendered.is_empty());
    assert!(problems[0].what.contains("en/new"), "{}", problems[0]);
}

#[test]
fn a_draft_voice_that_hangs_is_stopped() {
    let top = folder();
    let tts = DraftVoice::new("tail -f /dev/null {text} {out}", top.path()).expect("a good template");
    let draft = Draft { prompt: PromptId::new("ru/x"), lang: Lang::Ru, text: "/dev/null".to_owned() };
    let problem = tts.deadline(Duration::from_millis(50)).render(&draft).expect_err("stopped");
    assert!(problem.what.contains("stopped"), "{problem}");
}

#[test]
fn a_template_without_its_placeholders_is_refused() {
    let refused = |template| DraftVoice::new(template, Path::new("/tmp")).expect_err(template);
    assert_eq!(refused("  "), TemplateError::Empty);
    assert_eq!(refused("say {text}"), TemplateError::Lacks("{out}"));
    assert_eq!(refused("say {out}"), TemplateError::Lacks("{text}"));
    assert_eq!(refused("say '{out} {text}"), TemplateError::OpenQuote);
}
