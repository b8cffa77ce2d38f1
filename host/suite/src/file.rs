//! The shape of a `dyno.toml`: its tables and keys, whose doc comments are the JSON Schema's.
//! Values are texts and numbers with their places; what they mean is understood in `config`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use super::criterion::{Operator, old_names};
use dyno_model::{ChecksumRule, Gone, LIMITS, LimitUnit, METRICS, Proposal, Stub, quantity, words};

/// A suite of benchmarks: which plugins, what they may do, what to measure, and what must hold.
/// Paths are relative to the directory that the file lies in, and do not lead out of its checkout.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// The directory for the results: suite.json, and for each phase a page, Markdown and JUnit;
    /// unless given, none.
    #[schemars(with = "Option<PathBuf>")]
    pub(super) output: Option<Spanned<PathBuf>>,
    /// Show every mark and how each run was made, as --verbose does.
    #[serde(default)]
    pub(super) verbose: bool,
    /// Fail a case whose fuel or checksum differs between passes or processes, or that is folded,
    /// as --strict does.
    #[serde(default)]
    pub(super) strict: bool,
    /// Seed of the guests' random numbers and of the order of processes, as --seed is.
    #[schemars(with = "Option<u64>")]
    pub(super) seed: Option<u64>,
    /// What is measured.
    #[serde(default)]
    #[schemars(with = "Vec<PluginTable>", length(min = 1))]
    pub(super) plugins: Vec<Spanned<PluginTable>>,
    /// Caps that differ from their defaults, named as their flags.
    #[serde(default)]
    #[schemars(with = "LimitsTable")]
    pub(super) limits: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    /// What plugins may reach; without these, nothing.
    #[serde(default)]
    pub(super) grants: GrantsTable,
    /// Thresholds and hard limits of single cases, by a pattern as --case takes it; a table that
    /// bears the case's own name goes first. They hold where something is compared: in phases with
    /// `against`, and for `dyno gate --config`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, GateTable>")]
    pub(super) gate: BTreeMap<Spanned<String>, GateTable>,
    /// What cases of a baseline are called now, by their old names.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) renames: BTreeMap<Spanned<String>, Spanned<String>>,
    /// What is done, in the order baseline, cross, load.
    #[serde(default)]
    #[schemars(extend("minProperties" = 1))]
    pub(super) phases: PhasesTable,
}

/// A plugin: one of `path` and `package`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["path"] }, { "required": ["package"] }]))]
pub(super) struct PluginTable {
    /// A .wasm, .wat or .oci.tar file, a plugin directory, or a directory of those.
    #[schemars(with = "Option<PathBuf>")]
    pub(super) path: Option<Spanned<PathBuf>>,
    /// An installed package by its id, or a reference like HOST/REPOSITORY:TAG. Never a path.
    #[schemars(with = "Option<String>")]
    pub(super) package: Option<Spanned<String>>,
    /// What phases call it; unless given, the last part of its path, or the package as it is named.
    #[schemars(with = "Option<String>", length(min = 1))]
    pub(super) name: Option<Spanned<String>>,
}

/// What plugins may reach.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct GrantsTable {
    /// Directories that they may read: HOST::GUEST, such as `./data::/data`.
    #[schemars(with = "Vec<String>")]
    pub(super) dirs: Vec<Spanned<String>>,
    /// Directories of which they may read and write a copy that is thrown away: HOST::GUEST.
    #[schemars(with = "Vec<String>")]
    pub(super) dirs_rw: Vec<Spanned<String>>,
    /// Environment variables.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<Spanned<String>, String>,
    /// Command-line arguments.
    pub(super) args: Vec<String>,
    /// Let each plugin read the directory that it lies in, as '.'.
    pub(super) own_dir: bool,
    /// The file that is their stdin.
    #[schemars(with = "Option<PathBuf>")]
    pub(super) stdin: Option<Spanned<PathBuf>>,
    /// Proposals to WebAssembly that they may use, such as `["gc"]`.
    pub(super) wasm: BTreeSet<Proposal>,
    /// Interfaces that they may import, and that end them when they are called.
    pub(super) deny_stubs: BTreeSet<Stub>,
}

/// In what some cases are judged differently where something is compared.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(extend("minProperties" = 1))]
pub(super) struct GateTable {
    /// A time that grew by this share or more fails: `5%`.
    #[schemars(with = "Option<Share>")]
    pub(super) threshold: Option<Spanned<toml::Value>>,
    /// Fuel that grew by this share or more fails.
    #[schemars(with = "Option<Share>")]
    pub(super) fuel_threshold: Option<Spanned<toml::Value>>,
    /// Memory at its peak that grew by this share or more fails.
    #[schemars(with = "Option<Share>")]
    pub(super) memory_threshold: Option<Spanned<toml::Value>>,
    /// More fuel per iteration than this fails, whatever the baseline has: `120k`.
    #[schemars(with = "Option<Amount>")]
    pub(super) fuel_max: Option<Spanned<toml::Value>>,
    /// A peak of memory above this fails, whatever the baseline has: `64MiB`.
    #[schemars(with = "Option<Amount>")]
    pub(super) memory_max: Option<Spanned<toml::Value>>,
}

/// What is done.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct PhasesTable {
    /// Measure the plugins and judge them, each by itself.
    #[schemars(with = "Option<PhaseTable>")]
    pub(super) baseline: Option<Spanned<PhaseTable>>,
    /// Measure several plugins that have the same cases and show them side by side.
    #[schemars(with = "Option<PhaseTable>")]
    pub(super) cross: Option<Spanned<PhaseTable>>,
    /// Requests that arrive on a schedule. Checked, but refused by `dyno suite run`: this version
    /// cannot run it.
    pub(super) load: Option<LoadTable>,
}

/// A phase that measures.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct PhaseTable {
    /// Names of the plugins; unless given, all of them.
    #[schemars(with = "Vec<String>")]
    pub(super) plugins: Vec<Spanned<String>>,
    /// Patterns of cases, as --case takes them; unless given, all of them.
    #[schemars(with = "Vec<String>")]
    pub(super) cases: Vec<Spanned<String>>,
    /// Patterns of cases that are left out, as --exclude takes them.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// How much to measure unless the keys below say otherwise.
    pub(super) depth: DepthName,
    /// Processes a case.
    #[schemars(with = "Option<u32>", range(min = 1, max = 1000))]
    pub(super) blocks: Option<Spanned<i64>>,
    /// How long each process samples at most, such as `500ms`. Not together with `samples`.
    #[schemars(with = "Option<String>")]
    pub(super) time: Option<Spanned<String>>,
    /// How many samples each process takes.
    #[schemars(with = "Option<u32>", range(min = 1, max = 500_000))]
    pub(super) samples: Option<Spanned<i64>>,
    /// How long a sample should last, such as `5ms`.
    #[schemars(with = "Option<String>")]
    pub(super) sample_time: Option<Spanned<String>>,
    /// What is shown of every case besides the criteria.
    #[schemars(with = "Vec<MetricName>")]
    pub(super) metrics: Vec<Spanned<String>>,
    /// What must hold: METRIC OPERATOR VALUE [for PATTERN].
    #[schemars(with = "Vec<CriterionText>")]
    pub(super) criteria: Vec<Spanned<String>>,
    /// What to compare with and not to fall behind: a baseline by its name, a path, the id of a
    /// run.
    #[schemars(with = "Option<String>", length(min = 1))]
    pub(super) against: Option<Spanned<String>>,
    /// A time that grew by this share or more fails: `10%`.
    #[schemars(with = "Option<Share>")]
    pub(super) threshold: Option<Spanned<toml::Value>>,
    /// Fuel that grew by this share or more fails; unless given, it does not.
    #[schemars(with = "Option<Share>")]
    pub(super) fuel_threshold: Option<Spanned<toml::Value>>,
    /// Memory at its peak that grew by this share or more fails; unless given, it does not.
    #[schemars(with = "Option<Share>")]
    pub(super) memory_threshold: Option<Spanned<toml::Value>>,
    /// What a case means that is gone; unless given, it fails.
    #[schemars(with = "Option<Gone>")]
    pub(super) gone: Option<Spanned<Gone>>,
    /// What a case means that computes something else; unless given, the phase is unsure.
    #[schemars(with = "Option<ChecksumRule>")]
    pub(super) checksum: Option<Spanned<ChecksumRule>>,
}

/// A phase of requests on a schedule.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{ "required": ["duration"] }, { "required": ["requests"] }]))]
pub(super) struct LoadTable {
    /// Names of the plugins; unless given, all of them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) plugins: Vec<Spanned<String>>,
    /// Patterns of cases, as --case takes them; unless given, all of them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) cases: Vec<Spanned<String>>,
    /// Patterns of cases that are left out, as --exclude takes them.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Vec<Spanned<String>>,
    /// Requests a second.
    #[schemars(with = "f64", extend("exclusiveMinimum" = 0))]
    pub(super) rate: Spanned<f64>,
    /// How long requests arrive, such as `30s`. Not together with `requests`.
    #[schemars(with = "Option<String>")]
    pub(super) duration: Option<Spanned<String>>,
    /// How many requests arrive.
    #[schemars(with = "Option<u64>", range(min = 1))]
    pub(super) requests: Option<Spanned<i64>>,
    /// What is shown of every case besides the criteria.
    #[serde(default)]
    #[schemars(with = "Vec<MetricName>")]
    pub(super) metrics: Vec<Spanned<String>>,
    /// What must hold: METRIC OPERATOR VALUE [for PATTERN].
    #[serde(default)]
    #[schemars(with = "Vec<CriterionText>")]
    pub(super) criteria: Vec<Spanned<String>>,
}

/// How much to measure.
#[derive(Deserialize, JsonSchema, Default, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DepthName {
    /// One process a case: fast, and blind to the spread between processes.
    Quick,
    /// Five processes.
    #[default]
    Default,
    /// Twenty, and narrower intervals.
    Thorough,
}

/// The schema of the names of metrics.
struct MetricName;

impl JsonSchema for MetricName {
    fn schema_name() -> Cow<'static, str> {
        "Metric".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let name = |name: &str, about: String| json!({ "const": name, "description": about });
        let new = METRICS.iter().map(|row| name(row.name, row.about.into()));
        let old = METRICS.iter().flat_map(|row| {
            let olds = old_names(row).into_iter();
            olds.map(move |(old, _)| {
                let mut old = name(&old, format!("An old name of `{}`.", row.name));
                old["deprecated"] = true.into();
                old
            })
        });
        let names: Vec<_> = new.chain(old).collect();
        json_schema!({ "oneOf": names })
    }
}

/// The schema of a criterion. Whether its value is of the metric's kind, only Dyno knows.
struct CriterionText;

impl JsonSchema for CriterionText {
    fn schema_name() -> Cow<'static, str> {
        "Criterion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let new = METRICS.iter().map(|row| row.name.to_owned());
        let old = METRICS.iter().flat_map(old_names).map(|(old, _)| old);
        let metrics: Vec<_> = new.chain(old).collect();
        let mut signs = words::<Operator>().to_vec();
        signs.extend(["==", "≤", "≥"]);
        json_schema!({
            "description": "METRIC OPERATOR VALUE [for PATTERN], such as `p95 <= 3.5ms for json/*`.",
            "type": "string",
            "pattern": format!("^\\s*({})\\s*({})\\s*[0-9.]", metrics.join("|"), signs.join("|")),
            "examples": ["fuel <= 120k", "p95 <= 3.5ms", "memory-peak <= 64MiB"],
        })
    }
}

/// The schema of a share.
struct Share;

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share such as `10%`, up to 1000%.",
            "type": "string",
            "pattern": "^[0-9.]+ *%$",
        })
    }
}

/// The schema of an amount. Whether it is one of its key, only Dyno knows.
struct Amount;

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An amount such as `120k` or `64MiB`.",
            "type": ["string", "number"],
        })
    }
}

/// The schema of `[limits]`: a key for every row of the table of limits.
struct LimitsTable;

impl JsonSchema for LimitsTable {
    fn schema_name() -> Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let limits = LIMITS.iter().map(|spec| {
            let types = match spec.unit {
                LimitUnit::Count => json!(["string", "number"]),
                LimitUnit::Bytes | LimitUnit::Milliseconds => json!("string"),
            };
            let default = quantity::show(spec.default, spec.unit);
            let about = format!("Cap: {}. Default: {default}.", spec.about);
            (
                spec.name.to_owned(),
                json!({ "type": types, "description": about }),
            )
        });
        let limits: Map<String, Value> = limits.collect();
        json_schema!({ "type": "object", "properties": limits })
    }
}
