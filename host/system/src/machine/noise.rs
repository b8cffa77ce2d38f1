//! What makes this machine noisy at the moment, and what to do about it.

use std::path::Path;

use super::tree::Tree;
use super::{Facts, cpu, facts, quota};

/// How much a finding bears on a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Results of this moment are not worth much.
    Bad,
    /// Results spread more than they must.
    Warning,
    /// Nothing to repair; it explains a spread.
    Note,
}

/// One cause of noise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about: a word or two.
    pub what: &'static str,
    /// What was found.
    pub fact: String,
    /// What to do about it, or what to expect.
    pub advice: &'static str,
}

/// More than this share of time taken by other virtual machines shows in every sample: METHOD.md
/// wants to resolve 2 %.
const STEAL_SHARE_MAX: f64 = 0.02;

/// The findings, the worst first. `wait` lets some time pass, so that counters can move.
pub(super) fn findings(root: &Path, wait: impl FnOnce()) -> Vec<Finding> {
    let tree = Tree { root };
    let facts = Facts::read(root);
    let before = Counters::read(tree);
    wait();
    let after = Counters::read(tree);
    let mut found: Vec<Finding> = [
        load(tree, &facts),
        steal(&before, &after),
        throttling(&before, &after),
        governor(&facts),
        turbo(&facts),
        smt(&facts),
        one_core(&facts),
        quota(tree),
        clock_source(&facts),
        swap(tree),
        battery(tree),
        hypervisor(&facts),
        container(&facts),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.sort_by_key(|finding| finding.severity);
    found
}

/// What has to be watched for a while.
#[derive(Debug, Default)]
struct Counters {
    total_ticks: u64,
    steal_ticks: u64,
    throttled: u64,
}

impl Counters {
    /// `cpu user nice system idle iowait irq softirq steal guest guest_nice` (proc(5)); guest time
    /// is contained in user time.
    fn read(tree: Tree<'_>) -> Self {
        let stat = tree.text("proc/stat").unwrap_or_default();
        let ticks: Vec<u64> = stat
            .lines()
            .find_map(|line| line.strip_prefix("cpu "))
            .unwrap_or_default()
            .split_whitespace()
            .take(8)
            .map_while(|word| word.parse().ok())
            .collect();
        Self {
            total_ticks: ticks
                .iter()
                .fold(0, |sum, ticks| sum.saturating_add(*ticks)),
            steal_ticks: ticks.get(7).copied().unwrap_or(0),
            throttled: cpu::throttled(tree).unwrap_or(0),
        }
    }
}

fn load(tree: Tree<'_>, facts: &Facts) -> Option<Finding> {
    let text = tree.text("proc/loadavg")?;
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    let cores: f64 = facts.get("cores")?.parse().ok()?;
    // A run needs a core for the worker and a little for the supervisor. With every core taken by
    // others, the worker has to share; with one core free it only shares caches and frequency.
    let severity = if load >= cores {
        Severity::Bad
    } else if load > cores - 1.0 || load > cores / 2.0 {
        Severity::Warning
    } else {
        return None;
    };
    (load.is_finite() && load >= 0.5).then(|| Finding {
        severity,
        what: "load",
        fact: format!("the load of the last minute is {load} on {cores} cores"),
        advice: "end other programs, or wait until they have ended",
    })
}

fn steal(before: &Counters, after: &Counters) -> Option<Finding> {
    let total = after
        .total_ticks
        .checked_sub(before.total_ticks)
        .filter(|ticks| *ticks > 0)?;
    let stolen = after.steal_ticks.checked_sub(before.steal_ticks)?;
    let share = stolen as f64 / total as f64;
    (share > STEAL_SHARE_MAX).then(|| Finding {
        severity: Severity::Bad,
        what: "steal",
        fact: format!("other virtual machines took {:.0} % of the CPU time", share * 100.0),
        advice: "trust CPU time more than wall time, use more blocks (--thorough), or a quieter host",
    })
}

fn throttling(before: &Counters, after: &Counters) -> Option<Finding> {
    (after.throttled > before.throttled).then(|| Finding {
        severity: Severity::Bad,
        what: "heat",
        fact: "cores are being slowed down by heat".to_owned(),
        advice: "let the machine cool down, or limit its frequency",
    })
}

fn governor(facts: &Facts) -> Option<Finding> {
    let governor = facts
        .get("governor")
        .filter(|governor| *governor != "performance")?;
    Some(Finding {
        severity: Severity::Warning,
        what: "governor",
        fact: format!("the frequency governor is {governor}"),
        advice: "set it: sudo cpupower frequency-set -g performance",
    })
}

fn turbo(facts: &Facts) -> Option<Finding> {
    facts
        .get("turbo")
        .filter(|turbo| *turbo == "on")
        .map(|_| Finding {
            severity: Severity::Warning,
            what: "turbo",
            fact: "cores clock above their base frequency while heat and load allow it".to_owned(),
            advice: "switch it off: write 1 to /sys/devices/system/cpu/intel_pstate/no_turbo, \
                 or 0 to /sys/devices/system/cpu/cpufreq/boost",
        })
}

fn smt(facts: &Facts) -> Option<Finding> {
    facts
        .get("smt")
        .filter(|smt| *smt == "on")
        .map(|_| Finding {
            severity: Severity::Warning,
            what: "smt",
            fact: "a core runs two threads, which take speed from each other".to_owned(),
            advice: "switch it off: echo off | sudo tee /sys/devices/system/cpu/smt/control",
        })
}

fn one_core(facts: &Facts) -> Option<Finding> {
    facts
        .get("cores")
        .filter(|cores| *cores == "1")
        .map(|_| Finding {
            severity: Severity::Warning,
            what: "cores",
            fact: "there is one core, so everything else runs on the worker's".to_owned(),
            advice: "give the machine a second core",
        })
}

fn quota(tree: Tree<'_>) -> Option<Finding> {
    let cores = quota::cores(tree)?;
    // The worker takes one whole core, the supervisor a little. Below that the kernel stops both
    // for the rest of each period, tens of milliseconds at a time.
    let severity = if cores < 1.25 {
        Severity::Bad
    } else {
        Severity::Note
    };
    Some(Finding {
        severity,
        what: "quota",
        fact: format!("the control group may use {cores:.2} cores"),
        advice: "raise the quota above 1.25 cores, so that no sample is interrupted by it",
    })
}

fn clock_source(facts: &Facts) -> Option<Finding> {
    // Those that are read without a system call: of x86, its virtual machines, and Arm.
    const FAST: [&str; 5] = [
        "tsc",
        "kvm-clock",
        "hyperv_clocksource_tsc_page",
        "arch_sys_counter",
        "riscv_clocksource",
    ];
    let source = facts
        .get("clock_source")
        .filter(|source| !FAST.contains(source))?;
    Some(Finding {
        severity: Severity::Warning,
        what: "clock",
        fact: format!("the clock source is {source}, which is slow to read"),
        advice: "find out why the kernel gave up the tsc: dmesg | grep -i -e tsc -e clocksource",
    })
}

fn swap(tree: Tree<'_>) -> Option<Finding> {
    let total = facts::kibibytes(tree, "SwapTotal")?;
    let used = total.checked_sub(facts::kibibytes(tree, "SwapFree")?)?;
    (used > 0).then(|| Finding {
        severity: Severity::Note,
        what: "swap",
        fact: format!("{} MiB are swapped out", used.div_ceil(1024)),
        advice: "expect slow first iterations; free memory if the number grows",
    })
}

fn battery(tree: Tree<'_>) -> Option<Finding> {
    const SUPPLIES: &str = "sys/class/power_supply";
    let is = |name: &str, file: &str, text: &str| {
        tree.text(&format!("{SUPPLIES}/{name}/{file}")).as_deref() == Some(text)
    };
    let discharging =
        |name: &String| is(name, "type", "Battery") && is(name, "status", "Discharging");
    tree.names(SUPPLIES)
        .iter()
        .any(discharging)
        .then(|| Finding {
            severity: Severity::Warning,
            what: "battery",
            fact: "the machine runs on its battery".to_owned(),
            advice: "plug it in: firmware saves power otherwise",
        })
}

fn hypervisor(facts: &Facts) -> Option<Finding> {
    let name = facts.get("hypervisor").filter(|name| *name != "none")?;
    Some(Finding {
        severity: Severity::Note,
        what: "virtual machine",
        fact: format!("this is a virtual machine ({name})"),
        advice: "neighbours cannot be seen from inside: compare within one run, not between days",
    })
}

fn container(facts: &Facts) -> Option<Finding> {
    let kind = facts.get("container").filter(|kind| *kind != "none")?;
    let is_nested = kind.contains(" in ");
    Some(Finding {
        severity: Severity::Note,
        what: "container",
        fact: match is_nested {
            true => format!("this is a container within a container ({kind})"),
            false => format!("this is a container ({kind})"),
        },
        advice: match is_nested {
            true => "quotas and neighbours of the outer one are hidden: compare within one run",
            false => "load and other facts may be those of the host, or hidden",
        },
    })
}

#[cfg(test)]
mod tests;
