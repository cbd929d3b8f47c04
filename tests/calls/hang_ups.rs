//! Hanging up at every step: whatever was going on is let go.

use super::menu_paths::PATHS;
use super::script::{Conversation, lines};
use super::stage::Stage;

fn hang_up_after(script: &[&str], steps: usize, pause: u64, operators: &[&str]) {
    let mut stage = Stage::new();
    stage.bank.script("check_code: ok after 700; block_card: blocked after 900; balance: ok after 600");
    stage.operators(operators);
    let caller = stage.caller();
    let mut conversation = Conversation { stage: &mut stage, caller, lang: "ru", hasty: true };
    for line in &script[..steps] {
        conversation.step(line);
    }
    stage.run_for(pause);
    if stage.exchange.calls() > 0 {
        stage.hang_up(caller);
    }
    stage.assert_all_let_go(&format!("{:?} + {pause} ms", &script[..steps]));
}

#[test]
fn a_caller_may_hang_up_at_every_step_of_every_path() {
    for path in PATHS {
        let steps = lines(path);
        for count in 0..=steps.len() {
            hang_up_after(&steps, count, 30, &[]);
        }
    }
}

#[test]
fn a_caller_may_hang_up_while_the_bank_is_asked() {
    for path in PATHS {
        let steps = lines(path);
        for count in 0..=steps.len() {
            hang_up_after(&steps, count, 450, &[]);
        }
    }
}

#[test]
fn a_caller_may_hang_up_at_every_moment_of_the_way_to_an_operator() {
    let script = "0\nwait 400\nwait 400\nwait 400\nwait 400\nwait 400\nwait 400\nwait 400\n1\nwait 5000";
    let steps = lines(script);
    for count in 0..=steps.len() {
        hang_up_after(&steps, count, 130, &["anna:support:ru,en", "boris:support,fraud:ru"]);
    }
}
