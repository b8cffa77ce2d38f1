//! A run as one HTML file for people: what it found, every sample of it, and under what conditions.
//!
//! The file stands alone. It loads nothing, and its content security policy forbids it to; all of
//! its tables and summary charts (SVG) are written here, so that it can be read, searched and
//! printed without JavaScript. The script only adds: it sorts and filters, and draws every sample
//! into the charts of a case when that case is opened, from values packed into two characters each.
//!
//! ```text
//! Contents ─ view::Page ─┬─ summary (forest, side_by_side)   what is different, largest first
//!                        ├─ table                            every case, one row
//!                        ├─ case (change, run_order,         every case, all that is known
//!                        │        process_table, count, history)
//!                        └─ conditions, glossary             under what conditions, and what words mean
//! ```
//!
//! What guests wrote is hostile: `words::Guest` makes what cannot be seen visible and isolates the
//! direction of text, and the templates escape everything that is put into them. Nothing of a guest
//! ever becomes an address, an identifier as it is, a style or a script.

use std::io::{self, Write};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Contents;
use view::Page;

mod axis;
mod case;
mod change;
mod conditions;
mod count;
mod distribution;
mod forest;
mod glossary;
mod history;
mod link;
mod policy;
mod process_table;
mod run_order;
mod samples;
mod side_by_side;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod words;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Writes `contents` to `out` as one HTML document.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let page = Page::new(contents);
    out.write_all(document(&page).into_string().as_bytes())
}

fn document(page: &Page<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy::policy(STYLE, SCRIPT));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "dyno " (words::shown(&page.run.host_version)) };
                title { (summary::title(page)) " – Dyno" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#cases" { "Skip to the table of cases" }
                (summary::header(page))
                main {
                    (summary::summary(page))
                    (table::section(page))
                    (case::section(page))
                    (conditions::section(page))
                    (glossary::section(page))
                }
                footer { "Written by Dyno " (words::shown(&page.run.host_version))
                    ". This file loads nothing and sends nothing." }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}
