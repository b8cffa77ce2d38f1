//! What the user grants to plugins: nothing, unless asked for. What is granted is plain data
//! ([`Grants`]); what one guest gets of it on this machine, with the values of variables and the
//! copies of directories, is its [`Reach`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Classify, Fault, Features};

/// What plugins may reach. [`Grants::default`] is the denial of everything: no directory, no
/// variable, no argument; stdin is empty, and sockets and HTTP are never linked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// Directories, each readable, and writable only as a scratch copy.
    pub dirs: Vec<DirGrant>,
    /// Names of environment variables. Their values are never part of what is granted: who runs it
    /// supplies them.
    pub env: Vec<String>,
    /// Command-line arguments after the program's name.
    pub args: Vec<String>,
    /// Whether each plugin may read the directory that it lies in, as `.`.
    pub own_dir: bool,
    /// The file that is its stdin.
    pub stdin: Option<PathBuf>,
    /// What they may use beyond what every plugin may.
    #[serde(default, skip_serializing_if = "Features::is_empty")]
    pub features: Features,
}

/// One directory that plugins may open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirGrant {
    /// The directory on the host.
    pub host: PathBuf,
    /// The name under which plugins find it.
    pub guest: String,
    /// Whether they may write.
    pub access: Access,
}

/// What a guest may do in a granted directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write a copy that is fresh for each instance, and thrown away after the worker.
    Scratch,
}

impl DirGrant {
    /// A directory as the user grants it.
    #[must_use]
    pub fn new(host: PathBuf, guest: String, access: Access) -> Self {
        Self {
            host,
            guest,
            access,
        }
    }
}

/// Why something cannot be granted on this machine.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// What is there is no directory.
    #[error("{0} is not a directory that can be granted")]
    Dir(String),
    /// There is nothing.
    #[error("{0} is not a directory that can be granted")]
    Absent(String),
    /// There is a name and no value.
    #[error(
        "the variable {0} is granted, and it has no value here: give it with --env {0} or --env {0}=VALUE"
    )]
    Variable(String),
}

impl Classify for GrantError {
    fn fault(&self) -> Fault {
        match self {
            Self::Absent(_) => Fault::NotFound,
            Self::Dir(_) | Self::Variable(_) => Fault::Usage,
        }
    }
}

impl Grants {
    /// The same with the absolute paths that its directories have here.
    ///
    /// # Errors
    /// If one is not there.
    pub fn resolved(mut self) -> Result<Self, GrantError> {
        for dir in &mut self.dirs {
            let found = dir.host.canonicalize().ok().filter(|path| path.is_dir());
            dir.host = found.ok_or_else(|| {
                let shown = dir.host.display().to_string();
                match dir.host.exists() {
                    true => GrantError::Dir(shown),
                    false => GrantError::Absent(shown),
                }
            })?;
        }
        Ok(self)
    }

    /// Refuses a variable that has no value.
    ///
    /// # Errors
    /// The first one.
    pub fn expect_values(&self, values: &Variables) -> Result<(), GrantError> {
        let missing = self.env.iter().find(|name| values.get(name).is_none());
        match missing {
            Some(name) => Err(GrantError::Variable(name.clone())),
            None => Ok(()),
        }
    }

    /// The words of a command line that grant this, for people and the report. A name of a variable
    /// alone stands for the value in the environment.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let dirs = self.dirs.iter().map(|dir| {
            let flag = match dir.access {
                Access::Read => "dir",
                Access::Scratch => "dir-rw",
            };
            format!("--{flag}={}::{}", dir.host.display(), dir.guest)
        });
        let env = self.env.iter().map(|name| format!("--env={name}"));
        let args = self.args.iter().map(|arg| format!("--arg={arg}"));
        let own_dir = self.own_dir.then(|| "--own-dir".to_owned());
        let stdin = self.stdin.as_ref();
        let stdin = stdin.map(|file| format!("--stdin={}", file.display()));
        dirs.chain(env)
            .chain(args)
            .chain(own_dir)
            .chain(stdin)
            .chain(self.features.words())
            .collect()
    }
}

/// Values of environment variables, which may be secrets: they are shown nowhere, and written only
/// into the job of the worker whose guest gets them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Adds one; of several values of one name the first counts.
    pub fn add(&mut self, name: String, value: String) {
        self.0.entry(name).or_insert(value);
    }

    /// The value of one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What one guest may reach, on the machine that runs it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// Directories.
    pub dirs: Vec<ReachDir>,
    /// Environment variables: name, value.
    pub env: Vec<(String, String)>,
    /// Command-line arguments after the program's name.
    pub args: Vec<String>,
    /// What it may use beyond what every guest may.
    pub features: Features,
}

/// One directory that a guest may open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachDir {
    /// The directory on the host. For a scratch directory the supervisor puts the path of an empty
    /// directory here before it hands it to a worker.
    pub host: PathBuf,
    /// What a scratch directory holds when an instance begins: a copy that is never written, which
    /// the supervisor makes once a session. None until then, and for what is only read.
    pub pristine: Option<PathBuf>,
    /// The name under which the guest finds it.
    pub guest: String,
    /// Whether the guest may write.
    pub access: Access,
}

impl ReachDir {
    /// A directory that a guest gets.
    #[must_use]
    pub fn new(host: PathBuf, guest: String, access: Access) -> Self {
        Self {
            host,
            pristine: None,
            guest,
            access,
        }
    }
}

impl Reach {
    /// What is granted to every plugin, with the values that variables have here.
    #[must_use]
    pub fn of(grants: &Grants, values: &Variables) -> Self {
        let dirs = grants.dirs.iter().cloned();
        let dirs = dirs.map(|dir| ReachDir::new(dir.host, dir.guest, dir.access));
        let value = |name: &String| Some((name.clone(), values.get(name)?.to_owned()));
        Self {
            dirs: dirs.collect(),
            env: grants.env.iter().filter_map(value).collect(),
            args: grants.args.clone(),
            features: grants.features.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Proposal, Stub};

    /// If this fails, a line of a log tells a secret.
    #[test]
    fn no_value_of_a_variable_is_shown_by_what_holds_it() {
        let mut values = Variables::default();
        values.add("TOKEN".into(), "hunter2".into());
        values.add("TOKEN".into(), "later".into());
        assert_eq!(format!("{values:?}"), "{\"TOKEN\"}");
        assert_eq!(values.get("TOKEN"), Some("hunter2"));
        let grants = Grants {
            env: vec!["TOKEN".into(), "OTHER".into()],
            ..Grants::default()
        };
        let error = grants.expect_values(&values).unwrap_err().to_string();
        assert!(
            error.starts_with("the variable OTHER is granted"),
            "{error}"
        );
        let env = Reach::of(&grants, &values).env;
        assert_eq!(env, [("TOKEN".to_owned(), "hunter2".to_owned())]);
        assert!(!serde_json::to_string(&grants).unwrap().contains("hunter2"));
    }

    #[test]
    fn what_is_granted_is_said_in_the_words_of_a_command_line() {
        assert_eq!(Grants::default().words(), [""; 0]);
        let dir = |access| DirGrant::new("/data".into(), "in".into(), access);
        let grants = Grants {
            dirs: vec![dir(Access::Read), dir(Access::Scratch)],
            env: vec!["TOKEN".into()],
            args: vec!["-v".into(), "x y".into()],
            own_dir: true,
            stdin: Some("in.txt".into()),
            features: Features {
                wasm: [Proposal::Exceptions, Proposal::Gc].into(),
                deny_stubs: [Stub::Http].into(),
            },
        };
        assert_eq!(
            grants.words(),
            [
                "--dir=/data::in",
                "--dir-rw=/data::in",
                "--env=TOKEN",
                "--arg=-v",
                "--arg=x y",
                "--own-dir",
                "--stdin=in.txt",
                "--wasm=gc,exceptions",
                "--deny-stubs=http",
            ]
        );
        let reach = Reach::of(&grants, &Variables::default());
        let reached = |dir: &DirGrant| ReachDir {
            host: dir.host.clone(),
            pristine: None,
            guest: dir.guest.clone(),
            access: dir.access,
        };
        let expected: Vec<_> = grants.dirs.iter().map(reached).collect();
        assert_eq!((reach.dirs, reach.env), (expected, Vec::new()));
        assert_eq!(reach.args, grants.args);
    }

    /// If this fails, a guest finds another directory than the user named, or a file as one.
    #[test]
    fn a_directory_is_granted_by_its_absolute_path_if_it_is_one() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let resolved = |host: PathBuf| {
            let grants = Grants {
                dirs: vec![DirGrant::new(host, "in".into(), Access::Read)],
                own_dir: true,
                ..Grants::default()
            };
            grants.resolved()
        };
        let grants = resolved(here.join("src/../src/.")).unwrap();
        assert_eq!(
            grants.dirs[0].host,
            here.canonicalize().unwrap().join("src")
        );
        assert_eq!(
            (grants.dirs[0].guest.as_str(), grants.own_dir),
            ("in", true)
        );
        for (name, fault) in [
            ("Cargo.toml", Fault::Usage),
            ("no such directory", Fault::NotFound),
        ] {
            let path = here.join(name);
            let error = resolved(path.clone()).unwrap_err();
            let said = format!("{} is not a directory that can be granted", path.display());
            assert_eq!((error.to_string(), error.fault()), (said, fault));
        }
    }

    #[test]
    fn every_variable_that_is_granted_must_have_a_value() {
        let mut values = Variables::default();
        values.add("EMPTY".into(), String::new());
        let expect = |names: &[&str]| {
            let grants = Grants {
                env: names.iter().map(|name| (*name).into()).collect(),
                ..Grants::default()
            };
            grants.expect_values(&values)
        };
        assert!(expect(&[]).is_ok() && expect(&["EMPTY"]).is_ok());
        let error = expect(&["EMPTY", "A", "B"]).unwrap_err();
        assert!(matches!(&error, GrantError::Variable(name) if name == "A"));
        assert_eq!(error.fault(), Fault::Usage);
    }
}
