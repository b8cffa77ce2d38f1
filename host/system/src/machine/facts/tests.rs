use proptest::prelude::*;

use super::*;

/// A tree of files below a temporary directory.
pub(in crate::machine) fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn facts(files: &[(&str, &str)]) -> Facts {
    Facts::read(tree(files).path())
}

/// A laptop of four cores with two threads each.
const LAPTOP: &[(&str, &str)] = &[
    (
        "proc/cpuinfo",
        "processor\t: 0\ncpu family\t: 6\nmodel\t\t: 142\nmodel name\t: Intel(R) Core(TM) i7-8650U\n\
         stepping\t: 10\nflags\t\t: fpu vme tsc\n\nprocessor\t: 1\n",
    ),
    (
        "proc/meminfo",
        "MemTotal:       16307460 kB\nMemFree: 1 kB\nSwapTotal: 2048 kB\nSwapFree: 1024 kB\n",
    ),
    ("proc/sys/kernel/osrelease", "6.8.0-45-generic\n"),
    ("proc/self/cgroup", "0::/user.slice/session.scope\n"),
    ("sys/devices/system/cpu/online", "0-3\n"),
    ("sys/devices/system/cpu/smt/active", "1\n"),
    ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
    (
        "sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
        "0,2\n",
    ),
    (
        "sys/devices/system/cpu/cpu1/topology/thread_siblings_list",
        "1,3\n",
    ),
    (
        "sys/devices/system/cpu/cpu2/topology/thread_siblings_list",
        "0,2\n",
    ),
    (
        "sys/devices/system/cpu/cpu3/topology/thread_siblings_list",
        "1,3\n",
    ),
    (
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
        "powersave\n",
    ),
    (
        "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor",
        "performance\n",
    ),
    (
        "sys/devices/system/cpu/cpufreq/policy0",
        "not a directory of a core",
    ),
    (
        "sys/devices/system/clocksource/clocksource0/current_clocksource",
        "hpet\n",
    ),
    ("sys/class/dmi/id/sys_vendor", "LENOVO\n"),
];

#[test]
fn a_laptop_is_read() {
    let found = facts(LAPTOP);
    for (name, expected) in [
        (
            "cpu",
            "Intel(R) Core(TM) i7-8650U (family 6 model 142 stepping 10)",
        ),
        ("cores", "4"),
        ("cores_physical", "2"),
        ("governor", "performance,powersave"),
        ("smt", "on"),
        ("turbo", "on"),
        ("quota", "none"),
        ("hypervisor", "none"),
        ("container", "none"),
        ("clock_source", "hpet"),
        ("kernel", "6.8.0-45-generic"),
        ("memory_bytes", "16698839040"),
        ("os", std::env::consts::OS),
        ("arch", std::env::consts::ARCH),
    ] {
        assert_eq!(found.get(name), Some(expected), "{name}");
    }
}

#[test]
fn an_empty_tree_is_unknown_and_still_has_every_fact() {
    let found = facts(&[]);
    for name in [
        "cpu",
        "governor",
        "smt",
        "turbo",
        "hypervisor",
        "kernel",
        "memory_bytes",
    ] {
        assert_eq!(found.get(name), None, "{name}");
        assert_eq!(found.0[name], UNKNOWN, "{name}");
    }
    assert_eq!(found.0.len(), facts(LAPTOP).0.len());
}

#[test]
fn a_patch_of_the_kernel_is_the_same_class_and_another_governor_is_not() {
    let fingerprint = |files: &[(&str, &str)]| facts(files).into_machine().fingerprint;
    let mut other = LAPTOP.to_vec();
    other.push(("proc/sys/kernel/osrelease", "6.8.0-46-generic\n"));
    assert_ne!(facts(LAPTOP), facts(&other));
    assert_eq!(fingerprint(LAPTOP), fingerprint(&other));
    for core in ["cpu0", "cpu1"] {
        let path = format!("sys/devices/system/cpu/{core}/cpufreq/scaling_governor");
        other.push((Box::leak(path.into_boxed_str()), "performance\n"));
    }
    assert_ne!(fingerprint(LAPTOP), fingerprint(&other));
}

#[test]
fn what_changes_by_the_minute_is_no_fact() {
    let mut later = LAPTOP.to_vec();
    later.extend([
        (
            "proc/meminfo",
            "MemTotal:       16307460 kB\nMemFree: 9 kB\n",
        ),
        ("proc/loadavg", "3.5 2.0 1.0 1/100 1234"),
        ("proc/stat", "cpu 1 2 3 4 5 6 7 8 9 10"),
    ]);
    assert_eq!(facts(LAPTOP), facts(&later));
}

#[test]
fn quotas_are_the_smallest_of_all_groups_above() {
    let quota = |files: &[(&str, &str)]| facts(files).get("quota").map(ToOwned::to_owned);
    let version_2 = [
        ("proc/self/cgroup", "0::/a/b\n"),
        ("sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/a/cpu.max", "150000 100000\n"),
        ("sys/fs/cgroup/cpu.max", "400000 100000\n"),
    ];
    assert_eq!(quota(&version_2), Some("1.50 cores".to_owned()));
    let version_1 = [
        ("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/x\n0::/\n"),
        ("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "50000\n"),
        ("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n"),
    ];
    assert_eq!(quota(&version_1), Some("0.50 cores".to_owned()));
    let none = [
        ("proc/self/cgroup", "1:cpu:/x\n"),
        ("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "0\n"),
    ];
    assert_eq!(quota(&none), Some("none".to_owned()));
    // In a container the path is that of the host, and the container's own group is the root.
    let container = [
        ("proc/self/cgroup", "0::/../../x\n"),
        ("sys/fs/cgroup/cpu.max", "200000 100000\n"),
    ];
    assert_eq!(quota(&container), Some("2.00 cores".to_owned()));
}

#[test]
fn virtual_machines_are_recognised() {
    let of = |files: &[(&str, &str)]| facts(files).get("hypervisor").map(ToOwned::to_owned);
    let flag = ("proc/cpuinfo", "flags : fpu hypervisor lm\n");
    assert_eq!(of(&[flag]), Some("unnamed".to_owned()));
    let dmi = [
        ("sys/class/dmi/id/sys_vendor", "Amazon EC2"),
        ("sys/class/dmi/id/product_name", "m7i.large"),
    ];
    assert_eq!(
        of(&[flag, dmi[0], dmi[1]]),
        Some("Amazon EC2 m7i.large".to_owned())
    );
    assert_eq!(
        of(&[dmi[0], ("sys/class/dmi/id/product_name", "m7g.metal")]),
        Some("none".to_owned())
    );
    assert_eq!(
        of(&[("sys/hypervisor/type", "xen\n")]),
        Some("xen".to_owned())
    );
}

#[test]
fn arm_has_no_model_name() {
    let found = facts(&[(
        "proc/cpuinfo",
        "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd40\n",
    )]);
    assert_eq!(found.get("cpu"), Some("implementer 0x41 part 0xd40"));
    // Without /sys the cores are counted here.
    assert_eq!(found.get("cores"), Some("1"));
}

#[test]
fn containers_are_recognised() {
    assert_eq!(
        facts(&[(".dockerenv", "")]).get("container"),
        Some("docker")
    );
    let pod = [("proc/self/cgroup", "0::/kubepods.slice/x\n")];
    assert_eq!(facts(&pod).get("container"), Some("kubernetes"));
}

#[test]
fn a_name_that_firmware_wrote_cannot_reach_the_terminal_as_it_is() {
    let found = facts(&[("proc/cpuinfo", "model name : evil\u{1b}[31m  name\u{7}\n")]);
    assert_eq!(found.get("cpu"), Some("evil [31m name"));
}

proptest! {
    // Each case writes and reads some fifty files.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Kernels, containers and odd file systems may say anything.
    #[test]
    fn no_content_makes_it_panic(text in ".{0,60}", numbers in "[-0-9 ,:\n]{0,40}") {
        let paths = LAPTOP.iter().map(|(path, _)| *path).chain([
            "proc/stat", "proc/loadavg", "sys/fs/cgroup/cpu.max", "sys/fs/cgroup/user.slice/cpu.max",
        ]);
        let paths: Vec<&str> = paths.collect();
        let of = |text: &str| {
            let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, text)).collect();
            let root = tree(&files);
            assert_eq!(Facts::read(root.path()).into_machine().fingerprint.len(), 16);
            crate::machine::noise::findings(root.path(), || ());
        };
        of(&text);
        of(&numbers);
    }
}
