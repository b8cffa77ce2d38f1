//! Checkouts of strangers: what a clone holds is data, and leads nowhere outside of it.

mod kept;
mod outside;
mod written;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Bench, QUICK, Said, finish, plugin};

/// A user, and the repository of a stranger that the user is going to clone.
struct Scene {
    bench: Bench,
}

impl Scene {
    /// The stranger has a plugin `p`, and a baseline `main` of it, with its report as it is found
    /// by itself.
    fn new() -> Self {
        let scene = Self {
            bench: Bench::new(),
        };
        scene.git(&scene.bench.work(), &["init", "-q", "author"]);
        scene.bench.write("author/p/it.wat", plugin(&["add"]));
        let manifest = "[plugin]\nname = \"it\"\n[build]\ncomponent = \"it.wat\"\n";
        scene.bench.write("author/p/plugin.toml", manifest);
        let run = [&["run"][..], &QUICK, &["--save-baseline", "main", "p"]].concat();
        scene.dyno(&scene.author(), run).exits(0);
        // The user's own, beside the clone.
        fs::create_dir(scene.own()).unwrap();
        fs::write(scene.own().join("secret"), SECRET).unwrap();
        scene
    }

    fn author(&self) -> PathBuf {
        self.bench.path("author")
    }

    /// The user's own files, beside the clone.
    fn own(&self) -> PathBuf {
        self.bench.path("own")
    }

    /// Clones the stranger's repository, with all that is in it.
    fn clone(&self) -> PathBuf {
        self.git(&self.author(), &["add", "-Af"]);
        self.git(&self.author(), &["commit", "-qm", "all", "--allow-empty"]);
        self.git(&self.bench.work(), &["clone", "-q", "author", "clone"]);
        self.bench.path("clone")
    }

    fn git(&self, dir: &Path, args: &[&str]) {
        let mut git = Command::new("git");
        self.bench.place(&mut git);
        git.current_dir(dir)
            .args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        finish({
            git.args(args);
            git
        })
        .exits(0);
    }

    /// The program in a checkout, where it finds the report by itself.
    fn dyno<S: AsRef<OsStr>>(&self, dir: &Path, args: impl IntoIterator<Item = S>) -> Said {
        self.limited("true", dir, args)
    }

    /// The same within a limit of the shell.
    fn limited<S: AsRef<OsStr>>(
        &self,
        limit: &str,
        dir: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Said {
        let mut command = Command::new("sh");
        self.bench.place(&mut command);
        command.env_remove("DYNO_REPORT").current_dir(dir);
        command.args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")]);
        command.arg(env!("CARGO_BIN_EXE_dyno")).args(args);
        finish(command)
    }

    /// If this fails, the user's own files are not as they were.
    #[track_caller]
    fn untouched(&self, said: &Said) {
        let names = |dir: &Path| {
            let entries = fs::read_dir(dir).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&self.own()), ["secret"], "{said}");
        let secret = fs::read_to_string(self.own().join("secret")).unwrap();
        assert_eq!(secret, SECRET, "{said}");
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(!text.contains("my-secret"), "it is quoted: {said}");
    }
}

/// It begins like WebAssembly text, so that a reader of that would show its line.
const SECRET: &str = "(my-secret = \"my-secret\"\n";

/// Puts a link in the place of whatever is there.
fn replace_by_link(target: impl AsRef<Path>, link: &Path) {
    match fs::symlink_metadata(link) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(link).unwrap(),
        Ok(_) => fs::remove_file(link).unwrap(),
        Err(_) => fs::create_dir_all(link.parent().unwrap()).unwrap(),
    }
    symlink(target, link).unwrap();
}
