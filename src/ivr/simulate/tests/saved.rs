//! What is saved as a test passes as one, whatever was typed.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

const TYPED: [&str; 34] = [
    "",
    "1",
    "2",
    "3",
    "4",
    "5",
    "0",
    "*",
    "#",
    "9",
    "21",
    "143211",
    "4321",
    "9876#",
    "2143219876#",
    "wait 3s",
    "wait 20s",
    "wait 90s",
    "bank find_card not_found",
    "bank check_code wrong",
    "bank balance down",
    "bank block_card unknown",
    "bank operations empty",
    "bank rates never",
    "operator answers",
    "operator hangs_up",
    "operator fails",
    "queue timeout",
    "queue nobody",
    "queue position 3 wait 4m samples 20",
    "queue answers 10s",
    "switch card_outage enable",
    "callback refused",
    "hangup",
];

fn walk(typed: &[&str], at: &str) -> Simulator<'static> {
    let (mut simulator, _) = simulator(Lang::En);
    simulator.input(&format!("at {at}"));
    for line in typed {
        simulator.input(line);
    }
    simulator
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_visit_is_a_test_that_passes(
        typed in prop::collection::vec(select(TYPED.to_vec()), 0..14),
        at in select(vec!["2026-03-02T12:00", "2026-03-02T03:00", "2026-12-31T23:00"]),
    ) {
        let visit = walk(&typed, at);
        let saved = visit.as_test("a").map_err(TestCaseError::fail)?;
        let result = run(&saved);
        prop_assert!(result.failure.is_none(), "{typed:?}\n{saved}\n{:?}", result.failure);
    }

    #[test]
    fn undoing_leads_to_where_one_was(typed in prop::collection::vec(select(TYPED.to_vec()), 1..10), last in select(TYPED.to_vec())) {
        let mut visit = walk(&typed, "2026-03-02T12:00");
        let before = (text(&visit.input("keys")), text(&visit.input("log")));
        let answer = visit.input(last);
        if answer.iter().all(|line| !matches!(line.kind, LineKind::Wrong | LineKind::Note)) {
            visit.input("undo");
            prop_assert_eq!((text(&visit.input("keys")), text(&visit.input("log"))), before);
        }
    }
}

#[test]
fn a_saved_visit_reads_as_a_person_would_write_it_and_hides_the_code() {
    let visit = walk(&["2", "1", "4321", "9876#", "2"], "2026-03-02T12:00");
    insta::assert_snapshot!(visit.as_test("Balance").unwrap());
}
