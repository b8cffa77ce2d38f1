//! Packages where a path may stand: what of them reaches the plugin, and what they ask for.

use std::fs;

use super::actors::{Author, directory, trust, user};
use super::guests::{QUIET, Try, checksum, prober};
use crate::support::{Bench, case, line_of, plugin, plugin_of};

/// If this fails, the data that a package brings along is not there, can be changed, lets its
/// plugin out of it, or is shown to another plugin.
#[test]
fn a_dataset_is_read_only_below_data_and_its_own_plugins_alone() {
    let author = Author::new();
    let bench = &author.bench;
    let files = [
        ("words.txt", Try::Read),
        ("words.txt", Try::Write),
        ("new.txt", Try::Create),
        ("../words.txt", Try::Read),
        ("/etc/passwd", Try::Read),
    ];
    let with = directory(
        bench,
        "with",
        "with",
        "1.0.0",
        &prober(&files),
        "datasets.\"words.txt\" = \"data/w\"",
    );
    bench.write("with/data/w", "some words\n");
    let with = author.signed(&with);
    let without = author.signed(&directory(
        bench,
        "without",
        "without",
        "1.0.0",
        &prober(&files),
        "",
    ));
    let user = user(&author);
    user.run([&with, &without]).exits(0);
    let run = user.recorded("latest");
    let said = |name: &str| {
        let plugin = plugin_of(&run, &format!("acme/{name}"));
        plugin["cases"][0]["checksum"].clone()
    };
    assert_eq!(
        said("with"),
        checksum("program\0+some words\n----"),
        "{run:#}"
    );
    assert_eq!(said("without"), checksum("program\0-----"), "{run:#}");
}

/// If this fails, a program that runs from its directory does not run from its package, or runs
/// differently.
#[test]
fn arguments_stdin_and_expected_stdout_of_a_command_survive_the_package() {
    let author = Author::new();
    let bench = &author.bench;
    let source = directory(
        bench,
        "prog",
        "prog",
        "1.0.0",
        &prober(&[]),
        "parameters.ROUNDS.default = \"3\"",
    );
    let manifest = source.join("plugin.toml");
    let toml = fs::read_to_string(&manifest).unwrap();
    let toml = format!(
        "{toml}\n[program]\nargs = [\"-n\", \"two words\"]\nstdin = \"in.txt\"\nstdout = \"out.txt\"\n"
    );
    fs::write(&manifest, toml).unwrap();
    bench.write("prog/in.txt", "from stdin\n");
    bench.write("prog/out.txt", "");
    let user = user(&author);

    // What it does print is not expected: that decides the case, and shows what it is.
    let refused = author.signed(&source);
    user.run([&refused]).exits(5).says("stdout");

    let run = |package: &std::path::Path, more: &[&str]| {
        let args = [package.as_os_str()]
            .into_iter()
            .chain(more.iter().map(AsRef::as_ref));
        user.run(args)
    };
    let name = "acme/prog";
    let out = |rounds: &str| format!("program\0-n\0two words\0ROUNDS={rounds}\0from stdin\n");
    bench.write("prog/out.txt", out("3"));
    let package = author.signed(&source);
    run(&package, &[]).exits(0);
    let recorded = user.recorded("latest");
    assert_eq!(case(&recorded, name)["checksum"], checksum(&out("3")));

    // The user's word is the last: another value is other output, and not what is expected.
    run(&package, &["--env", "ROUNDS=4"]).exits(5);
    bench.write("prog/out.txt", out("4"));
    let package = author.signed(&source);
    run(&package, &["--env", "ROUNDS=4"]).exits(0);
}

/// If this fails, a package gets more than the user allows, or does not say what it needs.
#[test]
fn a_package_that_asks_for_higher_limits_is_refused_with_the_flags_that_grant_them() {
    let author = Author::new();
    let source = author.source("fib@1.0.0", "");
    let manifest = source.join("plugin.toml");
    let toml = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, format!("{toml}\n[limits]\nmemory = \"1GiB\"\n")).unwrap();
    let package = author.signed(&source);
    let user = user(&author);
    let said = user.run([&package]).exits(3);
    assert!(
        said.to_string().contains("grant it with --memory"),
        "{said}"
    );
    user.run(["--memory".as_ref(), "1GiB".as_ref(), package.as_os_str()])
        .exits(0);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0);
    user.run(["acme/fib"]).exits(3);
    user.run(["acme/fib", "--memory", "1GiB"]).exits(0);
}

/// If this fails, packages cannot be compared with plugins that are no packages, or one that is
/// refused takes the others with it.
#[test]
fn ids_ranges_package_files_and_paths_run_side_by_side_and_one_refused_does_not_stop_the_others() {
    let author = Author::new();
    let fib = author.package("fib@1.2.0", "");
    let fob = author.package("fob@1.0.0", "");
    let command = author.signed(&directory(
        &author.bench,
        "quiet",
        "quiet",
        "1.0.0",
        QUIET,
        "",
    ));
    let user = user(&author);
    let args = [
        "install",
        "-y",
        fib.to_str().unwrap(),
        command.to_str().unwrap(),
    ];
    user.dyno(args).exits(0);
    let plain = user.write("plain.wat", plugin(&["plain"]));
    let stranger = Author::new();
    let foreign = stranger.package("foreign@1.0.0", "");
    let good = [
        "acme/fib@^1.1",
        fob.to_str().unwrap(),
        plain.to_str().unwrap(),
        "acme/quiet",
    ];
    let foreign = foreign.to_str().unwrap();

    let said = user.run(good).exits(0);
    for name in ["v1.2.0", "v1.0.0", "plain", "acme/quiet"] {
        assert!(line_of(&said.stdout, name).is_some(), "{name}: {said}");
    }
    let [first, rest @ ..] = good;
    for verb in ["check", "list"] {
        user.dyno([&[verb][..], &good].concat())
            .exits(0)
            .says("v1.2.0")
            .says("plain");
        user.dyno([&[verb, first, foreign][..], &rest].concat())
            .exits(3)
            .says("plain");
    }
    let said = user.run([&[first, foreign][..], &rest].concat()).exits(3);
    for name in ["v1.2.0", "v1.0.0", "plain", "acme/quiet"] {
        assert!(line_of(&said.stdout, name).is_some(), "{name}: {said}");
    }
    assert!(
        said.to_string().contains("but not as it must be"),
        "why it was refused is not said: {said}"
    );

    // What was measured, to the byte.
    let run = user.recorded("latest");
    let recorded = plugin_of(&run, "acme/fib");
    let seen = user.dyno(["inspect", "--json", "acme/fib"]).exits(0).json();
    assert_eq!(recorded["source"], "acme/fib@1.2.0");
    assert_eq!(recorded["digest"], seen["wasm"]);

    user.run(["acme/fib@^2", "acme/quiet"])
        .exits(3)
        .says("acme/fib@^2 is neither");
    user.run(["acme/nothing"])
        .exits(3)
        .says("dyno install acme/nothing");
}

/// If this fails, each run of a package leaves a copy of its files behind.
#[test]
fn nothing_of_a_package_stays_behind_after_a_run() {
    let author = Author::new();
    let source = author.source("fib@1.0.0", "datasets.words = \"words.txt\"");
    fs::write(source.join("words.txt"), "some words").unwrap();
    let package = author.signed(&source);
    let user = user(&author);
    let path = package.to_str().unwrap();
    let empty = |when: &str| {
        let left: Vec<_> = fs::read_dir(user.tmp())
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        assert!(left.is_empty(), "after {when}: {left:?}");
    };
    for args in [
        &["verify", path][..],
        &["inspect", path],
        &["check", path],
        &["install", path],
        &["pull", path, "--output", "copy.oci.tar"],
    ] {
        user.dyno(args).exits(0);
        empty(args[0]);
    }
    user.run(["acme/fib"]).exits(0);
    empty("run");
    user.run([path, "--no-cache"]).exits(0);
    empty("run --no-cache");
    let toml = fs::read_to_string(source.join("plugin.toml")).unwrap();
    assert!(toml.contains("words.txt") && source.join("words.txt").exists());
}

/// If this fails, a package of a newer kind is run as something that it is not, or reads like a
/// bug.
#[test]
fn a_kind_that_this_host_does_not_run_is_refused_by_name_and_kept_as_it_is() {
    let author = Author::new();
    let more =
        "kind = \"remote\"\nextensions.remote = { url = \"https://example.org\", tries = 3 }";
    let package = author.package("far@1.0.0", more);
    let user = user(&author);
    let path = package.to_str().unwrap();
    let seen = user.dyno(["inspect", "--json", path]).exits(0).json();
    assert_eq!(seen["requests"]["kind"], "remote");
    assert_eq!(seen["requests"]["extensions"]["remote"]["tries"], 3);
    user.dyno(["verify", path]).exits(0);
    user.run([path])
        .exits(3)
        .says("it is of the kind `remote`, which this host does not run: it runs command and wasm");
    user.dyno(["install", "-y", path])
        .exits(3)
        .complains("of the kind `remote`");
    assert!(super::actors::installed(&user).is_empty());
}

/// If this fails, nobody can be asked for something that is not there, or an error reads like one
/// of the program's.
#[test]
fn a_name_that_is_none_says_what_would_be() {
    let author = Author::new();
    let user = Bench::new();
    trust(&user, &author);
    user.dyno(["verify", "Nonsense!"])
        .exits(2)
        .complains("names no package");
    user.dyno(["verify", "missing.oci.tar"])
        .exits(4)
        .complains("there is no package file missing.oci.tar");
    user.dyno(["install", "acme/fib@latest"])
        .exits(2)
        .complains("acme/fib@latest");
    user.dyno(["install", "acme/fib"])
        .exits(4)
        .complains("no index is known");
    user.dyno(["verify", "acme/fib"])
        .exits(4)
        .complains("is neither a file nor an installed package");
    user.run(["missing.oci.tar"])
        .exits(3)
        .says("missing.oci.tar");
    user.write("no.oci.tar", "hello");
    user.run(["no.oci.tar"]).exits(3).says("no.oci.tar");
    user.dyno(["verify", "no.oci.tar"])
        .exits(3)
        .complains("no.oci.tar");
}
