//! Why nothing came of a talk with a registry, in one sentence each.

use dyno_model::{Classify, Fault};
use reqwest::StatusCode;
use serde::Deserialize;

use crate::http::HttpError;
use dyno_model::quoted::quoted;
use dyno_plugin::{Digest, ReferenceError};

/// Why something cannot be had from a registry, or brought to it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It does not get that far, or is not what was announced.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The text names nothing in a registry.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// No credentials, or others are needed.
    #[error(
        "{registry} denies access to {repository}: {how}; credentials come from `docker login {registry}` or `podman login {registry}`{answer}"
    )]
    Denied {
        /// Which registry.
        registry: String,
        /// Which repository.
        repository: String,
        /// With or without credentials.
        how: &'static str,
        /// What it said.
        answer: String,
    },
    /// A login left something that cannot be used.
    #[error("the credentials for {registry} cannot be had: {why}")]
    Credentials {
        /// For which registry.
        registry: String,
        /// Why.
        why: String,
    },
    /// It wants something of us that we do not know, or will not do.
    #[error("{registry} asks for credentials in a way that is not answered: {why}")]
    Challenge {
        /// Which registry.
        registry: String,
        /// Why.
        why: String,
    },
    /// It is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// Another status.
    #[error("{url} answers {status}{answer}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The status.
        status: StatusCode,
        /// What it said, behind a colon.
        answer: String,
    },
    /// A web page.
    #[error("{0} answers HTML: is this a registry?")]
    Html(String),
    /// Other bytes than were asked for or announced.
    #[error("{url} should hash to {expected}, and hashes to {found}")]
    Digest {
        /// What was asked for.
        url: String,
        /// What it should hash to.
        expected: String,
        /// What it hashes to.
        found: Digest,
    },
    /// Not what it should be.
    #[error("{url} is not {what}: {why}")]
    Malformed {
        /// What was asked for.
        url: String,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        why: String,
    },
    /// A tag that no registry may have.
    #[error("the registry lists a tag `{0}`, which none may have")]
    Tag(String),
    /// A list without end.
    #[error("the repository has more than {max} tags")]
    TooManyTags {
        /// At most.
        max: usize,
    },
    /// A list without end.
    #[error("more than {max} manifests refer to {subject}")]
    TooManyReferrers {
        /// To which manifest.
        subject: Digest,
        /// At most.
        max: usize,
    },
    /// A list without end.
    #[error("{url} is one page more than the {max} that are read of a list")]
    Endless {
        /// The next page.
        url: String,
        /// At most.
        max: usize,
    },
    /// A list that goes on at another registry.
    #[error("{registry} says that its list goes on at `{url}`, which is not there")]
    Elsewhere {
        /// Which registry.
        registry: String,
        /// Where it leads.
        url: String,
    },
    /// What is to be pushed is not what it is said to be.
    #[error("what is to be pushed {what} {expected}, and is {found}")]
    Content {
        /// What is said of it.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// What is to be pushed cannot be read.
    #[error("what is to be pushed cannot be read")]
    Read(#[source] std::io::Error),
    /// It took an upload, and not where to, or to where it could be read on the way.
    #[error("{0} takes an upload, and does not say to which URL, or to one without TLS")]
    Location(String),
    /// Another client writes the same list all the time.
    #[error("the list of what refers to {0} does not keep what is added to it: try again")]
    Lost(Digest),
}

impl Classify for RegistryError {
    /// Who sends something else than it should is refused; who cannot be reached is not.
    fn fault(&self) -> Fault {
        match self {
            Self::Http(error) => error.fault(),
            Self::Reference(error) => error.fault(),
            Self::NotFound(_) => Fault::NotFound,
            Self::Html(_) | Self::Digest { .. } | Self::Malformed { .. } | Self::Tag(_) => {
                Fault::Refused
            }
            Self::TooManyTags { .. } | Self::TooManyReferrers { .. } => Fault::Refused,
            Self::Endless { .. } | Self::Elsewhere { .. } => Fault::Refused,
            _ => Fault::Host,
        }
    }
}

/// The first error of a registry's list of them (distribution specification 1.1, error codes), or
/// nothing: as a tail to a message.
pub(super) fn answer(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Envelope {
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        code: String,
        #[serde(default)]
        message: String,
    }
    match serde_json::from_slice::<Envelope>(body) {
        Ok(Envelope { errors }) => errors
            .first()
            .map_or_else(String::new, |One { code, message }| {
                format!(": {} ({})", quoted(message), quoted(code))
            }),
        Err(_) => String::new(),
    }
}
