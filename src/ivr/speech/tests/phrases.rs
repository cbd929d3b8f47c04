//! Phrases: cut, numbered, composed.

use super::super::*;
use super::{ladders, line, manifest, sample};
use crate::model::{Gap, Lang, PlayItem, PromptId, Value};
use std::collections::BTreeMap;
use std::time::Duration;

fn phrase(lang: Lang, text: &str) -> PhraseText {
    PhraseText::parse(lang, text).unwrap()
}

fn hear(lang: Lang, id: &str, text: &str) -> Utterance {
    utter(lang, id, &phrase(lang, text), &sample, &ladders(), &manifest()).unwrap()
}

#[derive(serde::Deserialize)]
struct PhraseFile {
    phrases: BTreeMap<String, BTreeMap<Lang, Written>>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Written {
    Own(String),
    Other { lang: Lang, text: String },
}

/// Every phrase of the default menu: name, menu language, text.
fn example() -> Vec<(String, Lang, PhraseText)> {
    let file: PhraseFile = serde_yaml::from_str(include_str!("../../../../menus/phrases.yaml")).unwrap();
    let mut phrases = Vec::new();
    for (id, texts) in file.phrases {
        for (lang, written) in texts {
            let text = match written {
                Written::Own(text) => phrase(lang, text.trim()),
                Written::Other { lang, text } => phrase(lang, text.trim()),
            };
            phrases.push((id.clone(), lang, text));
        }
    }
    assert!(phrases.len() > 120);
    phrases
}

#[test]
fn every_default_phrase_has_all_its_recordings() {
    let manifest = manifest();
    for (id, lang, text) in example().iter().filter(|(id, ..)| id != "press") {
        let heard = utter(*lang, id, text, &sample, &ladders(), &manifest).unwrap();
        assert_eq!(heard.missing, [], "{lang} {id}: {}", heard.text);
        assert!(heard.length(&manifest) > Duration::from_millis(300), "{lang} {id}");
    }
}

#[test]
fn every_fragment_is_what_its_recording_says() {
    let manifest = manifest();
    for (id, lang, text) in example().iter().filter(|(id, ..)| id != "press") {
        for (name, words) in text.recordings(id) {
            let prompt = PromptId::new(&format!("{lang}/{name}"));
            assert_eq!(manifest.get(&prompt).map(|recording| recording.text.as_str()), Some(&*words), "{prompt}");
            assert!(!manifest.is_stale(&prompt, &words), "{prompt}");
        }
    }
}

#[test]
fn every_offer_can_be_pressed_with_every_key() {
    let manifest = manifest();
    let example = example();
    for lang in Lang::ALL {
        let find = |wanted: &str| &example.iter().find(|(id, of, _)| id == wanted && *of == lang).unwrap().2;
        let offers = example.iter().filter(|(id, of, _)| *of == lang && id.starts_with("opt_"));
        for (id, _, offer) in offers {
            for key in "0123456789*#".chars() {
                let heard = press_option(lang, find("press"), (id, offer), key, &manifest);
                assert_eq!(heard.missing, []);
                let last = PlayItem::Clip(heard.items.last().map(clip_of).unwrap());
                let PlayItem::Clip(last) = last else { unreachable!() };
                let said = &manifest.get(&last).unwrap().text;
                assert!(heard.text.ends_with(&format!(", {said}.")), "{} / {said}", heard.text);
            }
        }
    }
}

fn clip_of(item: &PlayItem) -> PromptId {
    match item {
        PlayItem::Clip(id) => id.clone(),
        PlayItem::Gap(_) => panic!("ends with silence"),
    }
}

#[test]
fn balance_is_heard_as_in_the_example() {
    let heard = hear(
        Lang::Ru,
        "balance",
        "Карта, последние цифры {card.last4|digits}. Доступный остаток {money.available|money_full}.",
    );
    assert_eq!(
        heard.text,
        "Карта, последние цифры четыре три два один. \
         Доступный остаток пятнадцать тысяч двести тридцать рублей пятьдесят копеек."
    );
    assert_eq!(
        line(&heard.items),
        "ru/balance.1 [60] ru/say/n.m.4.mid [60] ru/say/n.m.3.mid [60] ru/say/n.m.2.mid [60] ru/say/n.m.1.fin [350] \
         ru/balance.2 [60] ru/say/n.m.15.mid ru/say/s.th.5.mid [100] ru/say/h.200.mid ru/say/n.m.30.mid \
         ru/say/c.rub.5.mid [100] ru/say/n.m.50.mid ru/say/c.kop.5.fin"
    );
}

#[test]
fn only_the_value_before_a_full_stop_falls() {
    let heard = hear(Lang::En, "rates", "Euro. Buying {rates.eur_buy|money}, selling {rates.eur_sell|money}. Bye.");
    assert_eq!(
        line(&heard.items),
        "en/rates.1 [60] en/say/n.98.mid en/say/c.rub.2.mid [100] en/say/and.mid en/say/n.2.mid en/say/c.rub.m2.mid \
         [60] en/rates.2 [60] en/say/n.1.mid en/say/s.hundred.mid en/say/and.mid en/say/n.1.mid en/say/c.rub.2.fin \
         [350] en/rates.3"
    );
    assert_eq!(
        heard.text,
        "Euro. Buying ninety-eight rubles and two kopecks, selling one hundred and one rubles. Bye."
    );
}

#[test]
fn values_alone_are_sentences_with_capitals() {
    let heard = hear(Lang::Ru, "operation_line", "{item.date|date}. {item.kind|word}. {item.amount|money}.");
    assert_eq!(heard.text, "Двадцать второе ноября две тысячи двадцать шестого года. Покупка. Минус двести рублей.");
    assert!(line(&heard.items).contains("y.goda.fin [350] ru/say/word.purchase.fin [350] ru/say/sign.minus.mid"));
}

#[test]
fn a_name_is_heard_as_it_is_written() {
    let resolve = |_: &str| Some(Value::Word("«Пример»".into()));
    let text = phrase(Lang::Ru, "Вы позвонили в банк {bank.name}.");
    let heard = utter(Lang::Ru, "greeting", &text, &resolve, &Ladders::default(), &manifest()).unwrap();
    assert_eq!(heard.text, "Вы позвонили в банк «Пример».");
    assert_eq!(line(&heard.items), "ru/greeting.1 [60] ru/say/bank.name.fin");
}

#[test]
fn a_wait_is_a_line_of_its_ladder() {
    let check = |seconds, clip: &str, words: &str| {
        let resolve = |_: &str| Some(Value::Duration(Duration::from_secs(seconds)));
        let text = phrase(Lang::En, "Your wait is {queue.wait|ladder:wait}.");
        let heard = utter(Lang::En, "queue_wait", &text, &resolve, &ladders(), &manifest()).unwrap();
        assert_eq!(heard.text, format!("Your wait is {words}."));
        assert_eq!(line(&heard.items), format!("en/queue_wait.1 [60] en/ladder.wait.{clip}"));
    };
    check(0, "1", "less than a minute");
    check(60, "2", "about a minute");
    check(149, "3", "about two minutes");
    check(100_000, "4", "about three minutes");
}

#[test]
fn an_option_is_its_offer_and_the_key() {
    let press = phrase(Lang::En, "{offer}, press {key|digit}.");
    let offer = phrase(Lang::En, "For exchange rates");
    let heard = press_option(Lang::En, &press, ("opt_rates", &offer), '1', &manifest());
    assert_eq!(heard.text, "For exchange rates, press one.");
    assert_eq!(line(&heard.items), "en/opt_rates [90] en/press.1");
    let both = heard.clone().then(gap::OPTION, heard);
    assert_eq!(both.text, "For exchange rates, press one. For exchange rates, press one.");
    assert_eq!(line(&both.items), "en/opt_rates [90] en/press.1 [300] en/opt_rates [90] en/press.1");
}

#[test]
fn an_empty_utterance_adds_no_silence() {
    let words = hear(Lang::En, "goodbye", "Goodbye!");
    assert_eq!(Utterance::default().then(Gap(300), words.clone()), words);
    assert_eq!(words.clone().then(Gap(300), Utterance::default()), words);
}

#[test]
fn a_missing_recording_is_named_and_its_time_estimated() {
    let text = phrase(Lang::En, "Fourteen chars and {queue.position|number} more.");
    let heard = utter(Lang::En, "new", &text, &sample, &Ladders::default(), &NoRecordings).unwrap();
    let names: Vec<&str> = heard.missing.iter().map(|missing| missing.prompt.as_str()).collect();
    assert_eq!(names, ["en/new.1", "en/say/n.3.mid", "en/new.2"]);
    // 18 + 5 + 5 characters at 14 a second, and two gaps of 60 ms.
    let expected = Duration::from_millis(18_000 / 14 + 5_000 / 14 * 2 + 120);
    assert_eq!(heard.length(&NoRecordings), expected);
}

#[test]
fn an_unknown_value_and_an_unknown_ladder_are_errors() {
    let utter = |text: &str| {
        let text = phrase(Lang::En, text);
        utter(Lang::En, "p", &text, &sample, &ladders(), &NoRecordings).unwrap_err().to_string()
    };
    assert_eq!(utter("{nobody.knows}"), "phrase p: the value nobody.knows is not known here");
    assert_eq!(utter("{queue.wait|ladder:weight}"), "phrase p: there is no ladder weight in this language");
    assert_eq!(utter("{loan.date|money}"), "phrase p: loan.date: a date cannot be said as money");
}

#[test]
fn a_faulty_phrase_says_every_fault_and_its_place() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let errors = PhraseText::parse(Lang::Ru, text).unwrap_err();
        let found: Vec<_> = errors.iter().map(|error| (&text[error.at.clone()], error.to_string())).collect();
        let found: Vec<_> = found.iter().map(|(at, problem)| (*at, problem.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("Карта {card.last4", &[("{", "the brace is never closed; write {card.last4|digits}")]);
    check("a {b {c}", &[("{", "the brace is never closed; write {card.last4|digits}")]);
    check("Карта } ещё", &[("}", "there is no opening brace before this one")]);
    check(
        "Карта {} и {a|monye} и {карта}",
        &[
            ("", "there is no value between the braces; write {card.last4|digits}"),
            ("monye", "there is no format \"monye\"; did you mean \"money\"?"),
            ("карта", "\"карта\" is no name of a value; write it as card.last4"),
        ],
    );
    check(" . ", &[(" . ", "the phrase says nothing")]);
}

#[test]
fn fragments_are_numbered_and_lose_punctuation_in_front() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let named = phrase(Lang::En, text).recordings("p");
        let named: Vec<_> = named.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(named, expected);
    };
    check("Only words.", &[("p", "Only words.")]);
    check("One {a}, two {b}. Three: {c}!", &[("p.1", "One"), ("p.2", "two"), ("p.3", "Three:")]);
    check("«Three» four.", &[("p", "«Three» four.")]);
    check("{a}. {b}.", &[]);
}

#[test]
fn the_point_of_a_time_ends_no_sentence() {
    let resolve = |_: &str| Some(Value::Time(jiff::civil::time(17, 0, 0, 0)));
    let text = phrase(Lang::En, "From {a|time} to {b|time}. {c|time}! Bye.");
    let heard = utter(Lang::En, "open", &text, &resolve, &Ladders::default(), &manifest()).unwrap();
    assert_eq!(heard.text, "From five p.m. to five p.m. Five p.m.! Bye.");
    assert_eq!(
        line(&heard.items),
        "en/open.1 [60] en/say/n.5.mid en/say/t.pm.mid [60] en/open.2 [60] en/say/n.5.mid en/say/t.pm.fin [350] \
         en/say/n.5.mid en/say/t.pm.fin [350] en/open.3"
    );
}

#[test]
fn a_value_after_a_preposition_must_be_in_the_genitive() {
    let check = |lang, text: &str, expected: &[&str]| {
        let found = phrase(lang, text).wrong_cases();
        let found: Vec<String> = found.into_iter().map(|(at, format)| format!("{} {format}", &text[at])).collect();
        assert_eq!(found, expected, "{text}");
    };
    check(Lang::Ru, "Внесите его до {loan.date|date}.", &["{loan.date|date} date_gen"]);
    check(Lang::Ru, "Ждать около {n|count:minute}, до {d|date_gen}.", &["{n|count:minute} count_gen:minute"]);
    check(Lang::Ru, "Остаток {sum|money}. Потом {sum|money}.", &[]);
    check(Lang::En, "It is due до {loan.date|date}.", &[]);
}

#[test]
fn a_trillion_is_said_right_though_nobody_recorded_it() {
    let resolve = |_: &str| Some(Value::Number(5_000_000_000_000));
    let text = phrase(Lang::Ru, "{n|number}.");
    let heard = utter(Lang::Ru, "n", &text, &resolve, &Ladders::default(), &manifest()).unwrap();
    assert_eq!(heard.text, "Пять триллионов.");
    let missing = Missing { prompt: PromptId::new("ru/say/s.trn.5.fin"), text: "триллионов".to_owned() };
    assert_eq!(heard.missing, [missing]);
}
