//! Lists that come page by page: each names the next in a `Link` header (RFC 8288), and a hostile
//! registry names a next one for ever.

use url::Url;

use super::RegistryError;
use crate::http::{Response, shown_url};
use dyno_model::quoted::quoted;

/// More pages than any list that we read has.
const PAGES_MAX: usize = 64;

/// The pages of one list.
pub(super) struct Pages<'a> {
    base: &'a Url,
    next: Option<Url>,
    read: usize,
}

impl<'a> Pages<'a> {
    /// A list that begins at `first`; every page is on the registry at `base`.
    pub(super) fn new(base: &'a Url, first: Url) -> Self {
        Self {
            base,
            next: Some(first),
            read: 0,
        }
    }

    /// The page to read now, if there is one more.
    pub(super) fn next(&mut self) -> Result<Option<Url>, RegistryError> {
        self.read += 1;
        match self.next.take() {
            Some(url) if self.read > PAGES_MAX => Err(RegistryError::Endless {
                url: shown_url(&url),
                max: PAGES_MAX,
            }),
            next => Ok(next),
        }
    }

    /// Notes which page comes after the one that was read.
    pub(super) fn after(&mut self, response: &Response) -> Result<(), RegistryError> {
        let Some(link) = response.header("link").and_then(next_link) else {
            return Ok(());
        };
        // Relative to where the page came from, as a browser would read it.
        let url = response.url.join(link).ok();
        let url = url.filter(|url| url.origin() == self.base.origin());
        // Credentials go along, so it must be the same registry.
        self.next = Some(url.ok_or_else(|| RegistryError::Elsewhere {
            registry: shown_url(self.base),
            url: quoted(link),
        })?);
        Ok(())
    }
}

/// The target with the relation `next`.
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim();
            parameter == r#"rel="next""# || parameter == "rel=next"
        });
        is_next.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_link_to_the_next_page_is_followed() {
        assert_eq!(
            next_link(r#"</v2/a/tags/list?n=2&last=b>; rel="next""#),
            Some("/v2/a/tags/list?n=2&last=b")
        );
        assert_eq!(
            next_link(r#"</a>; rel="prev", </b>; title=x; rel=next"#),
            Some("/b")
        );
        for none in [
            "",
            "</a>",
            r#"</a>; rel="prev""#,
            "rel=next",
            "<</a; rel=next",
            "\u{1b}",
        ] {
            assert_eq!(next_link(none), None, "{none}");
        }
    }
}
