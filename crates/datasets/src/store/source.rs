//! Sources as files: which one it is, and how much of it was read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::Stamp;
use crate::DataError;

/// The bytes that were read of a CSV file.
#[derive(Default)]
pub(super) struct Count(pub(super) Option<Arc<AtomicU64>>);

impl Count {
    pub(super) fn of(&self, all: u64) -> Option<(u64, u64)> {
        let bytes = self.0.as_ref()?.load(Ordering::Relaxed);
        Some((bytes.min(all), all))
    }
}

/// A file whose bytes are counted.
pub(super) struct Counted(pub(super) fs::File, pub(super) Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The whole path of a file.
pub(super) fn whole(source: &Path) -> PathBuf {
    fs::canonicalize(source).unwrap_or_else(|_| source.to_owned())
}

/// What a file system knows beside size and time: its number, and when something about it was last changed.
#[cfg(unix)]
fn identity(data: &fs::Metadata) -> Vec<i64> {
    use std::os::unix::fs::MetadataExt;
    vec![data.ino() as i64, data.ctime(), data.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Vec<i64> {
    Vec::new()
}

pub(super) fn stamp(source: &Path) -> Result<Stamp, DataError> {
    let unreadable = |error| DataError::Read {
        file: source.to_owned(),
        source: error,
    };
    let data = fs::metadata(source).map_err(unreadable)?;
    let modified = data.modified().ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Stamp {
        path: fs::canonicalize(source).map_err(unreadable)?,
        bytes: data.len(),
        identity: identity(&data),
        modified_nanoseconds: since.map_or(0, |since| since.as_nanos()),
    })
}
