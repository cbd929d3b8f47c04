//! The program's memory towards the system: what is in use stays, what a rush needed goes back.

use rustix::process::{Resource, getrlimit};

/// Whether the program's pages are locked in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// What has been touched stays until it is given back.
    Locked,
    /// The system may take pages when it is short of them, or tidies up.
    Loose,
}

impl Memory {
    /// Keeps what the process touches in memory, as far as it is permitted. Otherwise a system that is short of memory
    /// drops pages of the program itself, and every thread that needs one waits for the disk.
    pub fn keep() -> Self {
        // Under a limit that is not reached yet, some later allocation would fail.
        let is_unlimited = getrlimit(Resource::Memlock).current.is_none() || rustix::process::geteuid().is_root();
        if is_unlimited && lock() { Self::Locked } else { Self::Loose }
    }

    /// Gives the system what the allocator holds and nobody uses: some milliseconds, in which others wait that allocate.
    pub fn give_back(self) {
        // The kernel lets nobody drop a locked page (madvise(2), MADV_DONTNEED).
        if self == Self::Locked {
            unlock();
        }
        trim();
        if self == Self::Locked && !lock() {
            tracing::warn!(
                "the program's memory is not locked any more; sound may stall where the system is short of it"
            );
        }
    }
}

fn lock() -> bool {
    let flags = libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT;
    #[expect(unsafe_code, reason = "no safe crate of ours has it without another feature; it takes flags alone")]
    // SAFETY: the call reads no memory of ours and changes none.
    let result = unsafe { libc::mlockall(flags) };
    result == 0
}

fn unlock() {
    #[expect(unsafe_code, reason = "as with mlockall; it takes nothing")]
    // SAFETY: the call reads no memory of ours and changes none.
    let result = unsafe { libc::munlockall() };
    if result != 0 {
        tracing::debug!("memory cannot be unlocked");
    }
}

/// The C library's allocator keeps what was freed; others have no such call.
fn trim() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "no safe crate of ours has it")]
        // SAFETY: it may be called at any time, from any thread, and touches only what is free.
        let gave = unsafe { libc::malloc_trim(0) } == 1;
        tracing::debug!(gave, "unused memory is given back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn status(name: &str) -> u64 {
        let status = fs::read_to_string("/proc/self/status").expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim_start_matches(':').trim_end_matches("kB").trim().parse().expect("kilobytes")
    }

    #[test]
    fn what_a_rush_needed_goes_back_and_the_rest_stays_locked() {
        let memory = Memory::keep();
        assert_eq!(memory == Memory::Locked, status("VmLck") > 0);
        // Other tests of this process may take as much meanwhile, but not each time.
        assert!((0..10).any(|_| a_rush_goes_back(memory)), "what is free stays with the program");
        assert_eq!(memory == Memory::Locked, status("VmLck") > 0);
    }

    fn a_rush_goes_back(memory: Memory) -> bool {
        let mut rush: Vec<Vec<u8>> = (0..64_000).map(|_| vec![1; 1_000]).collect();
        let full = status("VmRSS");
        // One in a hundred stays: the freed ones are not all at the end.
        let mut place = 0;
        rush.retain(|_| {
            place += 1;
            place % 100 == 0
        });
        memory.give_back();
        rush.len() == 640 && status("VmRSS") + 30_000 < full
    }
}
