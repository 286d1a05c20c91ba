//! Instruction counts of kernels by callgrind: the same for the same program, whatever else the machine is doing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::history::write;
use crate::machine;

/// More instructions than this by those before is a regression.
const MARGIN: f64 = 1.02;
/// The example of the crate `train` that runs one kernel.
const EXAMPLE: &str = "kernels";

/// Stored counts.
#[derive(Debug, Serialize, Deserialize)]
struct Counts {
    rustc: String,
    commit: String,
    instructions: BTreeMap<String, u64>,
}

/// Counts, prints and compares; false if a kernel needs more instructions than it did.
///
/// # Errors
/// If valgrind or cargo cannot be run, or the stored file cannot be read.
pub(crate) fn check(folder: &Path, store: bool, program: Option<&Path>) -> Result<bool> {
    let program = match program {
        Some(program) => program.to_owned(),
        None => built()?,
    };
    let names = run(Command::new(&program).arg("--list"))?;
    let mut instructions = BTreeMap::new();
    for name in names.lines() {
        instructions.insert(name.to_owned(), counted(&program, name)?);
    }
    let path = folder.join("instructions.json");
    let old: Option<Counts> = match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).with_context(|| {
            format!("{}: this is no file of counts; remove it", path.display())
        })?),
        Err(_) => None,
    };
    let rustc = machine::rustc();
    let comparable = old.as_ref().filter(|old| old.rustc == rustc);
    let mut fine = true;
    for (name, count) in &instructions {
        let then = comparable.and_then(|old| old.instructions.get(name));
        let note = match then {
            Some(then) if *count as f64 > *then as f64 * MARGIN => {
                fine = false;
                format!("  SLOWER  {:.3} times", *count as f64 / *then as f64)
            }
            Some(then) => format!("  {:.3} times", *count as f64 / *then as f64),
            None => String::new(),
        };
        println!("{count:>14}  {name}{note}");
    }
    if let (Some(old), None) = (&old, comparable) {
        println!(
            "not compared: the stored counts are of {}, and this is {rustc}",
            old.rustc
        );
    }
    if store || old.is_none() {
        let counts = Counts {
            rustc,
            commit: machine::commit(),
            instructions,
        };
        write(
            &path,
            (serde_json::to_string_pretty(&counts)? + "\n").as_bytes(),
        )?;
        println!("stored in {}", path.display());
    }
    Ok(fine)
}

/// The program of the kernels.
fn built() -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        executable: Option<PathBuf>,
    }
    let said = run(Command::new("cargo").args([
        "build",
        "--release",
        "-p",
        "train",
        "--example",
        EXAMPLE,
        "--message-format=json",
    ]))?;
    // What was built last is the example itself.
    let mut programs = said
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok()?.executable);
    programs
        .next()
        .context("cargo built no program of the kernels")
}

/// The instructions between the marks of the program.
fn counted(program: &Path, name: &str) -> Result<u64> {
    let out = tempfile::NamedTempFile::new()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*gradus_measured*"])
        .arg(format!("--callgrind-out-file={}", out.path().display()))
        .arg(program)
        .arg(name)
        .output()
        .context("valgrind cannot be started; install it from your system's packages")?;
    ensure!(
        output.status.success(),
        "{name} failed under valgrind: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(out.path())?;
    let total = text.lines().find_map(|line| {
        line.strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))
    });
    let total = total.context("callgrind wrote no total")?;
    let total = total.trim().parse().context("callgrind's total")?;
    ensure!(total > 0, "callgrind did not find the mark around {name}");
    Ok(total)
}

/// What a program prints.
fn run(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
