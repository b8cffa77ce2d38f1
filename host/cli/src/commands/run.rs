//! `dyno run`: measure, show, record.

use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::render::Progress;
use clap::Args;
use dyno_export as export;
use dyno_files::private_dir::{self, PrivateDir};
use dyno_model as model;
use dyno_report::{Store, StoreError};
use dyno_session::{Request, Versus};

use super::compare::Compared;
use super::measuring::{self, Format};
use super::request::{self, Asking, PrintArgs};
use super::{Error, Exit, NoResult, Result, UsageError, baseline, gate, paths, show};

/// Measure every case of plugins and record the run
#[derive(Debug, Args)]
#[command(
    override_usage = "dyno run [OPTIONS] <PATH>...\n       dyno run [OPTIONS] --request <FILE>"
)]
pub(super) struct Run {
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    print: PrintArgs,
    /// How to show the run
    #[arg(
        long,
        value_enum,
        default_value = "human",
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    format: Format,
    /// The report to record the run in [default: .dyno/report.sqlite beside the project]
    #[arg(
        long,
        env = "DYNO_REPORT",
        hide_env_values = true,
        value_name = "FILE",
        help_heading = "Output"
    )]
    report: Option<PathBuf>,
    /// Keep the run and its plugins under a name, as `dyno baseline save` does
    #[arg(long, value_name = "NAME", value_parser = baseline::name, conflicts_with_all = ["no_report", "print_request"], help_heading = "Output")]
    save_baseline: Option<String>,
    /// Go on with a recorded run, by its id or as `latest`: what it has and what has not changed
    /// since is not measured again
    #[arg(long, value_name = "RUN", conflicts_with_all = ["no_report", "print_request"], help_heading = "Output")]
    resume: Option<String>,
    /// Do not record the run, whatever --report or DYNO_REPORT say
    #[arg(long, help_heading = "Output")]
    no_report: bool,
}

impl Run {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let request = self.asking.request()?;
        if self.print.print_request {
            return request::print(&request);
        }
        if request.versus.is_some() && self.save_baseline.is_some() {
            let message = "--save-baseline is for one version, and the request compares two";
            return Err(UsageError(message.into()).into());
        }
        if request.versus.is_some() && self.resume.is_some() {
            let message = "--resume is for one version, and the request compares two";
            return Err(UsageError(message.into()).into());
        }
        let mut host = self.asking.host(&request)?;
        // Opened first: a report that cannot be written should not cost a run to find out.
        let mut store = match self.no_report {
            true => None,
            false => Some(Store::open(&paths::report(self.report.as_deref())?)?),
        };
        if let (Some(store), Some(wanted)) = (&store, &self.resume) {
            host.resumed = Some(store.run(wanted)?);
        }
        let findings = measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
        if let Some(versus) = &request.versus {
            let compared = Compared::of(findings);
            let compared = compared.ok_or(NoResult("nothing was compared"))?;
            return self.compared(&compared, (&request, versus), store, verbose);
        }
        let run = &findings.run;
        let recorded = store.as_mut().map(|store| store.record(run)).transpose();
        let result = show::run(run, self.format, verbose);
        // Whatever became of showing it, a run that the report did not take is saved.
        if let Err(error) = recorded {
            return Err(rescue(run, error));
        }
        super::shown(result)?;
        let exit = measuring::exit(&findings);
        if let (Some(store), Some(name)) = (&mut store, &self.save_baseline) {
            save(store, name, run, exit)?;
        }
        Ok(exit)
    }

    /// Records and shows a comparison that a request asked for, which ends as `dyno compare` or
    /// `dyno gate` does.
    fn compared(
        &self,
        compared: &Compared,
        (request, versus): (&Request, &Versus),
        store: Option<Store>,
        verbose: bool,
    ) -> Result<Exit> {
        if let Some(mut store) = store {
            compared.record(&mut store, [true, true])?;
        }
        show::comparison(&compared.contents(), self.format, verbose)?;
        if request.filter.is_all() {
            let (cases, base) = (&compared.comparison.cases, &compared.base.plugins);
            gate::warn_of_idle(&versus.exceptions, cases, base);
        }
        Ok(compared.gated())
    }
}

/// Keeps a run under a name. Of one that did not end well, how it ended says more than that it is
/// no baseline.
fn save(store: &mut Store, name: &str, run: &model::Run, exit: Exit) -> Result<()> {
    match baseline::save(store, name, &run.id, false) {
        Ok(saved) => {
            if let Some(before) = saved.before {
                super::note(&format!(
                    "the baseline {name} is this run now; it was run {before}"
                ));
            }
        }
        Err(error) if !matches!(exit, Exit::Well) => super::warn(&format!(
            "nothing was saved as {name}: {}",
            error.sentence()
        )),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Saves a run that the report did not take, and says so with the reason.
fn rescue(run: &model::Run, error: StoreError) -> Error {
    let name = format!("dyno-run-{}.json", run.id);
    let saved = PrivateDir::lasting("dyno-rescued-").and_then(|dir| {
        let path = dir.join(&name);
        let written = write_new(&path, run);
        if written.is_err() {
            // Half a run is of no use. What cannot be removed, either, is empty.
            let _ = fs::remove_dir_all(dir);
        }
        written.map(|()| path)
    });
    Error::from(error).context(match saved {
        Ok(path) => format!(
            "the run could not be recorded and was saved as {}",
            path.display()
        ),
        Err(cause) => {
            let path = private_dir::place().unwrap_or_default().join(name);
            let path = path.display();
            format!("the run could not be recorded, nor saved as {path} ({cause})")
        }
    })
}

/// Writes a run into a file that must not be there yet.
fn write_new(path: &Path, run: &model::Run) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut file = BufWriter::new(file);
    export::export(&run.into(), export::Format::Json, &mut file)?;
    file.flush()
}
