//! Every recording that a menu and its speech need.

use super::uses::{Scene, scenes};
use super::{Menu, Name, PhraseId, Place, Whisper, lexis};
use crate::ivr::speech::repertoire::{example, repertoire};
use crate::ivr::speech::{Clip, Format, Inventory, Part, PhraseText, Piece, Variant, say, words};
use crate::model::{Lang, PromptId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of recording it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeedKind {
    /// A phrase or a fragment of one.
    Phrase,
    /// “press one”.
    Key,
    /// A line of a ladder.
    Ladder,
    /// What an operator hears first.
    Whisper,
    /// A part of a value: a number, a month, a unit.
    Value,
    /// A tone or music.
    Sound,
}

impl NeedKind {
    /// The word in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phrase => "phrase",
            Self::Key => "key",
            Self::Ladder => "ladder",
            Self::Whisper => "whisper",
            Self::Value => "value",
            Self::Sound => "sound",
        }
    }
}

/// Where a recording is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The phrase, or the format of a value.
    pub phrase: Name,
    /// The tasks, menus and queues that say it.
    pub scenes: Vec<String>,
    /// Where the phrase is written; `None` for what belongs to no phrase.
    pub place: Option<Place>,
    /// What is heard before it in the same sentence or sentences, values as examples.
    pub before: String,
    /// What is heard after it.
    pub after: String,
}

/// A recording that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its name.
    pub prompt: PromptId,
    /// What kind.
    pub kind: NeedKind,
    /// The language of the voice; `None` for sounds.
    pub voice: Option<Lang>,
    /// What it says.
    pub text: String,
    /// How it ends.
    pub ending: Variant,
    /// Where it is heard.
    pub uses: Vec<Use>,
}

/// The recordings a menu needs, those of phrases in the order they are written.
///
/// Of a value's clip only one variant is needed, and it is the one that is there; without any, those that would be
/// said are listed.
#[must_use]
pub fn needed(menu: &Menu, inventory: &dyn Inventory) -> Vec<Need> {
    let mut needs = Needs { menu, inventory, scenes: scenes(menu), found: Vec::new(), index: BTreeMap::new() };
    for lang in &menu.languages {
        needs.phrases(*lang);
        needs.keys(*lang);
        needs.ladders(*lang);
        needs.values(*lang);
    }
    needs.whispers();
    needs.sounds();
    needs.found
}

/// The recording whose name is nearest to a mistyped one.
#[must_use]
pub fn nearest_recording<'n>(wanted: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    lexis::nearest(wanted, known)
}

struct Needs<'m> {
    menu: &'m Menu,
    inventory: &'m dyn Inventory,
    scenes: Vec<Scene>,
    found: Vec<Need>,
    index: BTreeMap<PromptId, usize>,
}

impl Needs<'_> {
    fn add(&mut self, need: Need) {
        if let Some(known) = self.index.get(&need.prompt).and_then(|at| self.found.get_mut(*at)) {
            known.uses.extend(need.uses);
            return;
        }
        self.index.insert(need.prompt.clone(), self.found.len());
        self.found.push(need);
    }

    fn phrases(&mut self, lang: Lang) {
        for index in 0..self.menu.phrases.len() {
            let Ok(id) = u16::try_from(index).map(PhraseId) else { return };
            // `press` has recordings of its own, one for each key.
            if id != self.menu.press {
                self.phrase(lang, id);
            }
        }
    }

    fn phrase(&mut self, lang: Lang, id: PhraseId) {
        let menu = self.menu;
        let phrase = &menu[id];
        let Some((_, text)) = phrase.texts.iter().find(|(own, _)| *own == lang) else { return };
        let offers = self.scenes.iter().flat_map(|scene| &scene.offers);
        let offered = offers.clone().find(|(offer, _)| *offer == id).map(|(_, key)| key.as_char());
        let parts = heard_parts(menu, text);
        let mut recordings = text.recordings(&phrase.name).into_iter();
        for (at, part) in text.parts.iter().enumerate() {
            if !is_recorded(part) {
                continue;
            }
            let Some((name, words)) = recordings.next() else { return };
            let goes_on = matches!(text.parts.get(at + 1), Some(Part::Value { .. }));
            // Punctuation in front of the words belongs to what is before them.
            let own = parts.get(at).map(String::as_str).unwrap_or_default();
            let (lead, tail) = own.split_once(words.as_str()).unwrap_or_default();
            let before = parts.get(..at).unwrap_or_default().concat() + lead;
            let mut after = tail.to_owned() + &parts.get(at + 1..).unwrap_or_default().concat();
            if let Some(key) = offered
                && after.trim().is_empty()
            {
                after = format!(", {}", self.press(lang, key));
            }
            let used = Use {
                phrase: phrase.name.clone(),
                scenes: self.scenes_of(id),
                place: Some(phrase.place),
                before,
                after,
            };
            let ending = if goes_on || offered.is_some() { Variant::Mid } else { Variant::Fin };
            let prompt = PromptId::new(&format!("{lang}/{name}"));
            let (kind, voice) = (NeedKind::Phrase, Some(text.voice));
            self.add(Need { prompt, kind, voice, text: words, ending, uses: vec![used] });
        }
    }

    fn scenes_of(&self, id: PhraseId) -> Vec<String> {
        let says = |scene: &&Scene| scene.phrases.contains(&id) || scene.offers.iter().any(|(offer, _)| *offer == id);
        self.scenes.iter().filter(says).map(|scene| scene.name.clone()).filter(|name| !name.is_empty()).collect()
    }

    /// “press one”, as the menu's `press` has it behind the offer.
    fn press(&self, lang: Lang, key: char) -> String {
        let texts = &self.menu[self.menu.press].texts;
        let Some((_, press)) = texts.iter().find(|(own, _)| *own == lang) else { return String::new() };
        let said = say(press.voice, &Format::Digit, &Value::Digits(key_name(key).into()));
        let key = said.map(|pieces| words(&pieces)).unwrap_or_default();
        let parts = press.parts.iter().filter_map(|part| match part {
            Part::Text { text, .. } => Some(text.as_str()),
            Part::Value { path, .. } if path == "offer" => None,
            Part::Value { .. } => Some(key.as_str()),
        });
        let text: String = parts.collect();
        text.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned()
    }

    /// `press.<key>` of every key that an option has.
    fn keys(&mut self, lang: Lang) {
        let voice = self.menu[self.menu.press].texts.iter().find(|(own, _)| *own == lang).map(|(_, text)| text.voice);
        let mut keys: BTreeMap<char, Vec<(Name, Vec<String>, String)>> = BTreeMap::new();
        for scene in &self.scenes {
            for (offer, digit) in &scene.offers {
                let phrase = &self.menu[*offer];
                let text = phrase.texts.iter().find(|(own, _)| *own == lang);
                let before = text.map(|(_, text)| heard_parts(self.menu, text).concat()).unwrap_or_default();
                let used = (phrase.name.clone(), vec![scene.name.clone()], format!("{before}, "));
                keys.entry(digit.as_char()).or_default().push(used);
            }
        }
        for (key, uses) in keys {
            let prompt = PromptId::new(&format!("{lang}/press.{}", key_name(key)));
            let uses = uses.into_iter().map(|(phrase, scenes, before)| Use {
                phrase,
                scenes,
                place: None,
                before,
                after: ".".to_owned(),
            });
            let (kind, ending) = (NeedKind::Key, Variant::Fin);
            self.add(Need { prompt, kind, voice, text: self.press(lang, key), ending, uses: uses.collect() });
        }
    }

    fn ladders(&mut self, lang: Lang) {
        let menu = self.menu;
        for ladder in &menu.ladders {
            for (index, step) in ladder.steps.iter().enumerate() {
                let Some(text) = step.texts.get(&lang) else { continue };
                let prompt = PromptId::new(&format!("{lang}/ladder.{}.{}", ladder.name, index + 1));
                let used = Use {
                    phrase: format!("ladder:{}", ladder.name).into(),
                    scenes: Vec::new(),
                    place: None,
                    before: "… ".to_owned(),
                    after: ".".to_owned(),
                };
                let (kind, voice, ending) = (NeedKind::Ladder, Some(lang), Variant::Fin);
                self.add(Need { prompt, kind, voice, text: text.clone(), ending, uses: vec![used] });
            }
        }
    }

    /// The clips of the formats that phrases use.
    fn values(&mut self, lang: Lang) {
        let menu = self.menu;
        let mut formats: BTreeMap<String, (Format, Lang, BTreeSet<bool>, Vec<Name>)> = BTreeMap::new();
        for (index, phrase) in menu.phrases.iter().enumerate() {
            // The keys that options have are said by `press.<key>`.
            if index == usize::from(menu.press.0) {
                continue;
            }
            let Some((_, text)) = phrase.texts.iter().find(|(own, _)| *own == lang) else { continue };
            for (at, part) in text.parts.iter().enumerate() {
                let Part::Value { path, format, .. } = part else { continue };
                if let Some(format) = format {
                    let known = formats
                        .entry(format!("{} {format}", text.voice))
                        .or_insert_with(|| (format.clone(), text.voice, BTreeSet::new(), Vec::new()));
                    known.2.insert(text.falls_at(at));
                    known.3.push(phrase.name.clone());
                } else if let Some(name) = bank_name(menu, path, text.voice) {
                    self.clip(&Wanted {
                        lang: text.voice,
                        piece: &Piece::new(name.trim_matches(|letter: char| !letter.is_alphanumeric()), path.clone()),
                        variants: &[if text.falls_at(at) { "fin" } else { "mid" }],
                        format: path,
                        phrases: std::slice::from_ref(&phrase.name),
                    });
                }
            }
        }
        for (format, voice, falls, phrases) in formats.into_values() {
            for needed in repertoire(voice, &format).into_values() {
                let mid = needed.inside || falls.contains(&false);
                let fin = needed.last && falls.contains(&true);
                let variants: Vec<&str> = [(mid, "mid"), (fin, "fin")].iter().filter(|v| v.0).map(|v| v.1).collect();
                let (piece, format) = (&needed.piece, format.to_string());
                self.clip(&Wanted { lang: voice, piece, variants: &variants, format: &format, phrases: &phrases });
            }
        }
    }

    /// A clip in the variants that are there, the pieces that say the same without it, or itself as missing.
    fn clip(&mut self, wanted: &Wanted<'_>) {
        let Clip::Value(key) = &wanted.piece.clip else { return };
        let id = |variant: &str| PromptId::new(&format!("{}/say/{key}.{variant}", wanted.lang));
        let there = |variant: &str| self.inventory.length(&id(variant)).is_some();
        let known: Vec<&str> = ["mid", "fin"].into_iter().filter(|variant| there(variant)).collect();
        if known.is_empty() && !wanted.piece.instead.is_empty() {
            for piece in &wanted.piece.instead {
                self.clip(&Wanted { piece, ..*wanted });
            }
            return;
        }
        let listed: Vec<&str> = match known.as_slice() {
            [only] => vec![*only],
            _ => wanted.variants.to_vec(),
        };
        for variant in listed {
            let used = Use {
                phrase: wanted.format.into(),
                scenes: wanted.phrases.iter().map(ToString::to_string).collect(),
                place: None,
                before: "… ".to_owned(),
                after: if variant == "mid" { " …".to_owned() } else { ".".to_owned() },
            };
            self.add(Need {
                prompt: id(variant),
                kind: NeedKind::Value,
                voice: Some(wanted.lang),
                text: wanted.piece.text.clone(),
                ending: if variant == "mid" { Variant::Mid } else { Variant::Fin },
                uses: vec![used],
            });
        }
    }

    /// What operators hear first, in the bank's first language. Reasons and notes without a recording are on the
    /// screen only, so just the two that every queue may whisper are needed.
    fn whispers(&mut self) {
        let Some(lang) = self.menu.languages.first().copied() else { return };
        let menu = self.menu;
        let wanted: Vec<&super::Queue> =
            menu.queues.iter().filter(|queue| queue.operator_hears.contains(&Whisper::WhoVerified)).collect();
        if wanted.is_empty() {
            return;
        }
        for (name, ru, en) in [
            ("verified", "Клиент подтверждён.", "The caller is verified."),
            ("not_verified", "Клиент не подтверждён.", "The caller is not verified."),
        ] {
            let text = match lang {
                Lang::Ru => ru,
                Lang::En => en,
            };
            let used = Use {
                phrase: "operator_hears".into(),
                scenes: wanted.iter().map(|queue| queue.name.to_string()).collect(),
                place: None,
                before: String::new(),
                after: String::new(),
            };
            let prompt = PromptId::new(&format!("{lang}/whisper.{name}"));
            let (kind, voice, ending) = (NeedKind::Whisper, Some(lang), Variant::Fin);
            self.add(Need { prompt, kind, voice, text: text.to_owned(), ending, uses: vec![used] });
        }
    }

    fn sounds(&mut self) {
        let mut sounds = vec![("common/hold_music".to_owned(), "hold"), ("common/beep".to_owned(), "voicemail")];
        sounds.extend(self.menu.queues.iter().map(|queue| (queue.music.to_string(), "queue")));
        for (prompt, phrase) in sounds {
            let (before, after) = (String::new(), String::new());
            let used = Use { phrase: phrase.into(), scenes: Vec::new(), place: None, before, after };
            let prompt = PromptId::new(&prompt);
            let (kind, voice, ending, text) = (NeedKind::Sound, None, Variant::Sound, String::new());
            self.add(Need { prompt, kind, voice, text, ending, uses: vec![used] });
        }
    }
}

/// A clip of a value that is wanted.
struct Wanted<'a> {
    lang: Lang,
    piece: &'a Piece,
    variants: &'a [&'a str],
    format: &'a str,
    phrases: &'a [Name],
}

/// A key in the name of its recording.
fn key_name(key: char) -> String {
    match key {
        '*' => "star".to_owned(),
        '#' => "hash".to_owned(),
        digit => digit.to_string(),
    }
}

/// Whether a part has a recording of its own.
fn is_recorded(part: &Part) -> bool {
    matches!(part, Part::Text { text, .. } if text.contains(char::is_alphanumeric))
}

/// The parts of a phrase as they are heard, values as examples.
fn heard_parts(menu: &Menu, text: &PhraseText) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Text { text, .. } => text.clone(),
        Part::Value { path, format, .. } => value_words(menu, text.voice, path, format.as_ref()),
    };
    text.parts.iter().map(part).collect()
}

fn value_words(menu: &Menu, voice: Lang, path: &str, format: Option<&Format>) -> String {
    if let Some(Format::Ladder(name)) = format {
        let ladder = menu.ladders.iter().find(|ladder| ladder.name == *name);
        let step = ladder.and_then(|ladder| ladder.steps.get(ladder.steps.len() / 2));
        return step.and_then(|step| step.texts.get(&voice)).cloned().unwrap_or_default();
    }
    let said = format.and_then(|format| say(voice, format, &example(format)?).ok()).map(|pieces| words(&pieces));
    said.or_else(|| bank_name(menu, path, voice).map(|name| name.to_string())).unwrap_or_else(|| format!("{{{path}}}"))
}

fn bank_name(menu: &Menu, path: &str, voice: Lang) -> Option<Name> {
    let own = || menu.bank.name.iter().find(|(lang, _)| *lang == voice).map(|(_, name)| name.clone());
    (path == "bank.name").then(own).flatten()
}
