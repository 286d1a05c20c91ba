//! Stored runs: a file of JSON lines for each machine, the oldest first.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// One run of benches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The commit, with `+` if files had been changed after it.
    pub(crate) commit: String,
    /// Seconds since 1970.
    pub(crate) date: u64,
    /// The compiler.
    pub(crate) rustc: String,
    /// The benchmark by which others were divided.
    pub(crate) reference: String,
    pub(crate) results: BTreeMap<String, Measured>,
}

/// A benchmark in a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// The median time, which only this machine and hour can repeat.
    pub(crate) median_ns: f64,
    /// The median by that of the reference.
    pub(crate) ratio: f64,
    /// The ratio by the ends of both intervals.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The runs of a machine.
#[derive(Debug)]
pub(crate) struct History {
    path: PathBuf,
    runs: Vec<Run>,
}

impl History {
    /// Reads the file of a machine; without one there are no runs.
    pub(crate) fn read(folder: &Path, machine: &Machine) -> Result<Self> {
        let path = folder.join(format!("{}.jsonl", machine.slug()));
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("{}: cannot be read", path.display()))?,
        };
        let mut runs = Vec::new();
        for (k, line) in text.lines().enumerate() {
            let run = serde_json::from_str(line).with_context(|| {
                format!(
                    "{}, line {}: this is no run that bench-track stored; remove the line",
                    path.display(),
                    k + 1
                )
            })?;
            runs.push(run);
        }
        Ok(Self { path, runs })
    }

    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Stores one more run.
    pub(crate) fn add(&mut self, run: Run) -> Result<()> {
        self.runs.push(run);
        let mut text = String::new();
        for run in &self.runs {
            text.push_str(&serde_json::to_string(run)?);
            text.push('\n');
        }
        write(&self.path, text.as_bytes())
    }
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let whole = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    };
    whole().with_context(|| format!("{}: cannot be written", path.display()))
}
