//! A real registry, without a referrers API, and clients that are not ours. They are skipped where
//! they are not installed.

use std::process::Command;

use super::*;
use crate::oci::Manifest;
use crate::registry_server::{RegistryServer, Setup, certificate};

/// A package with a signature, as bytes.
struct Package {
    blobs: Vec<(Descriptor, Vec<u8>)>,
    manifest: Vec<u8>,
    signature: Vec<u8>,
}

impl Package {
    fn new() -> Self {
        let described =
            |media_type: &str, bytes: &[u8]| (Descriptor::of(media_type, bytes), bytes.to_vec());
        let blobs = vec![
            described(
                oci::WASM_CONFIG,
                br#"{"architecture":"wasm","os":"wasip2"}"#,
            ),
            described(
                oci::WASM,
                &[b"\0asm\x0d\0\x01\0".as_slice(), &[7; 300_000]].concat(),
            ),
            described(oci::EMPTY, oci::EMPTY_JSON),
            described(oci::SIGSTORE_BUNDLE, br#"{"mediaType":"bundle"}"#),
        ];
        let manifest = oci::to_json(&Manifest::new(blobs[0].0.clone(), blobs[1].0.clone()));
        let subject = Descriptor::of(oci::MANIFEST, &manifest);
        let signature = oci::to_json(&Manifest::of_signature(blobs[3].0.clone(), subject));
        Self {
            blobs,
            manifest,
            signature,
        }
    }

    fn subject(&self) -> Descriptor {
        Descriptor::of(oci::MANIFEST, &self.manifest)
    }

    async fn push(&self, registry: &Registry) {
        for (descriptor, bytes) in &self.blobs {
            let content = Content::Bytes(bytes.clone().into());
            registry.push_blob(descriptor, content).await.unwrap();
        }
        let digest = registry
            .push_manifest(&tag("1.0.0"), oci::MANIFEST, &self.manifest)
            .await;
        assert_eq!(digest.unwrap(), self.subject().digest);
        registry
            .push_referrer(&self.subject(), &self.signature)
            .await
            .unwrap();
    }

    /// Whether all of it is there, to the byte.
    async fn check(&self, registry: &Registry) {
        let (bytes, digest) = registry.manifest(&tag("1.0.0")).await.unwrap();
        assert!(bytes == self.manifest);
        registry.manifest(&Target::Digest(digest)).await.unwrap();
        for (descriptor, expected) in &self.blobs {
            let mut bytes = Vec::new();
            registry.blob(descriptor, &mut bytes).await.unwrap();
            assert!(bytes == *expected);
        }
        let referrers = registry.referrers(&digest).await.unwrap();
        let found: Vec<_> = referrers.iter().map(|referrer| referrer.digest).collect();
        assert_eq!(found, [Digest::of(&self.signature)]);
        let (bytes, _) = registry.manifest(&Target::Digest(found[0])).await.unwrap();
        assert!(bytes == self.signature);
    }
}

fn tag(text: &str) -> Target {
    text.parse().unwrap()
}

fn open(server: &RegistryServer, repository: &str, config: Option<PathBuf>) -> Registry {
    let reference: Reference = format!("{}/{repository}", server.host()).parse().unwrap();
    let options = Options {
        plain_http: true,
        auth_file: Some(config.unwrap_or_else(|| PathBuf::from("/nonexistent"))),
        ..Options::default()
    };
    Registry::open(Http::new().unwrap(), &reference, &options).unwrap()
}

#[tokio::test]
async fn what_is_pushed_comes_back_to_the_byte_and_its_signature_is_found() {
    let Some(server) = RegistryServer::start() else {
        return;
    };
    let (registry, package) = (open(&server, "team/plugin", None), Package::new());
    assert!(matches!(
        registry.tags().await,
        Err(RegistryError::NotFound(_))
    ));
    package.push(&registry).await;
    // Again changes nothing.
    package.push(&registry).await;
    package.check(&registry).await;
    let fallback = oci::referrers_tag(&package.subject().digest);
    assert_eq!(registry.tags().await.unwrap(), ["1.0.0", fallback.as_str()]);
    let listed = &registry.referrers(&package.subject().digest).await.unwrap()[0];
    assert_eq!(listed.artifact_type.as_deref(), Some(oci::SIGSTORE_BUNDLE));
    // A second signature joins the first.
    let bundle = Descriptor::of(oci::SIGSTORE_BUNDLE, b"another");
    registry
        .push_blob(&bundle, Content::Bytes("another".into()))
        .await
        .unwrap();
    let another = oci::to_json(&Manifest::of_signature(bundle, package.subject()));
    registry
        .push_referrer(&package.subject(), &another)
        .await
        .unwrap();
    let found = registry.referrers(&package.subject().digest).await.unwrap();
    assert_eq!(found.len(), 2);
    // What hashes to something else is not taken.
    let lie = Descriptor {
        digest: Digest::of(b"truth"),
        ..Descriptor::of(oci::WASM, b"lies!")
    };
    let error = registry
        .push_blob(&lie, Content::Bytes("lies!".into()))
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_file_is_pushed_as_bytes_are() {
    let Some(server) = RegistryServer::start() else {
        return;
    };
    let (registry, package) = (open(&server, "a", None), Package::new());
    let (descriptor, bytes) = &package.blobs[1];
    let path = server.dir.path().join("layer");
    std::fs::write(&path, bytes).unwrap();
    let content = Content::File(
        std::fs::File::open(&path).unwrap().into(),
        0,
        bytes.len() as u64,
    );
    registry.push_blob(descriptor, content).await.unwrap();
    let mut read = Vec::new();
    registry.blob(descriptor, &mut read).await.unwrap();
    assert!(read == *bytes);
}

#[tokio::test]
async fn many_tags_come_page_by_page() {
    let Some(server) = RegistryServer::start() else {
        return;
    };
    let (registry, package) = (open(&server, "a", None), Package::new());
    package.push(&registry).await;
    let dir = server
        .dir
        .path()
        .join("storage/docker/registry/v2/repositories/a/_manifests/tags");
    // As if they had been pushed one by one.
    for i in 0..=TAGS_A_PAGE {
        std::fs::create_dir_all(dir.join(format!("1.0.0-rc.{i}/current"))).unwrap();
    }
    assert_eq!(registry.tags().await.unwrap().len(), TAGS_A_PAGE + 3);
}

#[tokio::test]
async fn a_password_from_docker_login_opens_and_no_other_does() {
    let setup = Setup {
        password: true,
        ..Setup::default()
    };
    let Some(server) = RegistryServer::start_as(&setup) else {
        return;
    };
    let package = Package::new();
    let config = server.docker_config().join("config.json");
    let registry = open(&server, "team/plugin", Some(config.clone()));
    package.push(&registry).await;
    package.check(&registry).await;
    let wrong = server.dir.path().join("wrong.json");
    // "me:wrong!"
    let text = std::fs::read_to_string(config).unwrap();
    std::fs::write(&wrong, text.replace("bWU6c2VjcmV0", "bWU6d3Jvbmch")).unwrap();
    for config in [None, Some(wrong)] {
        let registry = open(&server, "team/plugin", config);
        for error in [
            registry.manifest(&tag("1.0.0")).await.unwrap_err(),
            registry
                .push_manifest(&tag("2"), oci::MANIFEST, &package.manifest)
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
        }
    }
}

/// Set where this runs again, with the certificate and the credentials in the environment.
const HOST: &str = "DYNO_TEST_REGISTRY";

#[tokio::test]
async fn over_tls_the_system_s_certificates_and_docker_s_own_config_are_used() {
    if let Ok(host) = std::env::var(HOST) {
        let reference: Reference = format!("{host}/team/plugin").parse().unwrap();
        let registry =
            Registry::open(Http::new().unwrap(), &reference, &Options::default()).unwrap();
        Package::new().push(&registry).await;
        Package::new().check(&registry).await;
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Some(tls) = certificate(dir.path()) else {
        return;
    };
    let setup = Setup {
        password: true,
        tls: Some(tls.clone()),
    };
    let Some(server) = RegistryServer::start_as(&setup) else {
        return;
    };
    let (_, module) = module_path!().split_once("::").unwrap();
    let name = "over_tls_the_system_s_certificates_and_docker_s_own_config_are_used";
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::{name}"), "--exact"])
        .env(HOST, server.host())
        .env("SSL_CERT_FILE", tls.0)
        .env("DOCKER_CONFIG", server.docker_config())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// Runs a foreign client; none if it is not installed, which standard error says.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn run(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text);
            assert!(output.status.success(), "{command:?}: {text}");
            Some(text.into_owned())
        }
        Err(error) => {
            eprintln!("skipped: {command:?}: {error}");
            None
        }
    }
}

/// `skopeo copy`, without TLS, checks of its own, or output.
fn skopeo(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("skopeo");
    command.args(["--insecure-policy", "copy", "--quiet"]);
    run(command.args(arguments))
}

#[tokio::test]
async fn skopeo_copies_package_and_signature_to_a_layout_and_back() {
    let Some(server) = RegistryServer::start() else {
        return;
    };
    let (registry, package) = (open(&server, "team/plugin", None), Package::new());
    package.push(&registry).await;
    let at = |repository: &str, tag: &str| format!("docker://{}/{repository}:{tag}", server.host());
    let signatures = oci::referrers_tag(&package.subject().digest);
    let layout = |tag: &str| format!("oci:{}/layout:{tag}", server.dir.path().display());
    let (from, to) = ("--src-tls-verify=false", "--dest-tls-verify=false");
    // The package as it is. The index of signatures is written anew, without the artifact types,
    // and what it lists is copied as it is.
    for (tag, how) in [
        ("1.0.0", "--preserve-digests"),
        (signatures.as_str(), "--all"),
    ] {
        if skopeo(&[how, from, &at("team/plugin", tag), &layout(tag)]).is_none() {
            return;
        }
        skopeo(&[how, from, to, &at("team/plugin", tag), &at("direct", tag)]).unwrap();
        skopeo(&[how, to, &layout(tag), &at("by/layout", tag)]).unwrap();
    }
    for repository in ["direct", "by/layout"] {
        let copy = open(&server, repository, None);
        package.check(&copy).await;
        let listed = copy.referrers(&package.subject().digest).await.unwrap();
        assert_eq!(listed[0].artifact_type, None);
        // Pushed again, it is known to be there.
        package.push(&copy).await;
        assert_eq!(
            copy.referrers(&package.subject().digest)
                .await
                .unwrap()
                .len(),
            1
        );
    }
}

/// Pulls the first reference into the directory `pulled`, and pushes what is there to the second.
const ORAS: &str = r#"
import sys, oras.client
client = oras.client.OrasClient(insecure=True)
pulled = client.pull(sys.argv[1], outdir="pulled")
open("wasm", "wb").write(open(pulled[0], "rb").read())
open("config", "w").write('{"architecture":"wasm","os":"wasip2"}')
client.push(sys.argv[2], files=["wasm:application/wasm"], manifest_config="config:application/vnd.wasm.config.v0+json")
"#;

/// In a Python that has `oras`: `python3`, or what the variable says.
#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn oras_pulls_what_we_push_and_we_pull_what_it_pushes() {
    let Some(server) = RegistryServer::start() else {
        return;
    };
    let python = std::env::var("DYNO_TEST_ORAS_PYTHON").unwrap_or("python3".into());
    let has_oras = Command::new(&python)
        .args(["-c", "import oras.client"])
        .output();
    if !has_oras.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no oras");
        return;
    }
    let package = Package::new();
    package.push(&open(&server, "team/plugin", None)).await;
    let [from, to] =
        ["team/plugin", "by/oras"].map(|name| format!("{}/{name}:1.0.0", server.host()));
    let dir = server.dir.path();
    run(Command::new(python)
        .args(["-c", ORAS, &from, &to])
        .current_dir(dir))
    .unwrap();
    let (wasm, expected) = &package.blobs[1];
    assert!(std::fs::read(dir.join("wasm")).unwrap() == *expected);
    let registry = open(&server, "by/oras", None);
    let (bytes, _) = registry.manifest(&tag("1.0.0")).await.unwrap();
    let manifest: Manifest = strict_json::from_slice(&bytes).unwrap();
    assert_eq!(manifest.layers[0].digest, wasm.digest);
    let mut bytes = Vec::new();
    registry
        .blob(&manifest.layers[0], &mut bytes)
        .await
        .unwrap();
    assert!(bytes == *expected);
}
