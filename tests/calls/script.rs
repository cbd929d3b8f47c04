//! Conversations as text, a line a step:
//!
//! ```text
//! > greeting {main}      listens until it is quiet and compares the phrases heard since the last step
//! = Спасибо за звонок.   the same, compares the words
//! 21#                    presses keys
//! wait 6000              lets so many milliseconds pass
//! queue support          the queues entered so far
//! notes code_locked      the notes taken so far
//! lang en                from now on phrases are compared in English
//! ends menu_ended        the call ends by itself, within a minute
//! ```

use super::stage::{Id, Stage};

const MENUS: [(&str, &str); 8] = [
    ("{main}", "opt_lost/1 opt_money/2 opt_cards/3 opt_info/4 opt_operator/0"),
    ("{money}", "opt_balance/1 opt_operations/2"),
    ("{cards}", "opt_activate/1 opt_pin/2 opt_loan/3"),
    ("{info}", "opt_rates/1 opt_branches/2"),
    ("{after_info}", "opt_main/1 opt_finish/2 opt_operator/0"),
    ("{after_block}", "opt_new_card/1 opt_main/2"),
    ("{reason}", "ask_reason reason_lost/1 reason_stolen/2 reason_fraud/3"),
    ("{nobody}", "operators_busy voicemail_ask beep"),
];

pub struct Conversation<'a> {
    pub stage: &'a mut Stage,
    pub caller: Id,
    pub lang: &'static str,
    /// Does not listen to the end and compares nothing.
    pub hasty: bool,
}

pub fn lines(script: &str) -> Vec<&str> {
    script.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

pub fn expand(text: &str) -> String {
    MENUS.iter().fold(text.to_owned(), |text, (name, phrases)| text.replace(name, phrases))
}

impl Conversation<'_> {
    pub fn run(&mut self, script: &str) {
        for line in lines(script) {
            self.step(line);
        }
    }

    pub fn step(&mut self, line: &str) {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            ">" | "=" | "ends" if self.hasty => self.stage.run_for(700),
            ">" => {
                self.stage.listen();
                assert_eq!(self.stage.take_phrases(self.caller, self.lang), expand(rest), "at {line:?}");
            }
            "=" => {
                self.stage.listen();
                assert_eq!(self.stage.take_words(self.caller), rest, "at {line:?}");
            }
            "wait" => self.stage.run_for(rest.parse().unwrap()),
            "queue" | "notes" if self.hasty => {}
            "queue" => assert_eq!(self.stage.queues(), rest),
            "notes" => assert_eq!(self.stage.notes(), rest),
            "lang" => self.lang = if rest == "en" { "en" } else { "ru" },
            "ends" => {
                assert!(self.stage.run_until(60_000, |stage| stage.exchange.calls() == 0), "the call does not end");
                let cause = self.stage.causes()[0];
                assert_eq!(cause.name(), rest, "why the call ended");
            }
            keys => self.stage.press(self.caller, keys),
        }
    }
}

/// A call to the main line that goes as the script says.
pub fn check(stage: &mut Stage, script: &str) {
    let caller = stage.caller();
    Conversation { stage, caller, lang: "ru", hasty: false }.run(script);
    if stage.exchange.calls() > 0 {
        stage.hang_up(caller);
    }
    stage.assert_all_let_go(script);
}
