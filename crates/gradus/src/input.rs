//! Where data come from: a file, or standard input.

use std::path::Path;

use anyhow::Result;
use datasets::{CsvOptions, Frame};

/// Reads a CSV file; `-` is standard input.
///
/// # Errors
/// As [`CsvOptions::read`].
pub(crate) fn read(options: &CsvOptions, path: &Path) -> Result<Frame> {
    if path == Path::new("-") {
        Ok(options.read_from("standard input", std::io::stdin())?)
    } else {
        Ok(options.read(path)?)
    }
}

/// How messages call it.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}
