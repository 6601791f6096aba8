//! The ledger as a file: a line of JSON an entry, written at once, so that it survives a killed process.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use uuid::Uuid;

use super::record::{Attempt, EventRecord, Fate};

/// The file cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot create the ledger file {path}")]
pub struct JournalError {
    path: PathBuf,
    source: std::io::Error,
}

/// A line of the file.
#[derive(Debug, Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry<'a> {
    Event(&'a EventRecord),
    Attempt {
        event_id: Uuid,
        #[serde(flatten)]
        attempt: Attempt,
    },
    End {
        event_id: Uuid,
        fate: Fate,
    },
}

#[derive(Debug)]
pub struct Journal {
    file: File,
    error: Option<String>,
}

impl Journal {
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = File::create(path).map_err(|source| JournalError { path: path.to_owned(), source })?;
        Ok(Self { file, error: None })
    }

    /// Writes a line. The simulation goes on without its file if that fails; [`Journal::error`] tells.
    pub fn write(&mut self, entry: &Entry<'_>) {
        let written = serde_json::to_vec(entry).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        if let Err(error) = written {
            self.error.get_or_insert(error.to_string());
        }
    }

    pub fn error(&self) -> Option<String> {
        self.error.clone()
    }
}
