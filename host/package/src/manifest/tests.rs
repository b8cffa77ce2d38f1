use super::*;

fn about() -> SelfDescription {
    let mut manifest = PackageManifest::new("acme/json".parse().unwrap(), "wasm");
    manifest.capabilities = ["wasi:cli".to_owned(), "wasi:io".into()].into();
    let labels = [("name", "json"), ("version", "1.2.0"), ("licenses", "MIT")];
    SelfDescription {
        release: "acme/json@1.2.0".parse().unwrap(),
        labels: labels.map(|(k, v)| (k.into(), v.into())).into(),
        manifest,
    }
}

#[test]
fn what_a_package_says_of_itself_comes_back_out_of_its_sections() {
    let about = about();
    assert_eq!(SelfDescription::read(&about.sections()).unwrap(), about);
    assert_eq!(claimed(&about.annotations()), Some(about.release.clone()));
    about.agrees_with(&about.annotations()).unwrap();
}

#[test]
fn an_annotation_that_says_something_else_or_more_or_less_is_refused() {
    let about = about();
    let refused = |change: &dyn Fn(&mut BTreeMap<String, String>)| {
        let mut annotations = about.annotations();
        change(&mut annotations);
        about.agrees_with(&annotations).unwrap_err().to_string()
    };
    let licence = "org.opencontainers.image.licenses";
    let error = refused(&|it| drop(it.insert(licence.into(), "GPL-3.0".into())));
    assert!(
        error.contains("says `GPL-3.0`") && error.contains("says `MIT`"),
        "{error}"
    );
    let error = refused(&|it| drop(it.remove("dev.dyno.capabilities")));
    assert!(error.contains("says nothing"), "{error}");
    let error = refused(&|it| drop(it.insert("dev.dyno.trusted".into(), "yes".into())));
    assert!(error.contains("dev.dyno.trusted"), "{error}");
    // What is neither standard nor ours is another tool's.
    let mut annotations = about.annotations();
    annotations.insert("com.example.team".into(), "red".into());
    about.agrees_with(&annotations).unwrap();
}

#[test]
fn an_import_must_be_requested_but_for_the_contract() {
    let about = about();
    let imports =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let fine = [
        "wasi:cli/environment@0.2.3",
        "dyno:bench/bench@0.1.0",
        "bench",
    ];
    about.covers(PluginKind::Suite, &imports(&fine)).unwrap();
    let error = about
        .covers(
            PluginKind::Suite,
            &imports(&["wasi:filesystem/types@0.2.3"]),
        )
        .unwrap_err();
    assert!(
        error.to_string().contains("requests no `wasi:filesystem`"),
        "{error}"
    );
}

#[test]
fn a_manifest_is_read_strictly_and_a_newer_form_is_called_that() {
    let parse = |text: &str| PackageManifest::parse(text.as_bytes());
    let good = r#"{"schema":1,"id":"acme/json","kind":"wasm","extensions":{"x":[1]}}"#;
    let manifest = parse(good).unwrap();
    assert_eq!(manifest.extensions["x"][0], 1);
    let refused = |from: &str, to: &str| parse(&good.replace(from, to)).unwrap_err().to_string();
    let newer = refused("\"schema\":1", "\"schema\":2,\"what\":0");
    assert!(newer.contains("form 2"), "{newer}");
    assert!(refused("\"kind\"", "\"kind\":\"x\",\"kind\"").contains("twice"));
    assert!(refused("\"kind\"", "\"knd\"").contains("unknown field"));
    assert!(refused("acme/json", "acme").contains("not a package id"));
    assert!(refused("\"wasm\"", "\"../x\"").contains("not the name of a kind"));
    let with = |more: &str| refused("\"kind\"", &format!("{more},\"kind\""));
    assert!(with(r#""capabilities":["net"]"#).contains("not a capability"));
    assert!(with(r#""parameters":{"A=B":{"default":""}}"#).contains("name of a parameter"));
    let digest = dyno_plugin::Digest::of(b"");
    let dataset = format!(r#"{{"mediaType":"x","digest":"{digest}","size":0}}"#);
    for bad in ["..", "a/b", "", ".x"] {
        let error = with(&format!(r#""datasets":{{"{bad}":{dataset}}}"#));
        assert!(error.contains("name of a dataset"), "{error}");
    }
    assert!(with(r#""program":{"stdin":"none"}"#).contains("no dataset `none`"));
}
