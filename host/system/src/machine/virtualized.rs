//! What lies between this process and the hardware: a hypervisor, containers, containers within
//! containers.

use super::tree::Tree;

/// Who virtualises this machine; `none` on bare metal.
pub(super) fn hypervisor(tree: Tree<'_>) -> Option<String> {
    if let Some(kind) = tree.text("sys/hypervisor/type") {
        return Some(kind);
    }
    let flags = tree.field("proc/cpuinfo", "flags");
    let virtual_cpu = flags
        .as_deref()
        .is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor"));
    let names =
        ["sys_vendor", "product_name"].map(|name| tree.text(&format!("sys/class/dmi/id/{name}")));
    let named = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if named.is_empty() && is_firecracker(tree) {
        return Some("Firecracker".to_owned());
    }
    // x86 says so itself. Arm does not, so there only the well-known names tell.
    const VIRTUAL: [&str; 8] = [
        "QEMU",
        "KVM",
        "VMware",
        "VirtualBox",
        "Virtual Machine",
        "Amazon EC2",
        "Google",
        "Xen",
    ];
    let known_name = VIRTUAL.iter().any(|name| named.contains(name)) && !named.contains("metal");
    match (virtual_cpu || known_name, named.is_empty()) {
        (true, false) => Some(named),
        (true, true) => Some("unnamed".to_owned()),
        (false, _) if flags.is_some() || !named.is_empty() => Some("none".to_owned()),
        (false, _) => None,
    }
}

/// Firecracker has no tables of names. Root sees its mark in the ACPI tables, everybody the way in
/// which it starts kernels: `reboot=k panic=1`, and then `pci=off` or `nomodule`.
fn is_firecracker(tree: Tree<'_>) -> bool {
    let marked = |table: &str| {
        let text = tree.text(&format!("sys/firmware/acpi/tables/{table}"));
        // Six bytes of the table's header.
        text.is_some_and(|text| text.chars().take(36).collect::<String>().contains("FIRECK"))
    };
    let line = tree.text("proc/cmdline").unwrap_or_default();
    let says = |word: &str| line.split_whitespace().any(|other| other == word);
    let usual = says("reboot=k") && says("panic=1") && (says("pci=off") || says("nomodule"));
    usual || ["APIC", "DSDT", "FACP"].into_iter().any(marked)
}

/// Which kind of container this process runs in, as far as that shows, the innermost first: `docker
/// in kubernetes`.
pub(super) fn container(tree: Tree<'_>) -> Option<String> {
    let groups = tree.text("proc/self/cgroup").unwrap_or_default();
    let paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut layers: Vec<&str> = paths.map(layers).max_by_key(Vec::len).unwrap_or_default();
    let innermost = layers.last().copied();
    if tree.exists("run/.containerenv") && innermost != Some("podman") {
        layers.push("podman");
    } else if tree.exists(".dockerenv")
        && !matches!(innermost, Some("docker" | "kubernetes"))
        && !has_own_disk(tree)
    {
        layers.push("docker");
    }
    let named = tree.text("run/systemd/container");
    let named = named.as_deref().filter(|_| layers.is_empty());
    layers.extend(named);
    layers.reverse();
    (!layers.is_empty()).then(|| layers.join(" in "))
}

/// The containers on the path of a control group, the outermost first.
fn layers(path: &str) -> Vec<&'static str> {
    let mut layers = Vec::new();
    // Whether the last layer is a pod that has no container yet: the next scope is that, and no
    // layer of its own.
    let mut is_open_pod = false;
    for part in path.split('/').filter(|part| !part.ends_with(".service")) {
        let traces = [
            ("kubepods", "kubernetes"),
            ("docker", "docker"),
            ("libpod", "podman"),
            ("containerd", "containerd"),
            ("crio", "cri-o"),
            ("lxc", "lxc"),
        ];
        let found = traces.iter().find(|(trace, _)| part.contains(trace));
        let Some((_, kind)) = found else { continue };
        match *kind {
            "kubernetes" if is_open_pod => {}
            "kubernetes" => {
                layers.push("kubernetes");
                is_open_pod = true;
            }
            _ if is_open_pod && part.ends_with(".scope") => is_open_pod = false,
            kind => {
                layers.push(kind);
                is_open_pod = false;
            }
        }
    }
    layers
}

/// Whether the root is the whole of a disk, as of a machine and never of a container: what says
/// otherwise was left in its image, which was made from a container's.
fn has_own_disk(tree: Tree<'_>) -> bool {
    let mounts = tree.text("proc/self/mountinfo").unwrap_or_default();
    // `id parent device root mountpoint options … - type source options` (proc(5)).
    mounts.lines().any(|line| {
        let Some((mount, file_system)) = line.split_once(" - ") else {
            return false;
        };
        let mut mount = mount.split(' ').skip(3);
        let is_whole_root = (mount.next(), mount.next()) == (Some("/"), Some("/"));
        let source = file_system.split(' ').nth(1).unwrap_or_default();
        is_whole_root && source.starts_with("/dev/") && !source.contains("docker")
    })
}

#[cfg(test)]
mod tests {
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
}
