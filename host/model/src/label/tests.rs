use super::*;

fn labels(plugins: &[(&str, &str, &str)]) -> Vec<String> {
    let mut plugins: Vec<Plugin> = plugins
        .iter()
        .map(|(name, source, digest)| Plugin {
            digest: (!digest.is_empty()).then(|| format!("sha256:{digest}")),
            ..Plugin::named(name, source)
        })
        .collect();
    label(plugins.iter_mut().collect());
    plugins.into_iter().map(|plugin| plugin.label).collect()
}

#[test]
fn a_plugin_is_called_by_its_name_and_by_as_much_of_its_source_as_it_needs() {
    let of = |sources: &[(&str, &str)]| {
        labels(
            &sources
                .iter()
                .map(|(name, source)| (*name, *source, ""))
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(of(&[("a", "x/a.wat"), ("b", "x/b.wat")]), ["a", "b"]);
    assert_eq!(
        of(&[("b", "x1/b.wat"), ("b", "./x2/b.wat"), ("c", "c")]),
        ["x1/b", "x2/b", "c"]
    );
    assert_eq!(
        of(&[("b", "p/x/b.wat"), ("b", "q/x/b.wat"), ("b", "q/y/b.wat")]),
        ["p/x/b", "q/x/b", "y/b"]
    );
    assert_eq!(of(&[("b", "b.wat"), ("b", "x/b.wat")]), ["b.wat", "x/b"]);
    assert_eq!(
        of(&[("b", "x/b.wat"), ("b", "x/b.wasm")]),
        ["x/b.wat", "x/b.wasm"]
    );
    assert_eq!(
        of(&[("sort", "rust"), ("sort", "c"), ("sort", "sort")]),
        ["rust/sort", "c/sort", "sort"]
    );
    assert_eq!(of(&[("fib", "fib"), ("fib", "fib-v2")])[1], "fib-v2");
    assert_eq!(
        of(&[("s", "ns/s@1.0.0"), ("s", "ns/s@1.1.0")]),
        ["s@1.0.0", "s@1.1.0"]
    );
    // Found below a directory, a name has directories already.
    assert_eq!(
        of(&[("x/b", "one/x/b.wat"), ("x/b", "two/x/b.wat")]),
        ["one/x/b", "two/x/b"]
    );
}

#[test]
fn equal_sources_are_told_apart_by_digest_and_the_same_plugin_by_its_number() {
    assert_eq!(
        labels(&[("b", "b.wat", "0123456789"), ("b", "b.wat", "abcdef0123")]),
        ["b.wat@01234567", "b.wat@abcdef01"]
    );
    let same = ("b", "b.wat", "0123456789");
    assert_eq!(
        labels(&[same, same]),
        ["b.wat@01234567", "b.wat@01234567 #2"]
    );
}

#[test]
fn no_two_labels_are_equal_and_their_order_does_not_matter() {
    let plugins = [
        ("x1/b", "./x1/b.wat", "00000000"),
        ("b", "x1/b.wat", "00000000"),
        ("b", "x2/b.wat", "11111111"),
        ("x2/b", "elsewhere", "22222222"),
    ];
    let mut forwards = labels(&plugins);
    let mut turned = plugins;
    turned.reverse();
    let mut backwards = labels(&turned);
    backwards.reverse();
    assert_eq!(forwards, backwards);
    forwards.sort();
    forwards.dedup();
    assert_eq!(forwards.len(), plugins.len(), "{forwards:?}");
}

#[test]
fn a_label_has_no_more_directories_than_can_be_read() {
    // What differs is the topmost directory that a label may have, or lies above it: then the whole
    // source is named.
    for (below, shown) in [(LEVELS_MAX - 1, "b"), (LEVELS_MAX, "b.wat")] {
        let directories = "d/".repeat(below);
        let [x, y] = ["x", "y"].map(|top| format!("{top}/{directories}b"));
        let sources = [format!("{x}.wat"), format!("{y}.wat")];
        let found = labels(&[("b", &sources[0], ""), ("b", &sources[1], "")]);
        let expected = [x, y].map(|path| path + shown.trim_start_matches('b'));
        assert_eq!(found, expected);
    }
}
