//! Who guesses learns little and is soon not heard; who calls beside it is.

use super::stage::{Id, Stage, config};
use super::text::Sip;
use hotline::exchange::{Ban, ExchangeConfig, GuardRules, Scope};

/// A request outside of every call, from a phone of the stage.
fn ask(stage: &mut Stage, phone: Id, method: &str, user: &str, number: usize, more: &str) {
    stage.phones[phone].by_itself = false;
    let from = stage.phones[phone].addr;
    let text = format!(
        "{method} sip:{user}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-s{number};rport\r\n\
         From: <sip:{user}@192.0.2.1>;tag=s{number}\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: scan-{number}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:{user}@{from}>\r\nMax-Forwards: 70\r\n{more}Content-Length: 0\r\n\r\n"
    );
    stage.send_sip(phone, &text);
    stage.settle();
    stage.run_for(10);
}

/// Another program in the house of a phone.
fn neighbour(stage: &mut Stage, phone: Id) -> Id {
    let id = stage.phone("neighbour");
    let ip = stage.phones[phone].addr.ip();
    stage.phones[id].addr = (ip, 6_000).into();
    id
}

fn answers(stage: &Stage, phone: Id) -> usize {
    stage.phones[phone].inbox.len()
}

fn ban_of(stage: &Stage, scope: Scope) -> &Ban {
    stage.bans.iter().find(|ban| ban.scope == scope).unwrap()
}

#[test]
fn a_scanner_that_tries_names_is_slowed_and_banned_while_calls_beside_it_are_answered() {
    let mut stage = Stage::new();
    stage.accounts(&["anna:support:ru"]);
    let scanner = stage.phone("scanner");
    for number in 0..500 {
        let user = if number == 3 { "anna".to_owned() } else { format!("{}", 100 + number) };
        ask(&mut stage, scanner, "REGISTER", &user, number, "");
        if number % 100 == 50 {
            let caller = stage.caller();
            stage.run_for(200);
            assert_eq!(stage.phones[caller].count("200 INVITE"), 1, "{number}");
            stage.hang_up(caller);
        }
    }
    stage.run_for(5_000);
    let got = answers(&stage, scanner);
    assert!((30..60).contains(&got), "{got} answers to 500 guesses");
    assert_eq!(stage.phones[scanner].count("401 REGISTER"), got, "the same to every name");
    assert_eq!(ban_of(&stage, Scope::Datagrams).network.to_string(), stage.phones[scanner].addr.ip().to_string());
    stage.run_for(60_000);
    ask(&mut stage, scanner, "OPTIONS", "100", 900, "");
    stage.run_for(2_000);
    assert_eq!(answers(&stage, scanner), got + 1, "after a minute it is heard again");
}

#[test]
fn a_known_tool_is_slow_from_its_first_question_and_silent_after_the_third() {
    let mut stage = Stage::new();
    let scanner = stage.phone("scanner");
    let tool = "User-Agent: friendly-scanner\r\n";
    ask(&mut stage, scanner, "OPTIONS", "100", 1, tool);
    stage.run_for(1_500);
    assert_eq!(answers(&stage, scanner), 0, "an answer takes two seconds");
    stage.run_for(1_000);
    assert_eq!(stage.phones[scanner].count("200 OPTIONS"), 1);
    for number in 2..50 {
        ask(&mut stage, scanner, "OPTIONS", "100", number, tool);
    }
    stage.run_for(10_000);
    assert!(answers(&stage, scanner) <= 3, "{}", answers(&stage, scanner));
    assert_eq!(stage.bans.len(), 1);
}

#[test]
fn an_unknown_account_is_answered_as_a_known_one_with_a_wrong_password() {
    let mut stage = Stage::new();
    stage.accounts(&["anna:support:ru"]);
    let mut seen = Vec::new();
    for (user, number) in [("anna", 1), ("nobody", 2)] {
        let phone = stage.phone(user);
        let wrong = "Authorization: Digest username=\"USER\", realm=\"bank.example\", nonce=\"00\", \
                     uri=\"sip:192.0.2.1\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\n";
        ask(&mut stage, phone, "REGISTER", user, number, &wrong.replace("USER", user));
        let answer: &Sip = &stage.phones[phone].inbox[0];
        let names: Vec<(String, usize)> =
            answer.headers.iter().map(|(name, value)| (name.clone(), value.split('"').count())).collect();
        seen.push((answer.first.clone(), names));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].0.contains("401"));
}

#[test]
fn an_operators_house_is_heard_whatever_one_of_its_machines_does() {
    let mut stage = Stage::new();
    let anna = stage.operators(&["anna:support:ru"])[0];
    let machine = neighbour(&mut stage, anna);
    for number in 0..300 {
        ask(&mut stage, machine, "REGISTER", &format!("{number}"), number, "User-Agent: friendly-scanner\r\n");
    }
    assert!(stage.bans.is_empty());
    stage.with_phone(anna, |phone, _| phone.register(3_600, None));
    assert_eq!(stage.phones[anna].count("200 REGISTER"), 2);
}

#[test]
fn bans_are_given_back_and_lifted_in_a_running_server() {
    let mut stage = Stage::new();
    let caller = stage.phone("+79161234567");
    let ip = stage.phones[caller].addr.ip();
    let ban = Ban {
        network: ip.into(),
        scope: Scope::Everything,
        until: None,
        by_hand: true,
        reason: "by hand".into(),
        times: 1,
    };
    stage.with_exchange(|exchange, now| exchange.set_bans(now, std::slice::from_ref(&ban)));
    stage.dial(caller, "+74951234567");
    stage.run_for(5_000);
    assert_eq!(answers(&stage, caller), 0);
    stage.with_exchange(|exchange, now| exchange.set_bans(now, &[]));
    stage.dial(caller, "+74951234567");
    stage.run_for(500);
    assert_eq!(stage.phones[caller].count("200 INVITE"), 1);
}

#[test]
fn a_source_with_a_call_is_heard_though_others_send_in_its_name() {
    let guard = GuardRules { per_second: 10, ..GuardRules::default() };
    let mut stage = Stage::configured(ExchangeConfig { guard, ..config() });
    let caller = stage.caller();
    stage.run_for(1_000);
    let others = neighbour(&mut stage, caller);
    for number in 0..300 {
        ask(&mut stage, others, "REGISTER", "100", number, "User-Agent: sipcli/v1.8\r\n");
    }
    assert!(stage.bans.is_empty());
    stage.press(caller, "0");
    stage.hang_up(caller);
    assert_eq!(stage.phones[caller].count("200 BYE"), 1);
}

#[test]
fn passwords_are_not_looked_at_after_too_many_wrong_ones_and_the_audit_hears_of_it() {
    let guard = GuardRules { logins: 3, ..GuardRules::default() };
    let mut stage = Stage::configured(ExchangeConfig { guard, ..config() });
    stage.accounts(&["anna:support:ru"]);
    let thief = stage.phone("thief");
    let wrong = "Authorization: Digest username=\"anna\", realm=\"bank.example\", nonce=\"00\", \
                 uri=\"sip:192.0.2.1\", response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5\r\n";
    for number in 0..6 {
        ask(&mut stage, thief, "REGISTER", "anna", number, wrong);
    }
    assert_eq!(stage.phones[thief].count("401 REGISTER"), 6);
    let counted = stage.exchange.guard_counters();
    assert_eq!((counted.denied, counted.login_pauses, stage.pauses), (3, 3, 1));
    let anna = stage.register("anna");
    assert_eq!(stage.phones[anna].count("200 REGISTER"), 1, "from elsewhere, with the right one");
}
