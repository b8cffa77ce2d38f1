//! Packages that are made here, with whatever could be told of them: each check is passed by what
//! is as it should be, and by nothing else.

mod datasets;
mod referrers;
mod signers;

use std::{fs, io};

use p256::pkcs8::{EncodePrivateKey as _, LineEnding};

use super::*;
use crate::artifact;
use crate::key::{KeyError, PrivateKey};
use crate::layout::{Layout, write_tar};
use crate::manifest::{Dataset, PackageManifest};
use crate::oci::Index;
use crate::origin::OriginError;
use crate::signature;
use crate::trust::{Conflict, Grant};
use dyno_job::{Numbers, Shape};
use dyno_model::{Classify as _, Fault, chain};

const COMPONENT_BYTES: &[u8] = b"\0asm a component";
const TABLE: &[u8] = b"a,b\n1,2\n";
const CSV: &str = "text/csv";

/// The same key for the same number, which is not zero.
fn key(number: u8) -> PrivateKey {
    let mut scalar = [0; 32];
    scalar[31] = number;
    let secret = p256::SecretKey::from_slice(&scalar).unwrap();
    let pem = secret.to_pkcs8_pem(LineEnding::LF).unwrap();
    PrivateKey::from_pem(&pem, &mut || Err(KeyError::NoPassphrase)).unwrap()
}

fn release() -> Release {
    "acme/json@1.2.0".parse().unwrap()
}

/// Lets a publisher of the same name sign for a namespace.
fn grant(trust: &mut Trust, number: u8, namespace: &str) {
    let grant = Grant {
        publisher: namespace.into(),
        namespaces: [namespace.to_owned()].into(),
        conflict: Conflict::Refuse,
        threshold: None,
    };
    let key = key(number).public().clone();
    trust.add(&[key], &grant, None, None).unwrap();
}

/// A layout in which everything hashes to what it is called, and the user who looks at it.
struct Scene {
    home: tempfile::TempDir,
    trust: Trust,
    allow_unsigned: AllowUnsigned,
    limits: Limits,
    about: SelfDescription,
    package: Descriptor,
    referrers: Vec<Descriptor>,
}

impl Scene {
    /// A package with one dataset that is not signed. No publisher is trusted.
    fn new() -> Self {
        Self::with_datasets(&[("table", TABLE.len() as u64)])
    }

    /// Its datasets are all [`TABLE`], and are said to be as large as this.
    fn with_datasets(sizes: &[(&str, u64)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("layout/blobs/sha256")).unwrap();
        let mut manifest = PackageManifest::new(release().id, "wasm");
        manifest.capabilities = ["wasi:cli".to_owned(), "wasi:io".into()].into();
        let mut scene = Self {
            trust: Trust::open(home.path()).unwrap(),
            home,
            allow_unsigned: AllowUnsigned::default(),
            limits: Limits::default(),
            about: SelfDescription {
                release: release(),
                labels: [("version".into(), "1.2.0".into())].into(),
                manifest,
            },
            package: Descriptor::of("", &[]),
            referrers: Vec::new(),
        };
        for (name, size) in sizes {
            let content = Descriptor {
                size: *size,
                ..scene.blob(CSV, TABLE)
            };
            let dataset = oci::to_json(&artifact::describe_dataset(content));
            let dataset = Dataset(scene.blob(oci::MANIFEST, &dataset));
            let datasets = &mut scene.about.manifest.datasets;
            datasets.insert((*name).into(), dataset);
        }
        let component = scene.blob(oci::WASM, COMPONENT_BYTES);
        let time = "2026-01-01T00:00:00Z";
        let shape = Shape {
            kind: PluginKind::Suite,
            imports: Vec::new(),
            exports: Vec::new(),
            numbers: Numbers {
                components: 1,
                ..Numbers::default()
            },
        };
        let (config, manifest) = artifact::describe(&scene.about, &component, &shape, time);
        scene.blob(oci::WASM_CONFIG, &config);
        scene.package = scene.blob(oci::MANIFEST, &manifest);
        scene
    }

    /// Signed by key 1, which is trusted.
    fn signed() -> Self {
        let mut scene = Self::new();
        grant(&mut scene.trust, 1, "acme");
        scene.sign(1);
        scene
    }

    fn blob(&self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(media_type, bytes);
        let name = format!("layout/blobs/sha256/{}", descriptor.digest.hex());
        fs::write(self.home.path().join(name), bytes).unwrap();
        descriptor
    }

    fn sign(&mut self, number: u8) {
        let bundle = signature::sign(&key(number), &self.package.digest, &release());
        let bundle = self.blob(oci::SIGSTORE_BUNDLE, &bundle);
        let manifest = Manifest::of_signature(bundle, self.package.clone());
        self.refer(Some(oci::SIGSTORE_BUNDLE), &oci::to_json(&manifest));
    }

    /// Lists something as what refers to the package.
    fn refer(&mut self, artifact_type: Option<&str>, bytes: &[u8]) {
        let listed = Descriptor {
            artifact_type: artifact_type.map(str::to_owned),
            ..self.blob(oci::MANIFEST, bytes)
        };
        self.referrers.push(listed);
    }

    fn origin(&self) -> Origin {
        let listed = oci::to_json(&Index::new(self.referrers.clone()));
        let mut listed = self.blob(oci::INDEX, &listed);
        let tag = oci::referrers_tag(&self.package.digest);
        listed.annotations.insert(oci::REF_NAME.into(), tag);
        let index = oci::to_json(&Index::new(vec![self.package.clone(), listed]));
        let layout = self.home.path().join("layout");
        fs::write(layout.join("index.json"), index).unwrap();
        fs::write(
            layout.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .unwrap();
        Origin::Layout(Layout::open(&layout).unwrap())
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            trust: &self.trust,
            allow_unsigned: &self.allow_unsigned,
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
            limits: &self.limits,
        }
    }

    /// What comes of it if this release is asked for.
    async fn authenticate(&self, wanted: Option<&str>) -> Result<Authentic, VerifyError> {
        let asked = Asked {
            which: Which::Only,
            wanted: wanted.map(|wanted| wanted.parse().unwrap()),
        };
        authenticate(&self.origin(), &asked, self.rules(), &mut |_| ()).await
    }

    /// All checks, and what was told of those that were passed.
    async fn verify(&self, origin: &Origin) -> (Result<Package, VerifyError>, Vec<Check>) {
        let mut told = Vec::new();
        let mut on = |check| told.push(check);
        let package = self.verify_telling(origin, &mut on).await;
        (package, told)
    }

    async fn verify_telling(
        &self,
        origin: &Origin,
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, VerifyError> {
        let asked = Asked {
            which: Which::Digest(self.package.digest),
            wanted: None,
        };
        let authentic = authenticate(origin, &asked, self.rules(), on).await?;
        let parent = self.home.path();
        let fetched = authentic.fetch(origin, self.rules(), parent, on).await?;
        assert_eq!(fs::read(fetched.component()).unwrap(), COMPONENT_BYTES);
        let sections = self.about.sections();
        let imports = ["wasi:io/streams@0.2.6".to_owned()];
        fetched
            .admit(origin, PluginKind::Suite, &sections, &imports, on)
            .await
    }
}

#[tokio::test]
async fn a_package_passes_every_check_and_is_the_same_when_it_is_passed_on() {
    let scene = Scene::signed();
    let (package, told) = scene.verify(&scene.origin()).await;
    let package = package.unwrap();
    let signer = key(1).public().fingerprint().to_string();
    let (component, table) = (Digest::of(COMPONENT_BYTES), Digest::of(TABLE));
    let expected = [
        (
            "manifest",
            format!("{}, one WebAssembly component", scene.package.digest),
        ),
        ("signatures", "1".into()),
        ("signed by", format!("acme with the key {signer}")),
        ("release", "acme/json@1.2.0".into()),
        ("component", format!("{component}, 16 bytes")),
        (
            "content",
            "valid, imports no more than wasi:cli wasi:io".into(),
        ),
        ("dataset", format!("table: {table}, 8 bytes")),
    ];
    let expected = expected.map(|(what, found)| Check { what, found });
    assert_eq!(told, expected);
    assert_eq!(package.digest, scene.package.digest);
    assert_eq!(package.descriptor(), scene.package);
    assert_eq!(package.component, component);
    assert_eq!(package.signers(), [signer]);
    assert_eq!(package.content.about, scene.about);
    let data = package.content.dir.path().join(DATA).join("table");
    assert_eq!(fs::read(data).unwrap(), TABLE);

    let file = scene.home.path().join("again.oci.tar");
    write_tar(&file, &package.contents().unwrap(), 0).unwrap();
    let layout = Layout::open(&file).unwrap();
    let datasets = layout.datasets().unwrap();
    assert_eq!(datasets.len(), 1);
    let dataset = artifact::read_dataset(&layout.manifest(&datasets[0]).unwrap().1).unwrap();
    assert_eq!(dataset, Descriptor::of(CSV, TABLE));
    let (again, told_again) = scene.verify(&Origin::Layout(layout)).await;
    assert_eq!(again.unwrap().signers(), package.signers());
    assert_eq!(told_again, expected);
}

#[tokio::test]
async fn what_is_accepted_unsigned_has_no_signer() {
    let mut scene = Scene::new();
    scene.allow_unsigned.any = true;
    let (package, told) = scene.verify(&scene.origin()).await;
    assert_eq!(package.unwrap().signers(), [""; 0]);
    assert_eq!(told[2].found, "nobody, which --allow-unsigned allows");
}

#[tokio::test]
async fn the_release_must_be_the_one_that_was_asked_for() {
    let scene = Scene::signed();
    for good in [None, Some("acme/json"), Some("acme/json@1.2.0")] {
        let authentic = scene.authenticate(good).await.unwrap();
        assert_eq!(authentic.release, release(), "{good:?}");
    }
    for other in ["acme/json@1.2.1", "acme/xml", "other/json@1.2.0"] {
        let error = scene.authenticate(Some(other)).await.unwrap_err();
        assert!(
            matches!(&error, VerifyError::NotAsked { found, .. } if **found == release()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_pinned_release_has_the_manifest_that_it_is_pinned_to() {
    let mut scene = Scene::signed();
    let (own, other) = (scene.package.digest, Digest::of(b"other"));
    let trust = &mut scene.trust;
    trust.pin(&release(), &own, Conflict::Refuse).unwrap();
    let newer = "acme/json@1.3.0".parse().unwrap();
    trust.pin(&newer, &other, Conflict::Refuse).unwrap();
    scene.authenticate(None).await.unwrap();
    let trust = &mut scene.trust;
    trust.pin(&release(), &other, Conflict::Replace).unwrap();
    let error = scene.authenticate(None).await.unwrap_err();
    assert!(
        matches!(&error, VerifyError::Pinned { pinned, found, .. } if (*pinned, *found) == (other, own)),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_on_the_kill_list_is_refused_by_manifest_or_component() {
    let denied = [Digest::of(COMPONENT_BYTES), Scene::new().package.digest];
    for digest in denied {
        let mut scene = Scene::signed();
        scene.trust.deny(&Digest::of(b"other"), "x").unwrap();
        scene.authenticate(None).await.unwrap();
        scene.trust.deny(&digest, "steals cookies").unwrap();
        let error = scene.authenticate(None).await.unwrap_err().to_string();
        let expected = format!("{digest} is on the kill list: steals cookies");
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn a_component_may_be_as_large_as_the_limit_and_no_byte_larger() {
    let mut scene = Scene::signed();
    let size = COMPONENT_BYTES.len() as u64;
    for enough in [size, size + 1] {
        scene.limits.set(LimitKind::Component, enough);
        scene.verify(&scene.origin()).await.0.unwrap();
    }
    scene.limits.set(LimitKind::Component, size - 1);
    let error = scene.verify(&scene.origin()).await.0.unwrap_err();
    let expected = "its component has 16 bytes, and the limit is 15: raise it with --component";
    assert_eq!(error.to_string(), expected);
}

/// Whether a user asks the publisher or looks at the own machine.
#[tokio::test]
async fn a_fault_is_the_packages_unless_it_could_not_be_had_or_put_anywhere() {
    let write = || LayoutError::Write {
        path: "x".into(),
        source: io::ErrorKind::StorageFull.into(),
    };
    let tag = || LayoutError::Packages {
        path: "x".into(),
        found: "none",
    };
    let host = [
        VerifyError::Layout(write()),
        VerifyError::Origin(OriginError::Layout(write())),
        VerifyError::Unpack(io::ErrorKind::StorageFull.into()),
    ];
    for error in host {
        assert_eq!(error.fault(), Fault::Host, "{error}");
    }
    let refused = [
        VerifyError::Layout(tag()),
        VerifyError::Origin(OriginError::Layout(tag())),
        VerifyError::Nameless,
        VerifyError::Unsigned(release()),
    ];
    for error in refused {
        assert_eq!(error.fault(), Fault::Refused, "{error}");
    }

    let scene = Scene::signed();
    let authentic = scene.authenticate(None).await.unwrap();
    let nowhere = scene.home.path().join("nowhere");
    let fetched = authentic
        .fetch(&scene.origin(), scene.rules(), &nowhere, &mut |_| ())
        .await;
    assert_eq!(fetched.unwrap_err().fault(), Fault::Host);
}
