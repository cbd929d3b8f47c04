//! What is said about an edit, each beside the edit itself.

use super::*;
use crate::ivr::menu::load;

const FILES: [(&str, &str); 3] = [
    ("hotline.yaml", include_str!("../../../menus/hotline.yaml")),
    ("phrases.yaml", include_str!("../../../menus/phrases.yaml")),
    ("services.yaml", include_str!("../../../menus/services.yaml")),
];

/// The default menu after an edit, which must hit.
fn edited(edits: &[(&str, &str)]) -> Menu {
    let mut files = FILES.map(|(name, text)| (format!("menus/{name}"), text.to_owned()));
    for (from, to) in edits {
        let file = files.iter_mut().find(|(_, text)| text.contains(from));
        let (_, text) = file.unwrap_or_else(|| panic!("nothing to edit: {from}"));
        *text = text.replacen(from, to, 1);
    }
    let files: Vec<(String, Vec<u8>)> = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    load(&files)
        .unwrap_or_else(|problems| panic!("{:?}", problems.iter().map(|one| one.render(Lang::En)).collect::<Vec<_>>()))
        .0
}

fn told(edits: &[(&str, &str)], lang: Lang) -> Vec<String> {
    let changes = diff(&edited(&[]), &edited(edits), lang);
    changes.into_iter().map(|change| format!("{} {}", change.kind.sign(), change.text)).collect()
}

#[test]
fn the_same_menu_differs_in_nothing_even_when_lines_moved() {
    assert_eq!(told(&[], Lang::En), Vec::<String>::new());
    assert_eq!(told(&[("menus:\n  main:", "\n\n# A comment.\nmenus:\n  main:")], Lang::En), Vec::<String>::new());
}

type Case = (&'static [(&'static str, &'static str)], Lang, &'static [&'static str]);

/// Edits, and what is said about them.
const EDITS: &[Case] = &[
    (
        &[("2: {offer: opt_branches, go: branches}", "2: {offer: opt_branches, go: goodbye}")],
        Lang::En,
        &["~ in the menu “Справка” key 2 now leads to “Завершение” (was “Часы работы отделений”)"],
    ),
    (
        &[(
            "1: {offer: opt_rates,    go: rates}\n      2: {offer: opt_branches, go: branches}",
            "2: {offer: opt_rates,    go: rates}\n      1: {offer: opt_branches, go: branches}",
        )],
        Lang::Ru,
        &[
            "~ в меню «Справка» «Чтобы узнать курсы валют» перенесён с клавиши 1 на клавишу 2",
            "~ в меню «Справка» «Чтобы узнать часы работы отделений» перенесён с клавиши 2 на клавишу 1",
        ],
    ),
    (
        &[(
            "      2: {offer: opt_branches, go: branches}\n",
            "      2: {offer: opt_branches, go: branches}\n      3: {offer: opt_finish, go: goodbye}\n",
        )],
        Lang::Ru,
        &["+ в меню «Справка» пункт 3 добавлен: «Чтобы завершить звонок» → «Завершение»"],
    ),
    (
        &[("3: {offer: opt_loan,     go: loan}", "3: {offer: opt_rates,    go: rates}")],
        Lang::Ru,
        &[
            "~ в меню «Карты и кредиты» пункт 3 теперь «Чтобы узнать курсы валют» → «Курсы валют» (было «Чтобы узнать дату и сумму платежа по кредиту» → «Платёж по кредиту»)",
        ],
    ),
    (
        &[("    ru: >-\n      Спасибо, код принят.", "    ru: >-\n      Код принят.")],
        Lang::Ru,
        &["~ фраза code_ok, ru: текст — теперь «Код принят.» (было «Спасибо, код принят.»)"],
    ),
    (
        &[("sat-sun 09:00-21:00", "sat 10:00-21:00"), ("- 2027-05-09", "- 2027-05-10")],
        Lang::En,
        &[
            "~ hours support: Saturday is now 10:00–21:00 (was 09:00–21:00)",
            "~ hours support: Sunday is now closed (was 09:00–21:00)",
            "- hours support: no longer — closed on 2027-05-09",
            "+ hours support: now also — closed on 2027-05-10",
        ],
    ),
    (
        &[("max_wait: 20m", "max_wait: 30m"), ("position: {every: 60s", "position: {every: 90s")],
        Lang::Ru,
        &[
            "~ очередь «Первая линия»: предел ожидания — теперь 30m (было 20m)",
            "~ очередь «Первая линия»: место сообщается каждые — теперь 90s, если улучшилось (было 1m, если улучшилось)",
        ],
    ),
    (
        &[(
            "locked: {say: code_locked, note: code_locked, go: operator}",
            "locked: {say: code_locked, note: code_locked, go: goodbye}",
        )],
        Lang::En,
        &[
            "~ in the task “Проверка телефонного кода”: bank.check_code with the outcome locked is now “For your security, access with the telephone code is temporarily closed.”, notes code_locked, → “Завершение” (was “For your security, access with the telephone code is temporarily closed.”, notes code_locked, → operator)",
        ],
    ),
    (
        &[("      - say: rates\n", "      - say: tip_app\n      - say: rates\n")],
        Lang::En,
        &[
            "+ in the task “Курсы валют”: now also — says: “You can check your balance and transactions in the mobile app at any time.”",
            "+ in the task “Курсы валют”: now also — is heard: until a key",
        ],
    ),
    (
        &[
            (
                "card_outage: {say: notice_card_outage, default: disabled}",
                "card_outage: {say: notice_card_outage, default: enabled}",
            ),
            ("call_limit: 15m", "call_limit: 20m"),
        ],
        Lang::En,
        &[
            "~ the hotline: the longest stay in menus is now 20m (was 15m)",
            "~ switch card_outage: its usual state is now enabled (was disabled)",
        ],
    ),
    (
        &[("silence: [repeat, {go: goodbye}]", "silence: [repeat, repeat, {go: goodbye}]")],
        Lang::Ru,
        &[
            "~ в меню «Операторы не работают»: тишина — теперь → ещё раз; → ещё раз; → «Завершение» (было → ещё раз; → «Завершение»)",
        ],
    ),
    (
        &[
            (
                "0: {offer: opt_operator, go: operator}\n    hint",
                "0: {offer: opt_operator, go: operator}\n      5: {offer: opt_finish, go: bye}\n    hint",
            ),
            (
                "  goodbye:\n    title: Завершение",
                "  bye:\n    title: Пока\n    steps: [hangup]\n  goodbye:\n    title: Завершение",
            ),
        ],
        Lang::Ru,
        &[
            "+ в меню «Главное меню» пункт 5 добавлен: «Чтобы завершить звонок» → «Пока»",
            "+ добавлено: сценарий bye «Пока»",
        ],
    ),
];

#[test]
fn an_edit_is_told_as_the_caller_notices_it() {
    for (edits, lang, expected) in EDITS {
        assert_eq!(told(edits, *lang), *expected, "{edits:?}");
    }
}

#[test]
fn what_is_added_one_way_is_removed_the_other_way() {
    let edits: &[(&str, &str)] = &[
        ("      - say: rates\n", "      - say: tip_app\n      - say: rates\n"),
        ("  fraud: always", "  fraud: always\n  extra: always"),
    ];
    let (old, new) = (edited(&[]), edited(edits));
    let there = diff(&old, &new, Lang::En);
    let back = diff(&new, &old, Lang::En);
    let count = |changes: &[Change], kind| changes.iter().filter(|change| change.kind == kind).count();
    assert_eq!(count(&there, ChangeKind::Added), 3);
    assert_eq!(count(&back, ChangeKind::Removed), 3);
    assert_eq!(there.len(), back.len());
}
