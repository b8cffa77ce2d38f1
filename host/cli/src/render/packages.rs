//! What people see of packages: what was checked, what is installed, found, planned or trusted.

use std::io::{self, Write};

use super::columns::Columns;
use super::{BOLD, DIM, GREEN, RED, Sink, YELLOW};
use dyno_package::index::Listed;
use dyno_package::manifest::meaning;
use dyno_package::packaging::{Inspected, Plan, Signed};
use dyno_package::store::Installed;
use dyno_package::trust::Policy;
use dyno_package::verify::Check;
use dyno_wording::{bytes, escape};

/// A check that passed, on one line.
#[must_use]
pub(crate) fn check_passed(check: &Check) -> String {
    format!(
        "{GREEN}✓{GREEN:#} {:11} {}",
        check.what,
        escape(&check.found)
    )
}

/// The installed packages.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn installed(out: &mut Sink<impl Write>, installed: &[Installed]) -> io::Result<()> {
    if installed.is_empty() {
        return writeln!(out, "no package is installed");
    }
    let mut columns = Columns::new("", &["package", "version", "signed by", "from"]);
    for it in installed {
        let signers = match it.signers.as_slice() {
            [] => "nobody".into(),
            signers => escape(&signers.join(", ")),
        };
        columns.row(vec![
            it.release.id.to_string().into(),
            it.release.version.to_string().into(),
            signers.into(),
            escape(&it.from).into(),
        ]);
    }
    columns.write(out)
}

/// What was, or would be, installed.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn plan(out: &mut Sink<impl Write>, plan: &Plan) -> io::Result<()> {
    if plan.changes().is_empty() {
        return writeln!(out, "everything is up to date");
    }
    for change in plan.changes() {
        let release = &change.release;
        match &change.replaces {
            _ if change.is_there() => writeln!(out, "{DIM}={DIM:#} {release}")?,
            Some(old) => {
                let old = &old.release.version;
                writeln!(out, "{GREEN}↑{GREEN:#} {release} {DIM}was {old}{DIM:#}")?;
            }
            None => writeln!(out, "{GREEN}+{GREEN:#} {release}")?,
        }
        for ask in change.asks() {
            writeln!(
                out,
                "    {DIM}may use {}: {}{DIM:#}",
                escape(ask),
                meaning(ask)
            )?;
        }
    }
    Ok(())
}

/// What a package says of itself.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn inspected(out: &mut Sink<impl Write>, seen: &Inspected) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", seen.release)?;
    match (&seen.refused, &seen.publisher) {
        (None, Some(publisher)) => {
            writeln!(out, "  {GREEN}✓ trusted{GREEN:#}: of {}", escape(publisher))?;
        }
        (None, None) => writeln!(
            out,
            "  {YELLOW}! whole{YELLOW:#}, and nobody answers for it"
        )?,
        (Some(reason), _) => writeln!(out, "  {RED}✗ not trusted{RED:#}: {}", escape(reason))?,
    }
    let mut field =
        |name: &str, value: &str| writeln!(out, "  {DIM}{name:13}{DIM:#} {}", escape(value));
    field("manifest", &seen.manifest.to_string())?;
    let size = bytes(seen.wasm_bytes as f64);
    field("component", &format!("{}, {size}", seen.wasm))?;
    for signature in &seen.signatures {
        let by = match signature {
            Signed::Key(name) => format!("a key, said to be {name}"),
            Signed::Certificate => "a certificate".into(),
            Signed::Unreadable(reason) => format!("nobody: {reason}"),
        };
        field("signature by", &by)?;
    }
    for (key, value) in &seen.annotations {
        let name = key.rsplit('.').next().unwrap_or(key);
        if !["id", "title", "version"].contains(&name) && !value.is_empty() {
            field(name, value)?;
        }
    }
    let Some(requests) = &seen.requests else {
        return Ok(());
    };
    if let Some(toolchain) = &requests.toolchain {
        field("toolchain", toolchain)?;
    }
    for (limit, amount) in &requests.limits {
        let spec = limit.spec();
        field(
            "needs",
            &format!(
                "--{} {}",
                spec.name,
                dyno_model::quantity::show(*amount, spec.unit)
            ),
        )?;
    }
    for (name, parameter) in &requests.parameters {
        let about = &parameter.description;
        field(
            "parameter",
            &format!("--env {name}={}  {about}", parameter.default),
        )?;
    }
    for (name, dataset) in &requests.datasets {
        field(
            "dataset",
            &format!("/data/{name} from {}", dataset.0.digest),
        )?;
    }
    for (id, range) in &requests.dependencies {
        field("depends on", &format!("{id}@{range}"))?;
    }
    Ok(())
}

/// What was found in the indexes, best first.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn found<'a>(
    out: &mut Sink<impl Write>,
    hits: impl IntoIterator<Item = &'a Listed>,
) -> io::Result<()> {
    let mut columns = Columns::new("", &["package", "version", "publisher", "description"]);
    for listed in hits {
        let entry = &listed.entry;
        columns.row(vec![
            super::columns::Cell::styled(listed.release.id.to_string(), BOLD),
            listed.release.version.to_string().into(),
            escape(&entry.publisher).into(),
            escape(&entry.description).into(),
        ]);
    }
    columns.write(out)
}

/// Who is trusted for what.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn trust(out: &mut Sink<impl Write>, policy: &Policy) -> io::Result<()> {
    let is_empty = policy.publishers.is_empty() && policy.indexes.is_empty();
    if is_empty && policy.denied.is_empty() && policy.pins.is_empty() {
        return writeln!(
            out,
            "nobody is trusted yet: `dyno trust add KEY --namespace NAMESPACE`"
        );
    }
    for publisher in &policy.publishers {
        let namespaces: Vec<_> = publisher.namespaces.iter().map(String::as_str).collect();
        write!(
            out,
            "{BOLD}{}{BOLD:#} for {}",
            escape(&publisher.name),
            match namespaces.is_empty() {
                true => "nothing".into(),
                false => escape(&namespaces.join(", ")),
            }
        )?;
        match publisher.threshold.get() {
            1 => writeln!(out)?,
            threshold => writeln!(out, ", by {threshold} keys")?,
        }
        for key in &publisher.keys {
            write!(out, "  {}", key.fingerprint)?;
            if let Some(from) = key.from {
                write!(out, " {DIM}from {from}{DIM:#}")?;
            }
            if let Some(until) = key.until {
                write!(out, " {DIM}until {until}{DIM:#}")?;
            }
            if let Some(revoked) = &key.revoked {
                write!(out, " {RED}revoked{RED:#}: {}", escape(&revoked.reason))?;
            }
            writeln!(out)?;
        }
        for terms in &publisher.identities {
            writeln!(
                out,
                "  {} {DIM}by {}{DIM:#}",
                escape(&terms.subject),
                escape(&terms.issuer)
            )?;
        }
    }
    for (release, digest) in &policy.pins {
        writeln!(out, "{BOLD}{release}{BOLD:#} only as {digest}")?;
    }
    for denied in &policy.denied {
        writeln!(
            out,
            "{RED}never{RED:#} {}: {}",
            denied.digest,
            escape(&denied.reason)
        )?;
    }
    for index in &policy.indexes {
        writeln!(out, "{BOLD}index{BOLD:#} {}", escape(&index.url))?;
    }
    Ok(())
}
