//! From a phrase and its values to what is heard.

use super::phrase::{fragment, is_heard, recording_name};
use super::utterance::gap;
use super::{Format, Inventory, Ladders, Part, PhraseText, Piece, SayError, Utterance, ValueKind, say};
use crate::model::{Lang, PromptId, Value};

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
    let mut hearing = Hearing::new();
    for (index, part) in text.parts.iter().enumerate() {
        match part {
            Part::Text { text, .. } if !is_heard(part) => hearing.text(text),
            Part::Text { text, clip } => {
                let (lead, body) = fragment(text, *clip);
                hearing.text(lead);
                hearing.silence();
                let id = PromptId::new(&format!("{lang}/{}", recording_name(phrase_id, *clip)));
                hearing.heard.push_clip(id, body, inventory);
                hearing.text(&text[lead.len()..]);
            }
            Part::Value { path, format, .. } => {
                let speaking = Speaking { phrase_id, voice: text.voice, ladders };
                let pieces = speaking.pieces(path, format.as_ref(), resolve)?;
                hearing.silence();
                let falls = text.falls_at(index);
                hearing.heard.push_pieces(text.voice, &pieces, falls, inventory);
                hearing.value(&super::words(&pieces));
            }
        }
    }
    Ok(hearing.finish())
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
    let mut hearing = Hearing::new();
    let mut pressed = String::new();
    for part in &press.parts {
        match part {
            Part::Value { path, .. } if path == "offer" => hearing.value(offer_words.trim()),
            Part::Value { .. } => {
                hearing.value(&key_words);
                pressed.push_str(&key_words);
            }
            Part::Text { text, .. } => {
                hearing.text(text);
                pressed.push_str(text);
            }
        }
    }
    let mut heard = hearing.finish();
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

impl PhraseText {
    /// Whether the voice falls at a part, because a sentence ends there.
    #[must_use]
    pub fn falls_at(&self, part: usize) -> bool {
        ends_sentence(self.parts.get(part + 1..).unwrap_or_default())
    }
}

const ENDS: [char; 4] = ['.', '!', '?', '…'];
const CLOSES: [char; 4] = ['»', '"', ')', '”'];

/// An utterance in the making.
struct Hearing {
    heard: Utterance,
    /// Whether a sentence has just ended or none has begun. A value never ends one: "a.m." has a point of its own.
    ended: bool,
}

impl Hearing {
    fn new() -> Self {
        Self { heard: Utterance::default(), ended: true }
    }

    /// Silence before the next recording.
    fn silence(&mut self) {
        self.heard.push_gap(if self.ended { gap::SENTENCE } else { gap::FRAGMENT });
    }

    /// Adds text of the phrase, but no second full stop after "p.m.".
    fn text(&mut self, text: &str) {
        let end = text.trim_end_matches(|letter: char| letter.is_whitespace() || CLOSES.contains(&letter));
        if !end.is_empty() {
            self.ended = end.ends_with(ENDS);
        }
        let heard = &mut self.heard.text;
        heard.push_str(if heard.ends_with('.') { text.strip_prefix('.').unwrap_or(text) } else { text });
    }

    /// Adds a value, with a capital at the start of a sentence.
    fn value(&mut self, words: &str) {
        let mut letters = words.chars();
        match letters.next() {
            Some(first) if self.ended => {
                self.heard.text.extend(first.to_uppercase());
                self.heard.text.push_str(letters.as_str());
            }
            _ => self.heard.text.push_str(words),
        }
        self.ended = false;
    }

    fn finish(mut self) -> Utterance {
        self.heard.text = self.heard.text.trim().to_owned();
        self.heard
    }
}

/// Whether a sentence ends before anything of these parts is heard.
fn ends_sentence(rest: &[Part]) -> bool {
    match rest.first() {
        None => true,
        Some(Part::Value { .. }) => false,
        Some(Part::Text { text, .. }) => {
            let text = text.trim_start_matches(CLOSES).trim_start();
            text.starts_with(ENDS) || (text.is_empty() && rest.len() == 1)
        }
    }
}
