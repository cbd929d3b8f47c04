//! What a picture shows, before anybody decides where to draw it.

use crate::ivr::menu::Name;
use crate::model::Lang;

/// A menu as cards with rows; a row may lead to another card.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The language of the words.
    pub lang: Lang,
    /// Whose hotline.
    pub bank: String,
    /// The version of the menu.
    pub version: Name,
    /// The cards: called lines first, then menus, tasks and queues in the order of the files.
    pub cards: Vec<Card>,
    /// What holds everywhere: a cause and where it leads.
    pub everywhere: Vec<(String, String)>,
}

/// A place a caller may be in.
#[derive(Clone, Debug)]
pub struct Card {
    /// Unique among the cards; letters, digits and `_` alone.
    pub id: String,
    /// What it is.
    pub kind: CardKind,
    /// Its name in the menu files.
    pub name: Name,
    /// For people.
    pub title: String,
    /// What may happen there.
    pub rows: Vec<Row>,
}

/// What a card stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// Called numbers.
    Line,
    /// A menu of options.
    Menu,
    /// A task.
    Task,
    /// A queue of callers.
    Queue,
    /// A number outside.
    Outside,
}

/// One thing that may happen at a card.
#[derive(Clone, Debug)]
pub struct Row {
    /// The key that does it.
    pub key: Option<String>,
    /// The offer, the outcome or the condition.
    pub text: String,
    /// How loud it is drawn.
    pub tone: Tone,
    /// Where it leads.
    pub target: Target,
}

/// How loud a row is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What the caller is offered.
    Offer,
    /// An outcome, or simply what follows.
    Outcome,
    /// What the card does: asks, calls the bank. It leads nowhere.
    Does,
    /// Silence, wrong keys, failures.
    Trouble,
}

/// Where a row leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere: the card goes on.
    Here,
    /// To another card, by its index.
    Card(usize, Link),
    /// To something that is no card: the end of the call, back, once more.
    Words(String),
}

/// How a row leads to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// For good.
    Goes,
    /// And comes back.
    Calls,
}

impl Graph {
    /// The rows that lead to cards: card, row, card led to, and how.
    pub fn links(&self) -> impl Iterator<Item = (usize, usize, usize, Link)> {
        self.cards.iter().enumerate().flat_map(|(from, card)| {
            card.rows.iter().enumerate().filter_map(move |(at, row)| match row.target {
                Target::Card(to, link) => Some((from, at, to, link)),
                Target::Here | Target::Words(_) => None,
            })
        })
    }
}
