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
