//! Groups of cases: from Criterion's ids to the names, groups and parameters of the contract.

use std::fmt::Display;
use std::hint::black_box;
use std::time::Duration;

use super::bencher::{self, Bencher};
use super::measurement::{Measurement, WallTime};
use super::session;
use super::settings::{PlotConfiguration, SamplingMode};
use crate::suite::{Case, Throughput as Rate};

/// The bytes of a name that Criterion prints, before it writes `...`.
const NAME_BYTES_MAX: usize = 100;

/// The bytes of a group's name; the contract allows as many characters.
const GROUP_BYTES_MAX: usize = 125;

/// The bytes of a parameter; the contract allows three more, which are the dots.
const PARAM_BYTES_MAX: usize = 61;

/// Cases that belong together. Its settings are accepted and have no effect.
#[derive(Debug)]
pub struct BenchmarkGroup<'a, M: Measurement = WallTime> {
    measurement: &'a M,
    name: String,
    /// A case of [`Criterion::bench_function`](super::Criterion::bench_function) is a group to
    /// Criterion, but there is nothing to be shown beside it.
    alone: bool,
    throughput: Option<Throughput>,
}

/// Settings that the host decides.
macro_rules! settings {
    ($($name:ident($argument:ident: $type:ty): $what:literal;)*) => {$(
        #[doc = concat!($what, " Without effect: see the [module](super).")]
        pub fn $name(&mut self, $argument: $type) -> &mut Self {
            let _ = $argument;
            self
        }
    )*};
}

impl<'a, M: Measurement> BenchmarkGroup<'a, M> {
    pub(super) fn new(measurement: &'a M, name: String) -> Self {
        BenchmarkGroup {
            measurement,
            name,
            alone: false,
            throughput: None,
        }
    }

    pub(super) fn alone(measurement: &'a M, name: &str) -> Self {
        BenchmarkGroup {
            alone: true,
            ..BenchmarkGroup::new(measurement, name.into())
        }
    }

    settings! {
        sample_size(n: usize): "How many samples to take.";
        warm_up_time(dur: Duration): "How long to run before measuring.";
        measurement_time(dur: Duration): "How long to measure.";
        nresamples(n: usize): "How many resamples to draw.";
        noise_threshold(threshold: f64): "Which changes to ignore.";
        confidence_level(cl: f64): "How wide an interval to state.";
        significance_level(sl: f64): "How sure a change must be.";
        plot_config(new_config: PlotConfiguration): "How to draw the plots.";
        sampling_mode(new_mode: SamplingMode): "How iterations are spread over samples.";
    }

    /// How much work one iteration of the cases that follow does.
    pub fn throughput(&mut self, throughput: Throughput) -> &mut Self {
        self.throughput = Some(throughput);
        self
    }

    /// Registers a case.
    pub fn bench_function<ID: IntoBenchmarkId, F>(&mut self, id: ID, mut f: F) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>),
    {
        self.meet(id.into_benchmark_id(), &mut f);
        self
    }

    /// Registers a case whose closure gets `input`.
    pub fn bench_with_input<ID: IntoBenchmarkId, F, I>(
        &mut self,
        id: ID,
        input: &I,
        mut f: F,
    ) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>, &I),
        I: ?Sized,
    {
        self.meet(id.into_benchmark_id(), &mut |b: &mut Bencher<'_, M>| {
            f(b, black_box(input));
        });
        self
    }

    /// Ends the group, as dropping it does.
    pub fn finish(self) {}

    fn meet(&self, id: BenchmarkId, f: &mut dyn FnMut(&mut Bencher<'_, M>)) {
        let case = Case {
            name: self.name_of(&id),
            group: (!self.alone).then(|| printable(&self.name, GROUP_BYTES_MAX)),
            params: [("function", id.function), ("parameter", id.parameter)]
                .into_iter()
                .filter_map(|(name, value)| {
                    Some((name.into(), printable(&value?, PARAM_BYTES_MAX)))
                })
                .collect(),
            throughput: self.throughput.as_ref().map(Throughput::rate),
            ..Case::default()
        };
        session::meet(case, || bencher::run_batches(self.measurement, f));
    }

    /// The name as Criterion prints it.
    fn name_of(&self, id: &BenchmarkId) -> String {
        let parts = [
            Some(&self.name),
            id.function.as_ref(),
            id.parameter.as_ref(),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        printable(&parts.join("/"), NAME_BYTES_MAX)
    }
}

/// `text` cut to `bytes` bytes, and with the control characters escaped that the contract forbids.
fn printable(text: &str, bytes: usize) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if shown.len() > bytes {
        shown.truncate(shown.floor_char_boundary(bytes));
        shown.push_str("...");
    }
    shown
}

/// What tells a case from the others of its group.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct BenchmarkId {
    function: Option<String>,
    parameter: Option<String>,
}

impl BenchmarkId {
    /// A function and the value of a parameter: the case `group/function/parameter`.
    pub fn new<S: Into<String>, P: Display>(function_name: S, parameter: P) -> Self {
        BenchmarkId {
            function: Some(function_name.into()),
            parameter: Some(parameter.to_string()),
        }
    }

    /// The value of a parameter alone: the case `group/parameter`.
    pub fn from_parameter<P: Display>(parameter: P) -> Self {
        BenchmarkId {
            function: None,
            parameter: Some(parameter.to_string()),
        }
    }

    pub(super) fn nothing() -> Self {
        BenchmarkId {
            function: None,
            parameter: None,
        }
    }

    /// The function as the name of a group, and the rest. Criterion panics without a function;
    /// here that is a group without a name.
    pub(super) fn into_group(self) -> (String, Self) {
        let rest = BenchmarkId {
            function: None,
            parameter: self.parameter,
        };
        (self.function.unwrap_or_default(), rest)
    }
}

/// Ids, and texts in their place.
pub trait IntoBenchmarkId {
    /// The id.
    fn into_benchmark_id(self) -> BenchmarkId;
}

impl IntoBenchmarkId for BenchmarkId {
    fn into_benchmark_id(self) -> BenchmarkId {
        self
    }
}

impl<S: Into<String>> IntoBenchmarkId for S {
    fn into_benchmark_id(self) -> BenchmarkId {
        BenchmarkId {
            function: Some(self.into()),
            parameter: None,
        }
    }
}

/// How much work one iteration does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Throughput {
    /// Bits, told to the host as elements.
    Bits(u64),
    /// Bytes.
    Bytes(u64),
    /// Bytes, which Criterion shows in units of 1000 and Dyno like all bytes.
    BytesDecimal(u64),
    /// Elements.
    Elements(u64),
    /// Elements and bytes, of which the host gets the elements, Criterion's primary ones.
    ElementsAndBytes {
        /// Elements.
        elements: u64,
        /// Bytes.
        bytes: u64,
    },
}

impl Throughput {
    fn rate(&self) -> Rate {
        match *self {
            Throughput::Bytes(bytes) | Throughput::BytesDecimal(bytes) => Rate::Bytes(bytes),
            Throughput::Bits(elements)
            | Throughput::Elements(elements)
            | Throughput::ElementsAndBytes { elements, bytes: _ } => Rate::Elements(elements),
        }
    }
}
