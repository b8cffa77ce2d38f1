//! How a case and its plugin are named wherever the page leads to their details.

use maud::{Markup, html};

use super::view::Entry;
use super::words::Guest;

/// A case as a link to its details.
pub(super) fn link(entry: &Entry<'_>) -> Markup {
    html! { a href={ "#" (entry.anchor) } { (Guest(&entry.case.spec.name)) } " " (plugin(entry)) }
}

/// The plugin of a case, and the one that it was held against if that is called otherwise.
pub(super) fn plugin(entry: &Entry<'_>) -> Markup {
    html! {
        small {
            (Guest(&entry.plugin.label))
            @if let Some(base) = entry.compared.and_then(|compared| compared.other_base()) { " against " (Guest(base)) }
        }
    }
}
