//! The least that pacing costs on this machine: one `recv` and one `send` for each packet, and nothing else.

use std::fs;
use std::io;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

/// Runs `work` each millisecond for so many of them.
fn each_millisecond(count: u64, mut work: impl FnMut(u64)) {
    let begun = Instant::now();
    for tick in 0..count {
        let due = begun + Duration::from_millis(tick);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        work(tick);
    }
}

/// Of 20 slots the one that is due.
fn slot<T>(all: &[T], tick: u64) -> impl Iterator<Item = &T> {
    all.iter().skip(usize::try_from(tick % 20).unwrap_or(0)).step_by(20)
}

/// Milliseconds of CPU of the calling thread.
fn used() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

fn pairs(count: u64) -> io::Result<(Vec<UdpSocket>, Vec<UdpSocket>)> {
    let mut all = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (ours, theirs) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
        ours.connect(theirs.local_addr()?)?;
        theirs.connect(ours.local_addr()?)?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        all.0.push(ours);
        all.1.push(theirs);
    }
    Ok(all)
}

/// Paces so many streams against a thread that does as much, and tells the cost.
pub fn measure(calls: u64, secs: u64) -> Result<(), String> {
    let (ours, theirs) = pairs(calls).map_err(|error| format!("sockets: {error}"))?;
    let millis = secs * 1_000;
    let packet = [0xd5_u8; 172];
    let peer = thread::spawn(move || {
        let mut buffer = [0; 256];
        each_millisecond(millis + 500, |tick| {
            for socket in slot(&theirs, tick) {
                // What is lost here is lost to the figure as well.
                socket.send(&packet).unwrap_or_default();
                socket.recv(&mut buffer).unwrap_or_default();
            }
        });
    });
    let paced = thread::spawn(move || {
        let (mut buffer, mut received, before) = ([0; 256], 0_u64, used());
        each_millisecond(millis, |tick| {
            for socket in slot(&ours, tick) {
                received += u64::from(socket.recv(&mut buffer).is_ok());
            }
            for socket in slot(&ours, tick) {
                socket.send(&packet).unwrap_or_default();
            }
        });
        (used() - before, received)
    });
    let (cpu, received) = paced.join().map_err(|_| "the pacing thread panicked")?;
    peer.join().map_err(|_| "the peer panicked")?;
    #[expect(clippy::cast_precision_loss, reason = "small numbers, for people")]
    let cost = cpu / (calls * secs) as f64;
    println!("floor: {cost:.3} ms CPU per call-second, {received} packets received of {}", calls * secs * 50);
    Ok(())
}
