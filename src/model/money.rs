//! Money as an integer of minor units, never a float.

use std::fmt;

/// A currency the hotline can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// Russian rouble.
    Rub,
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
    /// Chinese yuan.
    Cny,
}

impl Currency {
    /// Every currency there is.
    pub const ALL: [Self; 4] = [Self::Rub, Self::Usd, Self::Eur, Self::Cny];

    /// The ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rub => "RUB",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Cny => "CNY",
        }
    }

    /// The currency of an ISO 4217 code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

/// An amount: minor units (kopecks, cents) of a currency, negative for a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Hundredths of the currency's unit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an amount: {text:?}; write it as 15230.50 RUB")]
pub struct MoneyError {
    /// The text as given.
    pub text: String,
}

impl Money {
    /// An amount of `minor` hundredths.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads `15230.50 RUB`, `1 RUB`, `-0.05 EUR`: at most two decimals after a point.
    ///
    /// # Errors
    /// When the text is not of that form or does not fit.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let error = || MoneyError { text: text.to_owned() };
        let (amount, code) = text.trim().rsplit_once(' ').ok_or_else(error)?;
        let currency = Currency::from_code(code).ok_or_else(error)?;
        Ok(Self { minor: Self::parse_minor(amount).ok_or_else(error)?, currency })
    }

    /// Reads `15230.50` as minor units; `None` when it is not a number with at most two decimals.
    #[must_use]
    pub fn parse_minor(amount: &str) -> Option<i64> {
        let amount = amount.trim();
        let (negative, amount) = match amount.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, amount),
        };
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
        let decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 2 || !decimal(whole) || !decimal(fraction) {
            return None;
        }
        let hundredths = format!("{fraction:0<2}").parse::<i64>().ok()?;
        let minor = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(hundredths)?;
        Some(if negative { -minor } else { minor })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(f, "{sign}{}.{:02} {}", minor / 100, minor % 100, self.currency.code())
    }
}
