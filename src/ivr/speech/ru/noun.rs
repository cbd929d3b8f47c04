//! Russian nouns: gender, forms, recordings.

use super::super::{Case, Gender, Noun, Piece};
use super::Plural;

/// A noun's declension, as far as numbers need it.
struct Declension {
    gender: Gender,
    /// After 1, after 2 (which is the genitive singular), after 5 (the genitive plural).
    forms: [&'static str; 3],
    /// After 1 in the accusative, where it differs.
    accusative: Option<&'static str>,
    /// What the keys of its clips begin with.
    key: &'static str,
}

const fn masculine(forms: [&'static str; 3], key: &'static str) -> Declension {
    Declension { gender: Gender::Masculine, forms, accusative: None, key }
}

const fn feminine(forms: [&'static str; 3], accusative: &'static str, key: &'static str) -> Declension {
    Declension { gender: Gender::Feminine, forms, accusative: Some(accusative), key }
}

const fn declension(noun: Noun) -> Declension {
    match noun {
        Noun::Second => feminine(["секунда", "секунды", "секунд"], "секунду", "u.second"),
        Noun::Minute => feminine(["минута", "минуты", "минут"], "минуту", "u.minute"),
        Noun::Hour => masculine(["час", "часа", "часов"], "u.hour"),
        Noun::Day => masculine(["день", "дня", "дней"], "u.day"),
        Noun::Week => feminine(["неделя", "недели", "недель"], "неделю", "u.week"),
        Noun::Month => masculine(["месяц", "месяца", "месяцев"], "u.month"),
        Noun::Year => masculine(["год", "года", "лет"], "u.year"),
        Noun::Operation => feminine(["операция", "операции", "операций"], "операцию", "u.operation"),
        Noun::Caller => masculine(["звонок", "звонка", "звонков"], "u.caller"),
        Noun::Attempt => feminine(["попытка", "попытки", "попыток"], "попытку", "u.attempt"),
        Noun::Card => feminine(["карта", "карты", "карт"], "карту", "u.card"),
        Noun::Percent => masculine(["процент", "процента", "процентов"], "u.percent"),
        Noun::Ruble => masculine(["рубль", "рубля", "рублей"], "c.rub"),
        Noun::Kopeck => feminine(["копейка", "копейки", "копеек"], "копейку", "c.kop"),
        Noun::Dollar => masculine(["доллар", "доллара", "долларов"], "c.usd"),
        Noun::Cent => masculine(["цент", "цента", "центов"], "c.cent"),
        Noun::Euro => masculine(["евро", "евро", "евро"], "c.eur"),
        Noun::Yuan => masculine(["юань", "юаня", "юаней"], "c.cny"),
        Noun::Fen => masculine(["фэнь", "фэня", "фэней"], "c.fen"),
    }
}

pub(super) const fn gender(noun: Noun) -> Gender {
    declension(noun).gender
}

/// The noun in one of its three forms.
pub(super) fn form(noun: Noun, plural: Plural) -> Piece {
    let Declension { forms, key, .. } = declension(noun);
    let invariable = forms[0] == forms[1] && forms[1] == forms[2];
    let key = if invariable { key.to_owned() } else { format!("{key}.{}", plural.key()) };
    Piece::new(plural.pick(forms), key)
}

/// The noun as it stands after a number.
pub(super) fn after(noun: Noun, number: u64, case: Case) -> Piece {
    match case {
        Case::Nominative => form(noun, Plural::of(number)),
        Case::Genitive => form(noun, Plural::genitive(number)),
        Case::Accusative => match (declension(noun).accusative, Plural::of(number)) {
            (Some(text), Plural::One) => Piece::new(text, format!("{}.acc", declension(noun).key)),
            (_, plural) => form(noun, plural),
        },
    }
}
