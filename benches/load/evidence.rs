//! Whose fault a long gap is: what the machine, the server and this program did at that time.
//!
//! ```text
//! witness     a thread on each of the server's processors, above its media threads where that is permitted, sleeps
//!             2 ms at a time: while it overslept, nothing of ours could run there
//! stolen      how long the machine under ours had one of these processors for itself, by the kernel's count
//! waited      how long each thread of the server was ready to run and did not (schedstat), each 20 ms: time that
//!             others had the processor. What the server's own other threads ran meanwhile is its own fault
//! late        how late this program was to send: what a bridge relays cannot be earlier (nothing else is excused by it)
//! ```
//!
//! A gap is the machine's when one of them, all in all, explains it but for [`SLACK`]; every other one is the server's.

use crate::figures::millis;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

/// A gap beyond this is judged, in microseconds.
pub const LONG: u64 = 60_000;
/// Of a gap this much needs no cause: two packets' time.
const SLACK: u64 = 40_000;
/// What is seen may lie so far from the gap's ends: one sample either way.
const NEAR: u64 = 25_000;
/// A gap is judged so much later, when everything about it has been seen.
const LATER: u64 = 1_000_000;
/// How long what was seen is kept.
const KEPT: u64 = 10_000_000;
/// A witness that overslept by less says nothing.
const OVERSLEPT: u64 = 3_000;
/// Above the media threads.
const PRIORITY: i32 = 20;
/// Telephones: above what has no real time, below the server's media threads.
const TELEPHONES: i32 = 5;

/// Microseconds of the wall clock, as the kernel stamps packets.
pub fn wall() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(0))
}

/// Microseconds of a hundredth of a second, which is how the kernel counts what was stolen.
const TICK: u64 = 10_000;

/// From when to when a processor's witness overslept.
type Spans = Arc<Mutex<VecDeque<(u64, u64)>>>;

/// What the scheduler says of the server at a time, in microseconds.
#[derive(Debug, Default)]
struct Sample {
    at: u64,
    /// Of each media thread: ready and not running.
    waited: HashMap<u32, u64>,
    /// Other threads of the server: running.
    others: u64,
    /// Of each processor: taken from the machine.
    stolen: HashMap<usize, u64>,
}

/// A gap beyond [`LONG`].
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: u64,
    to: u64,
    port: u16,
    /// What was heard before it was another telephone's sound.
    relayed: bool,
}

/// What was seen lately, and the verdicts.
pub struct Evidence {
    pid: u32,
    media: Vec<u32>,
    samples: VecDeque<Sample>,
    late: VecDeque<(u64, u64)>,
    witnesses: Vec<(usize, Spans)>,
    open: VecDeque<Gap>,
    pub machine: u64,
    pub server: u64,
    pub told: String,
}

impl Evidence {
    /// Begins to watch a server.
    pub fn of(pid: u32) -> Self {
        let media = tasks(pid).filter(|task| name(pid, *task).starts_with("media-")).collect();
        let witnesses = processors(pid).into_iter().map(|processor| {
            let spans = Spans::default();
            let noted = Arc::clone(&spans);
            thread::spawn(move || witness(processor, &noted));
            (processor, spans)
        });
        Self {
            pid,
            media,
            samples: VecDeque::new(),
            late: VecDeque::new(),
            witnesses: witnesses.collect(),
            open: VecDeque::new(),
            machine: 0,
            server: 0,
            told: String::new(),
        }
    }

    /// Looks at the scheduler's figures; call it each 20 ms.
    pub fn sample(&mut self, now: u64) {
        let mut sample = Sample { at: now, ..Sample::default() };
        for task in tasks(self.pid) {
            let Some((ran, waited)) = schedule(self.pid, task) else { continue };
            if self.media.contains(&task) {
                sample.waited.insert(task, waited / 1_000);
            } else {
                sample.others += ran / 1_000;
            }
        }
        let watched = |processor: &usize| self.witnesses.iter().any(|(own, _)| own == processor);
        sample.stolen = stolen().filter(|(processor, _)| watched(processor)).collect();
        self.samples.push_back(sample);
        while self.samples.front().is_some_and(|first| first.at + KEPT < now) {
            self.samples.pop_front();
        }
        self.judge(now);
    }

    /// This program was due at `due` and came at `now`.
    pub fn was_late(&mut self, due: u64, now: u64) {
        self.late.push_back((due, now));
        while self.late.front().is_some_and(|(_, to)| to + KEPT < now) {
            self.late.pop_front();
        }
    }

    /// A telephone heard nothing between two times.
    pub fn gap(&mut self, (from, to, relayed): (u64, u64, bool), port: u16) {
        self.open.push_back(Gap { from, to, port, relayed });
    }

    fn judge(&mut self, now: u64) {
        while let Some(gap) = self.open.front().copied().filter(|gap| gap.to + LATER < now) {
            self.open.pop_front();
            let wanted = (gap.to - gap.from).saturating_sub(SLACK);
            let around = (gap.from.saturating_sub(NEAR), gap.to + NEAR);
            let slept = self.slept(around);
            let late = if gap.relayed { overlap(self.late.iter(), around) } else { 0 };
            let (waited, stolen) = (self.waited(around), self.stolen(around));
            let machine = slept.max(late).max(waited).max(stolen) >= wanted;
            if machine {
                self.machine += 1;
            } else {
                self.server += 1;
            }
            writeln!(
                self.told,
                "{} {} port {}{}: {} ms; witness overslept {}, stolen {}, media waited {}, this program late {} ms",
                gap.from,
                if machine { "machine" } else { "SERVER" },
                gap.port,
                if gap.relayed { " (relayed)" } else { "" },
                millis(gap.to - gap.from),
                millis(slept),
                millis(stolen),
                millis(waited),
                millis(late),
            )
            .unwrap_or_default();
        }
    }

    /// The longest that a media thread was kept from running, without what the server's own threads ran meanwhile.
    fn waited(&self, span: (u64, u64)) -> u64 {
        let Some((before, after)) = self.around(span) else { return 0 };
        let waited = after
            .waited
            .iter()
            .map(|(task, waited)| waited.saturating_sub(before.waited.get(task).copied().unwrap_or(*waited)))
            .max()
            .unwrap_or(0);
        waited.saturating_sub(after.others.saturating_sub(before.others))
    }

    /// The longest that one processor's witness overslept, all in all.
    fn slept(&self, span: (u64, u64)) -> u64 {
        let of_one =
            |(_, spans): &(usize, Spans)| overlap(spans.lock().unwrap_or_else(PoisonError::into_inner).iter(), span);
        self.witnesses.iter().map(of_one).max().unwrap_or(0)
    }

    /// The most that was stolen of one processor.
    fn stolen(&self, span: (u64, u64)) -> u64 {
        let Some((before, after)) = self.around(span) else { return 0 };
        let of_one = |(processor, count): (&usize, &u64)| {
            count.saturating_sub(before.stolen.get(processor).copied().unwrap_or(*count))
        };
        after.stolen.iter().map(of_one).max().unwrap_or(0)
    }

    /// The samples before and after a span.
    fn around(&self, (from, to): (u64, u64)) -> Option<(&Sample, &Sample)> {
        let before = self.samples.iter().rev().find(|sample| sample.at <= from).or_else(|| self.samples.front());
        let after = self.samples.iter().find(|sample| sample.at >= to).or_else(|| self.samples.back());
        before.zip(after)
    }
}

/// How much of spans that do not overlap lies within another one.
fn overlap<'a>(spans: impl Iterator<Item = &'a (u64, u64)>, (from, to): (u64, u64)) -> u64 {
    spans.map(|(begin, end)| (*end).min(to).saturating_sub((*begin).max(from))).sum()
}

/// Microseconds that were stolen of each processor since the machine's start (`proc_stat(5)`, the eighth figure).
fn stolen() -> impl Iterator<Item = (usize, u64)> {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let of_line = |line: &str| {
        let mut words = line.strip_prefix("cpu")?.split_ascii_whitespace();
        let processor = words.next()?.parse().ok()?;
        Some((processor, words.nth(7)?.parse::<u64>().ok()? * TICK))
    };
    text.lines().filter_map(of_line).collect::<Vec<_>>().into_iter()
}

/// Sleeps and notes when it was not woken in time.
fn witness(processor: usize, spans: &Spans) {
    const NAP: u64 = 2_000;
    prefer(processor);
    loop {
        let before = wall();
        thread::sleep(Duration::from_micros(NAP));
        let after = wall();
        if after > before + NAP + OVERSLEPT {
            let mut spans = spans.lock().unwrap_or_else(PoisonError::into_inner);
            spans.push_back((before + NAP, after));
            while spans.front().is_some_and(|(_, to)| to + KEPT < after) {
                spans.pop_front();
            }
        }
    }
}

/// Puts the calling thread on a processor, above all others there if that is permitted.
fn prefer(processor: usize) {
    let param = libc::sched_param { sched_priority: PRIORITY };
    #[expect(unsafe_code, reason = "there is no safe wrapper of these at hand")]
    // SAFETY: a `cpu_set_t` may be zero; `set` and `param` are locals that outlive the calls, which only read them; a
    // number that is too large for the set is ignored by `CPU_SET`.
    let permitted = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set) == 0
            && libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const param) == 0
    };
    if !permitted {
        eprintln!("load: the witness on processor {processor} has no better place than others");
    }
}

/// Lets the calling thread run when it is due, if that is permitted: telephones that stutter say little of a server.
pub fn hurry() {
    let param = libc::sched_param { sched_priority: TELEPHONES };
    #[expect(unsafe_code, reason = "there is no safe wrapper of this at hand")]
    // SAFETY: `param` is a local that outlives the call, which only reads it.
    let permitted = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const param) == 0 };
    if !permitted {
        eprintln!("load: no real time for the telephones: they may be late under load");
    }
}

/// The processors that a process may use, by number.
fn processors(pid: u32) -> Vec<usize> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
        Some(first..=last)
    };
    list.split(',').filter_map(range).flatten().collect()
}

fn tasks(pid: u32) -> impl Iterator<Item = u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| task.file_name().to_str()?.parse().ok())
}

fn name(pid: u32, task: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/task/{task}/comm")).unwrap_or_default()
}

/// Nanoseconds that a thread ran, and that it waited for a processor.
fn schedule(pid: u32, task: u32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{task}/schedstat")).ok()?;
    let mut words = text.split(' ').map(str::parse);
    Some((words.next()?.ok()?, words.next()?.ok()?))
}
