//! How a run and a comparison are shown, in whatever format the user chose.

use dyno_export::{self as export, Contents};
use dyno_model as model;

use super::Result;
use super::measuring::Format;
use crate::render::{self, terminal};

/// A run.
pub(super) fn run(run: &model::Run, format: Format, verbose: bool) -> Result<()> {
    match format.export() {
        None => render::run(&mut terminal::stdout(), run, verbose)?,
        Some(format) => export::export(&run.into(), format, terminal::data())?,
    }
    Ok(())
}

/// What came of a comparison.
pub(super) fn comparison(contents: &Contents<'_>, format: Format, verbose: bool) -> Result<()> {
    let written = match format.export() {
        None => render::comparison(&mut terminal::stdout(), contents, verbose),
        Some(format) => export::export(contents, format, terminal::data()),
    };
    super::shown(written.map_err(Into::into))
}
