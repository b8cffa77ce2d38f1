//! Over the network.

use super::*;

/// Serves a directory as a web server would, but for what it is told to break.
#[derive(Debug)]
struct Server {
    dir: PathBuf,
    broken: &'static str,
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(
        &self,
        url: &Url,
        _: u64,
    ) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        let path = url.path().strip_prefix("/index/").unwrap();
        if path.ends_with(self.broken) {
            return Err("connection reset".into());
        }
        Ok(std::fs::read(self.dir.join(path)).ok())
    }
}

#[tokio::test]
async fn over_the_network_it_is_the_same_and_a_broken_connection_is_not_taken_for_no_newer_root() {
    let world = World::new();
    let url: Url = "https://example.org/index".parse().unwrap();
    let load = async |broken| {
        let server = Server {
            dir: world.dir.path().into(),
            broken,
        };
        let source = Source::Url(url.clone(), Arc::new(server));
        let state = tempfile::tempdir().unwrap();
        Index::load(&source, &world.root(), state.path()).await
    };
    assert_eq!(load("nothing").await.unwrap(), world.load().await.unwrap());
    for broken in [
        "2.root.json",
        "timestamp.json",
        "1.targets.json",
        "1.zeta.json",
    ] {
        let error = load(broken).await.unwrap_err().to_string();
        assert_eq!(error, "connection reset", "{broken}");
    }
}
