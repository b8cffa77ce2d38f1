//! What is done where a kernel, or what a container lets through of it, has less.

use std::path::Path;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use super::super::{KernelLayer, capabilities, missing, probe};
use super::inherited::{descriptors, output_with_secret};
use super::{Confinement, Layer, passes, run, stripped, told};

/// Answers some system calls with an error, from now on: with a value of their first argument, if
/// one is given.
fn answer(calls: &[libc::c_long], first: Option<i32>, errno: i32) {
    nix::sys::prctl::set_no_new_privs().unwrap();
    let rule = |value: i32| {
        let (length, is) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
        let value = value.cast_unsigned().into();
        let condition = SeccompCondition::new(0, length, is, value).unwrap();
        SeccompRule::new(vec![condition]).unwrap()
    };
    let rules: Vec<SeccompRule> = first.map(rule).into_iter().collect();
    let rules = calls.iter().map(|call| (*call, rules.clone())).collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.cast_unsigned()),
        TargetArch::try_from(std::env::consts::ARCH).unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}

fn without_landlock() {
    let calls = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
    ];
    answer(&calls, None, libc::ENOSYS);
}

#[test]
fn a_worker_that_lacks_a_required_layer_does_not_go_on() {
    passes("required");
}

pub(super) fn required() {
    without_landlock();
    let found = missing(&KernelLayer::ALL).unwrap();
    assert_eq!(found.layer, "landlock");
    assert!(found.detail.contains("needs Linux 5.13"), "{found:?}");
    let what = Confinement {
        required: vec![KernelLayer::Landlock],
        ..run()
    };
    let refused = stripped().confine(&what).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "landlock is required, and this system does not have it"
    );
}

#[test]
fn a_layer_that_is_not_there_is_found_missing_with_what_it_takes() {
    passes("probed");
}

pub(super) fn probed() {
    answer(&[libc::SYS_seccomp], None, libc::ENOSYS);
    let found = probe();
    let seccomp = found.iter().find(|status| status.layer == "seccomp");
    let seccomp = seccomp.unwrap();
    assert!(!seccomp.active, "{seccomp:?}");
    assert!(seccomp.detail.contains("needs Linux 4.14"), "{seccomp:?}");
}

/// Kernels before 5.9 close descriptors one by one.
#[test]
fn an_inherited_descriptor_is_closed_where_they_cannot_be_closed_at_once() {
    let output = output_with_secret("descriptors-one-by-one");
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains("inherited"), "the test lost it");
}

pub(super) fn descriptors_one_by_one() {
    answer(&[libc::SYS_close_range], None, libc::ENOSYS);
    descriptors();
}

/// Kernels before 4.3 have no ambient capabilities, which is no fault; any other answer is one.
#[test]
fn ambient_capabilities_are_cleared_where_there_are_any() {
    passes("no-ambient");
    passes("ambient-denied");
}

pub(super) fn no_ambient() {
    answer(&[libc::SYS_prctl], Some(libc::PR_CAP_AMBIENT), libc::EINVAL);
    capabilities::drop_all().unwrap();
}

pub(super) fn ambient_denied() {
    answer(&[libc::SYS_prctl], Some(libc::PR_CAP_AMBIENT), libc::EPERM);
    let refused = capabilities::drop_all().unwrap_err().to_string();
    assert_eq!(refused, "prctl(CAP_AMBIENT) failed");
}

/// Where root is not root, as in a container, there is nothing to take away.
#[test]
fn a_worker_without_capabilities_can_be_confined_as_well() {
    passes("no-capabilities");
}

pub(super) fn no_capabilities(place: &Path) {
    let stripped = stripped();
    capabilities::drop_all().unwrap();
    let read = vec![place.to_owned()];
    let confined = stripped.confine(&Confinement { read, ..run() });
    assert!(confined.unwrap().layers.contains(&Layer::Capabilities));
}
