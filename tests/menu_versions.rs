//! Versions of the menu as an admin meets them: applied, listed, compared, rolled back, watched; the running server
//! takes what is good and goes on with what it has when the rest is bad.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]
#![expect(clippy::disallowed_methods, reason = "a real server takes real time")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A bank's machine: a folder of menus, a data folder.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("menus");
        fs::create_dir_all(folder.path().join("menus/tests")).unwrap();
        for entry in fs::read_dir(&from).unwrap().chain(fs::read_dir(from.join("tests")).unwrap()) {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "yaml") {
                let name = path.strip_prefix(&from).unwrap();
                fs::copy(&path, folder.path().join("menus").join(name)).unwrap();
            }
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Changes a menu file.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(&format!("menus/{file}"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} is written otherwise now");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
        command.args(words).args(["--data", &self.path("data"), "--menus", &self.path("menus")]);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8").env_remove("SUDO_USER");
        command.stdin(Stdio::null());
        command
    }

    /// What a command prints, and its exit code; both outputs in one.
    fn run(&self, words: &[&str]) -> (String, Option<i32>) {
        let output = self.command(words).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), output.status.code())
    }

    #[track_caller]
    fn done(&self, words: &[&str], pieces: &[&str]) {
        self.says(words, 0, pieces);
    }

    #[track_caller]
    fn says(&self, words: &[&str], code: i32, pieces: &[&str]) {
        let (text, status) = self.run(words);
        assert_eq!(status, Some(code), "{words:?} says:\n{text}");
        for piece in pieces {
            assert!(text.contains(piece), "{piece:?} is not in what {words:?} says:\n{text}");
        }
    }

    fn serve(&self, more: &[&str]) -> Server {
        let words = [&["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0"], more].concat();
        let log = fs::File::create(self.path("log")).unwrap();
        let mut child = self.command(&words).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| line != "ready").collect();
        let web = said.iter().find_map(|line| line.strip_prefix("web     http://"));
        let web = web.unwrap_or_else(|| panic!("{said:?}\n{}", fs::read_to_string(self.path("log")).unwrap()));
        Server { child, web: web.split('/').next().unwrap().to_owned(), said: said.join("\n") }
    }

    /// The configuration of a server that watches the folder.
    fn watching(&self) -> String {
        let path = self.path("config.yaml");
        fs::write(&path, "menu: {apply: watch, debounce: 100ms}\n").unwrap();
        path
    }
}

/// A running server; ended when dropped.
struct Server {
    child: Child,
    web: String,
    said: String,
}

impl Server {
    fn metrics(&self) -> String {
        let mut stream = std::net::TcpStream::connect(&self.web).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.web).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until a figure has a value.
    #[track_caller]
    fn shows(&self, figure: &str) {
        let begun = Instant::now();
        loop {
            let metrics = self.metrics();
            if metrics.lines().any(|line| line == figure) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{figure} is not in:\n{metrics}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn end(mut self) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
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

/// Keys 1 and 2 of the cards menu change places; no test of the menu presses them.
const OFFER: (&str, &str) = (
    "1: {offer: opt_activate, go: activate}\n      2: {offer: opt_pin,      go: pin_info}",
    "1: {offer: opt_pin, go: pin_info}\n      2: {offer: opt_activate, go: activate}",
);
const BROKEN: (&str, &str) = ("go: card_lost}", "go: card_lots}");

#[test]
fn a_running_server_takes_a_version_and_goes_back() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert!(server.said.contains("version 1 ("), "{}", server.said);
    server.shows("hotline_menu_version 1");
    place.edit("hotline.yaml", OFFER.0, OFFER.1);
    place.done(
        &["apply", "--as", "olga", "--note", "PIN is key 1"],
        &["tests passed: ", "key 2", "version 2 is active", "the server has taken it"],
    );
    server.shows("hotline_menu_version 2");
    place.says(&["diff", "1", "2"], 1, &["key 2"]);
    place.says(&["diff", "1"], 1, &["key 2"]);
    place.done(&["diff", "2"], &[]);
    place.done(
        &["rollback", "--as", "petr", "--note", "too many calls"],
        &["key 2", "version 1 is active", "has taken it"],
    );
    server.shows("hotline_menu_version 1");
    place.done(&["versions"], &["*   1", "    2", "olga", "PIN is key 1", "tests passed: "]);
    let audit =
        ["olga          menu_applied", "petr          menu_rolled_back  version 1 by rollback, before it 2: too many"];
    place.done(&["audit"], &audit);
    place.says(&["rollback"], 1, &["no version was active before 1"]);
    place.says(&["rollback", "7"], 1, &["there is no version 7"]);
    // The folder still holds the other files; the start takes what is active.
    server.end();
    let server = place.serve(&[]);
    assert!(server.said.contains("version 1 (") && server.said.contains("hotline apply"), "{}", server.said);
}

#[test]
fn versions_are_applied_and_given_back_in_russian() {
    let place = Place::new();
    let in_russian = |words: &[&str], code, pieces: &[&str]| {
        place.says(&[words, &["--lang", "ru"]].concat(), code, pieces);
    };
    in_russian(&["rollback"], 1, &["ни одна версия ещё не действовала"]);
    in_russian(
        &["apply"],
        0,
        &["файлов: 3", "тестов прошло: 8", "действует версия 1", "версию возьмёт следующий запуск"],
    );
    in_russian(&["apply", "--dry-run"], 0, &["звонящие не заметят отличий от версии 1", "ничего не изменилось"]);
    in_russian(&["rollback"], 1, &["до версии 1 другие не действовали"]);
    place.edit("hotline.yaml", OFFER.0, OFFER.1);
    in_russian(&["apply"], 0, &["действует версия 2"]);
    in_russian(&["rollback"], 0, &["с версии 2 назад к версии 1", "по-прежнему другие файлы"]);
    place.edit("hotline.yaml", BROKEN.0, BROKEN.1);
    in_russian(&["apply"], 1, &["не применена: ошибок: 1", "нет сценария или меню", "всё остаётся как было"]);
    place.edit("hotline.yaml", BROKEN.1, BROKEN.0);
    let test = "tests:\n  - name: Никогда\n    steps:\n      - press: 4\n      - at: money\n";
    fs::write(place.path("menus/tests/never.test.yaml"), test).unwrap();
    in_russian(
        &["apply"],
        1,
        &["тестов не прошло: 1", "НЕ ПРОШЁЛ  Никогда", "ожидалось: клиент в money (клиент в info)"],
    );
}

#[test]
fn what_does_not_check_or_fails_its_tests_or_has_no_prompts_is_refused() {
    let place = Place::new();
    place.done(&["apply"], &["version 1 is active", "no server runs"]);
    place.edit("hotline.yaml", BROKEN.0, BROKEN.1);
    place.says(&["apply"], 1, &["is not applied: ", "E01", "card_lost", "what is active stays"]);
    place.edit("hotline.yaml", BROKEN.1, BROKEN.0);

    let test = "tests:\n  - name: Impossible\n    call: {line: main, from: \"+79161234567\"}\n    steps:\n      - at: goodbye\n";
    fs::write(place.path("menus/tests/impossible.test.yaml"), test).unwrap();
    place.says(&["apply"], 1, &["1 tests fail", "Impossible"]);
    fs::remove_file(place.path("menus/tests/impossible.test.yaml")).unwrap();

    place.edit("phrases.yaml", "phrases:\n", "phrases:\n  parting:\n    ru: До встречи.\n    en: See you.\n");
    place.edit("hotline.yaml", "- say: goodbye", "- say: parting\n      - say: goodbye");
    place.says(&["apply"], 1, &["prompts are missing", "ru/parting"]);
    place.says(&["apply", "--strict"], 1, &["W05"]);

    place.done(&["versions", "--json"], &["\"version\":1", "\"active\":true"]);
    let (audit, _) = place.run(&["audit"]);
    assert_eq!(audit.matches("menu_refused").count(), 4, "{audit}");
    assert_eq!(audit.matches("menu_applied").count(), 1, "{audit}");
}

#[test]
fn a_dry_run_changes_nothing_and_a_version_is_written_into_an_empty_folder() {
    let place = Place::new();
    place.done(&["apply"], &["version 1"]);
    let original = fs::read_to_string(place.path("menus/hotline.yaml")).unwrap();
    place.edit("hotline.yaml", OFFER.0, OFFER.1);
    place.done(&["apply", "--dry-run"], &["key 2", "nothing was changed"]);
    let (versions, _) = place.run(&["versions"]);
    assert_eq!(versions.lines().count(), 1, "{versions}");
    place.done(&["versions", "1", "--to", &place.path("old")], &["the files of version 1"]);
    assert_eq!(fs::read_to_string(place.path("old/hotline.yaml")).unwrap(), original);
    place.says(&["versions", "1", "--to", &place.path("menus")], 1, &["holds menu files"]);
    place.done(&["apply"], &["version 2 is active"]);
    place.done(&["apply"], &["version 2 was active already", "notice no difference"]);
}

#[test]
fn a_watched_folder_is_taken_when_it_is_good_and_told_of_when_it_is_bad() {
    let place = Place::new();
    let config = place.watching();
    let server = place.serve(&["-c", &config]);
    server.shows("hotline_menu_version 1");
    place.edit("hotline.yaml", OFFER.0, OFFER.1);
    server.shows("hotline_menu_version 2");
    place.edit("hotline.yaml", BROKEN.0, BROKEN.1);
    server.shows("hotline_menu_refused_total 1");
    for figure in ["hotline_menu_version 2", "hotline_menu_folder_differs 1"] {
        server.shows(figure);
    }
    assert!(!server.metrics().contains("hotline_menu_folder_problems 0"), "the problems are counted");
    assert!(fs::read_to_string(place.path("log")).unwrap().contains("card_lots"), "the log names them");
    place.done(&["audit"], &["menu_refused", "version 2 by watch"]);
    // A restart with the bad folder serves what was active.
    server.end();
    let server = place.serve(&["-c", &config]);
    server.shows("hotline_menu_version 2");
    place.edit("hotline.yaml", BROKEN.1, BROKEN.0);
    server.shows("hotline_menu_folder_problems 0");
    // Whoever goes back is not overruled by the same files.
    place.done(&["rollback"], &["version 1 is active", "has taken it"]);
    server.signal("-HUP");
    server.shows("hotline_menu_folder_differs 1");
    server.shows("hotline_menu_version 1");
}

#[test]
fn a_hang_up_signal_reads_the_folder_and_ends_nothing() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    server.shows("hotline_menu_folder_problems 0");
    place.edit("hotline.yaml", BROKEN.0, BROKEN.1);
    server.signal("-HUP");
    server.shows("hotline_menu_folder_differs 1");
    server.shows("hotline_menu_version 1");
    assert!(server.child.try_wait().unwrap().is_none(), "the server goes on");
    // The folder may vanish: the store has the files.
    fs::remove_dir_all(place.path("menus")).unwrap();
    server.end();
    let server = place.serve(&[]);
    server.shows("hotline_menu_version 1");
}

#[test]
fn a_switch_ends_by_itself_and_everything_is_in_the_audit() {
    let place = Place::new();
    place.done(&["switch", "card_outage", "enable", "--for", "2h", "--as", "olga"], &["card_outage is enabled until "]);
    place.done(&["switch"], &["card_outage: enabled until ", "by olga since "]);
    place.done(&["switch", "card_outage", "enable", "--until", "23:59"], &["23:59"]);
    place.says(&["switch", "card_outage", "enable", "--until", "2020-01-01T10:00"], 1, &["over already"]);
    place.says(&["switch", "card_outage", "enable", "--for", "long"], 1, &["30s"]);
    place.done(&["switch", "card_outage", "enable", "--for", "1s"], &[]);
    place.done(&["operators", "add", "anna", "--skills", "support", "--as", "petr"], &["password: "]);
    place.done(&["operators", "passwd", "anna"], &["password: "]);
    place.done(&["operators", "remove", "anna"], &[]);
    place.done(&["bank", "down"], &[]);
    place.done(&["bank", "up"], &[]);
    let server = place.serve(&[]);
    let begun = Instant::now();
    while !place.run(&["audit"]).0.contains("switch_expired") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", place.run(&["audit"]).0);
    }
    drop(server);
    place.done(&["switch"], &["card_outage: disabled"]);
    let pieces = ["olga          switch_set", "petr          operator_added    anna: support"];
    place.done(&["audit"], &pieces);
    place.done(&["audit", "--json"], &["password_set", "operator_removed", "bank_down", "bank_up"]);
    let (audit, _) = place.run(&["audit"]);
    assert!(!audit.contains("password:"), "{audit}");
}
