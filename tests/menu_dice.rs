//! Menus thrown together from every element of the language: what the checker accepts, a caller of any profile walks
//! by random keys, silences and outcomes of any length without a defect, and still reaches people or an end; and so
//! does whoever answers a callback.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

#[path = "menus/dice.rs"]
mod dice;
#[path = "menus/random_call.rs"]
mod random_call;

use dice::Dice;
use hotline::ivr::menu::{Menu, load};
use hotline::model::Lang;
use proptest::prelude::*;
use random_call::{Act, Call};
use std::sync::Arc;

fn thrown(dice: &[u8]) -> (String, Result<Arc<Menu>, String>) {
    let text = Dice(dice.iter()).hotline();
    let menu = load(&[("dice.yaml".to_owned(), text.clone().into_bytes())]);
    let menu = menu.map(|(menu, _)| Arc::new(menu)).map_err(|problems| {
        let shown: Vec<String> = problems.iter().map(|problem| problem.render(Lang::En)).collect();
        shown.join("\n")
    });
    (text, menu)
}

fn walk(mut call: Call, acts: &[Act], text: &str) {
    for act in acts {
        if call.is_over() {
            break;
        }
        call.act(*act);
    }
    assert_eq!(call.defects(), Vec::<Arc<str>>::new(), "by {:?} in\n{text}", call.path());
    assert!(call.reaches_people_or_ends(), "a lost caller at {:?} in\n{text}", call.path());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 40_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_is_walked_without_a_defect(
        dice in prop::collection::vec(any::<u8>(), 60..160),
        acts in prop::collection::vec(random_call::act(), 1..80),
        night in any::<bool>(),
        profile in prop::option::of(prop::sample::select(vec!["vip", "slow", "gone"])),
    ) {
        let (text, menu) = thrown(&dice);
        let Ok(menu) = menu else { return Err(TestCaseError::reject("the checker refuses it")) };
        walk(Call::of_profile(&menu, night, profile), &acts, &text);
        let called = Call::called_back(&menu, "kind").unwrap();
        walk(called, &acts, &text);
    }
}

#[test]
fn a_good_part_of_the_thrown_menus_is_accepted() {
    let mut seed = 7_u64;
    let mut byte = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed.to_be_bytes()[0]
    };
    let thrown: Vec<_> = (0..300).map(|_| thrown(&(0..120).map(|_| byte()).collect::<Vec<u8>>())).collect();
    let refused: Vec<&String> = thrown.iter().filter_map(|(_, menu)| menu.as_ref().err()).collect();
    assert!(refused.len() < 240, "{} of 300 refused, such as\n{}", refused.len(), refused[0]);
}
