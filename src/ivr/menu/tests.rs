//! The example checks clean, and what was written is what the menu holds.

use super::*;

fn example() -> Vec<(String, Vec<u8>)> {
    let file = |name: &str, bytes: &[u8]| (format!("menus/{name}"), bytes.to_vec());
    vec![
        file("hotline.yaml", include_bytes!("../../../menus/hotline.yaml")),
        file("phrases.yaml", include_bytes!("../../../menus/phrases.yaml")),
        file("services.yaml", include_bytes!("../../../menus/services.yaml")),
    ]
}

#[test]
fn the_example_is_accepted() {
    let result = load(&example());
    let problems = match &result {
        Ok((_, problems)) | Err(problems) => problems,
    };
    let text: String = problems.iter().map(|problem| problem.render(crate::model::Lang::En)).collect();
    println!("{text}");
    let (menu, _) = result.unwrap_or_else(|_| panic!("{text}"));
    assert_eq!(menu.proofs.len(), 2);
    assert_eq!(menu.version.len(), 12);
}

/// The smallest menu with everything it must have, and more sections behind it.
pub(super) const SMALL: &str = "\
bank: {name: Bank, timezone: Europe/Moscow}
languages: [en]
lines: {main: {numbers: [\"100\"], start: operator}}
tasks: {operator: {steps: [{queue: q, results: {finished: hangup, timeout: hangup, nobody: hangup}}]}}
queues: {q: {members: {skills: [a]}}}
phrases: {press: {en: \"{offer}, press {key|digit}.\"}}
";

/// A menu of the smallest file and one more.
pub(super) fn small(more: &str) -> Menu {
    let files = [("a.yaml".to_owned(), SMALL.as_bytes().to_vec()), ("b.yaml".to_owned(), more.as_bytes().to_vec())];
    match load(&files) {
        Ok((menu, _)) => menu,
        Err(problems) => panic!("{problems:#?}"),
    }
}
