//! What a stranger's checkout has read, and what is shown of it.

use std::fs;

use super::{Scene, replace_by_link};

/// If this fails, an error, a table or a guest shows a file of the user that a checkout named: in
/// CI, to everybody.
#[test]
fn no_file_outside_is_opened_because_a_checkout_names_it() {
    let scene = Scene::new();
    let secret = scene.own().join("secret").display().to_string();
    let author = scene.author();
    let good = fs::read_to_string(author.join("p/plugin.toml")).unwrap();
    let phase = "[phases.baseline]\ndepth = \"quick\"\n";
    let plugin = "[[plugins]]\npath = \"p\"\n";
    let list = vec!["list", "p"];
    let suite = vec!["suite", "run"];
    let plugin_toml = |from: &str, to: String| ("p/plugin.toml", good.replace(from, &to));
    let dyno_toml = |text: String| ("dyno.toml", text);
    for ((file, text), command) in [
        (plugin_toml("it.wat", secret.clone()), &list),
        (plugin_toml("it.wat", "../../own/secret".into()), &list),
        (plugin_toml("it.wat", "link.wat".into()), &list),
        (plugin_toml("it.wat", "../up/secret".into()), &list),
        (
            dyno_toml(format!("[[plugins]]\npath = '{secret}'\n{phase}")),
            &suite,
        ),
        (
            dyno_toml(format!("[[plugins]]\npath = '../own'\n{phase}")),
            &suite,
        ),
        (
            dyno_toml(format!("[[plugins]]\npath = 'p/link.wat'\n{phase}")),
            &suite,
        ),
        (
            dyno_toml(format!("{plugin}{phase}against = '{secret}'\n")),
            &suite,
        ),
        (
            dyno_toml(format!("{plugin}{phase}against = 'p/link.wat'\n")),
            &suite,
        ),
        (
            dyno_toml(format!(
                "{plugin}[grants]\nstdin = '../own/secret'\n{phase}"
            )),
            &suite,
        ),
        (
            dyno_toml(format!("{plugin}[grants]\ndirs = ['../own::/o']\n{phase}")),
            &suite,
        ),
        (
            dyno_toml(format!("{plugin}[grants]\ndirs-rw = ['up::/o']\n{phase}")),
            &suite,
        ),
    ] {
        fs::write(author.join(file), &text).unwrap();
        replace_by_link("../../own/secret", &author.join("p/link.wat"));
        replace_by_link("../own", &author.join("up"));
        let clone = scene.clone();
        let said = scene.dyno(&clone, command);
        assert!(matches!(said.status.code(), Some(2 | 3)), "{text}: {said}");
        scene.untouched(&said);
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(all.contains("leads out of"), "{text}: {said}");
        fs::remove_dir_all(clone).unwrap();
        fs::write(author.join("p/plugin.toml"), &good).unwrap();
    }
}

/// If this fails, a link in the place of a file that a command reads by itself shows the file
/// behind it.
#[test]
fn a_link_in_the_place_of_a_file_of_ours_does_not_lead_out() {
    let scene = Scene::new();
    let locked = "version = \"my-secret\"\n";
    fs::write(scene.bench.path("locked"), locked).unwrap();
    for (name, target, command, code) in [
        ("p/plugin.toml", "../../own/secret", &["list", "p"][..], 3),
        ("p/plugin.toml", "/dev/zero", &["list", "p"], 3),
        (
            "p/it.stdout.expected",
            "../../own/secret",
            &["list", "p/it.wat"],
            3,
        ),
        ("dyno.toml", "../own/secret", &["suite", "check"], 2),
        (
            "dyno.toml",
            "../own/secret",
            &["suite", "check", "--config", "dyno.toml"],
            2,
        ),
        (
            "dyno.toml",
            "../own/secret",
            &["gate", "--baseline", "main", "--config", "dyno.toml"],
            2,
        ),
        ("dyno.toml", "/proc/self/environ", &["suite", "run"], 2),
        ("dyno.lock", "../locked", &["list", "--locked", "p"], 1),
        ("dyno.lock", "/dev/zero", &["list", "--locked", "p"], 1),
    ] {
        let clone = scene.clone();
        replace_by_link(target, &clone.join(name));
        let said = scene.dyno(&clone, command).exits(code);
        scene.untouched(&said);
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(
            all.contains("lead") || all.contains("led"),
            "{name}: {said}"
        );
        fs::remove_dir_all(clone).unwrap();
    }
}

/// If this fails, a plugin that shares a directory for what is built, or a file of its repository,
/// is refused.
#[test]
fn what_stays_in_a_checkout_is_as_good_as_ever() {
    let scene = Scene::new();
    let author = scene.author();
    let good = fs::read_to_string(author.join("p/plugin.toml")).unwrap();
    scene.bench.write(
        "author/target/it.wat",
        fs::read(author.join("p/it.wat")).unwrap(),
    );
    scene.bench.write(
        "author/q/plugin.toml",
        good.replace("it.wat", "../target/it.wat"),
    );
    replace_by_link("../q/plugin.toml", &author.join("r/plugin.toml"));
    let suite = "output = '../out'\n[[plugins]]\npath = '../q'\n[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\nmetrics = ['fuel']\n";
    scene.bench.write("author/bench/dyno.toml", suite);
    replace_by_link("bench/dyno.toml", &author.join("dyno.toml"));
    let clone = scene.clone();
    for plugin in ["p", "q", "r"] {
        scene.dyno(&clone, ["list", plugin]).exits(0).says("add");
    }
    let args = ["suite", "run", "--config", "bench/dyno.toml"];
    scene.dyno(&clone, args).exits(0);
    assert!(clone.join("out/suite.json").is_file());
    scene
        .dyno(&clone, ["gate", "--counts-only", "--baseline", "main", "p"])
        .exits(0);
}
