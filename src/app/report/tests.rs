use super::*;
use crate::model::CallRecord;

fn history(number: u128, events: Vec<CallEvent>) -> CallHistory {
    let call = CallId::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 | number);
    let began: Timestamp = "2026-03-02T12:00:05Z".parse().expect("a time");
    let record = |(second, event)| CallRecord { call, at: began + jiff::SignedDuration::from_secs(second), event };
    CallHistory { call, records: (0..).zip(events).map(record).collect() }
}

fn arrived(from: Option<&str>) -> CallEvent {
    let from = from.and_then(PhoneNumber::parse);
    let trunk = from.as_ref().map(|_| "provider".into());
    CallEvent::Arrived { from, called: "+74951234567".into(), line: "main".into(), menu: "1".into(), trunk }
}

fn visited(nodes: &[&str]) -> impl Iterator<Item = CallEvent> {
    nodes.iter().map(|node| CallEvent::Visited { node: (*node).into() })
}

fn bank(operation: &str, outcome: &str, millis: u64) -> CallEvent {
    CallEvent::BankAnswered {
        operation: operation.into(),
        outcome: outcome.into(),
        took: Duration::from_millis(millis),
    }
}

fn ended(cause: Cause, seconds: u64) -> CallEvent {
    CallEvent::Ended { cause, lasted: Duration::from_secs(seconds) }
}

fn balance_then_operator() -> CallHistory {
    let (anna, boris) = (OperatorId::new("anna"), OperatorId::new("boris"));
    let mut events = vec![arrived(Some("+79161234567")), CallEvent::Answered];
    events.push(CallEvent::LanguageChosen { lang: Lang::Ru });
    events.extend(visited(&["welcome", "main", "money", "balance"]));
    events.push(bank("bank.find_card", "found", 61));
    events.push(CallEvent::LevelReached { level: Level::Recognised });
    events.push(bank("bank.check_code", "ok", 12));
    events.push(CallEvent::LevelReached { level: Level::Verified });
    events.push(bank("bank.balance", "ok", 230));
    events.extend(visited(&["operator"]));
    events.push(CallEvent::Queued { queue: "support".into() });
    events.push(CallEvent::Offered { operator: boris.clone() });
    events.push(CallEvent::OfferFailed { operator: boris, reason: "no_answer".into() });
    events.push(CallEvent::Offered { operator: anna.clone() });
    events.push(CallEvent::Connected { operator: anna.clone(), waited: Duration::from_secs(35) });
    events.push(CallEvent::TalkEnded { operator: anna, talked: Duration::from_secs(65), by_operator: true });
    events.push(CallEvent::Chosen { name: "csat".into(), value: "5".into() });
    events.push(ended(Cause::MenuEnded, 134));
    history(1, events)
}

fn lost_block() -> CallHistory {
    let mut events = vec![arrived(None), CallEvent::Answered, CallEvent::LanguageChosen { lang: Lang::En }];
    events.extend(visited(&["main", "card_lost"]));
    events.push(CallEvent::Chosen { name: "reason".into(), value: "lost".into() });
    events.push(bank("bank.block_card", "unknown", 10_000));
    events.push(CallEvent::Noted { note: "block_unknown".into() });
    events.push(CallEvent::Queued { queue: "fraud".into() });
    let waited = Duration::from_secs(3_725);
    events.push(CallEvent::QueueLeft { queue: "fraud".into(), waited, outcome: "abandoned".into() });
    events.push(ended(Cause::CallerHungUp, 3_790));
    events.push(bank("bank.block_card", "blocked", 40));
    history(2, events)
}

fn all() -> Vec<CallHistory> {
    let message = CallEvent::MessageLeft {
        mailbox: "support".into(),
        file: "voicemail/1.wav".into(),
        length: Duration::from_secs(12),
    };
    vec![
        balance_then_operator(),
        lost_block(),
        history(3, vec![arrived(Some("101")), ended(Cause::Refused(488), 0)]),
        history(4, vec![arrived(Some("101")), CallEvent::Answered, CallEvent::Queued { queue: "support".into() }]),
        history(5, vec![arrived(Some("101")), CallEvent::Answered, message, ended(Cause::MenuEnded, 30)]),
    ]
}

fn options(full: bool) -> ReportOptions {
    ReportOptions { full, timezone: TimeZone::get("Europe/Moscow").expect("a time zone") }
}

#[test]
fn people_read_a_block_a_call() {
    insta::assert_snapshot!(calls_text(&all(), &options(false)));
}

#[test]
fn machines_read_an_object_a_line() {
    insta::assert_snapshot!(calls_json(&all(), &options(false)));
}

#[test]
fn a_calling_number_is_whole_only_when_asked_for() {
    for (full, shown) in [(false, false), (true, true)] {
        let calls = [balance_then_operator()];
        assert_eq!(calls_text(&calls, &options(full)).contains("+79161234567"), shown);
        assert_eq!(calls_json(&calls, &options(full)).contains("+79161234567"), shown);
    }
}

#[test]
fn an_empty_period_says_so() {
    assert_eq!(calls_text(&[], &options(false)), "no calls in this period\n");
    assert_eq!(calls_json(&[], &options(false)), "");
}
