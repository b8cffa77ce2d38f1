//! The beginning of a plugin's file: what can be said of it without parsing anything.

/// Why a file is no plugin's, by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// No bytes at all.
    #[error("is empty")]
    Empty,
    /// It does not begin like WebAssembly.
    #[error("is not WebAssembly: it begins with {start}, not with `\\0asm`")]
    NotWasm {
        /// Its first four bytes, escaped.
        start: String,
    },
    /// Machine code.
    #[error(
        "holds compiled machine code (an ELF file, such as a `.cwasm`) at byte 0: only WebAssembly is accepted, never what was compiled from it"
    )]
    Compiled,
}

/// Whether a file that begins like this may be WebAssembly at all, text or binary. Nothing is
/// parsed: this is for the supervisor, to which thousands of other files must not cost a worker
/// each.
///
/// # Errors
/// If it cannot be, for the reason for which a worker would refuse it.
pub fn check_start(start: &[u8]) -> Result<(), HeaderError> {
    if is_text(start) {
        return Ok(());
    }
    check_header(start)
}

/// Whether bytes begin like a WebAssembly binary.
///
/// # Errors
/// What they begin like instead.
pub fn check_header(bytes: &[u8]) -> Result<(), HeaderError> {
    if bytes.is_empty() {
        return Err(HeaderError::Empty);
    }
    if is_compiled(bytes) {
        return Err(HeaderError::Compiled);
    }
    let start = &bytes[..bytes.len().min(4)];
    if start != b"\0asm" {
        return Err(HeaderError::NotWasm {
            start: format!("`{}`", start.escape_ascii()),
        });
    }
    Ok(())
}

/// Whether bytes begin like machine code: compiled artifacts of engines are ELF files.
#[must_use]
pub fn is_compiled(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Whether bytes may be the beginning of WebAssembly text: it begins with a parenthesis or a
/// comment, behind white space of which there may be more than is here.
fn is_text(start: &[u8]) -> bool {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A character that is cut off at the end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let text = text.trim_start();
    text.starts_with(['(', ';']) || text.is_empty() && !start.is_empty()
}
