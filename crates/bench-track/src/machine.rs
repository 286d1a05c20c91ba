//! Where and of what a run is.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A machine, by what times depend on most.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// The processor and the number of its threads.
    pub(crate) name: String,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Self {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.map(|text| text.trim_start_matches([' ', '\t', ':']).to_owned());
        let model = model.unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            name: format!("{model}, {threads} threads"),
        }
    }

    /// A name for files.
    pub(crate) fn slug(&self) -> String {
        let mut slug = String::new();
        for c in self.name.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.trim_matches('-').to_owned()
    }
}

/// What a program prints, trimmed; `unknown` if it cannot be run.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

/// The commit that is checked out, with `+` if files were changed after it.
pub(crate) fn commit() -> String {
    let commit = said("git", &["rev-parse", "--short=10", "HEAD"]);
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]);
    if changed.is_empty() || changed == "unknown" {
        commit
    } else {
        commit + "+"
    }
}

/// The compiler.
pub(crate) fn rustc() -> String {
    said("rustc", &["--version"])
}

/// Seconds since 1970.
pub(crate) fn date() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |time| time.as_secs())
}
