//! The files as text, and problems made from places in them.

use super::{Code, Name, Place, Problem, Text};
use std::sync::Arc;

/// One menu file.
#[derive(Debug)]
pub(super) struct Source {
    pub name: Name,
    lines: Vec<Arc<str>>,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let lines = text.split('\n').map(|line| Arc::from(line.trim_end_matches('\r'))).collect();
        Self { name: name.into(), lines }
    }

    fn line(&self, number: u32) -> Arc<str> {
        let index = (number as usize).wrapping_sub(1);
        self.lines.get(index).cloned().unwrap_or_default()
    }
}

/// All problems found so far, with the files they are in.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub sources: Vec<Source>,
    pub problems: Vec<Problem>,
}

/// What is reported, apart from where.
pub(super) struct Finding {
    pub code: Code,
    pub message: Text,
    pub help: Text,
}

impl Finding {
    /// A finding whose help is the code's general advice.
    pub fn new(code: Code, message: Text) -> Self {
        Self { code, message, help: code.advice() }
    }

    pub fn help(mut self, help: Text) -> Self {
        self.help = help;
        self
    }
}

impl Report {
    /// Keeps a problem; the same one twice is kept once.
    pub fn add(&mut self, place: Place, length: u32, finding: Finding) {
        let source = self.sources.get(usize::from(place.file));
        let (file, line) = source.map(|source| (source.name.clone(), source.line(place.line))).unwrap_or_default();
        let Finding { code, message, help } = finding;
        let length = if length == 0 { token_length(&line, place.column) } else { length };
        let problem = Problem { code, severity: code.severity(), file, place, length, source: line, message, help };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Where something is, as a reader finds it: `menus/hotline.yaml:12`.
    pub fn whereabouts(&self, place: Place) -> String {
        let name = self.sources.get(usize::from(place.file)).map(|source| source.name.clone()).unwrap_or_default();
        format!("{name}:{}", place.line)
    }

    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(Problem::is_error)
    }

    /// The problems in the order of the files.
    pub fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.place, problem.code));
        self.problems
    }
}

/// The length of the word at a column (from 1).
fn token_length(line: &str, column: u32) -> u32 {
    let rest = line.chars().skip(column.saturating_sub(1) as usize);
    let word = rest.take_while(|letter| !letter.is_whitespace() && !matches!(letter, ',' | '}' | ']' | ':'));
    u32::try_from(word.count()).unwrap_or(1).max(1)
}

impl Report {
    /// Where a piece of text stands, at `from` or in the lines below it.
    pub fn find(&self, from: Place, piece: &str) -> Option<Place> {
        let source = self.sources.get(usize::from(from.file)).filter(|_| !piece.is_empty())?;
        let first = (from.line as usize).checked_sub(1)?;
        for (offset, line) in source.lines.iter().skip(first).take(200).enumerate() {
            let skip = if offset == 0 { from.column.saturating_sub(1) as usize } else { 0 };
            let start = line.char_indices().nth(skip).map_or(line.len(), |(byte, _)| byte);
            if let Some(byte) = line[start..].find(piece) {
                let column = line[..start + byte].chars().count() + 1;
                let line = from.line + u32::try_from(offset).ok()?;
                return Some(Place { line, column: u32::try_from(column).ok()?, ..from });
            }
        }
        None
    }
}
