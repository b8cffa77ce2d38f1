//! The layers that not every kernel has: what they are called, and what is lost without them.

use std::fmt;
use std::str::FromStr;

use super::Layer;

/// A layer that not every kernel has, or that a container may be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelLayer {
    /// Files by path.
    Landlock,
    /// System calls.
    Seccomp,
}

impl KernelLayer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Landlock, Self::Seccomp];

    /// Its name, as in the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }

    /// What a plugin could do without it that broke out of the engine.
    #[must_use]
    pub fn without(self) -> &'static str {
        match self {
            Self::Landlock => {
                "a plugin with a granted directory that broke out of the engine could read the user's other files, and with --dir-rw write them"
            }
            Self::Seccomp => {
                "a plugin that broke out of the engine could make any system call that its user can"
            }
        }
    }

    pub(super) fn is(self, layer: &Layer) -> bool {
        match self {
            Self::Landlock => matches!(layer, Layer::Landlock { .. }),
            Self::Seccomp => *layer == Layer::Seccomp,
        }
    }
}

impl fmt::Display for KernelLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KernelLayer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|layer| layer.name() == text);
        found.ok_or_else(|| format!("`{}` is no layer: landlock or seccomp", text.escape_debug()))
    }
}
