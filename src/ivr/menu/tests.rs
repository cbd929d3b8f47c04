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

#[test]
fn the_main_menu_is_explained_as_it_is_heard() {
    let (menu, _) = load(&example()).unwrap();
    let page = explain(&menu, node_named(&menu, "main").unwrap(), crate::model::Lang::En);
    assert!(
        page.contains("“If your card is lost or you see a transaction you did not make, press 1.” → card_lost"),
        "{page}"
    );
    assert!(page.contains("key star → back (inherited)"), "{page}");
    for task in menu.tasks.iter().map(|task| &task.name).chain(menu.menus.iter().map(|node| &node.name)) {
        let page = explain(&menu, node_named(&menu, task).unwrap(), crate::model::Lang::Ru);
        assert!(page.contains("Около"), "{page}");
    }
}

#[test]
fn every_phrase_of_the_example_is_recorded_as_it_is_written() {
    let (menu, _) = load(&example()).unwrap();
    let manifest = crate::ivr::speech::Manifest::parse(include_str!("../../../prompts/manifest.tsv")).unwrap();
    let problems: Vec<_> =
        check_recordings(&menu, &manifest).iter().map(|p| p.headline(crate::model::Lang::En)).collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn the_version_changes_with_any_byte() {
    let first = load(&example()).unwrap().0.version;
    let mut files = example();
    files.reverse();
    assert_eq!(load(&files).unwrap().0.version, first);
    files[0].1.push(b'\n');
    assert_ne!(load(&files).unwrap().0.version, first);
}

#[test]
fn the_operator_is_a_role_and_a_confirmation_guards_its_change() {
    let (menu, _) = load(&example()).unwrap();
    let Some(Node::Task(id)) = node_named(&menu, "card_lost") else { panic!("card_lost is a task") };
    let task = &menu[id];
    assert_eq!(task.operator, node_named(&menu, "operator_urgent"));
    let guarded = task.steps.iter().any(|node| matches!(&node.step, Step::Confirm(confirm) if confirm.guards_change));
    assert!(guarded);
    let Some(Node::Menu(id)) = node_named(&menu, "main") else { panic!("main is a menu") };
    assert_eq!(menu[id].options.last().map(|option| option.go), Some(Go::Operator));
}
