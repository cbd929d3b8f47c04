//! A menu as a Mermaid flowchart.

use super::model::{CardKind, Graph, Link, Row, Target, Tone};
use super::traffic::Traffic;
use std::fmt::Write;

/// The longest label of an arrow, in letters.
const LABEL: usize = 60;

/// The menu as text for Mermaid; with counts where traffic is given.
#[must_use]
pub fn mermaid(graph: &Graph, traffic: Option<&Traffic>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    write(&mut text, graph, traffic).unwrap_or_default();
    text
}

fn write(out: &mut String, graph: &Graph, traffic: Option<&Traffic>) -> std::fmt::Result {
    writeln!(out, "%% {} · {}", graph.bank.replace('\n', " "), graph.version)?;
    writeln!(out, "flowchart LR")?;
    for (at, card) in graph.cards.iter().enumerate() {
        let (open, close) = match card.kind {
            CardKind::Line => ("([", "])"),
            CardKind::Menu => ("{{", "}}"),
            CardKind::Task => ("[", "]"),
            CardKind::Queue => ("[/", "/]"),
            CardKind::Outside => ("[[", "]]"),
        };
        let counts = traffic.map_or(String::new(), |traffic| counts(traffic, at));
        writeln!(out, "  {}{open}\"{}{counts}\"{close}", card.id, escape(&card.title))?;
    }
    for (from, row, to, link) in graph.links() {
        let card = &graph.cards[from];
        let arrow = match (card.rows[row].tone, link) {
            (Tone::Trouble, _) | (_, Link::Calls) => "-.->",
            (Tone::Offer | Tone::Outcome | Tone::Does, Link::Goes) => "-->",
        };
        let count = traffic.map_or(String::new(), |traffic| format!(" · {}", traffic.passed(from, to)));
        let label = escape(&label(&card.rows[row]));
        writeln!(out, "  {} {arrow}|\"{label}{count}\"| {}", card.id, graph.cards[to].id)?;
    }
    ends(out, graph)?;
    for (cause, target) in &graph.everywhere {
        writeln!(out, "  %% {cause}: {target}")?;
    }
    Ok(())
}

/// The ends of calls: one small node for each card that has one.
fn ends(out: &mut String, graph: &Graph) -> std::fmt::Result {
    for card in &graph.cards {
        for (row, at) in card.rows.iter().zip(1..) {
            if let Target::Words(words) = &row.target {
                let (id, label) = (&card.id, escape(&label(row)));
                writeln!(out, "  {id} -->|\"{label}\"| {id}_{at}(\"{}\")", escape(words))?;
            }
        }
    }
    Ok(())
}

fn counts(traffic: &Traffic, card: usize) -> String {
    match (traffic.visits(card), traffic.left(card)) {
        (visits, 0) => format!("<br/>{visits}"),
        (visits, left) => format!("<br/>{visits}, ✕ {left}"),
    }
}

/// A row as the label of its arrow: the key, then the words.
pub(super) fn label(row: &Row) -> String {
    let text: String = if row.text.chars().count() > LABEL {
        row.text.chars().take(LABEL - 1).chain(['…']).collect()
    } else {
        row.text.clone()
    };
    row.key.as_ref().map_or_else(|| text.clone(), |key| format!("{key}: {text}"))
}

/// Mermaid takes the codes of characters after `#`.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '\n' => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}
