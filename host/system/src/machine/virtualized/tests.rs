use super::*;
use crate::machine::facts::tests::tree;

const FLAG: (&str, &str) = ("proc/cpuinfo", "flags : fpu hypervisor lm\n");

fn of(files: &[(&str, &str)]) -> (Option<String>, Option<String>) {
    let root = tree(files);
    let tree = Tree { root: root.path() };
    (hypervisor(tree), container(tree))
}

#[test]
fn firecracker_is_known_by_its_tables_and_by_its_command_line() {
    let table = "DSDTS\u{f}\u{0}\u{0}\u{2}wFIRECKFCVMDSDT";
    let firecracker = Some("Firecracker".to_owned());
    assert_eq!(
        of(&[FLAG, ("sys/firmware/acpi/tables/DSDT", table)]).0,
        firecracker
    );
    let line = "console=ttyS0 reboot=k panic=1 pci=off nomodule";
    assert_eq!(of(&[FLAG, ("proc/cmdline", line)]).0, firecracker);
    // On Arm no flag tells.
    assert_eq!(of(&[("proc/cmdline", line)]).0, firecracker);
    let other = [
        FLAG,
        ("proc/cmdline", "quiet panic=1"),
        ("sys/firmware/acpi/tables/DSDT", "BOCHS"),
    ];
    assert_eq!(of(&other).0, Some("unnamed".to_owned()));
    let qemu = [
        FLAG,
        ("proc/cmdline", line),
        ("sys/class/dmi/id/sys_vendor", "QEMU"),
    ];
    assert_eq!(of(&qemu).0, Some("QEMU".to_owned()));
}

#[test]
fn containers_within_containers_are_told_apart() {
    let kind = |path: &str| of(&[("proc/self/cgroup", &format!("0::{path}\n"))]).1;
    for (path, expected) in [
        ("/user.slice/session.scope", None),
        ("/system.slice/docker.service", None),
        ("/docker/0a1b", Some("docker")),
        ("/system.slice/docker-0a1b.scope", Some("docker")),
        ("/docker/0a1b/docker/2c3d", Some("docker in docker")),
        ("/kubepods/burstable/pod1/0a1b", Some("kubernetes")),
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-0a.scope",
            Some("kubernetes"),
        ),
        (
            "/kubepods/burstable/pod1/0a1b/docker/2c3d",
            Some("docker in kubernetes"),
        ),
        (
            "/kubepods.slice/kubepods-pod1.slice/cri-containerd-0a.scope/docker/2c",
            Some("docker in kubernetes"),
        ),
        ("/machine.slice/libpod-0a.scope", Some("podman")),
        ("/lxc.payload.ci/docker/0a", Some("docker in lxc")),
    ] {
        assert_eq!(kind(path).as_deref(), expected, "{path}");
    }
}

#[test]
fn marks_of_a_container_count_but_not_in_the_image_of_a_machine() {
    let overlay = "27 1 0:31 / / rw,relatime - overlay overlay rw,lowerdir=/x\n";
    let disk = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";
    let mark = (".dockerenv", "");
    let kind = |files: &[(&str, &str)]| of(files).1;
    assert_eq!(
        kind(&[mark, ("proc/self/mountinfo", overlay)]).as_deref(),
        Some("docker")
    );
    assert_eq!(kind(&[mark]).as_deref(), Some("docker"));
    assert_eq!(kind(&[mark, ("proc/self/mountinfo", disk)]), None);
    let pod = ("proc/self/cgroup", "0::/kubepods/pod1/0a\n");
    assert_eq!(kind(&[mark, pod]).as_deref(), Some("kubernetes"));
    assert_eq!(
        kind(&[("run/.containerenv", "x"), pod]).as_deref(),
        Some("podman in kubernetes")
    );
    assert_eq!(
        kind(&[("run/systemd/container", "systemd-nspawn")]).as_deref(),
        Some("systemd-nspawn")
    );
}
