//! Numbers as people read them: four significant digits and a unit.

use dyno_model::Unit;

/// A number of a unit.
#[must_use]
pub fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Nanoseconds => duration(value),
        Unit::Bytes => bytes(value),
        Unit::BytesPerSecond => rate(value, true),
        Unit::ElementsPerSecond => rate(value, false),
        Unit::Ratio => format!("{:.2} %", value * 100.0),
        Unit::Count(_) | Unit::Checksum => amount(value),
    }
}

/// A number with four significant digits.
fn digits(value: f64) -> String {
    let whole = value.abs();
    match whole {
        _ if whole >= 1000.0 || value == 0.0 => format!("{value:.0}"),
        _ if whole >= 100.0 => format!("{value:.1}"),
        _ if whole >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

fn scaled(value: f64, base: f64, units: &[&str]) -> String {
    let mut scaled = value;
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    // What rounds up to the next unit is shown in it.
    while scaled.abs() >= base * 0.99995 {
        let Some(next) = units.next() else { break };
        scaled /= base;
        unit = next;
    }
    if unit.is_empty() {
        digits(scaled)
    } else {
        format!("{} {unit}", digits(scaled))
    }
}

/// A time in ns, as `12.34 µs`.
#[must_use]
pub fn duration(ns: f64) -> String {
    scaled(ns, 1000.0, &["ns", "µs", "ms", "s"])
}

/// Bytes, as `64.00 KiB`.
#[must_use]
pub fn bytes(bytes: f64) -> String {
    if bytes < 1024.0 {
        format!("{bytes:.0} B")
    } else {
        scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB"])
    }
}

/// A count, as `1.234 M`; exact below 10,000.
#[must_use]
pub fn amount(count: f64) -> String {
    if count < 10_000.0 && count.fract() == 0.0 {
        format!("{count:.0}")
    } else {
        scaled(count, 1000.0, &["", "k", "M", "G", "T"])
    }
}

/// Work a second, as `1.234 GB/s` or `12.3 M/s`: decimal units, as everybody quotes them.
#[must_use]
pub fn rate(per_second: f64, is_bytes: bool) -> String {
    let units: &[&str] = if is_bytes {
        &["B", "kB", "MB", "GB", "TB"]
    } else {
        &["elem", "Kelem", "Melem", "Gelem"]
    };
    format!("{}/s", scaled(per_second, 1000.0, units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_and_the_right_unit() {
        for (ns, shown) in [
            (0.0, "0 ns"),
            (0.25, "0.250 ns"),
            (7.25, "7.250 ns"),
            (999.96, "1.000 µs"),
            (12_345.0, "12.35 µs"),
            (123_456_789.0, "123.5 ms"),
            (61e9, "61.00 s"),
            (1e13, "10000 s"),
        ] {
            assert_eq!(duration(ns), shown);
        }
        assert_eq!(bytes(1000.0), "1000 B");
        assert_eq!(bytes(65536.0), "64.00 KiB");
        assert_eq!(amount(9999.0), "9999");
        assert_eq!(amount(1_234_567.0), "1.235 M");
        assert_eq!(rate(2.5e9, true), "2.500 GB/s");
        assert_eq!(rate(1500.0, false), "1.500 Kelem/s");
    }
}
