//! What a request may say: no more than a command line could.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::{Request, Versus};
use dyno_model::quoted::quoted;
use dyno_model::{CaseSpec, Rules};
use dyno_plugin as plugin;

/// The largest amount of a command line, past which a floating-point number skips whole ones.
const AMOUNT_MAX: u64 = 1 << 53;

/// Samples of one process, as many as a suite can ask for.
const SAMPLES_MAX: usize = 500_000;

/// Shares are typed up to 1000 %.
const SHARE_MAX: f64 = 10.0;

impl Request {
    /// Refuses what no command line could have asked for.
    ///
    /// # Errors
    /// The first such thing, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        named("paths", &self.paths)?;
        if self.paths.is_empty() {
            return Err("`paths` is empty, and must name what is measured".into());
        }
        if let Some(name) = &self.name {
            let validated = plugin::validate(&[CaseSpec::named(name)]);
            validated.map_err(|reason| format!("`name`: {reason}"))?;
        }
        within("blocks", self.blocks, 1..=1000)?;
        within("processes", self.processes, 1..=100)?;
        within("compile_samples", self.compile_samples, 0..=1000)?;
        self.check_sampling()?;
        for (kind, value) in self.limits.values() {
            let field = format!("limits.{}", kind.spec().name);
            within(&field, *value, 0..=AMOUNT_MAX)?;
        }
        within("budget_ms", self.budget_ms, 1..=AMOUNT_MAX)?;
        self.check_grants()?;
        self.versus.as_ref().map_or(Ok(()), Versus::check)
    }

    fn check_sampling(&self) -> Result<(), String> {
        let (time, count) = (&self.time, &self.count);
        within("time.sample_ns", time.sample_ns, 1..=AMOUNT_MAX)?;
        within("time.budget_ns", time.budget_ns, 1..=AMOUNT_MAX)?;
        within("time.precision", time.precision, 0.0..=1.0)?;
        within("time.samples_max", time.max_samples, 1..=SAMPLES_MAX)?;
        within("time.samples_min", time.min_samples, 1..=time.max_samples)?;
        within("count.stability", count.stability, 0.0..=1.0)?;
        within("count.single_fuel", count.single_fuel, 1..=AMOUNT_MAX)?;
        within("count.batch_fuel", count.batch_fuel, 1..=AMOUNT_MAX)
    }

    fn check_grants(&self) -> Result<(), String> {
        let mut dirs = self.grants.dirs.iter();
        if dirs.any(|dir| dir.host.as_os_str().is_empty() || dir.guest.is_empty()) {
            return Err("`grants.dirs` holds an empty path".into());
        }
        // What is none may be a secret, so it is not repeated.
        let is_name = |name: &String| !name.is_empty() && !name.contains(['=', '\0']);
        match self.grants.env.iter().all(is_name) {
            true => Ok(()),
            false => Err("`grants.env` must hold names of variables alone: their values are given with --env where the request is run".into()),
        }
    }
}

impl Versus {
    fn check(&self) -> Result<(), String> {
        named("versus.paths", &self.paths)?;
        within("versus.extension", self.extension, 0..=1000)?;
        within("versus.confirmation", self.confirmation, 0..=1000)?;
        let Rules {
            confidence,
            equivalence,
            threshold,
            fuel,
            memory,
            ..
        } = self.rules;
        within("versus.rules.confidence", confidence, 0.5..=0.9999)?;
        within("versus.rules.equivalence", equivalence, 0.0..=SHARE_MAX)?;
        let shares = [
            ("versus.rules.threshold", Some(threshold)),
            ("versus.rules.fuel", fuel),
            ("versus.rules.memory", memory),
        ];
        let cases = self.exceptions.cases.iter().flat_map(|case| {
            let shares = [case.threshold, case.fuel, case.memory];
            shares.map(|share| ("versus.exceptions.cases", share))
        });
        let mut shares = shares.into_iter().chain(cases);
        shares.try_for_each(|(field, share)| match share {
            Some(share) if share <= 0.0 => Err(format!("`{field}`: a share must be above 0")),
            Some(share) => within(field, share, 0.0..=SHARE_MAX),
            None => Ok(()),
        })
    }
}

fn named(field: &str, paths: &[PathBuf]) -> Result<(), String> {
    match paths.iter().any(|path| path.as_os_str().is_empty()) {
        true => Err(format!("`{field}` holds an empty path")),
        false => Ok(()),
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    field: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), String> {
    match range.contains(&value) {
        true => Ok(()),
        false => Err(format!(
            "`{}` is {value}, and must be {} to {}",
            quoted(field),
            range.start(),
            range.end()
        )),
    }
}
