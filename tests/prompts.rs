//! `hotline prompts` as an admin meets it: a small menu, an empty folder of recordings, takes of every format.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use hotline::io::prompts::{load, load_wide, measure};
use hotline::ivr::speech::Manifest;
use hotline::ivr::speech::quality::{CEILING, TARGET};
use hotline::voip::audio::Wide;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const TAKES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/prompts");
const NEWS: &str = "tasks: {test: {steps: [{say: news}, hangup]}}\n\
                    phrases:\n  news: {ru: \"Курс {call.from|phone} вырос.\", en: \"{call.from|phone} is up.\"}\n";

/// A menu, a folder of recordings and a folder of takes.
struct Studio {
    folder: TempDir,
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Studio {
    fn new() -> Self {
        let studio = Self { folder: TempDir::new().unwrap() };
        for name in ["menus", "prompts", "takes/ru", "takes/en"] {
            fs::create_dir_all(studio.path(name)).unwrap();
        }
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/menus/bad/base.yaml");
        fs::copy(base, studio.path("menus/base.yaml")).unwrap();
        fs::write(studio.path("menus/news.yaml"), NEWS).unwrap();
        studio
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
        command.args(words).current_dir(self.folder.path()).env("LC_ALL", "C.UTF-8");
        command
    }

    fn run(&self, words: &[&str]) -> Said {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let Said { code, out, err } = self.run(words);
        assert_eq!(code, Some(0), "stdout:\n{out}\nstderr:\n{err}");
        out
    }

    /// The state of each recording that is needed.
    fn states(&self) -> Vec<(String, String)> {
        let text = self.done(&["prompts", "list", "--json"]);
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|row| (row["id"].as_str().unwrap().to_owned(), row["state"].as_str().unwrap().to_owned())).collect()
    }

    #[track_caller]
    fn state(&self, id: &str) -> String {
        self.states().into_iter().find(|(own, _)| own == id).unwrap_or_else(|| panic!("{id} is not needed")).1
    }

    /// Names in the folder of recordings that are no recordings, no list and no folder of a language.
    fn left_behind(&self) -> Vec<String> {
        let known = ["manifest.tsv", "quality.tsv", "ru", "en", "common"];
        let names = fs::read_dir(self.path("prompts")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !known.contains(&name.as_str())).collect()
    }
}

/// A take of a second: silence, a tone, silence. An amplitude above 1 is clipped.
fn take(file: &Path, amplitude: f32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    for at in 0..44_100_u16 {
        let heard = (11_025..33_075).contains(&at);
        let wave = (f32::from(at) * std::f32::consts::TAU * 300.0 / 44_100.0).sin();
        let sample = if heard { (wave * amplitude).clamp(-1.0, 1.0) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "within 24 bits")]
        let sample = (sample * 8_388_607.0) as i32;
        writer.write_sample(sample).unwrap();
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
}

#[test]
fn every_format_is_brought_in_at_one_level_and_what_is_wrong_is_named() {
    let studio = Studio::new();
    assert_eq!(studio.state("ru/sorry"), "missing");
    take(&studio.path("takes/ru/sorry.wav"), 0.1);
    for (name, ending) in [("question", "ogg"), ("confirm", "mp3"), ("offer", "flac")] {
        let from = Path::new(TAKES).join(format!("tone.{ending}"));
        fs::copy(from, studio.path(&format!("takes/ru/{name}.{ending}"))).unwrap();
    }
    take(&studio.path("takes/en/sorry.wav"), 1.6);
    take(&studio.path("takes/en/questoin.wav"), 0.1);
    take(&studio.path("takes/balance.1.wav"), 0.1);
    fs::write(studio.path("takes/en/news.1.mp3"), "no sound").unwrap();

    let dry = studio.run(&["prompts", "import", "takes", "--dry-run"]);
    assert!(dry.out.contains("4 would be brought in, 4 refused"), "{}", dry.out);
    assert_eq!(fs::read_dir(studio.path("prompts")).unwrap().count(), 0, "nothing is written");

    let said = studio.run(&["prompts", "import", "takes", "--voice", "Anna"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("4 brought in, 4 refused"), "{}", said.out);
    for piece in
        ["en/sorry.wav: is clipped at 0.25 s", "did you mean en/question?", "of which language?", "news.1.mp3: "]
    {
        assert!(said.err.contains(piece), "{piece:?} is not in:\n{}", said.err);
    }
    let manifest = Manifest::parse(&fs::read_to_string(studio.path("prompts/manifest.tsv")).unwrap()).unwrap();
    assert_eq!(manifest.len(), 4);
    for (prompt, recording) in manifest.iter() {
        assert_eq!((studio.state(prompt.as_str()).as_str(), recording.voice.as_str()), ("ok", "Anna"), "{prompt}");
        let bytes = fs::read(studio.path("prompts").join(&recording.file)).unwrap();
        let (_, figures) = measure(bytes, "wav").unwrap();
        assert!((figures.level.0 - TARGET.0).abs() <= 5 && figures.peak <= CEILING, "{prompt}: {figures:?}");
        assert_eq!((figures.rate, figures.channels, figures.length), (16_000, 1, recording.length));
        assert!(figures.lead.as_millis() <= 25 && figures.trail.as_millis() <= 40, "{prompt}: {figures:?}");
    }
    assert_eq!(studio.left_behind(), [""; 0]);
}

#[test]
fn a_recording_is_replaced_whatever_format_the_old_one_had() {
    let studio = Studio::new();
    take(&studio.path("takes/ru/sorry.wav"), 0.1);
    fs::create_dir_all(studio.path("prompts/ru")).unwrap();
    fs::copy(Path::new(TAKES).join("tone.flac"), studio.path("prompts/ru/sorry.flac")).unwrap();
    studio.done(&["prompts", "import", "takes"]);
    assert!(!studio.path("prompts/ru/sorry.flac").exists(), "the old one would be played");
    let words = fs::read_to_string(studio.path("menus/base.yaml")).unwrap();
    fs::write(studio.path("menus/base.yaml"), words.replace("Сейчас не получается.", "Пока не получается.")).unwrap();
    assert_eq!(studio.state("ru/sorry"), "stale");
    assert!(studio.done(&["prompts", "list", "--stale"]).contains("ru/sorry"));
    studio.done(&["prompts", "import", "takes"]);
    assert_eq!(studio.state("ru/sorry"), "ok");
}

#[test]
fn an_import_that_is_killed_leaves_nothing_half_written() {
    let studio = Studio::new();
    for name in ["sorry", "question", "confirm", "offer", "news.1", "balance.1"] {
        for lang in ["ru", "en"] {
            take(&studio.path(&format!("takes/{lang}/{name}.wav")), 0.1);
        }
    }
    for reads in [0, 1, 40, 400] {
        let mut child = studio
            .command(&["prompts", "import", "takes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Looking at the folder takes a while, each time another one.
        for _ in 0..reads {
            assert!(fs::read_dir(studio.path("prompts")).unwrap().count() < 10);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if let Ok(text) = fs::read_to_string(studio.path("prompts/manifest.tsv")) {
            Manifest::parse(&text).unwrap();
        }
        for lang in ["ru", "en"] {
            for entry in fs::read_dir(studio.path("prompts").join(lang)).into_iter().flatten() {
                let file = entry.unwrap().path();
                assert!(measure(fs::read(&file).unwrap(), "wav").is_ok(), "{}", file.display());
            }
        }
    }
    let said = studio.run(&["prompts", "import", "takes"]);
    assert!(said.out.contains("brought in"), "{}", said.err);
    assert_eq!(studio.left_behind(), [""; 0]);
    assert_eq!(studio.state("en/confirm"), "ok");
}

#[test]
fn drafts_are_read_out_marked_and_replaced_by_a_person() {
    let studio = Studio::new();
    take(&studio.path("voice.wav"), 0.1);
    let script = "#!/bin/sh\ncase \"$1\" in *closed*|*Остаток*) exit 3;; esac\ncp voice.wav \"$2\"\n";
    fs::write(studio.path("voice.sh"), script).unwrap();
    let draft = ["prompts", "draft", "--lang", "ru", "--voice-command", "sh voice.sh {text} {out}"];
    let said = studio.run(&draft);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("prompts/ru/balance.1.wav: ") && said.err.contains("exit status: 3"), "{}", said.err);
    assert_eq!(studio.state("ru/sorry"), "draft");
    assert_eq!(studio.state("ru/balance.1"), "missing");
    assert_eq!(studio.state("en/sorry"), "missing", "only Russian was asked for");
    let check = studio.run(&["check", "menus", "--json"]).out;
    assert!(check.lines().any(|line| line.contains("W05") && line.contains("ru/sorry")), "{check}");

    fs::write(studio.path("voice.sh"), "#!/bin/sh\ncp voice.wav \"$2\"\n").unwrap();
    let again = studio.done(&draft);
    assert!(again.contains("1 drafts read out") || again.contains("drafts read out, 0 failed"), "{again}");
    assert!(studio.done(&draft).contains("nothing to read out"));
    assert_eq!(studio.left_behind(), [""; 0]);

    take(&studio.path("takes/ru/sorry.wav"), 0.2);
    studio.done(&["prompts", "import", "takes"]);
    assert_eq!(studio.state("ru/sorry"), "ok");
    let said = studio.run(&["prompts", "draft", "--voice-command", "speak {text}"]);
    assert!(said.err.contains("{out}"), "{}", said.err);
}

#[test]
fn the_sheet_shows_each_fragment_in_its_sentence() {
    let studio = Studio::new();
    let page = studio.done(&["prompts", "sheet", "--lang", "ru"]);
    for piece in [
        "<html lang=\"ru\">",
        "ru/news.2.wav",
        "<mark>Курс</mark> плюс семь",
        "<mark>вырос.</mark>",
        "↗ открыто",
        "↘ закрыто",
        "@media print",
        "нажмите один",
    ] {
        assert!(page.contains(piece), "{piece:?} is not in:\n{page}");
    }
    assert!(!page.contains("en/"), "only Russian was asked for");
    let table = studio.done(&["prompts", "sheet", "--lang", "en", "--format", "csv"]);
    assert!(table.starts_with('\u{feff}') && table.contains(",en/confirm.wav,One is yes. Two is no.,"), "{table}");
    let columns = table.lines().next().unwrap().split(',').count();
    assert_eq!(columns, 8);
}

#[test]
fn a_phrase_is_played_whole_and_a_mistyped_one_is_guessed() {
    let studio = Studio::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let (menus, prompts) = (format!("{root}/menus"), format!("{root}/prompts"));
    let play = |words: &[&str]| {
        studio.run(&[&["prompts", "--menus", menus.as_str(), "--prompts", prompts.as_str(), "play"], words].concat())
    };
    let said = play(&["balance", "--lang", "ru", "-o", "balance.wav"]);
    assert!(said.out.contains("Карта, последние цифры четыре три два один."), "{}{}", said.out, said.err);
    let (_, figures) = measure(fs::read(studio.path("balance.wav")).unwrap(), "wav").unwrap();
    assert!(figures.length.as_secs() >= 6 && figures.clipped.is_none(), "{figures:?}");
    let said = play(&["ru/balance.1", "--player", "cp {file} heard.wav"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let (_, one) = measure(fs::read(studio.path("heard.wav")).unwrap(), "wav").unwrap();
    assert!(one.length < figures.length);
    let said = play(&["balanse", "--lang", "ru"]);
    assert!(said.code == Some(1) && said.err.contains("did you mean balance?"), "{}", said.err);
    let said = play(&["balance", "--player", "no-such-program"]);
    assert!(said.code == Some(1) && said.err.contains("no-such-program"), "{}", said.err);
}

#[test]
fn the_recordings_that_come_with_the_program_are_complete_and_sound_right() {
    let root = env!("CARGO_MANIFEST_DIR");
    let studio = Studio::new();
    let (menus, prompts) = (format!("{root}/menus"), format!("{root}/prompts"));
    let list = studio.done(&["prompts", "--menus", &menus, "--prompts", &prompts, "list", "--json"]);
    let wrong: Vec<&str> = list.lines().filter(|line| !line.contains("\"state\":\"ok\"")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(list.lines().count() > 800);
}

/// What docs/performance.md says of it; shown by `cargo test --test prompts memory -- --nocapture`.
#[test]
#[expect(clippy::cast_precision_loss, reason = "millions of octets")]
fn the_memory_of_the_default_prompts_in_every_codec_is_as_stated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts");
    let data = tempfile::tempdir().unwrap();
    let narrow = load(&folder).prompts;
    let mut told = vec![("G.711, both laws", narrow.memory(), 32.0)];
    for (name, codec, stated) in [("G.722", Wide::G722, 16.0), ("Opus", Wide::Opus, 6.0)] {
        let wide = load_wide(&folder, &data.path().join(name), codec, &narrow);
        told.push((name, narrow.with_wide(wide).memory() - narrow.memory(), stated));
    }
    for (name, octets, stated) in told {
        let megabytes = octets as f64 / 1e6;
        println!("{name}: {megabytes:.1} MB for {} recordings", narrow.len());
        assert!((megabytes - stated).abs() < 1.0, "{name}: {megabytes:.1} MB, stated {stated}");
    }
}
