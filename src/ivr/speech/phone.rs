//! Telephone numbers in groups.

use super::Piece;
use super::grammar::Grammar;
use super::utterance::gap;

/// How a Russian number of eleven digits is grouped.
const RUSSIAN: [usize; 5] = [1, 3, 3, 2, 2];

/// A number: an optional plus and digits.
pub(super) fn phone(grammar: &dyn Grammar, number: &str) -> Vec<Piece> {
    let digits = number.trim_start_matches('+');
    let plus = number.starts_with('+');
    let mut pieces: Vec<Piece> = plus.then(|| grammar.plus()).into_iter().collect();
    let russian = digits.len() == 11 && (digits.starts_with('7') || (digits.starts_with('8') && !plus));
    if russian {
        for group in cut(digits, &RUSSIAN) {
            push_group(&mut pieces, grammar.phone_group(group));
        }
    } else {
        // How a foreign number is grouped is not known: digit by digit, with a breath after every three.
        for group in threes(digits) {
            push_group(&mut pieces, group.chars().filter_map(|digit| grammar.digit(digit)).collect());
        }
    }
    pieces
}

fn push_group(pieces: &mut Vec<Piece>, mut group: Vec<Piece>) {
    if let Some(last) = group.last_mut() {
        last.after = gap::PHONE_GROUPS;
    }
    pieces.extend(group);
}

fn cut<'a>(mut digits: &'a str, lengths: &[usize]) -> Vec<&'a str> {
    let mut groups = Vec::new();
    for length in lengths {
        let (group, rest) = digits.split_at((*length).min(digits.len()));
        groups.push(group);
        digits = rest;
    }
    groups
}

/// Groups of three; what would leave a single digit ends in two pairs.
fn threes(digits: &str) -> Vec<&str> {
    let mut lengths = Vec::new();
    let mut left = digits.len();
    while left > 0 {
        let length = match left {
            1..=3 => left,
            4 => 2,
            _ => 3,
        };
        lengths.push(length);
        left -= length;
    }
    cut(digits, &lengths)
}
