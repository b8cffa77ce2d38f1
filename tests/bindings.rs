//! The C bindings in `guest-sdk/c/bindings`, against what the generator makes of `wit/` today.

use std::fs;

use wit_bindgen_core::{Files, wit_parser::Resolve};

use super::support::repository;

/// If this fails, C and C++ plugins are built against another contract than the host's. To make the
/// bindings anew, run it with `DYNO_UPDATE_BINDINGS=1`.
#[test]
fn the_c_bindings_are_those_of_the_contract() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(repository().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    let options = wit_bindgen_c::Opts {
        // Dyno knows the contract; no plugin has to carry it in an object file.
        no_object_file: true,
        ..Default::default()
    };
    let mut generated = Files::default();
    let mut generator = options.build();
    generator
        .generate(&mut resolve, world, &mut generated)
        .unwrap();

    let committed = repository().join("guest-sdk/c/bindings");
    let mut names: Vec<_> = fs::read_dir(&committed)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let expected: Vec<_> = generated.iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected);
    for (name, contents) in generated.iter() {
        let file = committed.join(name);
        if std::env::var_os("DYNO_UPDATE_BINDINGS").is_some() {
            fs::write(&file, contents).unwrap();
        }
        assert!(
            fs::read(&file).unwrap() == contents,
            "{} is not what the generator makes of wit/",
            file.display()
        );
    }
}
