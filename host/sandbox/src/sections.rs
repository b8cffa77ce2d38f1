//! The custom sections by which a component says what it is: the standard metadata of the
//! WebAssembly tools, and the manifest of a package. Read and written in a worker, like everything
//! that parses a component.

use std::collections::BTreeMap;

use wasm_metadata::{
    AddMetadata, AddMetadataField, Authors, Description as DescriptionSection, Homepage, Licenses,
    Revision, Source, Version,
};
use wasmparser::{
    ComponentName, ComponentNameSectionReader, KnownCustom, Name, NameSectionReader, Parser,
    Payload,
};

use dyno_job::MANIFEST_SECTION;
use dyno_model::quoted::quoted;

/// The sections of the standard metadata whose whole content is one text.
const LABELS: [&str; 7] = [
    "version",
    "description",
    "authors",
    "licenses",
    "source",
    "homepage",
    "revision",
];

/// The key under which the name of a component stands among the sections: it is wrapped in a
/// section of its own form.
const NAME: &str = "name";

/// All that a component may say of itself: a page of text for each.
const SECTION_BYTES_MAX: usize = 256 << 10;

/// What is wrong with what a component says of itself, or with what it should say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// Two sections of one name: readers would differ in which one counts.
    #[error("carries two `{0}` sections, where one is allowed")]
    Twice(String),
    /// A section is too long, or no text.
    #[error("carries a `{name}` section that is {what}")]
    Text {
        /// Which.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It is a package's component already.
    #[error(
        "carries a `{MANIFEST_SECTION}` section already: pack the plugin that it was made from"
    )]
    Packed,
    /// A label is not in the form that its section must have.
    #[error("cannot have the {name} `{text}`: it should be {expected}")]
    Label {
        /// Which.
        name: &'static str,
        /// What it should say, escaped.
        text: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// It cannot be parsed.
    #[error("cannot be parsed: {0}")]
    Malformed(String),
}

impl From<wasmparser::Error> for SectionError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed(quoted(error.message()))
    }
}

/// The crate's errors are of a type that need not be named.
fn malformed(error: impl std::fmt::Display) -> SectionError {
    SectionError::Malformed(quoted(&error.to_string()))
}

/// A label that does not fit.
fn unfit(name: &'static str, text: &str, expected: &'static str) -> SectionError {
    SectionError::Label {
        name,
        text: quoted(text),
        expected,
    }
}

/// The texts of the known sections of a checked component's root.
///
/// # Errors
/// If one stands there twice, is no text or is too long.
pub(super) fn sections(component: &[u8]) -> Result<BTreeMap<String, String>, SectionError> {
    let mut found = BTreeMap::new();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The root's own end is the last.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 => {
                let Some((name, text)) = known(&section)? else {
                    continue;
                };
                if found.insert(name.to_owned(), text).is_some() {
                    return Err(SectionError::Twice(name.to_owned()));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// A section's key and text, if it is one of those that are read.
fn known<'a>(
    section: &wasmparser::CustomSectionReader<'a>,
) -> Result<Option<(&'static str, String)>, SectionError> {
    match section.as_known() {
        KnownCustom::ComponentName(names) => {
            return Ok(component_name(names)?.map(|name| (NAME, name)));
        }
        KnownCustom::Name(names) => return Ok(module_name(names)?.map(|name| (NAME, name))),
        _ => {}
    }
    let names = LABELS.iter().chain([&MANIFEST_SECTION]);
    let Some(name) = names.copied().find(|name| *name == section.name()) else {
        return Ok(None);
    };
    let wrong = |what| SectionError::Text {
        name: name.to_owned(),
        what,
    };
    if section.data().len() > SECTION_BYTES_MAX {
        return Err(wrong("longer than 256 KiB"));
    }
    let text = std::str::from_utf8(section.data()).map_err(|_| wrong("not UTF-8"))?;
    Ok(Some((name, text.to_owned())))
}

/// The name of the component itself; the section names its parts, too.
fn component_name(names: ComponentNameSectionReader<'_>) -> Result<Option<String>, SectionError> {
    for name in names {
        if let ComponentName::Component { name, .. } = name? {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// The name of a program's module.
fn module_name(names: NameSectionReader<'_>) -> Result<Option<String>, SectionError> {
    for name in names {
        if let Name::Module { name, .. } = name? {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// Writes sections into a component or a program's module. What it says of itself elsewhere stays.
///
/// # Errors
/// If it carries a manifest already, or a label is not in its section's form.
pub(super) fn label(
    component: &[u8],
    labels: &BTreeMap<String, String>,
) -> Result<Vec<u8>, SectionError> {
    if sections(component)?.contains_key(MANIFEST_SECTION) {
        return Err(SectionError::Packed);
    }
    // `Set` leaves a section that is there and adds another: what is set is cleared first.
    let cleared = metadata(labels, true)?
        .to_wasm(component)
        .map_err(malformed)?;
    let mut labelled = metadata(labels, false)?
        .to_wasm(&cleared)
        .map_err(malformed)?;
    if let Some(manifest) = labels.get(MANIFEST_SECTION) {
        let section = wasm_encoder::CustomSection {
            name: MANIFEST_SECTION.into(),
            data: manifest.as_bytes().into(),
        };
        // A custom section is written the same way in both.
        wasm_encoder::ComponentSection::append_to_component(&section, &mut labelled);
    }
    Ok(labelled)
}

/// What is to be done about the labels: cleared, or set.
fn metadata(labels: &BTreeMap<String, String>, clear: bool) -> Result<AddMetadata, SectionError> {
    fn field<T: std::fmt::Debug + Clone>(value: T, clear: bool) -> AddMetadataField<T> {
        match clear {
            true => AddMetadataField::Clear,
            false => AddMetadataField::Set(value),
        }
    }
    let mut add = AddMetadata::default();
    for (name, text) in labels {
        let (text, owned) = (text.as_str(), text.clone());
        match name.as_str() {
            NAME => add.name = field(owned, clear),
            "version" => add.version = field(Version::new(owned), clear),
            "description" => add.description = field(DescriptionSection::new(owned), clear),
            "authors" => add.authors = field(Authors::new(owned), clear),
            "licenses" => {
                let spdx = "an SPDX expression such as `MIT OR Apache-2.0`";
                let licenses = Licenses::new(text).map_err(|_| unfit("license", text, spdx))?;
                add.licenses = field(licenses, clear);
            }
            "source" => {
                let source = Source::new(text).map_err(|_| unfit("source", text, "a URL"))?;
                add.source = field(source, clear);
            }
            "homepage" => {
                // People click on it.
                let page = "a URL with https or http";
                let is_page = text.starts_with("https://") || text.starts_with("http://");
                let homepage = Homepage::new(text).ok().filter(|_| is_page);
                let homepage = homepage.ok_or_else(|| unfit("homepage", text, page))?;
                add.homepage = field(homepage, clear);
            }
            "revision" => add.revision = field(Revision::new(owned), clear),
            _ => {}
        }
    }
    Ok(add)
}

#[cfg(test)]
mod tests;
