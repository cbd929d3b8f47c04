//! Words and recordings agree: whatever a piece says is what its recording says.

use super::super::*;
use super::{line, manifest};
use crate::model::{Currency, Gap, Lang, Money, PhoneNumber, PlayItem, Value};

/// Adds what the clips of some pieces say, and how many are missing.
fn check(manifest: &Manifest, lang: Lang, format: &str, value: &Value) -> usize {
    let format = Format::parse(format).unwrap();
    let pieces = say(lang, &format, value).unwrap();
    let mut heard = Utterance::default();
    heard.push_pieces(lang, &pieces, true, manifest);
    let clips = heard.items.iter().filter_map(|item| match item {
        PlayItem::Clip(id) => Some(manifest.get(id).map_or_else(
            || heard.missing.iter().find(|missing| missing.prompt == *id).unwrap().text.as_str(),
            |recording| recording.text.as_str(),
        )),
        PlayItem::Gap(_) => None,
    });
    assert_eq!(clips.collect::<Vec<_>>().join(" "), words(&pieces), "{lang} {format}");
    heard.missing.len()
}

/// Every one of these values must be whole in both languages.
fn check_all(format: &str, values: impl Iterator<Item = Value>) {
    let manifest = manifest();
    for value in values {
        for lang in Lang::ALL {
            let missing = check(&manifest, lang, format, &value);
            assert_eq!(
                missing,
                0,
                "{lang} {format}: {}",
                words(&say(lang, &Format::parse(format).unwrap(), &value).unwrap())
            );
        }
    }
}

#[test]
fn amounts_have_every_recording() {
    let amounts =
        [0, 1, 2, 11, 50, 99, 100, 101, 10_001, 2_100_000, 2_222_222, 99_999_999, 123_456_789_012, -4_021_142];
    for currency in Currency::ALL {
        let values = || amounts.into_iter().map(move |minor| Value::Money(Money::new(minor, currency)));
        check_all("money", values());
        check_all("money_full", values());
        check_all("money_acc", values());
    }
}

#[test]
fn numbers_and_counts_have_every_recording() {
    let numbers = || (0..1_000).step_by(7).chain([1, 2, 21, 22, 1_001, 21_021, 1_000_000]).map(Value::Number);
    for format in ["number", "number:f", "number:n", "count:minute", "count:hour", "count:day", "count:operation"] {
        check_all(format, numbers());
    }
    check_all("count_gen:minute", (1..=60).map(Value::Number));
    check_all("count_acc:minute", (1..=60).map(Value::Number));
    check_all("ordinal", (1..=100).map(Value::Number));
    check_all("ordinal:f", (1..=100).map(Value::Number));
    check_all("ordinal:n", (1..=31).map(Value::Number));
}

#[test]
fn dates_and_times_have_every_recording() {
    let first = jiff::civil::date(1990, 1, 1);
    let dates = || first.series(jiff::ToSpan::days(97)).take(200).map(Value::Date);
    for format in ["date", "date_gen", "date_noyear", "date_gen_noyear"] {
        check_all(format, dates());
    }
    let times = (0..24).flat_map(|hour| [0, 5, 21, 59].map(|minute| jiff::civil::time(hour, minute, 0, 0)));
    check_all("time", times.map(Value::Time));
    check_all(
        "duration",
        [0, 75, 3_600, 7_325, 86_399, 90_061].map(std::time::Duration::from_secs).map(Value::Duration).into_iter(),
    );
}

#[test]
fn rates_digits_and_words_have_every_recording() {
    let decimals =
        || ["92.4125", "0.1", "2.25", "-2.5", "101.0101", "7", "0"].map(|text| Value::Decimal(text.into())).into_iter();
    for format in ["decimal", "percent", "rate", "rate:USD", "rate_exact", "rate_exact:EUR"] {
        check_all(format, decimals());
    }
    check_all("digits", ["4021", "*0#", "0000"].map(|text| Value::Digits(text.into())).into_iter());
    let phones = ["+79210070005", "+442079460958", "88005553535", "0611"];
    check_all("phone", phones.map(|text| Value::Phone(PhoneNumber::parse(text).unwrap())).into_iter());
    check_all("word", WORDS.map(|(name, ..)| Value::Word(name.into())).into_iter());
}

#[test]
fn where_one_recording_is_missing_two_say_it() {
    let manifest = manifest();
    let hear = |format: &str, number| {
        let mut heard = Utterance::default();
        let pieces = say(Lang::Ru, &Format::parse(format).unwrap(), &Value::Number(number)).unwrap();
        heard.push_pieces(Lang::Ru, &pieces, true, &manifest);
        line(&heard.items)
    };
    assert_eq!(hear("ordinal:f", 23), "ru/say/n.m.20.mid ru/say/o.f.3.fin");
    assert_eq!(hear("ordinal:m", 23), "ru/say/o.m.23.fin");
    assert_eq!(hear("count_gen:minute", 97), "ru/say/g.f.90.mid ru/say/g.f.7.mid ru/say/u.minute.5.fin");
}

#[test]
fn a_telephone_number_breathes_between_its_groups() {
    let number = Value::Phone(PhoneNumber::parse("8 (921) 007-00-05").unwrap());
    let mut heard = Utterance::default();
    heard.push_pieces(Lang::Ru, &say(Lang::Ru, &Format::Phone, &number).unwrap(), true, &manifest());
    assert_eq!(
        line(&heard.items),
        "ru/say/sign.plus.mid ru/say/n.m.7.mid [200] ru/say/h.900.mid ru/say/n.m.21.mid [200] ru/say/n.m.0.mid \
         ru/say/n.m.0.mid ru/say/n.m.7.mid [200] ru/say/n.m.0.mid ru/say/n.m.0.mid [200] ru/say/n.m.0.mid \
         ru/say/n.m.5.fin"
    );
    assert_eq!(gap::PHONE_GROUPS, Gap(200));
}

#[test]
fn a_manifest_says_which_line_is_wrong() {
    let header = "key\tlanguage\tvariant\tfile\ttext\tms\tlevel_dbov\tvoice\ttext_sha256\n";
    let check = |rows: &str, expected: &str| {
        assert_eq!(Manifest::parse(&format!("{header}{rows}")).unwrap_err().to_string(), expected);
    };
    let good = "a\tru\tfin\tru/a.flac\tслово\t500\t-22\tv\th\n";
    check(&format!("{good}{good}"), "manifest line 3: ru/a is listed twice");
    check("a\tde\tfin\tf\tt\t1\t-22\tv\th\n", "manifest line 2: language \"de\" is not ru, en or -");
    check("a\tru\tend\tf\tt\t1\t-22\tv\th\n", "manifest line 2: variant \"end\" is not mid, fin or -");
    check("a\tru\tfin\tf\tt\tlong\t-22\tv\th\n", "manifest line 2: \"long\" is not a length in milliseconds");
    check("a\tru\n", "manifest line 2: 2 columns instead of 9");
    let manifest = Manifest::parse(&format!("{header}{good}")).unwrap();
    assert!(manifest.is_stale(&crate::model::PromptId::new("ru/a"), "другое слово"));
}
