//! The arrows of `docs/architecture.md`: which layer may name which, and what only a shell may touch.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::path::{Path, PathBuf};

/// A layer and the layers it must not name.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("model", &["ivr", "voip", "exchange", "io", "app"]),
    ("ivr", &["voip", "exchange", "io", "app"]),
    ("voip", &["ivr", "exchange", "io", "app"]),
    ("exchange", &["io", "app"]),
    ("io", &["exchange", "app"]),
];

/// What the pure layers must not touch: the world outside.
const WORLD: [&str; 9] = [
    "std::fs",
    "std::net::UdpSocket",
    "std::net::Tcp",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::process",
    "tokio::",
    "sqlx::",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The lines of a source file that are code, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn arrows_between_layers_point_down_only() {
    let mut wrong = Vec::new();
    for (layer, forbidden) in FORBIDDEN {
        for path in sources(&src().join(layer)) {
            let text = fs::read_to_string(&path).unwrap();
            for (number, line) in code(&text) {
                for other in forbidden {
                    if line.contains(&format!("crate::{other}::")) || line.contains(&format!("crate::{{{other}")) {
                        wrong.push(format!("{}:{number}: {layer} names {other}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pure_layers_touch_nothing_of_the_world() {
    let mut wrong = Vec::new();
    for layer in ["model", "ivr", "voip", "exchange"] {
        for path in sources(&src().join(layer)) {
            if path.to_string_lossy().contains("tests") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (number, line) in code(before_tests) {
                for outside in WORLD {
                    if line.contains(outside) {
                        wrong.push(format!("{}:{number}: {outside}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_six_hundred_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for path in sources(&root.join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > 600 {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// The code words of what stays out of finished work; written apart so that this file does not hold them.
#[test]
fn nothing_is_left_to_do_and_nothing_is_thrown_away() {
    let banned = ["todo!", "unimplemented!", "unbounded_channel", concat!("let ", "_ =")];
    let mut wrong = Vec::new();
    for path in sources(&src()) {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in code(&text) {
            for word in banned {
                if line.contains(word) {
                    wrong.push(format!("{}:{number}: {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
