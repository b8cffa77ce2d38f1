//! Whose fault an error is: the one place that decides, for exit codes, what is a verdict on a
//! package and what is not.

pub use dyno_model::Fault;

use super::http::HttpError;
use super::index::IndexError;
use super::layout::LayoutError;
use super::lock::LockError;
use super::origin::OriginError;
use super::registry::RegistryError;
use super::store::StoreError;
use super::trust::TrustError;
use super::verify::VerifyError;

impl HttpError {
    /// Who sends something else than it should is refused; who cannot be reached is not.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::TooLarge { .. } | Self::Short { .. } | Self::Digest { .. } => Fault::Package,
            Self::Redirect { .. } => Fault::Package,
            Self::NotHttps(_) | Self::Exposed(_) => Fault::Usage,
            _ => Fault::Host,
        }
    }
}

impl RegistryError {
    /// As [`HttpError::fault`].
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Http(error) => error.fault(),
            Self::Reference(_) => Fault::Usage,
            Self::NotFound(_) => Fault::Absent,
            Self::Html(_) | Self::Digest { .. } | Self::Malformed { .. } | Self::Tag(_) => {
                Fault::Package
            }
            Self::TooManyTags { .. } | Self::TooManyReferrers { .. } => Fault::Package,
            Self::Endless { .. } | Self::Elsewhere { .. } => Fault::Package,
            _ => Fault::Host,
        }
    }
}

impl LayoutError {
    /// A file that cannot be read or written is not a bad one.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Read { .. } | Self::Write { .. } => Fault::Host,
            _ => Fault::Package,
        }
    }
}

impl OriginError {
    /// That of what it came from.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Layout(error) => error.fault(),
            Self::Registry(error) => error.fault(),
            Self::Reference(_) => Fault::Usage,
            Self::TooLarge { .. } => Fault::Package,
        }
    }
}

impl VerifyError {
    /// The package's, unless it could not be had or put anywhere.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Origin(error) => error.fault(),
            Self::Layout(error) => error.fault(),
            Self::Unpack(_) => Fault::Host,
            _ => Fault::Package,
        }
    }
}

impl IndexError {
    /// The index's, unless it could not be had.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Io { .. } | Self::Fetch(_) => Fault::Host,
            _ => Fault::Package,
        }
    }
}

impl LockError {
    /// The package's, if it is not what is locked.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Missing { .. } | Self::Other { .. } => Fault::Package,
            Self::Syntax { .. } => Fault::Usage,
            Self::Io { .. } => Fault::Host,
        }
    }
}

impl StoreError {
    /// Nobody's package is removed that another needs.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Needed { .. } => Fault::Package,
            _ => Fault::Host,
        }
    }
}

impl TrustError {
    /// The user's, if it was a change that cannot be, or not without another word.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Io { .. } | Self::Exposed { .. } | Self::TooLarge { .. } => Fault::Host,
            Self::Foreign { .. } => Fault::Host,
            _ => Fault::Usage,
        }
    }
}
