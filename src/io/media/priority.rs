//! What a media thread asks of the system, as far as it is permitted.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;

/// Above everything that does not ask for real time, below what the system itself runs at.
const REAL_TIME: i32 = 10;
/// The next best.
const NICE: i32 = -11;

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// `SCHED_FIFO`: it runs as soon as it is due.
    RealTime,
    /// A better share than others.
    Preferred,
    /// Like everything else: the p99 gap between packets is some milliseconds longer under load.
    Usual,
}

/// Asks for the best scheduling of the calling thread that is permitted.
pub fn raise() -> Scheduling {
    if real_time().is_ok() {
        Scheduling::RealTime
    } else if rustix::process::setpriority_process(None, NICE).is_ok() {
        // On Linux this is the thread's, not the process's (setpriority(2), "C library/kernel differences").
        Scheduling::Preferred
    } else {
        Scheduling::Usual
    }
}

fn real_time() -> io::Result<()> {
    let param = libc::sched_param { sched_priority: REAL_TIME };
    #[expect(unsafe_code, reason = "no safe crate of ours has it; 0 is this thread, and the pointer outlives the call")]
    // SAFETY: `param` is a valid `sched_param` for the whole call, which only reads it.
    let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const param) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Raises the number of descriptors to what is permitted: two for each stream. Returns the number.
pub fn raise_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let now = if raised.is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_never_fails_whatever_is_permitted() {
        let asked = std::thread::spawn(raise).join().expect("no panic");
        assert!(matches!(asked, Scheduling::RealTime | Scheduling::Preferred | Scheduling::Usual));
        assert!(raise_descriptors() >= 64);
    }
}
