//! Pictures of the default menu: nothing overlaps, every arrow starts at its row, every way is in every form.

use super::*;
use crate::ivr::menu::{Menu, load};
use crate::model::{CallEvent, CallId, CallRecord, Cause, Lang};
use std::time::Duration;

fn example() -> Menu {
    let file = |name: &str, text: &str| (format!("menus/{name}"), text.as_bytes().to_vec());
    let files = [
        file("hotline.yaml", include_str!("../../../menus/hotline.yaml")),
        file("phrases.yaml", include_str!("../../../menus/phrases.yaml")),
        file("services.yaml", include_str!("../../../menus/services.yaml")),
    ];
    load(&files).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

/// One menu of `count` options, each to a task that comes back.
fn large(count: usize) -> Menu {
    let mut text = String::from(
        "bank: {name: Bank, timezone: Europe/Moscow}\nlanguages: [en]\n\
         lines: {main: {numbers: [\"100\"], start: m0}}\nqueues: {q: {members: {skills: [a]}}}\n\
         phrases: {press: {en: \"{offer}, press {key|digit}.\"}, o: {en: \"For one thing & <another>\"}}\n\
         tasks:\n  operator: {steps: [{queue: q, results: {finished: hangup, timeout: hangup, nobody: hangup}}]}\nmenus:\n",
    );
    for at in 0..count {
        let (first, second) = ((at * 2 + 1) % count, (at * 2 + 2) % count);
        let options = format!("{{1: {{offer: o, go: m{first}}}, 2: {{offer: o, go: m{second}}}}}");
        text.extend(["  m", &at.to_string(), ": {options: ", &options, "}\n"]);
    }
    load(&[("large.yaml".to_owned(), text.into_bytes())]).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

fn check(graph: &Graph, layout: &Layout) {
    for (at, frame) in layout.frames.iter().enumerate() {
        let (right, bottom) = (frame.at.x + frame.width, frame.at.y + frame.height);
        assert!(frame.at.x >= 0.0 && frame.at.y >= 0.0 && right <= layout.width && bottom <= layout.height, "{at}");
        for (other_at, other) in layout.frames.iter().enumerate().skip(at + 1) {
            let beside = right < other.at.x || other.at.x + other.width < frame.at.x;
            let above = bottom < other.at.y || other.at.y + other.height < frame.at.y;
            assert!(beside || above, "cards {at} and {other_at} overlap");
        }
        let mut top = frame.head;
        for row in &frame.rows {
            assert!(row.top >= top && row.top + row.height <= frame.height, "a row leaves card {at}");
            top = row.top + row.height;
        }
    }
    for arrow in &layout.arrows {
        let (from, to) = (&layout.frames[arrow.from], &layout.frames[arrow.to]);
        let row = &from.rows[arrow.row];
        let (top, bottom) = (from.at.y + row.top, from.at.y + row.top + row.height);
        assert!((top..=bottom).contains(&arrow.start.y), "an arrow starts beside its label");
        assert_eq!(from.column + 1, to.column, "an arrow would cross a card");
        assert!(arrow.start.x < arrow.end.x);
        assert!(
            matches!(graph.cards[arrow.from].rows[arrow.row].target, Target::Card(target, _) if target == arrow.to)
        );
    }
    // Every way to a card is an arrow or is named in its row.
    for (from, row, to, _) in graph.links() {
        let drawn = layout.arrows.iter().any(|arrow| (arrow.from, arrow.row, arrow.to) == (from, row, to));
        assert_ne!(drawn, layout.frames[from].rows[row].chip.is_some(), "{} row {row}", graph.cards[from].name);
    }
}

#[test]
fn cards_are_apart_and_every_label_is_where_its_arrow_starts() {
    for lang in Lang::ALL {
        let graph = Graph::of(&example(), lang);
        check(&graph, &Layout::of(&graph, 120.0));
    }
    let graph = Graph::of(&large(100), Lang::En);
    check(&graph, &Layout::of(&graph, 120.0));
}

#[test]
fn every_node_and_every_offer_is_in_every_form() {
    let menu = example();
    let graph = Graph::of(&menu, Lang::Ru);
    let (mermaid, dot, svg) = (mermaid(&graph, None), dot(&graph, None), svg(&graph, None));
    let titles = menu.menus.iter().map(|node| &node.title).chain(menu.tasks.iter().map(|task| &task.title));
    for title in titles.chain(menu.queues.iter().map(|queue| &queue.title)) {
        for (form, text) in [("mermaid", &mermaid), ("dot", &dot)] {
            assert!(text.contains(&**title), "{title} is not in {form}");
        }
        // A long title is broken into lines.
        assert!(svg.contains(title.split(' ').next().unwrap()), "{title} is not in svg");
    }
    assert!(mermaid.contains("1: Если вы потеряли карту"), "{mermaid}");
    assert!(dot.contains("1: Если вы потеряли карту"), "{dot}");
}

#[test]
fn what_every_menu_inherits_is_said_once() {
    let graph = Graph::of(&example(), Lang::En);
    let said: Vec<String> = graph.everywhere.iter().map(|(cause, target)| format!("{cause} {target}")).collect();
    let expected = ["# once more", "* back", "0 operator", "9 other language", "silence × 3 operator"];
    let expected = expected.into_iter().chain(["wrong key × 3 operator", "bank down operator"]);
    assert_eq!(said, expected.collect::<Vec<_>>());
}

#[test]
fn a_task_that_must_know_the_caller_leads_to_the_task_that_proves_it_and_back() {
    let graph = Graph::of(&example(), Lang::En);
    let balance = graph.cards.iter().find(|card| &*card.name == "balance").unwrap();
    let Target::Card(to, Link::Calls) = balance.rows[0].target else { panic!("{:?}", balance.rows) };
    assert_eq!(&*graph.cards[to].name, "identify");
    assert_eq!(balance.rows[0].text, "needs: verified");
}

#[test]
fn inside_a_task_with_an_operator_of_its_own_operator_means_that_one() {
    let graph = Graph::of(&example(), Lang::En);
    let at = |name: &str| graph.cards.iter().position(|card| &*card.name == name).unwrap();
    let down = graph.cards[at("card_lost")].rows.iter().find(|row| row.text == "down").unwrap();
    assert_eq!(down.target, Target::Card(at("operator_urgent"), Link::Goes));
}

fn call(events: Vec<CallEvent>) -> Vec<CallRecord> {
    let record = |event| CallRecord { call: CallId::from_u128(1), at: jiff::Timestamp::UNIX_EPOCH, event };
    events.into_iter().map(record).collect()
}

fn visited(nodes: &[&str]) -> Vec<CallEvent> {
    let arrived =
        CallEvent::Arrived { from: None, called: "100".into(), line: "main".into(), menu: "1".into(), trunk: None };
    let visits = nodes.iter().map(|node| CallEvent::Visited { node: (*node).into() });
    std::iter::once(arrived).chain(visits).collect()
}

fn hung_up() -> CallEvent {
    CallEvent::Ended { cause: Cause::CallerHungUp, lasted: Duration::from_secs(9) }
}

#[test]
fn callers_are_counted_where_they_went_and_where_they_gave_up() {
    let graph = Graph::of(&example(), Lang::En);
    let is = |card: &Card, name: &str| &*card.name == name && card.kind != CardKind::Line;
    let at = |name: &str| graph.cards.iter().position(|card| is(card, name)).unwrap();
    let mut gave_up = visited(&["welcome", "main", "money", "balance", "identify", "after_info"]);
    gave_up.push(hung_up());
    let mut served = visited(&["welcome", "main", "gone_since", "operator"]);
    served.push(CallEvent::Queued { queue: "support".into() });
    served.push(CallEvent::Connected { operator: crate::model::OperatorId::new("anna"), waited: Duration::ZERO });
    served.push(hung_up());
    let calls = [call(gave_up), call(served)];
    let traffic = Traffic::of(&graph, calls.iter().map(Vec::as_slice));
    assert_eq!((traffic.calls(), traffic.visits(at("main")), traffic.busiest()), (2, 2, 2));
    assert_eq!(traffic.passed(at("main"), at("money")), 1);
    assert_eq!(traffic.passed(at("balance"), at("after_info")), 1, "identify came back in between");
    assert_eq!(
        traffic.passed(at("operator"), graph.cards.iter().position(|card| card.kind == CardKind::Queue).unwrap()),
        1
    );
    assert_eq!(traffic.left(at("after_info")), 1);
    let left: u64 = (0..graph.cards.len()).map(|card| traffic.left(card)).sum();
    assert_eq!(left, 1, "who spoke with an operator did not give up");
    let picture = svg(&graph, Some(&traffic));
    assert!(picture.contains("1 · ✕ 1 (100 %)") && picture.contains("edge bad"), "{picture}");
    assert!(dot(&graph, Some(&traffic)).contains("penwidth=8.0"));
    assert!(mermaid(&graph, Some(&traffic)).contains(" · 2\"|"));
}

#[test]
fn letters_that_mean_something_to_the_form_are_written_out() {
    let graph = Graph::of(&large(3), Lang::En);
    assert!(svg(&graph, None).contains("For one thing &amp; &lt;another&gt;"));
    assert!(mermaid(&graph, None).contains("For one thing & #lt;another#gt;"));
}

#[test]
fn the_page_holds_the_picture_and_asks_nothing_of_the_network() {
    let menu = example();
    let picture = svg(&Graph::of(&menu, Lang::En), None);
    let page = page(&picture, Lang::En);
    assert!(page.contains(&picture) && page.contains("id=\"find\"") && page.ends_with("</html>\n"));
    for outside in ["src=", "https://", "@import", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
