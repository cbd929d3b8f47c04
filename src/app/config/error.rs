//! What is wrong with a configuration, where, and what to do about it.

use super::hints;
use std::path::Path;

/// Why a configuration was not read. Its text is one or two lines for the person who wrote the file:
/// `config.yaml:3:5: there is no key listn in sip`, then a hint.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {message}{}", hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file, and line and column as far as they are known.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, source: &std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::NotFound => Some("copy config.example.yaml there, or leave out -c".to_owned()),
            _ => None,
        };
        Self { place: path.display().to_string(), message: format!("cannot be read: {source}"), hint }
    }

    pub(super) fn not_utf8(path: &Path) -> Self {
        Self {
            place: path.display().to_string(),
            message: "is not text in UTF-8".into(),
            hint: Some("save the file in UTF-8; Windows-1251 and UTF-16 are not read".into()),
        }
    }

    /// A value in the quotation marks of a text processor, which would be part of it: a folder of that name, say.
    pub(super) fn of_curly_quotes(name: &str, text: &str) -> Option<Self> {
        let (line, column, quote) = hints::curly_quote(text)?;
        Some(Self {
            place: format!("{name}:{line}:{column}"),
            message: format!("the quotation mark {quote} is that of a text, not of YAML"),
            hint: Some("write \" or leave both out; in the editor turn \u{201c}smart quotes\u{201d} off".into()),
        })
    }

    pub(super) fn of_yaml(error: &serde_yaml::Error, name: &str, text: &str) -> Self {
        let (place, suffix) = match error.location() {
            Some(location) => {
                let (line, column) = (location.line(), location.column());
                (format!("{name}:{line}:{column}"), format!(" at line {line} column {column}"))
            }
            None => (name.to_owned(), String::new()),
        };
        let problem = error.to_string().replace(&suffix, "");
        let (message, hint) = explain(&problem);
        let second = error.location().and_then(|location| second_place(&problem, text, &location));
        let place = second.map_or(place, |(line, column)| format!("{name}:{line}:{column}"));
        Self { place, message, hint }
    }
}

/// Where a key is written for the second time; the parser only knows where the block with both begins.
fn second_place(problem: &str, text: &str, block: &serde_yaml::Location) -> Option<(usize, usize)> {
    let (_, problem) = split_path(problem);
    let key = problem.strip_prefix("duplicate field ")?.trim_matches('`');
    let mut places = text.lines().enumerate().skip(block.line().saturating_sub(1)).filter(|(_, line)| {
        let written = line.trim_start();
        line.len() - written.len() + 1 == block.column()
            && written.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'))
    });
    places.nth(1).map(|(index, _)| (index + 1, block.column()))
}

/// The parser's sentence in the words of this program, with a hint where one can be given.
fn explain(text: &str) -> (String, Option<String>) {
    let (path, problem) = split_path(text);
    let within = if path.is_empty() { String::new() } else { format!(" in {path}") };
    if let Some(rest) = problem.strip_prefix("unknown field ") {
        let (key, known) = unknown_and_known(rest);
        let section = if path.is_empty() { hints::section_of(&key) } else { None };
        let hint = section.unwrap_or_else(|| suggest(&key, &known, "keys"));
        return (format!("there is no key {key}{within}"), Some(hints::with_foreign_letter(&key, hint)));
    }
    if let Some(rest) = problem.strip_prefix("unknown variant ") {
        let (value, known) = unknown_and_known(rest);
        return (format!("{path}: {value} is not possible"), Some(suggest(&value, &known, "values")));
    }
    if let Some(rest) = problem.strip_prefix("duplicate field ") {
        return (format!("the key {} is written twice{within}", rest.trim_matches('`')), Some("keep one".into()));
    }
    if problem.contains("found character that cannot start any token") || problem.contains("found a tab character") {
        return (problem.to_owned(), Some("indent with spaces, not tabs; put text with *, &, @ or % in quotes".into()));
    }
    if problem.contains("did not find expected key") {
        let hint = "keys that belong together begin in the same column, those of a section two spaces further right";
        return (problem.to_owned(), Some(hint.to_owned()));
    }
    let written = |needed: &str| Some(format!("write {needed}"));
    if problem.contains("socket address") {
        return (text.to_owned(), written("an IP address and a port, such as \"0.0.0.0:5060\" or \"[::1]:5060\""));
    }
    if problem.contains("IP address") {
        return (text.to_owned(), written("an IP address, such as 203.0.113.5; names are not looked up"));
    }
    if let Some((before, _)) = text.split_once(", expected a nonzero") {
        return (before.to_owned(), written("a whole number above zero"));
    }
    if let Some((before, _)) = text.split_once(", expected struct") {
        let hint =
            hints::missing_colon(before).or_else(|| written("keys with values here, such as in config.example.yaml"));
        return (before.to_owned(), hint);
    }
    (text.to_owned(), None)
}

/// `sip.listen: what is wrong` parted; the path is empty at the top.
fn split_path(text: &str) -> (&str, &str) {
    match text.split_once(": ") {
        Some((path, problem)) if !path.is_empty() && !path.contains(' ') => (path, problem),
        _ => ("", text),
    }
}

/// The unknown word and the known ones, from ``x`, expected one of `a`, `b``.
fn unknown_and_known(rest: &str) -> (String, Vec<String>) {
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    (quoted.next().unwrap_or_default(), quoted.collect())
}

fn suggest(word: &str, known: &[String], kind: &str) -> String {
    let nearest =
        known.iter().map(|candidate| (distance(&word.to_lowercase(), &candidate.to_lowercase()), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 2 || distance * 3 <= candidate.chars().count() => {
            format!("did you mean {candidate}?")
        }
        _ => format!("possible {kind}: {}", known.join(", ")),
    }
}

/// How many letters must be put in, left out or replaced, or swapped with their neighbour, to make one word the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(letter != other);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && *letter == to[j - 1] {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}
