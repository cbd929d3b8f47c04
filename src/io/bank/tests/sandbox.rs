//! Every outcome of every operation, as the demo cards show them.

use super::*;
use crate::io::store::{Recorder, RecorderSettings, Store};
use crate::model::{Currency, Money, PhoneNumber, Record};
use jiff::civil::date;
use jiff::tz::TimeZone;
use std::fmt::Write;

struct Bench {
    bank: Sandbox,
    store: Store,
    clock: TestClock,
    folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a store");
    let clock = TestClock::new();
    let timezone = TimeZone::get("Europe/Moscow").expect("a time zone");
    let settings = SandboxSettings { down: false, slow: Duration::ZERO, timezone };
    let bank = Sandbox::open(store.clone(), settings, clock.now_fn()).await.expect("a sandbox");
    Bench { bank, store, clock, folder }
}

impl Bench {
    async fn ask(&self, operation: &str, params: Vec<(Arc<str>, Param)>) -> BankAnswer {
        self.bank.ask(request(operation, params)).await
    }

    async fn find(&self, phone: Option<&str>, last4: &str) -> BankAnswer {
        let mut params = vec![value("last4", Value::Digits(last4.into()))];
        if let Some(number) = phone {
            params.push(value("phone", Value::Phone(PhoneNumber::parse(number).expect("a number"))));
        }
        self.ask("bank.find_card", params).await
    }

    /// The card as `find_card` gives it to a caller whose number is not shown.
    async fn card(&self, last4: &str) -> Record {
        let answer = self.find(None, last4).await;
        assert_eq!(&*answer.outcome, "found", "{last4}");
        answer.fields
    }

    async fn read(&self, operation: &str, last4: &str) -> BankAnswer {
        let card = self.card(last4).await;
        let limit = value("limit", Value::Number(5));
        self.ask(operation, vec![value("card", Value::Record(card)), limit]).await
    }

    async fn check(&self, card: &Record, code: &str) -> String {
        let params = vec![value("card", Value::Record(card.clone())), secret(code)];
        self.ask("bank.check_code", params).await.outcome.to_string()
    }

    async fn change(&self, key: &str, operation: &str, last4: &str) -> BankAnswer {
        let card = self.card(last4).await;
        let reason = value("reason", Value::Word("lost".into()));
        self.bank.ask(keyed(key, request(operation, vec![value("card", Value::Record(card)), reason]))).await
    }
}

fn kopecks(answer: &BankAnswer, field: &str) -> i64 {
    match answer.fields.get(field) {
        Some(Value::Money(Money { minor, currency: Currency::Rub })) => *minor,
        other => panic!("{field} is {other:?}"),
    }
}

#[tokio::test]
async fn anybody_can_try_the_demo_card() {
    let bench = bench().await;
    for phone in [Some("+79161234567"), Some("101"), None] {
        let card = bench.find(phone, "4321").await;
        assert_eq!(&*card.outcome, "found");
        assert!(card.fields["last4"] == Value::Digits("4321".into()));
        assert_eq!(bench.check(&card.fields, DEMO_CODE).await, "ok");
    }
    assert_eq!(kopecks(&bench.read("bank.balance", "4321").await, "available"), 1_523_050);

    let operations = bench.read("bank.operations", "4321").await;
    let Some(Value::List(items)) = operations.fields.get("items") else { panic!("no items") };
    assert_eq!(items.len(), 5);
    assert!(items[0]["date"] == Value::Date(date(2026, 3, 2)), "today");
    assert!(items[1]["date"] == Value::Date(date(2026, 3, 1)), "yesterday");

    let loan = bench.read("bank.loan_payment", "4321").await;
    assert_eq!(&*loan.outcome, "due");
    assert!(loan.fields["date"] == Value::Date(date(2026, 3, 20)));

    let rates = bench.ask("bank.rates", vec![]).await;
    assert!(kopecks(&rates, "usd_buy") < kopecks(&rates, "usd_sell"));
}

#[tokio::test]
async fn today_is_the_banks_day_not_that_of_greenwich() {
    let bench = bench().await;
    // 22:30 UTC of the 2nd is the 3rd in Moscow.
    bench.clock.forward(Duration::from_secs(10 * 3_600 + 1_800));
    let operations = bench.read("bank.operations", "4321").await;
    let Some(Value::List(items)) = operations.fields.get("items") else { panic!("no items") };
    assert!(items[0]["date"] == Value::Date(date(2026, 3, 3)));
}

#[tokio::test]
async fn the_cards_show_every_outcome() {
    let bench = bench().await;
    for (last4, outcome) in [("4321", "found"), ("1006", "several"), ("0000", "not_found")] {
        assert_eq!(&*bench.find(None, last4).await.outcome, outcome, "{last4}");
    }
    for (operation, last4, outcome) in [
        ("bank.balance", "1012", "ok"),
        ("bank.operations", "1008", "empty"),
        ("bank.loan_payment", "1007", "overdue"),
        ("bank.loan_payment", "1008", "no_loan"),
        ("bank.block_card", "1001", "refused"),
        ("bank.block_card", "1002", "unknown"),
        ("bank.block_card", "1003", "already_blocked"),
        ("bank.block_card", "4321", "blocked"),
        ("bank.activate_card", "1009", "ok"),
        ("bank.activate_card", "1010", "refused"),
        ("bank.activate_card", "1011", "already_active"),
    ] {
        let reads = matches!(operation, "bank.balance" | "bank.operations" | "bank.loan_payment");
        let answer = if reads {
            bench.read(operation, last4).await
        } else {
            bench.change(&format!("{operation}:{last4}"), operation, last4).await
        };
        assert_eq!(&*answer.outcome, outcome, "{operation} {last4}");
    }
    for (last4, outcome) in [("1004", "locked"), ("1005", "not_set"), ("1001", "ok")] {
        let card = bench.card(last4).await;
        assert_eq!(bench.check(&card, DEMO_CODE).await, outcome, "{last4}");
    }
}

#[tokio::test]
async fn the_same_key_blocks_once_and_another_key_finds_it_done() {
    let bench = bench().await;
    let first = bench.change("k1", "bank.block_card", "4321").await;
    let Some(Value::Digits(ticket)) = first.fields.get("ticket") else { panic!("no ticket") };
    assert_eq!(ticket.len(), 5);
    assert_eq!(bench.change("k1", "bank.block_card", "4321").await, first);
    assert_eq!(&*bench.change("k2", "bank.block_card", "4321").await.outcome, "already_blocked");
    assert_eq!(&*bench.change("k2", "bank.block_card", "4321").await.outcome, "already_blocked");
}

#[tokio::test]
async fn five_wrong_codes_in_a_day_lock_the_card_even_for_the_right_one() {
    let bench = bench().await;
    let card = bench.card("4321").await;
    for outcome in ["wrong", "wrong", "wrong", "last_try", "locked"] {
        assert_eq!(bench.check(&card, "1111").await, outcome);
    }
    assert_eq!(bench.check(&card, DEMO_CODE).await, "locked");
    bench.clock.forward(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(bench.check(&card, DEMO_CODE).await, "locked");
    bench.clock.forward(Duration::from_secs(1));
    assert_eq!(bench.check(&card, DEMO_CODE).await, "ok");
}

#[tokio::test]
async fn a_right_code_forgives_the_card() {
    let bench = bench().await;
    let card = bench.card("4321").await;
    for code in ["1111", "1111", "1111", "1111", DEMO_CODE] {
        bench.check(&card, code).await;
    }
    assert_eq!(bench.check(&card, "1111").await, "wrong");
}

#[tokio::test]
async fn a_caller_who_guesses_across_cards_is_locked_out_of_all_and_others_are_not() {
    let bench = bench().await;
    let guesser = Some("+79160000001");
    for (last4, outcome) in
        [("1001", "wrong"), ("1002", "wrong"), ("1003", "wrong"), ("1007", "last_try"), ("1008", "locked")]
    {
        let card = bench.find(guesser, last4).await.fields;
        assert_eq!(bench.check(&card, "1111").await, outcome, "{last4}");
    }
    let own = bench.find(guesser, "4321").await.fields;
    assert_eq!(bench.check(&own, DEMO_CODE).await, "locked");
    let other = bench.find(Some("+79160000002"), "4321").await.fields;
    assert_eq!(bench.check(&other, DEMO_CODE).await, "ok");
}

#[tokio::test]
async fn guesses_at_the_same_time_do_not_slip_through_together() {
    let bench = bench().await;
    let card = bench.card("4321").await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (bank, card) = (bench.bank.clone(), card.clone());
        guesses.spawn(async move {
            bank.ask(request("bank.check_code", vec![value("card", Value::Record(card)), secret("1111")])).await
        });
    }
    let outcomes = guesses.join_all().await;
    let count = |outcome| outcomes.iter().filter(|answer| &*answer.outcome == outcome).count();
    assert_eq!((count("wrong"), count("last_try"), count("locked")), (3, 1, 8));
}

#[tokio::test]
async fn a_handle_does_not_tell_the_callers_number() {
    let bench = bench().await;
    let card = bench.find(Some("+79161234567"), "4321").await;
    let Some(Value::Opaque(handle)) = card.fields.get("handle") else { panic!("no handle") };
    assert!(!handle.contains("9161234567"), "{handle}");
}

#[tokio::test]
async fn the_bank_goes_down_and_up_while_it_runs_and_a_reset_forgets_what_was_tried() {
    let bench = bench().await;
    Sandbox::set_down(&bench.store, true).await.expect("down");
    assert_eq!(&*bench.find(None, "4321").await.outcome, "down");
    Sandbox::set_down(&bench.store, false).await.expect("up");
    assert_eq!(&*bench.change("k1", "bank.block_card", "4321").await.outcome, "blocked");

    Sandbox::reset(&bench.store).await.expect("reset");
    assert_eq!(&*bench.change("k2", "bank.block_card", "4321").await.outcome, "blocked");
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_answered_as_down() {
    let bench = bench().await;
    for (operation, params) in [
        ("bank.print_money", vec![]),
        ("bank.balance", vec![]),
        ("bank.balance", vec![value("card", Value::Opaque("4321".into()))]),
        ("bank.balance", vec![value("card", Value::Opaque("9999@-".into()))]),
        ("bank.block_card", vec![value("card", Value::Opaque("4321@-".into()))]),
    ] {
        assert_eq!(&*bench.ask(operation, params).await.outcome, "down", "{operation}");
    }
}

#[tokio::test]
async fn a_lost_answer_becomes_known_through_the_journal() {
    let bench = bench().await;
    let recorder = Recorder::start(bench.store.clone(), RecorderSettings::default());
    let bank = Arc::new(bench.bank.clone());
    let now = bench.clock.now_fn();
    let journal = Journal::new(bank, bench.store.clone(), recorder, now, JournalSettings::default());
    let card = bench.card("1002").await;
    let block = || keyed("k1", request("bank.block_card", vec![value("card", Value::Record(card.clone()))]));
    assert_eq!(&*journal.ask(block()).await.outcome, "unknown");
    bench.clock.forward(Duration::from_secs(2));
    journal.repeat_due().await.expect("looked");
    assert_eq!(bench.store.journal_pending().await.expect("read"), 0);
    assert_eq!(&*journal.ask(block()).await.outcome, "blocked");
}

#[test]
fn every_kind_of_operation_can_be_said() {
    let said = "purchase payment transfer transfer_in cash_withdrawal deposit cash_deposit refund fee interest other";
    for operation in DEMO_CARDS.iter().flat_map(|card| card.operations) {
        assert!(said.split(' ').any(|word| word == operation.kind), "{}", operation.kind);
    }
}

#[test]
fn the_documentation_lists_the_cards_as_they_are() {
    let mut table = String::from("| Card | Telephone code | What it shows |\n|---|---|---|\n");
    let mut last = "";
    for card in DEMO_CARDS.iter().filter(|card| std::mem::replace(&mut last, card.last4) != card.last4) {
        let code = card.code.unwrap_or("not set");
        writeln!(table, "| {} | {code} | {} |", card.last4, card.shows).expect("a string");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sandbox.md");
    let text = std::fs::read_to_string(path).expect("docs/sandbox.md");
    assert!(text.contains(&table), "docs/sandbox.md must hold this table:\n{table}");
}

#[tokio::test]
async fn a_lock_outlives_a_restart() {
    let bench = bench().await;
    let guesser = Some("+79160000001");
    let card = bench.find(guesser, "1001").await.fields;
    for _ in 0..5 {
        bench.check(&card, "1111").await;
    }
    bench.store.close().await;

    let store = Store::open(bench.folder.path()).await.expect("opened again");
    let settings = SandboxSettings { down: false, slow: Duration::ZERO, timezone: TimeZone::UTC };
    let bank = Sandbox::open(store.clone(), settings, bench.clock.now_fn()).await.expect("a sandbox");
    let after = Bench { bank, store, ..bench };
    let other = after.find(guesser, "4321").await.fields;
    assert_eq!(after.check(&other, DEMO_CODE).await, "locked");
}
