//! What `doctor` says of a machine.

use std::io::{self, Write};
use std::path::PathBuf;

use super::{BOLD, DIM, GREEN, RED, YELLOW, duration, escape};
use crate::machine::{Clocks, Finding, Severity};
use crate::report::model::Machine;
use crate::stats;
use crate::worker::confine::LayerStatus;

/// Everything that doctor looked at.
#[derive(Debug)]
pub struct Diagnosis {
    /// What the machine is.
    pub machine: Machine,
    /// What confines workers on it.
    pub layers: Vec<LayerStatus>,
    /// What its clocks cost.
    pub clocks: Clocks,
    /// What makes it noisy.
    pub noise: Vec<Finding>,
    /// What comparisons can tell apart on it, if that was measured.
    pub resolution: Option<Resolution>,
    /// Where things are kept, by name.
    pub places: Vec<(&'static str, Option<PathBuf>)>,
}

/// What comparisons can tell apart: half widths of the intervals of no change at all, as shares, a case each.
#[derive(Debug)]
pub struct Resolution {
    /// Pairs of processes.
    pub blocks: u32,
    /// Of wall time.
    pub wall: Vec<f64>,
    /// Of CPU time.
    pub cpu: Vec<f64>,
}

/// Shows a diagnosis.
///
/// # Errors
/// If `out` cannot be written.
pub fn doctor(out: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let machine = &diagnosis.machine;
    writeln!(out, "{BOLD}machine{BOLD:#} {}", machine.fingerprint)?;
    for (name, fact) in &machine.facts {
        writeln!(out, "  {DIM}{name:<14}{DIM:#} {}", escape(fact))?;
    }
    writeln!(out, "{BOLD}confinement of workers{BOLD:#}")?;
    for layer in &diagnosis.layers {
        let (style, sign) = if layer.active {
            (GREEN, "✓")
        } else {
            (RED, "✗")
        };
        writeln!(
            out,
            "  {style}{sign}{style:#} {:<12} {DIM}{}{DIM:#}",
            layer.layer, layer.detail
        )?;
    }
    let clocks = &diagnosis.clocks;
    writeln!(out, "{BOLD}clocks{BOLD:#}")?;
    writeln!(
        out,
        "  wall {} a reading, steps of {}",
        duration(clocks.wall_cost_ns),
        duration(clocks.wall_step_ns as f64)
    )?;
    if let (Some(cost), Some(step)) = (clocks.cpu_cost_ns, clocks.cpu_step_ns) {
        writeln!(
            out,
            "  CPU  {} a reading, steps of {}",
            duration(cost),
            duration(step as f64)
        )?;
    }
    writeln!(out, "{BOLD}what makes it noisy{BOLD:#}")?;
    if diagnosis.noise.is_empty() {
        writeln!(out, "  {GREEN}✓{GREEN:#} nothing was found")?;
    }
    for finding in &diagnosis.noise {
        let (style, sign) = match finding.severity {
            Severity::Bad => (RED, "✗"),
            Severity::Warning => (YELLOW, "!"),
            Severity::Note => (DIM, "·"),
        };
        writeln!(
            out,
            "  {style}{sign}{style:#} {}: {}",
            finding.what,
            escape(&finding.fact)
        )?;
        writeln!(out, "    {DIM}{}{DIM:#}", finding.advice)?;
    }
    if let Some(resolution) = &diagnosis.resolution {
        show_resolution(out, resolution)?;
    }
    writeln!(out, "{BOLD}places{BOLD:#}")?;
    for (name, place) in &diagnosis.places {
        let place = place
            .as_ref()
            .map_or_else(|| "nowhere".into(), |path| path.display().to_string());
        writeln!(out, "  {name:<12} {}", escape(&place))?;
    }
    Ok(())
}

/// In the usual case, and in the worst of them.
fn show_resolution(out: &mut impl Write, resolution: &Resolution) -> io::Result<()> {
    let Resolution { blocks, wall, cpu } = resolution;
    let share = |value: f64| format!("±{:.1} %", value * 100.0);
    let usual = |widths: &[f64]| stats::median(widths).map_or("nothing".into(), share);
    let worst = |widths: &[f64]| {
        widths
            .iter()
            .copied()
            .reduce(f64::max)
            .map_or("nothing".into(), share)
    };
    writeln!(out, "{BOLD}what it can resolve{BOLD:#}")?;
    writeln!(
        out,
        "  {BOLD}{}{BOLD:#} wall, {BOLD}{}{BOLD:#} CPU at {blocks} blocks {DIM}in the usual case; {} and {} in the worst{DIM:#}",
        usual(wall),
        usual(cpu),
        worst(wall),
        worst(cpu)
    )?;
    let is_enough = stats::median(cpu).is_some_and(|width| width <= RESOLVES_GATE);
    let advice = match is_enough {
        true => "a gate at 10 % is within reach; fuel is exact whatever the noise is",
        false => {
            "too noisy for a gate at 10 %: see what makes it noisy above, run more blocks, or gate on fuel, which is exact"
        }
    };
    writeln!(out, "    {DIM}{advice}{DIM:#}")
}

/// A regression of 10 % is called one if its interval stays above 2 %: half of it is 4 % (METHOD.md), doubled blocks
/// make up for the rest.
const RESOLVES_GATE: f64 = 0.05;
