//! The digest of a file.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::output::is_standard;

const HEX: [u8; 16] = *b"0123456789abcdef";

/// The SHA-256 of a file, as `sha256sum` prints it; `None` for standard input.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn sha256(path: &Path) -> Result<Option<String>> {
    if is_standard(path) {
        return Ok(None);
    }
    let digest = of_file(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    Ok(Some(digest))
}

fn of_file(path: &Path) -> io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let block = file.fill_buf()?;
        if block.is_empty() {
            break;
        }
        hash.update(block);
        let used = block.len();
        file.consume(used);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    Ok(text)
}
