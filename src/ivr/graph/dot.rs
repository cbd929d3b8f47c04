//! A menu in the language of Graphviz.

use super::mermaid::label;
use super::model::{CardKind, Graph, Link, Target, Tone};
use super::traffic::Traffic;
use std::fmt::Write;

/// The menu as text for `dot`; with counts and widths where traffic is given.
#[must_use]
pub fn dot(graph: &Graph, traffic: Option<&Traffic>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    write(&mut text, graph, traffic).unwrap_or_default();
    text
}

fn write(out: &mut String, graph: &Graph, traffic: Option<&Traffic>) -> std::fmt::Result {
    writeln!(out, "digraph hotline {{")?;
    writeln!(out, "  graph [rankdir=LR, fontname=\"sans-serif\", label={}];", quote(&graph.bank))?;
    writeln!(out, "  node [fontname=\"sans-serif\", style=\"rounded,filled\", shape=box, fillcolor=white];")?;
    writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=10];")?;
    for (at, card) in graph.cards.iter().enumerate() {
        let colour = match card.kind {
            CardKind::Line => "#e2e8f0",
            CardKind::Menu => "#dbeafe",
            CardKind::Task => "#ffffff",
            CardKind::Queue => "#ede9fe",
            CardKind::Outside => "#fef3c7",
        };
        let counts = traffic.map_or(String::new(), |traffic| match traffic.left(at) {
            0 => format!("\n{}", traffic.visits(at)),
            left => format!("\n{}, ✕ {left}", traffic.visits(at)),
        });
        let title = quote(&format!("{}{counts}", card.title));
        writeln!(out, "  {} [label={title}, fillcolor=\"{colour}\"];", card.id)?;
    }
    let busiest = traffic.map_or(0, Traffic::busiest).max(1);
    for (from, row, to, link) in graph.links() {
        let card = &graph.cards[from];
        let quiet = card.rows[row].tone == Tone::Trouble;
        let style = if quiet || link == Link::Calls { ", style=dashed" } else { "" };
        let colour = if quiet { ", color=\"#94a3b8\", fontcolor=\"#64748b\"" } else { "" };
        let passed = traffic.map_or(0, |traffic| traffic.passed(from, to));
        let tenths = 10 + passed * 70 / busiest;
        let count = traffic.map_or(String::new(), |_| format!("\n{passed}"));
        let words = quote(&format!("{}{count}", label(&card.rows[row])));
        let (id, target) = (&card.id, &graph.cards[to].id);
        writeln!(out, "  {id} -> {target} [label={words}, penwidth={}.{}{style}{colour}];", tenths / 10, tenths % 10)?;
    }
    for card in &graph.cards {
        for (row, at) in card.rows.iter().zip(1..) {
            if let Target::Words(words) = &row.target {
                let id = &card.id;
                writeln!(out, "  {id}_{at} [label={}, shape=plaintext, style=\"\"];", quote(words))?;
                writeln!(out, "  {id} -> {id}_{at} [label={}];", quote(&label(row)))?;
            }
        }
    }
    writeln!(out, "}}")
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
