//! `dyno key`: signing keys.

use dyno_model::{Classify, Fault};
use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::render::terminal;
use clap::{Args, Subcommand};
use dyno_files::checkout;
use dyno_model::quoted::quoted_path;
use dyno_package::key::{KEY_BYTES_MAX, KeyError, PrivateKey, PublicKey};
use dyno_plugin::PASSPHRASE_VARIABLE;
use zeroize::Zeroizing;

use super::{FileError, home, public_path};
use crate::commands::{AbsentError, Context as _, Error, Exit, Result, UsageError};

/// The variable that holds a key's passphrase where there is no terminal to ask on.
const PASSPHRASE: &str = PASSPHRASE_VARIABLE;

/// Make, show and import signing keys
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    Generate(Generate),
    Show(Show),
    Import(Import),
}

/// Make a signing key (ECDSA P-256) and the public key beside it
///
/// The key is a PKCS#8 file that openssl reads, encrypted with a passphrase: it is asked for, or
/// taken from DYNO_KEY_PASSPHRASE.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    #[command(flatten)]
    place: Place,
}

/// Show the fingerprint and the public key of a key
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A public or a signing key [default: your signing key]
    #[arg(value_name = "KEY")]
    key: Option<PathBuf>,
}

/// Import a PKCS#8 key, as `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes
/// it
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The key's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Where a key goes, and how it is kept.
#[derive(Debug, Args)]
struct Place {
    /// Where to put it [default: your signing key, below DYNO_HOME]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not encrypt it
    #[arg(long)]
    no_passphrase: bool,
}

impl Key {
    pub(super) fn execute(self) -> Result<Exit> {
        match self {
            Self::Generate(verb) => verb.place.keep(&PrivateKey::generate()?),
            Self::Import(verb) => verb.place.keep(&load(&verb.file)?),
            Self::Show(verb) => verb.execute(),
        }
    }
}

impl Show {
    fn execute(self) -> Result<Exit> {
        let public = public_key(self.key.as_deref())?;
        let pem = public.to_pem();
        let written = || {
            let mut out = terminal::stdout();
            writeln!(out, "{}", public.fingerprint())?;
            pem.lines().try_for_each(|line| writeln!(out, "{line}"))
        };
        crate::commands::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

impl Place {
    /// Writes a key and the public key beside it, and never over another.
    fn keep(&self, key: &PrivateKey) -> Result<Exit> {
        let path = match &self.output {
            Some(path) => path.clone(),
            None => home()?.key(),
        };
        let public = public_path(&path);
        for path in [&path, &public] {
            if path.exists() {
                let path = path.display();
                return Err(UsageError(format!(
                    "{path} is there already: name another file with --output"
                ))
                .into());
            }
        }
        let passphrase = match self.no_passphrase {
            true => None,
            false => Some(new_passphrase()?),
        };
        let pem = key.to_pem(passphrase.as_ref().map(|it| it.as_str()))?;
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).with_context(|| format!("{}", dir.display()))?;
        }
        write_new(&path, 0o600, pem.as_bytes())?;
        write_new(&public, 0o644, key.public().to_pem().as_bytes())?;
        let (path, public) = (path.display(), public.display());
        let written = || {
            let mut out = terminal::stdout();
            writeln!(out, "{}", key.public().fingerprint())?;
            writeln!(out, "signing key  {path}: keep it to yourself")?;
            writeln!(out, "public key   {public}: for those who should trust it")
        };
        crate::commands::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

fn write_new(path: &Path, mode: u32, content: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.with_context(|| format!("{}", path.display()))
}

/// The user's signing key, or the one that was named.
pub(super) fn signing_key(named: Option<&Path>) -> Result<PrivateKey> {
    load(&signing_file(named)?)
}

/// Whether the signing key can be read, without its passphrase.
pub(super) fn check(named: Option<&Path>) -> Result<()> {
    let text = Zeroizing::new(read(&signing_file(named)?)?);
    drop(text);
    Ok(())
}

fn signing_file(named: Option<&Path>) -> Result<PathBuf> {
    let path = match named {
        Some(path) => return Ok(path.into()),
        None => home()?.key(),
    };
    match path.exists() {
        true => Ok(path),
        false => Err(no_key()),
    }
}

fn load(path: &Path) -> Result<PrivateKey> {
    let text = Zeroizing::new(read(path)?);
    PrivateKey::from_pem(&text, &mut || {
        passphrase(&format!("passphrase of {}: ", quoted_path(path)))
    })
    .with_context(|| format!("{}", path.display()))
}

/// The signing keys that were named, or else the user's.
pub(super) fn signing_keys(named: &[PathBuf]) -> Result<Vec<PrivateKey>> {
    match named {
        [] => Ok(vec![signing_key(None)?]),
        named => named.iter().map(|path| load(path)).collect(),
    }
}

/// The user's public key, or the one that was named.
pub(super) fn public_key(named: Option<&Path>) -> Result<PublicKey> {
    match named {
        Some(path) => public(path),
        None => {
            let path = public_path(&home()?.key());
            if !path.exists() {
                return Err(no_key());
            }
            public(&path)
        }
    }
}

fn no_key() -> Error {
    AbsentError(
        "you have no key: make one with `dyno key generate`, or name the file of another".into(),
    )
    .into()
}

/// The public key in a file, which may hold the signing key, too.
fn public(path: &Path) -> Result<PublicKey> {
    let text = Zeroizing::new(read(path)?);
    match PublicKey::from_pem(&text) {
        Ok(key) => Ok(key),
        Err(_) if text.contains("PRIVATE KEY") => Ok(load(path)?.public().clone()),
        Err(error) => Err(error).with_context(|| format!("{}", path.display())),
    }
}

/// A key is a page of text.
fn read(path: &Path) -> Result<String> {
    checkout::open_regular(path)
        .and_then(|file| checkout::text(file, KEY_BYTES_MAX as u64))
        .map_err(|source| {
            let path = path.display().to_string();
            FileError { path, source }.into()
        })
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
enum PassphraseError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(
        "the key is encrypted and nobody can be asked for its passphrase: put it into {PASSPHRASE}"
    )]
    Nobody,
    #[error("the passphrase cannot be read")]
    Terminal(#[from] std::io::Error),
}

impl Classify for PassphraseError {
    fn fault(&self) -> Fault {
        match self {
            Self::Key(error) => error.fault(),
            Self::Nobody => Fault::Usage,
            Self::Terminal(_) => Fault::Host,
        }
    }
}

fn passphrase(prompt: &str) -> Result<Zeroizing<String>, PassphraseError> {
    if let Ok(passphrase) = std::env::var(PASSPHRASE) {
        return Ok(Zeroizing::new(passphrase));
    }
    if !std::io::stdin().is_terminal() {
        return Err(PassphraseError::Nobody);
    }
    Ok(Zeroizing::new(rpassword::prompt_password(prompt)?))
}

/// A passphrase for a new key: asked for twice.
fn new_passphrase() -> Result<Zeroizing<String>> {
    if std::env::var_os(PASSPHRASE).is_none() && !std::io::stdin().is_terminal() {
        return Err(UsageError(format!(
            "nobody can be asked for a passphrase: put one into {PASSPHRASE}, or say --no-passphrase"
        ))
        .into());
    }
    let first = passphrase("new passphrase: ")?;
    if first.is_empty() {
        return Err(UsageError(
            "the passphrase is empty: say --no-passphrase if you want none".into(),
        )
        .into());
    }
    if std::env::var_os(PASSPHRASE).is_none() && passphrase("once more: ")? != first {
        return Err(UsageError("the two are not the same".into()).into());
    }
    Ok(first)
}
