//! Where a command writes in a stranger's checkout.

use std::fs;

use super::{Scene, replace_by_link};
use crate::support::QUICK;

/// A suite with this line at its top.
fn suite(top: &str) -> String {
    format!(
        "{top}\n[[plugins]]\npath = \"p\"\n[phases.baseline]\ndepth = \"quick\"\ntime = \"20ms\"\nmetrics = [\"fuel_per_iteration\"]\n"
    )
}

/// If this fails, running anything in a clone writes, or overwrites, where the clone says.
#[test]
fn a_link_in_the_place_of_the_report_or_of_profiles_is_refused_by_name() {
    let scene = Scene::new();
    let clone = scene.clone();
    let run = [&["run"][..], &QUICK, &["p"]].concat();
    let profile = vec!["profile", "p"];
    let listed = vec!["report", "list"];
    for (name, target, commands) in [
        (".dyno", "../own", vec![&run, &listed, &profile]),
        (
            ".dyno/report.sqlite",
            "../../own/secret",
            vec![&run, &listed],
        ),
        (".dyno/report.sqlite", "../../own/new", vec![&run, &listed]),
        (
            ".dyno/report.sqlite-wal",
            "../../own/new",
            vec![&run, &listed],
        ),
        (
            ".dyno/report.sqlite-journal",
            "../../own/new",
            vec![&run, &listed],
        ),
        (".dyno/profiles", "../../own", vec![&profile]),
        (".dyno/profiles/it", "../../../own", vec![&profile]),
        (".dyno/profiles/it/add", "../../../../own", vec![&profile]),
    ] {
        let _ = fs::remove_dir_all(clone.join(".dyno"));
        replace_by_link(target, &clone.join(name));
        for command in commands {
            let said = scene.dyno(&clone, command);
            assert!(matches!(said.status.code(), Some(1 | 2)), "{name}: {said}");
            scene.untouched(&said);
            assert!(said.stderr.contains(name), "{name}: {said}");
        }
        let _ = fs::remove_file(clone.join(name));
    }
    // Where the user says so, it is written.
    replace_by_link("../out", &clone.join(".dyno"));
    fs::create_dir(scene.bench.path("out")).unwrap();
    scene
        .dyno(&clone, ["profile", "p", "--out", ".dyno/profiles"])
        .exits(0);
    let report = [&run[..], &["--report", ".dyno/report.sqlite"]].concat();
    scene.dyno(&clone, report).exits(0);
    for name in ["profiles/it/add/profile.svg", "report.sqlite"] {
        assert!(scene.bench.path("out").join(name).is_file(), "{name}");
    }
}

/// If this fails, a suite of a clone overwrites files of the user, or of git.
#[test]
fn a_suite_writes_into_its_own_checkout_alone() {
    let scene = Scene::new();
    let own = scene.own().display().to_string();
    replace_by_link("../own", &scene.author().join("link"));
    for output in [
        "../own",
        own.as_str(),
        "link",
        "link/new",
        "p/../../own",
        ".git/hooks",
        ".git",
    ] {
        fs::write(
            scene.author().join("dyno.toml"),
            suite(&format!("output = '{output}'")),
        )
        .unwrap();
        let clone = scene.clone();
        let said = scene.dyno(&clone, ["suite", "run"]).exits(2);
        scene.untouched(&said.complains(output));
        assert!(!clone.join(".git/suite.json").exists());
        fs::remove_dir_all(clone).unwrap();
    }
    let clone = scene.clone();
    fs::write(clone.join("dyno.toml"), suite("output = 'out'")).unwrap();
    replace_by_link("../../own/secret", &clone.join("out/baseline.md"));
    let said = scene.dyno(&clone, ["suite", "run"]).exits(0);
    scene.untouched(&said);
    assert!(
        fs::symlink_metadata(clone.join("out/baseline.md"))
            .unwrap()
            .is_file()
    );
    assert!(clone.join("out/suite.json").is_file());

    fs::write(clone.join("dyno.toml"), suite("output = '../own'")).unwrap();
    scene
        .dyno(&clone, ["suite", "run", "--root", ".."])
        .exits(0);
    assert!(scene.own().join("suite.json").is_file(), "the user said so");
}

/// If this fails, a documented command writes through a link that a clone put there, or leaves half
/// a file.
#[test]
fn an_export_takes_the_place_of_a_link_and_streams_stay_streams() {
    let scene = Scene::new();
    replace_by_link("../own/secret", &scene.author().join("report.html"));
    replace_by_link("../own", &scene.author().join("out/criterion"));
    let clone = scene.clone();
    let said = scene.dyno(
        &clone,
        ["report", "export", "--format", "html", "-o", "report.html"],
    );
    scene.untouched(&said.exits(0));
    let page = fs::read_to_string(clone.join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    let said = scene.dyno(
        &clone,
        ["report", "export", "--format", "criterion", "-o", "out"],
    );
    scene.untouched(&said.exits(1).complains("out/criterion is a link"));

    let said = scene
        .dyno(&clone, ["report", "export", "-o", "/dev/stdout"])
        .exits(0);
    assert!(said.json()["plugins"].is_array());
    let half = "ulimit -v 3000000; ulimit -f 1";
    let said = scene.limited(
        half,
        &clone,
        ["report", "export", "--format", "html", "-o", "report.html"],
    );
    assert_eq!(said.exits(1).stdout, "");
    assert_eq!(fs::read_to_string(clone.join("report.html")).unwrap(), page);
    let left = fs::read_dir(&clone).unwrap();
    let left = left.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".new")
    });
    assert_eq!(left.count(), 0);
}
