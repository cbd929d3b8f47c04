//! How long an administrator waits for the checker, and a caller for a step.
#![expect(clippy::unwrap_used, reason = "a benchmark of a menu that does not check would measure nothing")]

#[path = "../tests/menus/generated.rs"]
mod generated;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hotline::ivr::flow::{CallFlow, Caller, Event, World};
use hotline::ivr::menu::{LineId, Menu, load};
use hotline::ivr::simulate::{parse_tests, run_tests};
use hotline::ivr::speech::Manifest;
use hotline::model::{CallId, Digit, Instant, Now, PhoneNumber};
use std::hint::black_box;
use std::sync::Arc;

const SERVICES: &str = include_str!("../menus/services.yaml");

fn example() -> Vec<(String, Vec<u8>)> {
    let files = [
        ("hotline.yaml", include_str!("../menus/hotline.yaml")),
        ("phrases.yaml", include_str!("../menus/phrases.yaml")),
        ("services.yaml", SERVICES),
    ];
    files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).to_vec()
}

fn check(criterion: &mut Criterion) {
    let example = example();
    criterion.bench_function("check the example", |bench| bench.iter(|| load(black_box(&example)).is_ok()));
    let large = generated::large_hotline(SERVICES);
    if let Err(problems) = load(&large) {
        panic!("{problems:#?}");
    }
    let mut group = criterion.benchmark_group("large");
    group.sample_size(10);
    group.bench_function("check 2,000 nodes and 5,000 phrases", |bench| bench.iter(|| load(black_box(&large)).is_ok()));
    group.finish();
}

/// A call that has heard the greeting and stands in the main menu.
fn in_main_menu(menu: &Arc<Menu>, now: Now, world: &World<'_>) -> CallFlow {
    let caller = Caller {
        call: CallId::from_u128(1),
        from: PhoneNumber::parse("+79161234567"),
        blocked_number: false,
        slow_speech: false,
        profile: None,
        lang: None,
    };
    let mut flow = CallFlow::new(Arc::clone(menu), LineId(0), caller);
    flow.handle(now, Event::Answered, world);
    while flow.next_command().is_some() {}
    flow
}

fn step(criterion: &mut Criterion) {
    let menu = Arc::new(load(&example()).unwrap().0);
    let manifest = Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap();
    let world = World { switches: &[], waits: &[], inventory: &manifest };
    let now = Now { instant: Instant::ZERO, wall: "2026-03-02T09:00:00Z".parse().unwrap() };
    let keys = ["4", "2"].map(|key| Digit::from_char(key.chars().next().unwrap_or('0')).unwrap());
    criterion.bench_function("a key, a menu, its speech", |bench| {
        bench.iter_batched_ref(
            || in_main_menu(&menu, now, &world),
            |flow| {
                flow.handle(now, Event::Digit(keys[0]), &world);
                while let Some(command) = flow.next_command() {
                    black_box(&command);
                }
            },
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("a key, a task of two steps, its speech and menu", |bench| {
        bench.iter_batched_ref(
            || {
                let mut flow = in_main_menu(&menu, now, &world);
                flow.handle(now, Event::Digit(keys[0]), &world);
                while flow.next_command().is_some() {}
                flow
            },
            |flow| {
                flow.handle(now, Event::Digit(keys[1]), &world);
                while let Some(command) = flow.next_command() {
                    black_box(&command);
                }
            },
            BatchSize::SmallInput,
        );
    });
}

/// All tests of the default menu, reading them included.
fn test(criterion: &mut Criterion) {
    let menu = Arc::new(load(&example()).unwrap().0);
    let manifest = Manifest::parse(include_str!("../prompts/manifest.tsv")).unwrap();
    let text = include_str!("../menus/tests/hotline.test.yaml");
    criterion.bench_function("test the example", |bench| {
        bench.iter(|| {
            let scripts = parse_tests(&menu, "hotline.test.yaml", black_box(text)).unwrap();
            assert_eq!(run_tests(&menu, &scripts, &manifest).failed(), 0);
        });
    });
}

criterion_group!(benches, check, step, test);
criterion_main!(benches);
