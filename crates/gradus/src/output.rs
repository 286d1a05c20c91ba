//! Where results go: whole files or nothing.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file by way of a temporary neighbour that is renamed, so that a failure leaves the old file whole.
///
/// # Errors
/// If the file cannot be written, with its name.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        set_permissions(path, &file)?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().with_context(|| format!("{}: cannot be written", path.display()))
}

/// A temporary file is private; a result has the permissions of the file that it replaces, or those of any new file.
#[cfg(unix)]
fn set_permissions(path: &Path, file: &tempfile::NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = match std::fs::metadata(path) {
        Ok(old) => old.permissions(),
        Err(_) => std::fs::Permissions::from_mode(0o644),
    };
    file.as_file().set_permissions(permissions)
}

#[cfg(not(unix))]
fn set_permissions(_: &Path, _: &tempfile::NamedTempFile) -> io::Result<()> {
    Ok(())
}

/// Writes to standard output. A reader that closed it early (`| head`) is no failure.
///
/// # Errors
/// Any other reason why standard output cannot be written.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}
