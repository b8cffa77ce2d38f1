use super::*;

fn machine(facts: &[(&str, &str)]) -> Machine {
    let usual = [
        ("cpu", "AMD EPYC"),
        ("cores", "2"),
        ("governor", "schedutil"),
        ("hypervisor", "QEMU Standard PC"),
        ("kernel", "6.1.0-21"),
        ("memory_bytes", "17179869184"),
    ];
    let facts = usual.iter().chain(facts);
    Machine::of(
        facts
            .map(|(name, fact)| ((*name).into(), (*fact).into()))
            .collect(),
    )
}

/// If this fails, a patch of the kernel begins a new history, or machines of other speed stand
/// in one.
#[test]
fn the_class_is_what_decides_speed() {
    let usual = machine(&[]).fingerprint;
    assert_eq!(usual.len(), 16);
    for same in [
        ("kernel", "6.1.0-22"),
        ("memory_bytes", "17179865088"),
        ("clock_source", "tsc"),
        ("container", "docker"),
        ("os", "linux"),
        ("governor", "ondemand"),
        ("hypervisor", "QEMU Ubuntu 24.04"),
    ] {
        assert_eq!(machine(&[same]).fingerprint, usual, "{same:?}");
    }
    for other in [
        ("cpu", "Intel Xeon"),
        ("cores", "4"),
        ("cores_physical", "1"),
        ("smt", "on"),
        ("turbo", "on"),
        ("quota", "1.00 cores"),
        ("arch", "aarch64"),
        ("governor", "performance"),
        ("governor", "unknown"),
        ("hypervisor", "none"),
        ("hypervisor", "Amazon EC2 m7i.large"),
    ] {
        assert_ne!(machine(&[other]).fingerprint, usual, "{other:?}");
    }
}

#[test]
fn a_name_that_was_learnt_later_is_no_other_class() {
    let before = machine(&[("hypervisor", "unnamed")]);
    let after = machine(&[("hypervisor", "Firecracker")]);
    assert_eq!(before.fingerprint, after.fingerprint);
}

#[test]
fn facts_that_differ_are_named_with_what_they_do_to_the_class() {
    let (one, other) = (
        machine(&[]),
        machine(&[
            ("kernel", "6.8.0"),
            ("cores", "4"),
            ("governor", "ondemand"),
            ("os", "linux"),
        ]),
    );
    let found = one.differences(&other);
    let found: Vec<_> = found
        .iter()
        .map(|fact| (fact.name, fact.one, fact.other, fact.is_of_class))
        .collect();
    assert_eq!(
        found,
        [
            ("cores", Some("2"), Some("4"), true),
            ("governor", Some("schedutil"), Some("ondemand"), false),
            ("kernel", Some("6.1.0-21"), Some("6.8.0"), false),
            ("os", None, Some("linux"), false),
        ]
    );
    assert_eq!(one.differences(&one), []);
    // A fact that is missing is one that is not known.
    assert_eq!(one.differences(&machine(&[("os", UNKNOWN)])), []);
}
