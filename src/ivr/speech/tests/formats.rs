//! Formats and values as written.

use super::super::*;
use crate::model::Lang;

#[test]
fn every_format_is_read_back_as_it_is_written() {
    let names = "money money_full money_acc money_gen number number:f number:n ordinal ordinal:f ordinal:n digits digit \
                 phone date date_gen date_noyear date_gen_noyear time duration percent decimal rate:RUB rate:USD \
                 rate_exact:CNY word count:minute count_gen:day count_acc:operation ladder:wait";
    for name in names.split_whitespace() {
        assert_eq!(Format::parse(name).unwrap().to_string(), name);
    }
}

#[test]
fn a_mistyped_format_suggests_the_nearest() {
    let check = |written: &str, nearest: Option<&str>| {
        let error = Format::parse(written).unwrap_err();
        assert_eq!(error.did_you_mean.as_deref(), nearest, "{written}");
    };
    check("monye", Some("money"));
    check("digts", Some("digits"));
    check("count:minutes", Some("count:minute"));
    check("cuont_gen:hours", Some("count_gen:hour"));
    check("number:x", Some("number:f"));
    check("leader:wait", Some("ladder:wait"));
    check("count", Some("count:day"));
    check("весёлый", None);
}

#[test]
fn formats_take_only_values_they_can_say() {
    let check = |format: &str, kinds: &[ValueKind]| {
        let format = Format::parse(format).unwrap();
        let all = [ValueKind::Digits, ValueKind::Phone, ValueKind::Number, ValueKind::Decimal, ValueKind::Money];
        let accepted: Vec<_> = all.into_iter().filter(|kind| format.accepts(*kind)).collect();
        assert_eq!(accepted, kinds, "{format}");
    };
    check("money", &[ValueKind::Money]);
    check("digits", &[ValueKind::Digits, ValueKind::Phone, ValueKind::Number]);
    check("percent", &[ValueKind::Number, ValueKind::Decimal]);
    check("date", &[]);
}

#[test]
fn hard_cases_are_said_right() {
    let check = |lang, format: &str, input: &str, expected: &str| {
        assert_eq!(say_line(lang, format, input).unwrap(), expected, "{format} {input}");
    };
    let (ru, en) = (Lang::Ru, Lang::En);
    check(ru, "money:RUB", "-0.00", "ноль рублей");
    check(ru, "money:RUB", "1000000000000", "один триллион рублей");
    check(ru, "money_gen:RUB", "21001.01", "двадцати одной тысячи одного рубля одной копейки");
    check(ru, "money_gen:USD", "948.12", "девятисот сорока восьми долларов двенадцати центов");
    check(ru, "count_gen:minute", "73", "семидесяти трёх минут");
    check(ru, "count_gen:minute", "288", "двухсот восьмидесяти восьми минут");
    check(ru, "count_gen:hour", "61", "шестидесяти одного часа");
    check(ru, "count_gen:day", "0", "нуля дней");
    check(ru, "money_acc:RUB", "-1001", "минус одну тысячу один рубль");
    check(ru, "count:year", "5", "пять лет");
    check(ru, "count_acc:second", "31", "тридцать одну секунду");
    check(ru, "ordinal:m", "2026", "две тысячи двадцать шестой");
    check(ru, "ordinal:m", "0", "нулевой");
    check(ru, "ordinal:f", "1300", "одна тысяча трёхсотая");
    check(ru, "ordinal:m", "21000", "двадцатиоднотысячный");
    check(ru, "ordinal:n", "190000", "стодевяностотысячное");
    check(ru, "ordinal:m", "2000000", "двухмиллионный");
    check(ru, "date", "1812-09-07", "седьмое сентября тысяча восемьсот двенадцатого года");
    check(ru, "date", "2101-01-01", "первое января две тысячи сто первого года");
    check(ru, "phone", "8 (800) 555-35-35", "восемь восемьсот пятьсот пятьдесят пять тридцать пять тридцать пять");
    check(ru, "percent", "-0.0", "ноль процентов");
    check(ru, "decimal", "7", "семь");
    check(ru, "decimal", "0.000001", "ноль целых одна миллионная");
    check(ru, "rate:RUB", "-0.001", "ноль рублей");
    check(ru, "rate_exact:RUB", "0.0021", "ноль целых двадцать одна сотая копейки");
    check(ru, "duration", "90061", "один день один час одна минута одна секунда");
    check(ru, "digit", "star", "звёздочку");
    check(ru, "kind", "fee", "комиссия");
    check(en, "ordinal", "100", "one hundredth");
    check(en, "ordinal", "1000", "one thousandth");
    check(en, "ordinal", "112", "one hundred and twelfth");
    check(en, "date", "2000-02-29", "February twenty-ninth two thousand");
    check(en, "date", "1905-01-09", "January ninth nineteen oh five");
    check(en, "time", "12:00", "noon");
    check(en, "time", "12:30", "twelve thirty p.m.");
    check(
        en,
        "number",
        "9223372036854775807",
        "nine quintillion two hundred and twenty-three quadrillion three hundred \
        and seventy-two trillion thirty-six billion eight hundred and fifty-four million seven hundred and seventy-five \
        thousand eight hundred and seven",
    );
}

#[test]
fn what_cannot_be_read_says_how_to_write_it() {
    let check = |format: &str, input: &str, part: &str| {
        let error = say_line(Lang::Ru, format, input).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("money:RUB", "1.234", "at most two digits after the point");
    check("money:GBP", "1", "did you mean \"money\"");
    check("date", "2026-02-30", "2026-11-22");
    check("date", "22.11.2026", "2026-11-22");
    check("time", "24:00", "14:05");
    check("number:m", "two", "whole number");
    check("number:m", "99999999999999999999", "whole number");
    check("decimal", "1.2.3", "92.4125");
    check("decimal", "0.1234567890123", "twelve digits");
    check("digits", "12a", "4021");
    check("phone", "call me", "+7 (495)");
    check("duration", "-1", "whole seconds");
    check("kind", "gift", "purchase");
    check("count:minuts", "5", "did you mean \"count:minute\"");
    check("ladder:wait", "5", "phrases");
    check("", "5", "no format");
}
