//! From what the user typed to bytes that a compile worker may read: paths to sources, manifests,
//! build commands, digests, and the validation of what a plugin says of itself. Knows no engine and
//! parses no plugin code.

mod build;
mod cases;
mod digest;
pub mod id;
mod inputs;
mod manifest;
mod package_spec;
pub mod reference;
pub mod scaffold;
mod source;

pub use build::{
    BUILD_ARGUMENT, BuildError, BuildEvent, BuildOptions, PASSPHRASE_VARIABLE, build, hide,
    run_build_command,
};
pub use cases::validate;
pub use digest::{Digest, DigestError};
pub use inputs::INPUT_BYTES_MAX;
pub use inputs::{Input, InputError};
pub use manifest::BYTES_MAX as MANIFEST_BYTES_MAX;
pub use manifest::{Manifest, ManifestError, ProgramTable};
pub use package_spec::{PACKAGE, PackageSpec};
pub use reference::{Reference, ReferenceError, Target};
pub use source::{Link, Source, SourceError, find, read, snapshot, start};
