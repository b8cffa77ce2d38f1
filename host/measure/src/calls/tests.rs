use super::*;

/// `(stack, fuel, calls)` of every node that was used.
fn stacks(tree: CallTree) -> Vec<(String, u64, u64)> {
    let (nodes, _) = tree.into_parts();
    let name = |node: &CallNode| match node.place {
        Place::Host => "host".into(),
        Place::Truncated => "cut".into(),
        Place::Function(function) => function.to_string(),
    };
    let mut names: Vec<String> = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        names.push(match at {
            0 => name(node),
            _ => format!("{};{}", names[node.parent as usize], name(node)),
        });
    }
    let used = names.into_iter().zip(nodes);
    used.map(|(name, node)| (name, node.fuel, node.calls))
        .filter(|(_, fuel, calls)| fuel + calls > 0)
        .collect()
}

#[test]
fn fuel_is_the_running_functions_and_a_beginning_is_the_beginners() {
    let mut tree = CallTree::new();
    tree.enter(7, 50);
    tree.start(100);
    tree.enter(8, 111);
    tree.leave(130);
    tree.enter(8, 141);
    tree.enter(8, 151);
    tree.leave(160);
    tree.leave(170);
    tree.stop(175);
    tree.leave(1000);
    let sums = tree.sums.clone();
    assert_eq!(
        stacks(tree),
        [
            ("host;7".into(), 10 + 10 + 5, 0),
            ("host;7;8".into(), 20 + 10 + 10, 2),
            ("host;7;8;8".into(), 10, 1),
        ]
    );
    let total: u64 = sums.iter().map(|sum| sum.fuel).sum();
    assert_eq!((total, sums[8].fuel, sums[8].calls), (75, 50, 3));
}

#[test]
fn only_what_is_timed_counts_and_only_that_gets_nodes() {
    let mut tree = CallTree::new();
    tree.enter(1, 10);
    tree.enter(2, 20);
    tree.leave(30);
    tree.start(40);
    tree.stop(45);
    tree.enter(3, 50);
    tree.start(60);
    tree.leave(70);
    tree.stop(80);
    assert_eq!(
        stacks(tree),
        [("host;1".into(), 5 + 10, 0), ("host;1;3".into(), 10, 0)]
    );
}

#[test]
fn what_no_function_tells_of_is_the_hosts() {
    let mut tree = CallTree::new();
    tree.start(0);
    tree.stop(9);
    assert_eq!(stacks(tree), [("host".into(), 9, 0)]);
}

#[test]
fn a_recursion_without_end_has_one_in_the_tree_and_none_in_the_sums() {
    let mut tree = CallTree::new();
    tree.start(0);
    let depth = DEPTH_MAX as u64 + 100;
    for now in 1..=depth {
        tree.enter(0, 2 * now);
    }
    tree.enter(5, 2 * depth + 2);
    tree.leave(2 * depth + 12);
    tree.stop(2 * depth + 12);
    assert_eq!(tree.sums[5].fuel, 11);
    let stacks = stacks(tree);
    // With the root and what was cut.
    assert_eq!(stacks.len(), DEPTH_MAX + 2);
    assert!(stacks.contains(&("host;cut".into(), 2 * 100 + 11, 101)));
    let total: u64 = stacks.iter().map(|(_, fuel, _)| fuel).sum();
    assert_eq!(total, 2 * depth + 12);
}

#[test]
fn the_tree_stays_small_however_many_contexts_there_are() {
    let mut tree = CallTree::new();
    tree.start(0);
    let many = NODES_MAX as u32 + 1000;
    for function in 0..many {
        tree.enter(function, u64::from(function) * 3 + 3);
        tree.leave(u64::from(function) * 3 + 4);
    }
    assert_eq!(tree.nodes.len(), NODES_MAX);
    assert_eq!(tree.sums[many as usize - 1].calls, 1);
    let total: u64 = tree.nodes.iter().map(|node| node.fuel).sum();
    assert_eq!(total, u64::from(many) * 3 + 1);
}
