//! `gradus fit` of tables that are kept on the disk in blocks: larger than memory, in several parts, or shared by several processes.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use datasets::Preparation;
use datasets::store::{Opened, Role, StoreOptions, Telling};
use indicatif::{ProgressBar, ProgressStyle};
use linalg::{Communicator, Leaves, Values};
use models::glm::GeneralisedLinearModel;
use train::{Explanatory, Fit, FitError, GlmFit, Observations, Solver, Status};

use crate::arguments::{Family, FitArguments, Format};
use crate::digest;
use crate::document::{Document, Provenance, Timing};
use crate::findings::Findings;
use crate::fit::{csv_options, preparation};
use crate::fitted::Fitted;
use crate::inference;
use crate::output;
use crate::show;
use crate::specification::{self, Model, fit_options};
use crate::usage::{Usage, require};

/// True if the rows are not to be in memory at once, or not all here.
pub(crate) fn wanted(arguments: &FitArguments, processes: &dyn Communicator) -> bool {
    arguments.memory.is_some() || !arguments.parts.is_empty() || processes.size() > 1
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
                output::keep_silent();
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
    let bar = Bar::new(first);
    let sources: Vec<_> = sources.into_iter().map(Path::to_owned).collect();
    let table = options.open(&sources, processes, &|telling| bar.tell(telling))?;
    bar.clear();
    let read_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let fitted = watched(&bar, &table, || fitted(arguments, &model, &table))?;
    let timing = Timing {
        read_seconds,
        fit_seconds: started.elapsed().as_secs_f64(),
    };
    let converged = fitted.certificate().status == Status::Converged;
    if first {
        print(arguments, &model, &table, fitted, timing)?;
    }
    // The first process says so for all.
    Ok(converged || !first)
}

/// What is known before the table is read.
fn ready(
    arguments: &FitArguments,
    sources: &[&Path],
    processes: &dyn Communicator,
) -> Result<(GeneralisedLinearModel, Preparation, Plan)> {
    output::separate(sources, &[("--out", &arguments.out)])?;
    refuse(arguments, sources)?;
    let Model::Glm(model) = specification::model(arguments)? else {
        return Err(anyhow!(
            "models of this family need all rows in memory at once; fit without --memory, one file, in one process"
        ));
    };
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
        ("--cv", arguments.cv.is_some()),
        ("--path", arguments.path),
        ("--firth", arguments.firth),
        ("--robust", arguments.robust.is_some()),
        ("--cluster", arguments.cluster.is_some()),
        ("--bootstrap", arguments.bootstrap.is_some()),
        ("--profile", arguments.profile),
        ("--class-weights", arguments.class_weights.is_some()),
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
        ("--solver newton-cg", arguments.solver == Solver::NewtonCg),
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
    let families = [
        Family::Multinomial,
        Family::Ordinal,
        Family::Huber,
        Family::Quantile,
    ];
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

/// How much is read at a time.
struct Plan {
    block_bytes: usize,
    rows: usize,
    /// The features for which the bound suffices.
    most_features: usize,
}

/// What a program without data takes.
const PROGRAM: u64 = 17 << 20;
/// What is held of a CSV file while its columns are found out.
const HEAD: u64 = 3 << 20;

/// Says what memory the fit will take, and chooses blocks for which it is within the bound.
fn plan(
    arguments: &FitArguments,
    preparation: &Preparation,
    processes: &dyn Communicator,
) -> Result<Plan> {
    let generous = Plan {
        block_bytes: 8 << 20,
        rows: linalg::rows::LEAF,
        most_features: usize::MAX,
    };
    let Some(bound) = arguments.memory else {
        return Ok(generous);
    };
    // The first rows say how many columns there are.
    let First { columns, factor } = first(arguments, preparation)?;
    let threads = linalg::parallel::threads() as u64;
    let leaf = |columns: u64| 8 * linalg::rows::LEAF as u64 * (columns + 2);
    let work = |columns: u64| {
        // Blocks in use, and a few matrices of the solver for each thread.
        let squares = 8 * (columns + 1).pow(2);
        threads * (leaf(columns) + 8 * 2 * 512 * columns + 8 * squares) + 12 * squares
    };
    // While the file is read: a leaf that is filled, twice while it is written.
    let reading = |columns: u64| 3 * leaf(columns);
    let fixed = PROGRAM + HEAD;
    let smallest = 64 << 10;
    let need = |columns: u64| fixed + work(columns).max(reading(columns) + factor * smallest);
    let needed = need(columns);
    if needed > bound {
        return Err(anyhow!(
            "--memory {}: {columns} columns and {threads} threads need at least {}; give more, fewer --threads, or fewer columns",
            size(bound),
            size(needed)
        ));
    }
    let most = (columns..1 << 20).take_while(|columns| need(*columns) <= bound);
    let most = most.last().unwrap_or(columns);
    let reading = reading(columns);
    // A quarter is left to what allocators keep.
    let block = ((bound - fixed - reading) / factor * 3 / 4).clamp(smallest, 8 << 20);
    let estimate = fixed + work(columns).max(reading + factor * block);
    if processes.rank() == 0 && !output::is_quiet() {
        output::say(&format!(
            "memory: about {} of {} ({columns} columns, {threads} threads, blocks of {})",
            size(estimate),
            size(bound),
            size(block)
        ));
    }
    Ok(Plan {
        block_bytes: block as usize,
        rows: (block / (24 * (columns + 1))).clamp(256, linalg::rows::LEAF as u64) as usize,
        most_features: most as usize,
    })
}

/// What the first rows say.
struct First {
    /// The features that they make.
    columns: u64,
    /// The bytes that are held of a byte of a block of text: two blocks of text, and a block's numbers as they are parsed, joined, and
    /// made features.
    factor: u64,
}

fn first(arguments: &FitArguments, preparation: &Preparation) -> Result<First> {
    const SOME: usize = 64 << 10;
    let path = &arguments.file;
    let ends = |ending: &str| path.extension().is_some_and(|own| own == ending);
    let first = if ends("parquet") {
        datasets::parquet::parquet_blocks(path, 256)?.next()
    } else if ends("arrow") || ends("feather") {
        datasets::parquet::arrow_blocks(path)?.next()
    } else {
        let csv = csv_options(arguments.no_header).block_bytes(SOME);
        preparation.csv_options(csv).blocks(path)?.next()
    };
    let (mut columns, mut factor) = (0, 8);
    if let Some(frame) = first.transpose()? {
        // A fault of the first rows alone is none; they may have one class.
        let features = preparation.learn(&frame);
        let features = features.map(|recipe| recipe.feature_names().len());
        columns = features.unwrap_or(frame.names().len()) as u64;
        let text = std::fs::metadata(path).map_or(0, |data| data.len());
        let row = text.min(SOME as u64) / frame.rows().max(1) as u64;
        factor = 3 + 40 * (frame.names().len() as u64 + columns) / 2 / row.max(1);
    }
    Ok(First { columns, factor })
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The table as the fit sees it.
fn observations<'t>(table: &'t Opened<'_>, names: &'t [String]) -> Observations<'t> {
    let column = |role: Role| {
        let leaves: &dyn Leaves = table;
        let column = table.column(role)?;
        Some(Values::Column { leaves, column })
    };
    let recipe = table.recipe();
    Observations {
        features: Explanatory::Leaves {
            leaves: table,
            columns: names.len(),
        },
        names: names.into(),
        target: column(Role::Target).unwrap_or(Values::Slice(&[])),
        target_name: recipe.target_name(),
        labels: recipe.labels(),
        intercept: recipe.intercept(),
        weights: column(Role::Weights),
        offset: column(Role::Offset),
        trials: column(Role::Trials),
    }
}

fn fitted(
    arguments: &FitArguments,
    model: &GeneralisedLinearModel,
    table: &Opened<'_>,
) -> Result<GlmFit> {
    let names = table.recipe().feature_names();
    let data = observations(table, &names);
    let result = model.fit_observations(&data, &fit_options(arguments));
    result.map_err(|error| {
        let place = match error.row() {
            Some(row) if row <= table.rows() && row > 0 => {
                let (file, line) = table.place(row - 1);
                format!("{}, line {line}", file.display())
            }
            _ => match arguments.parts.len() {
                0 => arguments.file.display().to_string(),
                parts => format!("{} and {parts} other parts", arguments.file.display()),
            },
        };
        let elsewhere = error == FitError::Elsewhere;
        let error = anyhow::Error::from(error);
        if elsewhere {
            error
        } else {
            error.context(place)
        }
    })
}

fn print(
    arguments: &FitArguments,
    model: &GeneralisedLinearModel,
    table: &Opened<'_>,
    fit: GlmFit,
    timing: Timing,
) -> Result<()> {
    let mut findings = Findings {
        specification: Some(inference::specification(model)),
        ..Findings::default()
    };
    findings.keep_matrix(fit.covariance());
    let fitted = Fitted::Glm(Box::new(fit));
    let mut document = Document::new(&fitted, Some(table.recipe().clone()), timing);
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
        Format::Csv => output::print(&show::coefficients_csv(&document)?),
    }
}

/// What is being done, on a terminal; and what an earlier run left, in lines.
struct Bar {
    bar: ProgressBar,
    speaks: bool,
}

impl Bar {
    fn new(speaks: bool) -> Self {
        let bar = if speaks && !output::is_quiet() {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        Self { bar, speaks }
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    fn tell(&self, telling: Telling<'_>) {
        match telling {
            Telling::Reused(path) if self.speaks && !output::is_quiet() => {
                output::say(&format!(
                    "{}: blocks of an earlier fit are used",
                    path.display()
                ));
            }
            Telling::Discarded(path, reason) => {
                output::say(&format!(
                    "{}: blocks of an earlier fit are made again: {reason}",
                    path.display()
                ));
            }
            Telling::Again(path) if self.speaks => output::say(&format!(
                "{}: later rows have values that the first ones have not; it is read once more",
                path.display()
            )),
            Telling::Read { bytes, rows, .. } => {
                if let Some((read, all)) = bytes {
                    self.style(
                        "reading  {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
                    );
                    self.bar.set_length(all);
                    self.bar.set_position(read);
                } else {
                    self.style("reading  {pos} rows  {per_sec}");
                    self.bar.set_position(rows as u64);
                }
            }
            _ => {}
        }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Ends a watch, also by a panic.
struct Done<'d>(&'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs `f`, and shows meanwhile how far the pass over the table is.
fn watched<T>(bar: &Bar, table: &Opened<'_>, f: impl FnOnce() -> T) -> T {
    let leaves = table.starts().len() - 1;
    if bar.bar.is_hidden() || leaves == 0 {
        return f();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let started = Instant::now();
            bar.bar.reset();
            bar.bar.set_length(leaves as u64);
            bar.style("{prefix}  {wide_bar} {pos}/{len} blocks  {msg}");
            while !done.load(Ordering::Acquire) {
                let passed = table.passed();
                let rate = passed as f64 / started.elapsed().as_secs_f64().max(1e-3);
                let left = (leaves - passed % leaves) as f64 / rate.max(1e-9);
                bar.bar.set_prefix(format!("pass {}", passed / leaves + 1));
                bar.bar.set_position((passed % leaves) as u64);
                bar.bar
                    .set_message(format!("{rate:.0}/s  {left:.0} s left in this pass"));
                std::thread::sleep(Duration::from_millis(200));
            }
            bar.clear();
        });
        let _done = Done(&done);
        f()
    })
}
