//! How much CPU time the control groups around this process leave it.

use super::tree::Tree;

/// The CPU quota in cores, the smallest of this process's group and those above it; none if no
/// group has one.
pub(super) fn cores(tree: Tree<'_>) -> Option<f64> {
    let groups = tree.text("proc/self/cgroup")?;
    groups
        .lines()
        .filter_map(|line| of_group(tree, line))
        .reduce(f64::min)
}

/// Of one line `hierarchy:controllers:path`: version 2 has no controllers there.
fn of_group(tree: Tree<'_>, line: &str) -> Option<f64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?);
    let has_cpu = controllers.split(',').any(|controller| controller == "cpu");
    if !controllers.is_empty() && !has_cpu {
        return None;
    }
    with_ancestors(path)
        .filter_map(|path| match controllers {
            "" => version_2(tree, &format!("sys/fs/cgroup{path}")),
            // The directory is named after all controllers that share the hierarchy, and has
            // links for each.
            _ => version_1(tree, &format!("sys/fs/cgroup/{controllers}{path}"))
                .or_else(|| version_1(tree, &format!("sys/fs/cgroup/cpu{path}"))),
        })
        .reduce(f64::min)
}

/// `/a/b`, `/a`, and the root, which stands for the whole group within a container.
fn with_ancestors(path: &str) -> impl Iterator<Item = &str> {
    let path = path.trim_end_matches('/');
    // A group outside of the container's view begins with `/..`; only the root is of use then.
    let path = if path.contains("..") { "" } else { path };
    std::iter::successors(Some(path), |path| path.rfind('/').map(|end| &path[..end]))
}

/// `cpu.max`: quota and period in µs, or `max`.
fn version_2(tree: Tree<'_>, group: &str) -> Option<f64> {
    let text = tree.text(&format!("{group}/cpu.max"))?;
    let mut words = text.split_whitespace();
    ratio(words.next()?.parse().ok()?, words.next()?.parse().ok()?)
}

/// Two files; the quota is -1 if there is none.
fn version_1(tree: Tree<'_>, group: &str) -> Option<f64> {
    let quota = tree.number(&format!("{group}/cpu.cfs_quota_us"))?;
    ratio(quota, tree.number(&format!("{group}/cpu.cfs_period_us"))?)
}

fn ratio(quota: u64, period: u64) -> Option<f64> {
    (period > 0).then(|| quota as f64 / period as f64)
}
