//! Conditions: `answer.reason is fraud and not hours.support is closed`.

use super::{Decoder, did_you_mean};
use crate::ivr::menu::sources::Finding;
use crate::ivr::menu::tree::Node;
use crate::ivr::menu::{Code, Comparison, Condition, HoursId, Literal, QueueId, Source, SwitchId, Text, lexis};

/// Deeper than any person writes.
const MAX_DEPTH: usize = 16;

/// A word of a condition and the column it begins at, counted in characters from the text's beginning.
type Token = (String, u32);

struct Tokens<'n> {
    node: &'n Node,
    words: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Tokens<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.next).map(|(word, _)| word.as_str())
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    fn pop(&mut self) -> Option<Token> {
        let token = self.words.get(self.next).cloned();
        self.next += usize::from(token.is_some());
        token
    }
}

impl<'t> Decoder<'t> {
    /// Reads a condition; `None` after a report.
    pub(super) fn condition(&mut self, node: &'t Node) -> Option<Condition> {
        let text = self.text(node)?;
        let mut tokens = Tokens { node, words: split(text), next: 0, depth: 0 };
        let condition = self.any_of(&mut tokens)?;
        if tokens.peek().is_some() {
            self.stuck(&tokens);
            return None;
        }
        Some(condition)
    }

    fn any_of(&mut self, tokens: &mut Tokens<'_>) -> Option<Condition> {
        let mut parts = vec![self.all_of(tokens)?];
        while tokens.take("or") {
            parts.push(self.all_of(tokens)?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn all_of(&mut self, tokens: &mut Tokens<'_>) -> Option<Condition> {
        let mut parts = vec![self.one(tokens)?];
        while tokens.take("and") {
            parts.push(self.one(tokens)?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn one(&mut self, tokens: &mut Tokens<'_>) -> Option<Condition> {
        tokens.depth += 1;
        if tokens.depth > MAX_DEPTH {
            self.stuck(tokens);
            return None;
        }
        let condition = self.one_within(tokens);
        tokens.depth -= 1;
        condition
    }

    fn one_within(&mut self, tokens: &mut Tokens<'_>) -> Option<Condition> {
        if tokens.take("not") {
            return Some(Condition::Not(Box::new(self.one(tokens)?)));
        }
        if tokens.take("(") {
            let inner = self.any_of(tokens)?;
            if !tokens.take(")") {
                self.stuck(tokens);
                return None;
            }
            return Some(inner);
        }
        let Some((word, at)) = tokens.pop() else {
            self.stuck(tokens);
            return None;
        };
        let left = self.source(tokens.node, &word, at)?;
        let how = match tokens.peek() {
            Some("is") => {
                tokens.next += 1;
                if tokens.take("not") { Comparison::IsNot } else { Comparison::Is }
            }
            Some("in") => Comparison::In,
            Some("<") => Comparison::Less,
            Some(">") => Comparison::Greater,
            _ => return Some(Condition::Holds(left)),
        };
        if !matches!(how, Comparison::Is | Comparison::IsNot) {
            tokens.next += 1;
        }
        let right = if how == Comparison::In { self.several(tokens)? } else { vec![self.value(tokens)?] };
        Some(Condition::Compare { left, how, right })
    }

    fn several(&mut self, tokens: &mut Tokens<'_>) -> Option<Vec<Source>> {
        if !tokens.take("[") {
            self.stuck(tokens);
            return None;
        }
        let mut values = vec![self.value(tokens)?];
        while tokens.take(",") {
            values.push(self.value(tokens)?);
        }
        if !tokens.take("]") {
            self.stuck(tokens);
            return None;
        }
        Some(values)
    }

    fn value(&mut self, tokens: &mut Tokens<'_>) -> Option<Source> {
        match tokens.peek() {
            None | Some("(" | ")" | "[" | "]" | "," | "<" | ">" | "and" | "or" | "is" | "in" | "not") => {
                self.stuck(tokens);
                None
            }
            Some(word) => {
                let literal = literal(word);
                let (word, at) = tokens.pop()?;
                if literal.is_none() || word.contains('.') {
                    return self.source(tokens.node, &word, at);
                }
                literal.map(Source::Literal)
            }
        }
    }

    /// A source of a value by its path.
    pub(super) fn source(&mut self, node: &Node, path: &str, at: u32) -> Option<Source> {
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        let found = match (first, rest.as_slice()) {
            ("caller", ["level"]) => Some(Source::CallerLevel),
            ("caller", ["profile"]) => Some(Source::CallerProfile),
            ("caller", ["is_blocked_number"]) => Some(Source::CallerBlocked),
            ("call", ["from"]) => Some(Source::CallFrom),
            ("call", ["line"]) => Some(Source::CallLine),
            ("answer", [name]) => Some(Source::Answer((*name).into())),
            ("item", [name]) => Some(Source::Item((*name).into())),
            ("queue", ["position"]) => Some(Source::QueuePosition),
            ("queue", ["wait"]) => Some(Source::QueueWait(None)),
            ("queue", [name, "wait"]) => {
                return self.named(node, at, "queues", name).map(|id| Source::QueueWait(Some(QueueId(id))));
            }
            ("switch", [name]) => return self.named(node, at, "switches", name).map(|id| Source::Switch(SwitchId(id))),
            ("hours", [name]) => return self.named(node, at, "hours", name).map(|id| Source::Hours(HoursId(id))),
            (name, []) if self.kept.contains(name) => Some(Source::Kept(name.into(), None)),
            (name, [field]) if self.kept.contains(name) => Some(Source::Kept(name.into(), Some((*field).into()))),
            _ => None,
        };
        if found.is_none() {
            self.unknown_source(node, path, at);
        }
        found
    }

    fn named(&mut self, node: &Node, at: u32, section: &'static str, name: &str) -> Option<u16> {
        let id = self.id(section, name);
        if id.is_none() {
            let mut place = self.within(node, name);
            if place == node.place {
                place.column += at;
            }
            self.unknown_name(place, u32::try_from(name.chars().count()).unwrap_or(1), section, name);
        }
        id
    }

    fn unknown_source(&mut self, node: &Node, path: &str, at: u32) {
        const KNOWN: [&str; 7] = [
            "caller.level",
            "caller.profile",
            "caller.is_blocked_number",
            "call.from",
            "call.line",
            "queue.position",
            "queue.wait",
        ];
        let kept: Vec<String> = self.kept.iter().cloned().collect();
        let known = KNOWN.into_iter().chain(kept.iter().map(String::as_str));
        let (meant, meant_ru) = did_you_mean(lexis::nearest(path, known));
        let message = Text::new(format!("\"{path}\" is no value{meant}"), format!("«{path}» — не значение{meant_ru}"));
        let help = Text::new(
            "values are answer.NAME, caller.level, call.from, call.line, hours.NAME, switch.NAME, queue.wait and what \
             an operation keeps under `as:`",
            "значения: answer.ИМЯ, caller.level, call.from, call.line, hours.ИМЯ, switch.ИМЯ, queue.wait и то, что \
             операция сохранила под `as:`",
        );
        let mut place = node.place;
        place.column += at;
        let length = u32::try_from(path.chars().count()).unwrap_or(1);
        self.report.add(place, length, Finding::new(Code::E08, message).help(help));
    }

    fn stuck(&mut self, tokens: &Tokens<'_>) {
        let (word, at) = tokens.words.get(tokens.next).cloned().unwrap_or_else(|| {
            let end = tokens.node.text().map_or(0, |text| text.chars().count());
            (String::new(), u32::try_from(end).unwrap_or(0))
        });
        let message = if word.is_empty() {
            Text::new("the condition ends too early", "условие обрывается")
        } else {
            Text::new(format!("\"{word}\" does not fit here"), format!("«{word}» здесь не подходит"))
        };
        let help = Text::new(
            "write `answer.reason is fraud`, `queue.support.wait > 3m`, `hours.support is closed`; join with and, or, not",
            "пишите `answer.reason is fraud`, `queue.support.wait > 3m`, `hours.support is closed`; союзы and, or, not",
        );
        let mut place = tokens.node.place;
        place.column += at;
        let length = u32::try_from(word.chars().count()).unwrap_or(1).max(1);
        self.report.add(place, length, Finding::new(Code::E19, message).help(help));
    }
}

/// A word, number or length of time.
pub(super) fn literal(word: &str) -> Option<Literal> {
    if let Some(length) = lexis::duration(word) {
        return Some(Literal::Duration(length));
    }
    if let Ok(number) = word.parse() {
        return Some(Literal::Number(number));
    }
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    word.chars().all(plain).then(|| Literal::Word(word.into()))
}

fn split(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    for (at, letter) in text.chars().enumerate() {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        if letter.is_whitespace() || letter == '"' || letter == '\'' {
            open = false;
        } else if matches!(letter, '(' | ')' | '[' | ']' | ',' | '<' | '>') {
            tokens.push((letter.to_string(), at));
            open = false;
        } else if let Some((word, _)) = tokens.last_mut().filter(|_| open) {
            word.push(letter);
        } else {
            tokens.push((letter.to_string(), at));
            open = true;
        }
    }
    tokens
}
