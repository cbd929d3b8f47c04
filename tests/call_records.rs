//! Records of calls as an admin meets them: kept as long as the configuration says, and never called nothing where they
//! were removed.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]
#![expect(clippy::disallowed_methods, reason = "a test beside a running server looks again after a moment")]

use hotline::io::store::{Period, Store};
use hotline::model::{CallEvent, CallId, CallRecord};
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn hotline(words: &[&str], data: &Path, locale: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
    command.args(words).args(["--data", data.to_str().unwrap()]);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", locale);
    command
}

fn printed(words: &[&str], data: &Path, locale: &str) -> (String, String) {
    let output = hotline(words, data, locale).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn arrived(at: Timestamp) -> CallRecord {
    let millis = u128::try_from(at.as_millisecond()).unwrap();
    let event =
        CallEvent::Arrived { from: None, called: "100".into(), line: "main".into(), menu: "1".into(), trunk: None };
    CallRecord { call: CallId::from_u128(millis << 80), at, event }
}

#[test]
fn a_server_removes_what_is_too_old_and_the_report_says_so() {
    let folder = TempDir::new().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("config.yaml"));
    fs::write(&config, "records: {days: 30}\n").unwrap();
    let file = fs::File::create_new(folder.path().join("now")).unwrap();
    let now = Timestamp::try_from(file.metadata().unwrap().modified().unwrap()).unwrap();
    let day = SignedDuration::from_hours(24);
    let old = now - 100 * day;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(async {
        let store = Store::open(&data).await.unwrap();
        store.append_records(&[arrived(old), arrived(now - day)]).await.unwrap();
        store
    });
    let (report, _) = printed(&["report", "calls"], &data, "C.UTF-8");
    assert_eq!((report.matches("main").count(), report.contains("records.days")), (2, false), "{report}");

    let words = ["serve", "--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "-c", config.to_str().unwrap()];
    let mut server = hotline(&words, &data, "C.UTF-8").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap()).lines();
    let _server = Server(server);
    assert!(out.any(|line| line.unwrap() == "ready"));
    let audited = async {
        while !store.audit_lines(Period::ALWAYS, 9).await.unwrap().iter().any(|line| line.what == "records_removed") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), audited).await }).unwrap();

    let (audit, _) = printed(&["audit"], &data, "C.UTF-8");
    assert!(audit.contains("hotline serve") && audit.contains("records_removed   calls: 1, all before"), "{audit}");
    let (report, _) = printed(&["report", "calls"], &data, "C.UTF-8");
    assert!(report.starts_with("the records of calls before") && report.matches("main").count() == 1, "{report}");
    let day_of = old.strftime("%Y-%m-%d").to_string();
    let then = ["report", "calls", "--since", &day_of, "--until", &day_of];
    let (report, _) = printed(&then, &data, "C.UTF-8");
    assert!(report.contains("were removed (records.days)") && !report.contains("no calls"), "{report}");
    let (report, _) = printed(&then, &data, "ru_RU.UTF-8");
    assert!(report.starts_with("записи о звонках до") && report.contains("удалены (records.days)"), "{report}");
    let (lines, note) = printed(&["report", "calls", "--json"], &data, "C.UTF-8");
    assert!(lines.lines().count() == 1 && lines.starts_with('{') && note.contains("records.days"), "{lines}{note}");
}
