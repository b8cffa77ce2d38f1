//! Which cases there are, and which of them are meant.
//!
//! A suite has to be compiled and run to say what its cases are called. The one case of a program
//! is called as its file or its manifest says, so where only some cases are meant a program is
//! looked into first, and compiled only if it is among them.

use std::collections::BTreeSet;

use super::Host;
use super::Session;
use super::request::Request;
use super::subject::{Subject, empty};
use dyno_analysis::compare;
use dyno_analysis::filter::{CaseFilter, FilterError, nearest};
use dyno_files::private_dir::PrivateDir;
use dyno_job::{Event, Job, Layout};
use dyno_model::progress::{Progress, Step};
use dyno_model::quoted::quoted;
use dyno_model::{CaseSpec, Exceptions, Plugin, PluginKind};

/// What a case is meant by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeantBy {
    /// Its name. What is compared goes by nothing else: both sides have it.
    Name,
    /// Its name, and that of a program also by the label of its plugin, under which it is shown.
    NameOrLabel,
}

impl Session<'_> {
    /// Compiles plugins and asks them for their cases, of which those are left that are meant.
    pub(super) async fn list_all(&mut self, subjects: &mut [Subject]) -> Result<(), FilterError> {
        let of = subjects.len();
        for (index, subject) in subjects.iter_mut().enumerate() {
            let step = Step {
                number: index + 1,
                of,
            };
            if self.is_program(subject, step).await {
                subject.expect_program();
            } else {
                self.compile(subject, Some(step)).await;
                self.list(subject).await;
            }
        }
        let idle = self.request.select(self.host, subjects)?;
        self.warnings.extend(idle);
        let expected = subjects.iter_mut().filter(|subject| subject.is_expected());
        let expected: Vec<&mut Subject> = expected.collect();
        let of = expected.len();
        for (index, subject) in expected.into_iter().enumerate() {
            let number = index + 1;
            subject.plugin.cases.clear();
            self.compile(subject, Some(Step { number, of })).await;
            self.list(subject).await;
        }
        Ok(())
    }

    /// Whether a worker sees that this is a program. Asked only where that may save compiling it.
    async fn is_program(&mut self, subject: &mut Subject, step: Step) -> bool {
        let is_looked_at = self.request.filter.is_all() || self.host.shapes;
        let Some(targets) = self
            .targets(subject, Layout::PLAIN)
            .filter(|_| !is_looked_at)
        else {
            return false;
        };
        if targets
            .iter()
            .all(|target| self.cache.find(&target.name).is_some())
        {
            return false;
        }
        let plugin = &subject.plugin.label;
        self.observer.on(Progress::Find { step, plugin });
        // Whatever goes wrong here goes wrong again where it is compiled, and is said there.
        let Ok(staging_dir) = PrivateDir::inside(self.cache.run_dir()) else {
            return false;
        };
        let component = staging_dir.path().join("component");
        let limits = self.request.limits.clone();
        if subject.snapshot(&limits, &component).is_err() {
            return false;
        }
        let reports = self.work_on(&[Job::Check { component, limits }]).await;
        let is_command = |event: &Event| match event {
            Event::Checked(shape) => shape.kind == PluginKind::Command,
            _ => false,
        };
        let ended_well = reports.iter().all(|report| self.compiled(report).is_ok());
        ended_well
            && reports
                .iter()
                .flat_map(|report| &report.events)
                .any(is_command)
    }
}

impl Subject {
    /// The one case that it has as a program, before it is compiled.
    fn expect_program(&mut self) {
        self.plugin.kind = Some(PluginKind::Command);
        self.plugin.cases = vec![empty(CaseSpec::named(&self.program.name))];
    }

    /// Whether it is a program that was meant and is not compiled yet.
    fn is_expected(&self) -> bool {
        self.code.is_none() && !self.plugin.cases.is_empty()
    }
}

impl Request {
    /// Keeps the cases that were asked for, by the names that all plugins together have. What it
    /// says of patterns that mean none, of them or of what they are held against, is warnings.
    fn select(&self, host: &Host, subjects: &mut [Subject]) -> Result<Vec<String>, FilterError> {
        let by = match self.versus.is_none() && host.stored.is_empty() {
            true => MeantBy::NameOrLabel,
            false => MeantBy::Name,
        };
        let plugins = subjects
            .iter()
            .map(|subject| (&subject.plugin, &subject.exceptions));
        let stored = host.stored.iter().map(|plugin| (plugin, Exceptions::NONE));
        let warnings = idle(&self.filter, plugins.chain(stored), by);
        let sides = subjects
            .iter_mut()
            .map(|subject| (&mut subject.plugin, &subject.exceptions));
        select(&self.filter, sides.collect(), by)?;
        Ok(warnings)
    }
}

/// A warning for each pattern that means no case of these plugins; none if they have no cases.
pub fn idle<'a>(
    filter: &CaseFilter,
    plugins: impl Iterator<Item = (&'a Plugin, &'a Exceptions)>,
    by: MeantBy,
) -> Vec<String> {
    let cases = plugins.flat_map(|plugin| names(plugin, by));
    let names: BTreeSet<&str> = cases.flatten().collect();
    if names.is_empty() {
        return Vec::new();
    }
    let all: Vec<&str> = names.iter().copied().collect();
    let warning = |pattern: &str| {
        let said = format!("no case is what the pattern `{}` means", quoted(pattern));
        match nearest(pattern, &all) {
            Some(name) => format!("{said}: did you mean `{}`?", quoted(name)),
            None => said,
        }
    };
    let idle = filter.idle(names.iter().copied());
    idle.into_iter().map(warning).collect()
}

/// The names that each case of a plugin is meant by; of one that was renamed the new one.
fn names<'a>(
    (plugin, exceptions): (&'a Plugin, &'a Exceptions),
    by: MeantBy,
) -> impl Iterator<Item = Vec<&'a str>> {
    let is_program = plugin.kind == Some(PluginKind::Command);
    let label = (is_program && by == MeantBy::NameOrLabel).then_some(plugin.label.as_str());
    let cases = plugin.cases.iter();
    cases.map(move |case| {
        let name = compare::renamed(exceptions, plugin, &case.spec.name);
        [name].into_iter().chain(label).collect()
    })
}

/// Keeps the cases of plugins that a filter means, by the names that all of them together have. A
/// case that was renamed is meant by its new name.
///
/// # Errors
/// The first pattern that is malformed.
pub fn select(
    filter: &CaseFilter,
    plugins: Vec<(&mut Plugin, &Exceptions)>,
    by: MeantBy,
) -> Result<(), FilterError> {
    let all = plugins
        .iter()
        .map(|(plugin, exceptions)| (&**plugin, *exceptions));
    let all = all.flat_map(|plugin| names(plugin, by)).flatten();
    let all: BTreeSet<String> = all.map(str::to_owned).collect();
    let all_names = || all.iter().map(String::as_str);
    filter.check(all_names())?;
    let selection = filter.among(all_names());
    for (plugin, exceptions) in plugins {
        let cases = names((plugin, exceptions), by);
        let wanted: Vec<bool> = cases.map(|names| selection.has_any(&names)).collect();
        let mut wanted = wanted.into_iter();
        plugin.cases.retain(|_| wanted.next().unwrap_or_default());
    }
    Ok(())
}
