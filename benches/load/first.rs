//! From the start of the server to its first answered call: one telephone that calls until somebody answers.

use crate::Options;
use crate::evidence::wall;
use crate::figures::{Gaps, millis};
use crate::leg::{Leg, Outcome, Role, State, Wires};
use crate::sip::Message;
use crate::sound::Sound;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// The INVITE is sent again after so long without an answer: the server does not listen yet.
const AGAIN: Duration = Duration::from_millis(2);
/// Microseconds after which a server does not start any more.
const PATIENCE: u64 = 60_000_000;

/// Tells how long after `--begun`, nanoseconds of the wall clock, a call was answered and heard; `false` when that was
/// more than `--limit` milliseconds.
pub fn measure(options: &Options) -> Result<bool, String> {
    let failed = |error: std::io::Error| format!("sockets: {error}");
    let server = options.text("target").unwrap_or("127.0.0.1:5060");
    let server: SocketAddr = server.parse().map_err(|_| "--target IP:PORT is wanted")?;
    let begun = options.number("begun", wall() * 1_000)? / 1_000;
    let limit = options.number("limit", 1_000)?;
    let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(failed)?;
    socket.set_read_timeout(Some(AGAIN)).map_err(failed)?;
    let wires = Wires { socket: &socket, server, local: socket.local_addr().map_err(failed)? };
    let mut leg = Leg::new(0, Role::Caller, 0, Sound::new(1).map_err(failed)?);
    leg.call(0, &wires);
    let answered = answer(&mut leg, &wires, begun)?;
    leg.state = State::Talking { next: u64::MAX, until: u64::MAX };
    let mut gaps = Gaps::new();
    while leg.sound.first.is_none() {
        if wall() > answered + PATIENCE {
            return Err("nothing is heard".to_owned());
        }
        std::thread::sleep(AGAIN);
        leg.sound.hear(0, &mut gaps);
    }
    let first = leg.sound.first.unwrap_or_default();
    leg.hang_up(0, &wires);
    let [answered, first] = [answered, first].map(|at| at.saturating_sub(begun));
    println!(
        "first call answered after {} ms, heard after {} ms, at most {limit} ms wanted",
        millis(answered),
        millis(first)
    );
    Ok(answered <= limit * 1_000)
}

/// Calls until there is an answer; when it came.
fn answer(leg: &mut Leg, wires: &Wires<'_>, begun: u64) -> Result<u64, String> {
    let mut buffer = [0; 8_192];
    loop {
        if wall() > begun + PATIENCE {
            return Err("nobody answers".to_owned());
        }
        let Ok(length) = wires.socket.recv(&mut buffer) else {
            leg.repeat(wires);
            continue;
        };
        let at = wall();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        match leg.response(0, wires, &Message::new(&text)) {
            Outcome::Answered => return Ok(at),
            Outcome::Refused(status) => return Err(format!("the call was refused: {status}")),
            Outcome::Nothing | Outcome::Ended => {}
        }
    }
}
