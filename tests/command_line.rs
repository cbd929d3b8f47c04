//! The program as an admin meets it at the command line: what it prints, how it fails, what it advises.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// What is typed: words, no shell.
fn hotline(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8");
    command
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(output: &Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn run(words: &[&str]) -> Said {
    said(&hotline(words).output().unwrap())
}

fn run_with(words: &[&str], input: &str) -> Said {
    let mut child = hotline(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(&child.wait_with_output().unwrap())
}

/// A refusal: exit code 1, and every piece in what is said.
#[track_caller]
fn refused(said: &Said, pieces: &[&str]) {
    assert_eq!(said.code, Some(1), "stdout:\n{}\nstderr:\n{}", said.out, said.err);
    for piece in pieces {
        assert!(said.err.contains(piece), "{piece:?} is not in:\n{}", said.err);
    }
}

#[track_caller]
fn done(said: Said) -> String {
    assert_eq!(said.code, Some(0), "stdout:\n{}\nstderr:\n{}", said.out, said.err);
    said.out
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of the default menu in a folder of its own.
fn menus(change: impl Fn(&str, String) -> String) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["hotline.yaml", "phrases.yaml", "services.yaml"] {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus").join(name);
        let content = fs::read_to_string(original).unwrap();
        fs::write(folder.path().join(name), change(name, content)).unwrap();
    }
    folder
}

/// A server of the test's own; ended when dropped.
struct Server {
    child: Child,
    lines: Vec<String>,
    data: TempDir,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let mut words = vec!["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", text(data.path())];
        words.extend(more);
        let mut child = hotline(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        for line in out.lines() {
            let line = line.unwrap();
            let ready = line == "ready";
            lines.push(line);
            if ready {
                break;
            }
        }
        assert_eq!(lines.last().map(String::as_str), Some("ready"), "{lines:?}");
        Self { child, lines, data }
    }

    fn address(&self, kind: &str) -> String {
        self.lines.iter().find_map(|line| line.strip_prefix(kind)).unwrap().trim().to_owned()
    }

    fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_advice() {
    let cases = [
        ("sip:\n  lisen: [127.0.0.1:5060]\n", ":2:", "lisen", "listen"),
        ("limits:\n  calls: 10\n  calls: 20\n", ":3:", "calls", ""),
        ("media:\n  ports: 30000-20000\n", ":2:", "ports", ""),
        ("drain:\n  limit: soon\n", ":2:", "soon", "30s"),
    ];
    let folder = TempDir::new().unwrap();
    for (content, place, piece, advice) in cases {
        let file = folder.path().join("config.yaml");
        fs::write(&file, content).unwrap();
        refused(&run(&["serve", "-c", text(&file)]), &["config.yaml", place, piece, advice]);
    }
    refused(&run(&["serve", "-c", "/nonexistent/config.yaml"]), &["/nonexistent/config.yaml"]);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = TempDir::new().unwrap();
    let said = run(&["serve", "--sip", &address, "--data", text(data.path())]);
    refused(&said, &[&address, "--sip"]);
}

#[test]
fn a_menu_that_does_not_check_is_not_served_and_the_reason_is_said() {
    let menus = menus(|_, text| text.replace("go: card_lost}", "go: card_lots}"));
    let data = TempDir::new().unwrap();
    let words = ["serve", "--sip", "127.0.0.1:0", "--data", text(data.path()), "--menus", text(menus.path())];
    refused(&run(&words), &["hotline.yaml:", "E01", "card_lots", "card_lost"]);
    let words = ["serve", "--sip", "127.0.0.1:0", "--data", text(data.path()), "--menus", "/nonexistent"];
    refused(&run(&words), &["/nonexistent", "--menus"]);
}

#[test]
fn check_prints_all_problems_at_once_and_a_line_of_json_for_each() {
    let menus = menus(|_, text| text.replace("go: card_lost}", "go: card_lots}"));
    let said = run(&["check", text(menus.path()), "--json"]);
    assert_eq!(said.code, Some(1));
    let problems: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(problems.iter().filter(|problem| problem["code"] == "E01").count() >= 2, "{}", said.out);
    for problem in &problems {
        for key in ["file", "line", "column", "code", "severity", "message", "help"] {
            assert!(problem.get(key).is_some(), "{key} is not in {problem}");
        }
    }
    let russian = run(&["check", text(menus.path()), "--lang", "ru"]);
    assert!(russian.out.contains("card_lots") && russian.out.contains("может быть"), "{}", russian.out);
    done(run(&["check", "menus", "--strict"]));
}

#[test]
fn a_file_that_vanished_while_the_folder_was_read_is_a_problem_with_its_place() {
    let folder = menus(|_, text| text);
    // What reading a file gives that was removed a moment ago.
    std::os::unix::fs::symlink("gone.yaml", folder.path().join("more.yaml")).unwrap();
    let said = run(&["check", text(folder.path())]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("more.yaml:1:1") && said.out.contains("E17"), "{}", said.out);
    assert!(said.out.contains("the file cannot be read") && said.out.contains("1 errors"), "{}", said.out);
    let said = run(&["check", text(folder.path()), "--lang", "ru"]);
    assert!(said.out.contains("файл не читается"), "{}", said.out);
}

#[test]
fn a_missing_prompt_is_named_and_a_draft_voice_stands_in() {
    let menus = menus(|name, text| match name {
        "phrases.yaml" => text.replace("  goodbye:\n", "  parting:\n"),
        _ => text.replace("say: goodbye", "say: parting"),
    });
    let data = TempDir::new().unwrap();
    let words = ["serve", "--sip", "127.0.0.1:0", "--data", text(data.path()), "--menus", text(menus.path())];
    refused(&run(&words), &["ru/parting", "en/parting", "--draft-voice"]);

    let tools = TempDir::new().unwrap();
    let voice = tools.path().join("voice.sh");
    let sound = tools.path().join("sound.wav");
    tone(&sound);
    fs::write(&voice, format!("#!/bin/sh\ncp {} \"$2\"\n", sound.display())).unwrap();
    let command = format!("sh {} {{text}} {{out}}", voice.display());
    let server = Server::start(&["--menus", text(menus.path()), "--draft-voice", &command]);
    drop(server);
    let silent = format!("sh -c false {}", "{text} {out}");
    let words = [&words[..], &["--draft-voice", &silent]].concat();
    refused(&run(&words), &["draft voice"]);
}

fn tone(path: &PathBuf) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for at in 0..8_000_i16 {
        file.write_sample(if at / 20 % 2 == 0 { 4_000_i16 } else { -4_000 }).unwrap();
    }
    file.finalize().unwrap();
}

#[test]
fn a_server_tells_where_it_listens_and_ends_when_told() {
    let mut server = Server::start(&["--pretend-now", "2026-12-31T23:00"]);
    assert!(server.address("SIP udp").starts_with("127.0.0.1:"));
    assert_eq!(server.address("SIP udp"), server.address("SIP tcp"), "one port for both");
    assert!(server.lines.iter().any(|line| line.starts_with("dial")), "{:?}", server.lines);
    let page = server.address("web");
    let host = page.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    assert!(get(&host, "/health").starts_with("HTTP/1.1 200"));
    assert!(get(&host, "/metrics").contains("hotline_calls 0"));
    server.terminate();
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn bans_of_a_server_that_lives_in_another_time_are_listed_by_the_clock_of_the_machine() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("config.yaml");
    fs::write(&config, "bans: {never: [], first: 1h}\n").unwrap();
    let server = Server::start(&["--pretend-now", "2001-12-31T23:00", "--config", text(&config)]);
    let scanner = UdpSocket::bind("127.0.0.1:0").unwrap();
    let list = || done(run(&["bans", "--data", text(server.data.path()), "list"]));
    let mut listed = list();
    assert!(listed.contains("nobody"), "{listed}");
    for number in 0..400 {
        let ask = format!(
            "OPTIONS sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{number};rport\r\n\
                 From: <sip:a@b>;tag=1\r\nTo: <sip:100@b>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n\
                 Max-Forwards: 70\r\nUser-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n"
        );
        scanner.send_to(ask.as_bytes(), server.address("SIP udp")).unwrap();
        listed = list();
        if listed.contains("127.0.0.1") {
            break;
        }
    }
    assert!(listed.contains("127.0.0.1") && listed.contains("scanner"), "{listed}");
    done(run(&["bans", "--data", text(server.data.path()), "remove", "127.0.0.1"]));
    assert!(list().contains("nobody"));
}

fn get(host: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn operators_are_added_listed_given_passwords_and_removed() {
    let data = TempDir::new().unwrap();
    let operators = |words: &[&str]| run(&[&["operators", "--data", text(data.path())], words].concat());
    let added = done(operators(&["add", "anna", "--skills", "support,fraud", "--languages", "ru,en"]));
    let password = added.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert!(password.len() >= 16, "{password}");
    let list = done(operators(&["list"]));
    assert!(list.contains("anna") && list.contains("support") && !list.contains(&password), "{list}");
    refused(&operators(&["add", "anna", "--skills", "support"]), &["anna"]);
    refused(&operators(&["add", "Анна", "--skills", "support"]), &["login"]);
    refused(&operators(&["remove", "ann"]), &["anna"]);
    let short = run_with(&["operators", "--data", text(data.path()), "passwd", "anna", "--password-stdin"], "secret\n");
    refused(&short, &["too short"]);
    done(operators(&["passwd", "anna"]));
    done(operators(&["remove", "anna"]));
    let stored = fs::read(data.path().join("hotline.db")).unwrap();
    let held = stored.windows(password.len()).any(|window| window == password.as_bytes());
    assert!(!held, "the password is nowhere in the store");
}

#[test]
fn a_value_is_said_alone_and_line_by_line() {
    assert_eq!(
        done(run(&["say", "ru", "money:RUB", "15230.50"])),
        "пятнадцать тысяч двести тридцать рублей пятьдесят копеек\n"
    );
    assert_eq!(done(run(&["say", "en", "money:RUB", "-1"])), "minus one ruble\n");
    let batch = run_with(&["say", "ru", "--batch"], "count:minute\t2\nmoney:RUB\tmany\nnumber:f\t21\n");
    assert_eq!((batch.code, batch.out.as_str()), (Some(1), "две минуты\n\nдвадцать одна\n"));
    assert!(batch.err.contains("line 2"), "{}", batch.err);
    refused(&run(&["say", "ru", "mony:RUB", "1"]), &["money"]);
}

#[test]
fn a_call_is_walked_in_the_terminal() {
    let words = ["call", "--at", "2026-03-02T12:00"];
    let out = done(run_with(&words, "2\n1\n4321\n9876#\nhangup\n"));
    assert!(out.contains("Здравствуйте") && out.contains("Доступный остаток"), "{out}");
    assert!(!out.contains("9876"), "{out}");
    refused(&run_with(&["call", "--line", "nowhere"], ""), &["nowhere", "main"]);
}

#[test]
fn the_menus_tests_run_and_are_written_as_junit() {
    let folder = TempDir::new().unwrap();
    let junit = folder.path().join("junit.xml");
    let out = done(run(&["test", "menus", "--junit", text(&junit)]));
    assert!(out.contains("8 passed, 0 failed") && out.contains("coverage:"), "{out}");
    assert!(fs::read_to_string(&junit).unwrap().contains("<testcase"));
}

#[test]
fn explain_says_what_the_caller_hears() {
    let out = done(run(&["explain", "main", "--lang", "ru"]));
    assert!(out.contains("Чтобы поговорить с оператором, нажмите 0"), "{out}");
    refused(&run(&["explain", "mian"]), &["mian", "main"]);
}

#[test]
fn switches_and_the_sandbox_bank_are_turned_from_outside() {
    let data = TempDir::new().unwrap();
    let at = ["--data", text(data.path())];
    assert!(done(run(&[&["switch"], &at[..]].concat())).contains("card_outage: disabled"));
    done(run(&[&["switch", "card_outage", "enable"], &at[..]].concat()));
    assert!(done(run(&[&["switch"], &at[..]].concat())).contains("card_outage: enabled"));
    refused(&run(&[&["switch", "card_outrage", "enable"], &at[..]].concat()), &["card_outage"]);
    done(run(&[&["bank", "down"], &at[..]].concat()));
    done(run(&[&["bank", "up"], &at[..]].concat()));
    assert_eq!(done(run(&[&["report", "calls"], &at[..]].concat())), "no calls in this period\n");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("data");
    let said = run(&["serve", "--sip", "127.0.0.1:0", "--data", text(&folder)]);
    refused(&said, &[text(&folder)]);
}

#[test]
fn help_teaches() {
    let out = done(run(&["--help"]));
    for word in ["serve", "check", "explain", "call", "test", "say", "operators", "report", "First steps"] {
        assert!(out.contains(word), "{word} is not in:\n{out}");
    }
}
