//! How many callers were at each card, went along each arrow, and gave up.

use super::model::{CardKind, Graph};
use crate::model::{CallEvent, CallRecord, Cause};
use std::collections::{BTreeMap, BTreeSet};

/// Counts of a period, by the cards of one [`Graph`].
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    calls: u64,
    visits: Vec<u64>,
    left: Vec<u64>,
    passed: BTreeMap<(usize, usize), u64>,
}

impl Traffic {
    /// Counts calls, each by its records in the order they were made. What a menu of another version called
    /// otherwise is left out.
    #[must_use]
    pub fn of<'r>(graph: &Graph, calls: impl IntoIterator<Item = &'r [CallRecord]>) -> Self {
        let mut traffic =
            Self { visits: vec![0; graph.cards.len()], left: vec![0; graph.cards.len()], ..Self::default() };
        let index = Index::of(graph);
        for records in calls {
            traffic.add(&index, records);
        }
        traffic
    }

    fn add(&mut self, index: &Index<'_>, records: &[CallRecord]) {
        self.calls += 1;
        let (mut path, mut served): (Vec<usize>, bool) = (Vec::new(), false);
        for record in records {
            match &record.event {
                CallEvent::Arrived { line, .. } => self.visit(index, &mut path, index.find(&[CardKind::Line], line)),
                CallEvent::Visited { node } => {
                    self.visit(index, &mut path, index.find(&[CardKind::Menu, CardKind::Task], node));
                }
                CallEvent::Queued { queue } => self.visit(index, &mut path, index.find(&[CardKind::Queue], queue)),
                CallEvent::Connected { .. } | CallEvent::Transferred { .. } | CallEvent::MessageLeft { .. } => {
                    served = true;
                }
                CallEvent::Ended { cause: Cause::CallerHungUp, .. } if !served => {
                    if let Some(left) = path.last().and_then(|last| self.left.get_mut(*last)) {
                        *left += 1;
                    }
                }
                CallEvent::Answered
                | CallEvent::LanguageChosen { .. }
                | CallEvent::LevelReached { .. }
                | CallEvent::BankAnswered { .. }
                | CallEvent::Chosen { .. }
                | CallEvent::Noted { .. }
                | CallEvent::Offered { .. }
                | CallEvent::OfferFailed { .. }
                | CallEvent::TalkEnded { .. }
                | CallEvent::CallbackOrdered
                | CallEvent::CallingBack { .. }
                | CallEvent::CallbackClosed { .. }
                | CallEvent::HandOver { .. }
                | CallEvent::Supervised { .. }
                | CallEvent::SupervisionEnded { .. }
                | CallEvent::TransferBegan { .. }
                | CallEvent::TransferFailed { .. }
                | CallEvent::TransferEnded { .. }
                | CallEvent::QueueLeft { .. }
                | CallEvent::ConversationRecorded { .. }
                | CallEvent::SoundEnded { .. }
                | CallEvent::Ended { .. } => {}
            }
        }
    }

    /// A caller came to a card, along the arrow from the last card visited that has one to it: a task that was
    /// called and came back lies between.
    fn visit(&mut self, index: &Index<'_>, path: &mut Vec<usize>, card: Option<usize>) {
        let Some(card) = card else { return };
        if let Some(count) = self.visits.get_mut(card) {
            *count += 1;
        }
        if let Some(from) = path.iter().rev().find(|from| index.links.contains(&(**from, card))) {
            *self.passed.entry((*from, card)).or_default() += 1;
        }
        path.push(card);
    }

    /// How many calls were counted.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// How often callers came to a card.
    #[must_use]
    pub fn visits(&self, card: usize) -> u64 {
        self.visits.get(card).copied().unwrap_or(0)
    }

    /// How many hung up there, without an operator or a message.
    #[must_use]
    pub fn left(&self, card: usize) -> u64 {
        self.left.get(card).copied().unwrap_or(0)
    }

    /// How often callers went from one card to another.
    #[must_use]
    pub fn passed(&self, from: usize, to: usize) -> u64 {
        self.passed.get(&(from, to)).copied().unwrap_or(0)
    }

    /// The most that went along one arrow.
    #[must_use]
    pub fn busiest(&self) -> u64 {
        self.passed.values().copied().max().unwrap_or(0)
    }
}

/// Cards by name, and which lead to which.
struct Index<'g> {
    cards: BTreeMap<(&'g str, bool, bool), usize>,
    links: BTreeSet<(usize, usize)>,
}

impl<'g> Index<'g> {
    fn of(graph: &'g Graph) -> Self {
        let cards = graph.cards.iter().enumerate().map(|(at, card)| (Self::key(card.kind, &card.name), at));
        let links = graph.links().map(|(from, _, to, _)| (from, to));
        Self { cards: cards.collect(), links: links.collect() }
    }

    /// Menus and tasks share their names; lines and queues have their own.
    fn key(kind: CardKind, name: &str) -> (&str, bool, bool) {
        (name, kind == CardKind::Line, kind == CardKind::Queue)
    }

    fn find(&self, kinds: &[CardKind], name: &str) -> Option<usize> {
        kinds.iter().find_map(|kind| self.cards.get(&Self::key(*kind, name)).copied())
    }
}
