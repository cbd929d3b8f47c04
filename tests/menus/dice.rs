//! Menus thrown together: any steps of the language one after another, so that what the checker accepts is more than
//! what somebody thought of.

use std::fmt::Write;

const TASKS: usize = 5;
const MENUS: usize = 3;

/// Numbers for choices, until they run out; then always the first choice.
pub struct Dice<'a>(pub std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % sides
    }

    fn of<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }

    /// Where it goes: mostly forward, so that not everything is a circle.
    fn target(&mut self, from: usize) -> String {
        match self.below(6) {
            0 => format!("m{}", self.below(MENUS)),
            1 => "operator".to_owned(),
            2 if from > 0 => format!("m{}", self.below(MENUS)),
            _ if from + 1 < TASKS => format!("t{}", from + 1 + self.below(TASKS - from - 1)),
            _ => self.of(&["operator", "hangup", "m0"]).to_owned(),
        }
    }

    fn action(&mut self, from: usize) -> String {
        let (say, target) = (self.of(&["say: word, ", "", "note: fact, "]), self.target(from));
        format!("{{{say}go: {target}}}")
    }

    fn condition(&mut self) -> &'static str {
        self.of(&[
            "caller.profile is vip",
            "\"caller.profile in [slow, none]\"",
            "hours.office is open and not caller.is_blocked_number",
            "caller.level is none",
            "queue.plain.wait > 3m",
            "call.line is main",
        ])
    }

    /// A step after which the task goes on; entries have names of their own.
    fn step(&mut self, from: usize, number: usize) -> String {
        let failed = if self.below(2) == 0 { String::new() } else { format!(", failed: {}", self.action(from)) };
        let entry = |kind: &str, more: &str| {
            format!("ask: {{name: e{from}{number}, say: word, help: help, kind: {kind}{more}{failed}}}")
        };
        match self.below(16) {
            0 => "say: word".to_owned(),
            1 => "say_all: word".to_owned(),
            2 => format!("language: {}", self.of(&["ru", "en"])),
            3 => "note: fact".to_owned(),
            4 => entry("digits", self.of(&[", digits: 4", ", digits: 1-6", ", digits: 1", ", digits: 3, attempts: 1"])),
            5 => entry("secret", ", digits: 4-6"),
            6 => entry("phone", ""),
            7 => entry("card", ""),
            8 => entry("date", self.of(&["", ", from: today", ", to: 2026-12-31"])),
            9 => entry("amount", self.of(&["", ", from: 100, to: 5000"])),
            10 => format!("choose: {{name: c{from}{number}, say: word, digits: {}}}", self.of(&["1-5", "0-9", "2-2"])),
            11 => format!(
                "choose: {{name: c{from}{number}, say: word, options: {{1: {{offer: word, value: a}}, 2: {{offer: word, \
                 value: b}}}}, silence: {}}}",
                self.action(from)
            ),
            12 => format!("confirm: {{say: word, declined: {}}}", self.action(from)),
            13 => "voicemail: {say: word, box: support}".to_owned(),
            14 => format!("if: {}\n        then: [{{go: {}}}]", self.condition(), self.target(from)),
            _ => format!(
                "do: bank.ask\n        with: {{phone: call.from}}\n        results: {{yes: continue, no: {}, down: {}}}",
                self.action(from),
                self.action(from)
            ),
        }
    }

    fn end(&mut self, from: usize) -> String {
        match self.below(6) {
            0 => format!(
                "queue: plain\n        with: {{priority: {}}}\n        {}",
                self.below(200),
                self.results(from, "")
            ),
            1 => {
                let callback = format!("callback: {}, ", self.action(from));
                format!("queue: kind\n        {}", self.results(from, &callback))
            }
            2 => format!(
                "transfer: {{to: outside, how: {}, failed: {}}}",
                self.of(&["refer", "bridge"]),
                self.action(from)
            ),
            3 => format!("split: {{m{}: {}, operator: 30}}", self.below(MENUS), 1 + self.below(90)),
            _ => format!("go: {}", self.target(from)),
        }
    }

    fn results(&mut self, from: usize, callback: &str) -> String {
        let (finished, timeout, nobody) = (self.action(from), self.action(from), self.action(from));
        format!("results: {{{callback}finished: {finished}, timeout: {timeout}, nobody: {nobody}}}")
    }

    fn menu(&mut self, number: usize) -> String {
        let mut text = format!("  m{number}:\n    options:\n");
        for key in 1..=2 + self.below(2) {
            let condition = if self.below(4) == 0 { format!(", if: {}", self.condition()) } else { String::new() };
            let target = format!("t{}", self.below(TASKS));
            // Writing to a String cannot fail.
            writeln!(text, "      {key}: {{offer: word, go: {target}{condition}}}").unwrap();
        }
        if self.below(3) == 0 {
            let last = self.of(&["operator", "bye", "back"]);
            writeln!(
                text,
                "    trouble: {{silence: [repeat, {{say: word, go: {last}}}], wrong: [repeat, {{go: {last}}}]}}"
            )
            .unwrap();
        }
        if self.below(4) == 0 {
            writeln!(text, "    keys: {{7: {}}}", self.of(&["back", "repeat", "switch_language", "t0"])).unwrap();
        }
        text
    }

    pub fn hotline(&mut self) -> String {
        let mut text = HEAD.to_owned();
        for task in 0..TASKS {
            write!(text, "  t{task}:\n    steps:\n").unwrap();
            for number in 0..self.below(4) {
                let step = self.step(task, number);
                writeln!(text, "      - {step}").unwrap();
            }
            let end = self.end(task);
            writeln!(text, "      - {end}").unwrap();
        }
        text.push_str("menus:\n");
        for menu in 0..MENUS {
            text.push_str(&self.menu(menu));
        }
        text
    }
}

const HEAD: &str = "\
bank: {name: Bank, timezone: Europe/Moscow}
languages: [ru, en]
lines: {main: {numbers: [\"+74951234567\"], start: m0}}
profiles:
  vip: {priority: 90, start: t0, lang: en}
  slow: {slow: true}
hours: {office: {open: [mon-fri 09:00-18:00], closed: [2026-12-31]}}
defaults: {when_bank_is_down: {say: word, go: operator}}
queues:
  plain: {members: {skills: [a]}, overflow: [{after: 1m, add: {skills: [b]}}], while_waiting: {enter: word, keys: {star: m0}}}
  kind:
    members: {skills: [a]}
    while_waiting: {enter: word, position: {every: 30s, say: place}, keys: {1: callback, 2: bye}}
    callback: {offer_after: 10s, say: word, confirm_number: end, other_number: word, hello: word}
phrases:
  press: {ru: \"{offer}, нажмите {key|digit}.\", en: \"{offer}, press {key|digit}.\"}
  confirm: {ru: Один — да., en: One is yes.}
  word: {ru: Слово, en: Word}
  help: {ru: Помощь., en: Help.}
  goodbye: {ru: До свидания., en: Goodbye.}
  place: {ru: \"Вы {queue.position|number}.\", en: \"You are {queue.position|number}.\"}
  end: {ru: \"Номер на {call.from_last4|digits}.\", en: \"Ending in {call.from_last4|digits}.\"}
services:
  bank.ask: {level: none, in: {phone: phone}, results: [yes, no]}
tasks:
  operator:
    steps:
      - queue: kind
        results: {callback: {go: bye}, finished: {go: bye}, timeout: {go: bye}, nobody: {go: bye}}
  bye: {steps: [{say: goodbye}, hangup]}
";
