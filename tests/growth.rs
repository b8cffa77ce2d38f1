//! What is counted grows as its user counts it: from nothing, and by pages.

use super::support::Bench;
use super::versions::change;

/// A program with a table of a hundred functions and so many pages of memory; with no page, without
/// either.
fn program(pages: u32) -> String {
    let memory = match pages {
        0 => String::new(),
        pages => format!(r#"(memory (export "memory") {pages}) (table 100 funcref)"#),
    };
    format!(r#"(module {memory} (func (export "_start") (nop)))"#)
}

/// If this fails, the tables that every component has make 9.99 % of a tenth, and a gate of 10 %
/// lets it pass.
#[test]
fn twenty_two_pages_after_twenty_are_ten_percent() {
    let bench = Bench::new();
    bench.write("it.wat", program(20));
    bench.run(["it.wat", "--save-baseline", "main"]).exits(0);
    bench.write("it.wat", program(22));
    bench
        .gate([
            "--baseline",
            "main",
            "--threshold",
            "900%",
            "--memory-threshold",
            "10%",
        ])
        .exits(6)
        .says("memory grew by 10.00 %, and 10.00 % is the limit");
    let memory = change(&bench.verdict(), "memory-peak").clone();
    assert_ne!(memory["base"].as_f64().unwrap() % 65_536.0, 0.0, "{memory}");
}

/// If this fails, what uses memory for the first time is shown as nothing, and passes.
#[test]
fn growth_from_nothing_is_shown_and_passes_no_gate() {
    let bench = Bench::new();
    bench.write("it.wat", program(0));
    bench.run(["it.wat", "--save-baseline", "main"]).exits(0);
    bench.write("it.wat", program(1));
    bench
        .gate([
            "--baseline",
            "main",
            "--threshold",
            "900%",
            "--memory-threshold",
            "900%",
        ])
        .exits(6)
        .says("memory grew from 0, and 900.00 % is the limit")
        .says("its memory was 0 before");
    let memory = change(&bench.verdict(), "memory-peak").clone();
    assert_eq!(memory["verdict"], "regressed");
    assert!(memory["ratio"].as_f64().unwrap() > 1e300, "{memory}");
    for format in ["json", "markdown", "html", "junit"] {
        bench
            .dyno(["report", "export", "--format", format])
            .exits(0);
    }
}
