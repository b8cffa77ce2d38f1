//! Who takes part: an author with a key, and users on other machines who trust it or do not.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::support::{Bench, Said, line_of, plugin};

/// What all packages here are called in front.
pub(crate) const NAMESPACE: &str = "acme";

/// One who makes packages: a home of its own, with a key.
pub(crate) struct Author {
    pub(crate) bench: Bench,
}

impl Author {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        bench.dyno(["key", "generate", "--no-passphrase"]).exits(0);
        Self { bench }
    }

    /// Where the key is that others are to trust.
    pub(crate) fn public(&self) -> PathBuf {
        home(&self.bench).join("keys/signing.pub")
    }

    /// A plugin directory for a release such as `fib@1.0.0`. Its only case is called after the
    /// version, so that it shows which one runs. `more` follows in the table `[package]`.
    pub(crate) fn source(&self, release: &str, more: &str) -> PathBuf {
        let (name, version) = release.split_once('@').unwrap();
        let content = plugin(&[&format!("v{version}")]);
        directory(&self.bench, release, name, version, &content, more)
    }

    /// The same, packed and signed.
    pub(crate) fn package(&self, release: &str, more: &str) -> PathBuf {
        self.signed(&self.source(release, more))
    }

    /// Packs and signs a plugin directory.
    pub(crate) fn signed(&self, source: &Path) -> PathBuf {
        let packed = self
            .bench
            .dyno(["pack".as_ref(), source.as_os_str()])
            .exits(0);
        let name = packed.stdout.lines().next_back().unwrap().to_owned();
        self.bench.dyno(["sign", &name]).exits(0);
        self.bench.path(name)
    }

    /// Lists packages in an index beside the plugins.
    pub(crate) fn index(&self, packages: &[&Path]) -> PathBuf {
        self.trust_itself();
        let dir = self.bench.path("index");
        let mut command = self.bench.command();
        command.args(["index", "build"]).arg(&dir).args(packages);
        crate::support::finish(command).exits(0);
        dir
    }

    fn trust_itself(&self) {
        if !home(&self.bench).join("trust/policy.toml").exists() {
            trust(&self.bench, self);
        }
    }
}

/// Writes a plugin directory with a table `[package]`.
pub(crate) fn directory(
    bench: &Bench,
    dir: &str,
    name: &str,
    version: &str,
    content: &str,
    more: &str,
) -> PathBuf {
    let licence = if more.contains("license") {
        ""
    } else {
        "license = \"MIT\""
    };
    let toml = format!(
        "[plugin]\nname = \"{name}\"\ndescription = \"Test plugin {name}\"\n\
         [build]\ncomponent = \"plugin.wat\"\n\
         [package]\nid = \"{NAMESPACE}/{name}\"\nversion = \"{version}\"\n{licence}\n{more}\n"
    );
    bench.write(format!("{dir}/plugin.wat"), content);
    let manifest = bench.write(format!("{dir}/plugin.toml"), toml);
    manifest.parent().unwrap().to_owned()
}

/// Where an actor keeps keys, trust and packages.
pub(crate) fn home(bench: &Bench) -> PathBuf {
    bench
        .work()
        .parent()
        .unwrap()
        .join("home/.local/share/dyno")
}

/// Has an actor trust an author.
pub(crate) fn trust(bench: &Bench, author: &Author) {
    let public = author.public();
    let args = [
        "trust",
        "add",
        public.to_str().unwrap(),
        "--namespace",
        NAMESPACE,
    ];
    bench.dyno(args).exits(0);
}

/// Somebody on another machine who trusts an author.
pub(crate) fn user(author: &Author) -> Bench {
    let bench = Bench::new();
    trust(&bench, author);
    bench
}

/// The same, who knows an index, too.
pub(crate) fn user_of(author: &Author, index: &Path) -> Bench {
    let bench = user(author);
    pin(&bench, index.to_str().unwrap(), index).exits(0);
    bench
}

/// Has an actor trust an index that is at `place`, by the first root in `dir`.
pub(crate) fn pin(bench: &Bench, place: &str, dir: &Path) -> Said {
    let root = dir.join("metadata/1.root.json");
    bench.dyno([
        "trust".as_ref(),
        "pin".as_ref(),
        place.as_ref(),
        root.as_os_str(),
    ])
}

/// An index that is served over http as long as this lives.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn new(author: &Author, dir: &Path) -> Self {
        let mut command = author.bench.command();
        command
            .args(["index", "serve-dir"])
            .arg(dir)
            .args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The releases that are installed, in order.
pub(crate) fn installed(bench: &Bench) -> Vec<String> {
    let said = bench.dyno(["installed", "--json"]);
    assert!(matches!(said.status.code(), Some(0 | 4)), "{said}");
    let listed = said.json();
    let releases: Vec<String> = (listed.as_array().unwrap().iter())
        .map(|it| it["release"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(said.status.code() == Some(4), releases.is_empty(), "{said}");
    releases
}

/// What is installed of `acme/fib` runs and is this version.
#[track_caller]
pub(crate) fn runs_version(bench: &Bench, version: &str) {
    let said = bench.run([format!("{NAMESPACE}/fib")]).exits(0);
    assert!(
        line_of(&said.stdout, &format!("v{version}")).is_some(),
        "{said}"
    );
}

/// The text of the project's lock; empty if there is none.
pub(crate) fn locked(bench: &Bench) -> String {
    fs::read_to_string(bench.path("dyno.lock")).unwrap_or_default()
}

/// What lies in the store of installed packages, in order.
pub(crate) fn stored(bench: &Bench) -> Vec<String> {
    let store = home(bench).join("store");
    let mut found = Vec::new();
    for dir in [store.clone(), store.join("blobs/sha256")] {
        let Ok(entries) = fs::read_dir(dir) else {
            continue;
        };
        found.extend(entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    found.sort();
    found
}
