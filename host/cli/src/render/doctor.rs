//! What `doctor` says of a machine.

use std::io::{self, Write};
use std::path::PathBuf;

use super::{BOLD, DIM, GREEN, RED, Sink, YELLOW};
use dyno_analysis::study::Resolution;
use dyno_model::Machine;
use dyno_stats::Rate;
use dyno_system::confine::{KernelLayer, LayerStatus};
use dyno_system::machine::{Clocks, Finding, Severity};
use dyno_wording::{duration, escape};

/// Everything that doctor looked at.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    /// What the machine is.
    pub machine: Machine,
    /// What confines workers on it.
    pub layers: Vec<LayerStatus>,
    /// Which of it the user requires.
    pub required: Vec<KernelLayer>,
    /// What its clocks cost.
    pub clocks: Clocks,
    /// What makes it noisy.
    pub noise: Vec<Finding>,
    /// What comparisons can tell apart on it, if that was measured.
    pub resolution: Option<Resolution>,
    /// The runs that it can be drawn from again, in the report.
    pub recorded: Vec<String>,
    /// Where things are kept, by name.
    pub places: Vec<(&'static str, Option<PathBuf>)>,
}

/// Shows a diagnosis.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn doctor(out: &mut Sink<impl Write>, diagnosis: &Diagnosis) -> io::Result<()> {
    let machine = &diagnosis.machine;
    writeln!(out, "{BOLD}machine{BOLD:#} {}", machine.fingerprint)?;
    for (name, fact) in &machine.facts {
        writeln!(out, "  {DIM}{name:<14}{DIM:#} {}", escape(fact))?;
    }
    writeln!(out, "{BOLD}confinement of workers{BOLD:#}")?;
    for layer in &diagnosis.layers {
        show_layer(out, layer, &diagnosis.required)?;
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
        show_resolution(out, resolution, &diagnosis.recorded)?;
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

/// A layer, and what is lost where it is not.
fn show_layer(
    out: &mut impl Write,
    layer: &LayerStatus,
    required: &[KernelLayer],
) -> io::Result<()> {
    let known = |one: &&KernelLayer| one.name() == layer.layer;
    let (style, sign) = match layer.active {
        true => (GREEN, "✓"),
        false => (RED, "✗"),
    };
    let demand = match required.iter().any(|one| known(&one)) {
        true => "required; ",
        false => "",
    };
    writeln!(
        out,
        "  {style}{sign}{style:#} {:<12} {DIM}{demand}{}{DIM:#}",
        layer.layer, layer.detail
    )?;
    match KernelLayer::ALL.iter().find(known) {
        Some(lost) if !layer.active => {
            writeln!(out, "    {DIM}without it, {}{DIM:#}", lost.without())
        }
        _ => Ok(()),
    }
}

/// In the usual case and in the worst, each rate with its interval.
fn show_resolution(
    out: &mut Sink<impl Write>,
    resolution: &Resolution,
    recorded: &[String],
) -> io::Result<()> {
    let Resolution {
        sessions,
        blocks,
        wall,
        cpu,
        gated,
        changed,
    } = resolution;
    writeln!(
        out,
        "{BOLD}what it can resolve{BOLD:#} {DIM}{} comparisons of no change at {blocks} blocks, in {sessions} independent sessions{DIM:#}",
        gated.of
    )?;
    for (name, widths) in [("wall", wall), ("CPU ", cpu)] {
        let [lower, upper] = widths.interval.map(percent);
        writeln!(
            out,
            "  {name} {BOLD}±{}{BOLD:#} in the usual case {DIM}(95 % interval {lower} to {upper}){DIM:#}, {BOLD}±{}{BOLD:#} in the worst",
            percent(widths.usual),
            percent(widths.worst)
        )?;
    }
    writeln!(out, "  narrow enough for a gate at 10 %: {}", rate(gated))?;
    writeln!(
        out,
        "  called a change, though there was none: {}",
        rate(changed)
    )?;
    let advice = match (
        resolution.is_always_enough(),
        resolution.is_usually_enough(),
    ) {
        (true, _) => {
            "a gate at 10 % is within reach, in the worst case as well; fuel is exact whatever the noise is"
        }
        (false, true) => {
            "a gate at 10 % is within reach in the usual case, and not in the worst: run more blocks, or gate on fuel, which is exact"
        }
        (false, false) => {
            "too noisy for a gate at 10 %: see what makes it noisy above, run more blocks, or gate on fuel, which is exact"
        }
    };
    writeln!(out, "    {DIM}{advice}{DIM:#}")?;
    if !recorded.is_empty() {
        writeln!(
            out,
            "    {DIM}recorded, to be drawn again: dyno report show {}{DIM:#}",
            recorded.join(", ")
        )?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `17 of 18, 94.4 % (90 % interval 76.2 % to 99.7 %)`.
fn rate(rate: &Rate) -> String {
    format!(
        "{} of {}, {} {DIM}(90 % interval {} to {}){DIM:#}",
        rate.count,
        rate.of,
        percent(rate.share()),
        percent(rate.lower),
        percent(rate.upper)
    )
}
