//! The baseline store of a stranger's checkout.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::{Scene, replace_by_link};

const GATE: [&str; 5] = ["gate", "--counts-only", "--baseline", "main", "p"];
const STORE: &str = ".dyno/report.sqlite.components";

/// The only entry of a store.
fn entry(checkout: &Path) -> PathBuf {
    let entries = fs::read_dir(checkout.join(STORE)).unwrap();
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

/// If this fails, a clone takes the memory of whoever runs its gate, hangs it, or has it read files
/// elsewhere.
#[test]
fn what_a_clone_keeps_is_no_link_no_device_and_not_endless() {
    let scene = Scene::new();
    let component = entry(&scene.author()).join("component.wasm");
    let good = fs::read(&component).unwrap();
    replace_by_link("/dev/zero", &component);
    let clone = scene.clone();
    let kept = entry(&clone);
    let refused = |what: &str| {
        // It does not come to a worker.
        let said = scene.limited("ulimit -v 3000000", &clone, GATE);
        let said = said.exits(3).complains(what);
        assert!(said.stderr.contains("plugin it"), "{said}");
        scene.untouched(&said);
    };
    refused("component.wasm: it is a link");
    // What git does not carry, an archive does.
    let component = kept.join("component.wasm");
    fs::remove_file(&component).unwrap();
    nix::unistd::mkfifo(&component, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused("component.wasm: not a regular file");
    fs::remove_file(&component).unwrap();
    fs::File::create(&component)
        .unwrap()
        .set_len(20 << 30)
        .unwrap();
    refused("component.wasm: it is larger than 256MiB");
    fs::write(&component, &good).unwrap();
    scene.dyno(&clone, GATE).exits(0).says("1 identical");

    for name in ["plugin.toml", "component.wasm", "stdin", "stdout"] {
        let path = kept.join(name);
        let before = fs::read(&path).ok();
        let elsewhere = scene.bench.path(name);
        fs::write(&elsewhere, before.as_deref().unwrap_or_default()).unwrap();
        // Even a link to the very bytes is one that could lead elsewhere.
        replace_by_link(&elsewhere, &path);
        refused(&format!("{name}: it is a link"));
        fs::remove_file(&path).unwrap();
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
    }
    let elsewhere = scene.bench.path("elsewhere");
    fs::rename(&kept, &elsewhere).unwrap();
    replace_by_link(&elsewhere, &kept);
    refused("it is a link");
    fs::remove_file(&kept).unwrap();
    fs::rename(&elsewhere, &kept).unwrap();
    scene.dyno(&clone, GATE).exits(0);
    for store in [STORE, ".dyno/components"] {
        let store = clone.join(store);
        if store.exists() {
            fs::rename(&store, &elsewhere).unwrap();
        }
        replace_by_link(&elsewhere, &store);
        refused("is a link or a file");
        fs::remove_file(&store).unwrap();
    }
}

/// What the store calls these files, as [`Components`](dyno_session::baseline::Components) does.
fn name_of(entry: &Path) -> String {
    let digest = |bytes: &[u8]| {
        let digest = Sha256::digest(bytes);
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let mut all = String::new();
    for name in ["plugin.toml", "component.wasm", "stdin", "stdout"] {
        if let Ok(bytes) = fs::read(entry.join(name)) {
            all.push_str(&format!("{name} sha256:{}\n", digest(&bytes)));
        }
    }
    digest(all.as_bytes())
}

/// Has the report say something else of the plugin that its baseline kept.
fn say(checkout: &Path, column: &str, value: Option<&str>) {
    let report = Connection::open(checkout.join(".dyno/report.sqlite")).unwrap();
    let sql = format!("UPDATE baseline_plugin SET {column} = ?1");
    assert_eq!(report.execute(&sql, [value]).unwrap(), 1);
}

/// If this fails, whoever gates a clone runs commands that stand in its baseline, which no line
/// announces.
#[test]
fn a_kept_plugin_has_no_commands_and_no_other_files() {
    let scene = Scene::new();
    let (author, own) = (scene.author(), scene.own());
    let first = entry(&author);
    let good = fs::read_to_string(first.join("plugin.toml")).unwrap();
    let owned = scene.bench.path("owned");
    let forge = |manifest: String| {
        let kept = entry(&author);
        fs::write(kept.join("plugin.toml"), manifest).unwrap();
        let name = name_of(&kept);
        fs::rename(kept, author.join(STORE).join(&name)).unwrap();
        say(&author, "entry", Some(&name));
    };
    forge(good.clone());
    assert!(first.exists(), "the test names entries as the program does");
    let build = format!(
        "[build]\ncommands = [[\"touch\", \"{}\"]]\n",
        owned.display()
    );
    let secret = own.join("secret");
    let program = format!("[program]\nstdin = \"{}\"\n", secret.display());
    for (manifest, what) in [
        (good.replace("[build]\n", &build), "has build commands"),
        (
            good.replace("component.wasm", "../../../p/it.wat"),
            "names other files",
        ),
        (good.replace("[program]\n", &program), "names other files"),
        ("(my-secret".into(), "is not a plugin's"),
    ] {
        forge(manifest);
        let clone = scene.clone();
        let said = scene.dyno(&clone, GATE).exits(3).complains(what);
        assert!(!owned.exists(), "its commands were run: {said}");
        scene.untouched(&said);
        fs::remove_dir_all(clone).unwrap();
    }
}

/// If this fails, a report says where a gate reads, and whose files it shows.
#[test]
fn a_report_names_no_file_outside() {
    let scene = Scene::new();
    let secret = scene.own().join("secret").display().to_string();
    let secret = secret.as_str();
    let author = scene.author();
    for entry in ["../../../own", secret, "", "AB"] {
        say(&author, "entry", Some(entry));
        let said = scene.dyno(&author, GATE).exits(3).complains("no digest");
        scene.untouched(&said);
    }
    for source in [secret, "../own/secret", "p", "p/it.wat"] {
        say(&author, "entry", None);
        say(&author, "source", Some(source));
        let said = scene.dyno(&author, GATE).exits(3).complains("no package");
        scene.untouched(&said);
    }
    // Without a path the plugins are judged that the baseline was made of.
    let scene = Scene::new();
    for source in [secret, "../own/secret"] {
        say(&scene.author(), "source", Some(source));
        let said = scene.dyno(&scene.author(), &GATE[..4]).exits(2);
        scene.untouched(&said.complains("name the plugins to judge"));
    }
}

/// If this fails, saving or removing a baseline in a clone deletes or empties files of the user.
#[test]
fn the_store_is_swept_and_locked_through_no_link() {
    let scene = Scene::new();
    replace_by_link("../../own", &scene.author().join(STORE));
    let clone = scene.clone();
    let run = [
        "run",
        "--quick",
        "--time",
        "20ms",
        "--save-baseline",
        "new",
        "p",
    ];
    for args in [
        &["baseline", "save", "new"][..],
        &["baseline", "save", "new", "--numbers-only"],
        &["baseline", "remove", "main"],
        &run,
    ] {
        let said = scene.dyno(&clone, args).exits(1);
        scene.untouched(&said.complains("report.sqlite.components is a link or a file"));
    }
    fs::remove_file(clone.join(STORE)).unwrap();
    let lock = clone.join(".dyno/report.sqlite.lock");
    replace_by_link("../../own/secret", &lock);
    let said = scene.dyno(&clone, ["baseline", "save", "new"]).exits(1);
    scene.untouched(&said);
    fs::remove_file(&lock).unwrap();
    nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRWXU).unwrap();
    scene.dyno(&clone, ["baseline", "save", "new"]).exits(1);
    fs::remove_file(&lock).unwrap();
    scene.dyno(&clone, ["baseline", "save", "new"]).exits(0);
}
