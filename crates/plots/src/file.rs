//! Pictures as files, whole or not at all: as `datasets::write_file` does it, without its lock, because this crate depends on no other
//! of the workspace. What changes there changes here.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file by way of a temporary neighbour that is renamed. A link is followed; what is no regular file (a device, a pipe) is
/// written to as it stands.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    // The system's reason alone: the name of the temporary file would only confuse.
    replace(&followed(path), content).map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::from(error.kind()),
    })
}

/// What a path leads to, through links, also to a file that is not there yet.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..8 {
        let Ok(next) = fs::read_link(&path) else {
            break;
        };
        // A relative link counts from the folder in which it lies.
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    fs::canonicalize(&path).unwrap_or(path)
}

fn replace(target: &Path, content: &[u8]) -> io::Result<()> {
    let old = fs::metadata(target).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(target)?
            .write_all(content);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Asked first, because the error of a temporary file does not have the system's own words.
    fs::metadata(folder)?;
    let mut builder = tempfile::Builder::new();
    // A temporary file is private by default; a picture has the permissions of any new file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.as_file_mut().write_all(content)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|e| e.error)?;
    Ok(())
}
