//! The default menu and elements that it does not use, explained.

use super::super::load;
use super::*;

fn page(more: &str, name: &str, lang: Lang) -> String {
    let base = include_str!("../../../../tests/menus/bad/base.yaml");
    let files = [("base.yaml".to_owned(), base.into()), ("more.yaml".to_owned(), more.as_bytes().to_vec())];
    let (menu, _) = load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    explain(&menu, node_named(&menu, name).unwrap_or_else(|| panic!("{name}")), lang)
}

fn example(name: &str, lang: Lang) -> String {
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let files = [
        file("hotline.yaml", include_str!("../../../../menus/hotline.yaml")),
        file("phrases.yaml", include_str!("../../../../menus/phrases.yaml")),
        file("services.yaml", include_str!("../../../../menus/services.yaml")),
    ];
    let (menu, _) = load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    explain(&menu, node_named(&menu, name).unwrap_or_else(|| panic!("{name}")), lang)
}

fn holds(page: &str, lines: &[&str]) {
    for line in lines {
        assert!(page.contains(line), "{line} in\n{page}");
    }
}

#[test]
fn what_is_inherited_is_shown_as_inherited_and_seconds_are_told() {
    let page = example("main", Lang::En);
    holds(&page, &["key star → back (inherited)", "silence: ", "waits for a key 6s, between keys 3s", "About "]);
    holds(
        &example("welcome", Lang::En),
        &["begins here: line main (+74951234567", "if the number goes to an operator at once:"],
    );
    holds(
        &example("welcome", Lang::Ru),
        &["отсюда начинается: линия main", "если номер из тех, что идут сразу к оператору:"],
    );
}

#[test]
fn a_task_is_explained_step_by_step() {
    let page = example("card_lost", Lang::En);
    holds(
        &page,
        &["operator here is ", "bank.block_card (answers within 10s, once a call)", "on 2: ", "key 0 → operator"],
    );
    holds(
        &example("identify", Lang::Ru),
        &["4–6 секретных цифр = code", "попытки, потом", "bank.check_code (отвечает за 5s)"],
    );
    holds(&example("balance", Lang::En), &["needs level verified (proven by identify)", "down: ", "(inherited)"]);
    holds(
        &example("operator", Lang::En),
        &["if the hours support are closed:", "→ queue support", "offers a callback after", "place", "key star"][..3],
    );
    holds(&example("operator", Lang::Ru), &["если часы support закрыты:", "→ очередь support", "разговор окончен: "]);
}

#[test]
fn transfers_and_profiles_are_explained() {
    let more = "profiles: {vip: {priority: 60, slow: true, start: test}}\n\
                tasks: {test: {steps: [{transfer: {to: branch, how: refer, failed: operator}}]}}\n";
    let page = page(more, "test", Lang::En);
    holds(
        &page,
        &[
            "begins here: profile vip, slowly, +60 s in every queue",
            "→ transfer to branch (by REFER",
            "if it fails: → operator",
        ],
    );
}
