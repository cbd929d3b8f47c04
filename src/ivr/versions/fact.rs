//! Facts about a thing, and the comparison of two lists of them.

use super::{Change, ChangeKind};
use crate::ivr::words::pick;
use crate::model::Lang;

/// One thing that holds.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// What it is about, the same in both versions.
    pub key: String,
    /// What it is about, for people.
    pub label: String,
    /// What makes it the same or another: names, not texts.
    pub same: String,
    /// What holds, for people.
    pub shown: String,
}

impl Fact {
    pub(super) fn new(key: impl Into<String>, label: impl Into<String>, shown: impl Into<String>) -> Self {
        let shown = shown.into();
        Self { key: key.into(), label: label.into(), same: shown.clone(), shown }
    }

    /// With an identity of its own.
    pub(super) fn same(mut self, same: impl Into<String>) -> Self {
        self.same = same.into();
        self
    }

    fn whole(&self) -> String {
        if self.shown.is_empty() { self.label.clone() } else { format!("{}: {}", self.label, self.shown) }
    }
}

/// What differs between two lists, matched by key in their order.
pub(super) fn compare(lang: Lang, about: &str, old: &[Fact], new: &[Fact]) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut a, mut b) = (0, 0);
    let mut told = |kind, text: String| changes.push(Change { kind, text: format!("{about}: {text}") });
    for (left, right) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        for gone in &old[a..left] {
            told(ChangeKind::Removed, format!("{} — {}", pick(lang, "no longer", "больше нет"), gone.whole()));
        }
        for come in &new[b..right] {
            told(ChangeKind::Added, format!("{} — {}", pick(lang, "now also", "теперь ещё"), come.whole()));
        }
        if let (Some(old), Some(new)) = (old.get(left), new.get(right))
            && old.same != new.same
        {
            let (is, was) = (pick(lang, "is now", "— теперь"), pick(lang, "was", "было"));
            let nothing = pick(lang, "nothing", "ничего");
            let or_nothing = |text: &str| if text.is_empty() { nothing.to_owned() } else { text.to_owned() };
            let (shown, before) = (or_nothing(&new.shown), or_nothing(&old.shown));
            told(ChangeKind::Changed, format!("{} {is} {shown} ({was} {before})", new.label));
        }
        (a, b) = (left + 1, right + 1);
    }
    changes
}

/// The longest common subsequence by key, as pairs of indices.
fn common(old: &[Fact], new: &[Fact]) -> Vec<(usize, usize)> {
    let wide = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * wide];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            longest[a * wide + b] = if old[a].key == new[b].key {
                longest[(a + 1) * wide + b + 1] + 1
            } else {
                longest[(a + 1) * wide + b].max(longest[a * wide + b + 1])
            };
        }
    }
    let (mut a, mut b, mut pairs) = (0, 0, Vec::new());
    while a < old.len() && b < new.len() {
        if old[a].key == new[b].key {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        } else if longest[(a + 1) * wide + b] >= longest[a * wide + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    pairs
}
