//! `hotline serve` as a child process, on ports and with data of its own.

use super::now;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use std::{env, fs, thread};
use tempfile::TempDir;

/// How long a debug build may take to load the prompts on a busy machine.
const STARTS_WITHIN: Duration = Duration::from_secs(120);
/// A Monday at noon: operators work.
const AT: &str = "2026-03-02T12:00";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program: the one just built, unless `HOTLINE_PROGRAM` names another, such as a release.
fn program() -> Command {
    let built = || env!("CARGO_BIN_EXE_hotline").into();
    let mut command = Command::new(env::var_os("HOTLINE_PROGRAM").unwrap_or_else(built));
    command.current_dir(ROOT);
    command
}

/// A server that answers calls. Ends with its owner; when a test fails, tells what the server had to say.
pub struct Server {
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    /// Kept open: a server may read its input.
    input: Option<ChildStdin>,
}

/// A server to be: its data and what differs from the default configuration.
pub struct Plan {
    folder: TempDir,
    config: String,
    prompts: PathBuf,
}

impl Plan {
    /// Adds an operator's account.
    pub fn operator(self, name: &str, skills: &str, languages: &str, password: &str) -> Self {
        let data = self.folder.path().join("data");
        let mut child = program()
            .args(["operators", "--data"])
            .arg(data)
            .args(["add", name, "--skills", skills, "--languages", languages, "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        let output = child.wait_with_output().unwrap();
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "operators add {name}: {}\n{said}\n{complained}", output.status);
        assert!(!said.contains(password) && !complained.contains(password), "the password is shown:\n{said}");
        self
    }

    /// Adds lines to the configuration.
    pub fn with(mut self, yaml: &str) -> Self {
        writeln!(self.config, "{yaml}").unwrap();
        self
    }

    /// Has it take its recordings from another folder than the project's.
    #[allow(dead_code, reason = "not every test does")]
    pub fn prompts(self, folder: PathBuf) -> Self {
        Self { prompts: folder, ..self }
    }

    /// Starts the server and waits until it answers calls.
    pub fn start(self) -> Server {
        let folder = self.folder;
        let config = folder.path().join("config.yaml");
        fs::write(&config, &self.config).unwrap();
        let log = folder.path().join("log");
        let address = free_address();
        let mut child = program()
            .args(["serve", "--sip", &address.to_string(), "--pretend-now", AT, "--menus", "menus"])
            .arg("--prompts")
            .arg(&self.prompts)
            .arg("--data")
            .arg(folder.path().join("data"))
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let lines = lines_of(&mut child);
        let server = Server { child, folder, address, input };
        server.wait_until_ready(&lines);
        server
    }
}

impl Server {
    /// A server with the default configuration, to be changed.
    pub fn plan() -> Plan {
        let folder = tempfile::Builder::new().prefix("hotline-test-").tempdir().unwrap();
        let config = "http: {listen: null}\nlog: {level: debug}\n".to_owned();
        Plan { folder, config, prompts: "prompts".into() }
    }

    /// Where it listens, on UDP and TCP.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends it a signal, such as `HUP`.
    #[allow(dead_code, reason = "not every test does")]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -s {name}");
    }

    /// What another run of the program says about this server's data.
    pub fn reports(&self, arguments: &[&str]) -> String {
        let data = self.folder.path().join("data");
        let output = program().args(["report", "--data"]).arg(data).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}\n{said}{}", output.status, text(&output.stderr));
        said
    }

    /// What it wrote to its standard error output.
    pub fn log(&self) -> String {
        text(&fs::read(self.folder.path().join("log")).unwrap_or_default())
    }

    fn wait_until_ready(&self, lines: &Receiver<String>) {
        let until = now() + STARTS_WITHIN;
        let mut said = Vec::new();
        loop {
            match lines.recv_timeout(until.saturating_duration_since(now())) {
                Ok(line) if line.starts_with("ready") => break,
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("not ready after {STARTS_WITHIN:?}, said only: {said:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended, having said: {said:#?}"),
            }
        }
        for transport in ["udp", "tcp"] {
            let expected = format!("SIP {transport} {}", self.address);
            assert!(said.iter().any(|line| line.contains(&expected)), "no line with {expected:?} in {said:#?}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        // It may have ended by itself; then there is nothing to kill.
        self.child.kill().unwrap_or_default();
        if let Err(error) = self.child.wait() {
            eprintln!("the server cannot be waited for: {error}");
        }
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("The server's last lines:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// The lines of a child's standard output as they come; read to the end, so that it never waits for a reader.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = sync_channel(100);
    let output = child.stdout.take().unwrap();
    thread::spawn(move || {
        let mut wanted = true;
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            wanted = wanted && sender.try_send(line).is_ok();
        }
    });
    receiver
}

/// A port that is free on UDP and TCP. Below the range that the system gives out, so that nobody is given it meanwhile;
/// each process of tests begins elsewhere.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 150).unwrap() * 20;
    for _ in 0..2_000 {
        let port = 5_100 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 3_000;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free on UDP and TCP");
}
