//! Silence and wrong keys at every prompt.

use super::script::{check, expand};
use super::stage::Stage;

/// The keys to a prompt, then what is heard after each silence, the last of which ends with the caller elsewhere.
const SILENT: [(&str, &[&str]); 9] = [
    ("", &["{main}", "silence_help {main}", "{nobody}"]),
    ("2", &["{money}", "silence_help {money}", "{nobody}"]),
    ("3", &["{cards}", "silence_help {cards}", "{nobody}"]),
    ("4", &["{info}", "silence_help {info}", "{nobody}"]),
    ("4 2", &["{after_info}", "silence_help {after_info}", "{nobody}"]),
    ("2 1", &["last4_help", "last4_help", "{nobody}"]),
    ("2 1 4321", &["ask_code", "ask_code", "{nobody}"]),
    ("1 4321", &["{reason}", "silence_help {reason}", "{nobody}"]),
    ("1 4321 1", &["confirm_block confirm", "silence_help confirm_block confirm", "{nobody}"]),
];

const WRONG: [(&str, &str, &[&str]); 7] = [
    ("", "7", &["wrong_key {main}", "wrong_key {main}", "wrong_key_last {nobody}"]),
    ("2", "7", &["wrong_key {money}", "wrong_key {money}", "wrong_key_last {nobody}"]),
    ("3", "7", &["wrong_key {cards}", "wrong_key {cards}", "wrong_key_last {nobody}"]),
    ("4", "7", &["wrong_key {info}", "wrong_key {info}", "wrong_key_last {nobody}"]),
    ("4 2", "7", &["wrong_key {after_info}", "wrong_key {after_info}", "wrong_key_last {nobody}"]),
    ("1 4321", "7", &["wrong_key {reason}", "wrong_key {reason}", "wrong_key_last {nobody}"]),
    (
        "1 4321 1",
        "7",
        &["wrong_key confirm_block confirm", "wrong_key confirm_block confirm", "wrong_key_last {nobody}"],
    ),
];

fn go_to(keys: &str) -> (Stage, usize) {
    let mut stage = Stage::new();
    let caller = stage.caller();
    for keys in keys.split(' ') {
        stage.listen();
        stage.take_heard(caller);
        stage.press(caller, keys);
    }
    stage.listen();
    stage.take_heard(caller);
    (stage, caller)
}

#[test]
fn silence_leads_to_help_and_then_to_an_operator() {
    for (keys, heard) in SILENT {
        let (mut stage, caller) = go_to(keys);
        for heard in heard {
            stage.run_for(6_200);
            stage.listen();
            assert_eq!(stage.take_phrases(caller, "ru"), expand(heard), "after {keys:?}");
        }
        stage.hang_up(caller);
        stage.assert_all_let_go(keys);
    }
}

#[test]
fn wrong_keys_are_explained_and_lead_to_an_operator() {
    for (keys, wrong, heard) in WRONG {
        let (mut stage, caller) = go_to(keys);
        for heard in heard {
            stage.press(caller, wrong);
            stage.listen();
            assert_eq!(stage.take_phrases(caller, "ru"), expand(heard), "after {keys:?}");
        }
        stage.hang_up(caller);
        stage.assert_all_let_go(keys);
    }
}

#[test]
fn silence_after_a_declined_message_ends_the_call_politely() {
    let mut stage = Stage::at("2026-03-02T03:00:00+03:00");
    check(
        &mut stage,
        "> greeting other_language record_notice {main} nav_hint
        0
        > closed opt_block_now/1 opt_message/2 opt_money/3
        wait 6200
        > opt_block_now/1 opt_message/2 opt_money/3
        wait 6200
        > goodbye
        ends menu_ended",
    );
}
