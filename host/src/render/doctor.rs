//! What `doctor` says of a machine.

use std::io::{self, Write};
use std::path::PathBuf;

use super::{BOLD, DIM, GREEN, RED, YELLOW, duration, escape};
use crate::machine::{Clocks, Finding, Severity};
use crate::report::model::Machine;
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
    /// Where things are kept, by name.
    pub places: Vec<(&'static str, Option<PathBuf>)>,
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
    writeln!(out, "{BOLD}places{BOLD:#}")?;
    for (name, place) in &diagnosis.places {
        let place = place
            .as_ref()
            .map_or_else(|| "nowhere".into(), |path| path.display().to_string());
        writeln!(out, "  {name:<12} {}", escape(&place))?;
    }
    Ok(())
}
