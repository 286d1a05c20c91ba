//! Where results go: whole files or nothing.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};

/// Writes a file whole or not at all.
///
/// # Errors
/// If the file cannot be written, with its name.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    datasets::write_file(path, content)
        .with_context(|| format!("{}: cannot be written", path.display()))
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
            "{}: the result would replace the data; choose another name for the result",
            out.display()
        );
    }
    Ok(())
}

/// True if standard output stays empty.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Nothing is printed from here on: files and the exit code say what happened.
pub fn keep_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// True if nothing is to be printed.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Writes to standard output, unless it was told to keep quiet. A reader that closed it early (`| head`) is no failure.
///
/// # Errors
/// Any other reason why standard output cannot be written.
pub fn print(text: &str) -> Result<()> {
    if is_quiet() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Writes a text to a file, or to standard output if there is none.
///
/// # Errors
/// If it cannot be written.
pub fn give(path: Option<&Path>, text: &str) -> Result<()> {
    match path {
        Some(path) => write_file(path, text.as_bytes()),
        None => print(text),
    }
}

/// A value as JSON with one line feed at the end.
///
/// # Errors
/// None that data can cause.
pub fn json(value: &impl serde::Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Lines below a header as CSV.
///
/// # Errors
/// None that data can cause.
pub fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(&row)?;
    }
    let bytes = writer
        .into_inner()
        .context("the lines cannot be written as CSV")?;
    Ok(String::from_utf8(bytes)?)
}
