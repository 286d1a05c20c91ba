//! The memory that a fit from blocks takes, and blocks for which it is within a bound.

use std::path::Path;

use anyhow::{Result, anyhow};
use datasets::Preparation;
use linalg::Communicator;

use super::release;
use crate::arguments::{Family, FitArguments};
use crate::fit::csv_options;
use crate::output;

/// How much is read at a time.
pub(super) struct Plan {
    pub(super) block_bytes: usize,
    pub(super) rows: usize,
    /// The features for which the bound suffices, and the classes.
    pub(super) most_features: usize,
    pub(super) most_classes: usize,
}

/// What a program without data takes at least, and what comes to what it has when the first rows are known.
const PROGRAM: u64 = 15 << 20;
const MORE: u64 = 1 << 20;
/// What is held of a CSV file while its columns are found out.
const HEAD: u64 = 2 << 20;

/// Says what memory the fit will take, and chooses blocks for which it is within the bound.
pub(super) fn plan(
    arguments: &FitArguments,
    preparation: &Preparation,
    processes: &dyn Communicator,
) -> Result<Plan> {
    let generous = Plan {
        block_bytes: 8 << 20,
        rows: linalg::rows::LEAF,
        most_features: usize::MAX,
        most_classes: usize::MAX,
    };
    let Some(bound) = arguments.memory else {
        return Ok(generous);
    };
    // The first rows say how many columns there are.
    let First {
        columns,
        others,
        factor,
        held,
        rows,
    } = first(arguments, preparation)?;
    let threads = linalg::parallel::threads() as u64;
    let leaf = |columns: u64| 8 * linalg::rows::LEAF as u64 * (columns + 2);
    let checkpoint = u64::from(arguments.checkpoint.is_some());
    let work = |columns: u64, others: u64| {
        // Blocks in use, and a few matrices of the solver for each thread.
        let coefficients = (columns + 1) * others;
        let squares = 8 * coefficients.pow(2);
        let of_classes = if others > 1 {
            8 * 512 * 3 * (others + 1)
        } else {
            0
        };
        let blocks = leaf(columns) + 8 * 2 * 512 * columns + of_classes;
        // The fold of each row, twice while folds are numbered; and the fits of all of them.
        let folds = arguments.cv.map_or(0, |k| {
            4 * rows + 2 * 8 * 100 * (k as u64 + 1) * (columns + 1)
        });
        threads * (blocks + 8 * squares) + (12 + 2 * checkpoint) * squares + folds
    };
    // While the file is read: a leaf that is filled, and a part of it as it is written.
    let reading = |columns: u64| leaf(columns) * 5 / 4;
    // For every leaf its place in the file, its rows and its checksum.
    let leaves = 256 * rows / linalg::rows::LEAF as u64;
    // How much of the program's file is mapped differs with what the system has of it in its cache; by whole MiB, so that the same
    // command asks for the same.
    let program = PROGRAM.max(release::resident().unwrap_or(0) + MORE);
    let program = program.next_multiple_of(1 << 20);
    let fixed = program + HEAD + leaves;
    let smallest = 64 << 10;
    let need = |columns: u64, others: u64| {
        fixed + work(columns, others).max(reading(columns) + held + factor * smallest)
    };
    let needed = need(columns, others);
    if needed > bound {
        return Err(anyhow!(
            "--memory {}: {columns} columns and {threads} threads need at least {}; give more, fewer --threads, or fewer columns",
            size(bound),
            size(needed)
        ));
    }
    let most = (columns..1 << 20).take_while(|columns| need(*columns, others) <= bound);
    let most = most.last().unwrap_or(columns);
    let classes = (others..1 << 16).take_while(|others| need(columns, *others) <= bound);
    let most_classes = classes.last().unwrap_or(others) as usize + 1;
    let reading = reading(columns) + held;
    // A quarter is left to what allocators keep.
    let block = ((bound - fixed - reading) / factor * 3 / 4).clamp(smallest, 8 << 20);
    let estimate = fixed + work(columns, others).max(reading + factor * block);
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
        most_classes,
    })
}

/// What the first rows say.
struct First {
    /// The features that they make.
    columns: u64,
    /// The classes beside the reference, where there are several; otherwise 1.
    others: u64,
    /// About how many rows there are.
    rows: u64,
    /// The bytes that are held of a byte of a block of text: two blocks of text, and a block's numbers as they are parsed, joined, and
    /// made features. Later rows may be shorter than the first, so cells are taken as two bytes, the shortest.
    factor: u64,
    /// What the reader of a packed file holds beside its block, of the part with the most.
    held: u64,
}

fn first(arguments: &FitArguments, preparation: &Preparation) -> Result<First> {
    const SOME: usize = 64 << 10;
    let path = &arguments.file;
    let first = match ending(path) {
        Ending::Parquet => datasets::parquet::parquet_blocks(path, 256)?.next(),
        Ending::Arrow => datasets::parquet::arrow_blocks(path, 256)?.next(),
        Ending::Text => {
            let csv = csv_options(arguments.no_header).block_bytes(SOME);
            preparation.csv_options(csv).blocks(path)?.next()
        }
    };
    let mut found = First {
        columns: 0,
        others: 1,
        factor: 8,
        held: 0,
        rows: 0,
    };
    for path in std::iter::once(path).chain(&arguments.parts) {
        let held = match ending(path) {
            Ending::Parquet => datasets::parquet::held_of_parquet(path),
            Ending::Arrow => datasets::parquet::held_of_arrow(path),
            Ending::Text => Ok(0),
        };
        // A part may be on another process's disk alone; what is wrong with one is said by who reads it.
        found.held = found.held.max(held.unwrap_or(0));
    }
    if let Some(frame) = first.transpose()? {
        // A fault of the first rows alone is none; they may have one class.
        let recipe = preparation.learn(&frame).ok();
        let names = frame.names().len();
        let features = recipe.as_ref().map(|recipe| recipe.feature_names().len());
        found.columns = features.unwrap_or(names) as u64;
        if arguments.family == Family::Multinomial {
            let labels = recipe.as_ref().and_then(|recipe| recipe.labels());
            let labels = labels.map_or(2, <[String]>::len);
            found.others = labels.saturating_sub(1).max(1) as u64;
        }
        let text = std::fs::metadata(path).map_or(0, |data| data.len());
        let row = text.min(SOME as u64) / frame.rows().max(1) as u64;
        let shortest = 2 * names.max(1) as u64;
        found.factor = 3 + 20 * (names as u64 + found.columns) / shortest;
        // Of a file that is packed: two bytes a number.
        let row = match ending(path) {
            Ending::Text => row,
            _ => shortest,
        };
        let all = std::iter::once(&arguments.file).chain(&arguments.parts);
        let bytes = all.map(|path| std::fs::metadata(path).map_or(0, |data| data.len()));
        found.rows = bytes.sum::<u64>() / row.max(1);
    }
    Ok(found)
}

/// What a file is, by its name.
enum Ending {
    Parquet,
    Arrow,
    Text,
}

fn ending(path: &Path) -> Ending {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => Ending::Parquet,
        Some("arrow" | "feather") => Ending::Arrow,
        _ => Ending::Text,
    }
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
