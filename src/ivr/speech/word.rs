//! The closed list of words that bank answers may hold.

use super::Piece;
use crate::model::Lang;

/// A word's name with its Russian and English text.
pub const WORDS: [(&str, &str, &str); 11] = [
    ("purchase", "покупка", "purchase"),
    ("payment", "платёж", "payment"),
    ("transfer", "перевод", "transfer"),
    ("transfer_in", "входящий перевод", "incoming transfer"),
    ("cash_withdrawal", "снятие наличных", "cash withdrawal"),
    ("deposit", "зачисление", "deposit"),
    ("cash_deposit", "внесение наличных", "cash deposit"),
    ("refund", "возврат", "refund"),
    ("fee", "комиссия", "fee"),
    ("interest", "проценты", "interest"),
    ("other", "операция", "transaction"),
];

/// What a word is in a language; `None` when it is not on the list.
#[must_use]
pub fn word_text(lang: Lang, word: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|(name, ..)| *name == word).map(|(_, ru, en)| match lang {
        Lang::Ru => ru,
        Lang::En => en,
    })
}

/// A word; one that is not on the list is said as `other`, because a bank may know more kinds than there are
/// recordings.
pub(super) fn piece(lang: Lang, word: &str) -> Piece {
    match word_text(lang, word) {
        Some(text) => Piece::new(text, format!("word.{word}")),
        None => Piece::new(word_text(lang, "other").unwrap_or_default(), "word.other"),
    }
}
