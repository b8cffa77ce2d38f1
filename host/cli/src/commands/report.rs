//! `dyno report`: what earlier runs found.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::render;
use clap::builder::TypedValueParser;
use clap::{Args, Subcommand};
use dyno_analysis::filter::CaseFilter;
use dyno_export::{Contents, FORMATS, Form, Format};
use dyno_files::checkout::{Folder, write_file};
use dyno_model::{CaseComparison, Comparison, Exceptions, History, Plugin, Run};
use dyno_session as session;
use dyno_session::{MeantBy, SessionError};

use super::cases::CaseArgs;
use super::choice::one_of;
use super::report_file::ReportFile;
use super::{Context as _, Error, Exit, Result, UsageError, history};

/// Look at recorded runs
#[derive(Debug, Subcommand)]
pub(super) enum ReportCommand {
    /// Show a run as it was shown when it was made
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        cases: CaseArgs,
    },
    /// List the runs, the newest first
    List {
        #[command(flatten)]
        file: ReportFile,
    },
    /// Write a run in a format for other programs
    Export {
        #[command(flatten)]
        which: Which,
        /// Which format
        #[arg(long, value_parser = formats(), default_value = "json", value_name = "FORMAT")]
        format: Format,
        /// Where to write it [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// What critcmp is to call it
        #[arg(long, value_name = "NAME", default_value = "dyno")]
        name: String,
    },
}

/// Which run of which report.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The run: its id, the beginning of it, or `latest`
    #[arg(default_value = "latest")]
    run: String,
    #[command(flatten)]
    file: ReportFile,
}

/// What a run may be written as.
fn formats() -> impl TypedValueParser<Value = Format> {
    one_of(FORMATS.iter().map(|spec| spec.format), |format| {
        format.spec().about
    })
}

impl ReportCommand {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        match self {
            Self::Show { which, cases } => {
                let mut loaded = Loaded::read(&which, false)?;
                let is_any = loaded.select(&cases.filter())?;
                let mut out = render::terminal::stdout();
                match loaded.compared {
                    Some(_) => render::comparison(&mut out, &loaded.contents(), verbose)?,
                    None => render::run(&mut out, &loaded.run, verbose)?,
                }
                if !is_any {
                    return Ok(Exit::NothingMatched);
                }
            }
            Self::List { file } => {
                render::runs(&mut render::terminal::stdout(), &file.open()?.runs()?)?
            }
            Self::Export {
                which,
                format,
                output,
                name,
            } => {
                let loaded = Loaded::read(&which, format == Format::Html)?;
                write(&loaded, format, output.as_deref(), &name)?;
            }
        }
        Ok(Exit::Well)
    }
}

/// A run with what belongs to it.
struct Loaded {
    run: Run,
    compared: Option<(Comparison, Run)>,
    histories: Vec<History>,
}

impl Loaded {
    /// Histories are read only where they are shown.
    fn read(which: &Which, with_histories: bool) -> Result<Self> {
        let store = which.file.open()?;
        let run = store.run(&which.run)?;
        let newest = store.comparisons(&run.id)?.into_iter().next();
        let compared = newest.map(|comparison| {
            let base = store.run(&comparison.base.run)?;
            Ok::<_, Error>((comparison, base))
        });
        Ok(Self {
            compared: compared.transpose()?,
            histories: match with_histories {
                true => history::of_run(&store, &run)?,
                false => Vec::new(),
            },
            run,
        })
    }

    /// Keeps the cases that are meant; whether there are any, or there were none.
    fn select(&mut self, filter: &CaseFilter) -> Result<bool> {
        let by = match self.compared {
            Some(_) => MeantBy::Name,
            None => MeantBy::NameOrLabel,
        };
        let compared = self.compared.as_mut();
        let (comparison, base) = compared
            .map(|(comparison, base)| (comparison, base))
            .unzip();
        let runs = base.into_iter().chain([&mut self.run]);
        let mut plugins: Vec<&mut Plugin> = runs.flat_map(|run| &mut run.plugins).collect();
        let is_empty = plugins.iter().all(|plugin| plugin.cases.is_empty());
        let sides = plugins.iter_mut();
        let sides = sides.map(|plugin| (&mut **plugin, Exceptions::NONE));
        session::select(filter, sides.collect(), by).map_err(SessionError::Filter)?;
        let left = plugins.iter().flat_map(|plugin| &plugin.cases);
        let left: BTreeSet<&str> = left.map(|case| case.spec.name.as_str()).collect();
        let is_any = is_empty || !left.is_empty();
        if let Some(comparison) = comparison {
            let is_left = |case: &CaseComparison| left.contains(case.case.as_str());
            comparison.cases.retain(is_left);
        }
        Ok(is_any)
    }

    fn contents(&self) -> Contents<'_> {
        let compared = self.compared.as_ref();
        Contents {
            run: &self.run,
            compared: compared.map(|(comparison, base)| (comparison, base)),
            histories: &self.histories,
        }
    }
}

/// Writes a run to a file, to stdout, or, if that is its form, into a directory.
fn write(loaded: &Loaded, format: Format, output: Option<&Path>, name: &str) -> Result<()> {
    let contents = loaded.contents();
    let cannot = |path: &Path| format!("{} cannot be written", path.display());
    let spec = format.spec();
    let word = spec.name;
    match (spec.form, output) {
        (Form::Text(export) | Form::Bytes(export), Some(path)) => write_file(path, |file| {
            let mut file = BufWriter::new(file);
            export(&contents, &mut file)?;
            file.flush()
        })
        .with_context(|| cannot(path)),
        (Form::Bytes(_), None) if render::terminal::is_stdout_terminal() => Err(UsageError(
            format!("{word} is no text: say where it goes with --output FILE"),
        )
        .into()),
        (Form::Text(export) | Form::Bytes(export), None) => {
            Ok(export(&contents, &mut render::terminal::data())?)
        }
        (Form::Directory(files), Some(dir)) => {
            let folder = Folder::named(dir).with_context(|| cannot(dir))?;
            for (path, bytes) in files(&contents, name)? {
                let path = Path::new(&path);
                let write = || {
                    let folder = folder.below(path.parent().unwrap_or(Path::new("")))?;
                    let name = path.file_name().unwrap_or_default();
                    folder.write(name, &bytes)
                };
                write().with_context(|| cannot(&dir.join(path)))?;
            }
            Ok(())
        }
        (Form::Directory(_), None) => Err(UsageError(format!(
            "{word} is a directory: say where it goes with --output DIR, such as target"
        ))
        .into()),
    }
}
