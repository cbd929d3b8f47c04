//! What to do about slips that the reader of YAML has no idea of.

use super::Config;
use crate::ivr::menu::foreign_letter;

/// A key that is written at the top and belongs into a section.
pub(super) fn section_of(key: &str) -> Option<String> {
    let defaults = serde_yaml::to_value(Config::default()).ok()?;
    let sections = defaults.as_mapping()?.iter();
    let has = |section: &serde_yaml::Value| section.as_mapping().is_some_and(|keys| keys.contains_key(key));
    let mut found = sections.filter(|(_, section)| has(section)).filter_map(|(name, _)| name.as_str());
    let section = found.next()?;
    let only = found.next().is_none();
    only.then(|| format!("{key} belongs to {section}: write it below `{section}:`, two spaces further right"))
}

/// The advice, and that a letter of the word only looks like the right one.
pub(super) fn with_foreign_letter(word: &str, advice: String) -> String {
    match foreign_letter(word) {
        Some(letter) => format!("{advice} The letter {letter} of {word} is Cyrillic: type it in the English layout"),
        None => advice,
    }
}

/// A section that was read as a text because a key in it has no colon: `invalid type: string "listen [::]:5060"`.
pub(super) fn missing_colon(problem: &str) -> Option<String> {
    let text = problem.split_once("invalid type: string \"")?.1;
    let key = text.split([' ', '"']).next()?;
    let is_key = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '0'..='9' | '_');
    let fits = key.starts_with(|first: char| first.is_ascii_lowercase()) && key.chars().all(is_key);
    fits.then(|| format!("is the colon after {key} missing? Write `{key}: …`"))
}

/// The first value that begins with a quotation mark of text processors: its line and column, and the mark.
pub(super) fn curly_quote(text: &str) -> Option<(usize, usize, char)> {
    let is_curly = |letter: char| matches!(letter, '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}');
    text.lines().enumerate().find_map(|(index, line)| {
        let code = line.split('#').next()?;
        let byte = code.find(is_curly)?;
        let begins = code[..byte].trim_end().ends_with([':', '-', '[', ',']);
        let quote = code[byte..].chars().next()?;
        begins.then(|| (index + 1, code[..byte].chars().count() + 1, quote))
    })
}
