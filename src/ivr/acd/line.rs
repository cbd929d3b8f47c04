//! The order of service, and how many stand before somebody in it.
//!
//! A treap (Seidel and Aragon, 1996): a search tree by rank that is at the same time a heap by a number which is drawn
//! for each rank, so that it is about as high as a balanced one. Each node knows how many it holds, so that a place is
//! counted on one way down.

use super::steps::step;
use std::cmp::Ordering;

/// A place in the order of service: the least is served first. No two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rank {
    /// Not one whom a conversation that broke down gave back: those are served before everybody else.
    pub behind: bool,
    /// When the wait began, less the head start; in nanoseconds.
    ///
    /// A score (seconds waited plus head start) grows by one a second for everybody, so the order of two callers never
    /// changes while they wait and the instant of asking drops out.
    pub began: i128,
    /// Order of entering, over all queues: who has the same score is served first come, first served.
    pub turn: u64,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        step();
        (self.behind, self.began, self.turn).cmp(&(other.behind, other.began, other.turn))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Those who stand in one queue.
#[derive(Debug, Default)]
pub(super) struct Line {
    root: Tree,
}

type Tree = Option<Box<Node>>;

#[derive(Debug)]
struct Node {
    rank: Rank,
    /// Higher than that of every node below.
    height: u64,
    /// Nodes from here down.
    count: usize,
    left: Tree,
    right: Tree,
}

impl Line {
    /// How many stand in it.
    pub fn len(&self) -> usize {
        count(&self.root)
    }

    /// Lets a rank stand in it, or not.
    pub fn put(&mut self, rank: Rank, stands: bool) {
        let (before, rest) = split(self.root.take(), &|other| *other < rank);
        let (_, after) = split(rest, &|other| *other <= rank);
        let here = stands.then(|| Box::new(Node::new(rank)));
        self.root = merge(merge(before, here), after);
    }

    /// How many stand before a rank.
    pub fn before(&self, rank: &Rank) -> usize {
        let (mut tree, mut before) = (&self.root, 0);
        while let Some(node) = tree {
            if node.rank < *rank {
                before += 1 + count(&node.left);
                tree = &node.right;
            } else {
                tree = &node.left;
            }
        }
        before
    }
}

impl Node {
    const fn new(rank: Rank) -> Self {
        Self { rank, height: drawn(rank.turn), count: 1, left: None, right: None }
    }

    fn recount(&mut self) {
        self.count = 1 + count(&self.left) + count(&self.right);
    }
}

fn count(tree: &Tree) -> usize {
    tree.as_ref().map_or(0, |node| node.count)
}

/// A number that looks drawn at random (splitmix64); nobody outside can choose it, for turns are counted here.
const fn drawn(turn: u64) -> u64 {
    let mixed = turn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Those for whom it holds, who stand before all others, and the others.
fn split(tree: Tree, is_before: &impl Fn(&Rank) -> bool) -> (Tree, Tree) {
    let Some(mut node) = tree else { return (None, None) };
    if is_before(&node.rank) {
        let (before, after) = split(node.right.take(), is_before);
        node.right = before;
        node.recount();
        (Some(node), after)
    } else {
        let (before, after) = split(node.left.take(), is_before);
        node.left = after;
        node.recount();
        (before, Some(node))
    }
}

/// Two lines, all of the one before all of the other.
fn merge(before: Tree, after: Tree) -> Tree {
    step();
    match (before, after) {
        (None, tree) | (tree, None) => tree,
        (Some(mut before), Some(after)) if before.height > after.height => {
            before.right = merge(before.right.take(), Some(after));
            before.recount();
            Some(before)
        }
        (Some(before), Some(mut after)) => {
            after.left = merge(Some(before), after.left.take());
            after.recount();
            Some(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::steps::taken;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn rank(behind: bool, began: u8, turn: u64) -> Rank {
        Rank { behind, began: began.into(), turn }
    }

    proptest! {
        #[test]
        fn a_place_is_the_number_of_those_before(changes in prop::collection::vec((any::<bool>(), 0..20_u8, 0..40_u64, any::<bool>()), 1..200)) {
            let (mut line, mut plain) = (Line::default(), BTreeSet::new());
            for (behind, began, turn, stands) in changes {
                let rank = rank(behind, began, turn);
                line.put(rank, stands);
                if stands { plain.insert(rank); } else { plain.remove(&rank); }
                prop_assert_eq!(line.len(), plain.len());
                for (before, rank) in plain.iter().enumerate() {
                    prop_assert_eq!(line.before(rank), before);
                }
            }
        }
    }

    #[test]
    fn a_long_line_is_counted_in_few_steps() {
        let mut line = Line::default();
        (0..100_000).for_each(|turn| line.put(rank(true, 0, turn), true));
        for turn in [0, 1, 50_000, 99_999] {
            let counted = taken(|| assert_eq!(line.before(&rank(true, 0, turn)), usize::try_from(turn).unwrap()));
            assert!(counted < 100, "{counted}");
        }
        let changed = taken(|| {
            line.put(rank(true, 0, 50_000), false);
            line.put(rank(false, 0, 100_000), true);
        });
        assert!(changed < 500, "{changed}");
    }
}
