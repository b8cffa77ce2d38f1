use super::*;

#[test]
fn a_plugin_is_written_whole_with_its_name_in_it() {
    for language in Language::ALL {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("new/my-plugin");
        let paths = scaffold(&at, language).unwrap();
        assert!(paths.contains(&"plugin.toml".into()), "{language}");
        assert!(paths.contains(&".gitignore".into()), "{language}");
        for path in &paths {
            let content = fs::read_to_string(at.join(path)).unwrap();
            let holes = content.contains("{{name}}") || content.contains("{{ident}}");
            assert!(!holes, "{language}: {}", path.display());
        }
        let manifest = fs::read_to_string(at.join("plugin.toml")).unwrap();
        assert!(manifest.contains("name = \"my-plugin\""), "{language}");
        let again = scaffold(&at, language).unwrap_err();
        assert!(matches!(again, ScaffoldError::Exists(_)), "{language}");
        let left: Vec<_> = fs::read_dir(dir.path().join("new")).unwrap().collect();
        assert_eq!(left.len(), 1, "{language}: something was left behind");
    }
}

#[test]
fn a_name_that_some_tool_would_choke_on_is_refused() {
    let long = "x".repeat(65);
    for name in [
        "..",
        "dyno-guest",
        "A",
        "1a",
        "a_b",
        "a b",
        "ä",
        "-a",
        "a\u{1b}",
        &long,
    ] {
        let at = Path::new("no/such/place").join(name);
        assert!(
            matches!(scaffold(&at, Language::Wat), Err(ScaffoldError::Name(_))),
            "{name}"
        );
    }
}

/// If this fails, a file of a template or of an SDK's copy was forgotten.
#[test]
fn every_file_of_a_template_is_in_the_table() {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk");
    for language in Language::ALL {
        let template = sdk.join(match language {
            Language::Rust => "rust/template",
            Language::Criterion => "rust/template-criterion",
            Language::C => "c/template",
            Language::Cpp => "c/template-cpp",
            Language::Js => "js/template",
            Language::Python => "python/template",
            Language::Go => "go/template",
            Language::Zig => "zig/template",
            Language::Wat => "wat/template",
        });
        let mut dirs = vec![template.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                    continue;
                }
                let content = fs::read_to_string(&path).unwrap();
                let is_there = files(language).iter().any(|(_, known)| *known == content);
                assert!(is_there, "{language}: {}", path.display());
            }
        }
    }
}
