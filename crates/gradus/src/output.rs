//! Where results go: whole files or nothing.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::usage::require;

/// Writes a file whole or not at all; `-` is standard output.
///
/// # Errors
/// If the file cannot be written, with its name.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    if is_standard(path) {
        return print_bytes(content);
    }
    datasets::write_file(path, content)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

/// Standard input or output by its usual name.
pub(crate) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Refuses to write a result over what it is made from, or two results to one file.
///
/// # Errors
/// [`Usage`](crate::usage::Usage) with the name of the file.
pub(crate) fn separate(inputs: &[&Path], results: &[(&str, &Option<PathBuf>)]) -> Result<()> {
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path) in results {
        let Some(path) = path.as_deref().filter(|path| !is_standard(path)) else {
            continue;
        };
        let place = place(path);
        let taken = inputs.iter().any(|input| self::place(input) == place);
        require(!taken, || {
            format!(
                "{}: the result would replace the data; choose another name for the result",
                path.display()
            )
        })?;
        let other = known.iter().find(|(_, known)| *known == place);
        require(other.is_none(), || {
            let other = other.map_or("", |(other, _)| other);
            format!("{other} and {option} are one file; give each its own")
        })?;
        known.push((option, place));
    }
    Ok(())
}

/// Where a path leads: links followed, of a file that is not there those of its folder.
fn place(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new(".")));
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
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
    if io::stdout().is_terminal() && text.chars().any(|c| harmless(c) != c) {
        let text: String = text.chars().map(harmless).collect();
        return print_bytes(text.as_bytes());
    }
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Writes a message to standard error, if there is one: what cannot be said changes no exit code. Control characters, which a name in
/// a hostile file may have, and the middle of very long messages are left out.
pub fn say(message: &str) {
    let _ = io::stderr().lock().write_all(line(message).as_bytes());
}

/// A message as a line for a terminal.
fn line(message: &str) -> String {
    const MOST: usize = 4000;
    let mut text: String = message.chars().map(harmless).collect();
    if text.chars().count() > MOST {
        let end: Vec<char> = text.chars().rev().take(MOST / 4).collect();
        text = text.chars().take(MOST / 2).collect();
        text.push_str(" … ");
        text.extend(end.into_iter().rev());
    }
    text.push('\n');
    text
}

/// Says why a command failed.
pub fn fail(error: &anyhow::Error) {
    let coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let label = if coloured {
        "\u{1b}[1;31merror:\u{1b}[0m "
    } else {
        "error: "
    };
    // In one piece, because other processes may write meanwhile.
    let text = label.to_owned() + &line(&format!("{error:#}"));
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A character as a terminal may see it.
fn harmless(c: char) -> char {
    if c.is_control() && c != '\n' && c != '\t' {
        char::REPLACEMENT_CHARACTER
    } else {
        c
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
