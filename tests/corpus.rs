//! Every input that fuzzing ever kept is tried again: `fuzz/corpus`, a folder for each target of `fuzz/targets`.

#![expect(clippy::expect_used, reason = "what does not hold must fail where it stands")]

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::path::Path;

#[test]
fn everything_that_fuzzing_kept_is_borne() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::ALL {
        let folder = corpus.join(name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for entry in entries {
            let path = entry.expect("an entry").path();
            let bytes = std::fs::read(&path).expect("a file");
            println!("{name} {}", path.display());
            target(&bytes);
            count += 1;
        }
        println!("{name}: {count} inputs");
        assert!(count > 0, "{name} has no corpus");
    }
}
