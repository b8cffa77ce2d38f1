//! A repository in an OCI registry (distribution specification 1.1): reads manifests, blobs, tags
//! and referrers, and pushes them.
//!
//! ```text
//! Reference ─► Registry::open ─► access: challenge, credentials, token ─► http, limited
//!                                  ├─► manifest, referrers, blob, tags   each checked against its digest
//!                                  └─► push_blob, push_manifest, push_referrer
//! ```
//!
//! Nothing that comes back is believed: the digest that was asked for decides. There is no client
//! library below it but HTTP: the usual one reads bodies without a limit, sends a password wherever
//! the registry says, and takes for granted what a hostile registry can withhold.

mod access;
mod challenge;
mod credentials;
mod error;
mod paging;
mod push;
mod referrers;

#[cfg(test)]
mod access_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod peer_tests;

use std::io;
use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::http::{Http, PlainHosts, Request, Response, shown_url};
use super::oci::{self, Descriptor};
use super::strict_json;
use access::{Action, RepositoryAccess};
use dyno_model::quoted::quoted;
use dyno_plugin::{Digest, Reference, ReferenceError, Target, reference};
use paging::Pages;

pub use super::http::Content;
pub use error::RegistryError;

/// Releases of one package in one repository; who has more wants to keep us busy.
const TAGS_MAX: usize = 10_000;
/// How many tags we ask for at a time: what Docker's registry gives at most.
const TAGS_A_PAGE: usize = 1000;
/// A page of tags of 128 characters each, the quotes and commas around them included, bytes.
const TAG_PAGE_BYTES_MAX: u64 = 256 << 10;

/// How a registry is spoken to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Without TLS; only to this machine.
    pub plain_http: bool,
    /// Without TLS to these, and without credentials.
    pub plain_hosts: PlainHosts,
    /// The file in which `podman login` or `docker login` keeps credentials or says which helper
    /// does. If none, those that these programs look into.
    pub auth_file: Option<PathBuf>,
}

/// One repository.
#[derive(Debug)]
pub struct Registry {
    http: Http,
    /// Scheme, host and port.
    base: Url,
    repository: String,
    access: RepositoryAccess,
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

impl Registry {
    /// The repository that a reference is in. Says nothing to it yet.
    ///
    /// # Errors
    /// If it is to be spoken to without TLS, and is neither on this machine nor named for that.
    pub fn open(
        http: Http,
        reference: &Reference,
        options: &Options,
    ) -> Result<Self, RegistryError> {
        let host = reference.host();
        let at = |scheme: &str| {
            let url = Url::parse(&format!("{scheme}://{host}/"));
            url.map_err(|_| ReferenceError::Registry(quoted(reference.registry())))
        };
        let plain = at("http")?;
        let is_plain = options.plain_http || options.plain_hosts.allow(&plain);
        let base = if is_plain { plain } else { at("https")? };
        http.check(&base)?;
        let auth_file = options.auth_file.clone();
        Ok(Self {
            http,
            access: RepositoryAccess::new(base.clone(), reference, auth_file),
            base,
            repository: reference.path().into_owned(),
        })
    }

    /// The bytes of a manifest or an index, at most [`oci::MANIFEST_BYTES_MAX`], and what they hash
    /// to: if it was asked for by digest, to that.
    ///
    /// # Errors
    /// If there is none, access is denied, it is too large, or hashes to something else than was
    /// asked for, or than the registry itself says.
    pub async fn manifest(&self, target: &Target) -> Result<(Vec<u8>, Digest), RegistryError> {
        let url = self.url(&format!("manifests/{target}"));
        let accept = [oci::MANIFEST, oci::INDEX];
        let response = self.get(&url, oci::MANIFEST_BYTES_MAX, &accept).await?;
        let response = self.found(response)?;
        let found = Digest::of(&response.body);
        let is_right = match target {
            Target::Digest(expected) => *expected == found,
            Target::Tag(_) => true,
        };
        let says = response.header("docker-content-digest");
        let expected = match (is_right, says) {
            (true, None) => return Ok((response.body, found)),
            (true, Some(says)) if says == found.to_string() => return Ok((response.body, found)),
            (true, Some(says)) => quoted(says),
            (false, _) => target.to_string(),
        };
        Err(RegistryError::Digest {
            url: shown_url(&url),
            expected,
            found,
        })
    }

    /// Writes the bytes of a blob: as many as its descriptor says, which hash to what it says. What
    /// size is sane, the caller knows. If this fails, `to` holds rubbish.
    ///
    /// # Errors
    /// If there is none, access is denied, it is another, or it cannot be written.
    pub async fn blob(
        &self,
        descriptor: &Descriptor,
        to: &mut impl io::Write,
    ) -> Result<(), RegistryError> {
        let url = self.url(&format!("blobs/{}", descriptor.digest));
        let Descriptor { size, digest, .. } = descriptor;
        let (http, action) = (&self.http, Action::Pull);
        let carried = self.access.authorization(http, action).await?;
        let download = http.download(&url, carried.as_ref(), *size, digest, to);
        let Some(mut refused) = download.await? else {
            return Ok(());
        };
        let asked = self
            .access
            .challenged(http, action, &refused, carried.is_some());
        if let Some(asked) = asked.await? {
            match http.download(&url, Some(&asked), *size, digest, to).await? {
                Some(again) => refused = again,
                None => return Ok(()),
            }
        }
        Err(self.refusal(&url, refused.status, &[]))
    }

    /// All tags of the repository, in the registry's order.
    ///
    /// # Errors
    /// If there is no such repository, access is denied, the list is endless, or is none.
    pub async fn tags(&self) -> Result<Vec<String>, RegistryError> {
        let mut first = self.url("tags/list");
        first
            .query_pairs_mut()
            .append_pair("n", &TAGS_A_PAGE.to_string());
        let mut pages = Pages::new(&self.base, first);
        let mut tags = Vec::new();
        while let Some(url) = pages.next()? {
            let response = self.get(&url, TAG_PAGE_BYTES_MAX, &[]).await?;
            let response = self.found(response)?;
            let page: TagList = parsed(&response, "a list of tags")?;
            for tag in page.tags.unwrap_or_default() {
                if !reference::is_tag(&tag) {
                    return Err(RegistryError::Tag(quoted(&tag)));
                }
                tags.push(tag);
            }
            if tags.len() > TAGS_MAX {
                return Err(RegistryError::TooManyTags { max: TAGS_MAX });
            }
            pages.after(&response)?;
        }
        Ok(tags)
    }

    /// A URL in the repository. All of its parts are checked, so that nothing is to be escaped.
    fn url(&self, tail: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{}/{tail}", self.repository));
        url
    }

    /// Gets something, whatever the status; not a web page.
    async fn get(&self, url: &Url, limit: u64, accept: &[&str]) -> Result<Response, RegistryError> {
        let request = Request {
            method: Method::GET,
            url,
            accept,
            authorization: None,
            content: None,
        };
        self.send(Action::Pull, request, limit).await
    }

    /// Sends a request with what lets us in, and once more if the registry asks for something else
    /// here than it did at its door.
    async fn send(
        &self,
        action: Action,
        request: Request<'_>,
        limit: u64,
    ) -> Result<Response, RegistryError> {
        // An upload may go to a store elsewhere: without our credentials.
        let is_ours = request.url.origin() == self.base.origin();
        let authorization = self.access.authorization(&self.http, action).await?;
        let carried = authorization.as_ref().filter(|_| is_ours);
        let with = |authorization| Request {
            authorization,
            ..request.clone()
        };
        let mut response = self.http.send(with(carried), limit).await?;
        if is_ours {
            let asked = self
                .access
                .challenged(&self.http, action, &response, carried.is_some());
            if let Some(asked) = asked.await? {
                response = self.http.send(with(Some(&asked)), limit).await?;
            }
        }
        not_html(&response)?;
        Ok(response)
    }

    /// The response, if what was asked for is there.
    fn found(&self, response: Response) -> Result<Response, RegistryError> {
        if response.status.is_success() {
            return Ok(response);
        }
        Err(self.refusal(&response.url, response.status, &response.body))
    }

    /// What a status that is not one of success means.
    fn refusal(&self, url: &Url, status: StatusCode, body: &[u8]) -> RegistryError {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.access.denied(body),
            StatusCode::NOT_FOUND => RegistryError::NotFound(shown_url(url)),
            _ => RegistryError::Refused {
                url: shown_url(url),
                status,
                answer: error::answer(body),
            },
        }
    }
}

/// A gateway, a login page or a plain web server answers anything with a page, and with 200.
fn not_html(response: &Response) -> Result<(), RegistryError> {
    let is_html = response
        .header("content-type")
        .is_some_and(|media_type| media_type.to_ascii_lowercase().contains("html"));
    if is_html && response.status.is_success() {
        return Err(RegistryError::Html(shown_url(&response.url)));
    }
    Ok(())
}

/// What the body says, if it is `what` it should be.
fn parsed<T: serde::de::DeserializeOwned>(
    response: &Response,
    what: &'static str,
) -> Result<T, RegistryError> {
    strict_json::from_slice(&response.body).map_err(|error| RegistryError::Malformed {
        url: shown_url(&response.url),
        what,
        why: quoted(&error.to_string()),
    })
}
