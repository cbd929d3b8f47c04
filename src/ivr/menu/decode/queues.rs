//! Queues.

use super::{Decoder, Entry, Fields};
use crate::ivr::menu::tree::{Kind, Node};
use crate::ivr::menu::{
    Callback, Code, Hours, HoursRule, Name, Pick, PositionNotice, Queue, Text, Waiting, WaitingKey, Whisper, lexis,
};
use crate::model::PromptId;
use std::sync::Arc;
use std::time::Duration;

/// How long only operators with the caller's language are offered, when they are preferred.
const OWN_LANGUAGE: Duration = Duration::from_mins(1);
/// The longest of any wait.
const DAY: Duration = Duration::from_hours(24);
/// How often something is said to who waits.
const EVERY: (Duration, Duration) = (Duration::from_secs(1), DAY);
const KEYS: [&str; 17] = [
    "title",
    "hours",
    "members",
    "match_language",
    "pick",
    "ring",
    "no_answer",
    "wrap_up",
    "music",
    "max_wait",
    "max_waiting",
    "service_level",
    "while_waiting",
    "callback",
    "overflow",
    "operator_hears",
    "screen",
];

impl<'t> Decoder<'t> {
    pub(super) fn queues(&mut self, hours: &[Hours]) -> Vec<Queue> {
        self.section("queues").into_iter().map(|entry| self.queue(entry, hours)).collect()
    }

    /// `hours:`, else the opening hours that have the queue's own name.
    fn open(&mut self, fields: &Fields<'t>, name: &str, hours: &[Hours]) -> Option<Arc<HoursRule>> {
        let id = match fields.get("hours") {
            Some(node) => self.lookup(node, "hours"),
            None => self.id("hours", name),
        };
        hours.get(usize::from(id?)).map(|hours| Arc::clone(&hours.rule))
    }

    fn queue(&mut self, entry: Entry<'t>, hours: &[Hours]) -> Queue {
        let name: Name = entry.key.text.as_str().into();
        let empty = Fields { node: entry.node, entries: &[] };
        let fields = self.fields(entry.node, ("a queue", "у очереди"), &KEYS).unwrap_or(empty);
        let members = self.need(&fields, "members");
        let skills = members.map(|node| self.skills(node)).unwrap_or_default();
        let title = fields.get("title").and_then(|node| self.text(node)).unwrap_or(&entry.key.text);
        let picks = [
            ("longest_idle", Pick::LongestIdle),
            ("round_robin", Pick::RoundRobin),
            ("fewest_calls", Pick::FewestCalls),
            ("ring_all", Pick::RingAll),
        ];
        let pause = [("pause_operator", true), ("next", false)];
        let seconds = Duration::from_secs;
        let music = fields.get("music").and_then(|node| self.text(node)).unwrap_or("hold_music");
        let what = ("a service level: 80% in 20s", "уровень обслуживания: 80% in 20s");
        let queue = Queue {
            name,
            title: title.into(),
            skills,
            own_language_for: fields.get("match_language").and_then(|node| self.match_language(node)),
            pick: fields.get("pick").and_then(|node| self.one_of(node, &picks)).unwrap_or(Pick::LongestIdle),
            ring: self.duration_or(&fields, "ring", (seconds(1), seconds(300)), seconds(20)),
            pause_on_no_answer: fields.get("no_answer").and_then(|node| self.one_of(node, &pause)).unwrap_or(true),
            wrap_up: self.duration_or(&fields, "wrap_up", (Duration::ZERO, DAY), seconds(30)),
            music: PromptId::new(&format!("common/{music}")),
            max_wait: self.duration_or(&fields, "max_wait", (seconds(1), DAY), seconds(1_200)),
            max_waiting: fields.get("max_waiting").and_then(|node| self.number(node)).unwrap_or(100),
            service_level: fields.get("service_level").and_then(|node| self.form(node, what, lexis::service_level)),
            waiting: fields.get("while_waiting").map(|node| self.waiting(node)).unwrap_or_default(),
            open: self.open(&fields, &entry.key.text, hours),
            callback: fields.get("callback").and_then(|node| self.callback(node)),
            overflow: fields.get("overflow").map(|node| self.overflow(node)).unwrap_or_default(),
            operator_hears: fields.get("operator_hears").map(|node| self.whispers(node)).unwrap_or_default(),
            screen: fields.get("screen").map(|node| self.words(node)).unwrap_or_default(),
            place: entry.key.place,
        };
        self.callback_key(&fields, &queue);
        queue
    }

    /// A length of time within bounds; the usual one when it is not written or was reported.
    pub(super) fn duration_or(
        &mut self,
        fields: &Fields<'t>,
        key: &str,
        (least, most): (Duration, Duration),
        usual: Duration,
    ) -> Duration {
        fields.get(key).and_then(|node| self.duration_within(node, least, most)).unwrap_or(usual)
    }

    /// Who is offered a callback needs a key for it, and a key for it needs the offer.
    fn callback_key(&mut self, fields: &Fields<'t>, queue: &Queue) {
        let has_key = queue.waiting.keys.iter().any(|(_, does)| *does == WaitingKey::Callback);
        let (node, message, help) = match (fields.get("callback"), fields.get("while_waiting")) {
            (Some(node), _) if !has_key => (
                node,
                Text::new("no key orders the callback", "обратный звонок нечем заказать"),
                Text::new(
                    "add `keys: {1: callback}` under while_waiting",
                    "добавьте `keys: {1: callback}` в while_waiting",
                ),
            ),
            (None, Some(node)) if has_key => (
                node,
                Text::new(
                    "a key orders a callback, but the queue has none",
                    "клавиша заказывает обратный звонок, а у очереди его нет",
                ),
                Text::new("add `callback: {say: …}` to the queue", "добавьте в очередь `callback: {say: …}`"),
            ),
            _ => return,
        };
        self.problem_help(node, Code::E19, message, help);
    }

    fn skills(&mut self, node: &'t Node) -> Vec<Name> {
        let fields = self.fields(node, ("members", "у members"), &["skills"]);
        let skills = fields.and_then(|fields| self.need(&fields, "skills"));
        skills.map(|node| self.words(node)).unwrap_or_default()
    }

    fn match_language(&mut self, node: &'t Node) -> Option<Duration> {
        let known = [("preferred", Some(OWN_LANGUAGE)), ("required", Some(Duration::MAX)), ("any", None)];
        match lexis::duration(node.text().unwrap_or_default()) {
            Some(length) => Some(length),
            None => self.one_of(node, &known).flatten(),
        }
    }

    fn waiting(&mut self, node: &'t Node) -> Waiting {
        let known = ["enter", "position", "wait_time", "tips", "keys"];
        let Some(fields) = self.fields(node, ("while_waiting", "у while_waiting"), &known) else {
            return Waiting::default();
        };
        Waiting {
            enter: self.phrase_of(&fields, "enter"),
            position: fields.get("position").and_then(|node| self.position(node)),
            wait_time: fields.get("wait_time").and_then(|node| {
                let fields = self.fields(node, ("wait_time", "у wait_time"), &["say", "min_samples"])?;
                let samples = fields.get("min_samples").and_then(|node| self.number(node)).unwrap_or(5);
                Some((self.need_phrase(&fields, "say"), samples))
            }),
            tips: fields.get("tips").and_then(|node| {
                let fields = self.fields(node, ("tips", "у tips"), &["every", "say"])?;
                let every =
                    self.need(&fields, "every").and_then(|node| self.duration_within(node, EVERY.0, EVERY.1))?;
                let phrases = self.need(&fields, "say").map(|node| self.list(node)).unwrap_or_default();
                Some((every, phrases.into_iter().map(|node| self.phrase(node)).collect()))
            }),
            keys: fields.get("keys").map(|node| self.waiting_keys(node)).unwrap_or_default(),
        }
    }

    fn position(&mut self, node: &'t Node) -> Option<PositionNotice> {
        let known = ["every", "say", "next", "only_if_improved"];
        let fields = self.fields(node, ("position", "у position"), &known)?;
        Some(PositionNotice {
            every: self.need(&fields, "every").and_then(|node| self.duration_within(node, EVERY.0, EVERY.1))?,
            say: self.need_phrase(&fields, "say"),
            next: self.phrase_of(&fields, "next"),
            only_if_improved: fields.get("only_if_improved").and_then(|node| self.flag(node)).unwrap_or(true),
        })
    }

    fn waiting_keys(&mut self, node: &'t Node) -> Vec<(crate::model::Digit, WaitingKey)> {
        let Kind::Map(entries) = &node.kind else {
            self.wrong_shape(node, "keys: {1: callback, star: main}", "клавиши: {1: callback, star: main}");
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (key, node) in entries {
            let does = match node.text() {
                Some("callback") => WaitingKey::Callback,
                Some("leave") => WaitingKey::Leave,
                Some(_) | None => WaitingKey::Go(self.go(node)),
            };
            keys.extend(self.key(key).map(|digit| (digit, does)));
        }
        keys
    }

    fn callback(&mut self, node: &'t Node) -> Option<Callback> {
        let known = [
            "offer_after",
            "offer_if",
            "say",
            "confirm_number",
            "other_number",
            "numbers",
            "refused",
            "keep_place",
            "attempts",
            "retry",
            "first",
            "hello",
        ];
        let fields = self.fields(node, ("callback", "у callback"), &known)?;
        // The place is always kept and the operator is always reserved first: the words are there to be read.
        if let Some(node) = fields.get("keep_place") {
            self.one_of(node, &[("true", true)]);
        }
        if let Some(node) = fields.get("first") {
            self.one_of(node, &[("operator", true)]);
        }
        Some(Callback {
            offer_after: self.duration_or(&fields, "offer_after", (Duration::ZERO, DAY), Duration::from_mins(1)),
            offer_if: fields.get("offer_if").and_then(|node| self.condition(node)),
            say: self.need_phrase(&fields, "say"),
            confirm_number: self.need_phrase(&fields, "confirm_number"),
            other_number: self.need_phrase(&fields, "other_number"),
            numbers: fields.get("numbers").map(|node| self.words(node)).unwrap_or_default(),
            refused: self.phrase_of(&fields, "refused"),
            attempts: fields.get("attempts").and_then(|node| self.attempts(node)).unwrap_or(3),
            retry: self.duration_or(&fields, "retry", (Duration::from_secs(10), DAY), Duration::from_mins(15)),
            hello: self.need_phrase(&fields, "hello"),
        })
    }

    fn overflow(&mut self, node: &'t Node) -> Vec<(Duration, Vec<Name>)> {
        let mut steps = Vec::new();
        for item in self.list(node) {
            let Some(fields) = self.fields(item, ("overflow", "у overflow"), &["after", "add"]) else { continue };
            let after = self.need(&fields, "after").and_then(|node| self.duration_within(node, Duration::ZERO, DAY));
            let after = after.unwrap_or_default();
            let add = self.need(&fields, "add").map(|node| self.skills(node)).unwrap_or_default();
            steps.push((after, add));
        }
        steps
    }

    fn whispers(&mut self, node: &'t Node) -> Vec<Whisper> {
        let known = [("who_verified", Whisper::WhoVerified), ("reason", Whisper::Reason)];
        self.list(node).into_iter().filter_map(|item| self.one_of(item, &known)).collect()
    }
}
