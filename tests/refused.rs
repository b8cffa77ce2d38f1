//! What is no plugin, or not one that may run: refused with one sentence that says why, while the
//! others are measured.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::support::{Bench, QUICK, Said, case, fib, finish, line_of, plugin, plugin_of};

/// If this fails, one bad plugin costs the measurements of the good ones.
#[test]
fn a_bad_plugin_does_not_keep_the_good_ones_from_being_measured() {
    let bench = Bench::new();
    bench.write("plugins/broken.wasm", b"\0asm\x0d\0\x01\0garbage");
    bench.write("plugins/good.wat", plugin(&["add"]));
    bench.write("plugins/not-wat.wat", "this is no WebAssembly");
    bench.write("plugins/notes.txt", "no plugin at all");
    bench.run(["plugins"]).exits(3);
    let run = bench.recorded("latest");
    let names: Vec<_> = run["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    assert_eq!(names, ["broken", "good", "not-wat"]);
    assert_eq!(case(&run, "add")["outcome"]["kind"], "ok");
    assert_eq!(case(&run, "add")["processes"].as_array().unwrap().len(), 1);
    for name in ["broken", "not-wat"] {
        assert_eq!(plugin_of(&run, name)["outcome"]["kind"], "refused");
    }
}

/// What an odd file is refused with: its line in the table, which has to be one.
fn refusal(said: &Said) -> String {
    let crosses: Vec<_> = said
        .stdout
        .lines()
        .filter(|line| line.contains('✗'))
        .collect();
    assert_eq!(crosses.len(), 1, "one sentence for one plugin: {said}");
    crosses[0].to_owned()
}

/// If this fails, a file that is not what it seems hangs the host, fills its memory, ends the run,
/// or is refused without a word of why.
#[test]
fn odd_files_are_refused_with_one_sentence_while_the_others_go_on() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("empty")).unwrap();
    let fifo = bench.path("fifo.wasm");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let sparse = bench.write("sparse.wasm", b"\0asm\x0d\0\x01\0");
    fs::File::options()
        .write(true)
        .open(&sparse)
        .unwrap()
        .set_len(10 << 30)
        .unwrap();
    std::os::unix::fs::symlink("nowhere", bench.path("dangling.wasm")).unwrap();
    std::os::unix::fs::symlink("loop.wasm", bench.path("loop.wasm")).unwrap();
    let core = bench.write("core.wasm", b"\0asm\x01\0\0\0");
    let odd: [(PathBuf, &str); 10] = [
        (bench.write("zero.wasm", ""), "empty"),
        (bench.path("empty"), "holds no plugin"),
        (fifo, "not a regular file"),
        ("/dev/zero".into(), "not a regular file"),
        (sparse, "component limit of 32MiB"),
        (bench.path("missing.wasm"), "No such file"),
        (bench.path("dangling.wasm"), "No such file"),
        (bench.path("loop.wasm"), "symbolic links"),
        (
            bench.write("truncated.wasm", b"\0asm\x0d\0\x01\0\x07\xff"),
            "",
        ),
        (core, ""),
    ];
    for (path, why) in &odd {
        let said = bench.run([path.as_path(), &fib()]).exits(3);
        let sentence = refusal(&said);
        assert!(
            sentence.contains(why),
            "{} is missing {why:?}: {sentence}",
            path.display()
        );
        assert!(
            line_of(&said.stdout, "fib/20").is_some(),
            "the other plugin was not measured: {said}"
        );
    }
}

/// If this fails, a name that is no text cannot be measured, or is refused in a way that hides it.
#[test]
fn a_path_that_is_no_text_is_a_path() {
    let bench = Bench::new();
    let file = bench.write(OsStr::from_bytes(b"caf\xe9.wat"), plugin(&["add"]));
    bench.run([&file]).exits(0);
    assert_eq!(
        case(&bench.recorded("latest"), "add")["outcome"]["kind"],
        "ok"
    );
    let missing = bench.path(OsStr::from_bytes(b"gone-\xff\x1b[31m.wasm"));
    let said = bench.run([missing]).exits(3);
    assert!(refusal(&said).contains("No such file"), "{said}");
    assert!(
        !said.stdout.contains('\x1b'),
        "a file name reached the terminal unescaped: {said}"
    );
}

/// If this fails, a file that may not be read ends the run or is taken for something else.
#[test]
fn a_file_without_permission_is_refused_and_the_others_go_on() {
    let bench = Bench::new();
    let secret = bench.write("secret.wat", plugin(&["add"]));
    bench.write("good.wat", plugin(&["add"]));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["secret.wat", "good.wat"]);
    bench.without_rights(&mut command);
    let said = finish(command).exits(3);
    assert!(refusal(&said).contains("Permission denied"), "{said}");
    assert!(line_of(&said.stdout, "add").is_some(), "{said}");
}

/// If this fails, an author with a mistake in `plugin.toml` is not told where it is.
#[test]
fn a_bad_manifest_is_refused_with_its_file_and_its_key() {
    let bench = Bench::new();
    let good = "[plugin]\nname = 'x'\n[build]\ncomponent = 'x.wat'\n";
    for (text, why) in [
        ("not toml".to_owned(), "plugin.toml"),
        (good.replace("name", "nane"), "nane"),
        (good.replace("component", "components"), "components"),
        (good.replace("'x'", "''"), "plugin.name"),
        (format!("{good}[limits]\nmemry = 1\n"), "limits.memry"),
        (
            format!("{good}[limits]\nmemory = 'much'\n"),
            "limits.memory",
        ),
        (good.to_owned() + &"#".repeat(70_000), "64KiB"),
        (good.to_owned(), "x.wat"),
    ] {
        bench.write("odd/plugin.toml", &text);
        let said = bench.run([Path::new("odd"), &fib()]).exits(3);
        let shown = said.stdout.split("fib-wat").next().unwrap();
        assert!(shown.contains(why), "{why:?} is missing: {said}");
        assert!(line_of(&said.stdout, "fib/20").is_some(), "{said}");
    }
}

/// If this fails, a plugin that cannot be built ends the run, or its author does not see why.
#[test]
fn a_failed_build_is_a_refusal_that_shows_its_command_and_its_words() {
    let bench = Bench::new();
    let manifest = |command: &str| {
        format!("[plugin]\nname = 'x'\n[build]\ncommands = [{command}]\ncomponent = 'x.wat'\n")
    };
    for (command, whys) in [
        (
            "['no-such-program', '--flag']",
            &["`no-such-program` is not installed"][..],
        ),
        (
            "['sh', '-c', 'echo oh dear >&2; exit 3']",
            &["failed with exit status: 3", "oh dear"],
        ),
        (
            "['sh', '-c', 'printf \"\\\\033[31mred\"; exit 1']",
            &["\\u{1b}[31mred"],
        ),
        ("['true']", &["x.wat: No such file"]),
    ] {
        bench.write("odd/plugin.toml", manifest(command));
        let said = bench.run([Path::new("odd"), &fib()]).exits(3);
        for why in whys {
            assert!(said.stdout.contains(why), "{why:?} is missing: {said}");
        }
        assert!(!said.stdout.contains('\x1b'), "{said}");
        assert!(line_of(&said.stdout, "fib/20").is_some(), "{said}");
        let built = bench.dyno(["build", "odd"]).exits(3);
        assert!(built.stderr.contains("error: x"), "{built}");
    }
}

/// If this fails, `--no-build` runs a stranger's commands, or a build does not happen where the
/// plugin lies.
#[test]
fn build_commands_run_in_the_plugins_directory_and_only_if_wanted() {
    let bench = Bench::new();
    bench.write("made/source.txt", plugin(&["add"]));
    bench.write(
        "made/plugin.toml",
        "[plugin]\nname = 'made'\n[build]\ncommands = [['cp', 'source.txt', 'made.wat']]\ncomponent = 'made.wat'\n",
    );
    bench.run(["--no-build", "made"]).exits(3).says("made.wat");
    assert!(!bench.path("made/made.wat").exists());
    let said = bench.run(["-v", "made"]).exits(0);
    let shown = "building made: cp source.txt made.wat";
    assert!(said.stderr.contains(shown), "{said}");
    let said = bench.dyno(["build", "made"]).exits(0);
    let said = said.says("made: made/made.wat");
    assert!(said.stderr.contains(shown), "{said}");
}

/// If this fails, a plugin takes what it was not granted, or a user who grants it is still refused.
#[test]
fn limits_that_a_manifest_asks_for_must_be_granted() {
    let bench = Bench::new();
    bench.write("big/big.wat", plugin(&["add"]));
    bench.write(
        "big/plugin.toml",
        "[plugin]\nname = 'big'\n[build]\ncommands = [['touch', 'built']]\ncomponent = 'big.wat'\n\
         [limits]\nmemory = '1GiB'\nwall = '2min'\nfuel = 5\n",
    );
    let said = bench.run(["big"]).exits(3);
    assert!(
        refusal(&said).contains("--memory 1GiB --wall 2min"),
        "{said}"
    );
    assert!(!said.stdout.contains("--fuel"), "{said}");
    assert!(
        !bench.path("big/built").exists(),
        "it was built before it was refused"
    );
    bench
        .run(["--memory", "1GiB", "--wall", "2min", "big"])
        .exits(0);
    let run = bench.recorded("latest");
    assert_eq!(run["limits"]["memory"], 1_u64 << 30);
    assert_eq!(run["limits"]["wall"], 120_000);
}
