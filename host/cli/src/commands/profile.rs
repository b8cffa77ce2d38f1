//! `dyno profile`: which functions use the fuel, and which are responsible for a change.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::render::{self, Progress};
use clap::Args;
use dyno_analysis::profile::{Difference, GraphError, difference_graph, folded, graph};
use dyno_files::checkout::Folder;
use dyno_model::quoted::{is_marked, marked, quoted_path};
use dyno_session as session;
use dyno_session::{CaseProfile, Profiles, Stage};
use dyno_wording::escape;

use super::measuring::{self, Measuring};
use super::{Context as _, Exit, NoResult, Result, UsageError, paths};

/// Count the fuel of each function, and draw it as a flame graph; of two versions, the difference
#[derive(Debug, Args)]
#[command(
    long_about = "Count the fuel of each function, and draw it as a flame graph.\n\nOf two plugins the \
    second is compared with the first, case by case: which functions use more or less. Fuel is counted \
    and not sampled, so two profiles of one plugin are equal."
)]
pub(super) struct Profile {
    #[command(flatten)]
    measuring: Measuring,
    /// Where to write the graphs and stacks [default: .dyno/profiles beside the project]
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
}

impl Profile {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let request = self.measuring.request(Stage::List, None)?;
        let host = self.measuring.host(&request, true)?;
        let book = Book::open(self.out)?;
        if request.paths.len() > 2 {
            let message = "a profile is of one plugin, or of two versions of one";
            return Err(UsageError(message.into()).into());
        }
        let mut observer = Progress::on_terminal(verbose);
        let found = measuring::in_session(async |cancel| {
            session::profile(&request, &host, cancel, &mut observer).await
        })?;
        let plugins = found.findings.run.plugins.len();
        let compares = request.paths.len() == 2;
        if compares && plugins != 2 {
            let message = format!("only two plugins can be compared, and these are {plugins}");
            return Err(UsageError(message).into());
        }
        let result = book.show(&mut render::terminal::stdout(), &found, compares);
        super::shown(result)?;
        measuring::warn_of_layers(&found.findings.run);
        Ok(measuring::exit(&found.findings))
    }
}

/// Where the files of profiles go.
struct Book {
    folder: Folder,
    /// Where that is.
    dir: PathBuf,
}

impl Book {
    /// Where the user says, or else beside the project.
    fn open(out: Option<PathBuf>) -> Result<Self> {
        let (folder, dir) = match out {
            None => paths::profiles()?,
            Some(dir) => {
                let folder = Folder::named(&dir);
                (folder.with_context(|| quoted_path(&dir))?, dir)
            }
        };
        Ok(Self { folder, dir })
    }

    fn show(
        &self,
        out: &mut render::Sink<impl Write>,
        found: &Profiles,
        compares: bool,
    ) -> Result<()> {
        for base in &found.profiles {
            let candidate = found
                .profiles
                .iter()
                .find(|other| other.plugin > base.plugin && other.case == base.case);
            let name = |profile: &CaseProfile| &found.findings.run.plugins[profile.plugin].label;
            match candidate.filter(|_| compares) {
                Some(candidate) => {
                    let names = [name(base), name(candidate)].map(String::as_str);
                    self.compare(out, names, base, candidate)?;
                }
                // A candidate was shown beside its base, unless it has none.
                None if compares && has_base(found, base) => {}
                None => self.show_one(out, name(base), base)?,
            }
        }
        Ok(render::failures(out, &found.findings.run)?)
    }

    fn show_one(
        &self,
        out: &mut render::Sink<impl Write>,
        plugin: &str,
        it: &CaseProfile,
    ) -> Result<()> {
        let dir = self.directory(plugin, &it.case)?;
        render::profile(out, plugin, &it.case, &it.profile)?;
        write_profile(out, &dir, "profile", plugin, it)
    }

    fn compare(
        &self,
        out: &mut render::Sink<impl Write>,
        plugins: [&str; 2],
        base: &CaseProfile,
        candidate: &CaseProfile,
    ) -> Result<()> {
        let [before, after] = plugins;
        let dir = self.directory(after, &base.case)?;
        let both = match before == after {
            true => after.to_owned(),
            false => format!("{before} → {after}"),
        };
        let difference = Difference::between(&base.profile, &candidate.profile).ok_or(NoResult(
            "the two were not profiled over equally many iterations",
        ))?;
        render::difference(out, &both, &base.case, &difference)?;
        write_profile(out, &dir, "base", before, base)?;
        write_profile(out, &dir, "candidate", after, candidate)?;
        let drawn = difference_graph(
            &folded(&base.profile),
            &folded(&candidate.profile),
            &title(&both, &base.case),
            &format!(
                "{}; red uses more than before, blue less",
                subtitle(candidate)
            ),
        );
        write_graph(out, &dir, "difference.svg", drawn)
    }

    /// A directory for a case: one for each, whatever strangers call theirs.
    fn directory(&self, plugin: &str, case: &str) -> Result<Folder> {
        let below = Path::new(&file_name(plugin)).join(file_name(case));
        let folder = self.folder.below(&below);
        folder.with_context(|| quoted_path(&self.dir.join(&below)))
    }
}

fn has_base(found: &Profiles, candidate: &CaseProfile) -> bool {
    let is_base = |it: &CaseProfile| it.plugin < candidate.plugin && it.case == candidate.case;
    found.profiles.iter().any(is_base)
}

fn title(plugin: &str, case: &str) -> String {
    format!("{} of {}", escape(case), escape(plugin))
}

fn subtitle(it: &CaseProfile) -> String {
    let (fuel, iterations) = (it.profile.fuel, it.profile.iterations);
    format!("{fuel} fuel in all, iterations: {iterations}")
}

fn write_profile(
    out: &mut render::Sink<impl Write>,
    dir: &Folder,
    stem: &str,
    plugin: &str,
    it: &CaseProfile,
) -> Result<()> {
    let stacks = folded(&it.profile);
    let drawn = graph(&stacks, &title(plugin, &it.case), &subtitle(it));
    write_graph(out, dir, &format!("{stem}.svg"), drawn)?;
    write_file(out, dir, &format!("{stem}.folded"), stacks.as_bytes())
}

fn write_graph(
    out: &mut render::Sink<impl Write>,
    dir: &Folder,
    name: &str,
    drawn: Result<Vec<u8>, GraphError>,
) -> Result<()> {
    match drawn {
        Ok(svg) => write_file(out, dir, name, &svg),
        Err(GraphError::Empty) => {
            super::warn(&GraphError::Empty.to_string());
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes a file whole or not at all, and says where.
fn write_file(
    out: &mut render::Sink<impl Write>,
    dir: &Folder,
    name: &str,
    bytes: &[u8],
) -> Result<()> {
    let written = dir.write(name, bytes);
    let path = written.with_context(|| format!("{name} cannot be written"))?;
    writeln!(out, "  {}", escape(&path.display().to_string()))?;
    Ok(())
}

/// The longest file name that is made of a stranger's name.
const FILE_NAME_CHARS: usize = 100;

/// A stranger's name as the name of one file that every system can have, and that is not hidden:
/// with `+` for each `/`, and marked if more of it had to be changed.
fn file_name(name: &str) -> String {
    let plain = |char: char| match char {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '=' | '~' => char,
        '/' => '+',
        _ => '-',
    };
    let changed: String = name.chars().take(FILE_NAME_CHARS).map(plain).collect();
    let changed = match changed.trim_start_matches('.') {
        "" => "unnamed",
        name => name,
    };
    match name.contains('+') || is_marked(name) || name.replace('/', "+") != changed {
        true => marked(name, changed),
        false => changed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for (name, file) in [
            ("fib/20", "fib+20"),
            ("../../etc/passwd", "+..+etc+passwd~"),
            ("..", "unnamed~"),
            ("", "unnamed~"),
            (".hidden\n\u{202e}", "hidden--~"),
            ("größe 🦀", "gr--e--~"),
        ] {
            let made = file_name(name);
            match file.ends_with('~') {
                true => assert!(made.starts_with(file), "{name}: {made}"),
                false => assert_eq!(made, file),
            }
        }
        assert!(
            file_name(&"x".repeat(5000)).starts_with(&format!("{}~", "x".repeat(FILE_NAME_CHARS)))
        );
    }

    #[test]
    fn every_name_has_a_directory_of_its_own_whatever_the_others_are() {
        let names = ["a/b", "a+b", "a:b", "a-b", "a b", ".a", "a", "a-b~c8687a08"];
        let made: std::collections::BTreeSet<_> =
            names.iter().map(|name| file_name(name)).collect();
        assert_eq!(made.len(), names.len(), "{made:?}");
    }
}
