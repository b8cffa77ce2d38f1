//! What programs get and must give, from flags, manifests and the files beside them.

use std::path::Path;

use super::request::Request;
use dyno_job::ProgramJob;
use dyno_plugin::{Input, InputError, Source};

/// What a program gets and must give: what the user says, or else its manifest or what stands
/// beside it.
pub(super) fn program(
    source: &Source,
    request: &Request,
    dir: &Path,
) -> Result<ProgramJob, InputError> {
    let stdin = match &request.grants.stdin {
        Some(path) => Some(Input::open(path)?),
        None => source.stdin()?,
    };
    let expected = match &request.expected_stdout {
        Some(path) => Some(Input::open(path)?),
        None => source.expected_stdout()?,
    };
    let expected = expected.map(|input| Ok((input.name.clone(), input.copy(dir)?)));
    let manifest = source.manifest.as_ref();
    let declared = manifest.and_then(|manifest| manifest.program.expected_status);
    Ok(ProgramJob {
        name: match &request.name {
            Some(name) => name.clone(),
            None => source.program_name(),
        },
        stdin: stdin.map(|input| input.copy(dir)).transpose()?,
        expected: expected.transpose()?,
        expected_status: request.expected_status.or(declared).unwrap_or(0),
    })
}
