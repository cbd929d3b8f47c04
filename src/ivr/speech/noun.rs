//! The things that are counted.

/// A noun that a number can stand before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Noun {
    /// секунда, second.
    Second,
    /// минута, minute.
    Minute,
    /// час, hour.
    Hour,
    /// день, day.
    Day,
    /// неделя, week.
    Week,
    /// месяц, month.
    Month,
    /// год, year.
    Year,
    /// операция, operation.
    Operation,
    /// звонок, call: in the queue the call is counted, so that the caller's gender never matters.
    Caller,
    /// попытка, attempt.
    Attempt,
    /// карта, card.
    Card,
    /// процент, percent.
    Percent,
    /// рубль, ruble.
    Ruble,
    /// копейка, kopeck.
    Kopeck,
    /// доллар, dollar.
    Dollar,
    /// цент, cent.
    Cent,
    /// евро, euro.
    Euro,
    /// юань, yuan.
    Yuan,
    /// фэнь, fen.
    Fen,
}

impl Noun {
    /// Every noun there is.
    pub const ALL: [Self; 19] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Year,
        Self::Operation,
        Self::Caller,
        Self::Attempt,
        Self::Card,
        Self::Percent,
        Self::Ruble,
        Self::Kopeck,
        Self::Dollar,
        Self::Cent,
        Self::Euro,
        Self::Yuan,
        Self::Fen,
    ];

    /// The name in formats, as in `count:minute`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Operation => "operation",
            Self::Caller => "caller",
            Self::Attempt => "attempt",
            Self::Card => "card",
            Self::Percent => "percent",
            Self::Ruble => "ruble",
            Self::Kopeck => "kopeck",
            Self::Dollar => "dollar",
            Self::Cent => "cent",
            Self::Euro => "euro",
            Self::Yuan => "yuan",
            Self::Fen => "fen",
        }
    }

    /// The noun of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|noun| noun.name() == name)
    }

    /// The seconds in one of it, when it is a length of time that has a fixed one.
    #[must_use]
    pub const fn seconds(self) -> Option<u64> {
        match self {
            Self::Second => Some(1),
            Self::Minute => Some(60),
            Self::Hour => Some(3_600),
            Self::Day => Some(86_400),
            Self::Week => Some(604_800),
            _ => None,
        }
    }
}
