//! Conditions in words.

use super::super::{Comparison, Condition, Literal, Source};
use super::Page;

impl Page<'_> {
    /// ` (only if …)`
    pub(super) fn only_if(&self, condition: &Condition) -> String {
        format!(" ({} {})", self.word("only if", "только если"), self.condition(condition))
    }

    pub(super) fn condition(&self, condition: &Condition) -> String {
        let list =
            |all: &[Condition], word: &str| all.iter().map(|one| self.condition(one)).collect::<Vec<_>>().join(word);
        match condition {
            Condition::Holds(Source::Hours(_)) => self.hours(condition, true),
            Condition::Holds(Source::Switch(id)) => {
                let (switch, on) = (self.word("switch", "переключатель"), self.word("is on", "включён"));
                format!("{switch} {} {on}", self.menu[*id].name)
            }
            Condition::Holds(Source::CallerBlocked) => {
                self.word("the number goes to an operator at once", "номер из тех, что идут сразу к оператору")
            }
            Condition::Holds(source) => self.source(source),
            Condition::Compare { left: Source::Hours(_), how, right } => {
                let is_open = |one: &Source| matches!(one, Source::Literal(Literal::Word(word)) if **word == *"open");
                self.hours(condition, right.iter().any(is_open) == (*how != Comparison::IsNot))
            }
            Condition::Compare { left, how, right } => {
                let right: Vec<String> = right.iter().map(|one| self.source(one)).collect();
                let how = match how {
                    Comparison::Is => self.word("is", "—"),
                    Comparison::IsNot => self.word("is not", "— не"),
                    Comparison::In => self.word("is one of", "— одно из"),
                    Comparison::Less => self.word("is less than", "меньше"),
                    Comparison::Greater => self.word("is more than", "больше"),
                };
                format!("{} {how} {}", self.source(left), right.join(", "))
            }
            Condition::And(all) => list(all, &self.word(" and ", " и ")),
            Condition::Or(any) => format!("({})", list(any, &self.word(" or ", " или "))),
            Condition::Not(inner) => format!("{} {}", self.word("not:", "неверно, что"), self.condition(inner)),
        }
    }

    fn hours(&self, condition: &Condition, open: bool) -> String {
        let (Condition::Holds(Source::Hours(id)) | Condition::Compare { left: Source::Hours(id), .. }) = condition
        else {
            return self.plain().condition(condition);
        };
        let state =
            if open { self.word("are open", "открыты") } else { self.word("are closed", "закрыты") };
        format!("{} {} {state}", self.word("the hours", "часы"), self.menu[*id].name)
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::CallerLevel => self.word("the caller's level", "уровень клиента"),
            Source::CallLine => self.word("the line", "линия"),
            Source::QueuePosition => self.word("the place in the queue", "место в очереди"),
            Source::QueueWait(None) => self.word("the wait", "ожидание"),
            Source::QueueWait(Some(id)) => {
                format!("{} {}", self.word("the wait in queue", "ожидание в очереди"), self.menu[*id].name)
            }
            Source::Answer(name) => format!("{} {name}", self.word("the answer", "ответ")),
            other => self.plain().source(other),
        }
    }
}
