//! Attacks on packages, each through `verify`, `install` and `run`: what was changed, signed by
//! somebody else, signed as something else, or is no package at all. Each has its accepted twin, so
//! that nothing is refused for another reason than the one that is tried.

mod archives;
mod content;
pub(crate) mod forge;
mod removal;
mod scene;

mod signatures;
mod trust;
mod unsigned;
