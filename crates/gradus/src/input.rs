//! Where data come from: a file, or standard input.

use std::path::Path;

use anyhow::Result;
use datasets::{CsvOptions, Frame};

use crate::output::is_standard;

/// Reads a CSV, Parquet or Arrow file; `-` is standard input.
///
/// # Errors
/// As [`CsvOptions::read`].
pub(crate) fn read(options: &CsvOptions, path: &Path) -> Result<Frame> {
    let ends = |ending: &str| path.extension().is_some_and(|own| own == ending);
    if is_standard(path) {
        Ok(options.read_from("standard input", std::io::stdin())?)
    } else if ends("parquet") {
        Ok(datasets::parquet::read_parquet(path)?)
    } else if ends("arrow") || ends("feather") {
        Ok(datasets::parquet::read_arrow(path)?)
    } else {
        Ok(options.read(path)?)
    }
}

/// How messages call it.
pub(crate) fn name(path: &Path) -> String {
    if is_standard(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub(crate) fn text(path: &Path) -> std::io::Result<String> {
    if is_standard(path) {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    }
}
