//! Speech as a whole: the example's phrases against the recordings that come with the product.

mod clips;
mod formats;
mod numbers;
mod phrases;

use super::{Ladder, LadderStep, Ladders, Manifest};
use crate::model::{Lang, PlayItem, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The recordings that come with the product.
fn manifest() -> Manifest {
    Manifest::parse(include_str!("../../../prompts/manifest.tsv")).unwrap()
}

/// Playlist items as a line: clips by name, gaps in brackets.
fn line(items: &[PlayItem]) -> String {
    let item = |item: &PlayItem| match item {
        PlayItem::Clip(id) => id.to_string(),
        PlayItem::Gap(gap) => format!("[{}]", gap.0),
    };
    items.iter().map(item).collect::<Vec<_>>().join(" ")
}

/// The example's ladder of waits, its first lines.
fn ladders() -> Ladders {
    let step = |below: Option<u64>, ru: &str, en: &str| LadderStep {
        below: below.map(Duration::from_secs),
        texts: BTreeMap::from([(Lang::Ru, ru.to_owned()), (Lang::En, en.to_owned())]),
    };
    let steps = vec![
        step(Some(60), "меньше минуты", "less than a minute"),
        step(Some(90), "около минуты", "about a minute"),
        step(Some(150), "около двух минут", "about two minutes"),
        step(None, "около трёх минут", "about three minutes"),
    ];
    Ladders::from_iter([Ladder { name: "wait".into(), steps }])
}

/// A value for every path of the example's phrases.
fn sample(path: &str) -> Option<Value> {
    use crate::model::{Currency, Money};
    let money = |minor| Value::Money(Money::new(minor, Currency::Rub));
    Some(match path {
        "bank.name" => Value::Word("Example Bank".into()),
        "card.last4" | "call.from_last4" => Value::Digits("4321".into()),
        "block.ticket" => Value::Digits("70512".into()),
        "money.available" => money(1_523_050),
        "item.date" | "loan.date" => Value::Date(jiff::civil::date(2026, 11, 22)),
        "item.kind" => Value::Word("purchase".into()),
        "item.amount" => money(-20_000),
        "loan.amount" => money(1_245_000),
        "rates.usd_buy" => money(9_015),
        "rates.usd_sell" => money(9_341),
        "rates.eur_buy" => money(9_802),
        "rates.eur_sell" => money(10_100),
        "queue.position" => Value::Number(3),
        "queue.wait" => Value::Duration(Duration::from_secs(100)),
        _ => return None,
    })
}
