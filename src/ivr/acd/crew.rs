//! Who could take whose call, kept up to date as operators come and go.
//!
//! ```text
//!  Kind  queue, skills                    ──▶ Team: those at work who could take it, now or after some wait
//!  Wish  queue, skills, language, wait    ──▶ Demand: who waits with it, and the free operators who may take it now
//! ```
//!
//! There are as many kinds and wishes as the menu's steps ask for, however many wait: whoever wants the same is in one
//! table entry. An event looks at each kind and each wish, and at a few of those who wait or work.

use super::line::Rank;
use super::operator::Operator;
use super::steps::step;
use super::waiting::Waiting;
use super::{GRACE, QueuePolicy, Ticket};
use crate::ivr::menu::{Name, Pick};
use crate::model::{Instant, Lang, OperatorId};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Wishes that are kept for those who come; above it those of nobody are forgotten.
const WISHES: usize = 1_024;
/// Kinds that are kept, in the same way.
const KINDS: usize = 1_024;
/// What a whole operator weighs.
const WHOLE: u64 = 10_000;

/// What decides who could take a call after some wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    queue: Name,
    skills: Vec<Name>,
}

/// What decides who may take a call now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wish {
    kind: Kind,
    lang: Lang,
    /// The last of the queue's thresholds that the wait has reached; zero for none.
    reached: Duration,
}

/// Operators at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crew {
    pub operators: usize,
    /// The parts of their time that the queue takes.
    parts: u64,
}

/// Those at work who could take calls of a kind, and the callers who want them.
#[derive(Debug, Default)]
struct Team {
    crew: Crew,
    /// Since when there is nobody, and whether the callers have been looked at since the grace was over.
    alone: Option<(Instant, bool)>,
    callers: BTreeSet<Rank>,
}

/// Those at work with a queue's own skills, and how many of them are free.
#[derive(Debug, Default)]
struct Regulars {
    crew: Crew,
    free: usize,
}

/// Who waits with a wish, and who may take it.
#[derive(Debug, Default)]
struct Demand {
    waiting: BTreeSet<Rank>,
    free: BTreeSet<Preference>,
}

/// The order in which free operators are chosen: the least first.
#[derive(Debug, PartialEq, Eq)]
struct Preference {
    /// Does not speak the caller's language: own language first, even once any language will do.
    foreign: bool,
    count: u64,
    idle_since: Instant,
    operator: OperatorId,
}

impl Ord for Preference {
    fn cmp(&self, other: &Self) -> Ordering {
        step();
        let of = |one: &Self| (one.foreign, one.count, one.idle_since);
        of(self).cmp(&of(other)).then_with(|| self.operator.cmp(&other.operator))
    }
}

impl PartialOrd for Preference {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Preference {
    fn of(operator: &Operator, lang: Lang, pick: Pick) -> Self {
        let id = operator.profile.id.clone();
        let (foreign, idle_since) = (!operator.speaks(lang), operator.idle_since);
        match pick {
            Pick::RingAll => Self { foreign: false, count: 0, idle_since: Instant::ZERO, operator: id },
            Pick::LongestIdle => Self { foreign, count: 0, idle_since, operator: id },
            Pick::RoundRobin => Self { foreign, count: operator.last_turn, idle_since: Instant::ZERO, operator: id },
            Pick::FewestCalls => Self { foreign, count: operator.calls_today.into(), idle_since, operator: id },
        }
    }
}

impl Kind {
    pub fn of(ticket: &Ticket) -> Self {
        Self { queue: ticket.queue.clone(), skills: ticket.skills.clone() }
    }

    /// Whether an operator can take it, now or after some wait.
    fn could_fit(&self, operator: &Operator, policy: &QueuePolicy) -> bool {
        is_skilled(operator, policy, Duration::MAX) && operator.has_all(&self.skills)
    }
}

impl Wish {
    pub fn of(waiting: &Waiting, policy: &QueuePolicy, waited: Duration) -> Self {
        let thresholds = policy.overflow.iter().map(|(after, _)| *after).chain(policy.own_language_for);
        let reached = thresholds.filter(|after| *after <= waited).max().unwrap_or_default();
        Self { kind: Kind::of(&waiting.ticket), lang: waiting.ticket.lang, reached }
    }

    /// Whether an operator may take it now.
    fn fits(&self, operator: &Operator, policy: &QueuePolicy) -> bool {
        let language = policy.own_language_for.is_none_or(|only| self.reached >= only) || operator.speaks(self.lang);
        language && is_skilled(operator, policy, self.reached) && operator.has_all(&self.kind.skills)
    }
}

fn is_skilled(operator: &Operator, policy: &QueuePolicy, waited: Duration) -> bool {
    let overflows = policy.overflow.iter().filter(|(after, _)| *after <= waited);
    operator.has_any(&policy.skills) || overflows.into_iter().any(|(_, skills)| operator.has_any(skills))
}

impl Crew {
    fn count(&mut self, operator: &Operator, queue: &Name, there: bool) {
        let parts = operator.share(queue, WHOLE);
        if there {
            self.operators += 1;
            self.parts += parts;
        } else {
            self.operators = self.operators.saturating_sub(1);
            self.parts = self.parts.saturating_sub(parts);
        }
    }

    /// Their time for the queue, a whole operator being 1.
    pub fn weight(self) -> f64 {
        let whole = u32::try_from(self.parts / WHOLE).unwrap_or(u32::MAX);
        let rest = u32::try_from(self.parts % WHOLE).unwrap_or(0);
        f64::from(whole) + f64::from(rest) / f64::from(u16::try_from(WHOLE).unwrap_or(u16::MAX))
    }
}

type Policies = BTreeMap<Name, QueuePolicy>;
type Operators = BTreeMap<OperatorId, Operator>;

/// How many queues there are for an operator's skills.
pub(super) fn queues_of(policies: &Policies, operator: &Operator) -> usize {
    policies.values().filter(|policy| operator.has_any(&policy.skills)).count()
}

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Crews {
    teams: HashMap<Kind, Team>,
    regulars: HashMap<Name, Regulars>,
    demands: HashMap<Wish, Demand>,
    /// When operators are to be looked at again.
    wakes: BTreeSet<(Instant, OperatorId)>,
}

impl Crews {
    /// Tables without anybody, for these queues.
    pub fn of(policies: &Policies) -> Self {
        let regulars = policies.keys().map(|queue| (queue.clone(), Regulars::default())).collect();
        Self { regulars, ..Self::default() }
    }

    /// Counts an operator in; before anything of the operator changes, `leave` counts the same one out.
    pub fn join(&mut self, now: Instant, policies: &Policies, operator: &mut Operator) {
        operator.listed.free = operator.is_free(now);
        operator.listed.wake = operator.next_change(now);
        self.list(now, policies, operator, true);
    }

    /// Counts an operator out who was counted in.
    pub fn leave(&mut self, now: Instant, policies: &Policies, operator: &Operator) {
        self.list(now, policies, operator, false);
    }

    fn list(&mut self, now: Instant, policies: &Policies, operator: &Operator, there: bool) {
        if let Some(wake) = operator.listed.wake {
            let key = (wake, operator.profile.id.clone());
            if there {
                self.wakes.insert(key)
            } else {
                self.wakes.remove(&key)
            };
        }
        if operator.is_present() {
            self.count(now, policies, operator, there);
        }
        if operator.listed.free {
            for (wish, demand) in &mut self.demands {
                step();
                let Some(policy) = policies.get(&wish.kind.queue) else { continue };
                if wish.fits(operator, policy) {
                    let preference = Preference::of(operator, wish.lang, policy.pick);
                    if there {
                        demand.free.insert(preference)
                    } else {
                        demand.free.remove(&preference)
                    };
                }
            }
        }
    }

    fn count(&mut self, now: Instant, policies: &Policies, operator: &Operator, there: bool) {
        for (queue, regulars) in &mut self.regulars {
            step();
            if policies.get(queue).is_some_and(|policy| operator.has_any(&policy.skills)) {
                regulars.crew.count(operator, queue, there);
                let free = usize::from(operator.listed.free);
                regulars.free = if there { regulars.free + free } else { regulars.free.saturating_sub(free) };
            }
        }
        for (kind, team) in &mut self.teams {
            step();
            if policies.get(&kind.queue).is_some_and(|policy| kind.could_fit(operator, policy)) {
                team.crew.count(operator, &kind.queue, there);
                team.alone = (team.crew.operators == 0).then_some((now, false));
            }
        }
    }

    /// Those at work who could take calls of this kind. The first call of a kind looks for them.
    pub fn crew(&mut self, now: Instant, kind: &Kind, policies: &Policies, operators: &Operators) -> Crew {
        self.team(now, kind, policies, operators).crew
    }

    /// The same, when calls of this kind wait.
    pub fn known_crew(&self, kind: &Kind) -> Crew {
        self.teams.get(kind).map_or_else(Crew::default, |team| team.crew)
    }

    /// A caller waits for an operator of the kind's.
    pub fn caller_waits(
        &mut self,
        now: Instant,
        (kind, rank): (&Kind, Rank),
        policies: &Policies,
        operators: &Operators,
    ) {
        self.team(now, kind, policies, operators).callers.insert(rank);
    }

    /// A caller waits no more.
    pub fn caller_left(&mut self, kind: &Kind, rank: Rank) {
        if let Some(team) = self.teams.get_mut(kind) {
            team.callers.remove(&rank);
        }
    }

    fn team(&mut self, now: Instant, kind: &Kind, policies: &Policies, operators: &Operators) -> &mut Team {
        if !self.teams.contains_key(kind) {
            if self.teams.len() >= KINDS {
                self.teams.retain(|_, team| !team.callers.is_empty());
            }
            let mut team = Team::default();
            if let Some(policy) = policies.get(&kind.queue) {
                let present = operators.values().inspect(|_| step()).filter(|operator| operator.is_present());
                let fit = present.filter(|operator| kind.could_fit(operator, policy));
                fit.for_each(|operator| team.crew.count(operator, &kind.queue, true));
            }
            team.alone = (team.crew.operators == 0).then_some((now, false));
            self.teams.insert(kind.clone(), team);
        }
        self.teams.entry(kind.clone()).or_default()
    }

    /// Since when nobody at work could take calls of a kind.
    pub fn alone_since(&self, kind: &Kind) -> Option<Instant> {
        self.teams.get(kind).and_then(|team| team.alone).map(|(since, _)| since)
    }

    /// Those at work with a queue's own skills, and whether one of them is free.
    pub fn regulars(&self, queue: &Name) -> (Crew, bool) {
        self.regulars.get(queue).map_or_else(Default::default, |regulars| (regulars.crew, regulars.free > 0))
    }

    /// Somebody waits to be offered to whoever fits a wish. The first with a wish looks for them.
    pub fn wants(&mut self, rank: Rank, wish: &Wish, policies: &Policies, operators: &Operators) {
        if let Some(demand) = self.demands.get_mut(wish) {
            demand.waiting.insert(rank);
            return;
        }
        if self.demands.len() >= WISHES {
            self.demands.retain(|_, demand| !demand.waiting.is_empty());
        }
        let mut demand = Demand { waiting: [rank].into(), free: BTreeSet::new() };
        if let Some(policy) = policies.get(&wish.kind.queue) {
            let free = operators.values().inspect(|_| step()).filter(|operator| operator.listed.free);
            let fit = free.filter(|operator| wish.fits(operator, policy));
            demand.free = fit.map(|operator| Preference::of(operator, wish.lang, policy.pick)).collect();
        }
        self.demands.insert(wish.clone(), demand);
    }

    /// Somebody is not to be offered any more.
    pub fn wants_no_more(&mut self, rank: Rank, wish: &Wish) {
        if let Some(demand) = self.demands.get_mut(wish) {
            demand.waiting.remove(&rank);
        }
    }

    /// The first in the order of service for whom somebody is free.
    pub fn first_served(&self) -> Option<Rank> {
        let served = self.demands.values().inspect(|_| step()).filter(|demand| !demand.free.is_empty());
        served.filter_map(|demand| demand.waiting.first()).min().copied()
    }

    /// The free operator who is chosen for a wish, or with `all` every one who fits.
    pub fn chosen(&self, wish: &Wish, all: bool) -> Vec<OperatorId> {
        let free = self.demands.get(wish).into_iter().flat_map(|demand| &demand.free);
        free.take(if all { usize::MAX } else { 1 }).map(|preference| preference.operator.clone()).collect()
    }

    /// When to call [`Crews::next_operator`] and [`Crews::next_alone`].
    pub fn due(&self) -> Option<Instant> {
        let alone = self.teams.values().filter_map(Team::due);
        alone.chain(self.wakes.first().map(|(at, _)| *at)).min()
    }

    /// The next operator with whom time has changed something, if any.
    pub fn next_operator(&self, now: Instant) -> Option<OperatorId> {
        self.wakes.first().filter(|(at, _)| *at <= now).map(|(_, operator)| operator.clone())
    }

    /// Callers for whom nobody has been at work for the length of the grace.
    pub fn next_alone(&mut self, now: Instant) -> Option<Vec<Rank>> {
        let team = self.teams.values_mut().find(|team| team.due().is_some_and(|at| at <= now))?;
        if let Some((_, looked_at)) = &mut team.alone {
            *looked_at = true;
        }
        Some(team.callers.iter().copied().collect())
    }
}

impl Team {
    fn due(&self) -> Option<Instant> {
        let (since, _) = self.alone.filter(|(_, looked_at)| !looked_at && !self.callers.is_empty())?;
        Some(since + GRACE)
    }
}

#[cfg(test)]
impl Crews {
    /// What is kept of a kind is what a look at all operators would find.
    pub fn assert_counted(&self, policies: &Policies, operators: &Operators) {
        for (kind, team) in &self.teams {
            let mut crew = Crew::default();
            let fit = operators.values().filter(|operator| operator.is_present());
            let fit = fit.filter(|operator| kind.could_fit(operator, &policies[&kind.queue]));
            fit.for_each(|operator| crew.count(operator, &kind.queue, true));
            assert_eq!(team.crew, crew, "{kind:?}");
            assert_eq!(team.alone.is_some(), crew.operators == 0, "{kind:?}");
        }
        for (wish, demand) in &self.demands {
            let policy = &policies[&wish.kind.queue];
            let free = operators.values().filter(|operator| operator.listed.free && wish.fits(operator, policy));
            let free: BTreeSet<Preference> =
                free.map(|operator| Preference::of(operator, wish.lang, policy.pick)).collect();
            assert_eq!(demand.free, free, "{wish:?}");
        }
        let wakes = operators.values().filter_map(|one| Some((one.listed.wake?, one.profile.id.clone())));
        assert_eq!(self.wakes, wakes.collect());
    }
}
