//! The tutorials' commands do what they are taught to do: each is typed into a shell, in the order of the page, where
//! there are a copy of the menu with thirteen versions, the recordings, and a take of the announcer.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The commands of a page, without what is said about them.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}

/// Types a line into a shell, with these answers to what it asks.
fn typed(line: &str, folder: &Path, answers: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_hotline")).parent().unwrap();
    let path = format!("{}:{}:{}", program.display(), folder.join("bin").display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env("PATH", path).env("LC_ALL", "C.UTF-8");
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who asks nothing may have ended before the answers come.
    let written = shell.stdin.take().unwrap().write_all(answers.as_bytes());
    let output = shell.wait_with_output().unwrap();
    assert!(written.is_ok() || answers.is_empty() || output.status.success(), "{line}");
    output
}

#[track_caller]
fn done(line: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // Of `diff`, 1 says that something differs.
    let expected = if line.starts_with("hotline diff") { 0..=1 } else { 0..=0 };
    assert!(
        output.status.code().is_some_and(|code| expected.contains(&code)),
        "{line}\n{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// A folder as the reader of a page has it.
fn desk(lang: &str) -> tempfile::TempDir {
    let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), tempfile::tempdir().unwrap());
    for name in ["menus", "prompts", "schema"] {
        copy(&root.join(name), &folder.path().join(name));
    }
    fs::create_dir_all(folder.path().join("takes")).unwrap();
    let take = format!("{lang}/greeting.1.flac");
    fs::copy(root.join("prompts").join(&take), folder.path().join("takes/greeting.1.flac")).unwrap();
    // A machine that runs tests has no loudspeaker: this one takes a sound and looks whether it is one.
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    let player = folder.path().join("bin/aplay");
    fs::write(&player, "#!/bin/sh\nfor last; do :; done\n[ \"$(head -c 4 \"$last\")\" = RIFF ] && touch played\n")
        .unwrap();
    fs::set_permissions(&player, fs::Permissions::from_mode(0o755)).unwrap();
    let menu = folder.path().join("menus/hotline.yaml");
    let text = fs::read_to_string(&menu).unwrap();
    for version in 1..=13 {
        fs::write(&menu, format!("{text}# {version}\n")).unwrap();
        let line = "hotline apply --yes";
        done(line, &typed(line, folder.path(), ""));
    }
    fs::write(&menu, format!("{text}# to come\n")).unwrap();
    folder
}

fn teaches(page: &str, lang: &str) {
    let desk = desk(lang);
    let commands = commands(page);
    assert!(commands.len() >= 20, "the page has lost its commands: {commands:?}");
    for line in commands {
        // Both ask, and only at a terminal.
        let asks = line.starts_with("hotline apply --note") || line.starts_with("hotline rollback");
        let said = if asks {
            fs::write(desk.path().join("line.sh"), line).unwrap();
            done(line, &typed("script -qec 'sh line.sh' /dev/null", desk.path(), "y\n"))
        } else {
            done(line, &typed(line, desk.path(), ""))
        };
        if asks {
            assert!(said.contains("is active"), "{line}\n{said}");
        }
    }
    assert!(desk.path().join("played").exists(), "nothing was played");
    for made in ["menu.html", "sheet.html"] {
        assert!(fs::metadata(desk.path().join(made)).unwrap().len() > 1_000, "{made}");
    }
    let audit = done("hotline audit", &typed("hotline audit", desk.path(), ""));
    for deed in ["card_outage", "rollback", "apply"] {
        assert!(audit.contains(deed), "{deed} is not in\n{audit}");
    }
}

#[test]
fn every_command_of_the_english_tutorial_works() {
    teaches(include_str!("../docs/menus.md"), "en");
}

#[test]
fn every_command_of_the_russian_tutorial_works() {
    teaches(include_str!("../docs/menus.ru.md"), "ru");
}
