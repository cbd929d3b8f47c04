//! What is certain at a point of the menu: which levels the caller may have there and, for each, which values every
//! path has set. Keeping the levels apart is what makes «recognised, so the card is known» provable.

use super::super::{Comparison, Condition, Literal, Source};
use crate::model::Level;

/// A value as the checker numbers it: a caller's entry or a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ValueId(pub u32);

/// A set of values, as bits: a large menu is walked with thousands of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Values(Vec<u64>);

impl Values {
    fn insert(&mut self, ValueId(id): ValueId) {
        let word = (id / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % 64);
    }

    fn contains(&self, ValueId(id): ValueId) -> bool {
        self.0.get((id / 64) as usize).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Keeps what both have; whether anything went.
    fn intersect(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (index, word) in self.0.iter_mut().enumerate() {
            let both = *word & other.0.get(index).copied().unwrap_or(0);
            changed |= both != *word;
            *word = both;
        }
        // Without zeros at the end equal sets are equal.
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        changed
    }
}

/// The state at a point; the default is a point nobody reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    by_level: [Option<Values>; 3],
    /// A path leads here from the node's beginning on which the caller did nothing.
    pub quiet: bool,
    /// The same for a path on which the caller was asked and kept silent.
    pub silent: bool,
    /// A path leads here from the beginning of the call past no menu: there is nothing to go back to.
    pub menuless: bool,
}

impl State {
    /// A caller of whom nothing is known.
    pub fn start() -> Self {
        Self { by_level: [Some(Values::default()), None, None], quiet: true, silent: true, menuless: true }
    }

    /// The same, with [`quiet`](Self::quiet) set.
    #[must_use]
    pub fn with_quiet(&self, quiet: bool) -> Self {
        Self { by_level: self.by_level.clone(), quiet, silent: self.silent, menuless: self.menuless }
    }

    /// The same at a node's beginning.
    #[must_use]
    pub fn begun(&self) -> Self {
        Self { silent: true, ..self.with_quiet(true) }
    }

    /// The same after the caller did something.
    #[must_use]
    pub fn awake(&self) -> Self {
        Self { silent: false, ..self.with_quiet(false) }
    }

    pub fn is_reached(&self) -> bool {
        self.by_level.iter().any(Option::is_some)
    }

    /// Adds the paths of another state; whether anything changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.by_level.iter_mut().zip(&other.by_level) {
            match (mine.as_mut(), theirs) {
                (_, None) => {}
                (None, Some(values)) => {
                    *mine = Some(values.clone());
                    changed = true;
                }
                (Some(mine), Some(theirs)) => changed |= mine.intersect(theirs),
            }
        }
        let quiet = self.quiet || (other.quiet && other.is_reached());
        let silent = self.silent || (other.silent && other.is_reached());
        let menuless = self.menuless || (other.menuless && other.is_reached());
        changed |= (quiet, silent, menuless) != (self.quiet, self.silent, self.menuless);
        (self.quiet, self.silent, self.menuless) = (quiet, silent, menuless);
        changed
    }

    /// The lowest level a caller may have here.
    pub fn lowest(&self) -> Option<Level> {
        Level::ALL.into_iter().zip(&self.by_level).find(|(_, values)| values.is_some()).map(|(level, _)| level)
    }

    /// Whether every path has set a value.
    pub fn has(&self, value: ValueId) -> bool {
        self.by_level.iter().flatten().all(|values| values.contains(value))
    }

    pub fn define(&mut self, value: Option<ValueId>) {
        let Some(value) = value else { return };
        for values in self.by_level.iter_mut().flatten() {
            values.insert(value);
        }
    }

    /// Only the callers whose level fits.
    #[must_use]
    pub fn only(&self, fits: impl Fn(Level) -> bool) -> Self {
        let mut state = self.clone();
        for (level, values) in Level::ALL.into_iter().zip(&mut state.by_level) {
            if !fits(level) {
                *values = None;
            }
        }
        state
    }

    /// Everybody is raised to a level, those above it stay.
    #[must_use]
    pub fn raised(&self, to: Level) -> Self {
        let (quiet, silent, menuless) = (self.quiet, self.silent, self.menuless);
        let mut state = Self { quiet, silent, menuless, ..Self::default() };
        for (level, values) in Level::ALL.into_iter().zip(&self.by_level) {
            let Some(values) = values else { continue };
            let index = Level::ALL.iter().position(|other| *other == level.max(to)).unwrap_or(0);
            let mut one = Self { quiet, silent, menuless, ..Self::default() };
            one.by_level[index] = Some(values.clone());
            state.join(&one);
        }
        state
    }

    /// The callers for whom a condition may hold (or may fail), as far as it speaks of the level.
    #[must_use]
    pub fn refined(&self, condition: &Condition, holds: bool) -> Self {
        match condition {
            Condition::Not(inner) => self.refined(inner, !holds),
            Condition::And(parts) if holds => parts.iter().fold(self.clone(), |state, part| state.refined(part, true)),
            Condition::Or(parts) if !holds => parts.iter().fold(self.clone(), |state, part| state.refined(part, false)),
            Condition::And(parts) | Condition::Or(parts) => {
                let mut joined = Self::default();
                for part in parts {
                    joined.join(&self.refined(part, holds));
                }
                if parts.is_empty() { self.clone() } else { joined }
            }
            Condition::Compare { left: Source::CallerLevel, how, right } => {
                let named = |level: Level| {
                    right
                        .iter()
                        .any(|source| matches!(source, Source::Literal(Literal::Word(word)) if **word == *level.name()))
                };
                match how {
                    Comparison::Is | Comparison::In => self.only(|level| named(level) == holds),
                    Comparison::IsNot => self.only(|level| named(level) != holds),
                    Comparison::Less | Comparison::Greater => self.clone(),
                }
            }
            Condition::Holds(_) | Condition::Compare { .. } => self.clone(),
        }
    }
}
