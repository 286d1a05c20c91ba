#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod compare;
mod draw;
mod history;
mod instructions;
mod machine;
mod messages;

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};

use self::history::{History, Run};
use self::machine::Machine;

/// Stores benchmarks, compares them with the last ones, and draws their history.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Where runs are stored.
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        default_value = "benches/history"
    )]
    history: PathBuf,
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run benches by cargo-criterion, and store, compare and draw them.
    Run {
        /// The packages whose benches are run; all if none is named.
        #[arg(long, short)]
        package: Vec<String>,
        #[command(flatten)]
        settings: Settings,
        /// Words for the bench programs, such as the name of a group.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Store, compare and draw the messages of `cargo criterion --message-format=json`.
    Record {
        /// The file of messages; - for standard input.
        file: PathBuf,
        #[command(flatten)]
        settings: Settings,
    },
    /// Compare the last run of this machine with the one before.
    Compare {
        /// The least change of a ratio that counts, as a share.
        #[arg(long, default_value_t = compare::MARGIN)]
        margin: f64,
    },
    /// Draw the runs of this machine: a picture a group.
    Draw,
    /// Count the instructions of a dozen kernels by callgrind, and compare them with the stored counts.
    Instructions {
        /// Store these counts as the ones to compare with.
        #[arg(long)]
        store: bool,
        /// The program of the kernels, instead of building it.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Settings {
    /// The benchmark by which others are divided.
    #[arg(long, value_name = "ID", default_value = "reference/polynomial")]
    reference: String,
    /// The least change of a ratio that counts, as a share.
    #[arg(long, default_value_t = compare::MARGIN)]
    margin: f64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let folder = &arguments.history;
    let done = match &arguments.command {
        Task::Run {
            package,
            settings,
            rest,
        } => criterion(package, rest)
            .and_then(|text| stored(&text, folder, settings))
            .and_then(|()| judged(folder, settings.margin)),
        Task::Record { file, settings } => read(file)
            .and_then(|text| stored(&text, folder, settings))
            .and_then(|()| judged(folder, settings.margin)),
        Task::Compare { margin } => judged(folder, *margin),
        Task::Draw => drawn(folder).map(|()| true),
        Task::Instructions { store, program } => {
            instructions::check(folder, *store, program.as_deref())
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The messages of cargo-criterion over some packages.
fn criterion(packages: &[String], rest: &[String]) -> Result<String> {
    let mut command = Command::new("cargo");
    command.args(["criterion", "--message-format=json", "--benches"]);
    match packages {
        [] => {
            command.arg("--workspace");
        }
        packages => packages.iter().for_each(|name| {
            command.args(["-p", name]);
        }),
    }
    if !rest.is_empty() {
        command.arg("--").args(rest);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo criterion cannot be started")?;
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_to_string(&mut text)?;
    }
    let status = child.wait()?;
    ensure!(
        status.success(),
        "cargo criterion failed; if it is not installed: cargo install cargo-criterion"
    );
    Ok(text)
}

fn read(file: &Path) -> Result<String> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    text.with_context(|| format!("{}: cannot be read", file.display()))
}

/// Adds a run to the history of this machine.
fn stored(text: &str, folder: &Path, settings: &Settings) -> Result<()> {
    let machine = Machine::this();
    let results = messages::results(text, &settings.reference)?;
    let mut history = History::read(folder, &machine)?;
    println!("{} benchmarks of {}", results.len(), machine.name);
    history.add(Run {
        commit: machine::commit(),
        date: machine::date(),
        rustc: machine::rustc(),
        reference: settings.reference.clone(),
        results,
    })?;
    drawn(folder)
}

/// Prints how the last run compares with the one before; false if something became slower.
fn judged(folder: &Path, margin: f64) -> Result<bool> {
    ensure!(
        margin > 0.0 && margin.is_finite(),
        "--margin is {margin}; it is a positive number"
    );
    let history = History::read(folder, &Machine::this())?;
    let Some(comparison) = compare::last_two(history.runs(), margin) else {
        println!("there is no earlier run of this machine to compare with");
        return Ok(true);
    };
    print!("{comparison}");
    Ok(!comparison.has_regressions())
}

fn drawn(folder: &Path) -> Result<()> {
    let machine = Machine::this();
    let history = History::read(folder, &machine)?;
    let pictures = draw::groups(folder, &machine, history.runs())?;
    println!("{pictures} pictures in {}", folder.display());
    Ok(())
}
