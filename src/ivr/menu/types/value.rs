//! Where values come from and how they are compared.

use super::{HoursId, Name, QueueId, SwitchId};
use std::time::Duration;
/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `caller.level`, as the level's word.
    CallerLevel,
    /// `caller.is_blocked_number`, as the words `true` and `false`.
    CallerBlocked,
    /// `caller.profile`, as the profile's name; `none` without one.
    CallerProfile,
    /// `call.from`.
    CallFrom,
    /// `call.line`, as the line's name.
    CallLine,
    /// `answer.<name>`.
    Answer(Name),
    /// A kept answer of the bank or a field of it: `card`, `card.last4`.
    Kept(Name, Option<Name>),
    /// `queue.position` of the queue the caller waits in.
    QueuePosition,
    /// `queue.wait`, or `queue.<name>.wait`.
    QueueWait(Option<QueueId>),
    /// `item.<field>` within `say_each`.
    Item(Name),
    /// `switch.<name>`, as the words `true` and `false`.
    Switch(SwitchId),
    /// `hours.<name>`, as the words `open` and `closed`.
    Hours(HoursId),
    /// A word, number or length of time written in the menu.
    Literal(Literal),
}

/// A value written in the menu.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A word.
    Word(Name),
    /// A whole number.
    Number(i64),
    /// A length of time.
    Duration(Duration),
}

/// A condition. No arithmetic and no loops.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A yes-or-no source.
    Holds(Source),
    /// Two sources compared.
    Compare {
        /// Left.
        left: Source,
        /// How.
        how: Comparison,
        /// Right: one value, or for [`Comparison::In`] any of several.
        right: Vec<Source>,
    },
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// How two values are compared. An unknown value (a wait nobody can estimate) makes every comparison false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `<`
    Less,
    /// `>`
    Greater,
}
