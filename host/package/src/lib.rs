//! From bytes to trust: packages as they are distributed.
//!
//! A package is an OCI artifact ([`oci`], [`artifact`]) with one component, which says itself what
//! it is ([`manifest`]). It comes out of a file or the store ([`layout`], [`store`]) or a registry
//! ([`registry`], over [`http`]), all of which are an [`origin`]; which there are, an [`index`]
//! says. Signatures ([`signature`], [`keyless`]) by those whom the user trusts ([`trust`]) make it
//! one that is believed: the order of that is [`verify`]. What runs it then depends on its
//! [`kind`].
//!
//! Nothing here parses a component, runs one, or asks a person.

pub mod artifact;
pub mod http;
pub mod index;
pub mod key;
pub mod keyless;
pub mod kind;
pub mod layout;
pub mod lock;
pub mod manifest;
pub mod oci;
pub mod origin;
pub mod packaging;
pub mod registry;
pub mod signature;
pub mod source;
pub mod store;
pub mod strict_json;
pub mod trust;
pub mod unsigned;
pub mod verify;

#[cfg(test)]
#[path = "../../../tests/hostile_server.rs"]
mod hostile_server;
#[cfg(test)]
#[path = "../../../tests/registry_server.rs"]
mod registry_server;
