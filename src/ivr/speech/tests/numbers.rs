//! Russian and English numbers against an independent reading: the words are parsed back by a reader that shares
//! nothing with the grammar.

use super::super::*;
use crate::model::{Lang, Value};
use proptest::prelude::*;

fn said(lang: Lang, format: &str, number: i64) -> String {
    words(&say(lang, &Format::parse(format).unwrap(), &Value::Number(number)).unwrap())
}

/// What a word stands for: a number to add, or a scale to multiply what was gathered.
fn russian(word: &str) -> Option<(u64, bool)> {
    const EXACT: [(&str, u64); 12] = [
        ("сто", 100),
        ("двести", 200),
        ("сорок", 40),
        ("девяносто", 90),
        ("ноль", 0),
        ("одна", 1),
        ("одно", 1),
        ("один", 1),
        ("два", 2),
        ("две", 2),
        ("три", 3),
        ("четыре", 4),
    ];
    const STEMS: [(&str, u64); 7] =
        [("пят", 5), ("шест", 6), ("сем", 7), ("восем", 8), ("девят", 9), ("три", 3), ("четыре", 4)];
    const SCALES: [(&str, u32); 6] =
        [("тысяч", 1), ("миллион", 2), ("миллиард", 3), ("триллион", 4), ("квадриллион", 5), ("квинтиллион", 6)];
    if let Some((_, power)) = SCALES.into_iter().find(|(stem, _)| word.starts_with(stem)) {
        return Some((1_000_u64.pow(power), true));
    }
    if let Some((_, value)) = EXACT.into_iter().find(|(text, _)| *text == word) {
        return Some((value, false));
    }
    let before_twenty = [("один", 1), ("две", 2), ("три", 3), ("четыр", 4)].into_iter().chain(STEMS);
    if let Some(stem) = word.strip_suffix("надцать") {
        return before_twenty.into_iter().find(|(text, _)| *text == stem).map(|(_, value)| (10 + value, false));
    }
    let unit = |stem: &str| STEMS.into_iter().find(|(text, _)| *text == stem.trim_end_matches('ь')).map(|(_, v)| v);
    let ten = |stem: &str| if stem == "два" || stem == "двад" { Some(2) } else { unit(stem) };
    if word == "десять" {
        return Some((10, false));
    }
    let (stem, factor) = [("дцать", 10), ("ьдесят", 10), ("ьсот", 100), ("ста", 100)]
        .into_iter()
        .find_map(|(suffix, factor)| word.strip_suffix(suffix).map(|stem| (stem, factor)))
        .unwrap_or((word, 1));
    ten(stem).map(|value| (value * factor, false))
}

fn english(word: &str) -> Option<(u64, bool)> {
    const WORDS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    const SCALES: [&str; 6] = ["thousand", "million", "billion", "trillion", "quadrillion", "quintillion"];
    let at = |table: &[&str]| table.iter().position(|known| *known == word).and_then(|index| u32::try_from(index).ok());
    at(&WORDS)
        .map(|value| (u64::from(value), false))
        .or_else(|| at(&TENS).map(|tens| (u64::from(tens + 2) * 10, false)))
        .or_else(|| at(&SCALES).map(|power| (1_000_u64.pow(power + 1), true)))
}

/// Reads a cardinal back; `None` when a word is unknown.
fn read(words: &str, word: impl Fn(&str) -> Option<(u64, bool)>) -> Option<u64> {
    let (mut total, mut group) = (0_u64, 0_u64);
    for text in words.split([' ', '-']).filter(|text| *text != "and") {
        if text == "hundred" {
            group *= 100;
            continue;
        }
        let (value, scale) = word(text)?;
        if scale {
            total += group * value;
            group = 0;
        } else {
            group += value;
        }
    }
    Some(total + group)
}

proptest! {
    #[test]
    fn numbers_are_read_back_in_russian(number in prop_oneof![0..3_000_i64, 0..i64::MAX], gender in "[mfn]") {
        let words = said(Lang::Ru, &format!("number:{gender}"), number);
        prop_assert_eq!(read(&words, russian), Some(number.unsigned_abs()), "{}", words);
    }

    #[test]
    fn numbers_are_read_back_in_english(number in prop_oneof![0..3_000_i64, 0..i64::MAX]) {
        let words = said(Lang::En, "number", number);
        prop_assert_eq!(read(&words, english), Some(number.unsigned_abs()), "{}", words);
    }

    #[test]
    fn the_noun_follows_the_last_two_digits(number in 0..i64::MAX) {
        let noun = |number| said(Lang::Ru, "count:minute", number).rsplit(' ').next().map(str::to_owned);
        prop_assert_eq!(noun(number), noun(number % 100));
        let expected = if (5..=20).contains(&(number % 100)) || number % 10 == 0 || number % 10 > 4 {
            "минут"
        } else if number % 10 == 1 {
            "минута"
        } else {
            "минуты"
        };
        prop_assert_eq!(noun(number), Some(expected.to_owned()));
    }

    #[test]
    fn a_minus_changes_nothing_else(number in 1..i64::MAX) {
        for (lang, minus) in [(Lang::Ru, "минус "), (Lang::En, "minus ")] {
            prop_assert_eq!(said(lang, "number", -number), format!("{minus}{}", said(lang, "number", number)));
        }
    }

    #[test]
    fn the_accusative_changes_only_the_feminine_singular(number in 0..i64::MAX) {
        let nominative = said(Lang::Ru, "count:minute", number);
        let accusative = said(Lang::Ru, "count_acc:minute", number);
        let back = accusative.replace("одну тысячу", "одна тысяча").replace("одну минуту", "одна минута");
        prop_assert_eq!(back, nominative);
    }

    #[test]
    fn every_genitive_word_is_one(number in 1..10_000_i64) {
        let words = said(Lang::Ru, "count_gen:minute", number);
        for word in words.split(' ') {
            let ends = ["ой", "ого", "ух", "ёх", "и", "ка", "та", "сот", "ы", "тысяч", "минут"];
            prop_assert!(ends.iter().any(|end| word.ends_with(end)), "{}: {}", words, word);
        }
    }

    #[test]
    fn no_text_makes_it_panic(format in "[a-z_]{1,12}(:[a-zA-Z]{1,8})?", input in "\\PC{0,20}") {
        for lang in Lang::ALL {
            prop_assert!(say_line(lang, &format, &input).is_ok_and(|words| !words.is_empty()) || say_line(lang, &format, &input).is_err());
        }
    }

    #[test]
    fn no_phrase_makes_it_panic(text in "[a-zа-я{}|. ]{0,30}") {
        if let Ok(phrase) = PhraseText::parse(Lang::Ru, &text) {
            let written: usize = phrase.parts.iter().map(|part| match part {
                Part::Text { text, .. } => text.len(),
                Part::Value { at, .. } => at.len(),
            }).sum();
            prop_assert_eq!(written, text.len());
        }
    }
}
