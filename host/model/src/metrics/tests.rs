use super::*;

/// If this fails, two places call a metric by different names, or one name means two metrics.
#[test]
fn every_metric_has_one_row_and_its_name_is_that_of_the_report() {
    for spec in METRICS {
        // The old name of a time has its unit behind it, so it is none of a metric by itself.
        let is_taken =
            |other: &MetricSpec| other.old_name == Some(spec.name) && other.unit != Nanoseconds;
        let names = |other: &&MetricSpec| other.name == spec.name || is_taken(other);
        assert_eq!(METRICS.iter().filter(names).count(), 1, "{}", spec.name);
        if let Some(metric) = spec.metric() {
            assert_eq!(metric.spec(), spec);
            assert_eq!(serde_json::to_value(metric).unwrap(), spec.name);
        }
    }
    let schema = serde_json::to_value(schemars::schema_for!(Metric)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    assert_eq!(variants.len(), Metric::all().count());
}

#[test]
fn a_gate_fails_by_growth_alone() {
    for metric in Metric::compared() {
        assert_eq!(metric.spec().better, Better::Less, "{metric:?}");
    }
}

#[test]
fn a_unit_is_found_by_its_name() {
    for spec in METRICS {
        assert_eq!(Unit::named(spec.unit.name()), Some(spec.unit));
    }
    assert_eq!(Unit::named("ms"), None);
}

/// If this fails, a metric is called, judged or shown as another one is.
#[test]
fn a_row_says_of_its_metric_what_the_others_do_not() {
    let spec = |name| MetricSpec::named(name).unwrap();
    for (name, title, short, noun) in [
        ("wall-time", "wall time", "wall", "wall time"),
        ("cpu-time", "CPU time", "CPU", "CPU time"),
        ("fuel", "fuel", "fuel", "fuel"),
        ("memory-peak", "memory peak", "memory", "memory"),
        (
            "rss-peak",
            "resident peak",
            "resident peak",
            "resident peak",
        ),
    ] {
        let spec = spec(name);
        assert_eq!((spec.title, spec.short, spec.noun()), (title, short, noun));
    }
    for (name, drawn, better, old_name) in [
        ("wall-time", Drawn::Sampled, Better::Less, Some("wall")),
        (
            "fuel",
            Drawn::Exact,
            Better::Less,
            Some("fuel_per_iteration"),
        ),
        ("cycles", Drawn::Sampled, Better::Less, None),
        (
            "memory-mean",
            Drawn::Once,
            Better::Less,
            Some("memory_bytes_mean"),
        ),
        (
            "undisturbed-share",
            Drawn::Sampled,
            Better::More,
            Some("undisturbed"),
        ),
        ("checksum", Drawn::Exact, Better::Neither, None),
    ] {
        let spec = spec(name);
        assert_eq!((spec.drawn, spec.better), (drawn, better), "{name}");
        assert_eq!(spec.old_name, old_name);
    }
    assert_eq!(spec("rss-peak").metric(), Some(Metric::RssPeak));
    for no_measurement in ["p50", "throughput-bytes", "checksum"] {
        assert_eq!(spec(no_measurement).metric(), None);
    }
    assert_eq!(MetricSpec::named("WallTime"), None);
}

/// If this fails, a gate is about what one machine in ten can count, or a time has two columns.
#[test]
fn times_and_what_is_counted_exactly_are_judged_and_other_changes_are_shown() {
    use Metric::{
        BranchMisses, CpuTime, Cycles, Fuel, InstantiateTime, Instructions, LoadTime, MemoryPeak,
        MemoryReleased, WallTime,
    };
    let judged: Vec<_> = Metric::judged().collect();
    assert_eq!(judged, [WallTime, CpuTime, Fuel, MemoryPeak]);
    let compared: Vec<_> = Metric::compared().collect();
    let of_processors = [Instructions, Cycles, BranchMisses];
    assert_eq!(compared[..3], judged[..3]);
    let others = [LoadTime, InstantiateTime, MemoryPeak];
    assert_eq!(compared[3..], [&of_processors[..], &others].concat());
    // Beside the time, which has a column of its own.
    let columns: Vec<_> = Metric::columns().collect();
    let counted = [&[Fuel], &of_processors[..], &[MemoryPeak]].concat();
    assert_eq!(columns, counted);
    assert_eq!(Metric::columns_of(|_| false), [Fuel, MemoryPeak]);
    assert_eq!(Metric::columns_of(|_| true), columns);
    let one = Metric::columns_of(|metric| matches!(metric, Cycles | WallTime | MemoryReleased));
    assert_eq!(one, [Fuel, Cycles, MemoryPeak]);
}

#[test]
fn an_estimate_has_the_unit_of_its_metric() {
    for (metric, unit) in [
        (Metric::FirstIteration, "ns"),
        (Metric::Fuel, "fuel"),
        (Metric::BranchMisses, "branch-misses"),
        (Metric::MemoryMean, "bytes"),
        (Metric::SpreadWithin, "ratio"),
    ] {
        assert_eq!(metric.unit(), unit);
    }
    let units = METRICS.iter().map(|spec| spec.unit.name());
    for unit in ["bytes/s", "elements/s", "hex"] {
        assert_eq!(units.clone().filter(|name| *name == unit).count(), 1);
    }
}
