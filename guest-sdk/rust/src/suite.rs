//! What an author registers: the cases of a plugin, each with its facts and its closure. The host
//! calls a plugin twice, each time on a fresh instance: once to list the cases and once to run one
//! of them. Both register the whole suite, so registering must be cheap; inputs are made in the
//! closures.

use std::fmt::{self, Display};

use crate::bencher::{Bencher, Outcome};

/// The cases of a plugin.
#[derive(Debug, Default)]
pub struct Suite {
    entries: Vec<Entry>,
}

/// One benchmark, as it is listed. The limits on its texts are in the contract
/// (`wit/dyno-bench.wit`); the host checks them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Names the case, uniquely in the plugin.
    pub name: String,
    /// One sentence for people; may be empty.
    pub description: String,
    /// Cases that belong together, to be shown and compared side by side.
    pub group: Option<String>,
    /// Names and values of the parameters, in the order in which they are shown.
    pub params: Vec<(String, String)>,
    /// How much work one iteration does.
    pub throughput: Option<Throughput>,
    /// The checksum that the result must have.
    pub expected: Option<u64>,
}

/// How much work one iteration does, so that its time can be shown as a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughput {
    /// Bytes processed by one iteration.
    Bytes(u64),
    /// Elements (items, nodes, requests) processed by one iteration.
    Elements(u64),
}

struct Entry {
    case: Case,
    throughput: Option<Box<dyn FnOnce() -> Throughput>>,
    run: Box<dyn FnOnce(Bencher) -> Result<(), String>>,
}

impl Suite {
    /// Registers a case that needs no more than a name.
    pub fn bench<O: Outcome>(
        &mut self,
        name: impl Into<String>,
        run: impl FnOnce(Bencher) -> O + 'static,
    ) {
        self.case(name).run(run);
    }

    /// Begins a case; [`run`](CaseBuilder::run) registers it. By custom its name is
    /// `group/operation/parameter`.
    pub fn case(&mut self, name: impl Into<String>) -> CaseBuilder<'_> {
        CaseBuilder {
            suite: self,
            case: Case {
                name: name.into(),
                ..Case::default()
            },
            throughput: None,
        }
    }

    /// What `suite.cases` answers.
    pub(crate) fn list(register: impl FnOnce(&mut Suite)) -> Vec<Case> {
        let mut suite = Suite::default();
        register(&mut suite);
        let listed = suite.entries.into_iter().map(|entry| Case {
            throughput: entry.throughput.map(|throughput| throughput()),
            ..entry.case
        });
        listed.collect()
    }

    /// What `suite.run` does.
    pub(crate) fn run(register: impl FnOnce(&mut Suite), name: &str) -> Result<(), String> {
        let mut suite = Suite::default();
        register(&mut suite);
        let found = suite
            .entries
            .into_iter()
            .find(|entry| entry.case.name == name);
        match found {
            // The other cases are gone here, so that the memory measured is that of this one.
            Some(entry) => (entry.run)(Bencher(())),
            None => Err(format!("there is no case named {name:?}")),
        }
    }
}

/// A case that is being described.
#[must_use = "a case is registered by `run`"]
pub struct CaseBuilder<'s> {
    suite: &'s mut Suite,
    case: Case,
    throughput: Option<Box<dyn FnOnce() -> Throughput>>,
}

impl CaseBuilder<'_> {
    /// One sentence for people.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.case.description = description.into();
        self
    }

    /// The group, whose cases are shown side by side.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.case.group = Some(group.into());
        self
    }

    /// A parameter, such as `nodes` = 1000. May be repeated.
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.case.params.push((name.into(), value.to_string()));
        self
    }

    /// One iteration processes so many bytes.
    pub fn throughput_bytes(self, bytes: u64) -> Self {
        self.throughput_with(move || Throughput::Bytes(bytes))
    }

    /// One iteration processes so many elements (items, nodes, requests).
    pub fn throughput_elements(self, elements: u64) -> Self {
        self.throughput_with(move || Throughput::Elements(elements))
    }

    /// A throughput that takes work to find, such as the size of an encoded document. Computed
    /// only when the cases are listed, never when one of them runs.
    pub fn throughput_with(mut self, throughput: impl FnOnce() -> Throughput + 'static) -> Self {
        self.throughput = Some(Box::new(throughput));
        self
    }

    /// The [checksum](crate::checksum) that the result must have; a different one fails the case.
    pub fn expected(mut self, checksum: u64) -> Self {
        self.case.expected = Some(checksum);
        self
    }

    /// Registers the case. The closure is called only when the host runs this case, once: it
    /// prepares the input, which is not timed, and ends with [`Bencher::iter`] or
    /// [`Bencher::iter_batched`].
    pub fn run<O: Outcome>(self, run: impl FnOnce(Bencher) -> O + 'static) {
        self.suite.entries.push(Entry {
            case: self.case,
            throughput: self.throughput,
            run: Box::new(|bencher| run(bencher).outcome()),
        });
    }
}

impl fmt::Debug for CaseBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.case.fmt(f)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.case.fmt(f)
    }
}
