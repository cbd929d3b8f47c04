//! The files as text, and problems made from places in them.

use super::lexis::foreign_letter;
use super::{Code, Name, Place, Problem, Text};
use std::collections::HashMap;
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

    /// A place within the file: what is noticed only behind the end belongs to the last line that says something.
    fn inside(&self, place: Place) -> Place {
        let index = (place.line as usize).wrapping_sub(1);
        let says = |line: &&Arc<str>| !line.trim().is_empty();
        let after_all = self.lines.iter().skip(index).all(|line| !says(&line));
        let fits = self.lines.get(index).is_some_and(|line| place.column as usize <= line.chars().count() + 1);
        if fits && !after_all {
            return place;
        }
        let upto = self.lines.len().min(index.saturating_add(1));
        let last = self.lines.iter().take(upto).rposition(|line| says(&line)).unwrap_or(0);
        let blank = self.lines.get(last).map_or(0, |line| line.chars().take_while(|c| c.is_whitespace()).count());
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        Place { line: number(last), column: number(blank), ..place }
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
    /// Which problems there are at a place.
    at: HashMap<(Place, Code), Vec<usize>>,
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
        let place = source.map_or(place, |source| source.inside(place));
        let (file, line) = source.map(|source| (source.name.clone(), source.line(place.line))).unwrap_or_default();
        let Finding { code, message, help } = finding;
        let length = if length == 0 { token_length(&line, place.column) } else { length };
        let help = lookalike(code, &line, place.column, length).unwrap_or(help);
        let problem = Problem { code, severity: code.severity(), file, place, length, source: line, message, help };
        let same = self.at.entry((place, code)).or_default();
        if same.iter().all(|index| self.problems.get(*index) != Some(&problem)) {
            same.push(self.problems.len());
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

/// The advice for a name that is not known because one of its letters only looks like the right one.
fn lookalike(code: Code, line: &str, column: u32, length: u32) -> Option<Text> {
    if !matches!(code, Code::E01 | Code::E15 | Code::E18) {
        return None;
    }
    let word: String = line.chars().skip(column.saturating_sub(1) as usize).take(length as usize).collect();
    let letter = foreign_letter(&word)?;
    Some(Text::new(
        format!("the letter {letter} of this word is Cyrillic; type the word anew in the English layout"),
        format!("буква «{letter}» в этом слове русская; наберите слово заново в английской раскладке"),
    ))
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
