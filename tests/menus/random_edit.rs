//! Edits of a menu file as somebody might make them without thinking: on the tree, so that YAML stays YAML.

use proptest::prelude::*;
use serde_yaml::{Mapping, Sequence, Value};

/// One edit; the numbers are taken modulo what there is to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    pub what: u32,
    pub at: u32,
    pub with: u32,
}

pub fn edit() -> impl Strategy<Value = Edit> {
    any::<(u32, u32, u32)>().prop_map(|(what, at, with)| Edit { what, at, with })
}

/// Steps that may be put anywhere.
const STEPS: [&str; 31] = [
    "{say: greeting}",
    "{say_all: goodbye}",
    "{say: balance}",
    "{say: card_blocked}",
    "{say: confirm_block}",
    "{call: find_card}",
    "{call: identify}",
    "{call: survey}",
    "{if: caller.level is none, then: [{call: find_card}]}",
    "{if: caller.level is not verified, then: [{call: identify}], else: [{say: code_ok}]}",
    "{if: answer.reason is fraud, then: [{go: operator}], else: [{say: goodbye}]}",
    "{if: hours.support is open and not switch.card_outage, then: [hangup]}",
    "{if: queue.support.wait > 3m, then: [{go: main}]}",
    "{split: {main: 50, operator: 50, by: call}}",
    "{language: en}",
    "{note: walked}",
    "{transfer: {to: pbx, how: refer, failed: {go: operator}}}",
    "{voicemail: {say: voicemail_ask, box: letters}}",
    "{choose: {name: reason, say: ask_reason, options: {1: {offer: reason_lost, value: lost}}}}",
    "{choose: {name: csat, say: survey_score, digits: 0-9, silence: continue}}",
    "{confirm: {say: confirm_activate, declined: continue}}",
    "{ask: {name: amount, kind: amount, say: ask_last4}}",
    "{ask: {name: day, kind: date, say: ask_last4, failed: {go: main}}}",
    "{ask: {name: number, kind: phone, say: ask_last4, attempts: 1}}",
    "{ask: {name: card, kind: card, say: ask_last4}}",
    "{do: bank.rates, as: rates, results: {ok: continue}}",
    "{do: bank.find_card, with: {phone: call.from, last4: 1234}, as: card, results: {found: continue, not_found: continue, several: return}}",
    "{queue: fraud, results: {finished: continue, timeout: continue, nobody: continue, left: {go: main}}}",
    "{say_each: {list: ops.items, say: operation_line}}",
    "return",
    "back",
];
const ACTIONS: [&str; 9] = [
    "continue",
    "return",
    "hangup",
    "{say: goodbye}",
    "{go: main}",
    "{again: last4}",
    "{again: code}",
    "{grants: verified}",
    "{say: code_wrong, go: operator}",
];
const TARGETS: [&str; 22] = [
    "main",
    "money",
    "cards",
    "info",
    "after_info",
    "after_block",
    "out_of_hours",
    "closed_again",
    "welcome",
    "find_card",
    "identify",
    "card_lost",
    "balance",
    "loan",
    "operator",
    "operator_urgent",
    "leave_message",
    "survey",
    "goodbye",
    "back",
    "repeat",
    "switch_language",
];
const PHRASES: [&str; 10] = [
    "greeting",
    "press",
    "balance",
    "loan_due",
    "card_blocked",
    "rates",
    "queue_position",
    "operation_line",
    "closed",
    "confirm_block",
];
const TROUBLES: [&str; 4] = [
    "[{go: operator}]",
    "[repeat, {say: wrong_key}, {go: operator}]",
    "[{say: wrong_key}, {say: balance, go: goodbye}]",
    "[{go: main}]",
];
const ENTRIES: [(&str, &str); 6] = [
    ("digits", "1-20"),
    ("digits", "4"),
    ("attempts", "1"),
    ("kind", "secret"),
    ("failed", "{go: main}"),
    ("listen", "{submit: star, clear: hash, first_key: 0s, next_key: 0s}"),
];
/// What may be left out of wherever it stands.
const OPTIONAL: [&str; 12] =
    ["needs", "operator", "intro", "hint", "back", "keys", "trouble", "failed", "help", "silence", "as", "defaults"];

/// The text of a file after some edits.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut tree: Value = serde_yaml::from_str(text).unwrap();
    for edit in edits {
        apply(&mut tree, *edit);
    }
    serde_yaml::to_string(&tree).unwrap()
}

fn apply(tree: &mut Value, Edit { what, at, with }: Edit) {
    let is_steps = |key: &str, value: &Value| matches!(key, "steps" | "then" | "else") && value.is_sequence();
    let is_target = |key: &str, value: &Value| matches!(key, "go" | "start" | "call") && value.is_string();
    let is_said = |key: &str, value: &Value| matches!(key, "say" | "offer" | "hint" | "intro") && value.is_string();
    let map_named = |name: &'static str| move |key: &str, value: &Value| key == name && value.is_mapping();
    match what % 13 {
        0 => pick(tree, is_steps, at, |list| {
            steps(list, |list| {
                list.remove(nth(with, list.len()));
            });
        }),
        1 => {
            let mut copied = None;
            pick(tree, is_steps, with, |list| steps(list, |list| copied = list.get(nth(at, list.len())).cloned()));
            pick(tree, is_steps, at, |list| {
                steps(list, |list| list.insert(nth(with, list.len()), copied.unwrap_or_default()));
            });
        }
        2 => pick(tree, is_steps, at, |list| {
            steps(list, |list| {
                let (left, right) = (nth(with, list.len()), nth(with / 7, list.len()));
                list.swap(left, right);
            });
        }),
        3 => pick(tree, is_target, at, |value| *value = TARGETS[nth(with, TARGETS.len())].into()),
        4 => pick(tree, map_named("keys"), at, |map| {
            entries(map, |map| {
                map.insert(key(with), TARGETS[nth(with / 10, TARGETS.len())].into());
            });
        }),
        5 => pick(tree, map_named("options"), at, |map| entries(map, |map| drop_nth(map, with))),
        6 => pick(tree, map_named("options"), at, |map| {
            entries(map, |map| {
                let option = map.values().nth(nth(with / 10, map.len())).cloned();
                map.extend(option.map(|option| (key(with), option)));
            });
        }),
        7 => pick(tree, map_named("results"), at, |map| {
            entries(map, |map| {
                let outcome = map.keys().nth(nth(with, map.len())).cloned();
                map.extend(outcome.map(|outcome| (outcome, parsed(ACTIONS[nth(with / 8, ACTIONS.len())]))));
            });
        }),
        8 => {
            let name = OPTIONAL[nth(with, OPTIONAL.len())];
            pick(
                tree,
                |_, value| value.get(name).is_some(),
                at,
                |map| {
                    entries(map, |map| {
                        map.remove(name);
                    });
                },
            );
        }
        9 | 10 => pick(tree, is_steps, at, |list| {
            steps(list, |list| list.insert(nth(with / 31, list.len()), parsed(STEPS[nth(with, STEPS.len())])));
        }),
        11 => pick(tree, is_said, at, |value| *value = PHRASES[nth(with, PHRASES.len())].into()),
        _ if with % 2 == 0 => pick(
            tree,
            |key, value| matches!(key, "silence" | "wrong") && value.is_sequence(),
            at,
            |list| {
                *list = parsed(TROUBLES[nth(with / 2, TROUBLES.len())]);
            },
        ),
        _ => pick(tree, map_named("ask"), at, |map| {
            let (name, value) = ENTRIES[nth(with / 2, ENTRIES.len())];
            entries(map, |map| {
                map.insert(name.into(), parsed(value));
            });
        }),
    }
}

fn parsed(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

fn key(number: u32) -> Value {
    (number % 10).into()
}

fn nth(number: u32, count: usize) -> usize {
    number as usize % count.max(1)
}

fn steps(list: &mut Value, change: impl FnOnce(&mut Sequence)) {
    if let Value::Sequence(list) = list
        && !list.is_empty()
    {
        change(list);
    }
}

fn entries(map: &mut Value, change: impl FnOnce(&mut Mapping)) {
    if let Value::Mapping(map) = map {
        change(map);
    }
}

fn drop_nth(map: &mut Mapping, number: u32) {
    let key = map.keys().nth(nth(number, map.len())).cloned();
    if let Some(key) = key {
        map.remove(&key);
    }
}

/// Changes one of the values that fit, by its number.
fn pick(tree: &mut Value, fits: impl Fn(&str, &Value) -> bool, number: u32, change: impl FnOnce(&mut Value)) {
    let mut count = 0_usize;
    visit(tree, "", &mut |key, value| {
        count += usize::from(fits(key, value));
        false
    });
    let (mut left, mut change) = (nth(number, count), Some(change));
    visit(tree, "", &mut |key, value| {
        if !fits(key, value) {
            return false;
        }
        if left == 0
            && let Some(change) = change.take()
        {
            change(value);
            return true;
        }
        left = left.saturating_sub(1);
        false
    });
}

/// Every value with its key, outer ones first, until one is done with.
fn visit(value: &mut Value, key: &str, act: &mut dyn FnMut(&str, &mut Value) -> bool) -> bool {
    if act(key, value) {
        return true;
    }
    match value {
        Value::Sequence(items) => items.iter_mut().any(|item| visit(item, "", act)),
        Value::Mapping(entries) => {
            entries.iter_mut().any(|(key, value)| visit(value, key.as_str().unwrap_or_default(), act))
        }
        _ => false,
    }
}
