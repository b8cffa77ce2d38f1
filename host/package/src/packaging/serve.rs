//! Serves a directory over http: what any web server does, for an index that is tried out.

use std::io;
use std::path::PathBuf;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Serves the files below a directory until it is dropped. Lists no directory, and leaves none.
///
/// # Errors
/// If connections cannot be taken.
pub async fn serve(dir: PathBuf, listener: TcpListener) -> io::Result<()> {
    let files = TowerToHyperService::new(ServeDir::new(dir));
    loop {
        let (stream, _) = listener.accept().await?;
        let files = files.clone();
        tokio::spawn(async move {
            // A client that sends nothing is dropped; what goes wrong with one does not concern the
            // others.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), files)
                .await;
        });
    }
}
