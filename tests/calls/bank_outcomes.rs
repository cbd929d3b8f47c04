//! Every outcome of every operation of the bank: what is heard, what is noted, where the caller ends.

use super::script::{Conversation, check, expand};
use super::stage::Stage;

/// How the bank answers, the keys up to the operation, what is heard after the last key, the queues entered and the
/// facts noted. No operator is there, so that every queue ends at once and leads where the menu says.
const OUTCOMES: [(&str, &str, &str, &str, &str); 28] = [
    ("find_card: found", "1 4321", "{reason}", "", ""),
    ("find_card: not_found", "1 4321", "card_not_found ask_last4", "", ""),
    ("find_card: several", "1 4321", "{nobody}", "fraud support", "several_cards"),
    ("find_card: down", "1 4321", "bank_down {nobody}", "fraud support", ""),
    ("find_card: never", "1 4321", "bank_down {nobody}", "fraud support", ""),
    ("check_code: ok", "2 1 4321 9876#", "code_ok balance {after_info}", "", ""),
    ("check_code: wrong", "2 1 4321 9876#", "code_wrong ask_code", "", ""),
    ("check_code: last_try", "2 1 4321 9876#", "code_wrong_last ask_code", "", ""),
    ("check_code: locked", "2 1 4321 9876#", "code_locked {nobody}", "support", "code_locked"),
    ("check_code: not_set", "2 1 4321 9876#", "code_not_set {nobody}", "support", "code_not_set"),
    ("check_code: down", "2 1 4321 9876#", "bank_down {nobody}", "support", ""),
    ("balance: down", "2 1 4321 9876#", "code_ok bank_down {nobody}", "support", ""),
    ("operations: empty", "2 2 4321 9876#", "code_ok operations_none {after_info}", "", ""),
    ("operations: down", "2 2 4321 9876#", "code_ok bank_down {nobody}", "support", ""),
    ("block_card: blocked", "1 4321 1 1", "card_blocked {after_block}", "", "card_blocked"),
    ("block_card: already_blocked", "1 4321 1 1", "card_already_blocked {after_block}", "", ""),
    ("block_card: refused", "1 4321 1 1", "block_failed {nobody}", "fraud support", "block_refused"),
    ("block_card: unknown", "1 4321 1 1", "block_unknown {nobody}", "fraud support", "block_unknown"),
    ("block_card: down", "1 4321 1 1", "block_failed {nobody}", "fraud support", "block_failed"),
    ("block_card: never", "1 4321 1 1", "block_unknown {nobody}", "fraud support", "block_unknown"),
    ("activate_card: ok", "3 1 4321 9876# 1", "activated {after_info}", "", ""),
    ("activate_card: already_active", "3 1 4321 9876# 1", "already_active {after_info}", "", ""),
    ("activate_card: refused", "3 1 4321 9876# 1", "activation_refused {nobody}", "support", "activation_refused"),
    ("activate_card: down", "3 1 4321 9876# 1", "bank_down {nobody}", "support", ""),
    ("loan_payment: due", "3 3 4321 9876#", "code_ok loan_due {after_info}", "", ""),
    ("loan_payment: overdue", "3 3 4321 9876#", "code_ok loan_overdue {after_info}", "", ""),
    ("loan_payment: no_loan", "3 3 4321 9876#", "code_ok loan_none {after_info}", "", ""),
    ("rates: down", "4 1", "bank_down {nobody}", "support", ""),
];

/// Presses keys, listening to the end before each; the phrases after the last.
fn hear_after(stage: &mut Stage, caller: usize, keys: &str) -> String {
    for keys in keys.split(' ') {
        stage.listen();
        stage.take_heard(caller);
        stage.press(caller, keys);
    }
    // Longer than any operation waits for its answer.
    if stage.bank.pending.is_empty() {
        stage.run_for(15_000);
    }
    stage.listen();
    stage.take_phrases(caller, "ru").replace("hold_music… ", "")
}

#[test]
fn every_outcome_is_heard_noted_and_leads_where_the_menu_says() {
    for (bank, keys, heard, queues, notes) in OUTCOMES {
        let mut stage = Stage::new();
        stage.bank.script(bank);
        let caller = stage.caller();
        assert_eq!(hear_after(&mut stage, caller, keys), expand(heard), "{bank}");
        assert_eq!((stage.queues().as_str(), stage.notes().as_str()), (queues, notes), "{bank}");
        let says_blocked = stage.all_phrases(caller, "ru").split(' ').any(|phrase| phrase == "card_blocked");
        assert_eq!(says_blocked, bank == "block_card: blocked", "{bank}: only the bank blocks a card");
        stage.hang_up(caller);
        stage.assert_all_let_go(bank);
    }
}

#[test]
fn blocking_twice_asks_the_bank_once_and_says_the_same_number() {
    let mut stage = Stage::new();
    let caller = stage.caller();
    hear_after(&mut stage, caller, "1 4321 1");
    stage.press(caller, "1");
    stage.listen();
    let first = stage.take_words(caller);
    hear_after(&mut stage, caller, "2 1 1");
    stage.press(caller, "1");
    stage.listen();
    let second = stage.take_words(caller);
    assert!(first.contains("обращения семь ноль пять один два"), "{first}");
    assert_eq!(first, second);
    assert_eq!(stage.bank.count("block_card"), 1);
    assert!(stage.bank.asked.iter().any(|asked| asked.operation == "bank.block_card" && asked.key.is_some()));
}

#[test]
fn a_slow_answer_is_waited_for_with_a_tune() {
    let mut stage = Stage::new();
    stage.bank.script("rates: ok after 4000");
    let caller = stage.caller();
    stage.press(caller, "41");
    stage.run_for(700);
    let before = stage.take_phrases(caller, "ru");
    assert!(!before.contains("hold_music"), "{before}");
    stage.run_for(3_000);
    assert_eq!(stage.take_phrases(caller, "ru"), "hold_music…", "after a second");
    stage.listen();
    let after = stage.take_phrases(caller, "ru");
    assert!(after.starts_with("rates "), "the tune stops for the answer: {after}");
}

#[test]
fn an_answer_that_comes_after_the_caller_hung_up_is_still_recorded() {
    let mut stage = Stage::new();
    stage.bank.script("block_card: blocked after 5000");
    let caller = stage.caller();
    Conversation { stage: &mut stage, caller, lang: "ru", hasty: false }.run("143211\nwait 300\n1\nwait 500");
    stage.hang_up(caller);
    stage.run_for(6_000);
    let answers = stage.events(|event| match event {
        hotline::model::CallEvent::BankAnswered { operation, outcome, .. } => Some(format!("{operation} {outcome}")),
        _ => None,
    });
    assert_eq!(answers, ["bank.find_card found", "bank.block_card blocked"]);
    stage.assert_all_let_go("a late answer");
}

#[test]
fn an_answer_that_comes_after_the_time_for_it_changes_nothing() {
    let mut stage = Stage::new();
    stage.bank.script("rates: ok after 30000");
    let caller = stage.caller();
    stage.press(caller, "41");
    stage.run_for(40_000);
    let heard = stage.take_phrases(caller, "ru");
    assert!(heard.contains("bank_down operators_busy") && !heard.contains("rates "), "{heard}");
    stage.hang_up(caller);
    stage.assert_all_let_go("an answer too late");
}

#[test]
fn a_wrong_code_asks_again_and_the_right_one_is_taken() {
    let mut stage = Stage::new();
    stage.bank.script("check_code: wrong, last_try, ok");
    check(
        &mut stage,
        "21
        wait 200
        4321
        wait 300
        1111#
        wait 300
        2222#
        wait 300
        9876#
        wait 8000",
    );
    assert_eq!(stage.bank.last_code, "9876");
    let heard = stage.all_phrases(0, "ru");
    assert!(
        heard.contains("code_wrong… ") && heard.contains("code_wrong_last… ") && heard.contains("balance"),
        "{heard}"
    );
}
