//! Files that are written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::RwLock;

/// Writes a file by way of a temporary neighbour that is renamed, so that a failure or a kill leaves the old file whole. A link is
/// followed; what is no regular file (a device, a pipe) is written to as it stands.
///
/// # Errors
/// The system's reason if the file cannot be written.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("result.txt");
/// datasets::write_file(&path, b"first")?;
/// datasets::write_file(&path, b"second")?;
/// assert_eq!(std::fs::read_to_string(&path)?, "second");
/// assert!(datasets::write_file(&folder.path().join("no such folder/result.txt"), b"third").is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let _writing = WRITING.read();
    // The system's reason alone: the name of the temporary file would only confuse.
    write(path, content).map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::from(error.kind()),
    })
}

/// Held for reading by those who write files.
static WRITING: RwLock<()> = RwLock::new(());

/// Ends the program when no file is being written by [`write_file`], so that no temporary file is left: for a handler of Ctrl-C, which
/// runs in a thread of its own.
pub fn exit_between_files(code: i32) -> ! {
    let _quiet = WRITING.write();
    std::process::exit(code)
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

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = followed(path);
    let old = fs::metadata(&target).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut file = OpenOptions::new().write(true).open(&target)?;
        return file.write_all(content);
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::metadata(folder)?;
    let mut file = new_file(folder)?;
    file.write_all(content)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|e| e.error)?;
    Ok(())
}

/// A temporary file is private by default; a result has the permissions of any new file.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}
