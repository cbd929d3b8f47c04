//! Decimals as written, never floats.

/// A decimal number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    /// Below zero. Never set for zero itself.
    pub negative: bool,
    /// What stands before the point.
    pub whole: u64,
    /// The digits after the point without zeros at the end; at most [`Decimal::PLACES`].
    pub fraction: String,
}

impl Decimal {
    /// The most digits there may be after the point.
    pub const PLACES: usize = 12;

    /// Reads `-92.4125`; a comma may stand for the point. `None` when it is not a number or has too many digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        let decimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !decimal(whole) || !decimal(fraction) {
            return None;
        }
        let whole = whole.parse::<i64>().ok()?.unsigned_abs();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let negative = negative && (whole > 0 || !fraction.is_empty());
        (fraction.len() <= Self::PLACES).then_some(Self { negative, whole, fraction })
    }

    /// The whole number of a count.
    pub fn whole(number: i64) -> Self {
        Self { negative: number < 0, whole: number.unsigned_abs(), fraction: String::new() }
    }

    /// The hundredths, rounded half away from zero; `None` when that does not fit.
    pub fn hundredths(&self) -> Option<i64> {
        let digits = self.hundredths_down()?;
        let up = self.fraction.as_bytes().get(2).is_some_and(|digit| *digit >= b'5');
        let rounded = digits.checked_add(i64::from(up))?;
        Some(if self.negative { -rounded } else { rounded })
    }

    /// The hundredths of the absolute value that are whole.
    pub fn hundredths_down(&self) -> Option<i64> {
        let kept: String = self.fraction.chars().take(2).collect();
        let part = format!("{kept:0<2}").parse::<i64>().ok()?;
        i64::try_from(self.whole).ok()?.checked_mul(100)?.checked_add(part)
    }

    /// What is left after the hundredths, as digits: `15` of `1.2315`.
    pub fn after_hundredths(&self) -> &str {
        self.fraction.get(2..).unwrap_or_default()
    }

    /// The fraction as a number of `10^-places`; it fits because there are at most [`Decimal::PLACES`] digits.
    pub fn numerator(&self) -> u64 {
        self.fraction.parse().unwrap_or(0)
    }
}
