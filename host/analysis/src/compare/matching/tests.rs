use super::*;

/// Plugins by name, source and digest.
fn plugins(all: &[(&str, &str, &str)]) -> Vec<Plugin> {
    let plugin = |(name, source, digest): &(&str, &str, &str)| Plugin {
        digest: Some((*digest).to_owned()),
        inputs: Some("none".into()),
        ..Plugin::named(name, source)
    };
    all.iter().map(plugin).collect()
}

fn matched(base: &[(&str, &str, &str)], candidate: &[(&str, &str, &str)]) -> Matching {
    let (base, candidate) = (plugins(base), plugins(candidate));
    let all = |plugins: &[Plugin]| -> Vec<Plugin> { plugins.to_vec() };
    let (base, candidate) = (all(&base), all(&candidate));
    matching(
        &base.iter().collect::<Vec<_>>(),
        &candidate.iter().collect::<Vec<_>>(),
    )
}

fn pairs_of(base: &[(&str, &str, &str)], candidate: &[(&str, &str, &str)]) -> Vec<(usize, usize)> {
    let found = matched(base, candidate);
    assert_eq!(found.ambiguous, []);
    found.pairs
}

#[test]
fn a_lone_plugin_belongs_to_a_lone_one() {
    assert_eq!(
        pairs_of(&[("old", "old.wasm", "1")], &[("new", "new.wasm", "2")]),
        [(0, 0)]
    );
}

#[test]
fn namesakes_are_told_apart_by_what_they_are_before_where_they_are() {
    let base = [("b", "x1/b.wat", "1"), ("b", "x2/b.wat", "2")];
    let turned = [("b", "x2/b.wat", "2"), ("b", "x1/b.wat", "1")];
    assert_eq!(pairs_of(&base, &turned), [(1, 0), (0, 1)]);
    let swapped = [("b", "x1/b.wat", "2"), ("b", "x2/b.wat", "1")];
    assert_eq!(pairs_of(&base, &swapped), [(1, 0), (0, 1)]);
    let one_changed = [("b", "y/b.wat", "3"), ("b", "z/b.wat", "1")];
    assert_eq!(pairs_of(&base, &one_changed), [(1, 0), (0, 1)]);
}

#[test]
fn namesakes_that_changed_are_told_apart_by_where_they_are() {
    let base = [("b", "/ci/1/x1/b.wat", "1"), ("b", "/ci/1/x2/b.wat", "2")];
    for candidate in [
        [("b", "x2/b.wat", "4"), ("b", "./x1/b.wat", "3")],
        [("b", "/ci/2/x2/b.wat", "4"), ("b", "/ci/2/x1/b.wat", "3")],
        // Equal bytes say nothing here, and so many plugins are not one another's.
        [("b", "x2/b.wat", "5"), ("b", "x1/b.wat", "5")],
    ] {
        assert_eq!(pairs_of(&base, &candidate), [(1, 0), (0, 1)]);
    }
    let grown = [
        ("b", "x3/b.wat", "3"),
        ("b", "x2/b.wat", "4"),
        ("b", "x1/b.wat", "5"),
    ];
    assert_eq!(pairs_of(&base, &grown), [(1, 1), (0, 2)]);
    assert_eq!(pairs_of(&base, &grown[1..2]), [(1, 0)]);
}

#[test]
fn equal_ones_need_not_be_told_apart() {
    let base = [("b", "p/b", "1"), ("b", "q/b", "1")];
    let candidate = [("b", "r/b", "1"), ("b", "s/b", "1"), ("b", "t/b", "1")];
    assert_eq!(matched(&base, &candidate).pairs, [(0, 0), (1, 1)]);
    // But for what else they get.
    let mut small = plugins(&[("b", "p", "1"), ("b", "q", "1")]);
    small[1].inputs = Some("large".into());
    let turned: Vec<&Plugin> = small.iter().rev().collect();
    let found = matching(&small.iter().collect::<Vec<_>>(), &turned);
    assert_eq!(found.pairs, [(1, 0), (0, 1)]);
}

#[test]
fn what_nothing_tells_apart_is_ambiguous_and_not_paired() {
    let base = [
        ("b", "x1/b.wat", "1"),
        ("b", "x2/b.wat", "2"),
        ("c", "c.wat", "3"),
    ];
    let candidate = [
        ("b", "y1/b.wat", "4"),
        ("c", "c.wat", "5"),
        ("b", "y2/b.wat", "6"),
    ];
    let found = matched(&base, &candidate);
    assert_eq!(found.pairs, [(2, 1)]);
    let [ambiguous] = &found.ambiguous[..] else {
        panic!("{found:?}");
    };
    let text = ambiguous.to_string();
    for source in ["`b`", "x1/b.wat, x2/b.wat", "y1/b.wat, y2/b.wat"] {
        assert!(text.contains(source), "{text}");
    }
    // One of two: which?
    let found = matched(&base[..1], &[candidate[0], candidate[2]]);
    assert_eq!((found.pairs.len(), found.ambiguous.len()), (0, 1));
}

#[test]
fn names_go_before_bytes_and_what_was_renamed_is_found_by_them() {
    let base = [("a", "a.wat", "1"), ("b", "b.wat", "2")];
    assert_eq!(
        pairs_of(&base, &[("a", "a.wat", "2"), ("b", "b.wat", "1")]),
        [(0, 0), (1, 1)],
        "what is called a computes something else now"
    );
    assert_eq!(
        pairs_of(&base, &[("b", "b.wat", "3"), ("n", "n.wat", "1")]),
        [(1, 0), (0, 1)]
    );
    assert_eq!(
        pairs_of(&base, &[("b", "b.wat", "3"), ("n", "a.wat", "4")]),
        [(1, 0), (0, 1)]
    );
    assert_eq!(
        pairs_of(&base, &[("b", "b.wat", "3"), ("n", "n.wat", "4")]),
        [(1, 0)]
    );
}

#[test]
fn a_case_that_is_gone_stands_with_the_plugin_that_lost_it() {
    let mut base = plugins(&[("b", "x1/b", "1"), ("b", "x2/b", "2"), ("c", "c", "3")]);
    let mut candidate = plugins(&[("b", "x2/b", "4"), ("c", "c", "5")]);
    for (plugin, label) in base.iter_mut().zip(["x1/b", "x2/b", "c"]) {
        plugin.label = label.into();
        plugin
            .cases
            .push(dyno_fixture::plain_case("k", 1.0, Vec::new()));
    }
    candidate[0].cases = Vec::new();
    candidate[1].cases = base[2].cases.clone();
    let found = pairs(
        &base.iter().collect::<Vec<_>>(),
        &candidate.iter().collect::<Vec<_>>(),
        Exceptions::NONE,
    );
    let named: Vec<_> = found
        .iter()
        .map(|pair| (pair.plugin(), pair.base_plugin()))
        .collect();
    assert_eq!(
        named,
        [
            ("c", Some("c")),
            ("x1/b", Some("x1/b")),
            ("b", Some("x2/b"))
        ]
    );
}

/// If this fails, plugins that have nothing in common are held against each other.
#[test]
fn the_nearest_has_most_in_common_and_nobody_else_as_much() {
    let plugins = [
        "new/x/sort.wasm",
        "x/sort.wasm",
        "y/sort.wasm",
        "z/other.wasm",
    ];
    let plugins = plugins.map(|source| Plugin::named("sort", source));
    let among = |places: &[usize]| {
        let others: Vec<_> = places.iter().map(|at| (*at, &plugins[*at])).collect();
        nearest(&plugins[0], &others).map(|(at, _)| at)
    };
    assert_eq!(among(&[2, 1, 3]), Some(1));
    assert_eq!(among(&[2, 3]), Some(2));
    assert_eq!(among(&[3]), None);
    assert_eq!(among(&[2, 2]), None);
    assert_eq!(among(&[]), None);
}
