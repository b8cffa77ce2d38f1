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
mod tests;
