//! A problem in a menu file: what, where, and what to do about it, in the reader's language.

use super::{Code, Name, Place};
use crate::model::Lang;
use std::fmt::Write;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The menu is refused.
    Error,
    /// The menu works; somebody should look.
    Warning,
}

impl Severity {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A sentence in each language a reader may want.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    /// English.
    pub en: String,
    /// Russian.
    pub ru: String,
}

impl Text {
    /// A sentence in both languages.
    pub fn new(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self { en: en.into(), ru: ru.into() }
    }

    /// The sentence in one of them.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ru => &self.ru,
        }
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }
}

/// One problem, complete in itself: it can be shown without the files at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which kind.
    pub code: Code,
    /// How bad; [`Code::severity`] unless `--strict` made it worse.
    pub severity: Severity,
    /// The file's name.
    pub file: Name,
    /// Where it begins.
    pub place: Place,
    /// How many characters are in question, at least one.
    pub length: u32,
    /// The line in question as written.
    pub source: Arc<str>,
    /// What is wrong.
    pub message: Text,
    /// What to do; empty when the message says it all.
    pub help: Text,
}

impl Problem {
    /// Whether it refuses the menu.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The first line of [`render`](Self::render): `menus/hotline.yaml:142:27: E01 no task or menu "card_lots"`.
    #[must_use]
    pub fn headline(&self, lang: Lang) -> String {
        let Place { line, column, .. } = self.place;
        format!("{}:{line}:{column}: {} {}", self.file, self.code.name(), self.message.get(lang))
    }

    /// The headline, the source line with the text in question underlined, and the advice.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let mut text = self.headline(lang);
        let source = self.source.replace('\t', " ");
        let number = self.place.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(self.place.column.saturating_sub(1) as usize);
        let room = source.chars().count().saturating_sub(indent.len()).max(1);
        let underline = "^".repeat((self.length as usize).clamp(1, room));
        text.push('\n');
        if !source.trim().is_empty() {
            push(&mut text, format_args!(" {number} | {source}\n {margin} | {indent}{underline}\n"));
        }
        if !self.help.is_empty() {
            let word = match lang {
                Lang::En => "help",
                Lang::Ru => "совет",
            };
            push(&mut text, format_args!(" {margin} = {word}: {}\n", self.help.get(lang)));
        }
        text
    }

    /// One line of JSON for machines: `{file,line,column,code,severity,message,help}`.
    #[must_use]
    pub fn json(&self, lang: Lang) -> String {
        serde_json::json!({
            "file": &*self.file,
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code.name(),
            "severity": self.severity.name(),
            "message": self.message.get(lang),
            "help": self.help.get(lang),
        })
        .to_string()
    }
}

/// Appends; a `String` takes everything.
pub(super) fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    if text.write_fmt(arguments).is_err() {
        text.push('?');
    }
}
