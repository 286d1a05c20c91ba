//! `gradus fit` of tables that are kept on the disk in blocks: larger than memory, in several parts, or shared by several processes.

mod bar;
mod memory;
mod release;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use datasets::Preparation;
use datasets::store::{Opened, Role, StoreOptions, Through};
use linalg::{Communicator, Leaves, Values};
use train::{Explanatory, FitError, Journal, Observations, PathPoint, Progress, Status};

use self::bar::{Bar, watched};
use self::memory::{Plan, plan};
use crate::arguments::{Family, FitArguments, Format};
use crate::digest;
use crate::document::{Document, Provenance, Timing};
use crate::findings::Findings;
use crate::fit::{csv_options, fitted, preparation};
use crate::fitted::Fitted;
use crate::inference;
use crate::levels;
use crate::output;
use crate::penalty_path;
use crate::show;
use crate::specification::{self, Model, fit_options};
use crate::usage::{Usage, require};

/// True if the rows are not to be in memory at once, or not all here.
pub(crate) fn wanted(arguments: &FitArguments, processes: &dyn Communicator) -> bool {
    arguments.memory.is_some()
        || arguments.cache.is_some()
        || arguments.checkpoint.is_some()
        || !arguments.parts.is_empty()
        || processes.size() > 1
}

/// Fits and prints, by the first process; false if the fit stopped before its optimum.
///
/// # Errors
/// Whatever is wrong with the data, the fit or the output file: the same in every process, said by the first.
pub(crate) fn fit(arguments: &FitArguments, processes: &dyn Communicator) -> Result<bool> {
    let mine = run(arguments, processes);
    if processes.size() == 1 {
        return mine;
    }
    // One message for all: that of the first process that has one of its own.
    let said = match &mine {
        Ok(_) => String::new(),
        Err(error) => format!("{error:#}"),
    };
    let all = processes.gather(said.as_bytes());
    match mine {
        Err(error) => {
            let texts = all.iter().map(|text| String::from_utf8_lossy(text));
            let own = |(_, text): &(usize, std::borrow::Cow<'_, str>)| {
                !text.is_empty() && !text.contains("another process found")
            };
            let (rank, text) = texts
                .enumerate()
                .find(own)
                .unwrap_or((0, format!("{error:#}").into()));
            if processes.rank() != 0 {
                // One that ended with a fault would be a reason to end the first before it has said anything.
                return Ok(true);
            }
            if error.is::<Usage>() {
                return Err(error);
            }
            Err(anyhow!("process {rank} of {}: {text}", processes.size()))
        }
        fine => fine,
    }
}

fn run(arguments: &FitArguments, processes: &dyn Communicator) -> Result<bool> {
    let sources: Vec<&Path> = std::iter::once(&arguments.file)
        .chain(&arguments.parts)
        .map(std::path::PathBuf::as_path)
        .collect();
    let first = processes.rank() == 0;
    let started = Instant::now();
    if arguments.memory.is_some() {
        release::small_pages();
        release::give_back_large_pieces();
    }
    // What one process may find and others not, so nothing may be left before all know of it.
    let ready = ready(arguments, &sources, processes);
    let all = processes.all(ready.is_ok());
    let (model, preparation, plan) = ready?;
    if !all {
        return Err(anyhow!("{}", FitError::Elsewhere));
    }
    let csv = csv_options(arguments.no_header).block_bytes(plan.block_bytes);
    let mut options = StoreOptions::new(preparation, csv)
        .rows_at_a_time(plan.rows)
        .most_features(plan.most_features);
    if let Some(folder) = &arguments.cache {
        options = options.folder(folder);
    }
    if arguments.memory.is_some() {
        release::give_back_code();
    }
    let bar = Bar::new(first);
    let sources: Vec<_> = sources.into_iter().map(Path::to_owned).collect();
    let table = options.open(&sources, processes, &|telling| bar.tell(telling))?;
    bar.clear();
    if arguments.memory.is_some() {
        release::give_back_all();
        release::give_back_code();
    }
    let read_seconds = started.elapsed().as_secs_f64();
    let classes = table.recipe().labels().map_or(0, <[String]>::len);
    if arguments.family == Family::Multinomial && classes > plan.most_classes {
        return Err(anyhow!(
            "the rows have {classes} classes, for which the memory does not suffice; give more"
        ));
    }
    let Some(path) = &arguments.checkpoint else {
        let work = || work(arguments, model, &table, &table);
        let found = watched(&bar, &table, work)?;
        return told(arguments, &table, found, read_seconds);
    };
    let identity = identity(arguments, &model, &table);
    let unwritten = |problem: &str| {
        output::say(&format!(
            "{}: the checkpoint cannot be written: {problem}; the fit goes on without it",
            path.display()
        ));
    };
    let journal = Journal::open(path, &identity, processes)?.tell_of_faults(unwritten);
    if journal.resumed() > 0 && first && !output::is_quiet() {
        output::say(&format!(
            "{}: the fit goes on after {} answers of an earlier run",
            path.display(),
            journal.resumed()
        ));
    }
    let leaves: Through<'_, '_> = table.through(&journal);
    let work = || work(arguments, model, &table, &leaves);
    let found = watched(&bar, &table, work);
    if let Err(error) = journal.check() {
        journal.remove();
        return Err(error.into());
    }
    // A fit that failed would fail again; one that cannot be printed or written would not.
    let failed = found.is_err();
    let done = found.and_then(|found| told(arguments, &table, found, read_seconds));
    if failed || done.is_ok() {
        journal.remove();
    }
    done
}

/// What a fit depends on beside the content of the table: the model, how it is fitted, the program and the processor, whose vectors
/// round in other ways than those of another.
fn identity(arguments: &FitArguments, model: &Model, table: &Opened<'_>) -> String {
    format!(
        "{} {} {} {model:?} {:?} {:?} {:?} {:?} {} {:?} {:?} {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        linalg::instructions(),
        fit_options(arguments),
        arguments.cv,
        arguments.rule,
        arguments.levels,
        arguments.seed,
        arguments.path,
        arguments.robust,
        table.identity(),
    )
}

/// Prints what was found, by the first process; false if a fit stopped before its optimum.
fn told(
    arguments: &FitArguments,
    table: &Opened<'_>,
    found: Found,
    read_seconds: f64,
) -> Result<bool> {
    let first = table.communicator().rank() == 0;
    let converged = match found {
        Found::Path(path) => {
            if first {
                let names = table.recipe().feature_names();
                penalty_path::print(arguments.format, &names, &path)?;
            }
            path.iter().all(|point| point.status == Status::Converged)
        }
        Found::Fit {
            fitted,
            findings,
            fit_seconds,
        } => {
            let converged = fitted.certificate().status == Status::Converged;
            if first {
                let timing = Timing {
                    read_seconds,
                    fit_seconds,
                };
                print(arguments, table, &fitted, &findings, timing)?;
            }
            converged
        }
    };
    // The first process says so for all.
    Ok(converged || !first)
}

/// What is known before the table is read.
fn ready(
    arguments: &FitArguments,
    sources: &[&Path],
    processes: &dyn Communicator,
) -> Result<(Model, Preparation, Plan)> {
    output::separate(
        sources,
        &[
            ("--out", &arguments.out),
            ("--checkpoint", &arguments.checkpoint),
        ],
    )?;
    refuse(arguments, sources)?;
    let model = specification::model(arguments)?;
    if let Some(folder) = &arguments.cache {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("--cache {}: the folder cannot be made", folder.display()))?;
    }
    let preparation = preparation(arguments)?;
    let plan = plan(arguments, &preparation, processes)?;
    Ok((model, preparation, plan))
}

/// Refuses what needs the rows in memory.
fn refuse(arguments: &FitArguments, sources: &[&Path]) -> Result<()> {
    let asked = [
        ("--report", arguments.report.is_some()),
        ("--firth", arguments.firth),
        ("--cluster", arguments.cluster.is_some()),
        ("--bootstrap", arguments.bootstrap.is_some()),
        ("--profile", arguments.profile),
    ];
    let option = asked.iter().find(|(_, there)| *there);
    require(option.is_none(), || {
        let option = option.map_or("", |(option, _)| option);
        format!(
            "{option} needs all rows in memory at once; leave it out, or fit one file without --memory and in one process"
        )
    })?;
    // Numbers of all rows, which no estimate from the first ones can know.
    let counts = |formula: &String| formula.contains("cbind(");
    let vectors = [
        ("--trials", arguments.trials.is_some()),
        ("cbind", arguments.formula.as_ref().is_some_and(counts)),
        ("--class-weights", arguments.class_weights.is_some()),
    ];
    let option = vectors
        .iter()
        .find(|(_, there)| *there && arguments.memory.is_some());
    require(option.is_none(), || {
        let option = option.map_or("", |(option, _)| option);
        format!(
            "{option} takes more memory than a bound allows; leave it out, or fit without --memory"
        )
    })?;
    let robust = arguments.robust.is_some() && arguments.family == Family::Multinomial;
    require(!robust, || {
        "--robust of several classes needs all rows in memory at once; leave it out, or fit one file without --memory and in one process".to_owned()
    })?;
    let standard = (arguments.checkpoint.as_deref()).is_some_and(output::is_standard);
    require(!standard, || {
        "--checkpoint is a file; give it a name".to_owned()
    })?;
    let families = [Family::Ordinal, Family::Huber, Family::Quantile];
    require(!families.contains(&arguments.family), || {
        "this family needs all rows in memory at once; fit one file without --memory and in one process".to_owned()
    })?;
    let blocks = |path: &&&Path| path.to_string_lossy().ends_with(".gradus.arrow");
    let own = sources.iter().find(blocks);
    require(own.is_none(), || {
        let own = own.map_or(Path::new(""), |path| path);
        format!(
            "{}: these are the blocks of another fit; name the tables alone, as in part-*.csv",
            own.display()
        )
    })?;
    let is_pipe = |path: &&Path| std::fs::metadata(path).is_ok_and(|data| !data.is_file());
    let standard = |path: &&Path| output::is_standard(path) || is_pipe(path);
    require(!sources.iter().any(standard), || {
        "standard input, pipes and folders cannot be kept in blocks on the disk; name a file"
            .to_owned()
    })
}

/// What was asked for.
enum Found {
    Path(Vec<PathPoint>),
    Fit {
        fitted: Fitted,
        findings: Box<Findings>,
        fit_seconds: f64,
    },
}

/// The table as the fit sees it, with its leaves behind a communicator, and the fit.
fn work<'t>(
    arguments: &FitArguments,
    model: Model,
    table: &'t Opened<'_>,
    leaves: &'t dyn Leaves,
) -> Result<Found> {
    let column = |role: Role| {
        let column = table.column(role)?;
        Some(Values::Column { leaves, column })
    };
    let recipe = table.recipe();
    let names = recipe.feature_names();
    let labels = recipe.labels().unwrap_or_default();
    let several = arguments.family == Family::Multinomial;
    let order = levels::order(arguments, recipe.target_name(), labels)?;
    let order = order.filter(|_| several);
    let to = order.as_deref().map(|order| levels::places(labels, order));
    let target = column(Role::Target).unwrap_or(Values::Slice(&[]));
    let data = Observations {
        features: Explanatory::Leaves {
            leaves,
            columns: names.len(),
        },
        names: names.as_slice().into(),
        target: match &to {
            Some(to) => Values::Renumbered {
                values: &target,
                to,
            },
            None => target.reborrow(),
        },
        target_name: recipe.target_name(),
        labels: order.as_deref().or(recipe.labels()),
        intercept: recipe.intercept(),
        weights: column(Role::Weights),
        offset: column(Role::Offset),
        trials: column(Role::Trials),
    };
    let found = match (arguments.path, model) {
        (true, Model::Glm(model)) => {
            let path = penalty_path::fit(&model, &data, Progress::default());
            path.map(Found::Path).map_err(anyhow::Error::from)
        }
        (_, model) => (|| {
            let started = Instant::now();
            let (fitted, model) = fitted(arguments, model, &data, Progress::default())?;
            let fit_seconds = started.elapsed().as_secs_f64();
            let named = |row: usize| {
                let (file, line) = table.place(row);
                match arguments.parts.len() {
                    0 => format!("line {line}"),
                    _ => format!("{}, line {line}", file.display()),
                }
            };
            let (fitted, findings) =
                inference::report_of_leaves(arguments, model.as_ref(), &data, &named, fitted)?;
            Ok(Found::Fit {
                fitted,
                findings: Box::new(findings),
                fit_seconds,
            })
        })(),
    };
    found.map_err(|error| placed(arguments, table, error))
}

/// A fault of the fit with its place: the file and the line, or the files.
fn placed(arguments: &FitArguments, table: &Opened<'_>, error: anyhow::Error) -> anyhow::Error {
    let fault = error.downcast_ref::<FitError>();
    if fault == Some(&FitError::Elsewhere) {
        return error;
    }
    let place = match fault.and_then(FitError::row) {
        Some(row) if row <= table.rows() && row > 0 => {
            let (file, line) = table.place(row - 1);
            format!("{}, line {line}", file.display())
        }
        _ => match arguments.parts.len() {
            0 => arguments.file.display().to_string(),
            parts => format!("{} and {parts} other parts", arguments.file.display()),
        },
    };
    error.context(place)
}

fn print(
    arguments: &FitArguments,
    table: &Opened<'_>,
    fitted: &Fitted,
    findings: &Findings,
    timing: Timing,
) -> Result<()> {
    let mut document = Document::new(fitted, Some(table.recipe().clone()), timing);
    findings.write(&mut document);
    let kept = arguments.out.is_some() && arguments.parts.is_empty();
    let sha256 = if kept {
        digest::sha256(&arguments.file)?
    } else {
        None
    };
    document.provenance = Some(Provenance::new(&arguments.command, &arguments.file, sha256));
    if let Some(path) = &arguments.out {
        output::write_file(path, document.to_json()?.as_bytes())?;
    }
    match arguments.format {
        Format::Table => output::print(&(fitted.to_string() + &findings.lines(false))),
        Format::Json => output::print(&document.to_json()?),
        Format::Csv => {
            output::print(&show::coefficients_csv(&document)?)?;
            findings.say_cautions();
            Ok(())
        }
    }
}
