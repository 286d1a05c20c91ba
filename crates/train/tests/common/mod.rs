//! What the tests of `train` share.

use std::path::{Path, PathBuf};

/// The folder of published and certified results, where there is one: `GRADUS_REFERENCE`, or beside the workspace.
pub fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/data");
    let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}
