//! What was heard: the recordings of `prompts/`, found octet by octet in what a telephone received.

use super::now;
use super::rtp::SILENCE;
use super::sound::Sound;
use hotline::io::prompts::load_file;
use hotline::voip::audio::{Codec, EncodedPrompt};
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// The longest silence between two clips of one sentence or of two that follow each other: 800 ms.
const LONGEST_GAP: usize = 6_400;
/// How much longer than its clips a sentence may take to come.
const PATIENCE: Duration = Duration::from_secs(12);
/// Octets by which a clip is found.
const ANCHOR: usize = 32;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts")
}

/// The octets of a recording, `ru/balance.1` for `prompts/ru/balance.1.flac`, as they go over the wire; of
/// `ru/ask_code:1000` its first 1000 ms.
pub fn clip(id: &str) -> Arc<[u8]> {
    static LOADED: LazyLock<Mutex<HashMap<String, Arc<[u8]>>>> = LazyLock::new(Mutex::default);
    let mut loaded = LOADED.lock().unwrap();
    let octets = loaded.entry(id.to_owned()).or_insert_with(|| {
        let (name, millis) = id.split_once(':').unwrap_or((id, ""));
        let file = folder().join(format!("{name}.flac"));
        let whole = load_file(&file).map_or_else(|problem| panic!("{problem}"), |prompt| alaw(&prompt));
        millis.parse::<usize>().map_or(whole.clone(), |millis| whole[..millis * 8].into())
    });
    Arc::clone(octets)
}

fn alaw(prompt: &EncodedPrompt) -> Arc<[u8]> {
    prompt.octets(Codec::Pcma).into()
}

/// Waits until `clips` were heard one after the other, whole and with nothing but silence between them, in what came
/// after octet `from`. Answers with the octet after the last one.
pub fn heard_clips(sound: &Sound, from: usize, clips: &[&str]) -> usize {
    let octets: Vec<Arc<[u8]>> = clips.iter().map(|id| clip(id)).collect();
    let length: usize = octets.iter().map(|octets| octets.len() + LONGEST_GAP / 2).sum();
    let until = now() + Duration::from_millis(u64::try_from(length / 8).unwrap()) + PATIENCE;
    loop {
        let heard = sound.heard();
        let best = match follow(&heard[from.min(heard.len())..], &octets) {
            Ok(end) => return from + end,
            Err(best) => best,
        };
        if now() >= until {
            let missing = clips.get(best).copied().unwrap_or("?");
            panic!(
                "expected to hear: {}\nheard the first {best} of them, then not {missing}\nheard in all: {}",
                clips.join(", "),
                transcript(&heard[from.min(heard.len())..])
            );
        }
        sound.wait_for(10, until);
    }
}

/// Waits until this much of a recording that is played round and round was heard in one piece, wherever in it that
/// was, after octet `from`. Answers with the octet after it.
pub fn heard_part(sound: &Sound, from: usize, id: &str, length: Duration) -> usize {
    let whole = clip(id);
    let round = [&whole[..], &whole[..]].concat();
    let length = usize::try_from(length.as_millis()).unwrap() * 8;
    let until = now() + PATIENCE;
    loop {
        let heard = sound.heard();
        let rest = &heard[from.min(heard.len())..];
        // The last octets that came are the least likely to be something else.
        if let Some(last) = rest.len().checked_sub(length).map(|begin| &rest[begin..])
            && round.windows(length).any(|part| part == last)
        {
            return heard.len();
        }
        assert!(now() < until, "expected {length} octets of {id}, heard {}", transcript(rest));
        sound.wait_for(10, until);
    }
}

/// Which of the alternatives comes first right after octet `from`; waits for it. The index and the octet after it.
pub fn heard_next(sound: &Sound, from: usize, alternatives: &[&str]) -> (usize, usize) {
    let octets: Vec<Arc<[u8]>> = alternatives.iter().map(|id| clip(id)).collect();
    let until = now() + PATIENCE;
    loop {
        let heard = sound.heard();
        let rest = &heard[from.min(heard.len())..];
        let found = octets.iter().enumerate().find_map(|(at, clip)| Some((at, from + after_silence(rest, clip)?)));
        if let Some(found) = found {
            return found;
        }
        let story = || format!("expected one of: {}\nheard: {}", alternatives.join(", "), transcript(rest));
        assert!(now() < until, "{}", story());
        sound.wait_for(10, until);
    }
}

/// The octet after the last clip; or how many clips were found of the run that came furthest.
fn follow(heard: &[u8], clips: &[Arc<[u8]>]) -> Result<usize, usize> {
    let (mut from, mut best) = (0, 0);
    while let Some(begin) = find(&heard[from..], &clips[0]) {
        let mut end = from + begin + clips[0].len();
        let mut found = 1;
        for clip in &clips[1..] {
            let Some(next) = after_silence(&heard[end..], clip) else { break };
            end += next;
            found += 1;
        }
        if found == clips.len() {
            return Ok(end);
        }
        best = best.max(found);
        from += begin + 1;
    }
    Err(best)
}

/// Where a clip begins, looked for by octets of its middle: its edges are as silent as all silence.
fn find(heard: &[u8], clip: &[u8]) -> Option<usize> {
    let middle = clip.len() / 2;
    let anchor = &clip[middle..(middle + ANCHOR).min(clip.len())];
    let begins = |at: &usize| at.checked_sub(middle).is_some_and(|begin| heard[begin..].starts_with(clip));
    let found = |window: &[u8]| window == anchor;
    let places = heard.windows(anchor.len()).enumerate().filter(|(_, window)| found(window)).map(|(at, _)| at);
    places.into_iter().find(begins).map(|at| at - middle)
}

/// The octet after a clip that comes first, but for silence.
fn after_silence(heard: &[u8], clip: &[u8]) -> Option<usize> {
    let silence = heard.iter().take(LONGEST_GAP).take_while(|&&octet| octet == SILENCE).count();
    (0..=silence).find(|&at| heard[at..].starts_with(clip)).map(|at| at + clip.len())
}

/// All that was said in `heard`, by the names of the recordings and when they were said, for the story of a failure.
pub fn transcript(heard: &[u8]) -> String {
    let known = anchors();
    let mut said = String::new();
    let mut last = "";
    for (at, window) in heard.windows(ANCHOR).enumerate() {
        let Some((id, middle)) = known.get(window) else { continue };
        if id == last {
            continue;
        }
        last = id;
        let begin = at.saturating_sub(*middle);
        let whole = at >= *middle && heard[begin..].starts_with(&clip(id));
        let mark = if whole { "" } else { " (in part)" };
        write!(said, "\n  {:7.3} s  {id}{mark}", seconds(begin)).unwrap();
    }
    write!(said, "\n  {:7.3} s  the end of what was heard", seconds(heard.len())).unwrap();
    said
}

fn seconds(octets: usize) -> f64 {
    f64::from(u32::try_from(octets).unwrap()) / 8_000.0
}

/// Octets of the first, the second and the last third of every recording, and where in it they are.
fn anchors() -> HashMap<Vec<u8>, (String, usize)> {
    let mut known = HashMap::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "flac") {
                let name = path.strip_prefix(self::folder()).unwrap().with_extension("");
                let id = name.to_str().unwrap().to_owned();
                let octets = clip(&id);
                for place in [octets.len() / 4, octets.len() / 2, octets.len() * 3 / 4] {
                    if let Some(window) = octets.get(place..place + ANCHOR)
                        && window.iter().any(|octet| !matches!(octet, 0xd5 | 0x55))
                    {
                        known.insert(window.to_vec(), (id.clone(), place));
                    }
                }
            }
        }
    }
    known
}
