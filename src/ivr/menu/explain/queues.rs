//! Queues, as those who wait hear them.

use super::super::{Callback, QueueStep, WaitingKey, lexis};
use super::Page;
use crate::ivr::words::length;

impl Page<'_> {
    pub(super) fn queue(&mut self, indent: &str, step: &QueueStep) {
        let menu = self.menu;
        let queue = &menu[step.queue];
        let (word, longest) = (self.word("queue", "очередь"), self.word("up to", "до"));
        self.line(&format!("{indent}→ {word} {} — {}, {longest} {}", queue.name, queue.title, length(queue.max_wait)));
        let inner = format!("{indent}    ");
        if step.priority > 0 {
            let (before, after) = (self.word("as if waiting", "как будто ждёт уже"), self.word("s longer", "с"));
            self.line(&format!("{inner}{before} {} {after}", step.priority));
        }
        if let Some(enter) = queue.waiting.enter {
            self.say(&inner, enter);
        }
        if let Some(position) = &queue.waiting.position {
            self.say(&inner, position.say);
            let every = self.word("every", "каждые");
            self.line(&format!("{inner}  {every} {}", length(position.every)));
        }
        if let Some((wait, samples)) = &queue.waiting.wait_time {
            self.say(&inner, *wait);
            let (after, calls) = (self.word("after", "после"), self.word("calls today", "звонков за сегодня"));
            self.line(&format!("{inner}  {after} {samples} {calls}"));
        }
        if let Some(callback) = &queue.callback {
            self.callback(&inner, callback);
        }
        for (key, does) in &queue.waiting.keys {
            let does = match does {
                WaitingKey::Callback => self.word("orders a callback", "заказывает обратный звонок"),
                WaitingKey::Leave => self.word("leaves the queue", "выходит из очереди"),
                WaitingKey::Go(go) => self.target(*go),
            };
            let word = self.word("key", "клавиша");
            self.line(&format!("{inner}{word} {} → {does}", lexis::key_name(*key)));
        }
        for (result, action) in &step.results {
            let (result, follows) = (self.plain().queue_result(*result), self.action(action));
            self.line(&format!("{inner}{result}: {follows}"));
        }
    }

    fn callback(&mut self, inner: &str, callback: &Callback) {
        let condition = callback.offer_if.as_ref().map(|condition| self.only_if(condition)).unwrap_or_default();
        let offers = self.word("offers a callback after", "предлагает перезвонить через");
        self.line(&format!("{inner}{offers} {}{condition}:", length(callback.offer_after)));
        self.say(&format!("{inner}  "), callback.say);
        let (calls, every) = (self.word("calls, every", "попытки, каждые"), length(callback.retry));
        self.line(&format!("{inner}  {} {calls} {every}", callback.attempts));
    }
}
