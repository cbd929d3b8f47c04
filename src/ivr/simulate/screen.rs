//! Where a simulated call stands: path, caller, notes, timers, queue, and what every key would do now.

use super::bank::short_name;
use super::line::{Line, LineKind, clock};
use super::simulator::left;
use super::virtual_call::VirtualCall;
use crate::ivr::flow::StateName;
use crate::ivr::menu::{Ask, EntryKind, Go, Inherited, Menu, MenuNode, Node, Step, TaskId, WaitingKey};
use crate::ivr::words::{Words, pick};
use crate::model::{BankAnswer, Digit, Lang};

/// The width of the first column.
const LABEL: usize = 10;

/// The most nodes of the path that are shown, the latest.
const PATH: usize = 6;

/// Where the call stands.
pub(super) fn place(call: &VirtualCall, lang: Lang) -> Vec<Line> {
    let words = Words { menu: call.flow().menu(), lang };
    let now = call.now().instant;
    let mut lines = vec![Line::new(LineKind::Rule, format!("── {} {}", clock(now), "─".repeat(60)))];
    if let Some((cause, by_system)) = call.ended() {
        let by = if by_system {
            words.pick("ended by the system", "завершила система")
        } else {
            words.pick("hung up", "трубка положена")
        };
        lines.push(Line::new(LineKind::Place, format!("{by} ({})", cause.name())));
        return lines;
    }
    let mut row = |en: &str, ru: &str, text: &str| {
        if !text.is_empty() {
            let label = words.pick(en, ru);
            lines.push(Line::new(LineKind::Place, format!("{label:<LABEL$}{text}")));
        }
    };
    let flow = call.flow();
    row("path", "путь", &path(call, words));
    let caller = format!("{} · {}", words.level(flow.level()), flow.lang().code());
    row("caller", "клиент", &caller);
    row("notes", "заметки", &flow.notes().join(", "));
    row("now", "сейчас", &state(call, words));
    row("timers", "таймеры", &timers(call, words));
    for (key, what) in keys(call, words) {
        lines.push(Line::new(LineKind::Key, format!("{key:>6}    {what}")));
    }
    lines
}

fn path(call: &VirtualCall, words: Words) -> String {
    let path = call.flow().path();
    let shown = path.iter().skip(path.len().saturating_sub(PATH)).map(|name| &**name);
    let names: Vec<&str> = (path.len() > PATH).then_some("…").into_iter().chain(shown).collect();
    let title = call.flow().node().map(|node| format!(" ({})", words.title(node))).unwrap_or_default();
    names.join(" › ") + &title
}

fn state(call: &VirtualCall, words: Words) -> String {
    match (call.flow().state(), call.queue_id(), call.transfer()) {
        (StateName::Queued, Some(queue), _) => {
            let place = call.queue_status().map(|status| {
                let wait =
                    status.wait.map(|wait| format!(", {} {}", words.pick("about", "около"), left(wait, words.lang)));
                format!(", {} {}{}", words.pick("place", "место"), status.position, wait.unwrap_or_default())
            });
            let waits = words.pick("waits in queue", "ждёт в очереди");
            format!("{waits} {}{}", words.queue(queue).name, place.unwrap_or_default())
        }
        (StateName::Talking, ..) => words.pick("talks to an operator", "говорит с оператором").to_owned(),
        (StateName::Transferring, _, Some(target)) => {
            format!("{} {target}", words.pick("is handed to", "переводится на"))
        }
        (StateName::Recording, ..) => words.pick("leaves a message", "оставляет сообщение").to_owned(),
        _ => String::new(),
    }
}

fn timers(call: &VirtualCall, words: Words) -> String {
    let flow = call.flow();
    let now = call.now().instant;
    let name = match flow.state() {
        StateName::Collecting if call.key_since_play() => words.pick("next key", "следующая клавиша"),
        StateName::Choosing | StateName::Picking | StateName::Confirming | StateName::Collecting => {
            words.pick("first key", "первая клавиша")
        }
        StateName::Queued => words.pick("next announcement", "следующее объявление"),
        _ => "",
    };
    let own = flow.deadline().filter(|_| !name.is_empty()).map(|at| (name, at));
    let wait = call.longest_wait().map(|at| (words.pick("longest wait", "предел ожидания"), at));
    let bank = call.bank_due().map(|at| (words.pick("bank", "банк"), at));
    let menus = flow.menus_until().map(|at| (words.pick("time in menus", "время в меню"), at));
    let all = own.into_iter().chain(bank).chain(wait).chain(menus);
    all.map(|(name, at)| format!("{name} {}", left(at.since(now), words.lang))).collect::<Vec<_>>().join(" · ")
}

/// The keys that would work now, and what each does.
fn keys(call: &VirtualCall, words: Words) -> Vec<(String, String)> {
    let menu = words.menu;
    let heard = Words { menu, lang: call.flow().lang() };
    let step = call.flow().step().map(|(task, step)| (task, &menu[task][step].step));
    let keyed = |what: &dyn Fn(Digit) -> Option<String>| {
        let working = call.working_keys().into_iter();
        working.filter_map(|digit| Some((digit.as_char().to_string(), what(digit)?))).collect()
    };
    match (call.flow().state(), call.flow().node(), step) {
        (StateName::Choosing, Some(Node::Menu(id)), _) => {
            keyed(&|digit| Some(menu_key(&menu[id], digit, words, heard)))
        }
        (StateName::Picking, _, Some((task, Step::Choose(choose)))) => keyed(&|digit| {
            let Some(option) = choose.options.iter().find(|option| option.digit == digit) else {
                return global(&choose.keys, digit, task, words);
            };
            let offer = option.offer.map(|offer| format!("{} = ", heard.phrase(offer))).unwrap_or_default();
            Some(format!("{offer}{}", option.value))
        }),
        (StateName::Confirming, _, Some((task, Step::Confirm(confirm)))) => keyed(&|digit| match digit.as_char() {
            '1' => Some(words.pick("yes", "да").to_owned()),
            '2' => Some(words.pick("no", "нет").to_owned()),
            _ => global(&confirm.keys, digit, task, words),
        }),
        (StateName::Collecting, _, Some((_, Step::Ask(ask)))) => entry(ask, words),
        (StateName::Listing, ..) => keyed(&|digit| {
            let next = words.pick("the next one", "следующая запись");
            Some(if digit == Digit::HASH { next } else { words.pick("enough", "хватит") }.to_owned())
        }),
        (StateName::Queued, ..) => keyed(&|digit| {
            let queue = words.queue(call.queue_id()?);
            queue.waiting.keys.iter().find(|(key, _)| *key == digit).map(|(_, key)| match key {
                WaitingKey::Callback => words.pick("orders a callback", "заказывает обратный звонок").to_owned(),
                WaitingKey::Leave => words.pick("leaves the queue", "выходит из очереди").to_owned(),
                WaitingKey::Go(go) => words.target(*go).to_owned(),
            })
        }),
        _ => Vec::new(),
    }
}

fn menu_key(node: &MenuNode, digit: Digit, words: Words, heard: Words) -> String {
    match node.options.iter().find(|option| option.digit == digit) {
        Some(option) => format!("{} → {}", heard.phrase(option.offer), target(option.go, None, words)),
        None => node
            .keys
            .iter()
            .find(|(key, _)| *key == digit)
            .map(|(_, go)| target(go.value, None, words))
            .unwrap_or_default(),
    }
}

fn global(keys: &[(Digit, Inherited<Go>)], digit: Digit, task: TaskId, words: Words) -> Option<String> {
    keys.iter().find(|(key, _)| *key == digit).map(|(_, go)| target(go.value, Some(task), words))
}

/// Where a key leads; who the operator is depends on the task.
fn target(go: Go, task: Option<TaskId>, words: Words) -> String {
    match (go, words.node_of(go, task)) {
        (Go::Operator, Some(node)) => format!("{} → {}", words.target(go), words.title(node)),
        _ => words.target(go).to_owned(),
    }
}

fn entry(ask: &Ask, words: Words) -> Vec<(String, String)> {
    let what = match ask.kind {
        EntryKind::Digits => words.pick("digits", "цифр"),
        EntryKind::Secret => words.pick("secret digits", "секретных цифр"),
        EntryKind::Phone => words.pick("digits of a telephone number", "цифр телефона"),
        EntryKind::Card => words.pick("digits of a card number", "цифр номера карты"),
        EntryKind::Date => words.pick("digits of a date, DDMMYYYY", "цифр даты, ДДММГГГГ"),
        EntryKind::Amount => words.pick("digits of an amount", "цифр суммы"),
    };
    let listen = &ask.listen.value;
    let (submit, clear) = (listen.submit.as_char().to_string(), listen.clear.as_char().to_string());
    let range = if ask.min == ask.max { ask.min.to_string() } else { format!("{}–{}", ask.min, ask.max) };
    let mut rows = vec![("0–9".to_owned(), format!("{range} {what}"))];
    if ask.min != ask.max {
        rows.push((submit, words.pick("done", "готово").to_owned()));
    }
    rows.push((clear, words.pick("clears; back when nothing is entered", "стирает; без цифр — назад").to_owned()));
    rows.push((
        "0".to_owned(),
        words.pick("operator, when nothing follows", "оператор, если больше ничего не нажато").to_owned(),
    ));
    rows
}

/// What the bank can answer to each operation.
pub(super) fn bank(menu: &Menu, lang: Lang) -> String {
    let results = menu.operations.iter().map(|operation| {
        let unknown = operation.changes && !operation.outcomes.iter().any(|outcome| **outcome == *BankAnswer::UNKNOWN);
        let implicit = if unknown { ", unknown" } else { "" };
        format!("{:<18}{}{implicit}, down, never\n", short_name(&operation.name), operation.outcomes.join(", "))
    });
    let usual = pick(
        lang,
        "until told otherwise it is the first of them, with sample values",
        "пока не сказано иное — первый, с примерными значениями",
    );
    results.collect::<String>() + usual
}

/// The switches and how they stand.
pub(super) fn switches(call: &VirtualCall, lang: Lang) -> String {
    let states = call.flow().menu().switches.iter().zip(&call.switches).map(|(switch, enabled)| {
        let state =
            if *enabled { pick(lang, "enabled", "включён") } else { pick(lang, "disabled", "выключен") };
        format!("{:<18}{state}\n", switch.name)
    });
    states.collect()
}
