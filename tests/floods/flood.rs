//! Floods, and ordinary calls beside them: `cargo run --release --example flood -- KIND --server IP:PORT …`.
//!
//! ```text
//! flood calls            only ordinary calls: INVITE, ACK, BYE     --calls RATE --secs S [--p99 MILLIS]
//! flood invite-cancel    INVITE and CANCEL at once                 --rate RATE --secs S --calls RATE
//! flood unacknowledged   INVITE, and never an ACK                  the same
//! flood register | options | bye | cancel | garbage | responses    the same
//! flood slow-tcp         --rate connections that send an octet now and then
//! flood half-open        --rate connections that send nothing
//! flood overload         ordinary calls of a second sender, --rate a second
//! ```
//!
//! The flood comes from 127.0.0.2, the ordinary calls from 127.0.0.1. It ends with a line of figures and fails when an
//! ordinary call was not answered, or when OPTIONS is not answered two seconds after the end. Everything is bounded:
//! by its seconds, by its rate, and it sends to loopback only.

#![expect(clippy::disallowed_methods, reason = "a tool that lives in real time")]

mod caller;
mod flooder;
mod message;

use caller::{Caller, Manner, Toll};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What the command line asks for.
struct Options {
    kind: String,
    server: SocketAddr,
    rate: u32,
    calls: u32,
    secs: u64,
    /// Of the ordinary calls, in milliseconds.
    p99: Option<f64>,
    /// Whether ordinary calls may be refused with 503.
    refusable: bool,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self, String> {
        let (kind, rest) = words.split_first().ok_or("which flood? The source says more")?;
        let mut options = Self {
            kind: kind.clone(),
            server: ([127, 0, 0, 1], 5060).into(),
            rate: 1_000,
            calls: 20,
            secs: 10,
            p99: None,
            refusable: false,
        };
        for pair in rest.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} has no value", pair.concat())) };
            let wrong = || format!("{name} {value}: not understood");
            match name.as_str() {
                "--server" => options.server = value.parse().map_err(|_| wrong())?,
                "--rate" => options.rate = value.parse().map_err(|_| wrong())?,
                "--calls" => options.calls = value.parse().map_err(|_| wrong())?,
                "--secs" => options.secs = value.parse().map_err(|_| wrong())?,
                "--p99" => options.p99 = Some(value.parse().map_err(|_| wrong())?),
                "--refusable" => options.refusable = value == "yes",
                _ => return Err(format!("{name}: there is no such option")),
            }
        }
        if !options.server.ip().is_loopback() {
            return Err("floods are for this machine only".to_owned());
        }
        options.rate = options.rate.min(20_000);
        options.secs = options.secs.min(600);
        Ok(options)
    }
}

fn run() -> Result<bool, String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let options = Options::parse(&words)?;
    let until = Instant::now() + Duration::from_secs(options.secs);
    let ordinary = {
        let (server, calls) = (options.server, options.calls);
        std::thread::spawn(move || {
            Caller::new([127, 0, 0, 1], server, "n", Manner::Whole).and_then(|caller| caller.run(calls, until))
        })
    };
    let flood = flooder::run(&options.kind, options.server, options.rate, until)?;
    let toll = ordinary.join().map_err(|_| "the ordinary calls broke")?.map_err(|error| error.to_string())?;
    std::thread::sleep(Duration::from_secs(2));
    let options_time = caller::options(options.server).map_err(|error| error.to_string())?;
    Ok(tell(&options, &flood, &toll, options_time))
}

/// Prints the figures; whether they are as they must be.
fn tell(options: &Options, flood: &Toll, toll: &Toll, options_time: Option<Duration>) -> bool {
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let (p50, p99) = (millis(toll.percentile(50)), millis(toll.percentile(99)));
    println!(
        "flood {} rate={} sent={} answered={} refused={} | calls={} answered={} refused={} lost={} p50={p50:.1} p99={p99:.1} ms | OPTIONS {}",
        options.kind,
        options.rate,
        flood.begun,
        flood.answered,
        flood.refused,
        toll.begun,
        toll.answered,
        toll.refused,
        toll.lost(),
        options_time.map_or_else(|| "unanswered".to_owned(), |time| format!("{:.1} ms", millis(time))),
    );
    let mut right = true;
    let mut demand = |holds: bool, text: &str| {
        if !holds {
            println!("flood {}: FAILED: {text}", options.kind);
            right = false;
        }
    };
    demand(toll.lost() == 0, "every ordinary call has an answer");
    demand(options.refusable || toll.refused == 0, "no ordinary call is refused");
    demand(options.calls == 0 || toll.answered > 0, "ordinary calls are taken");
    demand(options_time.is_some_and(|time| time <= Duration::from_millis(50)), "OPTIONS is answered within 50 ms");
    if let Some(most) = options.p99 {
        demand(p99 <= most, "the 99th percentile of INVITE to 200 is within its limit");
    }
    right
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("flood: {error}");
            ExitCode::FAILURE
        }
    }
}
