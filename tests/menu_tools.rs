//! The tools around a menu as an administrator meets them: a call that becomes a test, tests that fail, a watch.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn hotline(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8");
    command
}

fn typed(words: &[&str], input: &str) -> String {
    let mut child = hotline(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(&child.wait_with_output().unwrap())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The default menu without its tests.
fn menus() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["hotline.yaml", "phrases.yaml", "services.yaml"] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("menus").join(name), folder.path().join(name)).unwrap();
    }
    fs::create_dir(folder.path().join("tests")).unwrap();
    folder
}

const FAILS: &str = "tests:\n  - name: Info\n    steps:\n      - press: 4\n      - hears: goodbye\n";
const HOLDS: &str = "tests:\n  - name: Info\n    steps:\n      - press: 4\n      - at: info\n";

#[test]
fn a_call_in_the_terminal_is_saved_and_passes_as_a_test() {
    let folder = menus();
    let (menus, saved) = (folder.path().to_str().unwrap(), folder.path().join("tests/mine.test.yaml"));
    let input = format!("2\n1\n4321\n9876#\n0\noperator answers\nhangup\nsave {}\nsave {0}\n", saved.display());
    let out = typed(&["call", "--menus", menus, "--at", "2026-03-02T12:00"], &input);
    assert!(out.contains("written: ") && out.contains("cannot be written"), "a file is not overwritten: {out}");
    assert!(!out.contains('\x1b'), "a pipe gets no colours: {out}");
    assert!(fs::read_to_string(&saved).unwrap().contains("never_in_log: [\"9876\"]"));
    let output = hotline(&["test", menus]).output().unwrap();
    assert!(output.status.success() && said(&output).contains("1 passed, 0 failed"), "{}", said(&output));
}

#[test]
fn a_test_that_fails_shows_its_line_what_it_expected_and_what_it_found() {
    let folder = menus();
    fs::write(folder.path().join("tests/info.test.yaml"), FAILS).unwrap();
    let output = hotline(&["test", folder.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let out = said(&output);
    for piece in [
        "info.test.yaml:5: - hears: goodbye",
        "expected  goodbye «",
        "found     ",
        "caller    at info",
        "not covered: ",
    ] {
        assert!(out.contains(piece), "{piece} is not in:\n{out}");
    }
}

#[test]
fn a_watch_runs_the_tests_again_at_every_change() {
    let folder = menus();
    let test = folder.path().join("tests/info.test.yaml");
    fs::write(&test, FAILS).unwrap();
    let mut child =
        hotline(&["test", "--watch", folder.path().to_str().unwrap()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut until = |word: &str| lines.by_ref().any(|line| line.contains(word));
    assert!(until("0 passed, 1 failed") && until("is watched"));
    fs::write(&test, HOLDS).unwrap();
    assert!(until("1 passed, 0 failed") && until("is watched"));
    fs::write(&test, "tests: [{nme: a}]").unwrap();
    assert!(until("did you mean name?") && until("is watched"), "what is half written does not end the watch");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_screen_is_russian_where_it_is_asked_for() {
    let out = typed(&["call", "--lang", "ru", "--at", "2026-03-02T12:00"], "hepl\n2\n");
    assert!(out.contains("может быть, help?") && out.contains("путь      welcome › main › money"), "{out}");
}

#[test]
fn a_check_with_the_configuration_names_every_transfer_to_nobody_with_its_place() {
    let folder = menus();
    let file = folder.path().join("hotline.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let at = text.find("- hangup").unwrap();
    let text = format!("{}- transfer: {{to: fraud_desk, failed: {{go: operator}}}}\n{}", &text[..at], &text[at + 8..]);
    fs::write(&file, &text).unwrap();
    let line = 1 + text[..at].matches('\n').count();
    let beside = TempDir::new().unwrap();
    let config = beside.path().join("config.yaml");
    let check = |transfers: &str, more: &[&str]| {
        fs::write(&config, transfers).unwrap();
        let mut words = vec!["check", folder.path().to_str().unwrap(), "--config", config.to_str().unwrap()];
        words.extend(more);
        let output = hotline(&words).output().unwrap();
        (output.status.code(), said(&output))
    };
    let (code, told) = check("transfers: {fraud_desc: {uri: \"sip:desk@192.0.2.20\"}}\n", &[]);
    let place = format!("{}:{line}:", file.display());
    assert_eq!(code, Some(1), "{told}");
    for piece in [&*place, "E01 no target \"fraud_desk\"", "did you mean \"fraud_desc\"?", "transfers:"] {
        assert!(told.contains(piece), "{piece} is not in:\n{told}");
    }
    let (_, told) = check("{}\n", &["--json"]);
    let row = told.lines().find(|row| row.contains("E01")).unwrap();
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    assert_eq!((row["line"].as_u64(), row["code"].as_str()), (Some(line as u64), Some("E01")));
    let (code, told) = check("transfers: {fraud_desk: {uri: \"sip:desk@192.0.2.20\"}}\n", &[]);
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = check("default_line: nowhere\ntransfers: {fraud_desk: {uri: \"sip:desk@192.0.2.20\"}}\n", &[]);
    assert!(code == Some(1) && told.contains("nowhere"), "{told}");
}
