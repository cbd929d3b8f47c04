//! Russian cardinals: groups of three from the highest, each in the gender and the case it needs.

use super::super::utterance::gap;
use super::super::{Case, Gender, Piece};
use super::Plural;

/// The nominative of 0–19; of 1 and 2 the masculine.
const UNITS: [&str; 20] = [
    "ноль",
    "один",
    "два",
    "три",
    "четыре",
    "пять",
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
    "восемнадцать",
    "девятнадцать",
];
const TENS: [&str; 10] =
    ["", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто"];
const HUNDREDS: [&str; 10] =
    ["", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"];
const HUNDREDS_GENITIVE: [&str; 10] =
    ["", "ста", "двухсот", "трёхсот", "четырёхсот", "пятисот", "шестисот", "семисот", "восьмисот", "девятисот"];

/// A power of a thousand.
struct Scale {
    value: u64,
    gender: Gender,
    forms: [&'static str; 3],
    key: &'static str,
}

const fn scale(power: u32, gender: Gender, forms: [&'static str; 3], key: &'static str) -> Scale {
    Scale { value: 1_000_u64.pow(power), gender, forms, key }
}

const SCALES: [Scale; 6] = [
    scale(6, Gender::Masculine, ["квинтиллион", "квинтиллиона", "квинтиллионов"], "s.qnt"),
    scale(5, Gender::Masculine, ["квадриллион", "квадриллиона", "квадриллионов"], "s.qdr"),
    scale(4, Gender::Masculine, ["триллион", "триллиона", "триллионов"], "s.trn"),
    scale(3, Gender::Masculine, ["миллиард", "миллиарда", "миллиардов"], "s.bln"),
    scale(2, Gender::Masculine, ["миллион", "миллиона", "миллионов"], "s.mln"),
    scale(1, Gender::Feminine, ["тысяча", "тысячи", "тысяч"], "s.th"),
];

impl Scale {
    fn after(&self, number: u64, case: Case) -> Piece {
        let plural = match case {
            Case::Genitive => Plural::genitive(number),
            Case::Nominative | Case::Accusative => Plural::of(number),
        };
        let piece = if case == Case::Accusative && self.gender == Gender::Feminine && plural == Plural::One {
            Piece::new("тысячу", format!("{}.acc", self.key))
        } else {
            Piece::new(plural.pick(self.forms), format!("{}.{}", self.key, plural.key()))
        };
        piece.then(gap::SCALE)
    }
}

/// A whole number.
pub(super) fn cardinal(number: u64, gender: Gender, case: Case) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = number;
    for scale in &SCALES {
        let count = rest / scale.value;
        if count > 0 {
            pieces.extend(below_thousand(count, scale.gender, case));
            pieces.push(scale.after(count, case));
        }
        rest %= scale.value;
    }
    if rest > 0 || pieces.is_empty() {
        pieces.extend(below_thousand(rest, gender, case));
    } else if let Some(last) = pieces.last_mut() {
        // «пять тысяч рублей» is one breath; the pause comes only before more of the number.
        last.after = gap::NONE;
    }
    pieces
}

fn below_thousand(number: u64, gender: Gender, case: Case) -> Vec<Piece> {
    let (hundreds, rest) = (number / 100, number % 100);
    let mut pieces = Vec::new();
    if hundreds > 0 {
        pieces.push(hundred(hundreds, case));
    }
    if rest > 0 || hundreds == 0 {
        pieces.push(below_hundred(rest, gender, case));
    }
    pieces
}

fn hundred(hundreds: u64, case: Case) -> Piece {
    let text = |table: [&'static str; 10]| usize::try_from(hundreds).ok().map_or("", |index| table[index % 10]);
    match case {
        Case::Genitive => Piece::new(text(HUNDREDS_GENITIVE), format!("g.f.{hundreds}00")),
        Case::Nominative | Case::Accusative => Piece::new(text(HUNDREDS), format!("h.{hundreds}00")),
    }
}

/// 0–99: one recording where there is one, the tens and the units apart where there is none.
pub(super) fn below_hundred(number: u64, gender: Gender, case: Case) -> Piece {
    let piece = Piece::new(text(number, gender, case), format!("{}.{number}", key(number, gender, case)));
    if number > 20 && !number.is_multiple_of(10) {
        let (tens, units) = (number - number % 10, number % 10);
        piece.or(vec![below_hundred(tens, gender, case), below_hundred(units, gender, case)])
    } else {
        piece
    }
}

/// Which set of clips has the number in that gender and case.
fn key(number: u64, gender: Gender, case: Case) -> &'static str {
    let one = Plural::of(number) == Plural::One;
    let two = number % 10 == 2 && number != 12;
    match (case, gender) {
        (Case::Genitive, Gender::Masculine | Gender::Neuter) if one => "g.m",
        (Case::Genitive, _) => "g.f",
        (Case::Accusative, Gender::Feminine) if one => "n.fa",
        (_, Gender::Feminine) if one || two => "n.f",
        (_, Gender::Neuter) if one => "n.n",
        _ => "n.m",
    }
}

fn text(number: u64, gender: Gender, case: Case) -> String {
    let number = usize::try_from(number % 100).unwrap_or(0);
    match (number / 10, number % 10) {
        (0 | 1, _) => unit(number, gender, case),
        (tens, 0) => ten(tens, case),
        (tens, units) => format!("{} {}", ten(tens, case), unit(units, gender, case)),
    }
}

fn ten(tens: usize, case: Case) -> String {
    let nominative = TENS[tens];
    if case != Case::Genitive {
        return nominative.to_owned();
    }
    match tens {
        4 => "сорока".to_owned(),
        9 => "девяноста".to_owned(),
        5..=8 => nominative.replace("ьдесят", "идесяти").replace("восеми", "восьми"),
        _ => soft_genitive(nominative),
    }
}

fn unit(number: usize, gender: Gender, case: Case) -> String {
    let text = match (number, case, gender) {
        (1, Case::Genitive, Gender::Feminine) => "одной",
        (1, Case::Genitive, _) => "одного",
        (1, Case::Accusative, Gender::Feminine) => "одну",
        (1, _, Gender::Feminine) => "одна",
        (1, _, Gender::Neuter) => "одно",
        (2, Case::Genitive, _) => "двух",
        (2, _, Gender::Feminine) => "две",
        (0, Case::Genitive, _) => "нуля",
        (3, Case::Genitive, _) => "трёх",
        (4, Case::Genitive, _) => "четырёх",
        (8, Case::Genitive, _) => "восьми",
        (_, Case::Genitive, _) => return soft_genitive(UNITS[number]),
        _ => UNITS[number],
    };
    text.to_owned()
}

/// пять, десять, двадцать: the soft sign becomes «и».
fn soft_genitive(nominative: &str) -> String {
    format!("{}и", nominative.trim_end_matches('ь'))
}
