//! Advice: menus people can follow, words that do not frighten, calendars with holidays.

use super::super::sources::{Finding, Report};
use super::super::{Code, Go, HoursRule, Menu, MenuNode, Node, Text};
use crate::ivr::speech::{Part, PhraseText};
use crate::model::Lang;
use std::collections::HashMap;

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
    for hours in &menu.hours {
        if let HoursRule::Calendar { closed, special, .. } = &hours.rule
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
                format!("menu \"{name}\" takes about {seconds} s in language {lang}"),
                format!("меню «{name}» длится около {seconds} с на языке {lang}"),
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
                format!("menu \"{name}\" is menu {depth} deep"),
                format!("меню «{name}» — {depth}-е по глубине"),
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
    let offers: Vec<_> = menu.menus.iter().flat_map(|node| &node.options).map(|option| option.offer).collect();
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
            let is_offer = offers.iter().any(|offer| usize::from(offer.0) == index);
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
