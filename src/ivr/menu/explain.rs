//! A menu or task as the caller hears it, for people to read.

use super::problem::push;
use super::{Go, Inherited, Listen, Menu, MenuNode, Node, Origin, PhraseId, Reaction, Text, Trouble, lexis};
use crate::ivr::speech::{Part, PhraseText};
use crate::ivr::words::{Words, length};
use crate::model::{Digit, Lang};

mod conditions;
mod queues;
mod steps;

/// Characters spoken in a second.
const SPEED: usize = 14;

/// What the caller hears at a node, with its keys; inherited values are marked and seconds estimated.
#[must_use]
pub fn explain(menu: &Menu, node: Node, lang: Lang) -> String {
    let mut page = Page { menu, lang, text: String::new(), letters: 0 };
    match node {
        Node::Menu(id) => page.menu_node(node, &menu[id]),
        Node::Task(id) => page.task(node, &menu[id]),
    }
    let seconds = page.letters.div_ceil(SPEED);
    let line = page.word(&format!("About {seconds} s of speech."), &format!("Около {seconds} с речи."));
    page.line(&line);
    page.text
}

/// The node of a name.
#[must_use]
pub fn node_named(menu: &Menu, name: &str) -> Option<Node> {
    let task = menu.tasks.iter().position(|task| *task.name == *name);
    let id = |index: usize| u16::try_from(index).ok();
    if let Some(index) = task {
        return id(index).map(|id| Node::Task(super::TaskId(id)));
    }
    let index = menu.menus.iter().position(|node| *node.name == *name)?;
    id(index).map(|id| Node::Menu(super::MenuId(id)))
}

struct Page<'m> {
    menu: &'m Menu,
    lang: Lang,
    text: String,
    letters: usize,
}

impl Page<'_> {
    const fn plain(&self) -> Words<'_> {
        Words { menu: self.menu, lang: self.lang }
    }

    fn word(&self, en: &str, ru: &str) -> String {
        Text::new(en, ru).get(self.lang).to_owned()
    }

    fn line(&mut self, text: &str) {
        push(&mut self.text, format_args!("{text}\n"));
    }

    /// The words of a phrase, values in their braces.
    fn words(&self, id: PhraseId) -> String {
        let phrase = &self.menu[id];
        let text = phrase.texts.iter().find(|(lang, _)| *lang == self.lang).or(phrase.texts.first());
        text.map(|(_, text)| words(text)).unwrap_or_default()
    }

    fn say(&mut self, indent: &str, id: PhraseId) {
        let words = self.words(id);
        self.letters += words.chars().count();
        self.line(&format!("{indent}“{words}”"));
    }

    fn offer(&mut self, digit: Digit, offer: PhraseId) -> String {
        let key = match (digit, self.lang) {
            (Digit::STAR, Lang::Ru) => "звёздочку".to_owned(),
            (Digit::HASH, Lang::Ru) => "решётку".to_owned(),
            (digit, _) => lexis::key_name(digit),
        };
        let offer = self.words(offer);
        let press = self.words(self.menu.press).replace("{offer}", &offer).replace("{key}", &key);
        self.letters += press.chars().count();
        press
    }

    fn menu_node(&mut self, at: Node, node: &MenuNode) {
        let kind = self.word("Menu", "Меню");
        self.line(&format!("{kind} {} — {}", node.name, node.title));
        self.begins(at);
        if let Some(intro) = node.intro {
            self.say("  ", intro);
        }
        if let Some(say) = node.say {
            self.say("  ", say);
        }
        let spoken = node.options.iter().filter(|option| option.digit.as_char() != '0');
        let operator = node.options.iter().filter(|option| option.digit.as_char() == '0');
        for option in spoken.chain(operator) {
            let words = self.offer(option.digit, option.offer);
            let target = self.target(option.go);
            let hidden = option.condition.as_ref().map(|condition| self.only_if(condition)).unwrap_or_default();
            self.line(&format!("  “{words}” → {target}{hidden}"));
        }
        if let Some(hint) = node.hint {
            self.say("  ", hint);
        }
        if let Some(back) = node.back {
            let text =
                format!("  {} → {}", self.word("back from the first menu", "назад из первого меню"), self.target(back));
            self.line(&text);
        }
        self.keys("  ", &node.keys);
        self.trouble("  ", &node.trouble);
        self.listen("  ", &node.listen);
    }

    fn keys(&mut self, indent: &str, keys: &[(Digit, Inherited<Go>)]) {
        for (digit, go) in keys {
            let (key, target, from) = (lexis::key_name(*digit), self.target(go.value), self.origin(go.from));
            let word = self.word("key", "клавиша");
            self.line(&format!("{indent}{word} {key} → {target}{from}"));
        }
    }

    fn origin(&self, origin: Origin) -> String {
        match origin {
            Origin::Own => String::new(),
            Origin::Project => self.word(" (inherited)", " (унаследовано)"),
            Origin::BuiltIn => self.word(" (built in)", " (по умолчанию)"),
        }
    }

    fn trouble(&mut self, indent: &str, inherited: &Inherited<Trouble>) {
        let (trouble, from) = (&inherited.value, self.origin(inherited.from));
        let silence = self.word("silence", "тишина");
        let wrong = self.word("wrong key", "неверная клавиша");
        for (name, reactions) in [(silence, &trouble.silence), (wrong, &trouble.wrong)] {
            let steps: Vec<String> = reactions.iter().map(|reaction| self.reaction(reaction)).collect();
            self.line(&format!("{indent}{name}: {}{from}", steps.join("; ")));
        }
    }

    fn listen(&mut self, indent: &str, inherited: &Inherited<Listen>) {
        let listen = &inherited.value;
        let (first, next) = (length(listen.first_key), length(listen.next_key));
        let (waits, then) =
            (self.word("waits for a key", "ждёт клавишу"), self.word("between keys", "между клавишами"));
        let uncut = if listen.barge_in {
            String::new()
        } else {
            self.word(", keys do not cut speech", ", клавиши не перебивают")
        };
        let from = self.origin(inherited.from);
        self.line(&format!("{indent}{waits} {first}, {then} {next}{uncut}{from}"));
    }

    fn reaction(&self, reaction: &Reaction) -> String {
        let said = reaction.say.map(|phrase| format!("“{}” ", self.words(phrase))).unwrap_or_default();
        let go = reaction.go.map_or_else(|| self.word("again", "повтор"), |go| format!("→ {}", self.target(go)));
        format!("{said}{go}")
    }

    fn target(&self, go: Go) -> String {
        match go {
            Go::Node(Node::Task(id)) => self.menu[id].name.to_string(),
            Go::Node(Node::Menu(id)) => self.menu[id].name.to_string(),
            Go::Operator => self.word("operator", "оператор"),
            Go::Back => self.word("back", "назад"),
            Go::Repeat => self.word("again", "повтор"),
            Go::SwitchLanguage => self.word("other language", "другой язык"),
            Go::Return => self.word("return", "возврат"),
            Go::HangUp => self.word("end of the call", "конец звонка"),
        }
    }

    /// Whose call begins here.
    fn begins(&mut self, node: Node) {
        let menu = self.menu;
        for line in menu.lines.iter().filter(|line| line.start == node) {
            let numbers: Vec<&str> = line.numbers.iter().map(crate::model::PhoneNumber::as_str).collect();
            let (en, ru) = ("begins here: line", "отсюда начинается: линия");
            let text = format!("  {} {} ({})", self.word(en, ru), line.name, numbers.join(", "));
            self.line(&text);
        }
        for profile in menu.profiles.iter().filter(|profile| profile.start == Some(node)) {
            let slow = if profile.slow { self.word(", slowly", ", медленно") } else { String::new() };
            let lang = profile.lang.map(|lang| format!(", {lang}")).unwrap_or_default();
            let text = format!(
                "  {} {}{slow}{lang}, +{} {}",
                self.word("begins here: profile", "отсюда начинается: профиль"),
                profile.name,
                profile.priority,
                self.word("s in every queue", "с в каждой очереди")
            );
            self.line(&text);
        }
    }
}

fn words(text: &PhraseText) -> String {
    let parts = text.parts.iter().map(|part| match part {
        Part::Text { text, .. } => text.clone(),
        Part::Value { path, .. } => format!("{{{path}}}"),
    });
    parts.collect()
}

#[cfg(test)]
mod tests;
