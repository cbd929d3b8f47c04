//! Advice: menus people can follow, words that do not frighten, calendars with holidays.

use super::super::lexis::in_language;
use super::super::sources::{Finding, Report};
use super::super::{Code, Go, HoursRule, Menu, MenuNode, Node, Phrase, PhraseId, Text};
use crate::ivr::speech::{Part, PhraseText};
use crate::model::Lang;
use std::collections::{HashMap, HashSet};

/// The most numbered options people remember.
const MAX_OPTIONS: usize = 4;
/// Seconds of speech in a menu.
const MAX_SECONDS: usize = 25;
/// Characters spoken in a second.
const SPEED: usize = 14;
/// Phrases the Bank of Russia teaches clients to be alarmed by.
const STOP_PHRASES: [&str; 6] =
    ["служба безопасности", "подозрительн", "сообщите кодовое слово", "не вешайте трубку", "срочно", "быстрее"];

pub(super) fn check(report: &mut Report, menu: &Menu) {
    menu.menus.iter().for_each(|node| options(report, menu, node));
    depth(report, menu);
    words(report, menu);
    menu.phrases.iter().for_each(|phrase| cases(report, phrase));
    for hours in &menu.hours {
        if let HoursRule::Calendar { closed, special, .. } = &*hours.rule
            && closed.is_empty()
            && special.is_empty()
        {
            let name = &hours.name;
            let message =
                Text::new(format!("hours \"{name}\" have no holidays"), format!("в часах «{name}» нет праздников"));
            report.add(hours.place, 0, Finding::new(Code::W09, message));
        }
    }
}

fn options(report: &mut Report, menu: &Menu, node: &MenuNode) {
    let mut keys: Vec<u32> = node.options.iter().filter_map(|option| option.digit.as_char().to_digit(10)).collect();
    keys.retain(|key| *key != 0 && *key != 9);
    keys.sort_unstable();
    let name = &node.name;
    if keys.len() > MAX_OPTIONS {
        let count = keys.len();
        let message =
            Text::new(format!("menu \"{name}\" has {count} options"), format!("в меню «{name}» пунктов: {count}"));
        report.add(node.place, 0, Finding::new(Code::W01, message));
    }
    if let Some(gap) = (1_u32..).zip(&keys).find(|(wanted, key)| wanted != *key).map(|(wanted, _)| wanted) {
        let message =
            Text::new(format!("menu \"{name}\" has no option {gap}"), format!("в меню «{name}» нет пункта {gap}"));
        report.add(node.place, 0, Finding::new(Code::W02, message));
    }
    for lang in &menu.languages {
        let seconds = seconds(menu, node, *lang);
        if seconds > MAX_SECONDS {
            let message = Text::new(
                format!("menu \"{name}\" takes about {seconds} s in {}", in_language(*lang).en),
                format!("меню «{name}» {} длится около {seconds} с", in_language(*lang).ru),
            );
            report.add(node.place, 0, Finding::new(Code::W03, message));
        }
    }
}

/// The estimated length of a menu, its intro and hint not included.
fn seconds(menu: &Menu, node: &MenuNode, lang: Lang) -> usize {
    let letters = |id: super::super::PhraseId| {
        let phrase = menu.phrases.get(usize::from(id.0));
        let text = phrase.and_then(|phrase| phrase.texts.iter().find(|(own, _)| *own == lang));
        text.map_or(0, |(_, text)| plain(text).chars().count())
    };
    let press = letters(menu.press);
    let all: usize = match node.say {
        Some(phrase) => letters(phrase),
        None => node.options.iter().map(|option| letters(option.offer) + press).sum(),
    };
    all / SPEED
}

fn plain(text: &PhraseText) -> String {
    let words = text.parts.iter().map(|part| match part {
        Part::Text { text, .. } => text.as_str(),
        Part::Value { .. } => "",
    });
    words.collect()
}

fn depth(report: &mut Report, menu: &Menu) {
    let mut depths: HashMap<Node, u32> = menu.lines.iter().map(|line| (line.start, 0)).collect();
    let mut work: Vec<Node> = depths.keys().copied().collect();
    while !work.is_empty() {
        let mut next = Vec::new();
        for node in work {
            let depth = depths.get(&node).copied().unwrap_or(0);
            let (targets, deeper) = targets(menu, node);
            for target in targets {
                depths.entry(target).or_insert_with(|| {
                    next.push(target);
                    depth + deeper
                });
            }
        }
        work = next;
    }
    for (node, depth) in depths {
        if let Node::Menu(id) = node
            && depth >= 3
            && let Some(found) = menu.menus.get(usize::from(id.0))
        {
            let (name, depth) = (&found.name, depth + 1);
            let message = Text::new(
                format!("to reach menu \"{name}\" the caller goes through {} menus before it", depth - 1),
                format!("чтобы дойти до меню «{name}», клиент проходит меню: {}", depth - 1),
            );
            report.add(found.place, 0, Finding::new(Code::W04, message));
        }
    }
}

fn targets(menu: &Menu, node: Node) -> (Vec<Node>, u32) {
    let of = |go: &Go| if let Go::Node(node) = go { Some(*node) } else { None };
    match node {
        Node::Menu(id) => {
            let options = menu.menus.get(usize::from(id.0)).into_iter().flat_map(|menu| &menu.options);
            (options.filter_map(|option| of(&option.go)).collect(), 1)
        }
        Node::Task(id) => {
            let steps = menu.tasks.get(usize::from(id.0)).into_iter().flat_map(|task| &task.steps);
            let gone = steps.filter_map(|step| if let super::super::Step::Go(go) = &step.step { of(go) } else { None });
            (gone.collect(), 0)
        }
    }
}

fn words(report: &mut Report, menu: &Menu) {
    let offers: HashSet<_> = menu.menus.iter().flat_map(|node| &node.options).map(|option| option.offer).collect();
    for (index, phrase) in menu.phrases.iter().enumerate() {
        for (_, text) in &phrase.texts {
            let text = plain(text).to_lowercase();
            let name = &phrase.name;
            if let Some(stop) = STOP_PHRASES.iter().find(|stop| text.contains(*stop)) {
                let message = Text::new(
                    format!("phrase \"{name}\" says «{stop}» as fraudsters do"),
                    format!("фраза «{name}» говорит «{stop}», как мошенники"),
                );
                report.add(phrase.place, 0, Finding::new(Code::W07, message));
            }
            let is_offer = u16::try_from(index).is_ok_and(|index| offers.contains(&PhraseId(index)));
            let presses = ["нажмите", "введите", "press ", "enter "].iter().any(|word| text.contains(word));
            if is_offer && presses {
                let message = Text::new(
                    format!("offer \"{name}\" says which key to press; the menu does that itself"),
                    format!("пункт «{name}» сам называет клавишу; это делает меню"),
                );
                report.add(phrase.place, 0, Finding::new(Code::W08, message));
            }
        }
    }
}

/// Values that a Russian phrase says in the nominative where its grammar asks for the genitive: «до пятое мая».
fn cases(report: &mut Report, phrase: &Phrase) {
    let name = &phrase.name;
    for (_, text) in &phrase.texts {
        for (at, right) in text.wrong_cases() {
            let value = text.values().find(|(.., here)| *here == at);
            let Some((path, Some(format), _)) = value else { continue };
            let written = format!("{{{path}|{format}}}");
            let word = text.parts.iter().zip(text.parts.iter().skip(1)).find_map(|pair| match pair {
                (Part::Text { text, .. }, Part::Value { at: here, .. }) if *here == at => {
                    text.split_whitespace().last()
                }
                _ => None,
            });
            let word = word.unwrap_or_default();
            // With its preposition it is told from the same value in the other language.
            let found = report.find(phrase.place, &format!("{word} {written}")).map(|mut place| {
                place.column += u32::try_from(word.chars().count() + 1).unwrap_or(0);
                place
            });
            let place = found.or_else(|| report.find(phrase.place, &written)).unwrap_or(phrase.place);
            let message = Text::new(
                format!("phrase \"{name}\": after «{word}» the value is said in the wrong grammatical case"),
                format!("фраза «{name}»: после «{word}» значение прозвучит не в том падеже"),
            );
            let help = Text::new(format!("write {{{path}|{right}}}"), format!("пишите {{{path}|{right}}}"));
            let length = u32::try_from(written.chars().count()).unwrap_or(0);
            report.add(place, length, Finding::new(Code::W12, message).help(help));
        }
    }
}
