use crate::machine::facts::tests::tree;

use super::*;

/// What is found, when `later` is what the files hold after the wait.
fn found(files: &[(&str, &str)], later: &[(&str, &str)]) -> Vec<Finding> {
    let root = tree(files);
    findings(root.path(), || {
        for (path, text) in later {
            std::fs::write(root.path().join(path), text).unwrap();
        }
    })
}

fn whats(files: &[(&str, &str)]) -> Vec<(Severity, &'static str)> {
    found(files, &[])
        .into_iter()
        .map(|finding| (finding.severity, finding.what))
        .collect()
}

const CPU: &str = "sys/devices/system/cpu";

#[test]
fn a_quiet_machine_has_no_findings() {
    let quiet = [
        (
            "proc/cpuinfo",
            "processor : 0\nmodel name : x\nflags : fpu\n",
        ),
        ("proc/loadavg", "0.05 0.1 0.2 1/100 99\n"),
        (
            "proc/meminfo",
            "MemTotal: 1000 kB\nSwapTotal: 10 kB\nSwapFree: 10 kB\n",
        ),
        ("sys/devices/system/cpu/online", "0-3"),
        ("sys/devices/system/cpu/smt/active", "0"),
        ("sys/devices/system/cpu/cpufreq/boost", "0"),
        (
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
            "performance",
        ),
        (
            "sys/devices/system/clocksource/clocksource0/current_clocksource",
            "tsc",
        ),
        ("sys/class/power_supply/BAT0/type", "Battery"),
        ("sys/class/power_supply/BAT0/status", "Full"),
    ];
    assert_eq!(found(&quiet, &[]), []);
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn each_cause_is_found() {
    type Files = &'static [(&'static str, &'static str)];
    let causes: &[(Files, Severity, &str)] = &[
        (
            &[
                ("proc/loadavg", "1.4 0 0"),
                ("sys/devices/system/cpu/online", "0-1"),
            ],
            Severity::Warning,
            "load",
        ),
        (
            &[
                ("proc/loadavg", "2.0 0 0"),
                ("sys/devices/system/cpu/online", "0-1"),
            ],
            Severity::Bad,
            "load",
        ),
        (
            &[("sys/devices/system/cpu/online", "0")],
            Severity::Warning,
            "cores",
        ),
        (
            &[("sys/devices/system/cpu/smt/active", "1")],
            Severity::Warning,
            "smt",
        ),
        (
            &[("sys/devices/system/cpu/intel_pstate/no_turbo", "0")],
            Severity::Warning,
            "turbo",
        ),
        (
            &[(
                "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
                "schedutil",
            )],
            Severity::Warning,
            "governor",
        ),
        (
            &[
                ("proc/self/cgroup", "0::/"),
                ("sys/fs/cgroup/cpu.max", "100000 100000"),
            ],
            Severity::Bad,
            "quota",
        ),
        (
            &[
                ("proc/self/cgroup", "0::/"),
                ("sys/fs/cgroup/cpu.max", "200000 100000"),
            ],
            Severity::Note,
            "quota",
        ),
        (
            &[(
                "sys/devices/system/clocksource/clocksource0/current_clocksource",
                "acpi_pm",
            )],
            Severity::Warning,
            "clock",
        ),
        (
            &[("proc/meminfo", "SwapTotal: 2048 kB\nSwapFree: 1024 kB")],
            Severity::Note,
            "swap",
        ),
        (
            &[
                ("sys/class/power_supply/BAT0/type", "Battery"),
                ("sys/class/power_supply/BAT0/status", "Discharging"),
            ],
            Severity::Warning,
            "battery",
        ),
        (
            &[("proc/cpuinfo", "flags : hypervisor")],
            Severity::Note,
            "virtual machine",
        ),
        (&[(".dockerenv", "")], Severity::Note, "container"),
    ];
    for (files, severity, what) in causes {
        // A tree without cores takes the number of this machine's, which may be one.
        let files = [&[("sys/devices/system/cpu/online", "0-7")], *files].concat();
        assert_eq!(whats(&files), [(*severity, *what)], "{what}");
    }
}

#[test]
fn stolen_time_is_that_of_the_interval() {
    let before = [(
        "proc/stat",
        "cpu  1000 0 0 9000 0 0 0 5000 0 0\ncpu0 1 2 3\n",
    )];
    let later = |text| found(&before, &[("proc/stat", text)]);
    let of = |found: &[Finding]| {
        found
            .iter()
            .find(|f| f.what == "steal")
            .map(|f| f.fact.clone())
    };
    assert_eq!(
        of(&later("cpu  1010 0 0 9080 0 0 0 5010 0 0\n")),
        Some("other virtual machines took 10 % of the CPU time".to_owned())
    );
    assert_eq!(
        of(&later("cpu  1010 0 0 9089 0 0 0 5001 0 0\n")),
        None,
        "1 % is not much"
    );
    assert_eq!(
        of(&later("cpu  1000 0 0 9000 0 0 0 5000 0 0\n")),
        None,
        "no time has passed"
    );
    assert_eq!(
        of(&later("cpu  1 0 0 1 0 0 0 1 0 0\n")),
        None,
        "a counter went backwards"
    );
}

#[test]
fn heat_is_that_of_the_interval() {
    let count = "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count";
    let of = |later| {
        found(&[(count, "7")], &[(count, later)])
            .iter()
            .any(|f| f.what == "heat")
    };
    assert!(of("8"));
    assert!(!of("7"), "throttled before, not now");
}

#[test]
fn the_worst_comes_first() {
    let online = format!("{CPU}/online");
    let files = [
        ("proc/cpuinfo", "flags : hypervisor"),
        (online.as_str(), "0-1"),
        ("proc/loadavg", "9 9 9"),
    ];
    assert_eq!(
        whats(&files),
        [(Severity::Bad, "load"), (Severity::Note, "virtual machine")]
    );
}
