//! The end-to-end tests: the real `dyno`, started as a process, over real components.
//!
//! `cargo test -p dyno-host --test e2e` runs them all; with a module's name behind it, that module.
//! Nothing here asserts on wall time: where a test has to wait for another process it polls for
//! what it waits for, with a deadline that only a hang can miss.

// Not unit tests, so clippy's exemption for `#[test]` does not reach the helpers; nobody links to a
// test binary; a test that cannot be made here says so on stderr; and a table is as long as it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::too_many_lines,
    missing_docs
)]

mod architecture;
mod attacks;
mod baselines;
mod bindings;
mod bindings_go;
mod budget;
mod builds;
mod checkouts;
mod choosing;
mod ci;
mod ci_comment;
mod ci_lint;
mod cli;
mod code_cache;
mod compare;
mod comparisons;
mod conditions;
mod confinement;
mod consumers;
mod contract;
mod cores;
mod counters;
mod criterion;
mod docs;
mod equal_work;
mod exit_codes;
mod fake_github;
mod faults;
mod folded;
mod gates;
mod given_name;
mod growth;
mod guards;
mod hermetic;
mod history;
mod hostile_reports;
mod hostile_server;
mod implausible;
mod matching;
mod new;
mod operands;
mod packaging;
mod peers;
mod peers_clients;
mod peers_hostile;
mod peers_index;
mod peers_signatures;
mod peers_support;
mod preview1;
mod profile;
mod programs;
mod proposals;
mod refused;
mod registries;
mod registry_server;
mod report;
mod requests;
mod resume;
mod run;
mod runners;
mod sandbox;
mod secrets;
mod sinks;
mod stages;
mod study;
mod support;
mod temporary;
mod toolchains;
mod versions;
mod vocabulary;
mod workers;
