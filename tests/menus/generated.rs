//! A large hotline: 1,000 menus and 1,000 tasks, 5,000 phrases in two languages, the services of the example.

use std::fmt::Write;

const NODES: usize = 1_000;
const PHRASES: usize = 5_000;

/// The files of the large hotline.
pub fn large_hotline(services: &str) -> Vec<(String, Vec<u8>)> {
    let file = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    vec![file("nodes.yaml", nodes()), file("phrases.yaml", phrases()), file("services.yaml", services.to_owned())]
}

const HEAD: &str = "\
bank: {name: Bank, timezone: Europe/Moscow}
languages: [ru, en]
lines: {main: {numbers: [\"100\"], start: m0}}
hours: {office: {open: [mon-fri 09:00-18:00], closed: [2027-01-01..2027-01-08]}}
defaults: {when_bank_is_down: {say: p1, go: operator}}
queues: {q: {members: {skills: [a]}, while_waiting: {enter: p2}}}
tasks:
  operator:
    steps:
      - if: hours.office is closed
        then: [{say: p3}]
      - queue: q
        results: {finished: hangup, timeout: hangup, nobody: hangup}
  find_card:
    steps:
      - ask: {name: last4, say: p4, digits: 4}
      - do: bank.find_card
        with: {phone: call.from, last4: answer.last4}
        as: card
        results: {found: {grants: recognised}, not_found: {again: last4}, several: {go: operator}}
      - return
  identify:
    steps:
      - if: caller.level is none
        then: [{call: find_card}]
      - ask: {name: code, kind: secret, say: p5, digits: 4-6}
      - do: bank.check_code
        with: {card: card, code: answer.code}
        results:
          ok: {grants: verified}
          wrong: {again: code}
          last_try: {again: code}
          locked: {go: operator}
          not_set: {go: operator}
      - return
";

fn nodes() -> String {
    let mut text = HEAD.to_owned();
    for node in 0..NODES {
        let (said, back) = ((node * 3) % PHRASES, node / 2);
        write!(
            text,
            "  t{node}:
    needs: verified
    steps:
      - do: bank.balance
        with: {{card: card}}
        as: money
        results: {{ok: {{say: p{said}}}}}
      - choose: {{name: c{node}, say: p{said}, options: {{1: {{offer: o1, value: a}}, 2: {{offer: o2, value: b}}}}}}
      - if: answer.c{node} is a and hours.office is open
        then: [{{say: balance}}, {{note: heard}}]
        else: [{{say: p{said}}}]
      - if: caller.level is verified
        then: [{{say: balance}}]
      - go: m{back}
"
        )
        .unwrap();
    }
    text.push_str("menus:\n");
    for node in 0..NODES {
        let below = |child: usize| match node * 3 + child {
            menu if menu < NODES => format!("m{menu}"),
            task => format!("t{}", task % NODES),
        };
        let (first, second, third) = (below(1), below(2), below(3));
        writeln!(
            text,
            "  m{node}: {{options: {{1: {{offer: o1, go: {first}}}, 2: {{offer: o2, go: {second}}}, \
             3: {{offer: o3, go: {third}}}, 4: {{offer: o4, go: t{node}}}}}}}"
        )
        .unwrap();
    }
    text
}

fn phrases() -> String {
    let mut text = "\
phrases:
  press: {ru: \"{offer}, нажмите {key|digit}.\", en: \"{offer}, press {key|digit}.\"}
  balance: {ru: \"Остаток {money.available|money}.\", en: \"You have {money.available|money}.\"}
  o1: {ru: Чтобы узнать остаток, en: For your balance}
  o2: {ru: Чтобы узнать курсы, en: For exchange rates}
  o3: {ru: Чтобы узнать часы работы, en: For opening hours}
  o4: {ru: Чтобы узнать о вкладе, en: For your deposit}
"
    .to_owned();
    for phrase in 0..PHRASES - 6 {
        write!(text, "  p{phrase}:\n    ru: >-\n      Фраза номер {phrase}.\n    en: >-\n      Phrase {phrase}.\n")
            .unwrap();
    }
    text
}
