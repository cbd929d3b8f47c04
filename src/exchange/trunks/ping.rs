//! Whether a trunk is there: OPTIONS from time to time (RFC 3261 §11).
//!
//! ```text
//!              an answer              3 in a row without
//!   Unknown ──────────────▶ Up ───────────────────────────▶ Down
//!      ▲ │ none               ▲                               │
//!      └─┘                    └────── 2 answers in a row ─────┘
//! ```
//!
//! Any answer but 503 and 504 is one: a trunk that does not like OPTIONS says so, and is there. One that has never
//! answered stays unknown and is used, for there are some that leave OPTIONS without a word. While nothing comes, and
//! while it is down, it is asked more often.

use crate::model::Instant;
use crate::voip::sip::Status;
use crate::voip::sip::endpoint::Reply;
use std::time::Duration;

/// Pings without an answer until a trunk is down.
const DOWN_AFTER: u32 = 3;
/// Answers until it is up again.
const UP_AFTER: u32 = 2;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest pause while the state is in doubt.
const IN_DOUBT: Duration = Duration::from_secs(10);

/// What is known of a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It is not asked, or has never answered.
    Unknown,
    /// It answers.
    Up {
        /// Since when.
        since: Instant,
    },
    /// It does not answer any more.
    Down {
        /// Since when.
        since: Instant,
    },
}

/// The pings of one trunk.
#[derive(Debug)]
pub(super) struct Ping {
    every: Duration,
    reach: Reach,
    /// Results in a row that speak against the state.
    against: u32,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The next one is sent then.
    Pause(Instant),
    /// An answer is awaited until then.
    Asked(Instant),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing.
    Nothing,
    /// Send an OPTIONS.
    Send,
    /// The answer that was awaited is wanted no more.
    GiveUp,
}

impl Ping {
    pub const fn new(every: Duration) -> Self {
        Self { every, reach: Reach::Unknown, against: 0, step: Step::Pause(Instant::ZERO) }
    }

    pub const fn reach(&self) -> Reach {
        self.reach
    }

    pub const fn poll_timeout(&self) -> Instant {
        match self.step {
            Step::Pause(until) | Step::Asked(until) => until,
        }
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) -> Act {
        match self.step {
            Step::Pause(until) if until <= now => {
                self.step = Step::Asked(now + PATIENCE);
                Act::Send
            }
            Step::Asked(until) if until <= now => {
                self.heard(now, false);
                Act::GiveUp
            }
            Step::Pause(_) | Step::Asked(_) => Act::Nothing,
        }
    }

    /// What became of the OPTIONS.
    pub fn handle_reply(&mut self, now: Instant, reply: &Reply) {
        let is_there = match reply {
            Reply::Answered(response) => {
                !matches!(response.status, Status::SERVICE_UNAVAILABLE | Status::SERVER_TIMEOUT)
            }
            Reply::TimedOut | Reply::Unreachable => false,
        };
        if matches!(self.step, Step::Asked(_)) {
            self.heard(now, is_there);
        }
    }

    fn heard(&mut self, now: Instant, is_there: bool) {
        let agrees = match self.reach {
            Reach::Unknown | Reach::Up { .. } => is_there,
            Reach::Down { .. } => !is_there,
        };
        self.against = if agrees { 0 } else { self.against + 1 };
        self.reach = match self.reach {
            Reach::Unknown if is_there => Reach::Up { since: now },
            Reach::Up { .. } if self.against >= DOWN_AFTER => self.turned(Reach::Down { since: now }),
            Reach::Down { .. } if self.against >= UP_AFTER => self.turned(Reach::Up { since: now }),
            same @ (Reach::Unknown | Reach::Up { .. } | Reach::Down { .. }) => same,
        };
        let in_doubt = self.against > 0 && !matches!(self.reach, Reach::Unknown);
        let is_down = matches!(self.reach, Reach::Down { .. });
        let pause = if in_doubt || is_down { self.every.min(IN_DOUBT) } else { self.every };
        self.step = Step::Pause(now + pause);
    }

    const fn turned(&mut self, to: Reach) -> Reach {
        self.against = 0;
        to
    }
}

impl Reach {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up { .. } => "up",
            Self::Down { .. } => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::sip::Message;

    /// Pings every 60 s through results, `.` answered and `x` not; the state and the second after each.
    fn walk(results: &str) -> String {
        let mut ping = Ping::new(Duration::from_secs(60));
        let mut told = Vec::new();
        for result in results.chars() {
            let mut now = ping.poll_timeout();
            assert_eq!(ping.handle_timeout(now), Act::Send);
            if result == '.' {
                ping.handle_reply(now, &answer());
            } else {
                now = ping.poll_timeout();
                assert_eq!(ping.handle_timeout(now), Act::GiveUp);
            }
            told.push(format!("{}@{}", ping.reach().name(), now.as_millis() / 1000));
        }
        told.join(" ")
    }

    /// Not what was hoped for, and an answer all the same.
    fn answer() -> Reply {
        let text = "SIP/2.0 405 Method Not Allowed\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                    To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        match Message::parse(text.as_bytes()) {
            Ok(Message::Response(response)) => Reply::Answered(Box::new(response)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_trunk_goes_down_after_three_and_comes_back_after_two() {
        assert_eq!(walk("..xx."), "up@0 up@60 up@125 up@140 up@150", "two may be lost");
        assert_eq!(
            walk(".xxxx.x.."),
            "up@0 up@65 up@80 down@95 down@110 down@120 down@135 down@145 up@155",
            "asked every ten seconds while it is down"
        );
    }

    #[test]
    fn one_that_never_answers_is_not_taken_for_down() {
        assert_eq!(walk("xxxxx."), "unknown@5 unknown@70 unknown@135 unknown@200 unknown@265 up@325");
    }
}
