//! Phrases and ladders.

use super::{Decoder, Entry, did_you_mean};
use crate::ivr::menu::lexis::in_language;
use crate::ivr::menu::sources::Finding;
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{Code, Phrase, Place, Text};
use crate::ivr::speech::{Ladder, LadderStep, Part, PhraseText, PhraseTextError, PhraseTextProblem};
use crate::model::Lang;
use std::collections::BTreeMap;

impl<'t> Decoder<'t> {
    pub(super) fn phrases(&mut self) -> Vec<Phrase> {
        self.section("phrases").into_iter().map(|entry| self.one_phrase(entry)).collect()
    }

    fn one_phrase(&mut self, entry: Entry<'t>) -> Phrase {
        let mut texts = Vec::new();
        if let Some(fields) = self.fields(entry.node, ("a phrase", "у фразы"), &["ru", "en"]) {
            for lang in self.languages.clone() {
                match fields.get(lang.code()) {
                    Some(node) => texts.extend(self.phrase_text(lang, node).map(|text| (lang, text))),
                    None => self.missing_text(entry, lang),
                }
            }
        }
        if texts.is_empty() {
            texts.push((Lang::default(), PhraseText { voice: Lang::default(), parts: Vec::new() }));
        }
        Phrase { name: entry.key.text.as_str().into(), texts, place: entry.key.place }
    }

    fn missing_text(&mut self, entry: Entry<'t>, lang: Lang) {
        let name = &entry.key.text;
        let message = Text::new(
            format!("phrase \"{name}\" has no text in {}", in_language(lang).en),
            format!("у фразы «{name}» нет текста {}", in_language(lang).ru),
        );
        let help = Text::new(format!("add `{lang}: >-` and the text"), format!("добавьте `{lang}: >-` и текст"));
        self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E07, message).help(help));
    }

    /// A text, or `{lang: en, text: …}` for a text in another language's voice.
    fn phrase_text(&mut self, lang: Lang, node: &'t Node) -> Option<PhraseText> {
        let (voice, node) = if matches!(node.kind, Kind::Map(_)) {
            let fields = self.fields(node, ("a phrase's text", "у текста фразы"), &["lang", "text"])?;
            let voice = self.need(&fields, "lang").and_then(|node| self.language_code(node));
            (voice.unwrap_or(lang), self.need(&fields, "text")?)
        } else {
            (lang, node)
        };
        let text = self.text(node)?;
        match PhraseText::parse(voice, text) {
            Ok(text) => Some(text),
            Err(errors) => {
                for error in errors {
                    self.phrase_error(node, error);
                }
                Some(PhraseText { voice, parts: vec![Part::Text { text: text.to_owned(), clip: None }] })
            }
        }
    }

    fn phrase_error(&mut self, node: &Node, error: PhraseTextError) {
        let inside = node.text().and_then(|text| text.get(error.at)).unwrap_or_default();
        let what = match error.problem {
            PhraseTextProblem::Unclosed => Text::new("a brace is never closed", "фигурная скобка не закрыта"),
            PhraseTextProblem::Unopened => Text::new("} without {", "} без {"),
            PhraseTextProblem::Empty => Text::new("nothing between the braces", "между скобками пусто"),
            PhraseTextProblem::BadPath(path) => {
                Text::new(format!("\"{path}\" is no name of a value"), format!("«{path}» — не имя значения"))
            }
            PhraseTextProblem::UnknownFormat(format) => {
                let (meant, meant_ru) = did_you_mean(format.did_you_mean.as_deref());
                let name = format.name;
                Text::new(format!("no format \"{name}\"{meant}"), format!("нет формата «{name}»{meant_ru}"))
            }
            PhraseTextProblem::Silent => Text::new("the phrase says nothing", "фраза ничего не говорит"),
        };
        let help = Text::new("write a value as {card.last4|digits}", "значение пишется так: {card.last4|digits}");
        let place = self.within(node, inside);
        let length = u32::try_from(inside.chars().count()).unwrap_or(1);
        self.report.add(place, length, Finding::new(Code::E08, what).help(help));
    }

    /// The place of a piece of a text, which may stand some lines below the node's beginning.
    pub(super) fn within(&self, node: &Node, piece: &str) -> Place {
        self.report.find(node.place, piece).unwrap_or(node.place)
    }

    pub(super) fn ladders(&mut self) -> Vec<Ladder> {
        self.section("ladders").into_iter().map(|entry| self.ladder(entry)).collect()
    }

    fn ladder(&mut self, entry: Entry<'t>) -> Ladder {
        let items = self.list(entry.node);
        let count = items.len();
        let mut steps: Vec<LadderStep> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let Some(fields) = self.fields(item, ("a step of a ladder", "у ступени"), &["below", "ru", "en"])
            else {
                continue;
            };
            let below = fields.get("below").and_then(|node| self.duration(node));
            let before = steps.last().and_then(|step| step.below);
            if below.zip(before).is_some_and(|(below, before)| below <= before)
                || (below.is_none() && index + 1 < count)
            {
                let message = Text::new("the steps of a ladder must rise", "ступени должны идти по возрастанию");
                let help = Text::new("only the last step has no `below`", "только у последней ступени нет `below`");
                self.problem_help(item, Code::E16, message, help);
            }
            let mut texts = BTreeMap::new();
            for lang in self.languages.clone() {
                if let Some(node) = fields.get(lang.code()) {
                    texts.extend(self.text(node).map(|text| (lang, text.to_owned())));
                } else {
                    let message = Text::new(
                        format!("this step has no text in {}", in_language(lang).en),
                        format!("у ступени нет текста {}", in_language(lang).ru),
                    );
                    self.problem(item, Code::E07, message);
                }
            }
            steps.push(LadderStep { below, texts });
        }
        if steps.last().is_none_or(|step| step.below.is_some()) {
            let message =
                Text::new("the last step must hold for all that is left", "последняя ступень должна быть без `below`");
            self.report.add(entry.key.place, entry.key.length, Finding::new(Code::E16, message));
        }
        Ladder { name: entry.key.text.as_str().into(), steps }
    }

    pub(super) fn language_code(&mut self, node: &'t Node) -> Option<Lang> {
        self.one_of(node, &Lang::ALL.map(|lang| (lang.code(), lang)))
    }
}
