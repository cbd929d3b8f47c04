//! Where cards stand: in columns by how many steps they are from the called number, so that every arrow drawn crosses
//! one gap and never a card. Rows that lead elsewhere (back, to the side) name their target in place of an arrow.

use super::model::{Graph, Target, Tone};
use super::type_size::{number, width, wrap};
use std::collections::VecDeque;

/// The width of a card.
pub(super) const CARD: f64 = 316.0;
/// Between columns.
const GAP: f64 = 132.0;
/// Between the cards of a column.
const SPACE: f64 = 30.0;
/// Around the picture.
pub(super) const MARGIN: f64 = 40.0;
/// Size of a title's letters.
pub(super) const TITLE: f64 = 15.0;
/// Size of a row's letters.
pub(super) const TEXT: f64 = 13.0;
/// Height of a row's line.
pub(super) const LINE: f64 = 18.0;
/// From a card's edge to its text.
pub(super) const PAD: f64 = 14.0;
/// Above and below a row's text.
const ROW_PAD: f64 = 6.0;
/// From a row's beginning to its text when it has a key.
pub(super) const KEY: f64 = 30.0;
/// How often the order of columns is improved.
const SWEEPS: usize = 12;

/// A point of the picture, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// Where a card stands.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The column, from 0.
    pub column: usize,
    /// Upper left corner.
    pub at: Point,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The height of the part with the title.
    pub head: f64,
    /// The title in lines.
    pub title: Vec<String>,
    /// Its rows, from top to bottom.
    pub rows: Vec<RowFrame>,
}

/// Where a row stands in its card.
#[derive(Clone, Debug)]
pub struct RowFrame {
    /// From the card's upper edge.
    pub top: f64,
    /// Its height.
    pub height: f64,
    /// The text in lines.
    pub lines: Vec<String>,
    /// What stands in place of an arrow, and whether on a line of its own.
    pub chip: Option<(String, bool)>,
}

/// An arrow from a row to a card.
#[derive(Clone, Copy, Debug)]
pub struct Arrow {
    /// The card it starts at.
    pub from: usize,
    /// The row of that card.
    pub row: usize,
    /// The card it leads to.
    pub to: usize,
    /// Where it starts.
    pub start: Point,
    /// Where it ends.
    pub end: Point,
}

/// Where everything stands.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Width of the picture.
    pub width: f64,
    /// Height of the picture.
    pub height: f64,
    /// The cards, as in [`Graph::cards`].
    pub frames: Vec<Frame>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

impl Layout {
    /// Places the cards below `top`.
    #[must_use]
    pub fn of(graph: &Graph, top: f64) -> Self {
        let columns = columns_of(graph);
        let mut frames: Vec<Frame> = graph.cards.iter().enumerate().map(|(at, _)| frame(graph, &columns, at)).collect();
        let links: Vec<(usize, usize, usize)> = graph
            .links()
            .filter(|(from, _, to, _)| columns[*from] + 1 == columns[*to])
            .map(|(from, row, to, _)| (from, row, to))
            .collect();
        let order = order(&columns, &links, &first_order(graph, &columns));
        place(&mut frames, &order, &links);
        let highest = frames.iter().map(|frame| frame.at.y).fold(f64::INFINITY, f64::min);
        for frame in &mut frames {
            frame.at.y += top - highest;
        }
        let arrows = links.iter().map(|(from, row, to)| Arrow {
            from: *from,
            row: *row,
            to: *to,
            start: Point { x: frames[*from].at.x + CARD, y: frames[*from].at.y + middle(&frames[*from], *row) },
            end: Point { x: frames[*to].at.x, y: frames[*to].at.y + frames[*to].head / 2.0 },
        });
        let arrows = arrows.collect();
        let right = frames.iter().map(|frame| frame.at.x + frame.width).fold(0.0, f64::max);
        let bottom = frames.iter().map(|frame| frame.at.y + frame.height).fold(top, f64::max);
        Self { width: right + MARGIN, height: bottom + MARGIN, frames, arrows }
    }
}

/// The middle of a row, from the card's upper edge.
fn middle(frame: &Frame, row: usize) -> f64 {
    frame.rows.get(row).map_or(frame.head / 2.0, |row| row.top + row.height / 2.0)
}

/// The column of each card: steps from the nearest called number. What no row leads to stands in the second column.
fn columns_of(graph: &Graph) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); graph.cards.len()];
    let mut led_to = vec![false; graph.cards.len()];
    for (from, _, to, _) in graph.links() {
        next[from].push(to);
        led_to[to] = true;
    }
    let mut columns: Vec<Option<usize>> = vec![None; graph.cards.len()];
    let lines = (0..graph.cards.len()).filter(|card| graph.cards[*card].kind == super::CardKind::Line);
    spread(&next, &mut columns, lines.map(|card| (card, 0)).collect());
    // Reached by inherited keys alone: first those that lead to others, then what is left.
    for all in [false, true] {
        for card in 0..columns.len() {
            if columns[card].is_none() && (all || !led_to[card]) {
                spread(&next, &mut columns, VecDeque::from([(card, 1)]));
            }
        }
    }
    columns.into_iter().map(Option::unwrap_or_default).collect()
}

fn spread(next: &[Vec<usize>], columns: &mut [Option<usize>], mut waiting: VecDeque<(usize, usize)>) {
    while let Some((card, column)) = waiting.pop_front() {
        if columns[card].is_none() {
            columns[card] = Some(column);
            waiting.extend(next[card].iter().map(|to| (*to, column + 1)));
        }
    }
}

/// The columns' cards in the order in which rows lead to them: what an admin wrote first stands above.
fn first_order(graph: &Graph, columns: &[usize]) -> Vec<Vec<usize>> {
    let count = columns.iter().max().map_or(0, |last| last + 1);
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut placed = vec![false; columns.len()];
    for column in 0..count {
        let before = column.checked_sub(1).map(|before| order[before].clone()).unwrap_or_default();
        let rows = before.iter().flat_map(|card| &graph.cards[*card].rows);
        let led_to = rows.filter_map(|row| match row.target {
            Target::Card(to, _) => Some(to),
            Target::Here | Target::Words(_) => None,
        });
        for card in led_to.chain(0..columns.len()).collect::<Vec<_>>() {
            if columns[card] == column && !std::mem::replace(&mut placed[card], true) {
                order[column].push(card);
            }
        }
    }
    order
}

/// The order with the fewest crossings that sweeps of barycentres find.
fn order(columns: &[usize], links: &[(usize, usize, usize)], first: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut order = first.to_vec();
    let mut best = (crossings(columns, links, &order), order.clone());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let places = places(columns.len(), &order);
        let mut sums: Vec<(f64, f64)> = vec![(0.0, 0.0); columns.len()];
        for (from, row, to) in links {
            let (card, at) = if forward { (*to, places[*from] + number(*row) / 100.0) } else { (*from, places[*to]) };
            sums[card] = (sums[card].0 + at, sums[card].1 + 1.0);
        }
        for column in &mut order {
            let key = |card: &usize| {
                let (sum, count) = sums[*card];
                if count > 0.0 { sum / count } else { places[*card] }
            };
            column.sort_by(|left, right| key(left).total_cmp(&key(right)));
        }
        let count = crossings(columns, links, &order);
        if count < best.0 {
            best = (count, order.clone());
        }
    }
    best.1
}

/// Each card's place in its column.
fn places(cards: usize, order: &[Vec<usize>]) -> Vec<f64> {
    let mut places = vec![0.0; cards];
    for column in order {
        for (place, card) in column.iter().enumerate() {
            places[*card] = number(place);
        }
    }
    places
}

/// How many pairs of arrows cross: inversions between the order of their starts and that of their ends.
fn crossings(columns: &[usize], links: &[(usize, usize, usize)], order: &[Vec<usize>]) -> usize {
    let mut place = vec![0; columns.len()];
    for column in order {
        for (at, card) in column.iter().enumerate() {
            place[*card] = at;
        }
    }
    let mut sorted: Vec<_> =
        links.iter().map(|(from, row, to)| (columns[*from], place[*from], *row, place[*to])).collect();
    sorted.sort_unstable();
    let same_gap = sorted.chunk_by(|left, right| left.0 == right.0);
    same_gap.map(|gap| inversions(&mut gap.iter().map(|link| link.3).collect::<Vec<_>>())).sum()
}

/// Inversions of a list, by merging.
fn inversions(list: &mut [usize]) -> usize {
    if list.len() < 2 {
        return 0;
    }
    let half = list.len() / 2;
    let (left, right) = list.split_at_mut(half);
    let mut count = inversions(left) + inversions(right);
    let (mut a, mut b, mut merged) = (0, 0, Vec::with_capacity(left.len() + right.len()));
    while a < left.len() || b < right.len() {
        if b == right.len() || (a < left.len() && left[a] <= right[b]) {
            merged.push(left[a]);
            a += 1;
        } else {
            count += left.len() - a;
            merged.push(right[b]);
            b += 1;
        }
    }
    list.copy_from_slice(&merged);
    count
}

/// Gives every card its point: as near to the cards it is linked with as order and space allow.
fn place(frames: &mut [Frame], order: &[Vec<usize>], links: &[(usize, usize, usize)]) {
    for (at, column) in order.iter().enumerate() {
        let mut y = 0.0;
        for card in column {
            frames[*card].at = Point { x: MARGIN + number(at) * (CARD + GAP), y };
            y += frames[*card].height + SPACE;
        }
    }
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        let columns: Vec<usize> = if forward { (0..order.len()).collect() } else { (0..order.len()).rev().collect() };
        for column in columns {
            let mut wishes: Vec<(f64, f64)> = vec![(0.0, 0.0); frames.len()];
            for (from, row, to) in links {
                let (start, end) = (middle(&frames[*from], *row), frames[*to].head / 2.0);
                let (card, wish) = if forward {
                    (*to, frames[*from].at.y + start - end)
                } else {
                    (*from, frames[*to].at.y + end - start)
                };
                wishes[card] = (wishes[card].0 + wish, wishes[card].1 + 1.0);
            }
            settle(frames, &order[column], &wishes);
        }
    }
}

/// Cards that move together: the sum of their wishes, its weight, and each card's offset.
type Pool = (f64, f64, Vec<(usize, f64)>);

/// The nearest points to the wishes that keep order and space (isotonic regression by pooling).
fn settle(frames: &mut [Frame], column: &[usize], wishes: &[(f64, f64)]) {
    let mut offset = 0.0;
    let mut pools: Vec<Pool> = Vec::new();
    for card in column {
        let (sum, count) = wishes[*card];
        let (wish, weight) = if count > 0.0 { (sum / count, count) } else { (frames[*card].at.y, 0.1) };
        let mut pool = ((wish - offset) * weight, weight, vec![(*card, offset)]);
        while let Some(above) = pools.pop_if(|above| above.0 / above.1 >= pool.0 / pool.1) {
            let mut cards = above.2;
            cards.append(&mut pool.2);
            pool = (above.0 + pool.0, above.1 + pool.1, cards);
        }
        pools.push(pool);
        offset += frames[*card].height + SPACE;
    }
    for (sum, weight, cards) in pools {
        for (card, offset) in cards {
            frames[card].at.y = (sum / weight + offset).round();
        }
    }
}

/// A card with its text in lines.
fn frame(graph: &Graph, columns: &[usize], at: usize) -> Frame {
    let card = &graph.cards[at];
    // A title is bold, and wider by a tenth.
    let title = wrap(&card.title, TITLE * 1.1, CARD - 2.0 * PAD, 2);
    let head = 34.0 + number(title.len()) * 20.0;
    let mut top = head + if card.rows.is_empty() { 0.0 } else { 4.0 };
    let mut rows = Vec::new();
    for row in &card.rows {
        let left = PAD + if row.key.is_some() { KEY } else { 0.0 };
        let room = CARD - left - PAD;
        let lines = wrap(&row.text, TEXT, room, if row.tone == Tone::Offer { 3 } else { 2 });
        let chip = match &row.target {
            Target::Here => None,
            Target::Words(words) => Some(words.clone()),
            Target::Card(to, _) if columns[*to] == columns[at] + 1 => None,
            Target::Card(to, _) => Some(graph.cards[*to].title.clone()),
        };
        let chip = chip.map(|words| {
            let words = wrap(&words, TEXT, CARD - 2.0 * PAD - 40.0, 1).concat();
            let first = lines.first().map_or(0.0, |line| width(line, TEXT));
            let own_line = lines.len() > 1 || first + width(&words, TEXT) + 44.0 > room;
            (words, own_line)
        });
        let count = lines.len() + usize::from(chip.as_ref().is_some_and(|(_, own_line)| *own_line));
        let height = number(count) * LINE + 2.0 * ROW_PAD;
        rows.push(RowFrame { top, height, lines, chip });
        top += height;
    }
    let height = top + if card.rows.is_empty() { 0.0 } else { 6.0 };
    Frame { column: columns[at], at: Point { x: 0.0, y: 0.0 }, width: CARD, height, head, title, rows }
}
