//! Where results go: whole files or nothing.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Writes a file by way of a temporary neighbour that is renamed, so that a failure leaves the old file whole. A link is
/// followed; what is no regular file (a device, a pipe) is written to as it stands.
///
/// # Errors
/// If the file cannot be written, with its name.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let old = std::fs::metadata(&target).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return std::fs::OpenOptions::new()
                .write(true)
                .open(&target)?
                .write_all(content);
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = new_file(folder)?;
        file.write_all(content)?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|e| e.error)?;
        Ok(())
    };
    // The system's reason alone: the name of the temporary file would only confuse.
    let reason = |error: io::Error| {
        error
            .raw_os_error()
            .map_or(error, io::Error::from_raw_os_error)
    };
    write()
        .map_err(reason)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

/// A temporary file is private by default; a result has the permissions of any new file.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Refuses to write a result over the data that it is made from.
///
/// # Errors
/// If the two are one file.
pub fn refuse_overwriting(input: &Path, out: Option<&Path>) -> Result<()> {
    let Some(out) = out else { return Ok(()) };
    if let (Ok(a), Ok(b)) = (std::fs::canonicalize(input), std::fs::canonicalize(out)) {
        ensure!(
            a != b,
            "{}: the result would replace the data; choose another name for --out",
            out.display()
        );
    }
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
