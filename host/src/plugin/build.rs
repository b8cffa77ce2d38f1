//! Runs a plugin directory's build commands.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::Stdio;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::Manifest;

/// Lines of a failed command's output that are shown.
const TAIL_LINES: usize = 30;

/// Why a plugin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The command's program is not there.
    #[error(
        "`{program}` is not installed, and this plugin is built with `{command}`{}",
        advice.as_deref().map(|advice| format!(": {advice}")).unwrap_or_default()
    )]
    NoProgram {
        /// What is missing.
        program: String,
        /// What it was needed for.
        command: String,
        /// How to get it, in the words of the manifest.
        advice: Option<String>,
    },
    /// The command cannot be started.
    #[error("`{command}` cannot be started: {source}")]
    Start {
        /// Which command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The user wanted to stop.
    #[error("`{0}` was interrupted")]
    Interrupted(String),
    /// The command failed.
    #[error("`{command}` failed with {status}:\n{output}")]
    Failed {
        /// Which command.
        command: String,
        /// Its exit status, in words.
        status: String,
        /// The end of what it said; may be hostile.
        output: String,
    },
}

/// Runs the commands of a manifest in its directory, in order, and tells `announce` each before it
/// starts; kills what is running when `cancelled` comes. They are the plugin author's own programs
/// with the user's own rights: building is not sandboxed, which is why a plugin that is only to be
/// run comes as a component.
///
/// # Errors
/// The first command that failed.
pub async fn build(
    dir: &Path,
    manifest: &Manifest,
    mut announce: impl FnMut(&str),
    cancelled: impl Future<Output = ()>,
) -> Result<(), BuildError> {
    let mut cancelled = pin!(cancelled);
    for argv in &manifest.commands {
        let [program, arguments @ ..] = argv.as_slice() else {
            continue;
        };
        let command = argv.join(" ");
        announce(&command);
        let child = Command::new(program)
            .args(arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A build tool starts others, and all of them have to end with it.
            .process_group(0)
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BuildError::NoProgram {
                    program: program.clone(),
                    command,
                    advice: manifest.tools.get(program).cloned(),
                });
            }
            Err(source) => return Err(BuildError::Start { command, source }),
        };
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        let output = tokio::select! {
            output = child.wait_with_output() => output,
            () = cancelled.as_mut() => {
                if let Some(group) = group {
                    // It may be gone already.
                    let _ = killpg(group, Signal::SIGKILL);
                }
                return Err(BuildError::Interrupted(command));
            }
        };
        let output = match output {
            Ok(output) => output,
            Err(source) => return Err(BuildError::Start { command, source }),
        };
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(BuildError::Failed {
                command,
                status: output.status.to_string(),
                output: tail(&String::from_utf8_lossy(&said)),
            });
        }
    }
    Ok(())
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
