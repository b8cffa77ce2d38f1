//! The `dyno` of this build, called as its user calls it, and the table that the benchmarks print.
//! Compiled code is kept in a directory of the benchmarks' own, so that no other run evicts it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use dyno_model::Run;
use dyno_stats as stats;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The guests of the benchmarks.
pub(crate) const GUESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/guest");

/// `dyno` with arguments, its stdout to be read.
pub(crate) fn dyno(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dyno"));
    command
        .args(args)
        .env(
            "DYNO_CACHE",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/benches-cache"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// Builds plugin directories.
pub(crate) fn build(dir: &str) -> Result<()> {
    match dyno(&["build", dir]).output()?.status {
        status if status.success() => Ok(()),
        status => Err(format!("dyno build {dir}: {status}").into()),
    }
}

/// The component of one of the benchmarks' guests.
pub(crate) fn guest(name: &str) -> Result<PathBuf> {
    let components = "../../../target/guests/wasm32-wasip2/release";
    let path = Path::new(GUESTS)
        .join(components)
        .join(name)
        .with_extension("wasm");
    path.canonicalize()
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// What `dyno` found. A failed case is data, whatever the exit code says.
pub(crate) fn run(args: &[&str]) -> Result<Run> {
    let output = dyno(args)
        .args(["--format", "json"])
        .stderr(Stdio::inherit())
        .output()?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("dyno {args:?} did not answer with a run: {error}").into())
}

/// One line of the table. None: the interval is too wide to tell.
pub(crate) fn figure(name: &str, value: &str, target: &str, met: impl Into<Option<bool>>) {
    let verdict = match met.into() {
        Some(true) => "met",
        Some(false) => "NOT MET",
        None => "unsure",
    };
    println!("{name:<44} {value:<30} {target:<14} {verdict}");
}

/// The most memory that a `dyno` had resident, its workers left out: what the kernel says of a
/// process that is gone includes its children, so it is asked while it lives. Only what
/// grows in its last millisecond escapes.
pub(crate) fn peak_mb(mut command: Command) -> Result<f64> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kb) = line.and_then(|line| line.split_whitespace().next()) {
            peak_kb = peak_kb.max(kb.parse()?);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(f64::from(peak_kb) * 1024.0 / 1e6)
}

/// The median of some values.
pub(crate) fn median(values: &[f64]) -> Result<f64> {
    stats::median(values).ok_or_else(|| "nothing was measured".into())
}
