//! What refers to a manifest: its signatures. Read from the registry's API, or from the index that
//! clients keep under a tag where there is no API (distribution specification 1.1, listing
//! referrers and referrers tag schema).

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::paging::Pages;
use super::{Registry, RegistryError, parsed};
use crate::oci::{self, Descriptor, Index, Manifest, REFERRERS_MAX, ReferrersIndex};
use crate::strict_json;
use dyno_model::quoted::quoted;
use dyno_plugin::{Digest, Target};

/// How often the index under the tag is read and, if need be, written. Two who write it at once
/// overwrite each other; the one who lost sees that when reading, and writes again.
const TAG_ROUNDS_MAX: usize = 4;

/// An index of which we add to the list, and leave alone what others put there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenIndex {
    schema_version: u32,
    #[serde(default = "oci::index_media_type")]
    media_type: String,
    manifests: Vec<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Registry {
    /// What refers to a manifest, whatever it is: copying tools lose the artifact type by which one
    /// could ask for signatures alone.
    ///
    /// # Errors
    /// If there are too many (`oci::is_too_long`), access is denied, or the list is none.
    pub async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let first = self.url(&format!("referrers/{subject}"));
        let mut pages = Pages::new(&self.base, first.clone());
        let mut found = Vec::new();
        while let Some(url) = pages.next()? {
            let response = self
                .get(&url, oci::MANIFEST_BYTES_MAX, &[oci::INDEX])
                .await?;
            if response.status == StatusCode::NOT_FOUND && url == first {
                return self.tagged_referrers(subject).await;
            }
            let response = self.found(response)?;
            let page: ReferrersIndex = parsed(&response, "an index of referrers")?;
            found.extend(page.referrers());
            few(&found, subject)?;
            pages.after(&response)?;
        }
        Ok(found)
    }

    /// Brings a manifest that refers to `subject`, so that it is found from there: by the
    /// registry's API, or else by the index under the tag. Returns what it hashes to.
    ///
    /// # Errors
    /// If the manifest is none or refers to something else, as [`Registry::push_manifest`], or if
    /// [`REFERRERS_MAX`] refer to it already and one more would not be read.
    pub(crate) async fn push_referrer(
        &self,
        subject: &Descriptor,
        manifest: &[u8],
    ) -> Result<Digest, RegistryError> {
        let descriptor = referrer(subject, manifest)?;
        let digest = descriptor.digest;
        let target = Target::Digest(digest);
        let response = self
            .put_manifest(&target, oci::MANIFEST, manifest, &digest)
            .await?;
        // By this header a registry says that it has noted it (pushing manifests with subject).
        if response.header("oci-subject") == Some(subject.digest.to_string().as_str()) {
            return Ok(digest);
        }
        let tag = Target::Tag(oci::referrers_tag(&subject.digest));
        for _ in 0..TAG_ROUNDS_MAX {
            let known = self.tagged_index(&tag).await?;
            let Some(index) = with(known.as_deref(), &descriptor, &subject.digest)? else {
                return Ok(digest);
            };
            self.push_manifest(&tag, oci::INDEX, &index).await?;
        }
        Err(RegistryError::Lost(subject.digest))
    }

    async fn tagged_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let tag = Target::Tag(oci::referrers_tag(subject));
        let Some(bytes) = self.tagged_index(&tag).await? else {
            return Ok(Vec::new());
        };
        let index: ReferrersIndex =
            strict_json::from_slice(&bytes).map_err(|why| no_index(&tag, why))?;
        if index.media_type != oci::INDEX {
            return Err(no_index(
                &tag,
                format_args!("it is `{}`", quoted(&index.media_type)),
            ));
        }
        let referrers = index.referrers();
        few(&referrers, subject)?;
        Ok(referrers)
    }

    /// What is under the tag, if anything is.
    async fn tagged_index(&self, tag: &Target) -> Result<Option<Vec<u8>>, RegistryError> {
        match self.manifest(tag).await {
            Ok((bytes, _)) => Ok(Some(bytes)),
            Err(RegistryError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn few(referrers: &[Descriptor], subject: &Digest) -> Result<(), RegistryError> {
    if !oci::is_too_long(referrers) {
        return Ok(());
    }
    Err(RegistryError::TooManyReferrers {
        subject: *subject,
        max: REFERRERS_MAX,
    })
}

/// How the index lists a manifest (distribution specification 1.1, pushing manifests with subject).
fn referrer(subject: &Descriptor, bytes: &[u8]) -> Result<Descriptor, RegistryError> {
    let manifest: Manifest =
        strict_json::from_slice(bytes).map_err(|error| RegistryError::Content {
            what: "should be a",
            expected: "manifest".into(),
            found: quoted(&error.to_string()),
        })?;
    let refers_to = manifest.subject.map(|subject| subject.digest);
    if refers_to != Some(subject.digest) {
        return Err(RegistryError::Content {
            what: "should refer to",
            expected: subject.digest.to_string(),
            found: refers_to.map_or("nothing".into(), |digest| {
                format!("one that refers to {digest}")
            }),
        });
    }
    Ok(Descriptor {
        artifact_type: manifest.artifact_type.or(Some(manifest.config.media_type)),
        annotations: manifest.annotations,
        ..Descriptor::of(oci::MANIFEST, bytes)
    })
}

/// The index with a manifest added to it; none if it is in there.
fn with(
    index: Option<&[u8]>,
    added: &Descriptor,
    subject: &Digest,
) -> Result<Option<Vec<u8>>, RegistryError> {
    let Some(index) = index else {
        return Ok(Some(oci::to_json(&Index::new(vec![added.clone()]))));
    };
    let tag = Target::Tag(oci::referrers_tag(subject));
    let mut index: OpenIndex = strict_json::from_slice(index).map_err(|why| no_index(&tag, why))?;
    if index.media_type != oci::INDEX {
        return Err(no_index(
            &tag,
            format_args!("it is `{}`", quoted(&index.media_type)),
        ));
    }
    let digest = added.digest.to_string();
    let is_added =
        |entry: &Map<String, Value>| entry.get("digest").and_then(Value::as_str) == Some(&digest);
    if index.manifests.iter().any(is_added) {
        return Ok(None);
    }
    let known = index.manifests.iter().cloned().map(Value::Object);
    let mut listed: Vec<Descriptor> = known
        .filter_map(|it| serde_json::from_value(it).ok())
        .collect();
    listed.push(added.clone());
    few(&listed, subject)?;
    match serde_json::to_value(added) {
        Ok(Value::Object(entry)) => index.manifests.push(entry),
        Ok(_) => return Err(no_index(&tag, "a descriptor is no object")),
        Err(why) => return Err(no_index(&tag, why)),
    }
    Ok(Some(oci::to_json(&index)))
}

fn no_index(tag: &Target, why: impl std::fmt::Display) -> RegistryError {
    RegistryError::Malformed {
        url: tag.to_string(),
        what: "an index of referrers",
        why: quoted(&why.to_string()),
    }
}

#[cfg(test)]
mod tests;
