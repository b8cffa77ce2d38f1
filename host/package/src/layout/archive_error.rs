//! Why a file is not one that a package can be read from.

use std::io;

use dyno_model::{Classify, Fault};

/// A package with 16 signatures has 41 entries, and twice that with a record of times before each;
/// three times that leaves room for tools that add referrers of other kinds.
pub(super) const ENTRIES_MAX: usize = 256;

/// What a PAX record may say: what a reader of the bytes alone does not need.
pub(super) const PAX_KEYS: [&[u8]; 7] = [
    b"mtime", b"atime", b"ctime", b"uid", b"gid", b"uname", b"gname",
];

/// Why a file is not a tar that holds an image layout and nothing else. Names are escaped and cut.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// It is compressed.
    #[error("it is compressed ({0}); packages are plain tar")]
    Compressed(&'static str),
    /// It is something else.
    #[error("it is {0}, and should be a plain tar")]
    NotTar(&'static str),
    /// A header is damaged.
    #[error("the header after byte {at} is damaged: {message}")]
    Header {
        /// Where the entry before it ends, bytes.
        at: u64,
        /// What is wrong.
        message: String,
    },
    /// A header is neither of the POSIX nor of the GNU form.
    #[error("the entry `{0}` has no ustar header")]
    Form(String),
    /// More entries than a package has.
    #[error("it has more than {ENTRIES_MAX} entries")]
    TooMany,
    /// Something else than a file or a directory.
    #[error("the entry `{name}` is {kind}, and should be a plain file or directory")]
    Kind {
        /// Which.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A name that no layout has.
    #[error(
        "the entry `{0}` does not belong there: a package has oci-layout, index.json and \
         blobs/sha256/ with files named by their digests"
    )]
    Name(String),
    /// A field that should be empty is not.
    #[error("the entry `{name}` has {field}, which no package needs")]
    Field {
        /// Which.
        name: String,
        /// What it has.
        field: &'static str,
    },
    /// A size that readers may read differently.
    #[error("the size of the entry `{0}` should be eleven octal digits, and zero for a directory")]
    Size(String),
    /// A name stands twice.
    #[error("the entry `{0}` is there twice")]
    Twice(String),
    /// An entry is longer than what is left of the file.
    #[error("the entry `{name}` should have {bytes} bytes, and the file has {left} left")]
    PastEnd {
        /// Which.
        name: String,
        /// Its size as declared, bytes.
        bytes: u64,
        /// What is left of the file, bytes.
        left: u64,
    },
    /// A PAX header that says more than times and owners.
    #[error("a PAX header has {0}; allowed are records of {keys}", keys = pax_keys())]
    Pax(String),
    /// It was cut off.
    #[error("it has no end: it should have two blocks of zeros there, and was perhaps cut off")]
    NoEnd,
    /// There is more behind its end.
    #[error("it should end at byte {at}, and {bytes} bytes follow that are not its end")]
    Trailing {
        /// Where the last entry ends, bytes.
        at: u64,
        /// How many follow, bytes.
        bytes: u64,
    },
}

impl Classify for ArchiveError {
    fn fault(&self) -> Fault {
        match self {
            Self::Io(_) => Fault::Host,
            _ => Fault::Refused,
        }
    }
}

fn pax_keys() -> String {
    let keys = PAX_KEYS.map(String::from_utf8_lossy);
    keys.join(", ")
}
