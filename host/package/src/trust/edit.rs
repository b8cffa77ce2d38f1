//! Changes `policy.toml` where the user's verbs say so, and leaves the rest of it, the user's
//! comments included, as it is. Whether a change is allowed was decided before.

use std::collections::BTreeSet;

use jiff::Timestamp;
use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value,
};

use super::policy::KeyTerms;
use super::{Grant, TrustError};
use crate::key::Fingerprint;
use crate::keyless::Identity;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// The table of a publisher with the namespaces of a grant, made if there is none.
pub(super) fn publisher<'a>(
    document: &'a mut DocumentMut,
    grant: &Grant,
) -> Result<&'a mut Table, TrustError> {
    let tables = tables(document.as_table_mut(), "publisher")?;
    let table = row(tables, "name", &grant.publisher)?;
    table
        .entry("namespaces")
        .or_insert_with(|| value(Array::new()));
    let namespaces = namespaces(table)?;
    for namespace in &grant.namespaces {
        if !namespaces.iter().any(|it| it.as_str() == Some(namespace)) {
            namespaces.push(namespace);
        }
    }
    Ok(table)
}

/// Takes namespaces away from all publishers but one.
pub(super) fn take_away(
    document: &mut DocumentMut,
    wanted: &BTreeSet<String>,
    but: &str,
) -> Result<(), TrustError> {
    for table in tables(document.as_table_mut(), "publisher")?.iter_mut() {
        if !is(table, "name", but) {
            namespaces(table)?.retain(|it| !it.as_str().is_some_and(|it| wanted.contains(it)));
        }
    }
    Ok(())
}

/// Leaves a publisher its revoked keys, which must stay known, and these.
pub(super) fn retire(table: &mut Table, but: &[Fingerprint]) -> Result<(), TrustError> {
    table.remove("identity");
    let but: Vec<String> = but.iter().map(Fingerprint::to_string).collect();
    tables(table, "key")?.retain(|key| {
        key.contains_key("revoked") || but.iter().any(|but| is(key, "fingerprint", but))
    });
    Ok(())
}

/// Removes a publisher. If it has revoked keys it stays with these alone and no namespace: they
/// must not be trusted again by mistake.
pub(super) fn remove_publisher(document: &mut DocumentMut, name: &str) -> Result<(), TrustError> {
    let all = tables(document.as_table_mut(), "publisher")?;
    for table in all.iter_mut().filter(|table| is(table, "name", name)) {
        retire(table, &[])?;
        for gone in ["threshold", "sigstore-root"] {
            table.remove(gone);
        }
        namespaces(table)?.clear();
    }
    all.retain(|table| {
        let keys = table.get("key").and_then(Item::as_array_of_tables);
        !is(table, "name", name) || keys.is_some_and(|keys| !keys.is_empty())
    });
    Ok(())
}

/// Removes a key, whosever it is.
pub(super) fn remove_key(
    document: &mut DocumentMut,
    fingerprint: &Fingerprint,
) -> Result<(), TrustError> {
    let fingerprint = fingerprint.to_string();
    for publisher in tables(document.as_table_mut(), "publisher")?.iter_mut() {
        tables(publisher, "key")?.retain(|key| !is(key, "fingerprint", &fingerprint));
    }
    Ok(())
}

/// Removes an identity, whosever it is.
pub(super) fn remove_identity(
    document: &mut DocumentMut,
    identity: &Identity,
) -> Result<(), TrustError> {
    for publisher in tables(document.as_table_mut(), "publisher")?.iter_mut() {
        tables(publisher, "identity")?.retain(|row| {
            !is(row, "issuer", &identity.issuer) || !is(row, "subject", &identity.subject)
        });
    }
    Ok(())
}

/// Removes the pin of a release.
pub(super) fn unpin(document: &mut DocumentMut, release: &Release) {
    if let Some(pins) = document.get_mut("pins").and_then(Item::as_table_like_mut) {
        pins.remove(&release.to_string());
    }
}

/// Removes an index.
pub(super) fn unpin_index(document: &mut DocumentMut, url: &str) -> Result<(), TrustError> {
    tables(document.as_table_mut(), "index")?.retain(|index| !is(index, "url", url));
    Ok(())
}

/// Adds a key to a publisher, or changes its terms.
pub(super) fn key(table: &mut Table, terms: &KeyTerms) -> Result<(), TrustError> {
    let fingerprint = terms.fingerprint.to_string();
    let key = row(tables(table, "key")?, "fingerprint", &fingerprint)?;
    for (name, time) in [("from", terms.from), ("until", terms.until)] {
        if let Some(time) = time {
            key.insert(name, value(moment(time)?));
        }
    }
    Ok(())
}

/// Adds an identity to a publisher, unless it is there.
pub(super) fn identity(table: &mut Table, identity: &Identity) -> Result<(), TrustError> {
    let mut row = Table::new();
    row.insert("issuer", value(&identity.issuer));
    row.insert("subject", value(&identity.subject));
    tables(table, "identity")?.push(row);
    Ok(())
}

/// Sets the root by which the certificates of a publisher are verified.
pub(super) fn sigstore_root(table: &mut Table, root: &Digest) {
    table.insert("sigstore-root", value(root.to_string()));
}

/// Sets how many have to sign.
pub(super) fn threshold(
    document: &mut DocumentMut,
    publisher: &str,
    threshold: u32,
) -> Result<(), TrustError> {
    let table = row(
        tables(document.as_table_mut(), "publisher")?,
        "name",
        publisher,
    )?;
    table.insert("threshold", value(i64::from(threshold)));
    Ok(())
}

/// Marks a key as revoked.
pub(super) fn revoke(
    document: &mut DocumentMut,
    fingerprint: &Fingerprint,
    at: Timestamp,
    reason: &str,
) -> Result<(), TrustError> {
    let fingerprint = fingerprint.to_string();
    for publisher in tables(document.as_table_mut(), "publisher")?.iter_mut() {
        for key in tables(publisher, "key")?.iter_mut() {
            if is(key, "fingerprint", &fingerprint) {
                let mut revoked = InlineTable::new();
                revoked.insert("at", Value::from(moment(at)?));
                revoked.insert("reason", reason.into());
                key.insert("revoked", value(revoked));
            }
        }
    }
    Ok(())
}

/// Adds to the list of what is never used.
pub(super) fn deny(
    document: &mut DocumentMut,
    digest: &Digest,
    reason: &str,
) -> Result<(), TrustError> {
    let mut row = Table::new();
    row.insert("digest", value(digest.to_string()));
    row.insert("reason", value(reason));
    tables(document.as_table_mut(), "killed")?.push(row);
    Ok(())
}

/// Sets the pin of a release.
pub(super) fn pin(
    document: &mut DocumentMut,
    release: &Release,
    digest: &Digest,
) -> Result<(), TrustError> {
    let pins = document.entry("pins").or_insert_with(toml_edit::table);
    pins.as_table_like_mut()
        .ok_or(TrustError::Form("pins"))?
        .insert(&release.to_string(), value(digest.to_string()));
    Ok(())
}

/// Sets the root of an index.
pub(super) fn index(
    document: &mut DocumentMut,
    url: &str,
    root: &Digest,
) -> Result<(), TrustError> {
    let row = row(tables(document.as_table_mut(), "index")?, "url", url)?;
    row.insert("root", value(root.to_string()));
    Ok(())
}

/// The table that has a text under a name, made if there is none.
fn row<'a>(
    tables: &'a mut ArrayOfTables,
    name: &'static str,
    text: &str,
) -> Result<&'a mut Table, TrustError> {
    let found = tables.iter().position(|table| is(table, name, text));
    let at = found.unwrap_or(tables.len());
    if found.is_none() {
        let mut table = Table::new();
        table.insert(name, value(text));
        tables.push(table);
    }
    tables.get_mut(at).ok_or(TrustError::Form(name))
}

/// Whether a table has a text under a name.
fn is(table: &Table, name: &str, text: &str) -> bool {
    table.get(name).and_then(Item::as_str) == Some(text)
}

fn tables<'a>(
    table: &'a mut dyn TableLike,
    name: &'static str,
) -> Result<&'a mut ArrayOfTables, TrustError> {
    table
        .entry(name)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(TrustError::Form(name))
}

fn namespaces(publisher: &mut Table) -> Result<&mut Array, TrustError> {
    publisher
        .get_mut("namespaces")
        .and_then(Item::as_array_mut)
        .ok_or(TrustError::Form("namespaces"))
}

fn moment(time: Timestamp) -> Result<toml_edit::Datetime, TrustError> {
    let text = time.to_string();
    text.parse().map_err(|_| TrustError::Value {
        what: "the time",
        value: text,
        expected: "one of the years 0 to 9999",
    })
}
