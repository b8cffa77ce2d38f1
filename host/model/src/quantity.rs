//! How amounts are typed and shown: `256MiB`, `60s`, `2e11`.

use crate::LimitUnit;
use crate::limits::{GIB, KIB, MIB};

const BYTES: &[(&str, u64)] = &[
    ("GiB", GIB),
    ("MiB", MIB),
    ("KiB", KIB),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];
const MILLISECONDS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// There is no number in it.
    #[error("`{0}` is not a number")]
    Number(String),
    /// Its unit is unknown or missing.
    #[error("`{text}` needs a unit, one of {units}")]
    Unit {
        /// What was typed.
        text: String,
        /// What could be.
        units: String,
    },
    /// It is not a whole number that fits.
    #[error("`{0}` is out of range")]
    Range(String),
    /// A share without its percent sign could be a hundred times as much.
    #[error("`{text}` has no percent sign: write {instead}")]
    Bare {
        /// What was typed.
        text: String,
        /// What it can have meant.
        instead: String,
    },
    /// No threshold can be that.
    #[error("`{0}` is not a share: write a percentage above 0% and up to 1000%")]
    Share(String),
}

/// Reads an amount in the unit of a limit: bytes, milliseconds, or a plain number.
///
/// # Errors
/// If it has no number, an unknown unit, or is out of range.
pub fn parse(text: &str, unit: LimitUnit) -> Result<u64, QuantityError> {
    let text = text.trim();
    let shown = || text.escape_debug().to_string();
    let units = match unit {
        LimitUnit::Bytes => BYTES,
        LimitUnit::Milliseconds => MILLISECONDS,
        LimitUnit::Count => &[("", 1)],
    };
    let digits = text
        .find(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E'))
        .unwrap_or(text.len());
    let (number, suffix) = (text[..digits].trim(), text[digits..].trim());
    let number: f64 = number
        .replace('_', "")
        .parse()
        .map_err(|_| QuantityError::Number(shown()))?;
    let factor = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(suffix))
        .or_else(|| (number == 0.0 && suffix.is_empty()).then_some(&units[0]))
        .ok_or_else(|| QuantityError::Unit {
            text: shown(),
            units: units
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        })?
        .1;
    let amount = number * factor as f64;
    // 2^53: past it a floating-point number skips whole ones.
    if !(0.0..=9_007_199_254_740_992.0).contains(&amount) {
        return Err(QuantityError::Range(shown()));
    }
    Ok(amount.round() as u64)
}

/// The largest share that can be meant: what grows to eleven times its size is no longer a question
/// of shares.
const PERCENT_MAX: f64 = 1000.0;

/// Reads a share of something: `10%`. A bare number is none, since 10 and 0.1 are both written for
/// it.
///
/// # Errors
/// If it is not a percentage, or none that can be meant.
pub fn share(text: &str) -> Result<f64, QuantityError> {
    let text = text.trim();
    let shown = || text.escape_debug().to_string();
    let number = |digits: &str| {
        let number = digits.trim_end().parse::<f64>();
        number.map_err(|_| QuantityError::Number(shown()))
    };
    let can_be_meant = |percent: f64| percent > 0.0 && percent <= PERCENT_MAX;
    let Some(digits) = text.strip_suffix('%') else {
        let number = number(text)?;
        return Err(QuantityError::Bare {
            text: shown(),
            instead: match can_be_meant(number) {
                true if number <= 1.0 => format!("{}% or {number}%", show_percent(number)),
                true => format!("{number}%"),
                false => "10%".into(),
            },
        });
    };
    let percent = number(digits)?;
    match can_be_meant(percent) {
        true => Ok(percent / 100.0),
        false => Err(QuantityError::Share(shown())),
    }
}

/// The number of percent of a share, without what binary fractions leave behind it.
#[must_use]
pub fn show_percent(share: f64) -> String {
    format!("{}", (share * 1e8).round() / 1e6)
}

/// Shows an amount so that [`parse`] reads it back.
#[must_use]
pub fn show(amount: u64, unit: LimitUnit) -> String {
    let (units, base) = match unit {
        LimitUnit::Bytes => (BYTES, "B"),
        LimitUnit::Milliseconds => (&[("h", 3_600_000), ("min", 60_000), ("s", 1000)][..], "ms"),
        LimitUnit::Count if amount >= 1_000_000 => return format!("{amount:e}"),
        LimitUnit::Count => (&[][..], ""),
    };
    let whole = units
        .iter()
        .filter(|(name, _)| !matches!(*name, "GB" | "MB" | "kB"));
    match whole
        .into_iter()
        .find(|&&(_, factor)| amount != 0 && amount.is_multiple_of(factor))
    {
        Some((name, factor)) => format!("{}{name}", amount / factor),
        None => format!("{amount}{base}"),
    }
}

/// Shows an amount that is not less and easy to type: whole KiB, MiB or seconds, or two digits.
#[must_use]
pub fn round_up(amount: u64, unit: LimitUnit) -> String {
    let step = match unit {
        LimitUnit::Bytes => match amount {
            0..=MIB => KIB,
            _ => MIB,
        },
        LimitUnit::Milliseconds => 1000,
        LimitUnit::Count => 10_u64.pow(amount.max(10).ilog10() - 1),
    };
    show(amount.div_ceil(step).saturating_mul(step), unit)
}

#[cfg(test)]
mod tests;
