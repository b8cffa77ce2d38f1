//! `dyno validate`: what the protocol is worth on this machine.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::render::{self, Progress};
use clap::Args;
use dyno_analysis::compare::{BLOCKS, CONFIRMING_BLOCKS, PAIRS};
use dyno_analysis::study::{self, Part, Scale, Session, Study};
use dyno_files::checkout::write_file;
use dyno_files::private_dir::PrivateDir;
use dyno_measure::Sampling;
use dyno_model::{Exceptions, RULES, Rules};
use dyno_report::Store;
use dyno_session as session;
use dyno_session::{Stage, Versus};

use super::measuring::{self, Conditions, SamplingArgs};
use super::{Context as _, Exit, Result};

/// Measure how often this machine's noise fools a gate, and how small a change it shows
///
/// Compares plugins of our own whose difference is known: twins that differ only in where their
/// machine code lies, and versions with exactly 5, 10 and 50 % more work that is proportional,
/// bound by memory, amortised, quadratic or waiting. Several independent sessions, each with
/// layouts of its own, are measured and judged as `gate` and `compare` do it, and recorded, so that
/// anyone can judge them again with --from. Takes some twenty minutes.
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Some three minutes: one session with fewer plugins
    #[arg(long)]
    quick: bool,
    /// Independent sessions [default: 3, quick 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    sessions: Option<u32>,
    /// Pairs of processes a block
    #[arg(long, value_name = "NUMBER", default_value_t = PAIRS, value_parser = clap::value_parser!(u32).range(1..=100))]
    pairs: u32,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// The report that the sessions are recorded in
    #[arg(long, value_name = "FILE", default_value = "dyno-validate.sqlite")]
    report: PathBuf,
    /// Judge the sessions that these reports hold, and measure nothing
    #[arg(long, value_name = "REPORT", num_args = 1.., conflicts_with_all = ["quick", "sessions", "pairs", "time", "sample_time", "report"])]
    from: Vec<PathBuf>,
    /// Where the study goes, as JSON
    #[arg(long, value_name = "FILE", default_value = "dyno-validate.json")]
    output: PathBuf,
    /// Where the power curve goes, as a picture
    #[arg(long, value_name = "FILE", default_value = "dyno-validate.svg")]
    plot: PathBuf,
}

impl Validate {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        if !self.from.is_empty() {
            let mut sessions = Vec::new();
            for path in &self.from {
                sessions.extend(recorded(path)?);
            }
            self.conclude(&study::study(&sessions)?)?;
            return Ok(Exit::Well);
        }
        let mut scale = if self.quick {
            Scale::QUICK
        } else {
            Scale::FULL
        };
        scale.sessions = self.sessions.unwrap_or(scale.sessions);
        let mut store = Store::open(&self.report)?;
        let mut layouts = session::random_u64();
        let mut sessions = Vec::new();
        for number in 1..=scale.sessions {
            for part in study::parts(&scale, &mut layouts) {
                let names = [number, scale.sessions].map(|number| number.to_string());
                let (measured, exit) = self.measure(&part, &names, &mut store, verbose)?;
                if exit != Exit::Well {
                    return Ok(exit);
                }
                sessions.extend(measured);
            }
        }
        self.conclude(&study::study(&sessions)?)?;
        Ok(Exit::Well)
    }

    /// Runs one part of a session, and records it.
    fn measure(
        &self,
        part: &Part,
        [number, of]: &[String; 2],
        store: &mut Store,
        verbose: bool,
    ) -> Result<(Option<Session>, Exit)> {
        let dir = PrivateDir::new().context("no temporary directory can be made")?;
        let [mut bases, mut candidates] = [Vec::new(), Vec::new()];
        for pair in &part.pairs {
            bases.push(written(&dir.path().join("base"), &pair.name, &pair.base)?);
            let candidate = written(&dir.path().join("candidate"), &pair.name, &pair.candidate)?;
            candidates.push(candidate);
        }
        let conditions = Conditions::default();
        let mut request = conditions.request(candidates, Stage::Time, None)?;
        request.blocks = BLOCKS;
        request.processes = self.pairs;
        request.time = Sampling::compared();
        self.sampling.apply(&mut request.time)?;
        // They are texts of our own.
        request.build = false;
        let rules = Rules {
            gates: part.gates,
            ..RULES
        };
        request.versus = Some(Versus {
            paths: bases,
            names: ["base", "candidate"].map(|side| format!("{side} of session {number} of {of}")),
            rules,
            exceptions: Exceptions::default(),
            extension: BLOCKS,
            confirmation: CONFIRMING_BLOCKS,
            remeasure: true,
        });
        let mut host = conditions.host(&request, self.sampling.waits())?;
        // Of plugins that are never seen again nothing is kept.
        host.cache_dir = None;
        let findings = measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
        let exit = measuring::exit(&findings);
        let Some((base, comparison)) = findings.compared.filter(|_| exit == Exit::Well) else {
            return Ok((None, exit));
        };
        store.record_comparison(&[&base, &findings.run], &comparison)?;
        let session = Session {
            base,
            candidate: findings.run,
            rules,
        };
        Ok((Some(session), exit))
    }

    /// Shows the study, and writes it down.
    fn conclude(&self, study: &Study) -> Result<()> {
        let json = serde_json::to_string_pretty(study).map_err(io::Error::from)?;
        for (path, text) in [(&self.output, json), (&self.plot, study::plot(study))] {
            write_file(path, |file| file.write_all(text.as_bytes()))
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        render::study(&mut render::terminal::stdout(), study)?;
        Ok(())
    }
}

/// The plugin `text` as a file in `dir`.
fn written(dir: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = dir.join(name).with_extension("wat");
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&path, text))
        .context("a plugin of the study cannot be written")?;
    Ok(path)
}

/// The comparisons that a report holds, the oldest first.
fn recorded(path: &Path) -> Result<Vec<Session>> {
    let store = Store::open_existing(path)?;
    let mut sessions = Vec::new();
    for run in store.runs()?.iter().rev() {
        for comparison in store.comparisons(&run.id)? {
            sessions.push(Session {
                base: store.run(&comparison.base.run)?,
                candidate: store.run(&comparison.candidate.run)?,
                rules: comparison.rules,
            });
        }
    }
    Ok(sessions)
}
