//! A test file as a tree in which every node knows its line.

use super::words;
use crate::ivr::menu::Text;
use saphyr_parser::{Event, Parser};

/// The deepest nesting of a test file.
const MAX_DEPTH: usize = 16;

/// What is wrong with a test file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {}", message.en)]
pub struct ScriptError {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1, in characters.
    pub column: u32,
    /// What is wrong and what to do about it.
    pub message: Text,
}

/// A node of a test file. Every scalar is text, so `0123` stays what was written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(super) fn error(&self, file: &str, message: Text) -> ScriptError {
        ScriptError { file: file.to_owned(), line: self.line, column: self.column, message }
    }

    pub(super) fn text(&self, file: &str) -> Result<&str, ScriptError> {
        match &self.kind {
            Kind::Text(text) => Ok(text),
            Kind::List(_) | Kind::Map(_) => {
                Err(self.error(file, Text::new("a single value is expected here", "здесь нужно одно значение")))
            }
        }
    }

    pub(super) fn list(&self, file: &str) -> Result<&[Node], ScriptError> {
        match &self.kind {
            Kind::List(list) => Ok(list),
            Kind::Text(_) | Kind::Map(_) => {
                Err(self.error(file, Text::new("a list is expected here", "здесь нужен список")))
            }
        }
    }

    pub(super) fn map(&self, file: &str) -> Result<Vec<(&str, &Node, &Node)>, ScriptError> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().map(|(key, value)| Ok((key.text(file)?, key, value))).collect(),
            Kind::Text(_) | Kind::List(_) => {
                Err(self
                    .error(file, Text::new("keys with values are expected here", "здесь нужны ключи со значениями")))
            }
        }
    }
}

enum Open {
    List(Node, Vec<Node>),
    Map(Node, Vec<(Node, Node)>, Option<Node>),
}

/// Reads a file.
pub(super) fn parse(file: &str, text: &str) -> Result<Node, ScriptError> {
    let mut open: Vec<Open> = Vec::new();
    let place = |line: usize, column: usize, kind| Node {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        kind,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = place(error.marker().line(), error.marker().col(), Kind::Text(String::new()));
            at.error(file, words::no_yaml(error.info()))
        })?;
        let at = |kind| place(span.start.line(), span.start.col(), kind);
        let done = match event {
            Event::Scalar(text, ..) => at(Kind::Text(text.into_owned())),
            Event::SequenceStart(..) => {
                open.push(Open::List(at(Kind::Text(String::new())), Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(at(Kind::Text(String::new())), Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(node, items)) => Node { kind: Kind::List(items), ..node },
                Some(Open::Map(node, entries, _)) => Node { kind: Kind::Map(entries), ..node },
                None => continue,
            },
            Event::Alias(_) => {
                return Err(at(Kind::Text(String::new())).error(
                    file,
                    Text::new("aliases are not used here", "псевдонимы YAML (*имя) здесь не используются"),
                ));
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                continue;
            }
        };
        if open.len() > MAX_DEPTH {
            return Err(done.error(file, Text::new("nested too deep", "слишком глубокая вложенность")));
        }
        match open.last_mut() {
            None => return Ok(done),
            Some(Open::List(_, items)) => items.push(done),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(done),
                Some(name) => {
                    let same = |(other, _): &(Node, Node)| matches!((&other.kind, &name.kind), (Kind::Text(a), Kind::Text(b)) if a == b);
                    if entries.iter().any(same) {
                        return Err(
                            name.error(file, Text::new("this key is written twice", "этот ключ написан дважды"))
                        );
                    }
                    entries.push((name, done));
                }
            },
        }
    }
    Err(place(1, 0, Kind::Text(String::new())).error(file, Text::new("the file is empty", "файл пуст")))
}
