//! Every crate that is linked into the program has a licence that we may ship, and comes from the registry.

use std::process::Command;

const SHIPPABLE: [&str; 12] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "CC0-1.0",
];

/// Crates that state their licence in a file; read by a person, with what it says.
const READ: [(&str, &str); 2] = [
    ("rsip", "MIT, in its LICENSE file; used by the tests alone"),
    ("rsip-derives", "a part of rsip, from the same repository under the same LICENSE; used by the tests alone"),
];

/// Whether an SPDX expression allows shipping: any side of an OR, every side of an AND.
fn allowed(expression: &str) -> bool {
    let expression = expression.trim();
    let inner = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = inner.filter(|inner| !inner.contains('(')) {
        return allowed(inner);
    }
    if let Some((left, right)) = split(expression, " AND ") {
        return allowed(left) && allowed(right);
    }
    if let Some((left, right)) = split(expression, " OR ").or_else(|| split(expression, "/")) {
        return allowed(left) || allowed(right);
    }
    SHIPPABLE.contains(&expression)
}

/// The two sides of the first operator that stands outside brackets.
fn split<'a>(expression: &'a str, operator: &str) -> Option<(&'a str, &'a str)> {
    let outside = |at: &usize| {
        let before = &expression[..*at];
        before.matches('(').count() == before.matches(')').count()
    };
    let at = expression.match_indices(operator).map(|(at, _)| at).find(outside)?;
    Some((&expression[..at], &expression[at + operator.len()..]))
}

#[test]
fn every_crate_has_a_licence_we_may_ship() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "cargo metadata lists the whole tree");
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("");
        let from_registry = package["source"].as_str().is_none_or(|source| source.starts_with("registry+"));
        let read = READ.iter().any(|(known, _)| *known == name);
        if !(allowed(licence) || read) || !from_registry {
            wrong.push(format!("{name}: {licence:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_expression_is_read_with_its_brackets() {
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR GPL-2.0) AND GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("", false),
    ] {
        assert_eq!(allowed(expression), expected, "{expression}");
    }
}
