//! `dyno key`, `dyno trust`, and what is asked on a terminal.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::actors::{Author, home, installed, runs_version, trust, user};
use crate::support::{Bench, Said, finish, gather, shown};

fn with_passphrase(bench: &Bench, passphrase: &str, args: &[&str]) -> Said {
    let mut command = bench.command();
    command.env("DYNO_KEY_PASSPHRASE", passphrase).args(args);
    finish(command)
}

/// If this fails, a key is lost under another, lies open on the disk, or is not what it was.
#[test]
fn a_key_is_made_once_kept_with_a_passphrase_and_opens_with_that_only() {
    let bench = Bench::new();
    let signing = home(&bench).join("keys/signing.key");
    let said = bench.dyno(["key", "generate"]).exits(2);
    said.complains("DYNO_KEY_PASSPHRASE")
        .complains("--no-passphrase");
    assert!(!signing.exists());
    with_passphrase(&bench, "", &["key", "generate"])
        .exits(2)
        .complains("the passphrase is empty");
    assert!(!signing.exists());

    let made = with_passphrase(&bench, "open sesame", &["key", "generate"]).exits(0);
    let made = made.says("sha256:").says("keep it to yourself");
    let key = fs::read_to_string(&signing).unwrap();
    assert!(
        key.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
        "{key}"
    );
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&signing), 0o600);
    for args in [
        &["key", "generate", "--no-passphrase"][..],
        &["key", "import", "x.key"],
    ] {
        bench.write("x.key", key.as_bytes());
        with_passphrase(&bench, "open sesame", args)
            .exits(2)
            .complains("is there already");
        assert_eq!(fs::read_to_string(&signing).unwrap(), key);
    }

    let fingerprint = made.stdout.lines().next().unwrap();
    let shown = bench.dyno(["key", "show"]).exits(0).says(fingerprint);
    let public = fs::read_to_string(home(&bench).join("keys/signing.pub")).unwrap();
    assert_eq!(shown.stdout, format!("{fingerprint}\n{public}"));
    let path = signing.to_str().unwrap();
    with_passphrase(&bench, "open sesame", &["key", "show", path])
        .exits(0)
        .says(fingerprint);

    // It signs with the right one only, and leaves the package alone otherwise.
    let source = super::actors::directory(&bench, "fib", "fib", "1.0.0", super::guests::QUIET, "");
    bench.dyno(["pack".as_ref(), source.as_os_str()]).exits(0);
    let package = bench.path("acme-fib-1.0.0.oci.tar");
    let before = fs::read(&package).unwrap();
    let sign = ["sign", "acme-fib-1.0.0.oci.tar"];
    bench
        .dyno(sign)
        .exits(2)
        .complains("put it into DYNO_KEY_PASSPHRASE");
    with_passphrase(&bench, "sesame", &sign)
        .exits(2)
        .complains("the passphrase does not open the key");
    assert_eq!(fs::read(&package).unwrap(), before);
    with_passphrase(&bench, "open sesame", &sign)
        .exits(0)
        .says(fingerprint);
}

/// If this fails, half of a key is written, and the next try finds it in its way.
#[test]
fn a_public_key_that_is_in_the_way_is_not_overwritten_and_leaves_no_half_of_a_key() {
    let bench = Bench::new();
    bench.write("my.pub", "mine");
    bench
        .dyno(["key", "generate", "--no-passphrase", "-o", "my.key"])
        .exits(2)
        .complains("my.pub is there already");
    assert_eq!(fs::read_to_string(bench.path("my.pub")).unwrap(), "mine");
    assert!(
        !bench.path("my.key").exists(),
        "a key without its public half"
    );
    bench
        .dyno(["key", "generate", "--no-passphrase", "-o", "other.key"])
        .exits(0);
}

/// If this fails, whoever has a key already cannot use it, or uses another without noticing.
#[test]
fn a_key_that_openssl_made_is_imported_and_named_alike() {
    let bench = Bench::new();
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        bench.place(&mut command);
        command.args(args.split(' '));
        finish(command).exits(0)
    };
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("not tried: there is no openssl");
        return;
    }
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out plain.pem");
    openssl("pkcs8 -topk8 -in plain.pem -passout pass:sesame -out encrypted.pem");
    openssl("pkey -in plain.pem -pubout -out public.pem");
    let public = fs::read_to_string(bench.path("public.pem")).unwrap();
    for (file, passphrase) in [("plain.pem", "another"), ("encrypted.pem", "sesame")] {
        let output = format!("{file}.key");
        with_passphrase(&bench, passphrase, &["key", "import", file, "-o", &output]).exits(0);
        let shown = with_passphrase(&bench, passphrase, &["key", "show", &output]).exits(0);
        assert!(shown.stdout.ends_with(&public), "{shown}");
        assert_eq!(
            fs::read_to_string(bench.path(format!("{file}.pub"))).unwrap(),
            public
        );
        let key = fs::read_to_string(bench.path(&output)).unwrap();
        assert!(key.starts_with("-----BEGIN ENCRYPTED"), "{key}");
    }
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem");
    let args = [
        "key",
        "import",
        "p384.pem",
        "--no-passphrase",
        "-o",
        "p384.key",
    ];
    bench
        .dyno(args)
        .exits(2)
        .complains("is for the curve P-384");
    bench.write("no.pem", "hello");
    bench
        .dyno(["key", "import", "no.pem", "--no-passphrase", "-o", "no.key"])
        .exits(2)
        .complains("no.pem");
    bench
        .dyno(["key", "show"])
        .exits(4)
        .complains("dyno key generate");
    assert!(!bench.path("p384.key").exists() && !bench.path("no.key").exists());
}

/// If this fails, a second key for a namespace is trusted in silence, or a key for more than was
/// said.
#[test]
fn a_namespace_belongs_to_whom_it_was_given_until_the_user_says_otherwise() {
    let (author, other) = (Author::new(), Author::new());
    let mine = author.package("fib@1.0.0", "");
    let theirs = other.package("fib@1.1.0", "");
    let user = user(&author);
    let key = other.public();
    let key = key.to_str().unwrap();
    let add = |more: &[&str]| {
        user.dyno(
            [
                &[
                    "trust",
                    "add",
                    key,
                    "--namespace",
                    "acme",
                    "--publisher",
                    "other",
                ],
                more,
            ]
            .concat(),
        )
    };
    let said = add(&[])
        .exits(2)
        .complains("the namespace `acme` belongs to acme already");
    assert!(
        said.stderr.contains("--share") && said.stderr.contains("--replace"),
        "{said}"
    );
    user.dyno(["verify".as_ref(), theirs.as_os_str()]).exits(3);
    add(&["--share"]).exits(0);
    for package in [&mine, &theirs] {
        user.dyno(["verify".as_ref(), package.as_os_str()]).exits(0);
    }
    user.dyno(["trust", "list"])
        .exits(0)
        .says("acme for acme")
        .says("other for acme");
    add(&["--replace"]).exits(0);
    user.dyno(["verify".as_ref(), mine.as_os_str()]).exits(3);
    user.dyno(["verify".as_ref(), theirs.as_os_str()]).exits(0);
}

/// A verb on a terminal on which somebody types. None if there is nothing that makes terminals.
fn on_terminal(bench: &Bench, args: &[&str], typed: &str) -> Option<Said> {
    let words = [&[env!("CARGO_BIN_EXE_dyno")], args].concat();
    // None of them has anything that a shell reads otherwise.
    let line = words.join(" ");
    let mut command = Command::new("script");
    bench.place(&mut command);
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    let what = shown(&command);
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("not tried: there is no `script`, which makes terminals");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    let said = gather(child, what);
    drop(stdin);
    Some(said)
}

/// If this fails, a key is trusted that nobody looked at, or a no is taken for a yes.
#[test]
fn the_first_key_of_a_namespace_is_asked_about_on_a_terminal_and_only_y_trusts_it() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let path = package.to_str().unwrap();
    let stranger = Bench::new();
    let key = author.bench.dyno(["key", "show"]).exits(0).stdout;
    let fingerprint = key.lines().next().unwrap();
    for no in ["n\n", "\n", "yesterday\n", "\u{4}"] {
        let Some(said) = on_terminal(&stranger, &["install", path], no) else {
            return;
        };
        let said = said.exits(3).says(fingerprint).says("[y/N]");
        assert!(said.stdout.contains("Trust it for `acme`"), "{said}");
        assert!(installed(&stranger).is_empty(), "{no:?}");
        assert!(
            !home(&stranger).join("trust/policy.toml").exists(),
            "{no:?}"
        );
    }
    // Agreeing to everything is not knowing whom to trust.
    on_terminal(&stranger, &["install", "--yes", path], "n\n")
        .unwrap()
        .exits(3)
        .says("[y/N]");
    on_terminal(&stranger, &["install", path], "y\n")
        .unwrap()
        .exits(0)
        .says(fingerprint);
    assert_eq!(installed(&stranger), ["acme/fib@1.0.0"]);
    stranger.dyno(["trust", "list"]).exits(0).says(fingerprint);
    // It is remembered, and not asked about where nobody is.
    runs_version(&stranger, "1.0.0");

    // A key that changed is no first use: nobody is asked, whoever is there.
    let other = Author::new();
    let theirs = other.package("fib@1.1.0", "");
    let args = ["install", theirs.to_str().unwrap()];
    let said = on_terminal(&stranger, &args, "y\n").unwrap().exits(3);
    assert!(!said.stdout.contains("[y/N]"), "{said}");
    assert_eq!(installed(&stranger), ["acme/fib@1.0.0"]);
}

/// If this fails, a package gets something that its user was not told of, or refused.
#[test]
fn what_a_package_asks_for_is_listed_on_a_terminal_and_only_y_gives_it() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "capabilities = [\"wasi:filesystem\"]");
    let args = ["install", package.to_str().unwrap()];
    let user = Bench::new();
    trust(&user, &author);
    for no in ["n\n", "\n", "\u{4}"] {
        let Some(said) = on_terminal(&user, &args, no) else {
            return;
        };
        said.exits(3)
            .says("acme/fib@1.0.0 asks for")
            .says("wasi:filesystem")
            .says("[y/N]");
        assert!(installed(&user).is_empty());
    }
    on_terminal(&user, &args, "y\n").unwrap().exits(0);
    assert_eq!(installed(&user), ["acme/fib@1.0.0"]);
    // It has it already.
    let said = on_terminal(&user, &args, "n\n").unwrap().exits(0);
    assert!(!said.stdout.contains("[y/N]"), "{said}");
}

/// If this fails, whoever types a passphrase sees it, mistypes it for good, or cannot use the key.
#[test]
fn a_passphrase_is_asked_for_twice_on_a_terminal_and_not_shown() {
    let bench = Bench::new();
    let args = ["key", "generate"];
    let Some(said) = on_terminal(&bench, &args, "one\ntwo\n") else {
        return;
    };
    said.exits(2).says("the two are not the same");
    assert!(!home(&bench).join("keys/signing.key").exists());
    let said = on_terminal(&bench, &args, "sesame\nsesame\n")
        .unwrap()
        .exits(0);
    assert!(said.stdout.contains("new passphrase:"), "{said}");
    let path = home(&bench).join("keys/signing.key");
    with_passphrase(&bench, "sesame", &["key", "show", path.to_str().unwrap()]).exits(0);
}
