//! `hotline prompts import`.

use super::state::{Studio, progress};
use crate::app::cli::Import;
use crate::app::menus::message_lang;
use crate::io::prompts::{EXTENSIONS, Mastered, Shelf, Take, each, master};
use crate::ivr::menu::nearest_recording;
use crate::ivr::speech::Variant;
use crate::model::{Lang, PromptId};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How deep folders may lie in each other.
const DEEPEST: usize = 4;
/// Takes that are mastered at once; what is ready waits on the disk, not in memory.
const BATCH: usize = 16;

/// A file, and the recording it is a take of.
struct Found {
    file: PathBuf,
    prompt: PromptId,
    variant: Variant,
    text: String,
}

pub(super) fn run(studio: &Studio, arguments: &Import) -> Result<ExitCode> {
    let mut files = Vec::new();
    collect(&arguments.takes, "", 0, &mut files)?;
    if files.is_empty() {
        let folder = arguments.takes.display();
        bail!("{folder} holds no take: files end in .{}", EXTENSIONS.join(", ."));
    }
    let (found, mut refused) = name(studio, arguments, files);
    let mut shelf = if arguments.dry_run {
        None
    } else {
        let shelf = Shelf::open(&studio.folder);
        Some(shelf.with_context(|| format!("the folder of prompts {} cannot be written", studio.folder.display()))?)
    };
    let mut done = 0;
    let bar = progress(found.len(), "mastering");
    let mut told = Vec::new();
    for batch in found.chunks(BATCH) {
        for (found, mastered) in batch.iter().zip(each(batch, take)) {
            match mastered {
                Ok(sound) => {
                    told.push(tell(found, &sound));
                    done += 1;
                    if let Some(shelf) = &mut shelf {
                        shelf.stage(&found.taken(sound, &arguments.voice)).context("a recording cannot be written")?;
                    }
                }
                Err(error) => refused.push(format!("{}: {error:#}", found.file.display())),
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if let Some(shelf) = shelf {
        shelf.commit().context("the recordings cannot be put in their place")?;
    }
    for line in &told {
        println!("{line}");
    }
    for line in &refused {
        eprintln!("{line}");
    }
    let word = if arguments.dry_run { "would be brought in" } else { "brought in" };
    println!("{done} {word}, {} refused", refused.len());
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn take(found: &Found) -> Result<Mastered> {
    let bytes = std::fs::read(&found.file).context("cannot be read")?;
    let extension = found.file.extension().and_then(|ending| ending.to_str()).unwrap_or("wav");
    Ok(master(bytes, &extension.to_lowercase(), found.variant)?)
}

fn tell(found: &Found, sound: &Mastered) -> String {
    let figures = &sound.figures;
    let seconds = figures.length.as_secs_f64();
    let lang = message_lang(None);
    let mut line = format!("{}  {seconds:.2} s  {} dBov", found.prompt, figures.level);
    for remark in &sound.remarks {
        line.push_str("\n  listen to it: ");
        line.push_str(&remark.text(lang));
    }
    line
}

impl Found {
    fn taken(&self, sound: Mastered, voice: &str) -> Take {
        let (prompt, text) = (self.prompt.clone(), self.text.clone());
        Take { prompt, variant: self.variant, text, voice: voice.to_owned(), sound }
    }
}

/// The takes of a folder: each with its path from the top without its ending.
fn collect(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        paths.push(entry.with_context(unreadable)?.path());
    }
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            bail!("{} has a name that is not UTF-8; rename it", path.display());
        };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() && depth < DEEPEST {
            collect(&path, &format!("{prefix}{name}/"), depth + 1, files)?;
        } else if let Some((stem, ending)) = name.rsplit_once('.')
            && EXTENSIONS.contains(&&*ending.to_lowercase())
        {
            files.push((format!("{prefix}{stem}"), path.clone()));
        }
    }
    Ok(())
}

/// Finds the recording of each file; those of which there is none are refused.
fn name(studio: &Studio, arguments: &Import, files: Vec<(String, PathBuf)>) -> (Vec<Found>, Vec<String>) {
    let known = known(studio);
    // A folder that is itself called `ru` says so for what lies in it.
    let own = arguments.takes.file_name().and_then(|name| name.to_str()).and_then(Lang::from_code);
    let lang = arguments.lang.map(Lang::from).or(own);
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut refused = Vec::new();
    for (name, file) in files {
        let candidates = candidates(&name, lang);
        let Some(id) = candidates.iter().find(|id| known.contains_key(id.as_str())) else {
            refused.push(format!("{}: {}", file.display(), unknown(&name, lang, &known)));
            continue;
        };
        if let Some(other) = found.get(id) {
            let other = other.file.display();
            refused.push(format!("{}: is a second take of {id}, beside {other}; keep one", file.display()));
            continue;
        }
        let Some((variant, text)) = known.get(id.as_str()).cloned() else { continue };
        found.insert(id.clone(), Found { file, prompt: PromptId::new(id), variant, text });
    }
    (found.into_values().collect(), refused)
}

/// Every recording that menus need or the manifest lists: how it ends and what it says.
fn known(studio: &Studio) -> BTreeMap<String, (Variant, String)> {
    let listed = studio
        .manifest
        .iter()
        .map(|(prompt, recording)| (prompt.to_string(), (recording.variant, recording.text.clone())));
    let needed = studio.needs.iter().filter(|need| !need.text.is_empty());
    // What the menu says now counts, not what was recorded.
    let needed = needed.map(|need| (need.prompt.to_string(), (need.ending, need.text.clone())));
    let sounds = studio.needs.iter().filter(|need| need.text.is_empty() && studio.manifest.get(&need.prompt).is_none());
    let sounds = sounds.map(|need| (need.prompt.to_string(), (need.ending, String::new())));
    listed.chain(needed).chain(sounds).collect()
}

/// The recordings a path may mean, the likeliest first.
fn candidates(name: &str, lang: Option<Lang>) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    let folders = lang.map(Lang::code).into_iter().chain(["common"]);
    names.extend(folders.flat_map(|folder| [format!("{folder}/{name}"), format!("{folder}/say/{name}")]));
    names
}

fn unknown(name: &str, lang: Option<Lang>, known: &BTreeMap<String, (Variant, String)>) -> String {
    let folder = lang.map(|lang| format!("{lang}/"));
    let full = match &folder {
        Some(folder) if !name.starts_with(folder.as_str()) => format!("{folder}{name}"),
        Some(_) | None => name.to_owned(),
    };
    let in_every = Lang::ALL.iter().any(|lang| known.contains_key(&format!("{lang}/{name}")));
    if lang.is_none() && in_every {
        return "of which language? add --lang ru or --lang en, or put it into a folder of that name".to_owned();
    }
    let nearest = nearest_recording(&full, known.keys().map(String::as_str));
    match nearest {
        Some(nearest) => format!("no recording is called {full}; did you mean {nearest}?"),
        None => format!("no recording is called {full}; `hotline prompts list` has every name"),
    }
}
