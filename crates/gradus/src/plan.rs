//! `gradus plan`: what a fit would take on machines that are not here.

use std::fmt::Write;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use linalg::{Block, Design, Mat, Standardised, Workspace, elementwise};

use crate::output;
use crate::usage;

/// `gradus plan`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus plan --rows 1e9 --columns 100 --ranks 16 --threads 8 --bandwidth 1.25GB\n  gradus plan --rows 1e12 --columns 100 --ranks 1000 --threads 32 --read 2GB --bandwidth 12.5GB"
)]
pub struct PlanArguments {
    /// The rows of the table.
    #[arg(long, value_name = "N", value_parser = count)]
    pub rows: f64,
    /// The features of a row.
    #[arg(long, value_name = "D", value_parser = count)]
    pub columns: f64,
    /// The processes, each on a machine of its own.
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub ranks: f64,
    /// The threads of each.
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub threads: f64,
    /// Bytes a second that a machine sends to another.
    #[arg(long, value_name = "SIZE", default_value = "1.25GB", value_parser = usage::size)]
    pub bandwidth: u64,
    /// Microseconds until a message arrives.
    #[arg(long, value_name = "US", default_value_t = 20.0)]
    pub latency: f64,
    /// Bytes a second that a machine reads from where the blocks are.
    #[arg(long, value_name = "SIZE", default_value = "2GB", value_parser = usage::size)]
    pub read: u64,
    /// Bytes of memory of a machine: blocks that fit into half of it are read from the disk once.
    #[arg(long, value_name = "SIZE", default_value = "16GiB", value_parser = usage::size)]
    pub memory: u64,
    /// Passes with the Hessian: a well-conditioned fit to many rows takes three.
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    pub iterations: f64,
    /// Nanoseconds that a thread takes for a row in a pass with the Hessian; measured here and now if not given.
    #[arg(long, value_name = "NS")]
    pub row: Option<f64>,
}

/// A count such as 1000000 or 1e12.
fn count(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(count) if (1.0..=1e18).contains(&count) => Ok(count.floor()),
        _ => Err("it is a number from 1 on, such as 1000000 or 1e9".to_owned()),
    }
}

/// Passes without the Hessian: means and deviations, the target's sums, and after the fit the deviance, the information (with a Gram matrix,
/// counted apart) and Pearson's statistic.
const LIGHT: f64 = 5.0;
/// Passes with a Gram matrix beside those of the iterations: the information behind the standard errors, and samples.
const HEAVY: f64 = 1.2;
/// A light pass takes this part of the time of one with the Hessian, at 50 columns; it is linear in the columns where that is quadratic.
const LIGHT_AT_50: f64 = 0.3;
/// Bytes of a sum that travel: a place of 4 bytes and three words of 8.
const SUM: f64 = 28.0;

/// What a fit takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Seconds in which a machine reads its blocks, in all passes.
    pub reading: f64,
    /// Seconds of computing, in all passes.
    pub computing: f64,
    /// Seconds of adding the sums of all machines.
    pub adding: f64,
    /// Seconds of the equations of Newton's method.
    pub solving: f64,
    /// Seconds in all: blocks are read ahead while others are computed with.
    pub total: f64,
    /// Bytes on the disk of a machine.
    pub disk: f64,
    /// Bytes of memory that a process needs.
    pub memory: f64,
}

/// The cost model: `row` is in seconds.
pub fn predict(a: &PlanArguments, row: f64) -> Prediction {
    let rows = (a.rows / a.ranks).ceil();
    let bytes = 8.0 * rows * (a.columns + 2.0);
    let heavy = a.iterations + HEAVY;
    let again = if bytes <= a.memory as f64 / 2.0 {
        1.0
    } else {
        heavy + LIGHT
    };
    let reading = again * bytes / a.read as f64;
    let light = LIGHT * LIGHT_AT_50 * (50.0 / a.columns).min(3.0);
    let computing = rows * row / a.threads * (heavy + light);
    let d = a.columns + 1.0;
    let sums = 1.0 + d + d * (d + 1.0) / 2.0;
    // A ring: every machine sends and receives nearly twice the whole, in as many steps as there are machines; or a tree for short messages.
    let ring = |bytes: f64| {
        let steps = a.ranks.log2().ceil();
        2.0 * bytes / a.bandwidth as f64 * (a.ranks - 1.0) / a.ranks
            + 2.0 * steps * a.latency * 1e-6
    };
    // Four reductions a sum: the places and three words.
    let one = |sums: f64| ring(SUM * sums) + 3.0 * ring(0.0);
    let adding = if a.ranks > 1.0 {
        heavy * one(sums) + LIGHT * one(d)
    } else {
        0.0
    };
    let flops = 2e9;
    let solving = (heavy + 1.0) * d.powi(3) / 3.0 / flops;
    let squares = 8.0 * d * d;
    let leaf = 8.0 * 8192.0 * (a.columns + 2.0);
    Prediction {
        reading,
        computing,
        adding,
        solving,
        total: reading.max(computing) + adding + solving,
        disk: bytes,
        memory: f64::from(15 << 20) + a.threads * (leaf + 4.0 * squares) + 12.0 * squares,
    }
}

impl Prediction {
    /// What takes longest.
    pub fn bottleneck(&self) -> &'static str {
        let all = [
            (self.reading, "reading the blocks"),
            (self.computing, "computing"),
            (self.adding, "adding the sums of all machines"),
            (self.solving, "solving Newton's equations"),
        ];
        let longest = all.iter().fold(
            all[0],
            |longest, one| {
                if one.0 > longest.0 { *one } else { longest }
            },
        );
        longest.1
    }
}

/// Seconds that one thread takes for a row of a logistic pass with the Hessian.
fn measured(columns: usize) -> Result<f64> {
    let rows = (1 << 22) / columns.max(1);
    let rows = rows.clamp(1024, 65_536);
    let x = Mat::from_fn(rows, columns, |i, j| {
        ((i * (2 * j + 3)) as f64 * 0.618).sin()
    });
    let y: Vec<f64> = (0..rows).map(|i| (i % 2) as f64).collect();
    let design = Standardised::new(x.as_ref(), true)?;
    let d = design.columns();
    let loss = |block: Block<'_>| {
        let y = &y[block.start..block.start + block.eta.len()];
        elementwise::logistic_loss(block.eta, y, block.loss, block.slope, block.curvature);
    };
    let (beta, workspace) = (vec![0.01; d], Workspace::new());
    let (mut gradient, mut gram) = (vec![0.0; d], Mat::zeros(d, d));
    let mut pass = || {
        let started = Instant::now();
        let gram = Some(gram.as_mut());
        design.pass(&beta, &loss, &mut gradient, gram, &workspace);
        started.elapsed().as_secs_f64()
    };
    pass();
    let best = (0..5).map(|_| pass()).fold(f64::INFINITY, f64::min);
    Ok(best / rows as f64)
}

/// Prints what a fit would take.
///
/// # Errors
/// If it cannot be printed.
pub fn plan(arguments: &PlanArguments) -> Result<()> {
    let row = if let Some(nanoseconds) = arguments.row {
        nanoseconds * 1e-9
    } else {
        let columns = arguments.columns.min(2000.0);
        let one = linalg::parallel::with_threads(1, || measured(columns as usize))??;
        one * (arguments.columns / columns).powi(2)
    };
    let p = predict(arguments, row);
    let mut text = String::new();
    writeln!(
        text,
        "a logistic fit of {:.3e} rows by {} columns on {} machines of {} threads\n",
        arguments.rows, arguments.columns, arguments.ranks, arguments.threads
    )?;
    writeln!(text, "{:<34} {:>12.1} ns", "a row, one thread", row * 1e9)?;
    for (name, seconds) in [
        ("reading the blocks", p.reading),
        ("computing", p.computing),
        ("adding the sums of all machines", p.adding),
        ("solving Newton's equations", p.solving),
        ("in all, reading while computing", p.total),
    ] {
        writeln!(text, "{name:<34} {seconds:>12.3} s")?;
    }
    writeln!(
        text,
        "{:<34} {:>12.1} GB",
        "blocks on the disk of a machine",
        p.disk / 1e9
    )?;
    writeln!(
        text,
        "{:<34} {:>12.1} MB",
        "memory of a process",
        p.memory / 1e6
    )?;
    writeln!(text, "what takes longest: {}", p.bottleneck())?;
    output::print(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(rows: f64, ranks: f64) -> PlanArguments {
        PlanArguments {
            rows,
            columns: 100.0,
            ranks,
            threads: 4.0,
            bandwidth: 1_250_000_000,
            latency: 20.0,
            read: 2_000_000_000,
            memory: 16 << 30,
            iterations: 3.0,
            row: None,
        }
    }

    #[test]
    fn costs_grow_with_what_they_are_costs_of() {
        let one = predict(&arguments(1e9, 1.0), 1e-6);
        let ten = predict(&arguments(1e9, 10.0), 1e-6);
        assert!((one.computing / ten.computing - 10.0).abs() < 1e-6);
        assert_eq!(one.adding, 0.0);
        assert!(ten.adding > 0.0 && ten.adding < 0.1);
        assert_eq!(one.disk, 8.0 * 1e9 * 102.0);
        assert_eq!(one.bottleneck(), "reading the blocks");
        // What fits into memory is read once: 4.2 heavy passes and 5 light ones less 8.2 readings.
        let small = predict(&arguments(1e7, 1.0), 1e-6);
        assert!((small.reading - 8.0 * 1e7 * 102.0 / 2e9).abs() < 1e-9);
        assert_eq!(small.bottleneck(), "computing");
        // Twice the columns are four times the sums that travel, nearly.
        let [mut narrow, mut wide] = [arguments(1e9, 10.0), arguments(1e9, 10.0)];
        (narrow.latency, wide.latency, wide.columns) = (0.0, 0.0, 200.0);
        let ratio = predict(&wide, 1e-6).adding / predict(&narrow, 1e-6).adding;
        assert!(ratio > 3.7 && ratio < 4.0, "{ratio}");
    }
}
