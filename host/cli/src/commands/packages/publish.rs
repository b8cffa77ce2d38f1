//! `dyno publish`: everything between a plugin directory and a user who installs it.

use std::io::Write as _;
use std::path::PathBuf;

use crate::render::terminal;
use clap::Args;
use dyno_package::key::PublicKey;
use dyno_package::layout::Layout;
use dyno_package::packaging::{self, Nobody, PackageAccess};
use dyno_plugin::{PackageSpec, Reference};
use dyno_wording::escape;

use super::{PackageArgs, Person, quietly, staging_dir, supervisor};
use super::{key, pack};
use crate::commands::building::BuildArgs;
use crate::commands::{Exit, Result};

/// Build, pack, sign and push a plugin directory, and list it in an index
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The plugin directory
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// The registry to push to: HOST/REPOSITORY, with a :TAG unless that is the version
    #[arg(long, value_name = "REFERENCE", required_unless_present = "index")]
    to: Option<Reference>,
    /// The directory of the index to list it in; without --to, it holds the package, too
    #[arg(long, value_name = "DIR")]
    index: Option<PathBuf>,
    /// The key to sign with [default: the one that `dyno key generate` made]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    args: PackageArgs,
}

impl Publish {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let access = self.args.access()?;
        // First: a key that cannot be read should not cost a build to find out.
        key::check(self.key.as_deref())?;
        let source = pack::built(&self.dir, &self.build, verbose)?;
        // After the build, which could look for it in the memory of this process.
        let key = key::signing_key(self.key.as_deref())?;
        let staging_dir = staging_dir()?;
        let file = staging_dir.path().join("package.oci.tar");
        let packed = pack::pack(&source, &access.limits, Some(file))?;
        let release = &packed.about.release;
        say(&format!("packed {release}  {}", packed.digest))?;
        let layout = Layout::open(&packed.path)?;
        packaging::sign(&layout, &packed.path, &key, pack::created()?)?;
        say(&format!("signed with {}", key.public().fingerprint()))?;
        self.trust_own(&access, release.id.namespace(), key.public())?;
        // What cannot be verified cannot be listed, and should not be pushed either.
        let supervisor = supervisor()?;
        let file = PackageSpec::File(packed.path.clone());
        let (mut nobody, mut on) = (Nobody, quietly);
        let opened = access.open(&file, &supervisor, staging_dir.path(), &mut nobody, &mut on);
        crate::commands::until_interrupted(opened)?;

        let mut named = file;
        if let Some(reference) = &self.to {
            let layout = Layout::open(&packed.path)?;
            let pushed = crate::commands::until_interrupted(access.push(&layout, reference))?;
            say(&format!("pushed {}", pushed.reference))?;
            named = PackageSpec::Reference(pushed.reference);
        }
        if let Some(index) = &self.index {
            let mut person = Person { yes: false };
            let packages = [named];
            let listed = access.list(
                index,
                &packages,
                std::slice::from_ref(&key),
                &supervisor,
                staging_dir.path(),
                &mut person,
            );
            crate::commands::until_interrupted(listed)?;
            say(&format!(
                "listed in {}",
                escape(&index.display().to_string())
            ))?;
        }
        Ok(Exit::Well)
    }
}

impl Publish {
    /// The author who publishes a namespace without a trusted publisher becomes its publisher.
    fn trust_own(&self, access: &PackageAccess, namespace: &str, key: &PublicKey) -> Result<()> {
        let mut trust = access.home.trust()?;
        if trust.knows(namespace) {
            return Ok(());
        }
        trust.add_for(key, namespace)?;
        say(&format!("trusted your key for {namespace}"))
    }
}

fn say(sentence: &str) -> Result<()> {
    crate::commands::shown(writeln!(terminal::stdout(), "{sentence}").map_err(Into::into))
}
