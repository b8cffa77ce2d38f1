//! What only one place of the host may do, whatever its crate can use. Places are a crate's
//! directory and a file or directory below its `src`.

mod tests;

use super::source::{Source, sources};

/// A rule: these names stand in these places alone.
struct Rule {
    says: &'static str,
    place: Place,
    /// Whole words of a path, one after the other, wherever in it they stand.
    names: &'static [&'static str],
    /// But not these.
    except: &'static [&'static str],
}

enum Place {
    /// Nowhere but in these, each of which needs it.
    Only(&'static [&'static str]),
    /// Everywhere but in these.
    NotIn(&'static [&'static str]),
}
use Place::{NotIn, Only};

const RULES: &[Rule] = &[
    Rule {
        says: "nothing prints but through a sink",
        place: Only(&[]),
        names: &["print!", "println!", "eprint!", "eprintln!", "dbg!"],
        except: &[],
    },
    Rule {
        says: "the terminal is one module, and a worker speaks over pipes",
        place: Only(&["cli/render/terminal", "worker"]),
        names: &[
            "io::stdout",
            "io::stderr",
            "io::Stdout",
            "io::Stderr",
            "anstream",
        ],
        except: &["anstream::ColorChoice"],
    },
    Rule {
        says: "only the command line asks somebody, and a worker reads its job",
        place: Only(&["cli", "worker"]),
        names: &["io::stdin", "io::Stdin"],
        except: &[],
    },
    Rule {
        // Exports, whose rules are their own, and texts of our own.
        says: "only exports pass by the sink",
        place: Only(&[
            "cli/commands/check",
            "cli/commands/manual",
            "cli/commands/mod",
            "cli/commands/report",
            "cli/commands/show",
        ]),
        names: &["terminal::data"],
        except: &[],
    },
    Rule {
        says: "progress is drawn in one place",
        place: Only(&["cli/render/progress"]),
        names: &["indicatif"],
        except: &[],
    },
    Rule {
        says: "passphrases are asked for in one place",
        place: Only(&["cli/commands/packages/key"]),
        names: &["rpassword"],
        except: &[],
    },
    Rule {
        says: "every process ends by returning from main",
        place: Only(&[]),
        names: &[
            "process::exit",
            "process::abort",
            "libc::_exit",
            "libc::exit",
        ],
        except: &[],
    },
    Rule {
        says: "only private_dir makes temporary directories",
        place: Only(&["files/private_dir"]),
        names: &["tempdir", "tempdir_in", "TempDir", "temp_dir", "mkdtemp"],
        except: &[],
    },
    Rule {
        says: "only package/http reaches the network, and an index is served to this machine",
        place: Only(&["package/http", "package/packaging/serve"]),
        names: &[
            "reqwest::Client",
            "reqwest::ClientBuilder",
            "reqwest::get",
            "hyper",
            "hyper_util",
            "tower_http",
            "net::TcpStream",
            "net::UdpSocket",
            "oci_client",
        ],
        except: &[],
    },
    Rule {
        // The rest is of the system, of the user's home, and made by ourselves.
        says: "what a stranger's checkout may hold is opened by checkout",
        place: Only(&[
            "files/checkout",
            "files/copies",
            "system",
            "worker",
            "job",
            "session/cache",
            "package/index",
            "package/layout",
            "package/store",
            "package/trust",
            "cli/commands/packages/key",
            "cli/commands/mod",
            // Directories of ours, and the file that is made in one.
            "files/private_dir",
            "cli/commands/run",
            // What the system says of processes.
            "plugin/build/apart",
            "plugin/build/helper",
        ]),
        names: &[
            "fs::read",
            "fs::read_to_string",
            "fs::copy",
            "File::open",
            "File::options",
            "OpenOptions::new",
            "tokio::fs",
        ],
        except: &[],
    },
    Rule {
        // The rest goes into directories that were just made, of the user's home, or for a worker.
        says: "what may lie in a stranger's checkout is written by checkout",
        place: Only(&[
            "session",
            "plugin/scaffold",
            "package",
            "plugin/source",
            "plugin/build/apart",
            "cli/commands/doctor",
            "cli/commands/validate",
        ]),
        names: &[
            "fs::write",
            "File::create",
            "File::create_new",
            "NamedTempFile::new_in",
        ],
        except: &[],
    },
    Rule {
        says: "numbers in, numbers out",
        place: NotIn(&["stats", "analysis"]),
        names: &[
            "std::fs",
            "std::io",
            "std::net",
            "std::process",
            "std::env",
            "std::time",
            "std::thread",
            "tokio",
            "rusqlite",
            "libc",
            "nix",
        ],
        except: &[],
    },
    Rule {
        says: "data and texts are made of what is given",
        place: NotIn(&["model", "wording", "export"]),
        names: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "std::thread",
            "time::Instant",
            "time::SystemTime",
            "tokio",
            "libc",
            "nix",
        ],
        except: &[],
    },
];

impl Rule {
    fn holds_in(&self, source: &Source) -> bool {
        let is_in = |places: &[&str]| places.iter().any(|place| source.is_in(place));
        match self.place {
            Only(places) => !is_in(places),
            NotIn(places) => is_in(places),
        }
    }

    /// The paths of a file that it is about.
    fn found<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = &'a String> {
        let any = |path: &str, names: &[&str]| names.iter().any(|name| has(path, name));
        source
            .paths
            .iter()
            .filter(move |path| any(path, self.names) && !any(path, self.except))
    }
}

/// Whether these words stand in a path, next to each other.
fn has(path: &str, words: &str) -> bool {
    format!("::{path}::").contains(&format!("::{words}::"))
}

/// What is wrong with a file, one sentence each.
fn breaches(source: &Source) -> Vec<String> {
    let rules = RULES.iter().filter(|rule| rule.holds_in(source));
    rules
        .flat_map(|rule| {
            let file = &source.file;
            rule.found(source)
                .map(move |path| format!("{file}: {}: {path}", rule.says))
        })
        .collect()
}

/// If this fails, a module does what another one is there for.
#[test]
fn every_module_does_what_it_is_there_for() {
    let sources = sources();
    for wanted in [
        "sandbox/instance.rs",
        "cli/commands/run.rs",
        "model/lib.rs",
        "measure/time.rs",
    ] {
        let is_there = sources.iter().any(|source| source.file == wanted);
        assert!(is_there, "{wanted} was not looked at");
    }
    let found: Vec<String> = sources.iter().flat_map(breaches).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// If this fails, a place may do what it no longer does, and a breach there would not be seen.
#[test]
fn every_exception_is_needed() {
    let sources = sources();
    let mut found = Vec::new();
    for rule in RULES {
        let (Only(places) | NotIn(places)) = rule.place;
        for place in places {
            let mut there = sources
                .iter()
                .filter(|source| source.is_in(place))
                .peekable();
            let is_needed = match rule.place {
                Only(_) => there.any(|source| rule.found(source).next().is_some()),
                NotIn(_) => there.peek().is_some(),
            };
            if !is_needed {
                found.push(format!("{place}: {}", rule.says));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
