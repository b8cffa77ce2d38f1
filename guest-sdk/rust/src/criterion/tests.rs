//! What a bench file does to the facade, in a native build.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::async_executor::FuturesExecutor;
use super::measurement::{Measurement, WallTime};
use super::*;
use crate::host::{self, is_timed};
use crate::suite::{Case, Throughput as Rate};
use crate::test::BATCHES;

/// Lists the cases of one bench function.
fn list(bench: impl Fn(&mut Criterion)) -> Vec<Case> {
    session::list(&[&|| bench(&mut Criterion::default())])
}

/// Runs one case of a bench function, and returns the checksums of its batches.
fn run(bench: impl Fn(&mut Criterion), name: &str) -> Result<Vec<u64>, String> {
    host::drive(&BATCHES, || {
        session::run(&[&|| bench(&mut Criterion::default())], name)
    })
}

/// Generic, as bench files write it.
fn texts<M: Measurement>(group: &mut BenchmarkGroup<'_, M>, text: &str) {
    group.bench_with_input("len", text, |b, text| b.iter(|| text.len()));
}

fn sums(c: &mut Criterion<WallTime>) {
    c.bench_function("alone", |b| b.iter(|| 1 + 1));
    c.bench_with_input(BenchmarkId::new("input", 7), &7, |b, n| b.iter(|| n + 1));
    let mut group = c.benchmark_group("sum");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(1));
    group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
    for numbers in [10u64, 1000] {
        group.throughput(Throughput::Elements(numbers));
        let data: Vec<u64> = (0..numbers).collect();
        group.bench_with_input(BenchmarkId::new("iter", numbers), &data, |b, data| {
            b.iter(|| data.iter().sum::<u64>());
        });
        group.bench_function(BenchmarkId::from_parameter(numbers), |b| {
            b.iter(|| data.len())
        });
    }
    texts(&mut group, "text");
    group.finish();
}

criterion_group!(simple, sums);
criterion_group! {
    name = configured;
    config = Criterion::default().sample_size(10).with_filter("nothing").without_plots();
    targets = sums, sums,
}

/// If this fails, results cannot be found under the names that Criterion gave them.
#[test]
fn cases_are_named_as_criterion_prints_them() {
    let listed = list(sums);
    let names: Vec<&str> = listed.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "alone",
            "input/7",
            "sum/iter/10",
            "sum/10",
            "sum/iter/1000",
            "sum/1000",
            "sum/len"
        ]
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!((&listed[0].group, listed[0].params.len()), (&None, 0));
    assert_eq!(listed[1].group.as_deref(), Some("input"));
    assert_eq!(listed[1].params, [pair("parameter", "7")]);
    assert_eq!(
        listed[4],
        Case {
            name: "sum/iter/1000".into(),
            group: Some("sum".into()),
            params: vec![pair("function", "iter"), pair("parameter", "1000")],
            throughput: Some(Rate::Elements(1000)),
            ..Case::default()
        }
    );
}

/// The host would refuse a plugin whose names are not unique, or too long, or not printable.
#[test]
fn names_are_made_acceptable() {
    let names = |groups: session::Groups<'_>| -> Vec<String> {
        let listed = session::list(groups);
        listed.into_iter().map(|case| case.name).collect()
    };
    let listed = names(&[&simple, &configured]);
    assert_eq!(listed.len(), 21);
    assert_eq!((&*listed[7], &*listed[14]), ("alone #2", "alone #3"));

    let long = "é".repeat(200);
    let listed = list(|c| {
        c.benchmark_group("line\nbreak")
            .bench_function(BenchmarkId::new("f", &long), |b| b.iter(|| ()));
    });
    assert_eq!(
        listed[0].name,
        format!("line\\nbreak/f/{}...", "é".repeat(43))
    );
    assert_eq!(listed[0].group.as_deref(), Some("line\\nbreak"));
    assert_eq!(listed[0].params[1].1, format!("{}...", "é".repeat(30)));
}

#[test]
fn throughputs_are_in_the_units_of_the_contract() {
    let rate = |throughput: Throughput| {
        let listed = list(|c| {
            let mut group = c.benchmark_group("group");
            group.throughput(throughput.clone());
            group.bench_function("f", |b| b.iter(|| ()));
        });
        listed[0].throughput
    };
    assert_eq!(rate(Throughput::Bytes(8)), Some(Rate::Bytes(8)));
    assert_eq!(rate(Throughput::BytesDecimal(8)), Some(Rate::Bytes(8)));
    assert_eq!(rate(Throughput::Bits(8)), Some(Rate::Elements(8)));
    let both = Throughput::ElementsAndBytes {
        elements: 2,
        bytes: 8,
    };
    assert_eq!(rate(both), Some(Rate::Elements(2)));
}

/// If this fails, a case is measured together with others, or in a process that did their work.
#[test]
fn only_the_case_that_was_asked_for_runs() {
    let ran = RefCell::new(Vec::new());
    let bench = |c: &mut Criterion| {
        for name in ["a", "b", "c"] {
            c.bench_function(name, |b| {
                ran.borrow_mut().push(name);
                b.iter(|| ());
            });
        }
    };
    assert_eq!(run(bench, "b"), Ok(vec![0; BATCHES.len()]));
    assert_eq!(*ran.borrow(), ["b"; BATCHES.len()]);
    assert_eq!(list(bench).len(), 3);
    assert_eq!(ran.borrow().len(), BATCHES.len());
    assert_eq!(
        run(bench, "d"),
        Err("there is no case named \"d\"".to_owned())
    );
    // Without a host that asks for something, as in a unit test of the author's.
    bench(&mut Criterion::default());
    assert_eq!(ran.borrow().len(), BATCHES.len());
}

/// If this fails, the memory and the time of a case include what later groups prepare.
#[test]
fn nothing_is_prepared_after_the_case() {
    let prepared = Cell::new(0);
    let group = |name: &'static str| {
        let prepared = &prepared;
        move || {
            prepared.set(prepared.get() + 1);
            Criterion::default().bench_function(name, |b| b.iter(|| ()));
        }
    };
    let (first, second) = (group("first"), group("second"));
    let ended = host::drive(&BATCHES, || session::run(&[&first, &second], "first"));
    assert!(ended.is_ok());
    assert_eq!(prepared.get(), 1);

    thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });
    fn counted(c: &mut Criterion) {
        CALLS.set(CALLS.get() + 1);
        c.bench_function("case", |b| b.iter(|| ()));
    }
    criterion_group!(counting, counted, counted);
    let ended = host::drive(&BATCHES, || session::run(&[&counting], "case"));
    assert!(ended.is_ok());
    assert_eq!(CALLS.get(), 1);
}

/// If this fails, a routine that changes what it captured finds it as the batch before left it.
#[test]
fn what_a_closure_prepares_is_fresh_in_each_batch() {
    let most = Cell::new(0);
    let bench = |c: &mut Criterion| {
        c.bench_function("push", |b| {
            let mut pushed = Vec::new();
            b.iter(|| pushed.push(1));
            most.set(most.get().max(pushed.len() as u64));
        });
    };
    assert!(run(bench, "push").is_ok());
    assert_eq!(Some(most.get()), BATCHES.into_iter().max());
}

/// What happened, in order, each with whether the clock was running.
type Log = RefCell<Vec<(&'static str, bool)>>;

/// Notes that it was made or dropped.
struct Noting<'l>(&'l Log, &'static str);

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push((self.1, is_timed()));
    }
}

/// If this fails, a time contains what it should not, or lacks what it should contain, or is that
/// of another number of iterations.
#[test]
fn each_loop_times_what_criterion_times() {
    let asked = BATCHES.iter().sum::<u64>() as usize;
    let log = Log::default();
    let setup = || {
        log.borrow_mut().push(("setup", is_timed()));
        Noting(&log, "drop input")
    };
    let work = || {
        log.borrow_mut().push(("work", is_timed()));
        Noting(&log, "drop output")
    };
    let work_on = |input: Noting<'_>| {
        drop(input);
        work()
    };
    let work_in = |_: &mut Noting<'_>| work();
    // Per loop: whether setup, dropping the input and dropping the output are timed, where they
    // happen at all.
    let check = |case: &str, timed: &[(&'static str, bool)], f: &dyn Fn(&mut Bencher<'_>)| {
        log.borrow_mut().clear();
        let checksums = run(|c| _ = c.bench_function("case", f), "case");
        assert_eq!(checksums, Ok(vec![0; BATCHES.len()]), "{case}");
        for entry in timed.iter().chain(&[("work", true)]) {
            let times = log.borrow().iter().filter(|noted| *noted == entry).count();
            assert_eq!(times, asked, "{case}: {entry:?}");
        }
        assert_eq!(log.borrow().len(), asked * (timed.len() + 1), "{case}");
    };
    let plain = [("drop output", true)];
    let large_drop = [("drop output", false)];
    let owned = [
        ("setup", false),
        ("drop input", true),
        ("drop output", false),
    ];
    let lent = [
        ("setup", false),
        ("drop input", false),
        ("drop output", false),
    ];

    check("iter", &plain, &|b| b.iter(work));
    check("large drop", &large_drop, &|b| b.iter_with_large_drop(work));
    check("setup", &owned, &|b| b.iter_with_setup(setup, work_on));
    let run = || FuturesExecutor;
    check("async iter", &plain, &|b| {
        b.to_async(run()).iter(|| async { work() });
    });
    check("async large drop", &large_drop, &|b| {
        b.to_async(run()).iter_with_large_drop(|| async { work() });
    });
    for size in [
        BatchSize::SmallInput,
        BatchSize::LargeInput,
        BatchSize::PerIteration,
        BatchSize::NumBatches(3),
        BatchSize::NumIterations(4),
    ] {
        let name = format!("{size:?}");
        check(&name, &owned, &|b| b.iter_batched(setup, work_on, size));
        check(&name, &lent, &|b| b.iter_batched_ref(setup, work_in, size));
        check(&name, &owned, &|b| {
            b.to_async(run())
                .iter_batched(setup, |input| async { work_on(input) }, size);
        });
        check(&name, &lent, &|b| {
            let routine = |input: &mut Noting<'_>| std::future::ready(work_in(input));
            b.to_async(run()).iter_batched_ref(setup, routine, size);
        });
    }
}

/// A number of something else than what the file says would be worse than none.
#[test]
fn what_cannot_be_measured_fails_in_a_sentence() {
    let failure = |f: &dyn Fn(&mut Bencher<'_>)| {
        run(|c| _ = c.bench_function("case", f), "case").unwrap_err()
    };
    let custom = failure(&|b| b.iter_custom(Duration::from_nanos));
    assert!(custom.starts_with("`iter_custom` times itself"), "{custom}");
    let custom = failure(&|b| {
        b.to_async(FuturesExecutor)
            .iter_custom(|n| std::future::ready(Duration::from_nanos(n)));
    });
    assert!(custom.starts_with("`iter_custom` times itself"), "{custom}");
    assert_eq!(
        failure(&|_| ()),
        "the closure of the case never called `iter`"
    );
    let twice = failure(&|b| {
        b.iter(|| 1);
        b.iter(|| 2);
    });
    assert!(twice.contains("more than once"), "{twice}");
}

/// If this fails, `cargo test` of a plugin passes over cases that the host would fail.
#[test]
fn a_native_test_runs_every_case() {
    assert_eq!(session::test(&[&simple, &configured]), Ok(()));
    let failing = || {
        Criterion::default().bench_function("idle", |_| ());
    };
    assert_eq!(
        session::test(&[&failing]),
        Err("idle: the closure of the case never called `iter`".into())
    );
}
