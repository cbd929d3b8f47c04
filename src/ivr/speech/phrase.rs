//! The text of a phrase: fragments, each one recording, and values between them.

use super::{Format, UnknownFormat};
use crate::model::Lang;
use std::ops::Range;

/// A phrase's text in one language, cut at its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhraseText {
    /// The language it is spoken in, which may be another than the menu's.
    pub voice: Lang,
    /// Fragments and values in order.
    pub parts: Vec<Part>,
}

/// A stretch of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words or only punctuation, exactly as written.
    Text {
        /// The text with its spaces and punctuation.
        text: String,
        /// The number of its recording, from 1; `None` when it has no letter or digit, or the phrase has no values
        /// and its recording no number.
        clip: Option<usize>,
    },
    /// A value.
    Value {
        /// Where the value is found, such as `money.available`.
        path: String,
        /// How it is said; `None` for the usual way of its kind.
        format: Option<Format>,
        /// Where it stands in the phrase, in bytes, with its braces.
        at: Range<usize>,
    },
}

/// What is wrong with a phrase, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct PhraseTextError {
    /// Bytes of the phrase that are wrong.
    pub at: Range<usize>,
    /// What is wrong.
    pub problem: PhraseTextProblem,
}

/// What can be wrong with a phrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseTextProblem {
    /// `{` without `}`.
    #[error("the brace is never closed; write {{card.last4|digits}}")]
    Unclosed,
    /// `}` without `{`.
    #[error("there is no opening brace before this one")]
    Unopened,
    /// `{}` or `{|money}`.
    #[error("there is no value between the braces; write {{card.last4|digits}}")]
    Empty,
    /// The path holds something other than letters, digits, `_` and `.`.
    #[error("{0:?} is no name of a value; write it as card.last4")]
    BadPath(String),
    /// The text after the bar is no format.
    #[error(transparent)]
    UnknownFormat(UnknownFormat),
    /// Nothing would be heard.
    #[error("the phrase says nothing")]
    Silent,
}

impl PhraseText {
    /// Cuts a text at its values.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn parse(voice: Lang, text: &str) -> Result<Self, Vec<PhraseTextError>> {
        let (mut parts, mut errors) = (Vec::new(), Vec::new());
        let mut start = 0;
        while let Some(found) = text[start..].find(['{', '}']) {
            let brace = start + found;
            if text[brace..].starts_with('}') {
                errors.push(PhraseTextError { at: brace..brace + 1, problem: PhraseTextProblem::Unopened });
                push_text(&mut parts, &text[start..brace]);
                start = brace + 1;
                continue;
            }
            push_text(&mut parts, &text[start..brace]);
            let inner = brace + 1;
            let Some(length) = text[inner..].find(['}', '{']).filter(|end| text[inner + end..].starts_with('}')) else {
                errors.push(PhraseTextError { at: brace..inner, problem: PhraseTextProblem::Unclosed });
                start = inner;
                continue;
            };
            match value(&text[inner..inner + length], inner) {
                Ok((path, format)) => parts.push(Part::Value { path, format, at: brace..inner + length + 1 }),
                Err(error) => errors.push(error),
            }
            start = inner + length + 1;
        }
        push_text(&mut parts, &text[start..]);
        if errors.is_empty() && !parts.iter().any(is_heard) {
            errors.push(PhraseTextError { at: 0..text.len(), problem: PhraseTextProblem::Silent });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        number(&mut parts);
        Ok(Self { voice, parts })
    }

    /// The recordings of its fragments: name without language (`balance.1`) and text, as the manifest has them.
    #[must_use]
    pub fn recordings(&self, phrase_id: &str) -> Vec<(String, String)> {
        let fragments = self.parts.iter().filter(|part| is_heard(part));
        let named = fragments.filter_map(|part| match part {
            Part::Text { text, clip } => Some((recording_name(phrase_id, *clip), fragment(text, *clip).1.to_owned())),
            Part::Value { .. } => None,
        });
        named.collect()
    }

    /// Values that stand in the wrong case: a Russian phrase says «до {loan.date|date}» where it takes `date_gen`.
    /// Each with its place and the format to write.
    #[must_use]
    pub fn wrong_cases(&self) -> Vec<(Range<usize>, Format)> {
        let mut found = Vec::new();
        for pair in self.parts.windows(2) {
            if let [Part::Text { text, .. }, Part::Value { format: Some(format), at, .. }] = pair
                && self.voice == Lang::Ru
                && text.ends_with(' ')
                && text.split_whitespace().last().is_some_and(|word| GENITIVE_AFTER.contains(&&*word.to_lowercase()))
                && let Some(right) = format.genitive()
            {
                found.push((at.clone(), right));
            }
        }
        found
    }

    /// The values it says.
    pub fn values(&self) -> impl Iterator<Item = (&str, Option<&Format>, Range<usize>)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value { path, format, at } => Some((path.as_str(), format.as_ref(), at.clone())),
            Part::Text { .. } => None,
        })
    }
}

/// Russian words that take the genitive and nothing else.
const GENITIVE_AFTER: [&str; 11] =
    ["до", "после", "около", "от", "из", "без", "для", "больше", "меньше", "более", "менее"];

/// The name of a fragment's recording, without language.
pub(super) fn recording_name(phrase_id: &str, clip: Option<usize>) -> String {
    match clip {
        Some(number) => format!("{phrase_id}.{number}"),
        None => phrase_id.to_owned(),
    }
}

/// A fragment's leading punctuation, which belongs to the value before it, and the text of its recording. A phrase
/// without values has nothing before it and keeps its punctuation.
pub(super) fn fragment(text: &str, clip: Option<usize>) -> (&str, &str) {
    let start = match clip {
        Some(_) => text.find(char::is_alphanumeric).unwrap_or(text.len()),
        None => 0,
    };
    (&text[..start], text[start..].trim())
}

/// Whether a part is more than punctuation.
pub(super) fn is_heard(part: &Part) -> bool {
    match part {
        Part::Text { text, .. } => text.contains(char::is_alphanumeric),
        Part::Value { .. } => true,
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text { text: text.to_owned(), clip: None });
    }
}

fn number(parts: &mut [Part]) {
    if !parts.iter().any(|part| matches!(part, Part::Value { .. })) {
        return;
    }
    let mut next = 1;
    for part in parts.iter_mut() {
        if is_heard(part)
            && let Part::Text { clip, .. } = part
        {
            *clip = Some(next);
            next += 1;
        }
    }
}

/// What stands between braces, which begins at byte `start` of the phrase.
fn value(inner: &str, start: usize) -> Result<(String, Option<Format>), PhraseTextError> {
    let error = |at: Range<usize>, problem| PhraseTextError { at: start + at.start..start + at.end, problem };
    let (path, format) = match inner.split_once('|') {
        Some((path, format)) => (path, Some(format)),
        None => (inner, None),
    };
    if path.trim().is_empty() {
        return Err(error(0..inner.len(), PhraseTextProblem::Empty));
    }
    let good =
        |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !path.trim().split('.').all(good) {
        return Err(error(0..path.len(), PhraseTextProblem::BadPath(path.trim().to_owned())));
    }
    let format = format
        .map(Format::parse)
        .transpose()
        .map_err(|unknown| error(path.len() + 1..inner.len(), PhraseTextProblem::UnknownFormat(unknown)))?;
    Ok((path.trim().to_owned(), format))
}
