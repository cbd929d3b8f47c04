//! `hotline report calls`: what happened in calls, from their records.
//!
//! ```text
//! 2026-03-02 15:00:05  …67 → +74951234567  main  ru  2:14  caller_hung_up
//!     path      welcome › main › money › balance
//!     level     verified
//!     bank      find_card found 0.1 s · check_code ok 0.0 s · balance ok 0.2 s
//!     queue     support: waited 0:35, anna, talked 1:05
//! ```

mod sound;
mod supervised;
mod transfers;

use crate::io::store::{CallHistory, millis};
use crate::model::{CallEvent, CallId, Cause, Lang, Level, OperatorId, PhoneNumber, Quality, Side};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use supervised::SupervisedVisit;
use transfers::TransferVisit;

/// How calls are printed.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Whether calling numbers are shown whole; otherwise their last two digits.
    pub full: bool,
    /// The time zone of the times.
    pub timezone: TimeZone,
}

/// What a call's records say of it.
#[derive(Clone, Debug, Default, PartialEq)]
struct CallReport {
    at: Option<Timestamp>,
    from: Option<PhoneNumber>,
    called: Arc<str>,
    line: Arc<str>,
    menu: Arc<str>,
    trunk: Option<Arc<str>>,
    answered: bool,
    lang: Option<Lang>,
    path: Vec<Arc<str>>,
    level: Level,
    bank: Vec<BankCall>,
    chosen: Vec<(Arc<str>, Arc<str>)>,
    notes: Vec<Arc<str>>,
    queues: Vec<QueueVisit>,
    transfers: Vec<TransferVisit>,
    callback: Vec<Arc<str>>,
    messages: Vec<(Arc<str>, Duration)>,
    recorded: Vec<Duration>,
    supervised: Vec<SupervisedVisit>,
    sound: Vec<(Side, Quality)>,
    ended: Option<(Cause, Duration)>,
}

#[derive(Clone, Debug, PartialEq)]
struct BankCall {
    operation: Arc<str>,
    outcome: Arc<str>,
    took: Duration,
    /// Answered after the caller was told that it is unknown, by a repeat.
    later: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct QueueVisit {
    queue: Arc<str>,
    waited: Option<Duration>,
    /// Operators who did not take the call, and why.
    missed: Vec<(OperatorId, Arc<str>)>,
    operator: Option<OperatorId>,
    talked: Option<Duration>,
    by_operator: bool,
    /// Why the caller left without a conversation.
    left: Option<Arc<str>>,
}

/// The calls as people read them: a block each, earliest first.
#[must_use]
pub fn calls_text(calls: &[CallHistory], options: &ReportOptions) -> String {
    if calls.is_empty() {
        return "no calls in this period\n".into();
    }
    calls.iter().fold(String::new(), |mut text, history| {
        // Writing to a String cannot fail.
        write_block(&mut text, &CallReport::of(history), history.call, options).unwrap_or_default();
        text
    })
}

/// The calls as machines read them: a JSON object a line.
#[must_use]
pub fn calls_json(calls: &[CallHistory], options: &ReportOptions) -> String {
    calls.iter().fold(String::new(), |mut text, history| {
        writeln!(text, "{}", CallReport::of(history).json(history.call, options)).unwrap_or_default();
        text
    })
}

impl CallReport {
    fn of(history: &CallHistory) -> Self {
        let mut report = Self::default();
        for record in &history.records {
            report.at.get_or_insert(record.at);
            report.add(&record.event);
        }
        report
    }

    fn add(&mut self, event: &CallEvent) {
        match event.clone() {
            CallEvent::Arrived { from, called, line, menu, trunk } => {
                (self.from, self.called, self.line, self.menu, self.trunk) = (from, called, line, menu, trunk);
            }
            CallEvent::Answered => self.answered = true,
            CallEvent::Visited { node } => self.path.push(node),
            CallEvent::LanguageChosen { lang } => self.lang = Some(lang),
            CallEvent::LevelReached { level } => self.level = self.level.max(level),
            CallEvent::BankAnswered { operation, outcome, took } => {
                let asked = |call: &&BankCall| call.operation == operation;
                let later = self.bank.iter().rev().find(asked).is_some_and(|call| &*call.outcome == "unknown");
                self.bank.push(BankCall { operation, outcome, took, later });
            }
            CallEvent::Chosen { name, value } => self.chosen.push((name, value)),
            CallEvent::Noted { note } => self.notes.push(note),
            CallEvent::MessageLeft { mailbox, length, .. } => self.messages.push((mailbox, length)),
            CallEvent::ConversationRecorded { length, .. } => self.recorded.push(length),
            event @ (CallEvent::Supervised { .. } | CallEvent::SupervisionEnded { .. }) => {
                supervised::add(&mut self.supervised, event);
            }
            CallEvent::SoundEnded { side, quality } => self.sound.push((side, quality)),
            CallEvent::Ended { cause, lasted } => self.ended = Some((cause, lasted)),
            CallEvent::Queued { queue } => self.queues.push(QueueVisit { queue, ..QueueVisit::default() }),
            CallEvent::Offered { .. } => {}
            CallEvent::OfferFailed { operator, reason } => self.visit().missed.push((operator, reason)),
            CallEvent::Connected { operator, waited } => {
                let visit = self.visit();
                (visit.operator, visit.waited) = (Some(operator), Some(waited));
            }
            CallEvent::TalkEnded { talked, by_operator, operator } => {
                // Whoever a caller was handed to has a conversation of their own.
                if self.visit().operator.as_ref().is_some_and(|known| *known != operator) {
                    let queue = self.visit().queue.clone();
                    self.queues.push(QueueVisit { queue, operator: Some(operator), ..QueueVisit::default() });
                }
                let visit = self.visit();
                (visit.talked, visit.by_operator) = (Some(talked), by_operator);
            }
            CallEvent::CallbackOrdered => self.callback.push("ordered".into()),
            CallEvent::CallingBack { to, line, menu, attempt, trunk, .. } => {
                self.trunk = trunk;
                // The bank called: the number that was called is shown as the caller's, for that is who it is.
                (self.from, self.called, self.line, self.menu) = (Some(to), "callback".into(), line, menu);
                self.callback.push(format!("attempt {attempt}").into());
            }
            CallEvent::CallbackClosed { outcome } => self.callback.push(outcome),
            event @ (CallEvent::HandOver { .. }
            | CallEvent::TransferBegan { .. }
            | CallEvent::Transferred { .. }
            | CallEvent::TransferFailed { .. }
            | CallEvent::TransferEnded { .. }) => transfers::add(&mut self.transfers, event),
            CallEvent::QueueLeft { queue, waited, outcome } => {
                let visit = self.visit();
                (visit.queue, visit.waited, visit.left) = (queue, Some(waited), Some(outcome));
            }
        }
    }

    /// The queue the caller is or was last in.
    fn visit(&mut self) -> &mut QueueVisit {
        if self.queues.is_empty() {
            self.queues.push(QueueVisit::default());
        }
        let last = self.queues.len() - 1;
        &mut self.queues[last]
    }

    fn caller(&self, options: &ReportOptions) -> String {
        match &self.from {
            Some(number) if options.full => number.as_str().to_owned(),
            Some(number) => number.to_string(),
            None => "hidden".into(),
        }
    }

    fn cause(&self) -> String {
        match self.ended {
            Some((Cause::Refused(status), _)) => format!("refused {status}"),
            Some((cause, _)) => cause.name().into(),
            None => "in progress".into(),
        }
    }

    fn json(&self, call: CallId, options: &ReportOptions) -> Json {
        let mut object = self.object(call, options);
        if let Some(fields) = object.as_object_mut() {
            if !self.recorded.is_empty() {
                let lengths: Vec<_> = self.recorded.iter().map(|length| millis(*length)).collect();
                fields.insert("recorded_ms".into(), json!(lengths));
            }
            if !self.supervised.is_empty() {
                let visits: Vec<_> = self.supervised.iter().map(SupervisedVisit::json).collect();
                fields.insert("supervised".into(), Json::from(visits));
            }
            if !self.sound.is_empty() {
                let legs: Vec<_> = self.sound.iter().map(sound::json).collect();
                fields.insert("sound".into(), Json::from(legs));
            }
        }
        object
    }

    fn object(&self, call: CallId, options: &ReportOptions) -> Json {
        json!({
            "call": call.to_string(),
            "at": self.at.map(|at| at.to_string()),
            "from": self.from.as_ref().map(|_| self.caller(options)),
            "called": &*self.called,
            "line": &*self.line,
            "menu": &*self.menu,
            "trunk": self.trunk.as_deref(),
            "answered": self.answered,
            "lang": self.lang.map(Lang::code),
            "path": texts(&self.path),
            "level": self.level.name(),
            "bank": self.bank.iter().map(BankCall::json).collect::<Vec<_>>(),
            "chosen": self.chosen.iter().map(|(name, value)| (name.to_string(), Json::from(&**value)))
                .collect::<serde_json::Map<_, _>>(),
            "notes": texts(&self.notes),
            "queues": self.queues.iter().map(QueueVisit::json).collect::<Vec<_>>(),
            "callback": texts(&self.callback),
            "transfers": self.transfers.iter().map(TransferVisit::json).collect::<Vec<_>>(),
            "messages": self.messages.iter()
                .map(|(mailbox, length)| json!({ "mailbox": &**mailbox, "length_ms": millis(*length) }))
                .collect::<Vec<_>>(),
            "cause": self.ended.map(|(cause, _)| cause.name()),
            "status": match self.ended { Some((Cause::Refused(status), _)) => Some(status), _ => None },
            "lasted_ms": self.ended.map(|(_, lasted)| millis(lasted)),
        })
    }
}

impl BankCall {
    fn text(&self) -> String {
        let operation = self.operation.strip_prefix("bank.").unwrap_or(&self.operation);
        let later = if self.later { " (known later)" } else { "" };
        format!("{operation} {} {:.1} s{later}", self.outcome, self.took.as_secs_f64())
    }

    fn json(&self) -> Json {
        json!({
            "operation": &*self.operation,
            "outcome": &*self.outcome,
            "took_ms": millis(self.took),
            "known_later": self.later,
        })
    }
}

impl QueueVisit {
    fn text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.waited.map(|waited| format!("waited {}", clock(waited))));
        parts.extend(self.missed.iter().map(|(operator, reason)| format!("{operator} {reason}")));
        parts.extend(self.operator.as_ref().map(ToString::to_string));
        parts.extend(self.talked.map(|talked| {
            format!("talked {}{}", clock(talked), if self.by_operator { ", operator hung up" } else { "" })
        }));
        parts.extend(self.left.as_ref().map(ToString::to_string));
        format!("{}: {}", self.queue, if parts.is_empty() { "waiting".to_owned() } else { parts.join(", ") })
    }

    fn json(&self) -> Json {
        json!({
            "queue": &*self.queue,
            "waited_ms": self.waited.map(millis),
            "missed": self.missed.iter()
                .map(|(operator, reason)| json!({ "operator": operator.as_str(), "reason": &**reason }))
                .collect::<Vec<_>>(),
            "operator": self.operator.as_ref().map(OperatorId::as_str),
            "talked_ms": self.talked.map(millis),
            "by_operator": self.by_operator,
            "left": self.left.as_deref(),
        })
    }
}

fn write_block(text: &mut String, report: &CallReport, call: CallId, options: &ReportOptions) -> std::fmt::Result {
    let at = report.at.map(|at| at.to_zoned(options.timezone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    let lasted = report.ended.map_or_else(|| "-".to_owned(), |(_, lasted)| clock(lasted));
    writeln!(
        text,
        "{}  {} → {}  {}  {}  {lasted}  {}",
        at.unwrap_or_default(),
        report.caller(options),
        report.called,
        report.line,
        report.lang.map_or("-", Lang::code),
        report.cause(),
    )?;
    writeln!(text, "    call      {call}")?;
    let chosen: Vec<_> = report.chosen.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let messages: Vec<_> =
        report.messages.iter().map(|(mailbox, length)| format!("{mailbox} {}", clock(*length))).collect();
    let level = if report.answered { report.level.name().to_owned() } else { String::new() };
    for (title, value) in [
        ("trunk", report.trunk.as_deref().unwrap_or_default().to_owned()),
        ("path", report.path.join(" › ")),
        ("level", level),
        ("bank", report.bank.iter().map(BankCall::text).collect::<Vec<_>>().join(" · ")),
        ("chosen", chosen.join(" · ")),
        ("notes", report.notes.join(" · ")),
        ("queue", report.queues.iter().map(QueueVisit::text).collect::<Vec<_>>().join("\n              ")),
        ("callback", report.callback.join(", ")),
        ("transfer", report.transfers.iter().map(TransferVisit::text).collect::<Vec<_>>().join("\n              ")),
        ("message", messages.join(" · ")),
        ("recorded", report.recorded.iter().map(|length| clock(*length)).collect::<Vec<_>>().join(" · ")),
        ("listened", report.supervised.iter().map(SupervisedVisit::text).collect::<Vec<_>>().join(" · ")),
        ("sound", report.sound.iter().map(sound::text).collect::<Vec<_>>().join(" · ")),
    ] {
        if !value.is_empty() {
            writeln!(text, "    {title:<9} {value}")?;
        }
    }
    writeln!(text)
}

fn texts(items: &[Arc<str>]) -> Vec<&str> {
    items.iter().map(|item| &**item).collect()
}

/// `2:14`, or `1:02:14` from an hour on.
fn clock(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests;
