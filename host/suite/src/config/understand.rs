//! From the shape of the file to the suite, with the place of whatever is wrong.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::exceptions::exceptions;
use super::values::{pattern, text};
use super::{Criterion, MetricSpec, Plugin, PluginSource, Problem, Suite, suggestion};
use crate::criterion::{self, Renamed};
use crate::file::{File, GrantsTable, PluginTable};
use dyno_analysis::filter::CaseFilter;
use dyno_files::checkout::Checkout;
use dyno_model::quoted::quoted;
use dyno_model::{
    Access, DirGrant, Features, Grants, LIMITS, LimitUnit, Limits, Variables, quantity,
};
use dyno_plugin::{PACKAGE, PackageSpec};

/// The text, for places within it, the directory of the file, and out of what its paths do not
/// lead.
pub(super) struct Understand<'a> {
    pub(super) text: &'a str,
    pub(super) dir: &'a Path,
    pub(super) checkout: &'a Checkout,
    /// What to write in place of old names, each once.
    pub(super) renamed: RefCell<Vec<Renamed>>,
}

impl Understand<'_> {
    pub(super) fn suite(&self, file: File) -> Result<Suite, Problem> {
        let limits = limits(file.limits)?;
        let places: Vec<_> = file.plugins.iter().map(Spanned::span).collect();
        let plugins = self.plugins(file.plugins)?;
        let (grants, variables) = self.grants(file.grants)?;
        let (phases, load) = self.phases(file.phases, &plugins)?;
        for (at, place) in places.into_iter().enumerate() {
            let mut used = phases.iter().map(|phase| &phase.plugins);
            let is_used = used.any(|plugins| plugins.contains(&at))
                || load.as_ref().is_some_and(|load| load.plugins.contains(&at));
            if !is_used {
                let message = format!("no phase measures `{}`", quoted(&plugins[at].name));
                return Err(Problem::new(place, message)
                    .help("name it among the `plugins` of a phase, or leave it out"));
            }
        }
        let said = file.gate.keys().chain(file.renames.keys()).next();
        let said = said.map(Spanned::span);
        let exceptions = exceptions(file.gate, file.renames)?;
        let is_compared = phases.iter().any(|phase| phase.gate.is_some());
        if let Some(place) = said.filter(|_| !is_compared) {
            let message = "no phase is compared with anything, so that this would hold for nothing";
            let help = "write against = \"BASELINE\" in a phase, or keep it in a file of its own for `dyno gate --config`";
            return Err(Problem::new(place, message).help(help));
        }
        Ok(Suite {
            checkout: self.checkout.clone(),
            output: file.output.map(|dir| self.path(&dir)).transpose()?,
            verbose: file.verbose,
            strict: file.strict,
            seed: file.seed,
            plugins,
            limits,
            grants,
            variables,
            exceptions,
            phases,
            load,
            warnings: self.renamed.take(),
        })
    }

    fn plugins(&self, tables: Vec<Spanned<PluginTable>>) -> Result<Vec<Plugin>, Problem> {
        let mut plugins: Vec<Plugin> = Vec::new();
        for table in tables {
            let span = table.span();
            let PluginTable {
                path,
                package,
                name,
            } = table.into_inner();
            let source = match (path, package) {
                (Some(path), None) => PluginSource::Path(self.path(&path)?),
                (None, Some(package)) => {
                    let id = package.get_ref();
                    if PackageSpec::package(id).is_none() || id.starts_with(PACKAGE) {
                        let message = format!("`{}` names no package", quoted(id));
                        let help = "write namespace/name, namespace/name@1.2 or HOST/REPOSITORY:TAG, or path = \"FILE\" for a file";
                        return Err(Problem::new(package.span(), message).help(help));
                    }
                    PluginSource::Package(package.into_inner())
                }
                _ => {
                    let help = "write path = \"DIRECTORY OR FILE\" or package = \"ID\"";
                    return Err(Problem::new(
                        span,
                        "a plugin has a path or a package, one of them",
                    )
                    .help(help));
                }
            };
            let place = name.as_ref().map_or(span, Spanned::span);
            let name = name.map_or_else(|| source.name(), Spanned::into_inner);
            if name.is_empty() {
                return Err(
                    Problem::new(place, "this plugin has no name").help("write name = \"NAME\"")
                );
            }
            if plugins.iter().any(|plugin| plugin.name == name) {
                let message = format!("two plugins are called `{}`", quoted(&name));
                return Err(Problem::new(place, message).help("give one of them another `name`"));
            }
            plugins.push(Plugin { name, source });
        }
        if plugins.is_empty() {
            let help = "write [[plugins]] and below it path = \"DIRECTORY OR FILE\"";
            return Err(Problem::new(0..0, "the suite has no plugin").help(help));
        }
        Ok(plugins)
    }

    fn grants(&self, table: GrantsTable) -> Result<(Grants, Variables), Problem> {
        let mut dirs = Vec::new();
        for (grants, access) in [(table.dirs, Access::Read), (table.dirs_rw, Access::Scratch)] {
            for grant in grants {
                let (host, guest) = grant
                    .get_ref()
                    .split_once("::")
                    .unwrap_or((grant.get_ref(), grant.get_ref()));
                if host.is_empty() || guest.is_empty() {
                    let message = "a granted directory is HOST::GUEST";
                    return Err(
                        Problem::new(grant.span(), message).help("such as \"./data::/data\"")
                    );
                }
                let host = self.inside(Path::new(host), grant.span())?;
                dirs.push(DirGrant::new(host, guest.into(), access));
            }
        }
        let (mut env, mut variables) = (Vec::new(), Variables::default());
        for (name, value) in table.env {
            if name.get_ref().is_empty()
                || name.get_ref().contains(['=', '\0'])
                || value.contains('\0')
            {
                return Err(Problem::new(
                    name.span(),
                    "no environment variable can be that",
                ));
            }
            env.push(name.get_ref().clone());
            variables.add(name.into_inner(), value);
        }
        let grants = Grants {
            dirs,
            env,
            args: table.args,
            own_dir: table.own_dir,
            stdin: table.stdin.map(|file| self.path(&file)).transpose()?,
            features: Features {
                wasm: table.wasm,
                deny_stubs: table.deny_stubs,
            },
        };
        Ok((grants, variables))
    }

    fn path(&self, path: &Spanned<PathBuf>) -> Result<PathBuf, Problem> {
        self.inside(path.get_ref(), path.span())
    }

    /// A path, joined to the directory of the file.
    fn inside(&self, path: &Path, place: Range<usize>) -> Result<PathBuf, Problem> {
        let path = self.dir.join(path);
        match self.checkout.resolve(&path) {
            Ok(_) => Ok(path),
            Err(error) => {
                let help = "a suite's paths stay in its checkout, unless --root names a directory above them";
                Err(Problem::new(place, format!("this path cannot be used: {error}")).help(help))
            }
        }
    }

    /// Positions of the plugins that are meant.
    pub(super) fn selection(
        &self,
        names: &[Spanned<String>],
        plugins: &[Plugin],
    ) -> Result<Vec<usize>, Problem> {
        if names.is_empty() {
            return Ok((0..plugins.len()).collect());
        }
        let mut selection = Vec::new();
        for name in names {
            let word = name.get_ref();
            let position = plugins
                .iter()
                .position(|plugin| plugin.name == *word)
                .ok_or_else(|| {
                    let known: Vec<_> = plugins.iter().map(|plugin| quoted(&plugin.name)).collect();
                    let known: Vec<_> = known.iter().map(String::as_str).collect();
                    let message = format!("no plugin is called `{}`", quoted(word));
                    Problem::new(name.span(), message).help(suggestion(word, &known))
                })?;
            if selection.contains(&position) {
                return Err(Problem::new(
                    name.span(),
                    format!("`{}` is named twice", quoted(word)),
                ));
            }
            selection.push(position);
        }
        Ok(selection)
    }

    pub(super) fn cases(
        &self,
        only: &[Spanned<String>],
        exclude: &[Spanned<String>],
    ) -> Result<CaseFilter, Problem> {
        for text in only.iter().chain(exclude) {
            pattern(text, "leave `cases` out for all of them")?;
        }
        let texts = |patterns: &[Spanned<String>]| -> Vec<String> {
            let patterns = patterns.iter();
            patterns.map(|pattern| pattern.get_ref().clone()).collect()
        };
        Ok(CaseFilter::new(&texts(only), &texts(exclude)))
    }

    pub(super) fn metrics(
        &self,
        names: &[Spanned<String>],
    ) -> Result<Vec<&'static MetricSpec>, Problem> {
        let metrics = names.iter().map(|name| {
            let named = criterion::metric(name.get_ref(), name.span())?;
            self.note(named.renamed(name.get_ref(), named.metric.name));
            Ok(named.metric)
        });
        metrics.collect()
    }

    pub(super) fn criterion(&self, line: &Spanned<String>) -> Result<Criterion, Problem> {
        let parsed = Criterion::parse(line.get_ref());
        let (criterion, renamed) = parsed.map_err(|problem| {
            let span = self.within(line, problem.span.clone());
            Problem { span, ..problem }
        })?;
        self.note(renamed);
        Ok(criterion)
    }

    fn note(&self, renamed: Option<Renamed>) {
        let mut notes = self.renamed.borrow_mut();
        let new = renamed.filter(|note| !notes.contains(note));
        notes.extend(new);
    }

    /// Where a part of a value stands in the file: exact where the value is written as it is, and
    /// the whole value where it has escapes.
    fn within(&self, value: &Spanned<String>, part: Range<usize>) -> Range<usize> {
        let whole = value.span();
        let start = whole.start + 1;
        let as_written = self.text.get(start..start + value.get_ref().len());
        if as_written == Some(value.get_ref().as_str()) && !part.is_empty() {
            start + part.start..start + part.end
        } else {
            whole
        }
    }
}

impl PluginSource {
    /// The last part of its path, or the package as it is named.
    fn name(&self) -> String {
        match self {
            Self::Path(path) => {
                let last = path.file_stem().unwrap_or_default();
                let is_dotted = path
                    .extension()
                    .is_some_and(|end| end == "wasm" || end == "wat");
                let last = if is_dotted {
                    last
                } else {
                    path.file_name().unwrap_or_default()
                };
                last.to_string_lossy().into_owned()
            }
            Self::Package(package) => package.clone(),
        }
    }
}

fn limits(table: BTreeMap<Spanned<String>, Spanned<toml::Value>>) -> Result<Limits, Problem> {
    let mut limits = Limits::default();
    for (key, value) in table {
        let name = key.get_ref();
        let spec = LIMITS
            .iter()
            .find(|spec| spec.name == name)
            .ok_or_else(|| {
                let names: Vec<_> = LIMITS.iter().map(|spec| spec.name).collect();
                Problem::new(key.span(), format!("unknown limit `{}`", quoted(name)))
                    .help(suggestion(name, &names))
            })?;
        let amount = quantity::parse(&text(value.get_ref()), spec.unit).map_err(|_| {
            let example = quantity::show(spec.default, spec.unit);
            let message = format!("this is not a value of the limit `{name}`");
            Problem::new(value.span(), message)
                .help(format!("write it like its default, \"{example}\""))
        })?;
        limits.set(spec.kind, amount);
    }
    Ok(limits)
}

/// A time of at least a millisecond, ms.
pub(super) fn time(text: &Spanned<String>) -> Result<u64, Problem> {
    let time = quantity::parse(text.get_ref(), LimitUnit::Milliseconds).ok();
    time.filter(|ms| *ms >= 1).ok_or_else(|| {
        Problem::new(
            text.span(),
            format!("`{}` is not a time", quoted(text.get_ref())),
        )
        .help("write a number and a unit, such as \"500ms\" or \"30s\"")
    })
}

/// A whole number within bounds.
pub(super) fn whole(value: &Spanned<i64>, name: &str, max: u32) -> Result<u32, Problem> {
    let number = u32::try_from(*value.get_ref()).ok();
    number
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| {
            Problem::new(value.span(), format!("`{name}` is out of range"))
                .help(format!("write 1 to {max}"))
        })
}
