//! Where log lines go: standard output belongs to what a command was asked for.

use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

/// What the broker crate has to say of a connection it says itself; lapin's own lines repeat it.
const QUIET: &str = "lapin=off";

/// Warnings to standard error. A second call in one process changes nothing.
pub fn warnings_to_stderr() {
    // An error means that somebody else in this process was first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("warn,{QUIET}")))
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .without_time()
        .with_writer(io::stderr)
        .try_init();
}

/// Everything from `info` on to a file, which is begun anew.
///
/// # Errors
///
/// If the file cannot be made.
pub fn to_file(path: &Path) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let file = File::create(path).with_context(|| format!("cannot write the log {}", path.display()))?;
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("info,{QUIET}")))
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    Ok(())
}
