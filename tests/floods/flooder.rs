//! The floods.

use crate::caller::{Caller, Manner, Toll};
use crate::message::Name;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Where floods come from.
const SOURCE: [u8; 4] = [127, 0, 0, 2];
/// How often each slow connection sends an octet.
const DRIP: Duration = Duration::from_millis(500);

/// Floods at a rate until then.
pub fn run(kind: &str, to: SocketAddr, rate: u32, until: Instant) -> Result<Toll, String> {
    let told = |error: io::Error| error.to_string();
    let by_caller = |manner| Caller::new(SOURCE, to, "f", manner).and_then(|caller| caller.run(rate, until));
    match kind {
        "calls" => {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            Ok(Toll::default())
        }
        "invite-cancel" => by_caller(Manner::Cancels).map_err(told),
        "unacknowledged" => by_caller(Manner::Silent).map_err(told),
        "overload" => by_caller(Manner::Whole).map_err(told),
        "register" => datagrams(to, rate, until, |name| name.request("REGISTER", 1, "r", "", "")).map_err(told),
        "options" => datagrams(to, rate, until, |name| name.request("OPTIONS", 1, "o", "", "")).map_err(told),
        "bye" => datagrams(to, rate, until, |name| name.request("BYE", 1, "b", "1234", "")).map_err(told),
        "cancel" => datagrams(to, rate, until, |name| name.request("CANCEL", 1, "c", "", "")).map_err(told),
        "responses" => datagrams(to, rate, until, response).map_err(told),
        "garbage" => datagrams(to, rate, until, garbage).map_err(told),
        "slow-tcp" => connections(to, rate, until, true).map_err(told),
        "half-open" => connections(to, rate, until, false).map_err(told),
        other => Err(format!("{other}: there is no such flood")),
    }
}

/// An answer to a question that was never asked.
fn response(name: &Name<'_>) -> String {
    let request = name.request("INVITE", 1, "x", "99", "");
    let (_, rest) = request.split_once("\r\n").unwrap_or_default();
    format!("SIP/2.0 200 OK\r\n{rest}")
}

/// Octets that nobody can read, and messages that are broken in many ways.
fn garbage(name: &Name<'_>) -> String {
    let mut text = name.invite();
    let at = usize::try_from(name.number * 7_919 % 400).unwrap_or(0);
    match name.number % 5 {
        0 => text.truncate(at),
        1 => text.insert_str(at, "\u{0}\u{fffd}\r\n\r\n"),
        2 => text = text.replace("Content-Length: ", "Content-Length: -"),
        3 => text = text.replace("CSeq: 1 INVITE", "CSeq: 99999999999 BYE"),
        _ => text = "\u{1}\u{2}garbage ".repeat(at.max(1)),
    }
    text
}

/// One datagram after the other; what comes back is counted.
fn datagrams(to: SocketAddr, rate: u32, until: Instant, message: impl Fn(&Name<'_>) -> String) -> io::Result<Toll> {
    let socket = UdpSocket::bind(SocketAddr::from((SOURCE, 0)))?;
    socket.connect(to)?;
    let from = socket.local_addr()?;
    let (begun, mut toll, mut buffer) = (Instant::now(), Toll::default(), [0; 8_192]);
    socket.set_read_timeout(Some(Duration::from_millis(1)))?;
    loop {
        let now = Instant::now();
        if now >= until + Duration::from_millis(500) {
            toll.answered = toll.answered.min(toll.begun);
            return Ok(toll);
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of messages")]
        while now < until && (toll.begun as f64) < (now - begun).as_secs_f64() * f64::from(rate) {
            let name = Name { prefix: "f", number: toll.begun, from, to };
            toll.begun += 1;
            // What does not go out is as if it were lost on its way.
            toll.refused += u64::from(socket.send(message(&name).as_bytes()).is_err());
        }
        for _ in 0..64 {
            if socket.recv(&mut buffer).is_err() {
                break;
            }
            toll.answered += 1;
        }
    }
}

/// So many connections at once; slow ones send an octet of a message now and then.
fn connections(to: SocketAddr, count: u32, until: Instant, drip: bool) -> io::Result<Toll> {
    let from = SocketAddr::from((SOURCE, 5_060));
    let text = Name { prefix: "f", number: 1, from, to }.invite();
    let mut open = Vec::new();
    let mut toll = Toll::default();
    for _ in 0..count {
        toll.begun += 1;
        match TcpStream::connect_timeout(&to, Duration::from_secs(1)) {
            Ok(stream) => {
                stream.set_nonblocking(true)?;
                open.push(stream);
            }
            Err(_) => toll.refused += 1,
        }
        if Instant::now() >= until {
            break;
        }
    }
    let mut octets = text.bytes().cycle();
    while Instant::now() < until {
        let octet = [octets.next().unwrap_or(b' ')];
        if drip {
            // A connection that the server has closed is left behind.
            open.retain_mut(|stream| stream.write_all(&octet).is_ok());
        } else {
            open.retain_mut(|stream| !matches!(stream.read(&mut [0; 16]), Ok(0)));
        }
        std::thread::sleep(DRIP);
    }
    toll.answered = open.len() as u64;
    Ok(toll)
}
