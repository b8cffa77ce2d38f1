//! Brings blobs and manifests to a registry (distribution specification 1.1, pushing).

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::access::Action;
use super::{Registry, RegistryError};
use crate::http::{Content, Request, Response, shown_url};
use crate::oci::{self, Descriptor};
use dyno_model::quoted::quoted;
use dyno_plugin::{Digest, Target};

/// What a registry answers to a push is not needed, bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// The media type of an upload, whatever it holds.
const OCTETS: &str = "application/octet-stream";

impl Registry {
    /// Brings a blob, in one piece, if it is not there already.
    ///
    /// # Errors
    /// If it has another size than its descriptor says, access is denied, or the registry does not
    /// take it; which it must not if it hashes to something else than the descriptor says.
    pub(crate) async fn push_blob(
        &self,
        descriptor: &Descriptor,
        content: Content,
    ) -> Result<(), RegistryError> {
        if content.len() != descriptor.size {
            return Err(RegistryError::Content {
                what: "should have as many bytes as",
                expected: descriptor.size.to_string(),
                found: content.len().to_string(),
            });
        }
        let url = self.url(&format!("blobs/{}", descriptor.digest));
        let head = self.push(Method::HEAD, &url, None).await?;
        if head.status == StatusCode::OK {
            return Ok(());
        }
        if head.status != StatusCode::NOT_FOUND {
            return Err(self.refusal(&url, head.status, &head.body));
        }
        let start = self.url("blobs/uploads/");
        let started = self
            .push(
                Method::POST,
                &start,
                Some((OCTETS, Content::Bytes(Default::default()))),
            )
            .await?;
        let mut location = self.upload_location(&self.found(started)?)?;
        // Added to what is there: that holds the state of the upload.
        location
            .query_pairs_mut()
            .append_pair("digest", &descriptor.digest.to_string());
        let ended = self
            .push(Method::PUT, &location, Some((OCTETS, content)))
            .await?;
        self.found(ended)?;
        Ok(())
    }

    /// Brings a manifest or an index, which all of its blobs must have preceded. Returns what it
    /// hashes to.
    ///
    /// # Errors
    /// If it is to be had by another digest than it hashes to, is too large, access is denied, or
    /// the registry does not take it or takes it for something else.
    pub(crate) async fn push_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Digest, RegistryError> {
        let found = Digest::of(bytes);
        self.put_manifest(target, media_type, bytes, &found).await?;
        Ok(found)
    }

    /// As [`Registry::push_manifest`], with the registry's answer.
    pub(super) async fn put_manifest(
        &self,
        target: &Target,
        media_type: &str,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<Response, RegistryError> {
        let mismatch =
            |what, expected: &dyn ToString, found: &dyn ToString| RegistryError::Content {
                what,
                expected: expected.to_string(),
                found: found.to_string(),
            };
        if let Target::Digest(expected) = target
            && expected != digest
        {
            return Err(mismatch("should hash to", expected, digest));
        }
        if bytes.len() as u64 > oci::MANIFEST_BYTES_MAX {
            let (max, actual) = (oci::MANIFEST_BYTES_MAX, bytes.len());
            return Err(mismatch("should have no more bytes than", &max, &actual));
        }
        let url = self.url(&format!("manifests/{target}"));
        let content = (media_type, Content::Bytes(bytes.to_vec().into()));
        let response = self.found(self.push(Method::PUT, &url, Some(content)).await?)?;
        match response.header("docker-content-digest") {
            Some(taken) if taken != digest.to_string() => Err(RegistryError::Digest {
                url: shown_url(&url),
                expected: quoted(taken),
                found: *digest,
            }),
            _ => Ok(response),
        }
    }

    /// Sends something for which one must be allowed to push.
    async fn push(
        &self,
        method: Method,
        url: &Url,
        content: Option<(&str, Content)>,
    ) -> Result<Response, RegistryError> {
        let request = Request {
            method,
            url,
            accept: &[],
            authorization: None,
            content,
        };
        self.send(Action::Push, request, ANSWER_BYTES_MAX).await
    }

    /// Where an upload goes on, relative to where it began; not from https to http.
    fn upload_location(&self, started: &Response) -> Result<Url, RegistryError> {
        started
            .header(LOCATION.as_str())
            .and_then(|location| started.url.join(location).ok())
            .filter(|url| url.scheme() == "https" || url.scheme() == self.base.scheme())
            .ok_or_else(|| RegistryError::Location(shown_url(&started.url)))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;
    use crate::http::Http;
    use crate::registry::Options;

    #[test]
    fn an_upload_that_began_over_tls_does_not_go_on_without() {
        let reference = "localhost:5000/a".parse().unwrap();
        let options = Options::default();
        let registry = Registry::open(Http::new().unwrap(), &reference, &options).unwrap();
        let started = |location| Response {
            status: StatusCode::ACCEPTED,
            headers: HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]),
            body: Vec::new(),
            url: "https://localhost:5000/v2/a/blobs/uploads/"
                .parse()
                .unwrap(),
        };
        for (location, url) in [
            ("/up?state=x", Some("https://localhost:5000/up?state=x")),
            (
                "https://store.example.org/up",
                Some("https://store.example.org/up"),
            ),
            ("http://localhost:5000/up", None),
            ("file:///etc/passwd", None),
        ] {
            let found = registry.upload_location(&started(location)).ok();
            assert_eq!(found.as_ref().map(Url::as_str), url, "{location}");
        }
    }
}
