//! A YAML file as a tree in which every node knows its place. Every scalar stays text: `0123`, `09:00` and `yes` are
//! what was written. Anchors, aliases, tags, merge keys and several documents are refused; depth and size are bounded.

use super::sources::{Finding, Report};
use super::{Code, Place, Text};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;

/// The deepest nesting.
const MAX_DEPTH: usize = 32;
/// The most nodes in a file.
const MAX_NODES: usize = 200_000;

/// A node and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub place: Place,
    /// In characters, within the first line.
    pub length: u32,
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing was written.
    Nothing,
    /// A scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<(Key, Node)>),
}

/// The key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    pub text: String,
    pub place: Place,
    pub length: u32,
}

impl Node {
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Nothing | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub fn map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Nothing | Kind::Text(_) | Kind::List(_) => None,
        }
    }

    /// What it is, for messages.
    pub fn kind_name(&self) -> Text {
        match self.kind {
            Kind::Nothing => Text::new("nothing", "пусто"),
            Kind::Text(_) => Text::new("a text", "текст"),
            Kind::List(_) => Text::new("a list", "список"),
            Kind::Map(_) => Text::new("keys with values", "ключи со значениями"),
        }
    }
}

/// An unfinished collection.
enum Open {
    List { node: Node, items: Vec<Node> },
    Map { node: Node, entries: Vec<(Key, Node)>, key: Option<Key>, seen: HashMap<String, Place> },
}

struct Builder<'r> {
    report: &'r mut Report,
    file: u16,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

/// Builds the tree of a file; what is wrong with it goes into the report. `None` when there is no tree to go on with.
pub(super) fn parse(report: &mut Report, file: u16, text: &str) -> Option<Node> {
    let before = report.problems.len();
    super::traps::scan(report, file, text);
    let trapped = report.problems.len() > before;
    let mut builder = Builder { report, file, open: Vec::new(), root: None, documents: 0, nodes: 0 };
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                if !builder.take(event, span) {
                    return None;
                }
            }
            Err(error) => {
                if !trapped {
                    let line = u32::try_from(error.marker().line()).unwrap_or(u32::MAX);
                    let column = u32::try_from(error.marker().col() + 1).unwrap_or(u32::MAX);
                    let place = Place { file, line, column };
                    super::traps::explain(builder.report, place, text, error.info());
                }
                return None;
            }
        }
    }
    let root = builder.root.take();
    if root.is_none() && !trapped {
        let message = Text::new("the file is empty", "файл пуст");
        let help = Text::new("write the menu here or delete the file", "напишите здесь меню или удалите файл");
        report.add(Place { file, line: 1, column: 1 }, 1, Finding::new(Code::E17, message).help(help));
    }
    root
}

impl Builder<'_> {
    /// Takes an event; `false` ends the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let place = self.place(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => true,
            Event::DocumentStart(_) => self.document(place),
            Event::Alias(_) => {
                self.refuse(place, "aliases (*name) are not used here", "псевдонимы (*имя) здесь не используются");
                true
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.plain(place, anchor, tag.is_some());
                let empty = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let kind = if empty { Kind::Nothing } else { Kind::Text(text.into_owned()) };
                let length = if span.start.line() == span.end.line() { length(span) } else { 0 };
                self.add(Node { place, length, kind })
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain(place, anchor, tag.is_some());
                let node = Node { place, length: 1, kind: Kind::Nothing };
                self.open(Open::List { node, items: Vec::new() })
            }
            Event::MappingStart(anchor, tag) => {
                self.plain(place, anchor, tag.is_some());
                let node = Node { place, length: 1, kind: Kind::Nothing };
                self.open(Open::Map { node, entries: Vec::new(), key: None, seen: HashMap::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { mut node, items }) => {
                    node.kind = Kind::List(items);
                    self.add(node)
                }
                Some(Open::Map { mut node, entries, .. }) => {
                    node.kind = Kind::Map(entries);
                    self.add(node)
                }
                None => false,
            },
        }
    }

    fn document(&mut self, place: Place) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            self.refuse(place, "a second document begins here", "здесь начинается второй документ");
        }
        self.documents == 1
    }

    fn open(&mut self, open: Open) -> bool {
        if self.open.len() >= MAX_DEPTH {
            let place = match &open {
                Open::List { node, .. } | Open::Map { node, .. } => node.place,
            };
            self.refuse(place, "nested more than 32 deep", "вложенность больше 32");
            return false;
        }
        self.open.push(open);
        true
    }

    fn add(&mut self, node: Node) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.refuse(node.place, "more than 200 000 values in one file", "больше 200 000 значений в одном файле");
            return false;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => return self.key(node),
            },
        }
        true
    }

    fn key(&mut self, node: Node) -> bool {
        let Node { place, length, kind } = node;
        let text = match kind {
            Kind::Text(text) if text == "<<" => {
                self.refuse(place, "merge keys (<<) are not used here", "слияние ключей (<<) здесь не используется");
                text
            }
            Kind::Text(text) => text,
            Kind::Nothing | Kind::List(_) | Kind::Map(_) => {
                // After a tag or an anchor a second complaint about the same place would only confuse.
                if self.report.problems.last().is_none_or(|problem| problem.place != place) {
                    self.refuse(place, "a key must be one word", "ключ должен быть одним словом");
                }
                String::new()
            }
        };
        let mut duplicate = None;
        if let Some(Open::Map { key, seen, .. }) = self.open.last_mut() {
            duplicate = seen.insert(text.clone(), place);
            *key = Some(Key { text: text.clone(), place, length });
        }
        if let Some(first) = duplicate {
            let line = first.line;
            let message = Text::new(
                format!("\"{text}\" is written twice, first in line {line}"),
                format!("«{text}» записано дважды, впервые в строке {line}"),
            );
            self.report.add(place, length, Finding::new(Code::E02, message));
        }
        true
    }

    fn plain(&mut self, place: Place, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse(place, "anchors (&name) are not used here", "якоря (&имя) здесь не используются");
        }
        if tagged {
            self.refuse(place, "tags (!name) are not used here", "теги (!имя) здесь не используются");
        }
    }

    fn refuse(&mut self, place: Place, en: &str, ru: &str) {
        let help = Text::new("write it out in plain YAML", "запишите обычным YAML, без сокращений");
        self.report.add(place, 0, Finding::new(Code::E17, Text::new(en, ru)).help(help));
    }

    fn place(&self, span: Span) -> Place {
        let line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX);
        Place { file: self.file, line, column }
    }
}

fn length(span: Span) -> u32 {
    u32::try_from(span.len()).unwrap_or(0)
}
