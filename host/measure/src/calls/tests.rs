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

#[test]
fn a_function_has_a_sum_if_it_began_or_used_fuel_while_it_counted() {
    let mut tree = CallTree::new();
    tree.enter(0, 5);
    tree.leave(10);
    // Begins before it counts, and uses fuel after.
    tree.enter(1, 20);
    tree.start(30);
    tree.leave(33);
    // Begins and uses none.
    tree.enter(3, 33);
    tree.leave(33);
    tree.stop(33);
    let (nodes, sums) = tree.into_parts();
    let sum = |function, fuel, calls| FunctionSum {
        function,
        fuel,
        calls,
    };
    assert_eq!(sums, [sum(1, 3, 0), sum(3, 0, 1)]);
    assert_eq!(nodes.len(), 3);
}

#[test]
fn callers_that_get_their_nodes_late_get_the_same_ones() {
    let mut tree = CallTree::new();
    for function in 1..=3 {
        tree.enter(function, 0);
    }
    tree.start(10);
    // The three are one context, whoever of them runs and whatever they call.
    tree.enter(4, 12);
    tree.leave(13);
    tree.leave(15);
    tree.enter(3, 17);
    tree.stop(20);
    assert_eq!(
        stacks(tree),
        [
            ("host;1;2".into(), 1, 0),
            ("host;1;2;3".into(), 1 + 2 + 4, 1),
            ("host;1;2;3;4".into(), 1 + 1, 1),
        ]
    );
}
