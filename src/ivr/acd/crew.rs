//! Who could take whose call. Callers who want the same are looked up once for all of them: what one event costs grows
//! with the callers plus the operators, not with the one times the other.

use super::operator::Operator;
use super::waiting::Waiting;
use super::{Acd, QueuePolicy};
use crate::ivr::menu::Name;
use crate::model::{Instant, Lang, Now};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Those at work who could take a call, now or after some wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crew {
    pub operators: usize,
    /// Their time for the queue, a whole operator being 1.
    pub weight: f64,
}

/// What decides who could take a call after some wait.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'a> {
    queue: &'a Name,
    skills: &'a [Name],
}

/// What decides who may take a call now.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Wish {
    queue: Name,
    skills: Vec<Name>,
    lang: Lang,
    /// How many of the queue's overflows are open to it.
    overflows: usize,
    /// Any language will do.
    any_language: bool,
}

impl Wish {
    pub fn of(waiting: &Waiting, policy: &QueuePolicy, waited: Duration) -> Self {
        Self {
            queue: waiting.ticket.queue.clone(),
            skills: waiting.ticket.skills.clone(),
            lang: waiting.ticket.lang,
            overflows: policy.overflow.iter().filter(|(after, _)| *after <= waited).count(),
            any_language: policy.own_language_for.is_none_or(|only| waited >= only),
        }
    }
}

/// How many queues there are for an operator's skills.
pub(super) fn queues_of(policies: &BTreeMap<Name, QueuePolicy>, operator: &Operator) -> usize {
    policies.values().filter(|policy| operator.has_any(&policy.skills)).count()
}

impl Acd {
    /// The crews for everybody who waits, in the order of service; `None` in a queue without a policy.
    pub(super) fn crews(&self) -> Vec<Option<Crew>> {
        let mut known: HashMap<Kind<'_>, Option<Crew>> = HashMap::new();
        let crew = |waiting: &Waiting| {
            let policy = self.policies.get(&waiting.ticket.queue)?;
            Some(self.crew(&policy.name, |operator| waiting.could_fit(operator, policy)))
        };
        let mut crews = Vec::with_capacity(self.waiting.len());
        for waiting in &self.waiting {
            let kind = Kind { queue: &waiting.ticket.queue, skills: &waiting.ticket.skills };
            crews.push(*known.entry(kind).or_insert_with(|| crew(waiting)));
        }
        crews
    }

    /// Those at work of a queue who fit.
    pub(super) fn crew(&self, queue: &Name, fits: impl Fn(&Operator) -> bool) -> Crew {
        let at_work =
            self.operators.values().inspect(|_| Self::looked_at(self)).filter(|operator| operator.is_present());
        at_work.filter(|operator| fits(operator)).fold(Crew::default(), |crew, operator| Crew {
            operators: crew.operators + 1,
            weight: crew.weight + operator.share(queue),
        })
    }

    /// The free operators, by name.
    pub(super) fn free(&self, now: Instant) -> impl Iterator<Item = &Operator> {
        let ready = self.ready.iter().inspect(|_| Self::looked_at(self)).filter_map(|id| self.operators.get(id));
        ready.filter(move |operator| operator.is_free(now))
    }

    /// The day in the bank's zone.
    pub(super) fn today(&self, now: Now) -> Date {
        now.wall.to_zoned(self.zone.clone()).date()
    }

    #[cfg(test)]
    fn looked_at(acd: &Self) {
        acd.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    #[cfg(not(test))]
    const fn looked_at(_: &Self) {}
}
