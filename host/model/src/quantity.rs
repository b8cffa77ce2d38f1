//! How amounts are typed and shown: `256MiB`, `60s`, `2e11`.

use crate::LimitUnit;

const BYTES: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
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
    let Some(digits) = text.strip_suffix('%') else {
        let number = number(text)?;
        return Err(QuantityError::Bare {
            text: shown(),
            instead: match number {
                number if number > 0.0 && number <= 1.0 => {
                    format!("{}% or {number}%", show_percent(number))
                }
                number if number > 1.0 && number <= PERCENT_MAX => format!("{number}%"),
                _ => "10%".into(),
            },
        });
    };
    let percent = number(digits)?;
    if percent > 0.0 && percent <= PERCENT_MAX {
        Ok(percent / 100.0)
    } else {
        Err(QuantityError::Share(shown()))
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
        LimitUnit::Bytes if amount > 1 << 20 => 1 << 20,
        LimitUnit::Bytes => 1 << 10,
        LimitUnit::Milliseconds => 1000,
        LimitUnit::Count => 10_u64.pow(amount.max(10).ilog10() - 1),
    };
    show(amount.div_ceil(step).saturating_mul(step), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_up_is_enough_and_short() {
        for (amount, unit, shown) in [
            (33_554_433, LimitUnit::Bytes, "33MiB"),
            (1 << 28, LimitUnit::Bytes, "256MiB"),
            (100, LimitUnit::Bytes, "1KiB"),
            (60_001, LimitUnit::Milliseconds, "61s"),
            (123_456_789, LimitUnit::Count, "1.3e8"),
            (400_000_000_000, LimitUnit::Count, "4e11"),
            (65, LimitUnit::Count, "65"),
            (0, LimitUnit::Count, "0"),
            (u64::MAX, LimitUnit::Milliseconds, "18446744073709551615ms"),
        ] {
            assert_eq!(round_up(amount, unit), shown);
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for unit in [LimitUnit::Bytes, LimitUnit::Milliseconds, LimitUnit::Count] {
            for amount in [0, 1, 999, 1024, 60_000, 90_000, 1 << 20, 200_000_000_000] {
                assert_eq!(
                    parse(&show(amount, unit), unit),
                    Ok(amount),
                    "{}",
                    show(amount, unit)
                );
            }
        }
        assert_eq!(show(256 << 20, LimitUnit::Bytes), "256MiB");
        assert_eq!(show(60_000, LimitUnit::Milliseconds), "1min");
        assert_eq!(show(200_000_000_000, LimitUnit::Count), "2e11");
        assert_eq!(show(1_234_567, LimitUnit::Count), "1.234567e6");
    }

    /// If this fails, `--threshold 10` is ten times as much, and a gate passes whatever happens.
    #[test]
    fn a_share_has_a_percent_sign_and_can_be_meant() {
        assert_eq!(share("10%"), Ok(0.1));
        assert_eq!(share(" 0.5 % "), Ok(0.005));
        assert_eq!(share("1000%"), Ok(10.0));
        let refused = |text: &str| share(text).unwrap_err().to_string();
        for (bare, instead) in [
            ("10", "10%"),
            ("0.1", "10% or 0.1%"),
            ("0.07", "7% or 0.07%"),
            ("1", "100% or 1%"),
            ("500", "500%"),
            ("1000", "1000%"),
            ("1001", "10%"),
            ("0", "10%"),
            ("-5", "10%"),
            ("1e9", "10%"),
        ] {
            let expected = format!("`{bare}` has no percent sign: write {instead}");
            assert_eq!(refused(bare), expected);
        }
        for bad in ["0%", "-1%", "1001%", "inf%", "nan%", "1e9%"] {
            assert!(refused(bad).contains("above 0%"), "{bad}");
        }
        for bad in ["", "%", "x%", "ten", "10 percent"] {
            assert!(refused(bad).contains("is not a number"), "{bad}");
        }
    }

    #[test]
    fn people_type_it_in_many_ways_and_some_are_wrong() {
        assert_eq!(parse("2e11", LimitUnit::Count), Ok(200_000_000_000));
        assert_eq!(parse("1.5 gib", LimitUnit::Bytes), Ok(3 << 29));
        assert_eq!(parse("500ms", LimitUnit::Milliseconds), Ok(500));
        assert!(matches!(
            parse("64", LimitUnit::Bytes),
            Err(QuantityError::Unit { .. })
        ));
        assert!(matches!(
            parse("64 parsecs", LimitUnit::Bytes),
            Err(QuantityError::Unit { .. })
        ));
        assert!(matches!(
            parse("", LimitUnit::Count),
            Err(QuantityError::Number(_))
        ));
        for bad in ["-1", "1e300", "nan", "inf"] {
            assert!(parse(bad, LimitUnit::Count).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_largest_amount_is_the_last_that_a_floating_point_number_counts() {
        assert_eq!(parse("9007199254740992", LimitUnit::Count), Ok(1 << 53));
        assert!(parse("9007199254740994", LimitUnit::Count).is_err());
        assert_eq!(parse("0", LimitUnit::Bytes), Ok(0));
        assert_eq!(parse("1_000 kB", LimitUnit::Bytes), Ok(1_000_000));
        assert_eq!(parse("2E3", LimitUnit::Count), Ok(2000));
    }

    #[test]
    fn amounts_are_shown_in_the_largest_unit_that_is_whole() {
        for (amount, unit, shown) in [
            (999_999, LimitUnit::Count, "999999"),
            (1_000_000, LimitUnit::Count, "1e6"),
            (1_000_000, LimitUnit::Bytes, "1000000B"),
            (3 << 30, LimitUnit::Bytes, "3GiB"),
            (0, LimitUnit::Bytes, "0B"),
            (90_000, LimitUnit::Milliseconds, "90s"),
            (7_200_000, LimitUnit::Milliseconds, "2h"),
            (1500, LimitUnit::Milliseconds, "1500ms"),
        ] {
            assert_eq!(show(amount, unit), shown);
        }
        // A MiB is still told in KiB; one byte more is two of them.
        assert_eq!(round_up(1 << 20, LimitUnit::Bytes), "1MiB");
        assert_eq!(round_up((1 << 20) - 1023, LimitUnit::Bytes), "1MiB");
        assert_eq!(round_up((1 << 20) - 1024, LimitUnit::Bytes), "1023KiB");
        assert_eq!(round_up((1 << 20) + 1, LimitUnit::Bytes), "2MiB");
        assert_eq!(show_percent(0.07), "7");
        assert_eq!(show_percent(0.12345678), "12.345678");
    }
}
