//! From a phrase and its values to what is heard.

use super::phrase::{fragment, is_heard, recording_name};
use super::utterance::gap;
use super::{Format, Inventory, Ladders, Part, PhraseText, Piece, SayError, Utterance, ValueKind, say};
use crate::model::{Gap, Lang, PromptId, Value};

/// Why a phrase cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UtterError {
    /// The value is not known at this point of the call.
    #[error("phrase {phrase}: the value {path} is not known here")]
    Unknown {
        /// The phrase's name.
        phrase: String,
        /// The value's path.
        path: String,
    },
    /// The value cannot be said in that format.
    #[error("phrase {phrase}: {path}: {source}")]
    Say {
        /// The phrase's name.
        phrase: String,
        /// The value's path.
        path: String,
        /// Why not.
        source: SayError,
    },
    /// There is no such ladder, or it has no line in the language.
    #[error("phrase {phrase}: there is no ladder {ladder} in this language")]
    NoLadder {
        /// The phrase's name.
        phrase: String,
        /// The ladder's name.
        ladder: String,
    },
}

/// Says a phrase.
///
/// `lang` is the menu's language, whose folder holds the recordings; values are said in the phrase's own voice.
/// A [`Value::Word`] without a format is a name (`{bank.name}`): its text is heard as it is and its recording is
/// `say/<path>`.
///
/// # Errors
/// When a value is not known, or cannot be said as the phrase wants it.
pub fn utter(
    lang: Lang,
    phrase_id: &str,
    text: &PhraseText,
    resolve: &dyn Fn(&str) -> Option<Value>,
    ladders: &Ladders,
    inventory: &dyn Inventory,
) -> Result<Utterance, UtterError> {
    let mut heard = Utterance::default();
    for (index, part) in text.parts.iter().enumerate() {
        match part {
            Part::Text { text, .. } if !is_heard(part) => push_text(&mut heard.text, text),
            Part::Text { text, clip } => {
                let (lead, body) = fragment(text);
                push_text(&mut heard.text, lead);
                let silence = silence_after(&heard.text);
                heard.push_gap(silence);
                let id = PromptId::new(&format!("{lang}/{}", recording_name(phrase_id, *clip)));
                heard.push_clip(id, body, inventory);
                push_text(&mut heard.text, &text[lead.len()..]);
            }
            Part::Value { path, format, .. } => {
                let pieces =
                    Speaking { phrase_id, voice: text.voice, ladders }.pieces(path, format.as_ref(), resolve)?;
                let silence = silence_after(&heard.text);
                heard.push_gap(silence);
                let falls = ends_sentence(&text.parts[index + 1..]);
                heard.push_pieces(text.voice, &pieces, falls, inventory);
                push_value(&mut heard.text, &super::words(&pieces));
            }
        }
    }
    heard.text.truncate(heard.text.trim_end().len());
    Ok(heard)
}

/// The phrase whose values are looked up.
struct Speaking<'a> {
    phrase_id: &'a str,
    voice: Lang,
    ladders: &'a Ladders,
}

impl Speaking<'_> {
    fn pieces(
        &self,
        path: &str,
        format: Option<&Format>,
        resolve: &dyn Fn(&str) -> Option<Value>,
    ) -> Result<Vec<Piece>, UtterError> {
        let phrase = || self.phrase_id.to_owned();
        let unknown = || UtterError::Unknown { phrase: phrase(), path: path.to_owned() };
        let value = resolve(path).ok_or_else(unknown)?;
        match (format, &value) {
            (None, Value::Word(name)) => Ok(vec![Piece::new(&**name, path)]),
            (Some(Format::Ladder(name)), Value::Duration(length)) => {
                let piece = self.ladders.get(name).and_then(|ladder| ladder.piece(self.voice, *length));
                let no_ladder = || UtterError::NoLadder { phrase: phrase(), ladder: name.to_string() };
                Ok(vec![piece.ok_or_else(no_ladder)?])
            }
            _ => {
                let usual = Format::of_kind(ValueKind::of(&value));
                let format = format.cloned().or(usual).ok_or_else(unknown)?;
                say(self.voice, &format, &value).map_err(|source| UtterError::Say {
                    phrase: phrase(),
                    path: path.to_owned(),
                    source,
                })
            }
        }
    }
}

/// Says one option of a menu: the offer, and which key to press.
///
/// `press` is the phrase of that name, `{offer}, нажмите {key|digit}.`, and gives the words; the recordings are the
/// offer's own and `press.<key>`. `key` is `0`…`9`, `*` or `#`.
#[must_use]
pub fn press_option(
    lang: Lang,
    press: &PhraseText,
    offer: (&str, &PhraseText),
    key: char,
    inventory: &dyn Inventory,
) -> Utterance {
    let (offer_id, offer_text) = offer;
    let offer_words: String = offer_text.parts.iter().map(plain).collect();
    let key_words = super::grammar::of(press.voice).key(key).map_or_else(|| key.to_string(), |piece| piece.text);
    let mut heard = Utterance::default();
    let mut pressed = String::new();
    for part in &press.parts {
        match part {
            Part::Value { path, .. } if path == "offer" => push_value(&mut heard.text, offer_words.trim()),
            Part::Value { .. } => {
                push_value(&mut heard.text, &key_words);
                pressed.push_str(&key_words);
            }
            Part::Text { text, .. } => {
                push_text(&mut heard.text, text);
                pressed.push_str(text);
            }
        }
    }
    heard.text.truncate(heard.text.trim_end().len());
    for (name, words) in offer_text.recordings(offer_id) {
        heard.push_clip(PromptId::new(&format!("{lang}/{name}")), &words, inventory);
    }
    heard.push_gap(gap::PRESS);
    let name = match key {
        '*' => "star".to_owned(),
        '#' => "hash".to_owned(),
        digit => digit.to_string(),
    };
    let pressed = pressed.trim_matches(|letter: char| !letter.is_alphanumeric());
    heard.push_clip(PromptId::new(&format!("{lang}/press.{name}")), pressed, inventory);
    heard
}

/// The words of a part, a value as it is written.
fn plain(part: &Part) -> String {
    match part {
        Part::Text { text, .. } => text.clone(),
        Part::Value { path, .. } => format!("{{{path}}}"),
    }
}

const ENDS: [char; 4] = ['.', '!', '?', '…'];

/// The silence before what follows a text.
fn silence_after(text: &str) -> Gap {
    if text.trim_end().ends_with(ENDS) { gap::SENTENCE } else { gap::FRAGMENT }
}

/// Whether a sentence ends before anything of these parts is heard.
fn ends_sentence(rest: &[Part]) -> bool {
    match rest.first() {
        None => true,
        Some(Part::Value { .. }) => false,
        Some(Part::Text { text, .. }) => {
            let text = text.trim_start_matches(['»', '"', ')', '”']).trim_start();
            text.starts_with(ENDS) || (text.is_empty() && rest.len() == 1)
        }
    }
}

/// Adds text, but no second full stop after "p.m.".
fn push_text(heard: &mut String, text: &str) {
    let text = if heard.ends_with('.') { text.strip_prefix('.').unwrap_or(text) } else { text };
    heard.push_str(text);
}

/// Adds a value, with a capital at the start of a sentence.
fn push_value(heard: &mut String, words: &str) {
    let start = heard.trim_end().is_empty() || heard.trim_end().ends_with(ENDS);
    let mut letters = words.chars();
    match letters.next() {
        Some(first) if start => {
            heard.extend(first.to_uppercase());
            heard.push_str(letters.as_str());
        }
        _ => heard.push_str(words),
    }
}
