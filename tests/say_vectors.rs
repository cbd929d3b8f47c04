//! Every speech vector, said as `hotline say --batch` says it.

use hotline::ivr::speech::say_line;
use hotline::model::Lang;

/// Says every row of a file and lists what differs.
fn check(lang: Lang, vectors: &str) {
    let rows = vectors.lines().skip(1).filter(|row| !row.is_empty());
    let mut wrong = Vec::new();
    let mut said = 0;
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        let [kind, input, words] = columns[..] else { panic!("not three columns: {row}") };
        let heard = say_line(lang, kind, input).unwrap_or_else(|error| error.to_string());
        if heard != words {
            wrong.push(format!("{kind} {input}\n  want {words}\n  have {heard}"));
        }
        said += 1;
    }
    assert!(wrong.is_empty(), "{} of {said} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(said > 250, "only {said} vectors");
}

#[test]
fn every_russian_vector_is_said_word_for_word() {
    check(Lang::Ru, include_str!("say/say-ru.tsv"));
}

#[test]
fn every_english_vector_is_said_word_for_word() {
    check(Lang::En, include_str!("say/say-en.tsv"));
}
